"""``keys.db``: every random key of the vault, wrapped; to destroy one is to shred what it sealed.

A file of its own, so that shredding rewrites little: what remains goes to a new file (write, fsync, rename,
fsync of the folder). It is opened for each use, never held: another process may have put a new file there.
It bears the generation of the master key whose wrapping key it was written with (SQLite's ``user_version``):
who opened the vault before a change of the master key can neither read nor add to it. This module does not
know what a key is for; the tree is two levels deep, a key and the keys it wraps.
"""

import os
import sqlite3
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple, TypeAlias

from ipse.errors import DamagedVaultError, VaultError
from ipse.vault import crypto
from ipse.vault.faults import translated
from ipse.vault.files import sync_folder

__all__ = ["ROOT", "Key", "KeyRing", "WrappedKey", "changed_master"]

CHUNK = 500  # ids asked for in one statement; SQLite has taken 999 parameters since ever
BUSY_SECONDS = 30.0
ROOT = b""  # parent of the keys that the vault's own wrapping key wraps

# With row numbers, so that new keys are appended: ids are random, and an import would touch every page.
_CREATE = "CREATE TABLE keys (id BLOB NOT NULL UNIQUE, parent BLOB NOT NULL, wrapped BLOB NOT NULL)"
_INSERT = "INSERT INTO keys VALUES (?, ?, ?)"
WrappedKey: TypeAlias = tuple[bytes, bytes, bytes]


class Key(NamedTuple):
    """A key: 16 random bytes as its name, 32 random bytes as its secret, and the name of the key above it."""

    id: bytes
    secret: bytes
    parent: bytes = ROOT


