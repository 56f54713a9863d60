"""What SQLite reports, as errors of ours: damage is one thing, a full disk or a busy file another."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from ipse.errors import DamagedVaultError, VaultError

__all__ = ["translated"]

_OUTSIDE = {
    sqlite3.SQLITE_BUSY: "Another program is using the vault.",
    sqlite3.SQLITE_CANTOPEN: "A file of the vault cannot be opened.",
    sqlite3.SQLITE_FULL: "The disk is full; what was acknowledged before is kept.",
    sqlite3.SQLITE_IOERR: "The disk reports an error.",
    sqlite3.SQLITE_PERM: "A file of the vault may not be opened.",
    sqlite3.SQLITE_READONLY: "The vault cannot be written.",
}
"""Primary result codes that say nothing about the bytes of the vault."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn errors of SQLite inside into ``DamagedVaultError`` or another ``VaultError``."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _ours(error) from error
    except DBAPIError as error:
        raise _ours(error.orig) from error
    except UnicodeDecodeError as error:  # SQLite quotes the damaged schema, which need not be UTF-8
        raise _ours(error) from error


def _ours(error: BaseException | None) -> VaultError:
    code = (
        getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    )  # the primary code of an extended one
    if code in _OUTSIDE:
        return VaultError(_OUTSIDE[code], hint="See to that and try again.")
    return DamagedVaultError("A database of the vault is damaged.", hint="Restore a backup.")
