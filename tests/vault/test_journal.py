"""The audit log in the vault: sealed, chained, and valid after an erasure."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ipse.audit import GENESIS, EpochSecret, chain
from ipse.errors import AuditError, DamagedVaultError
from ipse.vault import Vault

from .conftest import PASSPHRASE

Clear = Callable[..., list[Any]]


def test_rows_say_what_happened_and_when(vault: Vault, messages: Clear) -> None:
    vault.keep(messages("a", range(3)), source="whatsapp")
    vault.keep(messages("a", range(4)), source="whatsapp")
    entries = list(vault.audit_rows())
    assert [entry.seq for entry in entries] == [1, 2, 3]
    assert [entry.action for entry in entries] == ["vault.create", "import.keep", "import.keep"]
    assert entries[2].details == {"source": "whatsapp", "kept": 1, "duplicates": 3}
    now = datetime.now(UTC)
    times = [entry.at for entry in entries if entry.at is not None]
    assert len(times) == 3
    assert times == sorted(times)
    assert now - timedelta(minutes=5) < times[1] <= times[2] <= now  # the first is of the vault's template


def test_erasing_a_source_takes_its_details_and_leaves_the_chain_valid(vault: Vault, messages: Clear) -> None:
    vault.keep(messages("a", range(3)), source="whatsapp")
    vault.note("export", {"source": "whatsapp", "file": "x"})
    vault.note("export", {"source": "gmail"})
    vault.erase("whatsapp")
    entries = list(vault.audit_rows())
    assert [entry.action for entry in entries] == ["vault.create", "erased", "erased", "export", "erase"]
    assert (entries[1].at, entries[1].details) == (None, {})
    assert entries[4].details == {"source": "whatsapp", "records": 3, "erased_rows": "2-3"}
    assert vault.verify_audit() == 5


def test_a_log_of_more_than_a_page_verifies(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    from ipse.vault import journal

    monkeypatch.setattr(journal, "PAGE", 7)
    for number in range(20):
        vault.note("answer", {"number": number})
    assert vault.verify_audit() == 21
    assert [entry.details["number"] for entry in vault.audit_rows() if entry.action == "answer"] == list(
        range(20)
    )


def test_a_vault_of_many_rows_is_signed_up_to_them_when_it_is_opened(
    vault: Vault, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ipse.vault import journal

    monkeypatch.setattr(journal, "EPOCH_ROWS", 7)
    for number in range(6):
        vault.note("answer", {"number": number})
    for covered in (7, 7):  # the second opening finds an epoch of one row
        with Vault.open(folder, PASSPHRASE) as again:
            assert again.journal.verify().covered == covered
    assert [row.action for row in again.audit_rows()][6:] == ["answer", "audit.checkpoint"]


def test_a_vault_whose_log_was_changed_opens_and_signs_nothing(
    vault: Vault, folder: Path, sql: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ipse.vault import journal

    monkeypatch.setattr(journal, "EPOCH_ROWS", 3)
    for number in range(6):
        vault.note("answer", {"number": number})
    sql("UPDATE audit SET mac = zeroblob(32) WHERE seq = 4")
    with Vault.open(folder, PASSPHRASE) as again:
        assert again.journal.checkpoints() == []
        with pytest.raises(AuditError, match="row 4"):
            again.journal.checkpoint()
        assert sql("SELECT count(*) FROM epochs") == [(1,)]


def test_a_checkpoint_destroys_the_key_of_its_epoch(vault: Vault, sql: Any) -> None:
    ((before,),) = sql("SELECT key_id FROM epochs")
    secret = vault._parts.keys.one(before).secret
    made = vault.journal.checkpoint()
    assert sql("SELECT key_id FROM epochs WHERE number = 1") == [(None,)]
    assert sql("SELECT count(*) FROM keys WHERE id = ?", before, file="keys.db") == [(0,)]
    assert EpochSecret(secret).public == made.public
    last = list(vault.audit_rows())[-1]
    assert (last.action, last.details) == ("audit.checkpoint", {"epoch": 1, "rows": 1})
    report = vault.journal.verify()
    assert (report.rows, report.checkpoints, report.covered, report.anchored) == (2, 1, 1, None)
    assert report.public_key == made.public


def test_the_public_key_stays_that_of_the_first_epoch(vault: Vault) -> None:
    keys = [vault.journal.verify().public_key]
    for _ in range(3):
        vault.journal.checkpoint()
        keys.append(vault.journal.verify().public_key)
    assert len(set(keys)) == 1
    assert len({checkpoint.public for checkpoint in vault.journal.checkpoints()}) == 3


def test_a_vault_of_before_the_epochs_verifies_and_is_signed_from_its_first_row(
    vault: Vault, folder: Path, sql: Any, messages: Clear
) -> None:
    """What an older version left: rows chained under the vault's own key, and no such table."""
    vault.keep(messages("a", range(3)), source="whatsapp")
    vault.erase("whatsapp")
    vault.note("answer", {})
    before, older = GENESIS, list[tuple[int, bytes, bytes]]()
    for seq, committed in sql("SELECT seq, commitment FROM audit ORDER BY seq"):
        before = chain(vault._parts.chain, before, seq, committed)
        older.append((seq, before, committed))
    vault.close()
    for seq, mac, _ in older:
        sql("UPDATE audit SET mac = ? WHERE seq = ?", mac, seq)
    sql("DROP TABLE epochs")
    sql("UPDATE alembic_version SET version_num = '0001'")
    with Vault.open(folder, PASSPHRASE) as again:
        assert again.journal.verify().rows == 4
        again.note("answer", {})
        assert again.journal.checkpoint().seq == 5
        assert again.journal.verify().covered == 5
        sql("UPDATE audit SET mac = zeroblob(32) WHERE seq = 2")
        with pytest.raises(AuditError, match="row 2"):
            again.verify_audit()


