"""What PostgreSQL reports, as errors of ours, in one line that holds no password."""

import builtins
from typing import Any

import psycopg
import pytest

from ipse.errors import DamagedVaultError, VaultError
from ipse.vault.engines.reports import refused, reported
from ipse.vault.location import Location

WHERE = "postgresql+psycopg://ada@host/ipse"


class _Said(psycopg.DatabaseError):
    def __init__(self, state: str) -> None:
        super().__init__("as the server says it")
        self.sqlstate = state


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("53100", "disk of the PostgreSQL server is full"),
        ("53300", "no more connections"),
        ("53200", "out of something"),
        ("58030", "error of its disk"),
        ("42501", "may not do that"),
        ("25006", "only lets us read"),
        ("40001", "Another program"),
        ("57014", "told to stop"),
        ("57P01", "connection to the PostgreSQL server was lost"),
        ("08006", "connection to the PostgreSQL server was lost"),
        ("55P03", "Another ipse"),
        ("0A000", "reports 0A000"),
    ],
)
def test_trouble_of_the_server_is_no_damage(state: str, told: str) -> None:
    error = reported(_Said(state), WHERE)
    assert told in error.message
    assert not isinstance(error, DamagedVaultError)
    assert error.hint


@pytest.mark.parametrize("state", ["22021", "23505", "3F000", "42P01", "XX001", "XX002"])
def test_rows_and_tables_that_are_not_as_written_are_damage(state: str) -> None:
    assert isinstance(reported(_Said(state), WHERE), DamagedVaultError)


def test_what_has_no_state_is_a_loss_or_a_mistake_of_ours() -> None:
    for error in (psycopg.OperationalError("x"), psycopg.InterfaceError("x")):
        assert "lost" in reported(error, WHERE).message
    with pytest.raises(psycopg.ProgrammingError):
        reported(psycopg.ProgrammingError("x"), WHERE)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ('… failed: FATAL:  database "x" does not exist', 'refuses .*: database "x" does not exist'),
        ("… failed: fe_sendauth: no password supplied", "refuses .*: no password supplied"),
        ("invalid dsn: password=zanzibar", "cannot be reached"),
    ],
)
def test_of_a_failed_connection_the_servers_words_alone_are_told(said: str, told: str) -> None:
    with pytest.raises(VaultError, match=told) as caught:
        raise refused(psycopg.OperationalError(said), WHERE)
    assert "zanzibar" not in str(caught.value)


def test_without_psycopg_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    ordinary = builtins.__import__

    def missing(name: str, *rest: Any, **named: Any) -> Any:
        if name.startswith("psycopg"):
            raise ImportError(name)
        return ordinary(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(VaultError, match=r"pip install 'ipse\[postgresql\]'"):
        Location.new(WHERE, bytes(16)).engine(tmp_path)
