"""Packs: files of many pieces of ciphertext, named by their SHA-256: what is there is not written twice.

A pack ends with the list of its pieces (hash and length), so it is understood without any index and without
a key. It is written beside, fsynced and renamed: a pack under its name is whole or somebody damaged it.
"""

import hashlib
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple, Self

import msgspec

from ipse.errors import DamagedVaultError, VaultError
from ipse.vault.files import sync_folder

__all__ = ["File", "PackWriter", "Packs", "digest_of", "problem", "reported", "room", "uncached"]

PACK_BYTES = 16 * 1024 * 1024  # large enough for few files, small enough to be worth dropping
TAIL_BYTES = 8  # the length of the list, big-endian, at the very end
STEP = 1024 * 1024


class File(msgspec.Struct, frozen=True, order=True):
    """A file of a backup: its name in its folder, its SHA-256 in hex, its size."""

    name: str
    sha256: str
    size: int


class _Piece(NamedTuple):
    pack: str
    start: int
    size: int


class _Entry(msgspec.Struct, array_like=True, frozen=True):
    sha256: bytes
    size: int


def room(directory: Path) -> Path | None:
    """Where a vault may be put together for a look: beside its backups; None (temp) if they are read-only."""
    return directory if os.access(directory, os.W_OK) else None


class Packs:
    """The packs of one backup folder, and where in them each piece is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, File] = {}
        self._pieces: dict[bytes, _Piece] = {}

    def add(self, file: File) -> None:
        """Take in a pack, whose list of pieces is read; raises ``DamagedVaultError``."""
        at = 0
        for entry in self._entries(file):
            self._pieces.setdefault(entry.sha256, _Piece(file.name, at, entry.size))
            at += entry.size
        self.files[file.name] = file

    def __contains__(self, sha256: bytes) -> bool:
        """Whether that piece is in one of the packs."""
        return sha256 in self._pieces

    def pack_of(self, sha256: bytes) -> str:
        """The name of the pack that holds a piece."""
        return self._pieces[sha256].pack

    def size_of(self, sha256: bytes) -> int:
        """The length of a piece."""
        return self._pieces[sha256].size

    def read(self, sha256: bytes) -> bytes:
        """A piece; raises ``DamagedVaultError`` unless it is there, byte for byte."""
        piece = self._pieces.get(sha256)
        if piece is None:
            raise _damaged(self.folder)
        with (self.folder / piece.pack).open("rb") as stream:
            stream.seek(piece.start)
            raw = stream.read(piece.size)
        if hashlib.sha256(raw).digest() != sha256:
            raise _damaged(self.folder / piece.pack)
        return raw

    def forget(self, names: Collection[str]) -> None:
        """Do as if these packs were not there."""
        self.files = {name: file for name, file in self.files.items() if name not in names}
        self._pieces = {key: piece for key, piece in self._pieces.items() if piece.pack not in names}

    def _entries(self, file: File) -> list[_Entry]:
        path = self.folder / file.name
        with path.open("rb") as stream:
            stream.seek(max(0, file.size - TAIL_BYTES))
            length = int.from_bytes(stream.read(TAIL_BYTES), "big")
            stream.seek(max(0, file.size - TAIL_BYTES - length))
            raw = stream.read(min(length, file.size))
        try:
            entries = msgspec.msgpack.decode(raw, type=list[_Entry])
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise _damaged(path) from error
        if sum(entry.size for entry in entries) + len(raw) + TAIL_BYTES != file.size:
            raise _damaged(path)
        return entries


class PackWriter:
    """Adds pieces to the packs of a folder; what is there already is only counted as ``used``."""

    def __init__(self, packs: Packs) -> None:
        self._packs = packs
        self._stream: BinaryIO | None = None
        self._hash = hashlib.sha256()
        self._entries: list[_Entry] = []
        self._pending: set[bytes] = set()
        self.written: list[File] = []
        self.used: set[bytes] = set()

    def __enter__(self) -> Self:
        """Use it in a ``with`` block: a pack that is not closed by its end never was."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give up the pack in hand."""
        if self._stream is not None:
            with suppress(OSError):  # what is still to be written has nowhere to go
                self._stream.close()

    def put(self, piece: bytes) -> bytes:
        """Keep a piece and return its SHA-256; durable after :meth:`close`."""
        sha256 = hashlib.sha256(piece).digest()
        self.used.add(sha256)
        if sha256 in self._packs or sha256 in self._pending:
            return sha256
        stream = self._stream or self._begin()
        stream.write(piece)
        self._hash.update(piece)
        self._entries.append(_Entry(sha256, len(piece)))
        self._pending.add(sha256)
        if stream.tell() >= PACK_BYTES:
            self.close()
        return sha256

    def close(self) -> None:
        """Finish the pack in hand: durable under its name, and known to the packs."""
        if self._stream is None:
            return
        raw = msgspec.msgpack.encode(self._entries)
        tail = raw + len(raw).to_bytes(TAIL_BYTES, "big")
        with self._stream as stream:
            stream.write(tail)
            self._hash.update(tail)
            size = stream.tell()
            stream.flush()
            os.fsync(stream.fileno())
        name = f"{self._hash.hexdigest()}.pack"
        self._new().replace(self._packs.folder / name)
        sync_folder(self._packs.folder)
        file = File(name, self._hash.hexdigest(), size)
        self._packs.add(file)
        self.written.append(file)
        self._stream, self._hash, self._entries = None, hashlib.sha256(), []
        self._pending.clear()

    def _begin(self) -> BinaryIO:
        handle = os.open(self._new(), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._stream = os.fdopen(handle, "wb")
        return self._stream

    def _new(self) -> Path:
        return self._packs.folder / "pack.new"


def digest_of(path: Path) -> str:
    """The SHA-256 of a file as the disk has it, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        uncached(stream)
        while piece := stream.read(STEP):
            digest.update(piece)
    return digest.hexdigest()


def problem(folder: Path, file: File) -> str | None:
    """What is wrong with a file, in words; None where it is what was written."""
    path = folder / file.name
    if not path.is_file():
        return f"{file.name} is missing"
    if path.stat().st_size != file.size:
        return f"{file.name} is cut short or grown"
    return None if digest_of(path) == file.sha256 else f"{file.name} is not what was written"


def uncached(stream: BinaryIO) -> None:
    """Let the next reads come from the disk, where the system can be asked to."""
    if hasattr(os, "posix_fadvise"):  # pragma: no branch - a Mac lacks it
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


@contextmanager
def reported(directory: Path) -> Iterator[None]:
    """Turn what the system reports of a backup's folder into one line."""
    try:
        yield
    except OSError as error:
        raise VaultError(
            f"{directory}: {error.strerror or error}.",
            hint="See to that and try again; earlier backups there are as they were.",
        ) from error


def _damaged(path: Path) -> DamagedVaultError:
    return DamagedVaultError(
        f"{path}: not what was written.",
        hint="Check with `ipse backup verify`; an earlier backup may be whole.",
    )
