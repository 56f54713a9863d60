"""Where the chats of a WhatsApp export are, and their text in blocks: a file, a zip, or a folder of either.

Members of a zip are read by name, never unpacked. This knows files and lines, not what stands in them.
"""

import codecs
import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

import msgspec

from ipse.errors import SourceError

__all__ = ["Block", "Chat", "blocks", "find_chats", "head", "title_of"]

HEAD = 1 << 15  # bytes that teach the style of a file; hundreds of messages
CHUNK = 1 << 16  # bytes read at a time; what stays in the cache of a processor is split twice as fast
LONGEST = 1 << 22  # characters kept at most while looking for the next message; WhatsApp allows 65,536
LARGEST = 1 << 31  # bytes of a chat inside a zip; 40,000 messages, where exports end, take some 5 MB
SUSPECT, RATIO = 1 << 24, 200  # a member above 16 MiB that was packed 200 to 1 is no chat

_TITLE = re.compile(
    r".*?whats[ _-]?app.*?[ _](?:with|mit|avec|con|com|met|med|с|со|з|z|s|dengan|ile|amb|cu|-|–|—)[ _]"
    r"(?:контактом[ _]|uživatelem[ _]|kontaktem[ _])?(.+)",
    re.IGNORECASE,
)
_COPY = re.compile(r"\s?\(\d{1,3}\)$")


class Chat(msgspec.Struct, frozen=True):
    """One chat: ``member`` is its name inside the zip ``path``, ``files`` the names beside it by NFC form.

    ``title`` is what the names of file, zip or folder say about the chat, or empty.
    """

    path: Path
    member: str = ""
    title: str = ""
    files: Mapping[str, str] = {}

    @property
    def label(self) -> str:
        """The name to show to the owner."""
        return f"{self.path.name}/{self.member}" if self.member else self.path.name


class Block(NamedTuple):
    """Whole messages of a chat. ``text`` starts with a newline; ``line`` is the number of its first line.

    ``damaged`` tells that the archive breaks off here; the text is then empty.
    """

    line: int
    text: str
    damaged: bool = False


def title_of(name: str) -> str:
    """The chat in `WhatsApp Chat with Ana (1)`, in any of the big languages; empty if it is not named so."""
    name = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode()).strip()
    match = _TITLE.fullmatch(_COPY.sub("", name))
    if match is None:
        return ""
    return (match[1].replace("_", " ") if " " not in name else match[1]).strip()


def find_chats(path: Path) -> list[Chat]:
    """The chats of an export, in order of name; a ``SourceError`` if it cannot be read at all."""
    try:
        if path.is_dir():
            return [chat for folder in (path, *_folders(path)) for chat in _in_folder(folder)]
        if zipfile.is_zipfile(path):
            return _in_zip(path)
        if path.is_file():
            title = title_of(path.stem) or _around(path.stem, path.absolute().parent.name)
            return [Chat(path, title=title, files=_listed(path.parent) if _is_chat(path.name) else {})]
    except (zipfile.BadZipFile, OSError) as error:
        raise SourceError(f"{path.name}: cannot be read.", hint="Export the chat once more.") from error
    raise SourceError(f"{path.name}: there is no such file.", hint="Check the path.")


