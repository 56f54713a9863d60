"""``keys.db``: every random key of the vault, wrapped; to destroy one is to shred what it sealed.

A file of its own, so that shredding rewrites little: what remains goes to a new file (write, fsync, rename,
fsync of the folder). It is opened for each use, never held: another process may have put a new file there.
This module does not know what a key is for; the tree is two levels deep, a key and the keys it wraps.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple, TypeAlias

from ipse.errors import DamagedVaultError
from ipse.vault import crypto
from ipse.vault.faults import translated
from ipse.vault.files import sync_folder

__all__ = ["Key", "KeyRing", "WrappedKey"]

CHUNK = 500  # ids asked for in one statement; SQLite has taken 999 parameters since ever
BUSY_SECONDS = 30.0
ROOT = b""  # parent of the keys that the vault's own wrapping key wraps

# With row numbers, so that new keys are appended: ids are random, and an import would touch every page.
_CREATE = "CREATE TABLE keys (id BLOB NOT NULL UNIQUE, parent BLOB NOT NULL, wrapped BLOB NOT NULL)"
_INSERT = "INSERT INTO keys VALUES (?, ?, ?)"
WrappedKey: TypeAlias = tuple[bytes, bytes, bytes]


class Key(NamedTuple):
    """A key: 16 random bytes as its name, 32 random bytes as its secret."""

    id: bytes
    secret: bytes


class KeyRing:
    """The keys of one vault. Who calls :meth:`make` or :meth:`shred` holds the vault's lock."""

    def __init__(self, file: Path, vault: bytes, wrapping: bytes) -> None:
        self._file = file
        self._vault = vault
        self._root = Key(ROOT, wrapping)

    def create(self) -> None:
        """Write the empty file."""
        self._file.touch(mode=0o600)
        _fill(self._file, [])
        sync_folder(self._file.parent)

    def check(self) -> None:
        """Raise ``DamagedVaultError`` unless the file can be read. Its version is that of the header."""
        with self._open() as db:
            db.execute("SELECT count(*) FROM keys").fetchone()

    def make(self, count: int, parent: Key | None = None) -> list[Key]:
        """Make so many keys under ``parent``, durable before this returns."""
        above = parent or self._root
        wrap = crypto.sealer(above.secret)
        made = [
            Key(crypto.random_bytes(crypto.ID_BYTES), crypto.random_bytes(crypto.KEY_BYTES))
            for _ in range(count)
        ]
        rows = [(key.id, above.id, wrap(key.secret, self._place(key.id, above.id))) for key in made]
        with self._open() as db:
            db.execute("PRAGMA synchronous=EXTRA")  # the folder too: the journal's deletion is the commit
            db.execute("BEGIN IMMEDIATE")
            db.executemany(_INSERT, rows)
            db.execute("COMMIT")
        return made

    def get(self, ids: Iterable[bytes], parent: Key | None = None) -> dict[bytes, Key]:
        """The keys of these ids under ``parent``; an id that is not there (any more) is left out."""
        above = parent or self._root
        wanted = list(dict.fromkeys(ids))
        rows: list[WrappedKey] = []
        with self._open() as db:
            for at in range(0, len(wanted), CHUNK):
                some = wanted[at : at + CHUNK]
                marks = ",".join("?" * len(some))
                rows += db.execute(f"SELECT id, parent, wrapped FROM keys WHERE id IN ({marks})", some)  # noqa: S608 - marks only
        return {
            name: Key(name, crypto.unseal(above.secret, wrapped, self._place(name, above.id)))
            for name, _, wrapped in rows
        }

    def one(self, name: bytes, parent: Key | None = None) -> Key:
        """The key of this id; raises ``DamagedVaultError`` when it is missing."""
        found = self.get([name], parent).get(name)
        if found is None:
            raise DamagedVaultError("A key of the vault is missing.", hint="Restore keys.db from a backup.")
        return found

    def shred(self, ids: Iterable[bytes]) -> int:
        """Destroy these keys and all they wrap, durably; returns how many went. Unknown ids are fine."""
        gone = set(ids)
        with self._open() as db:
            rows: list[WrappedKey] = db.execute("SELECT id, parent, wrapped FROM keys").fetchall()
        kept = [row for row in rows if row[0] not in gone and row[1] not in gone]
        if len(kept) < len(rows):
            self._replace(kept)
        return len(rows) - len(kept)

    def rows(self) -> list[WrappedKey]:
        """Every key as it lies in the file, wrapped: what a backup seals. Hold the vault's lock."""
        with self._open() as db:
            return db.execute("SELECT id, parent, wrapped FROM keys ORDER BY rowid").fetchall()

    def fill(self, rows: Sequence[WrappedKey]) -> None:
        """Write the file anew from such rows, as a restore does."""
        self._replace(rows)

    def _replace(self, rows: Sequence[WrappedKey]) -> None:
        new = self._file.with_name(self._file.name + ".new")
        new.unlink(missing_ok=True)
        new.touch(mode=0o600)
        _fill(new, rows)
        new.replace(self._file)
        sync_folder(self._file.parent)

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
            yield db


def _fill(file: Path, rows: Sequence[WrappedKey]) -> None:
    """Write a whole key file and fsync it; it has no journal, for until it is renamed nobody reads it."""
    with translated(), closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=OFF")
        db.execute("BEGIN")
        db.execute(_CREATE)
        db.executemany(_INSERT, rows)
        db.execute("COMMIT")
    with file.open("rb") as handle:
        os.fsync(handle.fileno())
