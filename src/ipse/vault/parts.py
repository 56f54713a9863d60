"""What an open vault is made of, handed to those who work in it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

import sqlalchemy as sa

from ipse.vault import crypto
from ipse.vault.catalog import Catalog
from ipse.vault.header import Header, own
from ipse.vault.keys import KeyRing
from ipse.vault.location import Location

__all__ = ["Parts", "chunks", "last"]

T = TypeVar("T")

CHUNK = 500  # values asked for in one statement


@dataclass(frozen=True, slots=True)
class Parts:
    """The open files and the derived keys. ``vault`` is the id; the master key itself is in none of them."""

    folder: Path
    vault: bytes
    catalog: Catalog
    keys: KeyRing
    tokens: bytes
    audit: bytes
    chain: bytes
    backup: bytes

    @classmethod
    def of(cls, folder: Path, read: Header, master: bytes, where: Location | None = None) -> Self:
        """Derive the keys of each purpose; opens no file yet.

        The catalog is ``where``, else as the folder says; raises ``DamagedVaultError`` for another vault's.
        """
        held = own(read, master)
        place = where or Location.read(folder)
        place.require(read.vault)
        wrapping = crypto.derive(master, "wrap")
        return cls(
            folder=folder,
            vault=read.vault,
            catalog=Catalog(folder, place),
            keys=KeyRing(folder / "keys.db", read.vault, wrapping, read.generation),
            tokens=held.tokens,
            audit=held.audit,
            chain=held.chain,
            backup=crypto.derive(master, "backup"),
        )

    def token(self, *parts: str) -> bytes:
        """A name as 16 bytes that say nothing without the vault's key."""
        return crypto.token(self.tokens, *parts)


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """``values`` in pieces small enough for one statement."""
    for at in range(0, len(values), CHUNK):
        yield values[at : at + CHUNK]


def last(db: sa.Connection, column: sa.Column[int]) -> int:
    """The highest value of a column, 0 in an empty table; the next row takes the one after it."""
    return db.execute(sa.select(sa.func.max(column))).scalar() or 0
