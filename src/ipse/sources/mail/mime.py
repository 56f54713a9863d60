"""MIME: one mail's bytes to headers, body text and names of attachments.

Knows mail as the standards and their breakers write it, and nothing of mailboxes, labels, quotes or owners.
Nothing here raises, whatever the bytes. Parts are found and chosen as CPython's ``email`` does, which also
reads whatever is not well formed.
"""

import re
from email.message import Message as Mail
from email.parser import BytesParser
from email.policy import compat32
from typing import Final, NamedTuple

from ipse.sources.mail.headers import decode, words
from ipse.sources.mail.part import Part, fields_of
from ipse.sources.reading.html_text import html_to_text

__all__ = ["Body", "attachments", "body", "headers", "parse"]

LONGEST_TEXT: Final = 4 << 20  # bytes of a body that are looked at
DEEPEST: Final = 20  # parts within parts

# 4000 lines of base64 are 230 kB: a body, however long, is kept; what follows in such a run is an attachment.
_BASE64 = re.compile(rb"((?:\n[A-Za-z0-9+/]{60,76}+\r?+){4000})(?:\n[A-Za-z0-9+/]{60,76}+\r?+)++")
_PARSER = BytesParser(policy=compat32)


class Body(NamedTuple):
    """The text of a mail: ``raw`` as declared, and ``text`` as meant.

    They differ where bytes outside a declared ASCII are in truth UTF-8 or Windows text, and where
    format=flowed joins soft line ends.
    """

    raw: str
    text: str


def parse(data: bytes) -> Part:
    """Parse one mail. Parts nested so deeply that nobody can have meant it are left as one text."""
    data = data.lstrip()
    part = _well_formed(data, 0, len(data), ())
    if part is not None:
        return part
    if len(data) > 1 << 19:  # the parser goes through every line
        data = _BASE64.sub(rb"\1", data)
    try:
        return _converted(_PARSER.parsebytes(data))
    except RecursionError:
        return _converted(_PARSER.parsebytes(data, headersonly=True))


def headers(data: bytes) -> Part:
    """Parse the headers of one mail and nothing below them."""
    data = data.lstrip()
    end, _ = _end_of_headers(data, 0, len(data))
    block = data if end < 0 else data[:end]
    fields = fields_of(block)
    return (
        Part(fields, b"", 0, 0)
        if fields is not None
        else _converted(_PARSER.parsebytes(block, headersonly=True))
    )


def _well_formed(data: bytes, start: int, end: int, around: tuple[bytes, ...]) -> Part | None:
    """Parse a mail without going through its lines; None if it is not as the standard has it.

    ``around`` holds the boundaries of the parts around this one. Nearly every mail is well formed, and its
    attachments, which are most of its bytes, are only stepped over. An enclosed mail is one of them.
    """
    above, inside = _end_of_headers(data, start, end)
    fields = fields_of(data[start:above]) if above >= 0 else None
    if fields is None:
        return None
    part = Part(fields, data, inside, end)
    kind = part.kind
    if not kind.startswith("multipart/"):
        return part
    boundary = part.parameter("boundary").rstrip().encode("ascii", "replace")
    if not boundary or boundary in around or len(around) >= DEEPEST or kind == "multipart/digest":
        return None
    part.children = []
    for first, last in _between(data, inside, end, boundary):
        child = _well_formed(data, first, last, (*around, boundary))
        if child is None:
            return None
        part.children.append(child)
    return part if part.children else None


def _end_of_headers(data: bytes, start: int, end: int) -> tuple[int, int]:
    """Where the empty line under the headers starts, and where it ends; -1 where there is none."""
    for mark in (b"\n", b"\r\n"):
        if data.startswith(mark, start, end):
            return start, start + len(mark)
    unix = data.find(b"\n\n", start, end)
    dos = data.find(b"\n\r\n", start, unix if unix >= 0 else end)
    if dos >= 0:
        return dos + 1, dos + 3
    return (unix + 1, unix + 2) if unix >= 0 else (-1, -1)


def _between(data: bytes, start: int, end: int, boundary: bytes) -> list[tuple[int, int]]:
    """Where the parts between a boundary's lines lie; none if a line is not clearly one or the last lacks."""
    marker = b"\n--" + boundary
    parts: list[tuple[int, int]] = []
    first, at = -1, data.find(marker, start - 1, end)  # before the body stands the end of the empty line
    while at >= 0:
        line_end = data.find(b"\n", at + 1, end)
        line_end = end if line_end < 0 else line_end
        rest = data[at + len(marker) : line_end].rstrip()
        if rest not in (b"", b"--"):
            return []
        if first >= 0:
            parts.append((first, max(at - data.startswith(b"\r", at - 1), first)))
        if rest:
            return parts
        first = min(line_end + 1, end)
        at = data.find(marker, line_end, end)
    return []


