"""One part of a mail: its header fields, and its bytes where they lie in the mail.

Knows how fields, their parameters and transfer encodings are written; not which part is the text. Nothing
here raises, whatever the bytes. Nothing is decoded or copied that nobody asks for: attachments are most of a
mail.
"""

import binascii
import re
from collections.abc import Iterator
from email.message import Message as Mail
from email.utils import collapse_rfc2231_value
from functools import lru_cache
from types import MappingProxyType
from typing import Final

__all__ = ["Part", "fields_of"]

# A field and the lines that continue it; `match` is called where the last ended: no byte is looked at twice.
_FIELD = re.compile(r"([!-9;-~]{1,200}):[ \t]*([^\n]*(?:\n[ \t][^\n]*)*)(?:\n|\Z)")
_SIMPLE = re.compile(
    r'\s*([\w!#$&^.+-]{1,60})\s*=\s*(?:"([^"\\]{0,500})"|([^\s;"\\%\']{1,500}))\s*(?:;|\Z)', re.ASCII
)
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_NONE: Final = MappingProxyType[str, str]({})


def fields_of(block: bytes) -> dict[str, list[str]] | None:
    """The fields of a header, names in lower case, values as they stand, raw bytes read as UTF-8.

    None where a line is neither a field nor goes on with one.
    """
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n")
        if b"\r" in block:
            return None
    text = block.decode("utf-8", "replace")
    fields: dict[str, list[str]] = {}
    at, end = 0, len(text)
    while at < end:
        match = _FIELD.match(text, at)
        if match is None:
            return None
        fields.setdefault(match[1].lower(), []).append(match[2])
        at = match.end()
    return fields


class Part:
    """``data[start:end]`` is its body; ``children`` are its parts, None where it is no multipart."""

    __slots__ = ("_default", "children", "data", "end", "fields", "start")

    def __init__(
        self, fields: dict[str, list[str]], data: bytes, start: int, end: int, *, default: str = "text/plain"
    ) -> None:
        self.fields, self.data, self.start, self.end = fields, data, start, end
        self.children: list[Part] | None = None
        self._default = default

    def get(self, name: str) -> str | None:
        """The first field of a name in lower case."""
        values = self.fields.get(name)
        return values[0] if values else None

    def get_all(self, name: str) -> list[str]:
        """Every field of a name in lower case."""
        return self.fields.get(name, [])

    @property
    def kind(self) -> str:
        """The content type, as ``text/plain``."""
        value = self.get("content-type")
        if value is None:
            return self._default
        kind = value.partition(";")[0].strip().lower()
        return kind if kind.count("/") == 1 else "text/plain"

    def parameter(self, name: str, field: str = "content-type") -> str:
        """A parameter of a field, decoded; empty where there is none."""
        value = self.get(field)
        return _parameters(value).get(name, "") if value and ";" in value else ""

    @property
    def attached(self) -> bool:
        """Whether it says of itself that it is an attachment."""
        return (self.get("content-disposition") or "").partition(";")[0].strip().lower() == "attachment"

    @property
    def filename(self) -> str:
        """The name it goes by, encoded words and all."""
        return self.parameter("filename", "content-disposition") or self.parameter("name")

    def body(self, most: int) -> bytes:
        """The decoded body, of at most about ``most`` bytes."""
        encoding = (self.get("content-transfer-encoding") or "").strip().lower()
        raw = self.data[self.start : min(self.end, self.start + 3 * most)]
        if encoding == "quoted-printable":
            return binascii.a2b_qp(raw)[:most]
        if encoding == "base64":
            return _base64(raw)[:most]
        if encoding in ("x-uuencode", "uuencode", "uue", "x-uue"):
            mail = Mail()
            mail["content-transfer-encoding"] = encoding
            mail.set_payload(raw.decode("latin-1"))
            payload = mail.get_payload(decode=True)
            return payload[:most] if isinstance(payload, bytes) else b""
        return raw[:most]

    def walk(self) -> Iterator["Part"]:
        """Every part in reading order, itself first. No recursion: the depth is the sender's choice."""
        todo = [self]
        while todo:
            part = todo.pop()
            yield part
            todo.extend(reversed(part.children or ()))


def _base64(raw: bytes) -> bytes:
    try:
        return binascii.a2b_base64(raw)
    except binascii.Error:
        raw = _NOT_BASE64.sub(b"", raw)
        raw = raw[: len(raw) - (len(raw) % 4 == 1)]
        return binascii.a2b_base64(raw + b"=" * (-len(raw) % 4))


@lru_cache(maxsize=1024)
def _parameters(value: str) -> MappingProxyType[str, str]:
    """The parameters of a field's value; what is not simply written goes to the standard library."""
    if len(value) > 4096:
        value = value[:4096]
    found: dict[str, str] = {}
    at = value.find(";") + 1
    while at and at < len(value) and not value[at:].isspace():
        match = _SIMPLE.match(value, at)
        if match is None:
            return _unusual(value)
        found.setdefault(match[1].lower(), match[2] if match[2] is not None else match[3])
        at = match.end()
    return MappingProxyType(found)


def _unusual(value: str) -> MappingProxyType[str, str]:
    mail = Mail()
    mail["content-type"] = re.sub(r"[\r\n]+", "", value)
    found: dict[str, str] = {}
    for name, text in mail.get_params(failobj=[]):
        try:
            found.setdefault(name.lower(), collapse_rfc2231_value(text))
        except (LookupError, ValueError):  # a charset that is none
            continue
    return MappingProxyType(found)
