"""Taking records out: what goes, what stays, and that the ciphertext of what went is in no file."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from ipse.errors import DamagedVaultError
from ipse.privacy import gate
from ipse.records import Message, Person, Reaction
from ipse.vault import Cut, Vault
from ipse.vault import catalog as tables

from ..soak import rounds
from .conftest import PASSPHRASE, START
from .stores import SQLITE_ONLY, copied

Clear = Callable[..., list[Any]]
Sql = Callable[..., list[tuple[Any, ...]]]


def ids(vault: Vault, *sources: str) -> dict[str, list[str]]:
    talks = vault.scan(sources=sources or None)
    return {talk.id: [one.id for one in talk.messages] for talk in talks}


def altered(batch: list[Any], **changes: object) -> list[Any]:
    return [gate.Cleared(msgspec.structs.replace(one.record, **changes), gate._SEAL) for one in batch]


def whole(vault: Vault, source: str) -> None:
    """What the ledger says is what is there."""
    there = vault.counts()[source]
    talks = list(vault.scan(sources=[source]))
    events = list(vault.events(sources=[source]))
    assert there["records"] == sum(len(talk.messages) for talk in talks) + len(events)
    assert there["conversations"] == len(talks)


def test_a_conversation_goes_whole_and_can_come_again(vault: Vault, messages: Clear) -> None:
    vault.keep(messages("a", range(600)) + messages("b", range(3)), source="whatsapp")
    cut = Cut(source="whatsapp", conversations=frozenset({"a"}))
    removed = vault.remove_records(cut, action="forget.remove")
    assert (removed.messages, removed.conversations, removed.rewritten) == (600, 1, 0)
    assert removed.names == {"a"}
    assert ids(vault) == {"b": ["b-0", "b-1", "b-2"]}
    assert vault.known(["a-1", "b-1"], source="whatsapp") == {"b-1"}
    whole(vault, "whatsapp")
    assert vault.keep(messages("a", range(4)), source="whatsapp")[:2] == (4, 0)
    assert not vault.measure(Cut(source="whatsapp", conversations=frozenset({"none"})))


def test_measuring_changes_nothing_and_says_the_same(vault: Vault, messages: Clear, sql: Sql) -> None:
    vault.keep(messages("a", range(700)), source="whatsapp")
    before = sql("SELECT * FROM segments")
    cut = Cut(source="whatsapp", people=frozenset({"PERSON_1"}))
    measured = vault.measure(cut)
    assert sql("SELECT * FROM segments") == before
    assert vault.remove_records(cut, action="forget.remove") == measured
    assert (measured.messages, measured.rewritten) == (234, 1)
    assert not vault.measure(cut)


def test_what_a_person_wrote_goes_and_a_mark_stays_where_it_was(vault: Vault, messages: Clear) -> None:
    vault.keep(messages("a", range(7)), source="whatsapp")  # 0, 3 and 6 are PERSON_1's
    vault.remove_records(Cut(source="whatsapp", people=frozenset({"PERSON_1"})), action="forget.remove")
    (talk,) = vault.scan()
    shown = [(one.id if one.sender.name else "mark", one.content_type) for one in talk.messages]
    assert shown == [("a-1", "text"), ("a-2", "text"), ("mark", "deleted"), ("a-4", "text"), ("a-5", "text")]
    mark, before = talk.messages[2], talk.messages[1]
    assert (mark.sender.name, mark.text, mark.at) == ("", "", before.at)
    whole(vault, "whatsapp")


def test_the_owners_own_message_under_a_contacts_name_stays(vault: Vault, messages: Clear) -> None:
    own = altered(messages("a", [3]), direction="outbound")
    vault.keep(own + messages("a", [6]), source="whatsapp")
    vault.remove_records(Cut(source="whatsapp", people=frozenset({"PERSON_1"})), action="forget.remove")
    assert ids(vault) == {"a": ["a-3"]}


def test_a_person_is_left_out_of_what_others_wrote(vault: Vault, messages: Clear) -> None:
    gone, other = Person("PERSON_1"), Person("PERSON_2")
    batch = altered(
        messages("a", [1]),
        participants=(Person("me"), gone, other),
        mentions=(gone,),
        reactions=(Reaction("!", gone), Reaction("?", other)),
    )
    vault.keep(batch + messages("b", [1]), source="whatsapp")
    removed = vault.remove_records(
        Cut(source="whatsapp", people=frozenset({"PERSON_1"})), action="forget.remove"
    )
    assert (removed.messages, removed.rewritten, list(removed.names)) == (0, 1, ["a"])
    (message,) = next(iter(vault.scan())).messages
    assert message.participants == (Person("me"), other)
    assert (message.mentions, message.reactions) == ((), (Reaction("?", other),))


def test_what_answered_a_message_that_went_answers_its_mark(vault: Vault, messages: Clear) -> None:
    answer = altered(messages("a", [5]), reply_to="a-2")
    stays = altered(messages("a", [4]), reply_to="a-1")
    vault.keep(messages("a", [1, 2]) + stays + answer, source="whatsapp")
    vault.remove_records(Cut(source="whatsapp", messages=frozenset({"a-2"})), action="forget.remove")
    (talk,) = vault.scan()
    first, mark, fourth, fifth = talk.messages
    assert (fourth.reply_to, fifth.reply_to) == (first.id, mark.id)
    assert mark.id != "a-2"


def test_older_ones_leave_no_mark_and_nothing_but_marks_is_nothing(vault: Vault, messages: Clear) -> None:
    vault.keep(messages("a", range(10)) + messages("old", [0, 1]), source="whatsapp")
    cut = Cut(source="whatsapp", messages_before=START + timedelta(minutes=4))
    assert vault.remove_records(cut, action="purge.remove").conversations == 1
    assert ids(vault) == {"a": [f"a-{n}" for n in range(4, 10)]}
    mark = altered(messages("m", [1]), sender=Person(""), text="", content_type="deleted")
    vault.keep(mark + messages("m", [2]), source="whatsapp")
    vault.remove_records(Cut(source="whatsapp", messages=frozenset({"m-2"})), action="forget.remove")
    assert "m" not in ids(vault)
    whole(vault, "whatsapp")


def test_older_events_go(vault: Vault, events: Clear, messages: Clear) -> None:
    vault.keep(events(range(10)) + messages("a", [1]), source="window")
    cut = Cut(source="window", events_before=datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=4))
    removed = vault.remove_records(cut, action="purge.remove")
    assert (removed.events, removed.messages, removed.rewritten) == (4, 0, 0)
    assert [event.key for event in vault.events()] == [f"e{n}" for n in range(4, 10)]
    whole(vault, "window")
    later = Cut(source="window", events_before=datetime(1970, 1, 2, tzinfo=UTC))
    assert vault.remove_records(later, action="purge.remove").events == 6
    assert list(vault.events()) == []
    whole(vault, "window")


def test_a_source_that_is_not_there_loses_nothing(vault: Vault) -> None:
    cut = Cut(source="nowhere", conversations=frozenset({"a"}))
    rows = vault.verify_audit()
    assert not vault.measure(cut)
    assert not vault.remove_records(cut, action="forget.remove")
    assert vault.verify_audit() == rows


@SQLITE_ONLY  # SQLite wipes what it deletes; of a server see test_postgresql
def test_old_ciphertext_and_keys_are_in_no_file(
    vault: Vault, folder: Path, messages: Clear, sql: Sql
) -> None:
    vault.keep(messages("a", range(20)) + messages("b", range(20)), source="whatsapp")

    def pieces() -> set[bytes]:
        found = sql("SELECT sealed FROM segments") + sql("SELECT sealed FROM conversations")
        found += sql("SELECT wrapped FROM keys", file="keys.db")
        return {bytes(row[0])[:64] for row in found}

    def on_disk() -> bytes:
        return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())

    before = pieces()
    assert all(piece in on_disk() for piece in before)  # the search finds what is there
    vault.remove_records(Cut(source="whatsapp", messages=frozenset({"a-3"})), action="forget.remove")
    gone = before - pieces()
    assert len(gone) == 3  # the segment, the manifest and the key of one conversation
    left = on_disk()
    assert [piece for piece in gone if piece in left] == []


def test_a_reader_meanwhile_sees_what_is_there_now(vault: Vault, messages: Clear) -> None:
    vault.keep(messages("first", [1]), source="gmail")
    names = [f"m{n}" for n in range(1100)]
    vault.keep([one for name in names for one in messages(name, [1, 2])], source="whatsapp")
    scan = vault.scan()
    assert next(scan).id == "first"
    assert next(scan).id == "m0"
    gone = frozenset({"m1", "m700", "m1099"})
    vault.remove_records(
        Cut(source="whatsapp", conversations=gone, messages=frozenset({"m2-1", "m701-1"})),
        action="forget.remove",
    )
    rest = {talk.id: [one.id for one in talk.messages] for talk in scan}
    # The page at hand was read before; all that is read later is as it is now.
    assert {"m700", "m1099"} & set(rest) == set()
    assert rest["m701"] == ["m701-2"]
    assert len(rest) in (1096, 1097)


def test_a_page_whose_conversations_change_while_it_is_read(vault: Vault, messages: Clear) -> None:
    for name in ("a", "b", "c"):
        vault.keep(messages(name, [1, 2]), source="whatsapp")
    scanner, streams = vault._scanner, vault._scanner._streams
    with vault._parts.catalog.read() as db:
        home = vault._sources.find(db, "whatsapp")
        assert home is not None
        page = streams.now(home, streams.rows(db, home))
    vault.remove_records(
        Cut(source="whatsapp", conversations=frozenset({"b"}), messages=frozenset({"a-1"})),
        action="forget.remove",
    )
    assert [stream.manifest.name for stream, _ in scanner._page(home, page)] == ["a", "c"]
    with vault._parts.catalog.write() as db:
        db.execute(sa.update(tables.segments).values(sealed=b"x"))
    with pytest.raises(DamagedVaultError):
        list(scanner._page(home, page))


def test_a_missing_key_is_damage_where_nothing_was_erased(vault: Vault, messages: Clear, sql: Sql) -> None:
    vault.keep(messages("a", [1]), source="whatsapp")
    ((key,),) = sql("SELECT key_id FROM conversations")
    sql("DELETE FROM keys WHERE id = ?", key, file="keys.db")
    with pytest.raises(DamagedVaultError, match="key of the vault is missing"):
        list(vault.scan())


@SQLITE_ONLY  # the size of its file; of a server see test_postgresql
def test_room_is_given_back_where_it_is_much(vault: Vault, folder: Path, messages: Clear) -> None:
    vault.keep(messages("a", range(900), text="x" * 3000) + messages("b", [1]), source="whatsapp")
    assert not vault.compact()
    vault.remove_records(Cut(source="whatsapp", conversations=frozenset({"a"})), action="forget.remove")
    before = (folder / "catalog.db").stat().st_size
    assert vault.compact()
    assert (folder / "catalog.db").stat().st_size < before / 4
    assert (folder / "catalog.db-wal").stat().st_size == 0
    assert ids(vault) == {"b": ["b-1"]}


def test_others_wait_while_one_writes(vault: Vault, messages: Clear) -> None:
    with vault.exclusive():
        assert vault.keep(messages("a", [1]), source="whatsapp").kept == 1


CHILD = """
import sys
from pathlib import Path
from ipse.vault import Cut, Vault

