"""Cut an mbox into its mails, as a stream.

Knows the separator line between mails and nothing of what a mail is. Any line may begin with ``From ``; a
separator also needs an empty line before it, an envelope (Takeout's ``<id>@xxx``, or an address and a date)
and a header on the next line. Some writers leave the empty line out; then the envelope must be exact and the
header one that mail begins with. Body lines that the writer escaped as ``>From `` lose one ``>`` (mboxrd).
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple, Protocol

__all__ = ["Bytes", "Piece", "is_mbox", "pieces"]

BLOCK: Final = 1 << 20  # bytes read at a time
LOOKAHEAD: Final = 4096  # a separator and the header below it fit in this
LONGEST: Final = 32 << 20  # of a longer mail the rest is passed over; attachments come last

_MARK: Final = b"\xef\xbb\xbf"
_ENVELOPE = re.compile(
    rb"From +(?:-|\S{1,320}@xxx)[ \t]*\Z"  # Mozilla's dash; Takeout's thread id
    rb"|From +(?:\S{1,320} +)?.{0,80}?(?:"
    rb"(?i:\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)).{0,40}\b\d\d?:\d\d"
    rb"|\b\d{4}-\d\d-\d\d[ T]\d\d?:\d\d)"
)
# Without an empty line before it: nothing but an address and a date as C's asctime writes it.
_EXACT = re.compile(
    rb"From (?:-|\S{1,320}@xxx)[ \t]*\Z"
    rb"|From \S{1,320} +(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]?\d \d\d:\d\d(?::\d\d)?"
    rb"(?: [+-]\d{4}| [A-Z]{2,5})? \d{4}(?: [+-]\d{4})?(?: remote from \S{1,200})?[ \t]*\Z"
)
_FIRST_HEADER = re.compile(
    rb"(?:return-path|received|message-id|from|to|date|subject|delivered-to|mime-version|reply-to|sender|status"
    rb"|content-[a-z-]{1,30}|x-[a-z0-9-]{1,60})[ \t]*:",
    re.IGNORECASE,
)
_HEADER = re.compile(rb"[!-9;-~]{1,80}[ \t]*:|>From ")
_INK = re.compile(rb"\S")
_ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)


class Bytes(Protocol):
    """What mails are cut from."""

    def read(self, size: int, /) -> bytes:
        """The next bytes; none at the end."""


class Piece(NamedTuple):
    """One mail of an mbox: where it starts in the file, its separator line and its bytes.

    ``envelope`` is empty for bytes that no separator precedes.
    """

    offset: int
    envelope: bytes
    data: bytes


def is_mbox(head: bytes) -> bool:
    """Tell whether a file that starts with ``head`` is an mbox."""
    head = head.removeprefix(_MARK).lstrip(b"\r\n")
    return _separates(head, 0)


def pieces(file: Bytes, *, longest: int = LONGEST) -> Iterator[Piece]:
    """Yield the mails of an mbox. Memory is a few times ``longest`` bytes at most, whatever it holds."""
    buffer, base, start, scan = b"", 0, 0, 0
    held: Piece | None = None  # the beginning of a mail longer than LONGEST
    ended = False
    while not ended:
        block = file.read(BLOCK)
        ended = not block
        if base == 0 and not buffer and block.startswith(_MARK):
            block, base = block[len(_MARK) :], len(_MARK)
        buffer += block
        stop = len(buffer) if ended else max(len(buffer) - LOOKAHEAD, 0)
        while (at := _next(buffer, scan, stop)) >= 0:
            if held or _INK.search(buffer, start, at):
                yield held or _piece(base + start, buffer, start, at)
            held, start, scan = None, at, at + 1
        scan = max(scan, stop - 8)  # a separator that straddles `stop` is found next time
        if held or len(buffer) - start > longest:
            held = held or _piece(base + start, buffer, start, start + longest)
            start = max(start, scan - 4)  # the end of the line before a separator stays in view
        buffer, base, scan, start = buffer[start:], base + start, max(scan - start, 0), 0
    if held or _INK.search(buffer):
        yield held or _piece(base, buffer, 0, len(buffer))


def _next(buffer: bytes, scan: int, stop: int) -> int:
    """Where the next separator at or after ``scan`` starts, or -1."""
    if scan == 0 and _separates(buffer, 0):
        return 0
    at = buffer.find(b"\nFrom ", max(scan - 1, 0), stop)
    while at >= 0:
        blank = at == 0 or buffer[at - 1] == 10 or buffer[max(at - 2, 0) : at] in (b"\n\r", b"\r")
        if _separates(buffer, at + 1, after_blank=blank):
            return at + 1
        at = buffer.find(b"\nFrom ", at + 1, stop)
    return -1


def _separates(buffer: bytes, at: int, *, after_blank: bool = True) -> bool:
    end = buffer.find(b"\n", at, at + 1024)
    if end < 0:
        return False
    envelope, header = (_ENVELOPE, _HEADER) if after_blank else (_EXACT, _FIRST_HEADER)
    return bool(envelope.match(buffer[at:end].rstrip(b"\r")) and header.match(buffer, end + 1))


def _piece(offset: int, buffer: bytes, start: int, end: int) -> Piece:
    envelope = b""
    if buffer.startswith(b"From ", start):
        line_end = buffer.find(b"\n", start, end)
        line_end = end if line_end < 0 else line_end
        envelope, start = buffer[start:line_end].strip(), line_end + 1
    data = buffer[start:end]
    if b">From " in data:
        data = _ESCAPED.sub(rb"\1", data)
    return Piece(offset, envelope, data)
