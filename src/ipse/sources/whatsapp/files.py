"""Where the chats of a WhatsApp export are, and their text in blocks.

This knows files and lines, not what stands in them, nor whether they lie on disk or in a zip.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import BinaryIO, NamedTuple

import msgspec

from ipse.errors import SourceError
from ipse.exports import ExportPath

__all__ = ["Block", "Chat", "blocks", "find_chats", "head", "title_of"]

CHUNK = 1 << 16  # bytes read at a time; what stays in the cache of a processor is split twice as fast
LONGEST = 1 << 22  # bytes kept at most while looking for the next message; WhatsApp allows 65,536 characters

_TITLE = re.compile(
    r".*?whats[ _-]?app.*?[ _](?:with|mit|avec|con|com|met|med|с|со|з|z|s|dengan|ile|amb|cu|-|–|—)[ _]"
    r"(?:контактом[ _]|uživatelem[ _]|kontaktem[ _])?(.+)",
    re.IGNORECASE,
)
_COPY = re.compile(r"\s?\(\d{1,3}\)$")
_MEDIA = re.compile(r"[A-Z]{3}-\d{8}-WA\d{4}\.\w{3,4}", re.ASCII)  # as Android names photos and recordings


class Chat(msgspec.Struct, frozen=True):
    """One chat.

    ``title`` is what the names of the file and of the folder or zip around it say about it, or empty;
    ``fallback`` is such a name where nothing else tells who is in it.
    """

    file: ExportPath
    title: str
    fallback: str

    @property
    def label(self) -> str:
        """The name to show to the owner."""
        return self.file.label

    def beside(self) -> dict[str, str]:
        """The names of the files that came with it, by their NFC form."""
        names: list[str] = []
        if self.file.path is not None:
            with suppress(OSError):  # then they stay as the chat writes them
                names = [entry.name for entry in self.file.path.absolute().parent.iterdir()]
        elif self.file.parent is not None:
            names = [child.name for child in self.file.parent.iterdir()]
        return {unicodedata.normalize("NFC", name): name for name in names if name != self.file.name}


class Block(NamedTuple):
    """Whole messages of a chat. ``text`` starts with a newline; ``line`` is the number of its first line.

    ``damaged`` tells that the archive breaks off here; the text is then empty.
    """

    line: int
    text: bytes
    damaged: bool = False


def title_of(name: str) -> str:
    """The chat in `WhatsApp Chat with Ana (1)`, in any of the big languages; empty if it is not named so."""
    name = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode()).strip()
    match = _TITLE.fullmatch(_COPY.sub("", name))
    if match is None:
        return ""
    return (match[1].replace("_", " ") if " " not in name else match[1]).strip()


def find_chats(path: ExportPath) -> list[Chat]:
    """The chats of an export; more than one only where several zips of one name were put together.

    Raises ``SourceError`` if it cannot be looked into. A folder that merely holds chats among other things
    has none: each of them is an export of its own.
    """
    if path.is_file():
        return [_chat(path)]
    if not path.is_dir():
        raise SourceError(f"{path.label}: there is no such file.", hint="Check the path.")
    inside: dict[int, list[ExportPath]] = {}
    for child in path.iterdir():
        inside.setdefault(id(child.parent), []).append(child)  # zips of one name are apart again
    return [chat for children in inside.values() if (chat := _in_folder(children))]


def _in_folder(children: Sequence[ExportPath]) -> Chat | None:
    """The chat whose folder or zip holds these, if it is one; texts besides it are attachments."""
    container = children[0].parent
    name = container.name if container else ""
    packed = name.lower().endswith(".zip")
    texts = [child for child in children if child.suffix == ".txt" and child.is_file()]
    named = [text for text in texts if title_of(text.stem)]
    chosen = [text for text in texts if text.name.lower() == "_chat.txt"]
    if not chosen and (title := title_of(_stem(name))):
        chosen = [text for text in named if title_of(text.stem) == title]
    if not chosen and packed:
        same = [text for text in texts if text.stem == _stem(name)]
        chosen = named if len(named) == 1 else same or (texts if len(texts) == 1 else [])
    if not chosen and len(texts) == len(named) == 1:
        others = [child for child in children if child is not texts[0]]
        media = not others or any(_MEDIA.fullmatch(other.name) for other in others)
        chosen = texts if media and not any(other.is_dir() for other in others) else []
    return _chat(chosen[0]) if len(chosen) == 1 else None


def _chat(file: ExportPath) -> Chat:
    around = file.parent.name if file.parent else ""
    if not around and file.path is not None:  # named by the owner by itself
        around = file.path.absolute().parent.name
    packed = around.lower().endswith(".zip")
    title = title_of(file.stem)
    if not title and (packed or file.stem.lower() == "_chat"):
        title = title_of(_stem(around))
    return Chat(file, title=title, fallback=_stem(around) if packed else file.stem)


def _stem(container: str) -> str:
    return container[:-4] if container.lower().endswith(".zip") else container


def _encoding(start: bytes) -> str:
    return "utf-16" if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8"


def head(chat: Chat) -> bytes:
    """The first lines of a chat as its blocks have them, enough to learn its style."""
    start = chat.file.head
    pieces = _Pieces(start)
    text = pieces.add(start) + pieces.end()
    whole = chat.file.size <= len(start) or b"\n" not in text
    return text if whole else text[: text.rindex(b"\n")]


class _Pieces:
    """Makes every encoding UTF-8 and every kind of line end one, without anything that is no text."""

    def __init__(self, start: bytes) -> None:
        wide = _encoding(start) == "utf-16"
        self._decoder = codecs.getincrementaldecoder("utf-16")("replace") if wide else None
        self._held = b""
        self._first = True

    def add(self, data: bytes) -> bytes:
        if self._decoder is not None:
            data = self._decoder.decode(data).encode("utf-8", "replace")
        if self._first and data:
            data, self._first = data.removeprefix(codecs.BOM_UTF8), False
        if b"\0" in data:
            data = data.replace(b"\0", b"")
        if self._held or b"\r" in data:
            data = self._held + data
            self._held = b"\r" if data.endswith(b"\r") else b""  # the rest of its line end may be to come
            data = data.removesuffix(self._held).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return data

    def end(self) -> bytes:
        """What was kept back."""
        return b"\n" if self._held else b""


def blocks(chat: Chat, start: re.Pattern[bytes]) -> Iterator[Block]:
    """The chat in blocks of whole messages, in constant memory; ``start`` matches a newline and a header.

    A block that does not start with a header holds lines that belong to no message: what stands before
    the first one, or the rest of a message longer than any that WhatsApp sends. Raises ``SourceError`` where
    the file cannot be opened.
    """
    held, line, checked = b"\n", 1, 0
    with chat.file.open() as file:
        for piece in _read(file):
            if piece is None:
                yield Block(line, held.removesuffix(b"\n"))
                yield Block(line + held.count(b"\n") - 1, b"", damaged=True)
                return
            held += piece
            cut = _last_message(held, start, checked)
            if not cut and len(held) > LONGEST:
                cut = max(held.rfind(b"\n"), 0) or len(held)
            checked = 0 if cut else held.rfind(b"\n")  # its last line may go on in the next piece
            if cut:
                yield Block(line, held[:cut])
                line += held.count(b"\n", 0, cut)
                held = held[cut:] or b"\n"
    yield Block(line, held.removesuffix(b"\n"))


def _read(file: BinaryIO) -> Iterator[bytes | None]:
    """The text in pieces; None where it breaks off."""
    pieces: _Pieces | None = None
    try:
        while chunk := file.read(CHUNK):
            pieces = pieces or _Pieces(chunk)
            yield pieces.add(chunk)
    except SourceError:
        yield None
        return
    if pieces is not None:
        yield pieces.end()


def _last_message(text: bytes, start: re.Pattern[bytes], checked: int) -> int:
    """Where the last header stands that is not the first of all; 0 if there is none behind ``checked``."""
    at = text.rfind(b"\n")
    while at > 0 and at >= checked and not start.match(text, at):
        at = text.rfind(b"\n", 0, at)
    return at if at > 0 and at >= checked else 0
