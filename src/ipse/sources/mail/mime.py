"""MIME: one mail's bytes to headers, body text and names of attachments.

Knows mail as the standards and their breakers write it, and nothing of mailboxes, labels, quotes or owners.
Nothing here raises, whatever the bytes. Parts are found and chosen as CPython's ``email`` does, which also
reads whatever is not well formed.
"""

import re
from collections.abc import Iterator
from email.message import Message as Mail
from email.parser import BytesParser
from email.policy import Compat32
from typing import Final, NamedTuple

from ipse.sources.mail.headers import decode, words
from ipse.sources.reading.html_text import html_to_text

__all__ = ["Body", "attachments", "body", "headers", "parse", "parts"]

LONGEST_TEXT: Final = 4 << 20  # bytes of a body that are looked at
DEEPEST: Final = 20  # parts within parts

# 4000 lines of base64 are 230 kB: a body, however long, is kept; what follows in such a run is an attachment.
_BASE64 = re.compile(rb"((?:\n[A-Za-z0-9+/]{60,76}+\r?+){4000})(?:\n[A-Za-z0-9+/]{60,76}+\r?+)++")
_EMPTY_LINE = re.compile(rb"\n\r?\n")


class _Plain(Compat32):
    """The fast policy, with headers as text also where they hold raw bytes."""

    def header_fetch_parse(self, name: str, value: str) -> str:  # noqa: ARG002 (as the base has it)
        return _readable(value)


_PARSER = BytesParser(policy=_Plain())


class Body(NamedTuple):
    """The text of a mail: ``raw`` as declared, and ``text`` as meant.

    They differ where bytes outside a declared ASCII are in truth UTF-8 or Windows text, and where
    format=flowed joins soft line ends.
    """

    raw: str
    text: str


def parse(data: bytes) -> Mail:
    """Parse one mail. Parts nested so deeply that nobody can have meant it are left as one text."""
    data = data.lstrip()
    mail = _well_formed(data, ())
    if mail is not None:
        return mail
    if len(data) > 1 << 19:  # the parser goes through every line
        data = _BASE64.sub(rb"\1", data)
    try:
        return _PARSER.parsebytes(data)
    except RecursionError:
        return _PARSER.parsebytes(data, headersonly=True)


def _well_formed(data: bytes, around: tuple[bytes, ...]) -> Mail | None:
    """Parse a mail without going through its lines; None if it is not as the standard has it.

    ``around`` holds the boundaries of the parts around this one. Nearly every mail is well formed, and its
    attachments, which are most of its bytes, are only stepped over.
    """
    end = 0 if data[:1] in (b"\n", b"\r") else _end_of_headers(data)
    if end < 0:
        return None
    mail = _PARSER.parsebytes(data[:end], headersonly=True)
    kind = mail.get_content_type()
    if mail.get_payload() or kind.startswith("message/") or kind == "multipart/digest":
        return None
    inside = data[end:].partition(b"\n")[2]
    if not kind.startswith("multipart/"):
        mail.set_payload(inside.decode("ascii", "surrogateescape"))
        return mail
    boundary = (mail.get_boundary() or "").encode("ascii", "replace")
    if not boundary or boundary in around or len(around) >= DEEPEST:
        return None
    children: list[Mail | str] = []
    for piece in _between(inside, boundary):
        part = _well_formed(piece, (*around, boundary))
        if part is None:
            return None
        children.append(part)
    mail.set_payload(children)
    return mail if children else None


def _between(data: bytes, boundary: bytes) -> list[bytes]:
    """The parts between the lines of a boundary; none if a line is not clearly one or the last lacks."""
    marker = b"\n--" + boundary
    data = b"\n" + data
    parts: list[bytes] = []
    start, at = -1, data.find(marker)
    while at >= 0:
        line_end = data.find(b"\n", at + 1)
        line_end = len(data) if line_end < 0 else line_end
        rest = data[at + len(marker) : line_end].rstrip()
        if rest not in (b"", b"--"):
            return []
        if start >= 0:
            parts.append(data[start:at].removesuffix(b"\r"))
        if rest:
            return parts
        start = line_end + 1
        at = data.find(marker, line_end)
    return []


def headers(data: bytes) -> Mail:
    """Parse the headers of one mail and nothing below them."""
    data = data.lstrip()
    end = _end_of_headers(data)
    return _PARSER.parsebytes(data if end < 0 else data[:end], headersonly=True)


