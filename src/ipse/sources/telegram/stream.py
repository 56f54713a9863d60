"""A walk over a JSON document of any size, forward only. It knows how Telegram writes JSON, not what.

Telegram Desktop indents: each element of a list ends with a line that holds its closing brace and nothing
else, and a string never holds a line end. So a block is cut behind the last such line and decoded in one go;
a block that does not decode, and a document that is not indented, are read element by element.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, Generic, NamedTuple, TypeVar

import msgspec

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.sources.reading.jsons import sound

__all__ = ["BrokenElement", "Cursor", "Elements"]

T = TypeVar("T")
BLOCK: Final = 1 << 17  # bytes read at a time
LONGEST: Final = 1 << 25  # bytes of one value
BROKEN: Final = 1000  # elements of a list; a file with more is not damaged but something else
KEYS: Final = 1000  # of an object that is walked through: an account has about ten, a chat four
_BOM: Final = b"\xef\xbb\xbf"
_BLANK: Final = re.compile(rb"[\s,]*")
_AGAIN: Final = re.compile(rb"\}\s*,\s*(?=\{\s*\"id\"\s*:)")
_LIST: Final = re.compile(rb"\"messages\"\s*:\s*\[")
# Control characters are written as \x1F, which JSON does not know.
_ESCAPE: Final = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|.)", re.DOTALL)
_CUT_ESCAPE: Final = re.compile(rb"\\+(?:x[0-9A-Fa-f]?)?\Z")


class BrokenElement(NamedTuple):
    """An element of a list that could not be read, and why."""

    reason: str


class Cursor:
    """A place in the document. What is asked for is taken, and the place is behind it.

    Whatever is not there, or no JSON, is a ``SourceError`` that names the place.
    """

    def __init__(self, file: ExportPath) -> None:
        self._label = file.label
        self._file = file.open()
        self._json = json.JSONDecoder()
        self.held, self.pos = b"", 0
        self._ended, self._dropped, self._cut = False, 0, b""
        self._text, self._from, self._letter = "", -1, 0  # the text from a byte on, and the letter at it

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @property
    def place(self) -> int:
        """How many bytes lie before."""
        return self._dropped + self.pos

    def failure(self, what: str) -> SourceError:
        """The error that says ``what`` is wrong here."""
        return SourceError(
            f"{self._label}: {what} after {self.place:,} bytes.",
            hint="Export it again, as machine-readable JSON.",
        )

    def more(self) -> bool:
        """Hold more of the document; False at its end. Where it breaks off, it ends."""
        if self._ended:
            return False
        # As much again as is held: a long value is looked at few times.
        block = self._file.read(max(BLOCK, len(self.held) - self.pos))
        self._ended = not block
        block = self._cut + block
        cut = None if self._ended else _CUT_ESCAPE.search(block, max(0, len(block) - 64))
        block, self._cut = (block[: cut.start()], cut[0]) if cut else (block, b"")
        if b"\\x" in block:
            block = _ESCAPE.sub(lambda match: b"\\u00" + match[1] if match[1] else match[0], block)
        self._dropped += self.pos
        self.held, self.pos, self._from = self.held[self.pos :] + block, 0, -1
        return True

    def peek(self) -> str:
        """The next letter that is neither blank nor a comma."""
        while True:
            match = _BLANK.match(self.held, self.pos)
            self.pos = match.end() if match else self.pos
            if self.pos < len(self.held):
                return chr(self.held[self.pos])
            if not self.more():
                raise self.failure("it breaks off")

    def expect(self, letter: str) -> None:
        """Take ``letter``."""
        if self.peek() != letter:
            raise self.failure(f"no `{letter}`")
        self.pos += 1

    def fields(self) -> Iterator[str]:
        """The keys of an object; the value behind each is for the caller to take."""
        self.skip_mark()
        self.expect("{")
        for _ in range(KEYS):
            if self.peek() == "}":
                self.pos += 1
                return
            key = self.value()
            self.expect(":")
            yield str(key)
        raise self.failure("too many keys")

    def skip_mark(self) -> None:
        """Go behind the mark that some put before UTF-8."""
        if not self.place and (self.held or self.more()) and self.held.startswith(_BOM):
            self.pos = len(_BOM)

    def members(self) -> Iterator[None]:
        """Stop before each element of a list; the element is for the caller to take."""
        self.expect("[")
        while self.peek() != "]":
            yield
        self.pos += 1

    def value(self) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Any value, whole."""
        self.peek()
        while True:
            self._decode()
            try:
                value, end = self._json.raw_decode(self._text, self._letter)
            except RecursionError as error:
                raise self.failure("it nests without end") from error
            except ValueError as error:
                if not self._unfinished(error) or not self.more():
                    raise self.failure("no JSON") from error
                continue
            if end == len(self._text) and self.more():  # a number may go on
                continue
            self.pos += len(self._text[self._letter : end].encode("utf-8", "surrogateescape"))
            self._from, self._letter = self.pos, end
            return value

    def _decode(self) -> None:
        """Make text of what is held, or go on in it: what was passed over since is of one byte a letter."""
        if 0 <= self._from <= self.pos:
            self._letter += self.pos - self._from
        else:
            self._text, self._letter = self.held[self.pos :].decode("utf-8", "surrogateescape"), 0
        self._from = self.pos

    def _unfinished(self, error: ValueError) -> bool:
        """Whether the value may only need more of the text."""
        if not isinstance(error, json.JSONDecodeError) or len(self.held) - self.pos > LONGEST:
            return False
        return error.msg.startswith("Unterminated") or error.pos > len(self._text) - 64

    def jump(self, pos: int) -> None:
        """Go to a byte of what is held."""
        if not self.held[self.pos : pos].isascii():
            self._from = -1
        self.pos = pos