def test_an_erasure_of_before_erasures_named_their_rows_counts_for_all_before_it(
    vault: Vault, sql: Any
) -> None:
    vault.note("answer", {})
    sql("UPDATE audit SET sealed = NULL WHERE seq = 2")
    with pytest.raises(AuditError, match="details of audit row 2 are gone"):
        vault.verify_audit()
    vault.note("erase", {"source": "whatsapp", "records": 3})
    assert vault.verify_audit() == 3
    sql("UPDATE audit SET sealed = NULL WHERE seq = 3")
    with pytest.raises(AuditError, match="row 2"):
        vault.verify_audit()


def test_rows_of_many_erasures_are_each_accounted_for(vault: Vault, messages: Clear) -> None:
    for number in range(12):
        source = ("whatsapp", "gmail", "signal")[number % 5 % 3]
        vault.keep(messages(f"c{number}", [1]), source=source)
    for source in ("gmail", "whatsapp"):
        vault.erase(source)
    told = [row.details.get("erased_rows") for row in vault.audit_rows() if row.action == "erase"]
    assert told == ["3,6,8,11,13", "2,5,7,10,12"]
    assert vault.verify_audit() == 15


def test_a_row_erased_while_the_log_is_read_reads_as_erased(vault: Vault, messages: Clear) -> None:
    vault.keep(messages("a", [1]), source="whatsapp")
    rows = vault.audit_rows()
    assert next(rows).action == "vault.create"
    vault.erase("whatsapp")
    assert next(rows).action == "erased"


def test_details_whose_key_is_missing_are_no_erased_ones(vault: Vault, sql: Any, messages: Clear) -> None:
    vault.keep(messages("a", [1]), source="whatsapp")
    sql("UPDATE audit SET key_id = zeroblob(16) WHERE seq = 2")
    with pytest.raises(AuditError, match="details of audit row 2"):
        list(vault.audit_rows())


@pytest.mark.parametrize("column", ["commitment", "mac", "sealed", "key_id"])
def test_a_value_that_became_text_is_a_changed_row(vault: Vault, sql: Any, column: str) -> None:
    vault.note("answer", {})
    sql(f"UPDATE audit SET {column} = 'text' WHERE seq = 2")
    with pytest.raises(AuditError, match="row 2"):
        vault.verify_audit()


EPOCHS = {
    "no epoch": "DELETE FROM epochs",
    "a first row that is text": "UPDATE epochs SET first = 'x'",
    "a key that is text": "UPDATE epochs SET key_id = 'x' WHERE number = 2",
    "a closed one that is open": "UPDATE epochs SET checkpoint = NULL WHERE number = 1",
    "an open one that is closed": "UPDATE epochs SET checkpoint = x'00' WHERE number = 2",
    "a key that is gone": "UPDATE epochs SET key_id = zeroblob(16) WHERE number = 2",
}


