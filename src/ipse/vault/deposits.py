"""Files that were handed over and wait to be read once, sealed in chunks of 1 MiB as they arrive.

Each deposit has a key of its own, which whoever made it keeps in a document; destroying that document shreds
the deposit. Each chunk is bound to its deposit, its file, its number and to being the last or not. Nothing of
it is durable, and no backup takes it along: who handed it over still has it.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from ipse.errors import DamagedVaultError
from ipse.vault import crypto

__all__ = ["Deposit", "Deposits", "Writer"]

CHUNK = 1024 * 1024


class Writer:
    """A file on its way in; :meth:`close` seals its end. Raises ``OSError`` where the disk takes no more."""

    def __init__(self, path: Path, deposit: "Deposit", number: int) -> None:
        self._deposit, self._number = deposit, number
        self._out = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self._seal = crypto.sealer(deposit.key)
        self._waiting = bytearray()
        self._chunks = 0
        self.size = 0

    def write(self, data: bytes) -> None:
        """Seal what is there of it in whole chunks; the rest waits in memory."""
        self.size += len(data)
        self._waiting += data
        while len(self._waiting) > CHUNK:
            self._put(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]

    def close(self) -> None:
        """Seal the rest as the last chunk."""
        with self._out:
            self._put(bytes(self._waiting), last=True)

    def abandon(self) -> None:
        """Go no further: what is there has no end, so nobody can take it for whole."""
        self._out.close()

    def _put(self, plain: bytes, *, last: bool) -> None:
        self._out.write(self._seal(plain, self._deposit.place(self._number, self._chunks, last=last)))
        self._chunks += 1


class Deposit:
    """The files of one deposit, by number."""

    def __init__(self, folder: Path, vault: bytes, key: bytes) -> None:
        self.folder, self.key = folder, key
        self._vault = vault

    def write(self, number: int) -> Writer:
        """A file to be written."""
        self.folder.parent.mkdir(mode=0o700, exist_ok=True)
        self.folder.mkdir(mode=0o700, exist_ok=True)
        return Writer(self._path(number), self, number)

    def read(self, number: int) -> Iterator[bytes]:
        """What a file holds, in pieces; raises ``DamagedVaultError`` where it is not what was sealed."""
        step = CHUNK + crypto.OVERHEAD
        try:
            with self._path(number).open("rb") as sealed:
                size = os.fstat(sealed.fileno()).st_size
                for chunk in range(max(1, -(-size // step))):
                    here = self.place(number, chunk, last=(chunk + 1) * step >= size)
                    yield crypto.unseal(self.key, sealed.read(step), here)
        except FileNotFoundError as error:
            raise DamagedVaultError("A deposit is not whole.", hint="Hand it over again.") from error

    def remove(self) -> None:
        """Delete its files; that they are gone already is fine."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def place(self, number: int, chunk: int, *, last: bool) -> bytes:
        """What a chunk is bound to."""
        return crypto.place(self._vault, "deposit", self.folder.name, number, chunk, last)

    def _path(self, number: int) -> Path:
        return self.folder / f"{number}.seal"


class Deposits:
    """The deposits of one vault, a folder each below ``uploads``."""

    def __init__(self, folder: Path, vault: bytes) -> None:
        self._folder = folder / "uploads"
        self._vault = vault

    def new(self, name: str) -> Deposit:
        """One under a new random key."""
        return self.of(name, crypto.random_bytes(crypto.KEY_BYTES))

    def of(self, name: str, key: bytes) -> Deposit:
        """One by the key that it was made with; ``name`` is never a stranger's."""
        return Deposit(self._folder / name, self._vault, key)

    def names(self) -> list[str]:
        """Every one that lies there, whole or not."""
        return sorted(child.name for child in self._folder.iterdir()) if self._folder.is_dir() else []
