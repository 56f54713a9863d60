"""Everything is sealed anew under new keys, whatever interrupts it and whoever reads or writes meanwhile."""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ipse.errors import CancelledError, DamagedVaultError, VaultError
from ipse.vault import Vault, custody
from ipse.vault import rekeying as module
from ipse.vault.erasing import Cut
from ipse.vault.rekeying import Rekeyer

from .stores import SQLITE_ONLY, run_sql, seeds

Clear = Callable[..., list[Any]]
PASSPHRASE = "correct horse"


def quiet(done: float, total: float | None, figures: object) -> None:
    """No progress shown."""


class Stop:
    """A progress that stops at the n-th step."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def __call__(self, done: float, total: float | None, figures: object) -> None:
        self.left -= 1
        if self.left < 0:
            raise CancelledError("stopped")


@pytest.fixture
def filled(vault: Vault, messages: Clear, events: Clear, monkeypatch: pytest.MonkeyPatch) -> Vault:
    monkeypatch.setattr(module, "BATCH_BYTES", 2000)  # so that there are many steps
    for n in range(6):
        vault.keep(messages(f"c{n}", range(40)), source="whatsapp")
    vault.keep(messages("long", range(600)), source="whatsapp")
    vault.keep(events(range(300)), source="window")
    vault.keep(messages("m", range(5)), source="gmail")
    vault.keep(messages("gone", range(5)), source="signal")
    vault.remove_records(Cut(source="signal", conversations=frozenset({"gone"})), action="forget.remove")
    vault.put("model", "v1", bytes(70_000), action="test", details={}, state="champion")
    vault.put("roster", "roster", b"small", action="test", details={})
    return vault


def content(vault: Vault) -> object:
    found = [(one.source, one.id, one.messages) for one in vault.scan()]
    documents = (vault.get("model", "v1"), vault.get("roster", "roster"), vault.states("model"))
    details = [row.details for row in vault.audit_rows() if row.action == "import.keep"]
    return found, list(vault.events()), vault.counts(), vault.signing_key(), documents, details


def unfinished(vault: Vault) -> bool:
    return vault.reencrypting


def ciphertext(folder: Path) -> set[bytes]:
    """Every wrapped key and everything sealed under a key of the ring."""
    found: set[bytes] = set()
    for file, statement in (
        ("keys.db", "SELECT wrapped FROM keys"),
        ("catalog.db", "SELECT sealed FROM segments"),
        ("catalog.db", "SELECT sealed FROM conversations"),
        ("catalog.db", "SELECT sealed FROM sources"),
        ("catalog.db", "SELECT label FROM documents"),
        ("catalog.db", "SELECT sealed FROM documents WHERE sealed IS NOT NULL"),
        ("catalog.db", "SELECT sealed FROM audit WHERE key_id IS NOT NULL AND sealed IS NOT NULL"),
    ):
        found.update(row[0] for row in run_sql(folder, statement, file=file))
    return found


def names(folder: Path) -> set[bytes]:
    with closing(sqlite3.connect(folder / "keys.db")) as db:
        return {row[0] for row in db.execute("SELECT id FROM keys")}


def test_everything_is_under_new_keys_and_nothing_of_the_old_is_left(filled: Vault, folder: Path) -> None:
    before, old, keys = content(filled), ciphertext(folder), names(folder)
    epoch = {row[0] for row in run_sql(folder, "SELECT key_id FROM epochs WHERE key_id IS NOT NULL")}
    objects = {path.name for path in (folder / "objects").iterdir()}
    steps: list[tuple[float, float | None]] = []
    assert (
        filled.reencrypt(lambda done, total, _: steps.append((done, total))) == steps[-1][0] == steps[-1][1]
    )
    assert content(filled) == before
    assert names(folder) & keys == epoch  # that key ends with the next checkpoint
    assert len(names(folder)) == len(keys)
    raw = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    with closing(sqlite3.connect(folder / "keys.db")) as db:
        kept = {row[0] for row in db.execute("SELECT wrapped FROM keys") if row[0] in old}
    assert len(kept) == len(epoch)
    assert [one for one in old - kept if one in raw or one[-24:] in raw] == []
    assert not (old - kept) & ciphertext(folder)  # where the catalog is no file
    assert not objects & {path.name for path in (folder / "objects").iterdir()}
    assert filled.verify_audit()
    assert not unfinished(filled)
    assert [row.action for row in filled.audit_rows()][-1] == "vault.reencrypt"


@SQLITE_ONLY  # the search is through its file
def test_the_search_finds_what_is_there(filled: Vault, folder: Path) -> None:
    raw = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert sum(one in raw for one in ciphertext(folder)) > 20


@pytest.mark.parametrize("steps", [0, 1, 3, 5, 8, 9, 11])
def test_stopped_at_any_step_all_is_there_and_the_next_run_goes_on(
    filled: Vault, folder: Path, steps: int, messages: Clear
) -> None:
    before = content(filled)
    with pytest.raises(CancelledError):
        filled.reencrypt(Stop(steps))
    assert unfinished(filled)
    assert content(filled) == before
    seen: list[float] = []
    filled.reencrypt(lambda done, _total, _figures: seen.append(done))
    assert content(filled) == before
    assert not unfinished(filled)
    assert len(names(folder)) == 17


@pytest.mark.parametrize("steps", [1, 4, 7])
def test_what_is_kept_and_erased_in_between_is_as_it_should_be(
    filled: Vault, folder: Path, steps: int, messages: Clear
) -> None:
    with pytest.raises(CancelledError):
        filled.reencrypt(Stop(steps))
    grown = messages("c0", range(50)) + messages("long", range(610)) + messages("new", range(3))
    assert filled.keep(grown, source="whatsapp").kept == 23
    filled.remove_records(
        Cut(source="whatsapp", messages=frozenset({"c1-3", "c5-3"})), action="forget.remove"
    )
    filled.put("roster", "roster", b"other", action="test", details={})
    filled.remove("model", "v1", action="test", details={})
    filled.put("model", "v1", b"anew", action="test", details={})
    expected = {one.id: len(one.messages) for one in filled.scan()}
    assert (expected["c0"], expected["long"], expected["new"]) == (50, 610, 3)
    assert filled.erase("gmail") == 5
    filled.reencrypt(quiet)
    del expected["m"]
    assert {one.id: len(one.messages) for one in filled.scan()} == expected
    assert (filled.get("roster", "roster"), filled.get("model", "v1")) == (b"other", b"anew")
    assert filled.erase("whatsapp") > 0
    assert filled.verify_audit()
    # window and its stream, the emptied signal, roster, model, signing key, the audit log's epoch
    assert len(names(folder)) == 7


@pytest.mark.parametrize("steps", [1, 4, 7])
def test_a_source_that_is_half_moved_is_erased_with_both_its_keys(
    filled: Vault, folder: Path, steps: int
) -> None:
    old = ciphertext(folder)
    with pytest.raises(CancelledError):
        filled.reencrypt(Stop(steps))
    filled.erase("whatsapp")
    filled.reencrypt(quiet)
    assert len(names(folder)) == 9
    raw = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert sum(one in raw for one in old) <= 2  # the epoch's


def test_a_source_erased_while_it_is_moved_simply_ends(filled: Vault) -> None:
    erased: list[int] = []

    def progress(done: float, total: float | None, figures: object) -> None:
        if done == 2:
            erased.append(filled.erase("whatsapp"))

    filled.reencrypt(progress)
    assert erased == [840]
    assert sorted(one.id for one in filled.scan()) == ["m"]


def test_a_source_erased_before_its_turn_is_passed_over(
    filled: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Rekeyer._renew

    def late(self: Rekeyer, home: Any) -> Any:
        if home.ledger.name == "gmail":
            filled.erase("gmail")
        if home.ledger.name == "window":
            renewed = real(self, home)
            filled.erase("window")
            return renewed
        return real(self, home)

    monkeypatch.setattr(Rekeyer, "_renew", late)
    filled.reencrypt(quiet)
    assert list(filled.counts()) == ["whatsapp", "signal"]


def test_who_reads_meanwhile_reads_all_of_it(filled: Vault, folder: Path) -> None:
    before = {one.id: one.messages for one in filled.scan()}
    with Vault.open(folder, PASSPHRASE) as reader:
        scan = reader.scan()
        first = next(scan)
        sources = reader._sources.all()
        with pytest.raises(CancelledError):
            filled.reencrypt(Stop(4))
        second = next(scan)
        documents = reader.ids("model")
        filled.reencrypt(quiet)
        found = {one.id: one.messages for one in (first, second, *scan)}
        assert found == before
        assert (documents, reader.ids("model")) == (["v1"], ["v1"])
        for home in sources:
            assert not reader._sources.gone(home)
        assert content(reader) == content(filled)


def test_rows_read_before_are_opened_as_they_are_now(filled: Vault, folder: Path) -> None:
    parts = filled._parts
    with parts.catalog.read() as db:
        rows = db.exec_driver_sql("SELECT * FROM sources ORDER BY position").all()
    labelled = filled._documents._labelled
    held = parts.keys.get
    filled.reencrypt(quiet)
    assert [home.ledger.name for home in filled._sources.present(rows)] == [
        "whatsapp",
        "window",
        "gmail",
        "signal",
    ]
    assert (len(labelled()), held) == (3, parts.keys.get)


def test_a_document_sealed_anew_between_its_row_and_its_key_is_still_listed(
    filled: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = filled._parts.keys
    real = ring.get

    def late(ids: Any, *above: Any) -> Any:
        wanted = list(ids)
        monkeypatch.setattr(ring, "get", real)
        filled.reencrypt(quiet)
        return real(wanted, *above)

    monkeypatch.setattr(ring, "get", late)
    assert filled.states("model") == {"v1": "champion"}


def test_a_document_removed_before_its_turn_is_passed_over(
    filled: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    def progress(done: float, total: float | None, figures: object) -> None:
        if done == 1:
            filled.remove("model", "v1", action="test", details={})

    filled.reencrypt(progress)
    assert (filled.ids("model"), filled.get("roster", "roster")) == ([], b"small")


@pytest.mark.parametrize(
    ("table", "column"),
    [("segments", "conversation"), ("conversations", "position"), ("documents", "position")],
)
def test_the_check_would_notice_what_is_lost(filled: Vault, sql: Any, table: str, column: str) -> None:
    before = content(filled)
    sql(f"DELETE FROM {table} WHERE {column} = (SELECT max({column}) FROM {table})")
    with pytest.raises(VaultError):
        assert content(filled) == before


def test_damage_is_not_sealed_anew(filled: Vault, sql: Any) -> None:
    sql("UPDATE segments SET sealed = zeroblob(90) WHERE conversation = 2")
    with pytest.raises(DamagedVaultError):
        filled.reencrypt(quiet)
    assert unfinished(filled)


def test_a_new_master_key_may_come_in_the_midst_of_it(filled: Vault, folder: Path) -> None:
    before = content(filled)
    with pytest.raises(CancelledError):
        filled.reencrypt(Stop(4))
    filled.close()
    custody.rotate(folder, PASSPHRASE)
    with Vault.open(folder, PASSPHRASE) as vault:
        assert content(vault) == before
        vault.reencrypt(quiet)
        assert content(vault) == before


CHILD = """
import sys
from pathlib import Path
from ipse.vault import Vault, rekeying

rekeying.BATCH_BYTES = 2000
with Vault.open(Path(sys.argv[1]), sys.argv[2]) as vault:
    print("open", flush=True)
    while True:
        vault.reencrypt(lambda done, total, figures: None)
"""


@seeds(4, 200)
def test_killed_at_a_random_moment_all_is_there_and_a_run_again_finishes(
    filled: Vault, folder: Path, seed: int
) -> None:
    before = content(filled)
    filled.close()
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), PASSPHRASE], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        time.sleep(random.Random(seed).random() * 0.4)
        process.send_signal(signal.SIGKILL)
    with Vault.open(folder, PASSPHRASE) as vault:
        assert content(vault) == before
        assert vault.verify_audit()
        vault.reencrypt(quiet)
        assert content(vault) == before
        assert not vault.reencrypting