@pytest.mark.parametrize("change", EPOCHS.values(), ids=EPOCHS.keys())
def test_changed_epochs_are_found(vault: Vault, folder: Path, sql: Any, change: str) -> None:
    vault.journal.checkpoint()
    try:
        sql(change)
    except psycopg.errors.InvalidTextRepresentation:
        return  # the server takes no text in a column of numbers
    for verify in (vault.verify_audit, vault.journal.checkpoint, vault.journal.checkpoints):
        with pytest.raises(AuditError, match=r"not as written|older than the keys"):
            verify()
    with Vault.open(folder, PASSPHRASE) as again, pytest.raises(AuditError):
        again.verify_audit()


def test_nothing_is_written_once_the_open_epoch_has_no_key(vault: Vault, sql: Any) -> None:
    sql("UPDATE epochs SET key_id = NULL")
    with pytest.raises(DamagedVaultError):
        vault.note("answer", {})


def test_another_process_writes_on_behind_a_checkpoint(vault: Vault, folder: Path) -> None:
    with Vault.open(folder, PASSPHRASE) as other:
        vault.note("answer", {})
        other.journal.checkpoint()
        vault.note("answer", {})
        other.note("answer", {})
        assert other.verify_audit() == vault.verify_audit() == 5


def test_a_checkpoint_that_fails_changes_nothing(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vault.journal, "_row", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        vault.journal.checkpoint()
    monkeypatch.undo()
    assert vault.journal.checkpoints() == []
    assert vault.journal.checkpoint().epoch == 1
    assert vault.verify_audit() == 2


def test_an_export_holds_every_row_and_nothing_of_what_it_says(vault: Vault, messages: Clear) -> None:
    vault.keep(messages("a", range(3)), source="whatsapp")
    vault.journal.checkpoint()
    vault.note("very.readable.action", {"label": "a-readable-label"})
    raw = b"".join(vault.journal.export())
    held = [json.loads(line) for line in raw.splitlines()]
    assert [one["kind"] for one in held] == [
        "ipse-audit-log", "row", "row", "checkpoint", "row", "row", "checkpoint",
    ]  # fmt: skip
    assert [one["seq"] for one in held if one["kind"] == "row"] == [1, 2, 3, 4]
    assert {key for one in held if one["kind"] == "row" for key in one} == {
        "kind",
        "seq",
        "commitment",
        "mac",
    }
    assert held[0]["public_key"] == held[3]["public"] == vault.journal.verify().public_key
    assert b"readable" not in raw
    assert b"whatsapp" not in raw


def test_details_that_do_not_match_their_commitment_are_found(vault: Vault, sql: Any) -> None:
    from ipse.vault import crypto

    vault.note("answer", {})
    where = crypto.place(vault._parts.vault, "audit", 2, b"")
    sql(
        "UPDATE audit SET sealed = ? WHERE seq = 2", crypto.seal(vault._parts.audit, bytes(16) + b"{}", where)
    )
    with pytest.raises(AuditError, match="details of audit row 2"):
        list(vault.audit_rows())


def test_no_time_action_or_name_is_readable(vault: Vault, folder: Path) -> None:
    vault.note("very.readable.action", {"label": "a-readable-label"})
    files = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b"readable" not in files
    assert str(datetime.now(UTC).year).encode() + b"-" not in files


def test_what_old_rows_say_goes_and_the_chain_stays(vault: Vault) -> None:
    for action in ("answer", "forget.done", "answer"):
        vault.note(action, {"word": "heather"})
    rows = list(vault.audit_rows())
    between = rows[-1].at
    assert between is not None
    vault.note("answer", {"word": "heather"})
    kept = ("forget.", "vault.")
    old = [row.seq for row in rows if not row.action.startswith(kept) and row.at and row.at < between]
    assert vault.journal.older(between, kept) == old
    assert vault.journal.forget_before(between, kept, action="purge.audit") == len(old) > 0
    after = list(vault.audit_rows())
    assert [row.seq for row in after if row.action == "erased"] == old
    assert after[-1].details["rows"] == len(old)
    assert vault.journal.forget_before(between, kept, action="purge.audit") == 0
    vault.journal.checkpoint()
    assert vault.verify_audit() == len(list(vault.audit_rows()))
    assert vault.journal.older(datetime.now(UTC), (*kept, "answer", "audit.")) == []  # such a row stays


def test_details_that_somebody_took_are_not_made_good_by_a_purge(vault: Vault, sql: Any) -> None:
    vault.note("answer", {"word": "heather"})
    sql("UPDATE audit SET sealed = NULL, key_id = NULL WHERE seq = 2")
    with pytest.raises(AuditError, match="no erasure took them"):
        vault.journal.forget_before(datetime.now(UTC), (), action="purge.audit")
