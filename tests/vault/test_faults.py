"""What SQLite reports: damage is one thing, the machine's trouble another."""

import errno
import sqlite3

import pytest
import sqlalchemy as sa

from ipse.errors import DamagedVaultError, FullDiskError, VaultError
from ipse.vault.faults import reported as of_files
from ipse.vault.faults import translated


def reported(name: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("as SQLite says it")
    error.sqlite_errorcode = getattr(sqlite3, name)
    return error


@pytest.mark.parametrize(
    "name",
    [
        "SQLITE_BUSY",
        "SQLITE_CANTOPEN",
        "SQLITE_IOERR_FSYNC",
        "SQLITE_PERM",
        "SQLITE_READONLY_DBMOVED",
    ],
)
def test_trouble_of_the_machine_is_no_damage(name: str) -> None:
    with pytest.raises(VaultError) as caught, translated():
        raise reported(name)
    assert not isinstance(caught.value, DamagedVaultError)


@pytest.mark.parametrize("name", ["SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_ERROR", "SQLITE_CORRUPT_INDEX"])
def test_everything_else_is_damage_also_when_it_comes_through_sqlalchemy(name: str) -> None:
    with pytest.raises(DamagedVaultError), translated():
        raise reported(name)
    with pytest.raises(DamagedVaultError), translated():
        raise sa.exc.OperationalError("SELECT", {}, reported(name))


def test_a_schema_that_is_no_text_any_more_is_damage() -> None:
    with pytest.raises(DamagedVaultError), translated():
        b"near N\xd5LL".decode()


def test_an_error_of_ours_passes() -> None:
    with pytest.raises(VaultError, match="mine"), translated():
        raise VaultError("mine")


@pytest.mark.parametrize("name", ["SQLITE_FULL", "SQLITE_IOERR_SHMSIZE"])
def test_a_full_disk_is_an_error_of_its_own(name: str) -> None:
    with pytest.raises(FullDiskError), translated():
        raise reported(name)


def test_what_the_system_says_of_a_file_is_one_line() -> None:
    with pytest.raises(FullDiskError), of_files():
        raise OSError(errno.ENOSPC, "No space left on device", "objects/x.seal")
    with pytest.raises(VaultError, match=r"^objects/x.seal: Input/output error\. See to that"), of_files():
        raise OSError(errno.EIO, "Input/output error", "objects/x.seal")
    with pytest.raises(VaultError, match=r"^The disk: gone\."), of_files():
        raise OSError("gone")