class Elements(Generic[T]):
    """The elements of the list at a cursor, as ``kind`` (a Struct), in blocks: each, or its fault."""

    def __init__(self, cursor: Cursor, kind: type[T]) -> None:
        self._cursor, self._kind = cursor, kind
        self._one = msgspec.json.Decoder(kind)
        self._many = msgspec.json.Decoder(list[kind])  # type: ignore[valid-type]
        self._broken = 0

    def __iter__(self) -> Iterator[Sequence[T | BrokenElement]]:
        """Take the list; a block has at least one element."""
        cursor = self._cursor
        cursor.expect("[")
        if cursor.peek() == "{":
            # The blanks before the first element tell how far all of them are indented.
            line = cursor.held.rfind(b"\n", 0, cursor.pos)
            indent = cursor.held[line + 1 : cursor.pos]
            plain = indent.isspace()  # without, the ends of inner objects look the same
            if line >= 0 and plain and cursor.held[line - 1 : line] != b"\r":
                yield from self._blocks(b"\n%b}" % indent)
        while cursor.peek() != "]":
            yield [self._next()]
        cursor.pos += 1

    def _blocks(self, closing: bytes) -> Iterator[Sequence[T | BrokenElement]]:
        """Elements that end with the line ``closing``; the last one lacks the comma behind it."""
        cursor, inner, last = self._cursor, closing + b",", closing + b"\n"
        while True:
            end = cursor.held.find(last, cursor.pos)
            final = end >= 0
            if not final:
                end = cursor.held.rfind(inner, cursor.pos)
            if end >= 0:
                block = cursor.held[cursor.pos : end + len(closing)]
                cursor.jump(end + len(closing))
                yield from self._decoded(block, inner)
                cursor.peek()
            if final or len(cursor.held) - cursor.pos > LONGEST or not cursor.more():
                return

    def _decoded(self, block: bytes, inner: bytes) -> Iterator[Sequence[T | BrokenElement]]:
        try:
            found = self._many.decode(b"[%b]" % block)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            pieces = block.split(inner)
            for piece in pieces[:-1]:
                yield [self._piece(piece.lstrip() + inner[:-1])]
            yield [self._piece(pieces[-1])]
        else:
            yield found

    def _piece(self, piece: bytes) -> T | BrokenElement:
        try:
            return self._one.decode(piece)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            pass  # the standard library takes more than msgspec: half a surrogate pair, for one
        try:
            return self._converted(json.loads(piece.decode("utf-8", "replace")))
        except (ValueError, RecursionError):
            if _LIST.search(piece):  # the end of this list and the head of the next lie in what is damaged
                raise self._cursor.failure("no JSON") from None
            return BrokenElement("it is no JSON")

    def _next(self) -> T | BrokenElement:
        try:
            return self._converted(self._cursor.value())
        except SourceError:
            if not self._found_next():
                raise
            return BrokenElement("it is no JSON")

    def _converted(self, value: object) -> T | BrokenElement:
        try:
            return msgspec.convert(sound(value), self._kind)
        except (msgspec.ValidationError, RecursionError):
            return BrokenElement("it is no message")

    def _found_next(self) -> bool:
        """Go to the next element of this list, if there is one to be seen."""
        cursor = self._cursor
        self._broken += 1
        while self._broken < BROKEN:
            found = _AGAIN.search(cursor.held, cursor.pos + 1)
            head = _LIST.search(cursor.held, cursor.pos + 1, found.start() if found else len(cursor.held))
            if found and not head:
                cursor.jump(found.end())
                return True
            if head or len(cursor.held) - cursor.pos > LONGEST or not cursor.more():
                return False
        return False
