"""What a catalog needs of a database. Everything an engine raises is a ``VaultError``, never the driver's."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import sqlalchemy as sa

__all__ = ["LOCK_SECONDS", "Engine", "busy"]

LOCK_SECONDS = 60.0  # a write takes milliseconds; the longest is the shredding of a large vault


class Engine(Protocol):
    """One database that holds the catalog of one vault, or will."""

    name: str
    """What to call it in a message."""

    near: bool
    """Whether :meth:`version` is told by this process itself."""

    def exists(self) -> bool:
        """Whether the database is there, whatever is in it."""

    def require(self) -> None:
        """Raise ``VaultError`` unless it can be made."""

    def new(self) -> AbstractContextManager[sa.Connection]:
        """Make it, and begin a transaction in which its tables are made; like :meth:`write` else."""

    def remove(self) -> None:
        """Delete it with all that is in it; one that is not there is fine."""

    def locked(self) -> AbstractContextManager[None]:
        """Keep every other writer out, across processes; holding it twice in one thread is fine."""

    def read(self) -> AbstractContextManager[sa.Connection]:
        """One consistent view, from the first question on."""

    def write(self) -> AbstractContextManager[sa.Connection]:
        """One transaction under the lock: durable when this returns, or nothing of it happened."""

    def version(self) -> str:
        """Another text as soon as anybody has written, whatever process and connection."""

    def insert(self, db: sa.Connection, table: sa.Table, rows: Sequence[tuple[object, ...]]) -> None:
        """Insert rows, each the values of all columns of ``table`` in their order."""

    def scrub(self) -> bool:
        """See that what was deleted is kept no longer than it must be; False if a reader still holds it."""

    def compact(self) -> bool:
        """Give the room of what was deleted back where it is much; tells whether it did."""

    def faults(self) -> list[str]:
        """What the database finds wrong with its files; nothing where it does not tell."""

    def close(self) -> None:
        """Close all connections; it can be used again."""


def busy() -> str:
    """What to tell who waited for the lock in vain."""
    return f"Another ipse has been writing to this vault for {LOCK_SECONDS:.0f} s."
