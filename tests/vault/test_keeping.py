"""Keeping, scanning and erasing records."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ipse.errors import DamagedVaultError, PrivacyError
from ipse.records import Message
from ipse.vault import Vault

from .stores import SQLITE_ONLY

Clear = Callable[..., list[Any]]
PASSPHRASE = "correct horse"


def kept(vault: Vault, source: str | None = None) -> dict[str, list[str]]:
    found = vault.scan(sources=None if source is None else {source})
    return {conversation.id: [message.id for message in conversation.messages] for conversation in found}


def test_what_is_kept_comes_back_equal_after_reopening(vault: Vault, folder: Path, messages: Clear) -> None:
    batch = messages("a", range(3)) + messages("b", range(2))
    assert vault.keep(batch, source="whatsapp")[:2] == (5, 0)
    vault.close()
    with Vault.open(folder, PASSPHRASE) as again:
        found = list(again.scan())
    assert [(one.id, one.source) for one in found] == [("a", "whatsapp"), ("b", "whatsapp")]
    assert [one for conversation in found for one in conversation.messages] == [one.record for one in batch]


def test_a_batch_says_which_records_are_new(vault: Vault, messages: Clear, events: Clear) -> None:
    vault.keep(messages("a", [1]), source="whatsapp")
    kept = vault.keep(messages("a", [1, 2]) + events([3]), source="whatsapp")
    assert (kept.kept, kept.duplicates, sorted(kept.new)) == (2, 1, ["a-2"])
    assert [one.key for one in kept.new_events] == ["e3"]


def test_keeping_twice_adds_nothing(vault: Vault, messages: Clear) -> None:
    vault.keep(messages("a", range(1500)), source="whatsapp")
    before = vault.counts()
    assert vault.keep(messages("a", range(1490, 1510)), source="whatsapp")[:2] == (10, 10)
    assert vault.keep(messages("a", range(1500)), source="whatsapp")[:2] == (0, 1500)
    assert vault.counts()["whatsapp"]["records"] == before["whatsapp"]["records"] + 10


def test_a_record_twice_in_one_batch_is_kept_once(vault: Vault, messages: Clear) -> None:
    assert vault.keep(messages("a", [1, 2, 1]), source="whatsapp")[:2] == (2, 1)
    assert kept(vault) == {"a": ["a-1", "a-2"]}


def test_the_same_id_from_two_sources_is_two_records(vault: Vault, messages: Clear) -> None:
    assert vault.keep(messages("a", [1]), source="whatsapp")[:2] == (1, 0)
    assert vault.keep(messages("a", [1]), source="gmail")[:2] == (1, 0)
    assert [(one.id, one.source) for one in vault.scan()] == [("a", "whatsapp"), ("a", "gmail")]


def test_an_empty_batch_changes_nothing(vault: Vault) -> None:
    rows = vault.verify_audit()
    assert vault.keep([], source="whatsapp")[:2] == (0, 0)
    assert (vault.counts(), vault.verify_audit()) == ({}, rows)


def test_a_record_that_no_gate_cleared_is_refused_with_its_whole_batch(vault: Vault, messages: Clear) -> None:
    batch = [*messages("a", [1]), messages("a", [2])[0].record]
    with pytest.raises(PrivacyError, match="only what the gate cleared"):
        vault.keep(batch, source="whatsapp")
    assert kept(vault) == {}


def test_a_conversation_grows_over_many_batches_and_comes_back_by_time(vault: Vault, messages: Clear) -> None:
    numbers = list(range(1200))
    for first in (600, 0, 900, 300):  # an older export imported after a newer one
        vault.keep(messages("a", numbers[first : first + 300]), source="whatsapp")
    (conversation,) = vault.scan()
    assert [one.id for one in conversation.messages] == [f"a-{number}" for number in numbers]


def test_messages_of_one_moment_come_back_in_the_order_kept(vault: Vault, messages: Clear) -> None:
    from datetime import UTC, datetime

    import msgspec

    from ipse.privacy import gate

    at = datetime(2026, 1, 1, tzinfo=UTC)
    moved = [
        gate.Cleared(msgspec.structs.replace(one.record, at=at), gate._SEAL)
        for one in messages("a", [5, 3, 9, 1])
    ]
    vault.keep(moved[:2], source="whatsapp")
    vault.keep(moved[2:], source="whatsapp")
    assert kept(vault) == {"a": ["a-5", "a-3", "a-9", "a-1"]}


def test_many_conversations_and_one_larger_than_a_page_come_back_whole(vault: Vault, messages: Clear) -> None:
    long = "x" * 9_000
    expected = {f"c{n}": [f"c{n}-{m}" for m in (1, 2)] for n in range(1100)}
    vault.keep([one for name in expected for one in messages(name, (1, 2))], source="gmail")
    for name in ("big", "bigger"):
        vault.keep(messages(name, range(300), text=long), source="gmail")
        expected[name] = [f"{name}-{number}" for number in range(300)]
    assert kept(vault) == expected
    assert list(kept(vault)) == list(expected)


def test_counts_and_scan_go_by_source(vault: Vault, messages: Clear, events: Clear) -> None:
    vault.keep(messages("a", range(4)) + messages("b", range(2)), source="whatsapp")
    vault.keep(messages("m", range(3)) + events(range(5)), source="gmail")
    counts = vault.counts()
    assert {name: (of["records"], of["conversations"]) for name, of in counts.items()} == {
        "whatsapp": (6, 2),
        "gmail": (8, 1),
    }
    assert all(of["bytes"] > 20 * of["records"] for of in counts.values())
    assert set(kept(vault, "whatsapp")) == {"a", "b"}
    assert set(kept(vault, "gmail")) == {"m"}
    assert kept(vault, "nowhere") == {}


def test_events_come_back_by_time(vault: Vault, events: Clear, messages: Clear) -> None:
    vault.keep(events([3, 1, 2]) + messages("a", [1]), source="window")
    assert vault.keep(events([2, 7]), source="window")[:2] == (1, 1)
    assert [event.key for event in vault.events()] == ["e1", "e2", "e3", "e7"]
    assert list(vault.events(sources={"gmail"})) == []


def test_erasing_a_source_takes_all_of_it_and_nothing_else(
    vault: Vault, folder: Path, messages: Clear, events: Clear
) -> None:
    vault.keep(messages("a", range(300)) + events(range(2)), source="whatsapp")
    vault.keep(messages("m", range(2)), source="gmail")
    assert vault.erase("whatsapp") == 302
    assert kept(vault) == {"m": ["m-0", "m-1"]}
    assert list(vault.events()) == []
    assert list(vault.counts()) == ["gmail"]
    vault.close()
    with Vault.open(folder, PASSPHRASE) as again:
        assert kept(again) == {"m": ["m-0", "m-1"]}
        assert again.keep(messages("a", range(3)), source="whatsapp")[:2] == (3, 0)


def test_erasing_what_was_never_kept_does_nothing(vault: Vault) -> None:
    rows = vault.verify_audit()
    assert vault.erase("whatsapp") == 0
    assert vault.verify_audit() == rows


@SQLITE_ONLY  # SQLite wipes what it deletes; of a server see test_postgresql
def test_erased_ciphertext_and_keys_are_in_no_file(
    vault: Vault, folder: Path, messages: Clear, sql: Any
) -> None:
    vault.keep(messages("a", range(20)), source="whatsapp")
    vault.keep(messages("m", range(20)), source="gmail")

    def pieces(table: str, file: str = "catalog.db") -> list[bytes]:
        column = "wrapped" if table == "keys" else "sealed"
        return [bytes(row[0])[:64] for row in sql(f"SELECT {column} FROM {table}", file=file)]

    def on_disk() -> bytes:
        return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())

    before = pieces("segments") + pieces("conversations") + pieces("sources") + pieces("keys", "keys.db")
    assert all(piece in on_disk() for piece in before)  # the search finds what is there
    vault.erase("whatsapp")
    after = pieces("segments") + pieces("conversations") + pieces("sources") + pieces("keys", "keys.db")
    gone = set(before) - set(after)
    assert len(gone) == 5  # a segment, a conversation, a source, and the keys of the last two
    left = on_disk()
    assert not any(piece in left for piece in gone)


def test_a_source_can_be_erased_although_its_ciphertext_is_damaged(
    vault: Vault, messages: Clear, sql: Any
) -> None:
    vault.keep(messages("a", range(3)), source="whatsapp")
    sql("UPDATE segments SET sealed = x'00'")
    sql("UPDATE sources SET sealed = x'00'")
    with pytest.raises(DamagedVaultError):
        list(vault.scan())
    assert vault.erase("whatsapp") == 3
    assert kept(vault) == {}


def test_an_erasure_cut_short_is_finished_at_the_next_opening(
    vault: Vault, folder: Path, messages: Clear, sql: Any
) -> None:
    vault.keep(messages("a", range(3)), source="whatsapp")
    ((doomed,),) = sql("SELECT key_id FROM sources")
    keys = sql("SELECT count(*) FROM keys", file="keys.db")
    # What a process leaves that is killed after deleting the rows and before destroying the keys.
    for table in ("segments", "conversations", "seen", "sources"):
        sql(f"DELETE FROM {table}")
    with vault._parts.catalog.write() as db:
        gone = vault.journal.forget(db, doomed)
        vault.journal.append(db, "erase", {"source": "whatsapp", "erased_rows": gone})
    sql("INSERT INTO shreds VALUES (?)", doomed)
    vault.close()
    with Vault.open(folder, PASSPHRASE) as again:
        assert again.verify_audit() > 0
    assert sql("SELECT count(*) FROM keys", file="keys.db") == [(keys[0][0] - 2,)]
    assert sql("SELECT count(*) FROM shreds") == [(0,)]


def test_a_scan_ends_where_a_source_is_erased_in_its_midst(vault: Vault, messages: Clear) -> None:
    vault.keep(messages("a", [1]), source="whatsapp")
    vault.keep([one for number in range(1100) for one in messages(f"m{number}", [1])], source="gmail")
    scan = vault.scan()
    assert next(scan).id == "a"
    assert next(scan).id == "m0"
    vault.erase("gmail")
    rest = [one.id for one in scan]
    assert rest[:2] == ["m1", "m2"]  # the page at hand
    assert len(rest) < 1099


def test_a_source_erased_before_the_scan_reaches_it_is_left_out(vault: Vault, messages: Clear) -> None:
    vault.keep(messages("a", [1]), source="whatsapp")
    vault.keep(messages("m", [1]), source="gmail")
    scan = vault.scan()
    assert next(scan).id == "a"
    vault.erase("gmail")
    assert list(scan) == []


def test_a_source_erased_between_its_row_and_its_key_is_no_damage(vault: Vault, messages: Clear) -> None:
    import sqlalchemy as sa

    from ipse.vault import catalog as tables

    vault.keep(messages("a", [1]), source="whatsapp")
    with vault._parts.catalog.read() as db:
        rows = db.execute(sa.select(tables.sources)).all()
    vault.erase("whatsapp")
    assert vault._sources.present(rows) == []


def test_what_is_added_during_a_scan_does_not_disturb_it(vault: Vault, messages: Clear) -> None:
    vault.keep(messages("a", [1]) + messages("b", [1]), source="whatsapp")
    scan = vault.scan()
    assert next(scan).id == "a"
    vault.keep(messages("b", [2]) + messages("c", [1]), source="whatsapp")
    assert [[one.id for one in conversation.messages] for conversation in scan] == [["b-1"]]
    assert kept(vault) == {"a": ["a-1"], "b": ["b-1", "b-2"], "c": ["c-1"]}


def test_two_open_vaults_see_each_others_records(vault: Vault, folder: Path, messages: Clear) -> None:
    with Vault.open(folder, PASSPHRASE) as other:
        vault.keep(messages("a", [1]), source="whatsapp")
        assert other.keep(messages("a", [1, 2]), source="whatsapp")[:2] == (1, 1)
        assert kept(vault) == kept(other) == {"a": ["a-1", "a-2"]}
        vault.erase("whatsapp")
        assert kept(other) == {}


def test_a_message_keeps_every_field(vault: Vault) -> None:
    from datetime import UTC, datetime

    from ipse.privacy import gate
    from ipse.records import Person

    full = Message(
        id="1",
        conversation="c",
        platform="gmail",
        at=datetime(2026, 1, 1, tzinfo=UTC),
        sender=Person("PERSON_1", "x"),
        text="t",
        direction="outbound",
        raw="r",
        participants=(Person("me"), Person("PERSON_1")),
        group=True,
        content_type="media",
        subject="s",
        reply_to="0",
        account="a",
        attachments=("<FILE.jpg>",),
        lang="de",
        automatic=True,
        forwarded=True,
        edited=True,
    )
    vault.keep([gate.Cleared(full, gate._SEAL)], source="gmail")
    ((back,),) = [conversation.messages for conversation in vault.scan()]
    assert back == full
