"""A vault that opens fast, and records cleared for it."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from ipse.privacy import gate
from ipse.privacy.gate import Cleared
from ipse.records import Event, Message, Person, Record
from ipse.vault import KdfParameters, Vault

CHEAP = KdfParameters(memory_kib=64, iterations=1, lanes=1)
PASSPHRASE = "correct horse"
START = datetime(2026, 1, 1, tzinfo=UTC)
ZONES = (timezone(timedelta(hours=5, minutes=30)), UTC)

Clear = Callable[..., list[Cleared[Record]]]
Sql = Callable[..., list[tuple[object, ...]]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "vault"


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """An empty vault made once, with its recovery key; each test gets a copy."""
    folder = tmp_path_factory.mktemp("template") / "vault"
    vault, recovery = Vault.create(folder, PASSPHRASE, kdf=CHEAP, allow_weak=True)
    vault.close()
    return folder, recovery


@pytest.fixture
def recovery(folder: Path, template: tuple[Path, str]) -> str:
    """Puts a vault in ``folder`` (passphrase `correct horse`) and is its recovery key."""
    shutil.copytree(template[0], folder)
    return template[1]


@pytest.fixture
def vault(folder: Path, recovery: str) -> Iterator[Vault]:
    with Vault.open(folder, recovery) as opened:
        yield opened


@pytest.fixture
def messages() -> Clear:
    """``messages(conversation, numbers)``: cleared messages, one a minute; the same call gives the same."""

    def make(conversation: str, numbers: Sequence[int], text: str = "hello") -> list[Cleared[Record]]:
        return [
            Cleared(
                Message(
                    id=f"{conversation}-{number}",
                    conversation=conversation,
                    platform="whatsapp",
                    at=(START + timedelta(minutes=number)).astimezone(ZONES[number % 2]),
                    sender=Person("me" if number % 3 else "PERSON_1"),
                    text=f"{text} {number}",
                ),
                gate._SEAL,
            )
            for number in numbers
        ]

    return make


@pytest.fixture
def events() -> Callable[[Sequence[int]], list[Cleared[Record]]]:
    def make(numbers: Sequence[int]) -> list[Cleared[Record]]:
        return [
            Cleared(
                Event(source="window", kind="state", ts=number, rx=9, key=f"e{number}", data={"n": number}),
                gate._SEAL,
            )
            for number in numbers
        ]

    return make


@pytest.fixture
def sql(folder: Path) -> Sql:
    """``sql(statement, *values, file="catalog.db")``: what somebody with the files, not the keys, can do."""

    def run(statement: str, *values: object, file: str = "catalog.db") -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(folder / file)) as db, db:
            return db.execute(statement, values).fetchall()

    return run
