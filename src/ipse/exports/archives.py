"""A zip as a folder: its members are read one by one, with limits, and never unpacked beside it.

It knows zips and nothing of what is in their files.
"""

import re
import shutil
import tempfile
import weakref
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import IO, BinaryIO, Final, cast

from ipse.errors import SourceError
from ipse.exports.base import ExportPath, hidden
from ipse.exports.streams import BROKEN, RATIO, SUSPECT, guarded

__all__ = ["Archive", "Member", "is_zip"]

MEMBERS: Final = 250_000  # of one archive; its directory is held in memory
DEPTH: Final = 4  # archives within archives
IN_MEMORY: Final = 1 << 25  # bytes of an inner archive kept in memory; a larger one takes an unnamed file


def is_zip(file: ExportPath) -> bool:
    """Tell by suffix and content; documents of an office are zips too, and are files here."""
    return file.suffix == ".zip" and file.head.startswith(b"PK\x03\x04")


class Archive:
    """A zip: its directory, read once, as folders of names."""

    def __init__(self, file: ExportPath, *, depth: int) -> None:
        self.file, self.depth = file, depth

    @cached_property
    def zip(self) -> zipfile.ZipFile:
        """The open archive; it closes itself when nobody holds it any more."""
        if self.depth > DEPTH:
            raise self.refused("archives are packed in archives too often")
        try:
            if self.file.path is not None:
                return zipfile.ZipFile(self.file.path)
            # Reading an archive jumps about, and a member of another one can only be read in order.
            copy = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed by the finalizer
            weakref.finalize(self, copy.close)
            with self.file.open() as inner:
                shutil.copyfileobj(inner, copy, 1 << 20)
            return zipfile.ZipFile(cast("IO[bytes]", copy))
        except BROKEN as error:
            raise SourceError(
                f"{self.file.label}: the archive is damaged or cut short.", hint="Download it again."
            ) from error

    @cached_property
    def folders(self) -> dict[str, dict[str, zipfile.ZipInfo | None]]:
        """For each folder the names in it: a member, or None for a folder."""
        infos = self.zip.infolist()
        if len(infos) > MEMBERS:
            raise self.refused(f"it holds {len(infos):,} files")
        self._refuse_overlaps(infos)
        tree: dict[str, dict[str, zipfile.ZipInfo | None]] = {"": {}}
        for info in infos:
            parts = [part for part in re.split(r"[/\\]", _name(info)) if part not in ("", ".", "..")]
            for n in range(1, len(parts) + (1 if info.is_dir() else 0)):
                above, below = "/".join(parts[: n - 1]), "/".join(parts[:n])
                tree.setdefault(above, {}).setdefault(parts[n - 1], None)
                tree.setdefault(below, {})
            if parts and not info.is_dir():
                tree.setdefault("/".join(parts[:-1]), {})[parts[-1]] = info
        return tree

    def _refuse_overlaps(self, infos: Sequence[zipfile.ZipInfo]) -> None:
        """Members that share packed bytes are how a small archive unpacks to petabytes."""
        end = 0
        for info in sorted(infos, key=lambda info: info.header_offset):
            if info.header_offset < end:
                raise self.refused("its files lie over each other")
            end = info.header_offset + info.compress_size

    def refused(self, why: str) -> SourceError:
        """The error for an archive that was made to burst, or looks so."""
        return SourceError(
            f"{self.file.label}: not opened, because {why}.",
            hint="If you trust it, unpack it yourself and import the folder.",
        )

    def member(self, info: zipfile.ZipInfo, label: str) -> BinaryIO:
        """The bytes of a member."""
        if info.flag_bits & 1:
            raise SourceError(f"{label}: locked with a password.", hint="Unpack it and import the folder.")
        if info.file_size > SUSPECT and info.file_size > RATIO * max(info.compress_size, 1):
            raise self.refused(f"{info.filename[-80:]!r} would unpack to {info.file_size:,} bytes")
        try:
            stream = self.zip.open(info)
        except BROKEN as error:
            raise SourceError(f"{label}: damaged in the archive.", hint="Download it again.") from error
        return guarded(cast("BinaryIO", stream), label)


def _name(info: zipfile.ZipInfo) -> str:
    """The name; archives made on a Mac hold UTF-8 without saying so, which is read as code page 437."""
    if not info.flag_bits & 0x800:
        try:
            return info.filename.encode("cp437").decode()
        except UnicodeError:
            return info.filename
    return info.filename


class Member(ExportPath):
    """A file or folder in a zip; the zip itself is the folder at ``inner == ""``."""

    # ExportPath says what each method is for.
    # ruff: noqa: D102

    def __init__(
        self, archive: Archive, inner: str, name: str, label: str, parent: ExportPath | None
    ) -> None:
        self._archive, self._inner = archive, inner
        self.name, self.label, self.parent = name, label, parent

    @property
    def path(self) -> Path | None:
        return self._archive.file.path if not self._inner else None

    @cached_property
    def _info(self) -> zipfile.ZipInfo | None:
        above, _, name = self._inner.rpartition("/")
        return self._archive.folders.get(above, {}).get(name)

    def is_dir(self) -> bool:
        return not self._inner or self._inner in self._archive.folders

    def is_file(self) -> bool:
        return bool(self._inner) and self._info is not None

    def iterdir(self) -> Iterator[ExportPath]:
        for name in sorted(self._archive.folders.get(self._inner, {})):
            if not hidden(name):
                yield self._child(name)

    def joinpath(self, *names: str) -> ExportPath:
        found: ExportPath = self
        for n, name in enumerate(names):
            if not isinstance(found, Member):
                return found.joinpath(*names[n:])
            found = found._child(name)  # noqa: SLF001 - of the same class
        return found

    def _child(self, name: str) -> ExportPath:
        inner = f"{self._inner}/{name}".lstrip("/")
        child = Member(self._archive, inner, name, f"{self.label}/{name}", self)
        if child.is_file() and is_zip(child):
            nested = Archive(child, depth=self._archive.depth + 1)
            return Member(nested, "", name, child.label, self)
        return child

    @property
    def size(self) -> int:
        return self._info.file_size if self._info and self._inner else self._archive.file.size

    @property
    def modified(self) -> datetime:
        if not self._info or not self._inner:
            return self._archive.file.modified
        try:
            return datetime(*self._info.date_time, tzinfo=UTC)
        except ValueError:
            return datetime(1980, 1, 1, tzinfo=UTC)

    def _open(self) -> BinaryIO:
        if not self._info or not self._inner:
            raise SourceError(f"{self.label}: no such file.", hint="Check the path.")
        return self._archive.member(self._info, self.label)