class KeyRing:
    """The keys of one vault. Who calls :meth:`make` or :meth:`shred` holds the vault's lock."""

    def __init__(self, file: Path, vault: bytes, wrapping: bytes, generation: int = 0) -> None:
        self._file = file
        self._next = file.with_name(file.name + ".next")
        self._vault = vault
        self._root = Key(ROOT, wrapping)
        self.generation = generation

    def create(self) -> None:
        """Write the empty file."""
        self._file.touch(mode=0o600)
        _fill(self._file, [], self.generation)
        sync_folder(self._file.parent)

    def check(self) -> None:
        """Raise ``DamagedVaultError`` unless the file can be read."""
        with self._open() as db:
            db.execute("SELECT count(*) FROM keys").fetchone()

    def faults(self) -> list[str]:
        """What SQLite finds wrong with the file; nothing in a whole one."""
        with self._open() as db:
            found = [str(fault) for (fault,) in db.execute("PRAGMA integrity_check")]
        return [fault for fault in found if fault != "ok"]

    @property
    def settled(self) -> bool:
        """Whether the file is of the header's generation and none is waiting to replace it."""
        return not self._next.exists() and _generation(self._file) == self.generation

    def settle(self) -> bool:
        """Finish, or take back, the change of the master key that was cut short; returns :attr:`settled`.

        The header decides: once written, it bears the generation of the waiting file, which is whole by then.
        A waiting file beside one of the header's own generation was never finished, whatever it says.
        """
        if self._next.exists():
            if not self._current(self._file) and self._current(self._next):
                self.adopt()
            else:
                self._next.unlink()
        return self.settled

    def _current(self, file: Path) -> bool:
        """Whether a file can be read and is of the header's generation."""
        try:
            return _generation(file) == self.generation
        except DamagedVaultError:
            return False

    def prepare(self, wrapping: bytes, used: Container[bytes]) -> None:
        """Write all keys anew beside the file, wrapped by ``wrapping`` and of the next generation.

        Keys whose names are not ``used`` are left out: a killed import made them.
        """
        before, after = self._root, Key(ROOT, wrapping)
        rows: list[WrappedKey] = []
        for name, parent, wrapped in self.rows():
            if parent == ROOT and name in used:
                secret = self._opened(name, wrapped, before).secret
                rows.append((name, parent, crypto.seal(after.secret, secret, self._place(name, ROOT))))
            elif parent in used and name in used:
                rows.append((name, parent, wrapped))
        self._write(self._next, rows, self.generation + 1)

    def adopt(self) -> None:
        """Put the file that :meth:`prepare` wrote in place; durable when this returns."""
        self._next.replace(self._file)
        sync_folder(self._file.parent)

    def names(self) -> dict[bytes, bytes]:
        """Each key's name with that of the key above it."""
        return {name: parent for name, parent, _ in self.rows()}

    def make(self, count: int, parent: Key | None = None) -> list[Key]:
        """Make so many keys under ``parent``, durable before this returns."""
        above = parent or self._root
        wrap = crypto.sealer(above.secret)
        made = [
            Key(crypto.random_bytes(crypto.ID_BYTES), crypto.random_bytes(crypto.KEY_BYTES), above.id)
            for _ in range(count)
        ]
        rows = [(key.id, above.id, wrap(key.secret, self._place(key.id, above.id))) for key in made]
        with self._open() as db:
            db.execute("PRAGMA synchronous=EXTRA")  # the folder too: the journal's deletion is the commit
            db.execute("BEGIN IMMEDIATE")
            db.executemany(_INSERT, rows)
            db.execute("COMMIT")
        return made

    def get(
        self, ids: Iterable[bytes], parent: Key | None = None, former: Key | None = None
    ) -> dict[bytes, Key]:
        """The keys of these ids under ``parent``; an id that is not there (any more) is left out.

        Those not yet moved from under ``former`` to ``parent`` are found as well.
        """
        above = parent or self._root
        parents = {one.id: one for one in (above, former) if one is not None}
        wanted = list(dict.fromkeys(ids))
        rows: list[WrappedKey] = []
        with self._open() as db:
            for at in range(0, len(wanted), CHUNK):
                some = wanted[at : at + CHUNK]
                marks = ",".join("?" * len(some))
                rows += db.execute(f"SELECT id, parent, wrapped FROM keys WHERE id IN ({marks})", some)  # noqa: S608 - marks only
        if any(under not in parents for _, under, _ in rows):  # it decides what goes with which key
            raise DamagedVaultError(
                "A key of the vault is not where it was.", hint="Restore keys.db from a backup."
            )
        return {name: self._opened(name, wrapped, parents[under]) for name, under, wrapped in rows}

    def one(self, name: bytes, parent: Key | None = None) -> Key:
        """The key of this id; raises ``DamagedVaultError`` when it is missing."""
        return self.several([name], parent)[name]

    def several(self, names: Iterable[bytes], parent: Key | None = None) -> dict[bytes, Key]:
        """The keys of these ids; raises ``DamagedVaultError`` when one is missing."""
        wanted = list(names)
        found = self.get(wanted, parent) if wanted else {}
        if any(name not in found for name in wanted):
            raise DamagedVaultError("A key of the vault is missing.", hint="Restore keys.db from a backup.")
        return found

    def shred(self, ids: Iterable[bytes]) -> int:
        """Destroy these keys and all they wrap, durably; returns how many went. Unknown ids are fine."""
        gone = set(ids)
        rows = self.rows()
        kept = [row for row in rows if row[0] not in gone and row[1] not in gone]
        if len(kept) < len(rows):
            self.fill(kept)
        return len(rows) - len(kept)

    def rows(self) -> list[WrappedKey]:
        """Every key as it lies in the file, wrapped: what a backup seals. Hold the vault's lock."""
        with self._open() as db:
            return db.execute("SELECT id, parent, wrapped FROM keys ORDER BY rowid").fetchall()

    def fill(self, rows: Sequence[WrappedKey]) -> None:
        """Write the file anew from such rows, as a restore does."""
        new = self._file.with_name(self._file.name + ".new")
        self._write(new, rows, self.generation)
        new.replace(self._file)
        sync_folder(self._file.parent)

    def _opened(self, name: bytes, wrapped: bytes, above: Key) -> Key:
        secret = crypto.unseal(above.secret, wrapped, self._place(name, above.id))
        return Key(name, secret, above.id)

    def _write(self, new: Path, rows: Sequence[WrappedKey], generation: int) -> None:
        """A whole key file beside the one in use, durable when this returns."""
        new.unlink(missing_ok=True)
        new.touch(mode=0o600)
        _fill(new, rows, generation)

    def _place(self, name: bytes, parent: bytes) -> bytes:
        return crypto.place(self._vault, "key", name, parent)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        if not self._file.is_file():
            raise DamagedVaultError("The key file (keys.db) is missing.", hint="Restore it from a backup.")
        with (
            translated(),
            closing(sqlite3.connect(self._file, timeout=BUSY_SECONDS, isolation_level=None)) as db,
        ):
            db.execute("PRAGMA secure_delete=ON")
            db.execute("PRAGMA temp_store=MEMORY")
            if db.execute("PRAGMA user_version").fetchone() != (self.generation,):
                raise changed_master()
            yield db


def changed_master() -> VaultError:
    """What to tell who opened the vault under a master key that has been changed since."""
    return VaultError("The master key of the vault has been changed.", hint="Open the vault again.")


def _generation(file: Path) -> int | None:
    """The generation that a key file bears; None where there is no such file, or nothing was written yet."""
    if not file.is_file():
        return None
    with translated(), closing(sqlite3.connect(file, timeout=BUSY_SECONDS)) as db:
        (number,) = db.execute("PRAGMA user_version").fetchone()
        (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return int(number) if tables else None


def _fill(file: Path, rows: Sequence[WrappedKey], generation: int) -> None:
    """Write a whole key file and fsync it; it has no journal, for until it is renamed nobody reads it."""
    with translated(), closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=OFF")
        db.execute("BEGIN")
        db.execute(f"PRAGMA user_version={generation:d}")
        db.execute(_CREATE)
        db.executemany(_INSERT, rows)
        db.execute("COMMIT")
    with file.open("rb") as handle:
        os.fsync(handle.fileno())
