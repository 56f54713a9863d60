"""What SQLite reports: damage is one thing, the machine's trouble another."""

import sqlite3

import pytest
import sqlalchemy as sa

from ipse.errors import DamagedVaultError, VaultError
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
        "SQLITE_FULL",
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
