"""A vault that opens fast, and records cleared for it."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from pathlib import Path

import pytest

from ipse.privacy import gate
from ipse.privacy.gate import Cleared
from ipse.records import Event, Message, Person, Record
from ipse.vault import KdfParameters, Vault

from .stores import copied, run_sql

CHEAP = KdfParameters(memory_kib=64, iterations=1, lanes=1)
PASSPHRASE = "correct horse"
START = datetime(2026, 1, 1, tzinfo=UTC)
ZONES = (timezone(timedelta(hours=5, minutes=30)), UTC)

Clear = Callable[..., list[Cleared[Record]]]
Sql = Callable[..., list[tuple[object, ...]]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "vault"


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> str:
    """Of the catalog: every test of a vault runs over both."""
    return str(request.param)


@pytest.fixture
def catalog_url(engine: str, request: pytest.FixtureRequest) -> str:
    """Where a catalog of that kind is made."""
    return str(request.getfixturevalue("server").url) if engine == "postgresql" else ""


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, str]]:
    """An empty vault made once for each kind, with its recovery key; each test gets a copy."""

    @cache
    def made(url: str) -> tuple[Path, str]:
        folder = tmp_path_factory.mktemp("template") / "vault"
        vault, recovery = Vault.create(folder, PASSPHRASE, catalog=url, kdf=CHEAP, allow_weak=True)
        vault.close()
        return folder, recovery

    return made


@pytest.fixture
def recovery(folder: Path, template: Callable[[str], tuple[Path, str]], catalog_url: str) -> str:
    """Puts a vault in ``folder`` (passphrase `correct horse`) and is its recovery key."""
    empty, recovery = template(catalog_url)
    copied(empty, folder)
    return recovery


@pytest.fixture
def vault(folder: Path, recovery: str) -> Iterator[Vault]:
    with Vault.open(folder, recovery) as opened:
        yield opened


def make_messages(conversation: str, numbers: Sequence[int], text: str = "hello") -> list[Cleared[Record]]:
    """Cleared messages, one a minute; the same call gives the same."""
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


def make_events(numbers: Sequence[int]) -> list[Cleared[Record]]:
    """Cleared events."""
    return [
        Cleared(
            Event(source="window", kind="state", ts=number, rx=9, key=f"e{number}", data={"n": number}),
            gate._SEAL,
        )
        for number in numbers
    ]


@pytest.fixture
def messages() -> Clear:
    """``messages(conversation, numbers)``, see :func:`make_messages`."""
    return make_messages


@pytest.fixture
def events() -> Callable[[Sequence[int]], list[Cleared[Record]]]:
    return make_events


@pytest.fixture
def sql(folder: Path) -> Sql:
    """``sql(statement, *values, file="catalog.db")``: what somebody can do who has no key."""

    def run(statement: str, *values: object, file: str = "catalog.db") -> list[tuple[object, ...]]:
        return run_sql(folder, statement, *values, file=file)

    return run