vault = Vault.open(Path(sys.argv[1]), sys.argv[2])
print("open", flush=True)
vault.remove_records(Cut(source="whatsapp", people=frozenset({"PERSON_1"})), action="forget.remove")
print("done", flush=True)
"""


def test_killed_at_any_moment_all_of_a_cut_happened_or_nothing(
    vault: Vault, folder: Path, messages: Clear, tmp_path: Path, engine: str
) -> None:
    import shutil

    for n in range(12):
        vault.keep(messages(f"c{n}", range(300), text="y" * 60), source="whatsapp")
    vault.close()
    rng, outcomes = random.Random(11), set()
    for turn in range(rounds(5 if engine == "sqlite" else 2, 200)):
        copy = tmp_path / f"copy{turn}"
        copied(folder, copy)
        process = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(copy), PASSPHRASE], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        time.sleep(rng.uniform(0, 0.25))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        with Vault.open(copy, PASSPHRASE) as again:
            theirs = sum(one.sender.name == "PERSON_1" for talk in again.scan() for one in talk.messages)
            own = sum(one.sender.name == "me" for talk in again.scan() for one in talk.messages)
            whole(again, "whatsapp")
            assert again.verify_audit() > 0
        assert own == 12 * 200
        assert theirs in (0, 12 * 100)
        outcomes.add(theirs)
        shutil.rmtree(copy)
    assert outcomes <= {0, 1200}


def test_a_message_of_another_kind_is_not_taken_for_a_record_of_the_same_id(
    vault: Vault, messages: Clear
) -> None:
    vault.keep(messages("a", [1, 2]), source="whatsapp")
    vault.keep(messages("a", [1, 2]), source="gmail")
    vault.remove_records(Cut(source="gmail", messages=frozenset({"a-1"})), action="forget.remove")
    assert ids(vault, "whatsapp") == {"a": ["a-1", "a-2"]}
    assert ids(vault, "gmail") == {"a": ["a-2"]}
    assert isinstance(next(iter(vault.scan())).messages[0], Message)


def test_a_source_erased_between_its_row_and_its_ledger_simply_ends(
    vault: Vault, messages: Clear, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.keep(messages("a", [1]), source="whatsapp")
    vault.keep(messages("m", [1]), source="gmail")
    sources = vault._scanner._sources
    find = sources.at

    def late(db: sa.Connection, home: Any) -> Any:
        row = find(db, home)
        if row is not None and home.position == 1:
            monkeypatch.setattr(sources, "at", find)
            vault.erase("whatsapp")
        return row

    monkeypatch.setattr(sources, "at", late)
    assert ids(vault) == {"m": ["m-1"]}
