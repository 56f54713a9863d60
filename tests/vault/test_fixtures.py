"""Vaults written by older versions open, whole, with either secret, and can be written to."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ipse.vault import Vault, custody
from ipse.vault.catalog import REVISION
from ipse.vault.header import VERSION

from .fixture import CHEAP, FIXTURES, MODEL, PASSPHRASE, event, fill, message

NAMES = sorted(path.name for path in FIXTURES.iterdir() if path.is_dir())
EXPECTED = {
    "a": [message("a", n).record for n in range(301)],
    "b": [message("b", n).record for n in range(20)],
    "c": [message("c", n).record for n in range(3)],
}


@pytest.fixture(params=NAMES)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of a fixture."""
    return Path(shutil.copytree(FIXTURES / request.param, tmp_path / str(request.param)))


def recovery_key(folder: Path) -> str:
    return str(json.loads((FIXTURES / f"{folder.name}.json").read_text())["recovery_key"])


def check(vault: Vault) -> None:
    assert {one.id: one.messages for one in vault.scan()} == EXPECTED
    assert list(vault.events()) == [event(n).record for n in range(40)]
    assert vault.get("roster", "roster") == b"who is who"
    assert (vault.get("model", "v1"), vault.states("model")) == (MODEL, {"v1": "champion"})
    assert vault.counts()["whatsapp"]["records"] == 321
    assert vault.known(["a-7", "a-9999"], source="whatsapp") == {"a-7"}
    assert "telegram" not in vault.counts()
    assert vault.verify_audit() >= 9


def test_there_is_one_of_each_format() -> None:
    assert "1-0001" in NAMES
    assert f"{VERSION}-{REVISION}" in NAMES, "the format changed: run `python -m tests.vault.fixture`"


def tables_without_rows(folder: Path) -> set[str]:
    file = f"file:{folder / 'catalog.db'}?mode=ro"
    with closing(sqlite3.connect(file, uri=True)) as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name for name in names if not db.execute(f"SELECT count(*) FROM {name}").fetchone()[0]}


@pytest.mark.parametrize("name", NAMES)
def test_each_has_a_row_in_every_table(name: str, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(FIXTURES / name, tmp_path / name))
    # The first two were written before there was a way to leave a key waiting to be destroyed.
    assert tables_without_rows(folder) == ({"shreds"} if name in ("1-0001", "2-0002") else set())


def test_a_new_one_would_have_a_row_in_every_table(tmp_path: Path) -> None:
    vault, _ = Vault.create(tmp_path / "new", PASSPHRASE, kdf=CHEAP, allow_weak=True)
    with vault:
        fill(vault)
    assert tables_without_rows(tmp_path / "new") == set()
    with Vault.open(tmp_path / "new", PASSPHRASE) as again:
        check(again)
        assert again.inspect().doomed == 0


def test_an_old_vault_opens_with_all_that_is_in_it(old: Path) -> None:
    for secret in (PASSPHRASE, recovery_key(old)):
        with Vault.open(old, secret) as vault:
            check(vault)


def test_an_old_vault_can_be_written_to(old: Path) -> None:
    with Vault.open(old, PASSPHRASE) as vault:
        vault.keep([message("a", n) for n in range(5)], source="whatsapp")
        vault.keep([message("new", 1)], source="signal")
        assert vault.counts()["signal"]["records"] == 1
        assert vault.erase("signal") == 1
        check(vault)


def test_the_keys_of_an_old_vault_can_be_changed(old: Path) -> None:
    told = json.loads((old / "vault.json").read_text())["version"]
    custody.change_passphrase(old, PASSPHRASE, "another one", kdf=None)
    recovery = custody.rotate(old, "another one")
    assert (recovery is None) == (told > 1)
    assert Vault.info(old).version == VERSION
    for secret in ("another one", recovery or recovery_key(old)):
        with Vault.open(old, secret) as vault:
            check(vault)
