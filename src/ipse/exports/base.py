"""What a reader sees of an export: a file or folder, wherever it lies. It does not know where that can be."""

import gzip
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Final, cast

from ipse.errors import SourceError
from ipse.exports.streams import guarded

__all__ = ["ExportPath", "hidden"]

HEAD: Final = 1 << 15  # bytes that recognition may look at
_GZIP: Final = b"\x1f\x8b"


class ExportPath(ABC):
    """One file or folder; ``ExportPath.at(path)`` makes the first, the others come from it.

    ``name`` is its last part, ``label`` what to show to the owner: the parts from what they named, such as
    ``takeout-001.zip/Takeout/Mail/All mail.mbox``. Reading what cannot be read raises ``SourceError``.
    """

    name: str
    label: str
    parent: "ExportPath | None" = None

    @classmethod
    def at(cls, path: Path | str) -> "ExportPath":
        """The file or folder at ``path``; it need not exist."""
        from ipse.exports.places import on_disk

        return on_disk(Path(path), Path(path).name or str(path), None)

    @property
    def stem(self) -> str:
        """The name without its last suffix; ``.gz`` is not looked at, for it is read through."""
        return Path(_unpacked(self.name)).stem

    @property
    def suffix(self) -> str:
        """The last suffix in lower case, such as ``.json``; of ``mail.mbox.gz`` it is ``.mbox``."""
        return Path(_unpacked(self.name)).suffix.lower()

    @property
    def path(self) -> Path | None:
        """Where it is on disk, if it is a thing of its own there."""
        return None

    @abstractmethod
    def is_dir(self) -> bool:
        """Whether it is a folder or an archive."""

    @abstractmethod
    def is_file(self) -> bool:
        """Whether it is a file that can be read."""

    def exists(self) -> bool:
        """Whether there is anything."""
        return self.is_dir() or self.is_file()

    @abstractmethod
    def iterdir(self) -> Iterator["ExportPath"]:
        """What is in the folder, by name; hidden things and what macOS adds are left out."""

    @abstractmethod
    def joinpath(self, *names: str) -> "ExportPath":
        """What lies below under ``names``, hidden or not; it need not exist."""

    def __truediv__(self, name: str) -> "ExportPath":
        """The same as ``joinpath(name)``."""
        return self.joinpath(name)

    def __repr__(self) -> str:
        """Name it by its label."""
        return f"ExportPath({self.label!r})"

    def walk(self) -> Iterator["ExportPath"]:
        """Every file below, in an order that does not change from run to run; a file gives itself."""
        if self.is_dir():
            for child in self.iterdir():
                yield from child.walk()
        elif self.is_file():
            yield self

    @property
    @abstractmethod
    def size(self) -> int:
        """Bytes of the file as stored: of one in an archive, unpacked; of a ``.gz``, packed."""

    @property
    @abstractmethod
    def modified(self) -> datetime:
        """When it was last changed; archives know it to two seconds and without zone (taken as UTC)."""

    def open(self) -> BinaryIO:
        """The bytes, ``.gz`` unpacked. While reading, ``SourceError`` says where it breaks off."""
        raw = self._open()
        if self.name.lower().endswith(".gz"):
            start = raw.read(2)
            raw.seek(0)
            if start == _GZIP:
                plain = cast("BinaryIO", gzip.GzipFile(fileobj=raw))
                return guarded(plain, self.label, packed=self.size, under=raw)
        return raw

    @abstractmethod
    def _open(self) -> BinaryIO: ...

    @cached_property
    def head(self) -> bytes:
        """The first 32 KiB; empty for a folder and for what cannot be read."""
        if not self.is_file():
            return b""
        try:
            with self.open() as file:
                return file.read(HEAD)
        except SourceError:
            return b""

    def read_bytes(self, most: int = 1 << 28) -> bytes:
        """All of it; raises ``SourceError`` above ``most`` bytes."""
        with self.open() as file:
            data = file.read(most + 1)
        if len(data) > most:
            raise SourceError(
                f"{self.label}: larger than {most:,} bytes.", hint="Such a file is not read whole."
            )
        return data

    def _beside(self, ending: str) -> "ExportPath | None":
        if self.path is not None:
            return self.at(self.path.with_name(self.name + ending))
        return self.parent / (self.name + ending) if self.parent is not None else None

    @contextmanager
    def local(self, *, beside: Sequence[str] = (), copy: bool = False) -> Iterator[Path]:
        """A file on disk with these bytes, for libraries that need one; a copy is gone afterwards.

        ``beside`` are endings of files that belong to it (``-wal``) and come along. Without ``copy`` a file
        that lies on disk already is given as it is.
        """
        if self.path is not None and not copy and _unpacked(self.name) == self.name:
            yield self.path
            return
        with tempfile.TemporaryDirectory(prefix="ipse-") as folder:
            for ending in ("", *beside):
                one = self._beside(ending) if ending else self
                if one is not None and one.is_file():
                    with one.open() as file, (Path(folder) / (f"copy{ending}")).open("wb") as out:
                        shutil.copyfileobj(file, out, 1 << 20)
            yield Path(folder) / "copy"


def _unpacked(name: str) -> str:
    return name[:-3] if name.lower().endswith(".gz") else name


def hidden(name: str) -> bool:
    """Whether it is not the owner's: hidden, or added by an operating system."""
    return name.startswith(".") or name in {"__MACOSX", "Thumbs.db", "desktop.ini"}
