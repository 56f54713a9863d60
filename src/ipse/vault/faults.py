"""What SQLite and the system report, as errors of ours: damage is one thing, a full disk another."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from ipse.errors import DamagedVaultError, FullDiskError, VaultError

__all__ = ["reported", "translated"]

_OUTSIDE = {
    sqlite3.SQLITE_BUSY: "Another program is using the vault.",
    sqlite3.SQLITE_CANTOPEN: "A file of the vault cannot be opened.",
    sqlite3.SQLITE_IOERR: "The disk reports an error.",
    sqlite3.SQLITE_PERM: "A file of the vault may not be opened.",
    sqlite3.SQLITE_READONLY: "The vault cannot be written.",
}
"""Primary result codes that say nothing about the bytes of the vault."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


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


@contextmanager
def reported() -> Iterator[None]:
    """Turn what the system says of a file inside into a ``VaultError``."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise _full() from error
        said = f"{error.filename or 'The disk'}: {error.strerror or error}."
        raise VaultError(said, hint="See to that and try again.") from error


def _ours(error: BaseException | None) -> VaultError:
    extended = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    code = extended & 0xFF
    if code == sqlite3.SQLITE_FULL or extended == sqlite3.SQLITE_IOERR_SHMSIZE:  # the log's index cannot grow
        return _full()
    if code in _OUTSIDE:
        return VaultError(_OUTSIDE[code], hint="See to that and try again.")
    return DamagedVaultError("A database of the vault is damaged.", hint="Restore a backup.")


def _full() -> FullDiskError:
    return FullDiskError(
        "The disk is full; what was acknowledged before is kept.", hint="Make room and try again."
    )
