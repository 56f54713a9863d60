"""The audit log in the vault: sealed, chained, and valid after an erasure."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ipse.errors import AuditError
from ipse.vault import Vault

Clear = Callable[..., list[Any]]


def test_rows_say_what_happened_and_when(vault: Vault, messages: Clear) -> None:
    vault.keep(messages("a", range(3)), source="whatsapp")
    vault.keep(messages("a", range(4)), source="whatsapp")
    entries = list(vault.audit_rows())
    assert [entry.seq for entry in entries] == [1, 2, 3]
    assert [entry.action for entry in entries] == ["vault.create", "import.keep", "import.keep"]
    assert entries[2].details == {"source": "whatsapp", "kept": 1, "duplicates": 3}
    now = datetime.now(UTC)
    assert all(entry.at is not None and now - timedelta(minutes=5) < entry.at <= now for entry in entries)


def test_erasing_a_source_takes_its_details_and_leaves_the_chain_valid(vault: Vault, messages: Clear) -> None:
    vault.keep(messages("a", range(3)), source="whatsapp")
    vault.note("export", {"source": "whatsapp", "file": "x"})
    vault.note("export", {"source": "gmail"})
    vault.erase("whatsapp")
    entries = list(vault.audit_rows())
    assert [entry.action for entry in entries] == ["vault.create", "erased", "erased", "export", "erase"]
    assert (entries[1].at, entries[1].details) == (None, {})
    assert entries[4].details == {"source": "whatsapp", "records": 3}
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


ATTACKS = {
    "a commitment": "UPDATE audit SET commitment = zeroblob(32) WHERE seq = 3",
    "a mac": "UPDATE audit SET mac = zeroblob(32) WHERE seq = 3",
    "a row dropped": "DELETE FROM audit WHERE seq = 3",
    "sealed details": "UPDATE audit SET sealed = zeroblob(99) WHERE seq = 3",
    "details of another row": (
        "UPDATE audit AS a SET sealed = b.sealed FROM audit AS b WHERE b.seq = a.seq + 1 AND a.seq = 3"
    ),
    "erased and renumbered": "UPDATE audit SET seq = -3 WHERE seq = 3",
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_what_somebody_changed_in_the_log_is_found_and_named(vault: Vault, sql: Any, attack: str) -> None:
    for number in range(5):
        vault.note("answer", {"number": number})
    assert vault.verify_audit() == 6
    sql(attack)
    with pytest.raises(AuditError, match="row 3"):
        vault.verify_audit()


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
