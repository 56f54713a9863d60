"""JSON of any size: small documents whole, long lists one element at a time. It knows no export.

What is wrong in a document is a ``SourceError`` with the byte at which it is; a document that nests without
end, or whose numbers do, is wrong too.
"""

import codecs
import json
import re
from collections.abc import Collection, Iterator
from typing import Any, Final, TypeVar, cast

import msgspec

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.records import Unreadable

__all__ = ["WHOLE", "decoded", "elements", "lines", "objects", "parts", "sound"]

T = TypeVar("T")
WHOLE: Final = 1 << 26  # bytes; a longer document is not decoded at once
BLOCK: Final = 1 << 18  # bytes read at a time
LONGEST: Final = 1 << 25  # characters of one element
_BLANK = re.compile(r"[\s,]*")
_HINT: Final = "Export it again; what could be read is kept."


def decoded(file: ExportPath, type: type[T], *, most: int = WHOLE) -> T:  # noqa: A002 - msgspec's own name
    """The document in ``file`` as ``type`` (a Struct, or ``dict[str, Any]``)."""
    data = file.read_bytes(most).removeprefix(codecs.BOM_UTF8)
    try:
        return msgspec.json.decode(data, type=type, strict=False)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        where = re.search(r"byte (\d+)", str(error))
        place = f" at byte {where[1]}" if where else ""
        raise SourceError(f"{file.label}: not the JSON expected{place}.", hint=_HINT) from error


def elements(file: ExportPath, key: str = "") -> Iterator[tuple[int, Any]]:
    """Each element of a list with its place from 0: of the list at ``key``, wherever in the document it is
    first found, or of the document itself where ``key`` is empty. Memory is that of one element.

    Raises ``SourceError`` where the list breaks off or is none.
    """
    text = _Text(file)
    try:
        yield from _elements(text, key)
    finally:
        text.close()


def objects(file: ExportPath, key: str = "") -> Iterator[tuple[int, "dict[str, Any] | Unreadable"]]:
    """The same with places from 1, for lists of objects: what is none is an ``Unreadable``, and so is, as
    the last, the place where the list breaks off.
    """
    last = 0
    try:
        for place, value in elements(file, key):
            last = place + 1
            try:
                found = sound(value) if isinstance(value, dict) else None
            except RecursionError:
                found = None
            yield (
                last,
                Unreadable(file.label, f"message {last}", "it is no object") if found is None else found,
            )
    except SourceError:
        reason = "it breaks off or is no JSON from here on"
        yield last + 1, Unreadable(file.label, f"message {last + 1}", reason)


def sound(value: T) -> T:
    """The same without halves of surrogate pairs, which JSON can write and nothing else can.

    Raises ``RecursionError`` for what nests too deep to look through.
    """
    try:
        msgspec.json.encode(value)
    except UnicodeEncodeError:
        return cast("T", _mended(value))
    return value


def _mended(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [_mended(one) for one in value]
    if isinstance(value, dict):
        return {_mended(key): _mended(one) for key, one in value.items()}
    return value


def _elements(text: "_Text", key: str) -> Iterator[tuple[int, Any]]:
    if key:
        text.seek(re.compile(rf'"{re.escape(key)}"\s*:\s*\['))
    else:
        text.seek(re.compile(r"\["))
    yield from enumerate(_rest(text, json.JSONDecoder()))


def _rest(text: "_Text", decoder: json.JSONDecoder) -> Iterator[Any]:
    """What is left of the list that the text stands in."""
    while True:
        text.skip(_BLANK)
        if text.at("]"):
            return
        yield text.value(decoder)


def parts(
    file: ExportPath, *, values: Collection[str] = (), lists: Collection[str] = ()
) -> Iterator[tuple[str, Any]]:
    """Walk through a document too large to decode, in its own order: each value at one of the keys ``values``
    and each element of a list at one of the keys ``lists``, wherever in the document, with its key.

    What is in such a value or element is not looked into. Raises ``SourceError`` where the document breaks
    off inside one.
    """
    wanted = [
        rf'"({"|".join(map(re.escape, keys))})"\s*:\s*{opening}'
        for keys, opening in ((values, ""), (lists, r"\["))
        if keys
    ]
    pattern, decoder = re.compile("|".join(wanted)), json.JSONDecoder()
    text = _Text(file)
    try:
        while match := text.find(pattern):
            key = str(match[match.lastindex or 1])
            if key in values:
                text.skip(_BLANK)
                yield key, text.value(decoder)
            else:
                yield from ((key, element) for element in _rest(text, decoder))
    finally:
        text.close()


def lines(file: ExportPath) -> Iterator[tuple[int, "dict[str, Any] | Unreadable"]]:
    """The object on each line of JSON lines with the line's number from 1; empty lines are passed over."""
    with file.open() as stream:
        number = 0
        while line := stream.readline(LONGEST):
            number += 1
            if len(line) == LONGEST and not line.endswith(b"\n"):
                while (rest := stream.readline(LONGEST)) and not rest.endswith(b"\n"):
                    pass
                yield number, Unreadable(file.label, f"line {number}", "it is too long")
            elif plain := line.removeprefix(codecs.BOM_UTF8).strip():
                try:
                    yield number, msgspec.json.decode(plain, type=dict[str, Any])
                except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
                    yield number, Unreadable(file.label, f"line {number}", "it is not a JSON object")


class _Text:
    """A window over the text of a file that moves forward only."""

    def __init__(self, file: ExportPath) -> None:
        self._label = file.label
        self._file = file.open()
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._held, self._pos, self._ended, self._dropped = "", 0, False, 0

    def _more(self) -> bool:
        if self._ended:
            return False
        block = self._file.read(max(BLOCK, (len(self._held) - self._pos) // 2))
        self._ended = not block
        self._dropped += self._pos
        self._held = self._held[self._pos :] + self._decoder.decode(block, final=self._ended)
        self._pos = 0
        return True

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _fail(self, what: str) -> SourceError:
        return SourceError(
            f"{self._label}: {what} after {self._dropped + self._pos:,} characters.", hint=_HINT
        )

    def seek(self, pattern: re.Pattern[str]) -> None:
        """Go behind the first match."""
        if not self.find(pattern):
            raise self._fail("no such list")

    def find(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Go behind the first match; None, at the end, where there is none."""
        while not (match := pattern.search(self._held, self._pos)):
            self._pos = max(len(self._held) - 256, self._pos)
            if not self._more():
                return None
        self._pos = match.end()
        return match

    def skip(self, pattern: re.Pattern[str]) -> None:
        """Go behind a match that starts here."""
        while True:
            match = pattern.match(self._held, self._pos)
            self._pos = match.end() if match else self._pos
            if self._pos < len(self._held) or not self._more():
                return

    def at(self, letter: str) -> bool:
        """Whether ``letter`` is next; raises ``SourceError`` at the end of the text."""
        if self._pos >= len(self._held):
            raise self._fail("it breaks off")
        return self._held[self._pos] == letter

    def value(self, decoder: json.JSONDecoder) -> Any:  # noqa: ANN401 - whatever JSON holds
        """The value that starts here."""
        while True:
            try:
                value, end = decoder.raw_decode(self._held, self._pos)
            except RecursionError as error:
                raise self._fail("it nests without end") from error
            except json.JSONDecodeError as error:
                if len(self._held) - self._pos > LONGEST or not self._more():
                    raise self._fail("no JSON") from error
                continue
            except ValueError as error:  # Python's own limit of digits
                raise self._fail("a number without end") from error
            if end == len(self._held) and self._more():  # a number may go on
                continue
            self._pos = end
            return value