def _converted(mail: Mail) -> Part:
    """The parts as the standard library found them."""
    root = _shallow(mail)
    todo = [(root, mail)]
    while todo:
        part, source = todo.pop()
        payload = source.get_payload()
        if isinstance(payload, list):
            pairs = [(_shallow(child), child) for child in payload if isinstance(child, Mail)]
            part.children = [child for child, _ in pairs]
            todo.extend(pairs)
    return root


def _shallow(mail: Mail) -> Part:
    fields: dict[str, list[str]] = {}
    for name, value in mail.raw_items():
        text = (
            value if value.isascii() else value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        )
        fields.setdefault(name.lower(), []).append(re.sub(r"\r\n?", "\n", text))
    payload = mail.get_payload()
    data = payload.encode("utf-8", "surrogateescape") if isinstance(payload, str) else b""
    return Part(fields, data, 0, len(data), default=mail.get_default_type())


def body(mail: Part) -> Body:
    """The text of a mail: its plain text, else its HTML as text, else any other text there is."""
    plain = _find(mail, "text/plain")
    found = _text(plain) if plain is not None else Body("", "")
    if not found.raw.strip():
        html = _find(mail, "text/html")
        if html is not None:
            text = html_to_text(_text(html).text)
            return Body(text, text)
    if plain is None:
        plain = next((part for part in mail.walk() if _is_text(part)), None)
        found = _text(plain) if plain is not None else found
    if plain is not None and plain.parameter("format").lower() == "flowed":
        delete_space = plain.parameter("delsp").lower() == "yes"
        return Body(found.raw, _unflowed(found.text, delete_space=delete_space))
    return found


def _is_text(part: Part) -> bool:
    """Tell whether a part is some text to show; so is a multipart without parts."""
    if part.children is not None or part.attached:
        return False
    return part.kind.startswith(("text/", "multipart/")) and part.kind != "text/calendar"


def _find(mail: Part, kind: str) -> Part | None:
    """The first part of a kind that is body: never inside an attachment or an enclosed mail."""
    todo = [mail]
    while todo:
        part = todo.pop()
        if part.attached:
            continue
        if part.children is None:
            if part.kind == kind:
                return part
        elif part.kind == "multipart/related":
            todo.extend(_root(part))
        elif part.kind.startswith("multipart/"):
            todo.extend(reversed(part.children))
    return None


def _root(part: Part) -> list[Part]:
    """The part of a multipart/related that the others belong to."""
    children = part.children or []
    start = part.parameter("start")
    return [child for child in children if start and child.get("content-id") == start][:1] or children[:1]


def _text(part: Part) -> Body:
    payload = part.body(LONGEST_TEXT)
    charset = part.parameter("charset")
    meant = _lines(decode(payload, charset))
    if payload.isascii() or (charset or "ascii").lower() not in ("ascii", "us-ascii"):
        return Body(meant, meant)
    return Body(_lines(payload.decode("ascii", "replace")), meant)


def _lines(text: str) -> str:
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\0", "\ufffd")


def _unflowed(text: str, *, delete_space: bool) -> str:
    """Join the soft line ends of format=flowed (RFC 3676), within one depth of quotes."""
    out: list[str] = []
    depth_before, soft = 0, False
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")  # space-stuffing
        if soft and depth == depth_before and content != "-- ":
            out[-1] += content
        else:
            out.append(">" * depth + (" " if depth else "") + content)
        soft = content.endswith(" ") and content != "-- "
        if soft and delete_space:
            out[-1] = out[-1][:-1]
        depth_before = depth
    return "\n".join(out)


def attachments(mail: Part) -> tuple[str, ...]:
    """The names of what hangs on the mail beside its body; one without a name is called after its type."""
    kind, children = mail.kind, mail.children
    if children is None or not kind.startswith("multipart/") or kind == "multipart/alternative":
        return ()
    if kind == "multipart/related":
        root = _root(mail)
        return tuple(_name(child) for child in children if child not in root)
    names: list[str] = []
    seen: set[str] = set()
    for child in children:
        kind = child.kind
        if kind in _BODIES and not child.attached and kind not in seen:
            seen.add(kind)
            continue
        names.append(_name(child))
    return tuple(names)


_BODIES = frozenset({"text/plain", "text/html", "multipart/related", "multipart/alternative"})


def _name(part: Part) -> str:
    name = words(part.filename).strip()
    if name:
        return name.replace("\\", "/").rpartition("/")[2] or name
    return (
        "message.eml"
        if part.kind.startswith("message/")
        else f"attachment.{part.kind.partition('/')[2][:20]}"
    )