def _end_of_headers(data: bytes) -> int:
    """Where the empty line under the headers starts, or -1."""
    match = _EMPTY_LINE.search(data)
    return match.start() + 1 if match else -1


def _readable(value: str) -> str:
    """A header as the parser keeps it, with raw bytes read as UTF-8."""
    if value.isascii():
        return value
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def parts(mail: Mail) -> Iterator[Mail]:
    """Every part in reading order, the whole first. No recursion: the depth is the sender's choice."""
    todo = [mail]
    while todo:
        part = todo.pop()
        yield part
        payload = part.get_payload()
        if isinstance(payload, list):
            todo.extend(child for child in reversed(payload) if isinstance(child, Mail))


def body(mail: Mail) -> Body:
    """The text of a mail: its plain text, else its HTML as text, else any other text there is."""
    plain = _find(mail, "plain")
    found = _text(plain) if plain is not None else Body("", "")
    if not found.raw.strip():
        html = _find(mail, "html")
        if html is not None:
            text = html_to_text(_text(html).text)
            return Body(text, text)
    if plain is None:
        plain = next((part for part in parts(mail) if _is_text(part)), None)
        found = _text(plain) if plain is not None else found
    if plain is not None and str(plain.get_param("format", "")).lower() == "flowed":
        delete_space = str(plain.get_param("delsp", "")).lower() == "yes"
        return Body(found.raw, _unflowed(found.text, delete_space=delete_space))
    return found


def _is_text(part: Mail) -> bool:
    """Tell whether a part is some text to show; so is a multipart without parts."""
    if part.is_multipart() or part.get_content_disposition() == "attachment":
        return False
    return part.get_content_maintype() in ("text", "multipart") and part.get_content_subtype() != "calendar"


def _find(mail: Mail, subtype: str) -> Mail | None:
    """The first ``text/<subtype>`` part that is body: never inside an attachment or an enclosed mail."""
    todo = [mail]
    while todo:
        part = todo.pop()
        if part.get_content_disposition() == "attachment":
            continue
        kind = part.get_content_type()
        if kind == f"text/{subtype}" and not part.is_multipart():
            return part
        if kind.startswith("multipart/") and part.is_multipart():
            children = [child for child in part.get_payload() if isinstance(child, Mail)]
            todo.extend([_root(part, children)] if kind == "multipart/related" else reversed(children))
    return None


def _root(part: Mail, children: list[Mail]) -> Mail:
    """The part of a multipart/related that the others belong to."""
    start = part.get_param("start")
    return next((child for child in children if start and child.get("content-id") == start), children[0])


def _text(part: Mail) -> Body:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return Body("", "")
    charset = part.get_param("charset")
    name = charset[2] if isinstance(charset, tuple) else charset
    payload = payload[:LONGEST_TEXT]
    meant = _lines(decode(payload, name if isinstance(name, str) else None))
    if payload.isascii() or str(name or "ascii").lower() not in ("ascii", "us-ascii"):
        return Body(meant, meant)
    return Body(_lines(payload.decode("ascii", "replace")), meant)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")


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


def attachments(mail: Mail) -> tuple[str, ...]:
    """The names of what hangs on the mail beside its body; one without a name is called after its type."""
    kind = mail.get_content_type()
    if not kind.startswith("multipart/") or kind == "multipart/alternative" or not mail.is_multipart():
        return ()
    children = [child for child in mail.get_payload() if isinstance(child, Mail)]
    if kind == "multipart/related":
        root = _root(mail, children)
        return tuple(_name(child) for child in children if child is not root)
    names: list[str] = []
    seen: set[str] = set()
    for child in children:
        kind = child.get_content_type()
        if kind in _BODIES and child.get_content_disposition() != "attachment":
            subtype = child.get_content_subtype()
            if subtype not in seen:
                seen.add(subtype)
                continue
        names.append(_name(child))
    return tuple(names)


_BODIES = frozenset({"text/plain", "text/html", "multipart/related", "multipart/alternative"})


def _name(part: Mail) -> str:
    try:
        name = words(part.get_filename() or "").strip()
    except (LookupError, ValueError):  # an RFC 2231 name in a charset that is none
        name = ""
    if name:
        return name.replace("\\", "/").rpartition("/")[2] or name
    kind = part.get_content_type()
    return "message.eml" if kind.startswith("message/") else f"attachment.{part.get_content_subtype()[:20]}"