def _folders(path: Path) -> list[Path]:
    return sorted(entry for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def _in_folder(folder: Path) -> list[Chat]:
    entries = sorted(
        entry for entry in folder.iterdir() if entry.is_file() and not entry.name.startswith(".")
    )
    texts = [entry for entry in entries if entry.suffix.lower() == ".txt"]
    chats: list[Chat] = []
    for text in [entry for entry in texts if _is_chat(entry.name)] or texts:
        title = title_of(text.stem) or _around(text.stem, folder.absolute().name)
        chats.append(Chat(text, title=title, files=_listed(folder)))
    for entry in entries:
        if title_of(entry.stem) and zipfile.is_zipfile(entry):
            chats += _in_zip(entry)
    return chats


def _around(stem: str, container: str) -> str:
    """The title that the folder or zip around a `_chat.txt` gives it."""
    return title_of(container) if stem == "_chat" else ""


def _is_chat(name: str) -> bool:
    return name.lower() == "_chat.txt" or (name.lower().endswith(".txt") and bool(title_of(name[:-4])))


def _listed(folder: Path) -> dict[str, str]:
    return _by_name([entry.name for entry in folder.iterdir()])


def _by_name(names: list[str]) -> dict[str, str]:
    bases = [name.rsplit("/", 1)[-1] for name in names]
    return {unicodedata.normalize("NFC", base): base for base in bases if base}


def _in_zip(path: Path) -> list[Chat]:
    with zipfile.ZipFile(path) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
    names = [info.filename for info in infos]
    texts = [info for info in infos if _plain_text(info.filename)]
    named = [info for info in texts if _is_chat(PurePosixPath(info.filename).name)]
    same = [info for info in texts if PurePosixPath(info.filename).stem == path.stem]
    chosen = named or same or (texts if len(texts) == 1 else [])
    for info in chosen:
        _refuse_bomb(path, info)
    title = title_of(path.stem)
    files = _by_name([name for name in names if name not in {info.filename for info in chosen}])
    return [
        Chat(path, info.filename, title_of(PurePosixPath(info.filename).stem) or title, files)
        for info in chosen
    ]


def _plain_text(name: str) -> bool:
    base = PurePosixPath(name).name
    return base.lower().endswith(".txt") and not base.startswith("._") and "__MACOSX" not in name


def _refuse_bomb(path: Path, info: zipfile.ZipInfo) -> None:
    if info.flag_bits & 1:
        raise SourceError(f"{path.name}: it is locked with a password.", hint="Import it without one.")
    packed = max(info.compress_size, 1)
    if info.file_size > LARGEST or (info.file_size > SUSPECT and info.file_size / packed > RATIO):
        raise SourceError(
            f"{path.name}: its text would unpack to {info.file_size:,} bytes, more than any chat.",
            hint="If it is one, unpack it yourself and import the folder.",
        )


@contextmanager
def _opened(chat: Chat) -> Iterator[IO[bytes]]:
    if not chat.member:
        with chat.path.open("rb") as file:
            yield file
        return
    with zipfile.ZipFile(chat.path) as archive, archive.open(chat.member) as member:
        yield member


def _encoding(start: bytes) -> str:
    return "utf-16" if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8"


def head(chat: Chat) -> list[str]:
    """The first lines of a chat, enough to learn its style."""
    try:
        with _opened(chat) as file:
            start = file.read(HEAD)
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise SourceError(f"{chat.label}: cannot be read.", hint="Export the chat once more.") from error
    text = start.decode(_encoding(start), "replace")
    return io.IncrementalNewlineDecoder(None, translate=True).decode(text, final=True).split("\n")


def _decoded(file: IO[bytes]) -> Iterator[str]:
    """The text in pieces, with every kind of line end made one; bytes that are no text become U+FFFD."""
    chunk = file.read(CHUNK)
    decoder = codecs.getincrementaldecoder(_encoding(chunk))("replace")
    lines = io.IncrementalNewlineDecoder(decoder, translate=True)
    while chunk:
        yield lines.decode(chunk)
        chunk = file.read(CHUNK)
    yield lines.decode(b"", final=True)


def blocks(chat: Chat, start: re.Pattern[str]) -> Iterator[Block]:
    """The chat in blocks of whole messages, in constant memory; ``start`` matches a newline and a header.

    A block that does not start with a header holds lines that belong to no message: what stands before
    the first one, or the rest of a message longer than any that WhatsApp sends.
    """
    held, line, checked = "\n", 1, 0
    try:
        with _opened(chat) as file:
            for piece in _decoded(file):
                held += piece
                cut = _last_message(held, start, checked) if piece else 0
                if not cut and len(held) > LONGEST:
                    cut = max(held.rfind("\n"), 0) or len(held)
                checked = 0 if cut else held.rfind("\n")  # its last line may go on in the next piece
                if cut:
                    yield Block(line, held[:cut])
                    line += held.count("\n", 0, cut)
                    held = held[cut:] or "\n"
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError):
        yield Block(line, held.removesuffix("\n"))
        yield Block(line + held.count("\n") - 1, "", damaged=True)
        return
    yield Block(line, held.removesuffix("\n"))


def _last_message(text: str, start: re.Pattern[str], checked: int) -> int:
    """Where the last header stands that is not the first of all; 0 if there is none behind ``checked``."""
    at = text.rfind("\n")
    while at > 0 and at >= checked and not start.match(text, at):
        at = text.rfind("\n", 0, at)
    return at if at > 0 and at >= checked else 0
