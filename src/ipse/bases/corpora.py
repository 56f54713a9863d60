"""Text that a base model is grown from: files read as documents, some of them held out to measure with.

A file is a corpus and its name is the corpus' name: ``.txt`` (cut at blank lines into pieces), or ``.jsonl``
with a document a line, ``{"messages": [{"role": …, "content": …}]}`` or ``{"text": …}``; either may be
gzipped. This module knows no tokenizer and no model.
"""

import gzip
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Literal, TypeAlias

import msgspec

from ipse.errors import BaseModelError

__all__ = ["Corpus", "Document", "Said", "read_corpora"]

Role: TypeAlias = Literal["system", "user", "assistant", "text"]
SUFFIXES = (".txt", ".jsonl", ".txt.gz", ".jsonl.gz")
PIECE = 4000  # characters of a plain text that are one document, about
HELD_OUT = 64  # one document (or group of documents) of so many is held out
BLANK = re.compile(r"\n[ \t]*\n\s*")


class Said(msgspec.Struct, frozen=True):
    """One turn of a dialogue; ``text`` is the role of text that is nobody's turn."""

    role: Role
    content: str


class Document(msgspec.Struct, frozen=True):
    """A dialogue, or a text. Documents of one group are held out together, or not at all."""

    messages: tuple[Said, ...]
    group: str


class Corpus(msgspec.Struct, frozen=True):
    """The documents of one file, and those of it that are kept to measure with."""

    name: str
    train: tuple[Document, ...]
    held: tuple[Document, ...]


class _Row(msgspec.Struct, frozen=True):
    messages: tuple[Said, ...] = ()
    text: str = ""
    group: str = ""


def read_corpora(paths: Sequence[Path]) -> tuple[Corpus, ...]:
    """Read files, or the files of folders, in order of name.

    Which documents are held out depends on their group (else on their text) alone, so they stay the same
    whatever else is read. Raises ``BaseModelError`` where there is nothing to read, naming file and line
    where something cannot be read.
    """
    files = sorted({file for path in paths for file in _files(path)}, key=lambda file: (file.name, file))
    names = [_stem(file) for file in files]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise BaseModelError(
            f"Two files of text are called {min(twice)}.", hint="Each file is a corpus: rename one."
        )
    found = tuple(_split(name, _documents(file)) for name, file in zip(names, files, strict=True))
    if not any(corpus.train for corpus in found):
        raise BaseModelError(
            f"There is no text in {', '.join(map(str, paths))}.", hint="Give .txt or .jsonl files."
        )
    return found


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return [file for file in path.rglob("*") if file.is_file() and file.name.endswith(SUFFIXES)]


def _stem(file: Path) -> str:
    name = file.name.removesuffix(".gz")
    return name.removesuffix(".jsonl").removesuffix(".txt")


def _split(name: str, documents: Iterable[Document]) -> Corpus:
    train: list[Document] = []
    held: list[Document] = []
    for document in documents:
        (held if _is_held(document) else train).append(document)
    return Corpus(name, tuple(train), tuple(held))


def _is_held(document: Document) -> bool:
    digest = hashlib.sha256(document.group.encode()).digest()
    return int.from_bytes(digest[:8], "big") % HELD_OUT == 0


def _documents(file: Path) -> Iterator[Document]:
    try:
        with _opened(file) as lines:
            if ".jsonl" in file.name:
                yield from _rows(file, lines)
            else:
                yield from (_text(piece) for piece in _pieces(lines.read()))
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise BaseModelError(
            f"{file} cannot be read ({type(error).__name__}).", hint="Text must be UTF-8; .gz must be gzip."
        ) from error


def _opened(file: Path) -> IO[str]:
    if file.name.endswith(".gz"):
        return gzip.open(file, "rt", encoding="utf-8")
    return file.open(encoding="utf-8")


def _rows(file: Path, lines: IO[str]) -> Iterator[Document]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = msgspec.json.decode(line, type=_Row)
        except msgspec.DecodeError as error:
            raise BaseModelError(
                f"{file}:{number}: no document: {error}.", hint='Write {"messages": […]} or {"text": "…"}.'
            ) from error
        messages = tuple(said for said in row.messages if said.content.strip())
        if messages:
            yield Document(messages, row.group or "\n".join(said.content for said in messages))
        elif row.text.strip():
            yield msgspec.structs.replace(_text(row.text), group=row.group or row.text)


def _text(text: str) -> Document:
    return Document((Said("text", text.strip()),), text)


def _pieces(text: str) -> Iterator[str]:
    """Paragraphs put together to about ``PIECE`` characters."""
    held: list[str] = []
    size = 0
    for paragraph in BLANK.split(text):
        if held and size + len(paragraph) > PIECE:
            yield "\n\n".join(held)
            held, size = [], 0
        if paragraph.strip():
            held.append(paragraph.strip("\n"))
            size += len(paragraph)
    if held:
        yield "\n\n".join(held)
