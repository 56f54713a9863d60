"""Encrypted Android backups, written here as the app does: whole, damaged, cut, of old and new apps."""

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipse.errors import IpseError, SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions
from ipse.records import Message, Person, Unreadable
from ipse.sources.signal import cipher
from ipse.sources.signal.database import Database
from ipse.sources.signal.source import Signal
from ipse.sources.signal.statements import Created, Inserted, Statements
from ipse.sources.signal.wire import fields, first

from ..soak import rounds
from .signal_backups import DIGITS, IV, BackupWriter, field, parameter

DAY = 1_700_000_000_000
PUSH = 0xA00000
SENT, RECEIVED = PUSH | 23, PUSH | 20
MESSAGE = (
    "CREATE TABLE message (_id INTEGER PRIMARY KEY AUTOINCREMENT, date_sent INTEGER NOT NULL, "
    "date_received INTEGER, thread_id INTEGER NOT NULL REFERENCES thread (_id) ON DELETE CASCADE, "
    "from_recipient_id INTEGER, to_recipient_id INTEGER, type INTEGER, body TEXT, "
    "quote_id INTEGER DEFAULT 0, quote_author INTEGER DEFAULT 0, view_once INTEGER DEFAULT 0, "
    "remote_deleted INTEGER DEFAULT 0, "
    "story_type INTEGER DEFAULT 0, latest_revision_id INTEGER DEFAULT NULL, original_message_id INTEGER, "
    "revision_number INTEGER DEFAULT 0, shared_contacts TEXT, UNIQUE (date_sent, thread_id))"
)
TABLES = (
    """CREATE TABLE recipient (_id INTEGER PRIMARY KEY, aci TEXT UNIQUE, e164 TEXT, group_id TEXT,
    nickname_joined_name TEXT, system_joined_name TEXT, profile_given_name TEXT, profile_family_name TEXT,
    profile_joined_name TEXT, username TEXT)""",
    "CREATE TABLE thread (_id INTEGER PRIMARY KEY, recipient_id INTEGER)",
    """CREATE TABLE groups (_id INTEGER PRIMARY KEY, group_id TEXT, recipient_id INTEGER, title TEXT,
    master_key BLOB)""",
    "CREATE TABLE group_membership (_id INTEGER PRIMARY KEY, group_id TEXT, recipient_id INTEGER)",
    MESSAGE,
    """CREATE TABLE attachment (_id INTEGER PRIMARY KEY, message_id INTEGER, content_type TEXT,
    file_name TEXT, quote INTEGER DEFAULT 0, sticker_pack_id TEXT DEFAULT NULL)""",
    "CREATE TABLE reaction (_id INTEGER PRIMARY KEY, message_id INTEGER, author_id INTEGER, emoji TEXT)",
    """CREATE TABLE mention (_id INTEGER PRIMARY KEY, message_id INTEGER, recipient_id INTEGER,
    range_start INTEGER, range_length INTEGER)""",
    "CREATE VIRTUAL TABLE message_fts USING fts5(body)",
    "CREATE TABLE sqlite_sequence(name,seq)",
    "CREATE INDEX message_date ON message (date_sent)",
    "CREATE TRIGGER message_gone AFTER DELETE ON message BEGIN DELETE FROM mention; END",
)


@pytest.fixture(autouse=True)
def quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stretch the key twice, not 250,000 times, but where that is what is tested."""
    if "slow_key" not in request.node.name:
        monkeypatch.setattr(cipher, "_ROUNDS", 2)


def started(version: int = 1, iv: bytes = IV, key_rounds: int = 2) -> BackupWriter:
    backup = BackupWriter(version, iv=iv, rounds=key_rounds)
    for table in TABLES:
        backup.sql(table)
    backup.insert("recipient", _id=1, aci="AAAAAAAA-0000-4000-8000-000000000001", e164="+15550000001",
                  profile_joined_name="Noor Haas")  # fmt: skip
    backup.insert("recipient", _id=2, aci="aaaaaaaa-0000-4000-8000-000000000002", e164="+15550000002",
                  nickname_joined_name="Id", system_joined_name="Ida Berg",
                  profile_given_name="Ida B.")  # fmt: skip
    backup.insert("recipient", _id=3, aci="aaaaaaaa-0000-4000-8000-000000000003", profile_given_name="Ole",
                  profile_family_name="Dahl")  # fmt: skip
    backup.insert("recipient", _id=4, group_id="__signal_group__v2__!ab")
    backup.insert("groups", _id=1, group_id="__signal_group__v2__!ab", recipient_id=4, title="Boat club",
                  master_key=bytes(range(32)))  # fmt: skip
    for number, member in enumerate((1, 2, 3)):
        backup.insert("group_membership", _id=number, group_id="__signal_group__v2__!ab", recipient_id=member)
    backup.insert("thread", _id=1, recipient_id=2)
    backup.insert("thread", _id=2, recipient_id=4)
    backup.setting("account.aci", "aaaaaaaa-0000-4000-8000-000000000001".upper())
    return backup


def say(backup: BackupWriter, number: int, body: str | None, who: int = 2, **more: Any) -> None:
    cells = {
        "_id": number,
        "date_sent": DAY + number * 60_000,
        "thread_id": 1,
        "from_recipient_id": who,
        "type": SENT if who == 1 else RECEIVED,
        "body": body,
        **more,
    }
    backup.insert("message", **cells)


def items(folder: Path, data: bytes, passphrase: str = DIGITS) -> list[Message | Unreadable]:
    path = folder / "signal-2023-11-15.backup"
    path.write_bytes(data)
    export = ExportPath.at(path)
    assert Signal().recognizes(export)
    found = list(Signal().read(export, ReadOptions(passphrase=passphrase)))
    assert Signal().survey(export, ReadOptions(passphrase=passphrase)).units == len(found)
    return found


def messages(folder: Path, data: bytes) -> list[Message]:
    found = items(folder, data)
    assert [one for one in found if isinstance(one, Unreadable)] == []
    return [one for one in found if isinstance(one, Message)]


def one(folder: Path, fill: Callable[[BackupWriter], None]) -> Message:
    backup = started()
    fill(backup)
    return messages(folder, backup.end())[-1]


def small(version: int = 1, iv: bytes = IV) -> BackupWriter:
    backup = started(version, iv)
    for number, body in enumerate(("is the sail dry?", "yes", "then come"), 1):
        say(backup, number, body, who=1 if number == 2 else 2)
    return backup


# --- opening ---


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize("iv", [IV, b"\xff\xff\xff\xfe" + bytes(12)], ids=["", "counter wraps"])
def test_both_versions_are_read(tmp_path: Path, version: int, iv: bytes) -> None:
    found = messages(tmp_path, small(version, iv).end())
    assert [(message.text, message.direction) for message in found] == [
        ("is the sail dry?", "inbound"),
        ("yes", "outbound"),
        ("then come", "inbound"),
    ]
    assert found[1].sender == Person("Noor Haas", "+15550000001")
    assert found[0].participants == (Person("Id", "+15550000002"), found[1].sender)
    assert found[0].at.timestamp() * 1000 == DAY + 60_000


def test_the_slow_key_is_the_apps_own(tmp_path: Path) -> None:
    backup = started(key_rounds=250_000)
    say(backup, 1, "hello")
    path = tmp_path / "a.backup"
    path.write_bytes(backup.end())
    (found,) = Signal().read(ExportPath.at(path), ReadOptions(passphrase=DIGITS))
    assert isinstance(found, Message)
    assert found.text == "hello"


@pytest.mark.parametrize(
    "written",
    [
        "12345 12345 12345 12345 12345 12345",
        "12345-12345-12345\n12345 12345 12345\n",
        "\ufeff１２３４５ 12345 12345 12345 12345 12345",
    ],
)
def test_separators_in_the_passphrase_do_not_matter(tmp_path: Path, written: str) -> None:
    assert len(items(tmp_path, small().end(), written)) == 3


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "no passphrase was given.*--passphrase-file.*--passphrase"),
        (" - ", "no passphrase was given"),
        ("12345 12345", "30 digits; the one given has 10"),
        ("1" * 31, "the one given has 31"),
        ("my cat is called Tom", "holds other characters"),
        ("a1b2" * 16, "recovery key of 64 characters"),
        ("54321" * 6, "the passphrase does not open it"),
    ],
)
@pytest.mark.parametrize("version", [0, 1])
def test_a_passphrase_that_cannot_be_is_told(tmp_path: Path, version: int, written: str, said: str) -> None:
    path = tmp_path / "a.backup"
    path.write_bytes(small(version).end())
    with pytest.raises(SourceError) as error:
        Signal().survey(ExportPath.at(path), ReadOptions(passphrase=written))
    assert re.search(said, str(error.value))
    assert written.strip(" -") == "" or written not in str(error.value)


def test_an_unknown_version_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.backup"
    path.write_bytes(BackupWriter(7, rounds=2).end())
    assert Signal().recognizes(ExportPath.at(path))
    with pytest.raises(SourceError, match="version 7"):
        list(Signal().read(ExportPath.at(path), ReadOptions(passphrase=DIGITS)))


# --- damage ---


@pytest.mark.parametrize("version", [0, 1])
def test_one_damaged_frame_costs_that_frame_alone(tmp_path: Path, version: int) -> None:
    backup = small(version)
    data = bytearray(backup.end())
    place = backup.starts[-3]  # the second message
    data[place + 20] ^= 4
    found = items(tmp_path, bytes(data))
    bad = found[0]
    assert isinstance(bad, Unreadable)
    assert bad.position == f"frame {len(backup.starts) - 2}"
    assert "bad MAC" in bad.reason
    assert [one.text for one in found if isinstance(one, Message)] == ["is the sail dry?", "then come"]


@pytest.mark.parametrize("version", [0, 1])
def test_a_damaged_length_ends_the_reading_and_keeps_what_came_before(tmp_path: Path, version: int) -> None:
    backup = small(version)
    data = bytearray(backup.end())
    data[backup.starts[-3]] ^= 0x40
    found = items(tmp_path, bytes(data))
    assert isinstance(found[0], Unreadable)
    assert "length" in found[0].reason
    assert [one.text for one in found if isinstance(one, Message)] == ["is the sail dry?"]


@pytest.mark.parametrize("version", [0, 1])
def test_two_damaged_frames_in_a_row_end_the_reading(tmp_path: Path, version: int) -> None:
    backup = small(version)
    data = bytearray(backup.end())
    for place in backup.starts[-4:-2]:
        data[place + 20] ^= 4
    found = items(tmp_path, bytes(data))
    assert [type(one) for one in found] == [Unreadable, Unreadable]
    assert isinstance(found[1], Unreadable)
    assert "from here on" in found[1].reason


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize("cut", ["before the end frame", "within a frame", "within the MAC"])
def test_a_backup_cut_short_says_so_and_keeps_the_rest(tmp_path: Path, version: int, cut: str) -> None:
    backup = small(version)
    data = backup.end()
    at = {"before the end frame": -1, "within a frame": -2, "within the MAC": -1}[cut]
    length = backup.starts[at] + {"before the end frame": 0, "within a frame": 30, "within the MAC": -3}[cut]
    found = items(tmp_path, data[:length])
    assert isinstance(found[0], Unreadable)
    assert "cut short" in found[0].reason
    texts = [one.text for one in found if isinstance(one, Message)]
    assert texts == ["is the sail dry?", "yes", "then come"][: 3 if cut == "before the end frame" else 2]


def test_a_header_alone_is_cut_short(tmp_path: Path) -> None:
    (found,) = items(tmp_path, BackupWriter(rounds=2).data)
    assert isinstance(found, Unreadable)
    assert "cut short" in found.reason


def test_a_damaged_picture_costs_no_message(tmp_path: Path) -> None:
    backup = small()
    backup.insert("attachment", _id=9, message_id=3, content_type="image/png", file_name="mast.png")
    backup.attachment(9, b"\x89PNG" * 500)
    say(backup, 4, "after it")
    data = bytearray(backup.end())
    data[backup.starts[-3] + 100] ^= 1
    found = items(tmp_path, bytes(data))
    assert isinstance(found[0], Unreadable)
    assert "a file that belongs to a message" in found[0].reason
    texts = [(one.text, one.attachments) for one in found if isinstance(one, Message)]
    assert texts[-2:] == [("then come", ("mast.png",)), ("after it", ())]


def test_statements_that_do_not_fit_are_told_and_passed_over(tmp_path: Path) -> None:
    backup = started()
    backup.sql("INSERT INTO message VALUES (?,?)", 1, 2)
    backup.frame(field(2, field(1, "INSERT INTO message (_id,body) VALUES (?,?)") + parameter(1)))
    say(backup, 3, "still here")
    found = items(tmp_path, backup.end())
    assert [type(one) for one in found] == [Unreadable, Unreadable, Message]


def test_no_sql_of_the_file_is_run(tmp_path: Path) -> None:
    backup = started()
    target = tmp_path / "made.db"
    for hostile in (
        f"ATTACH DATABASE '{target}' AS x",
        "DROP TABLE message",
        "DELETE FROM message",
        "UPDATE message SET body = 'x'",
        "CREATE TABLE copy AS SELECT randomblob(1000000000)",
        "CREATE VIEW recipient2 AS SELECT * FROM recipient",
        "INSERT INTO message SELECT * FROM message",
        "INSERT INTO recipient (_id) VALUES ((SELECT max(_id) FROM recipient))",
        "PRAGMA journal_mode = WAL",
    ):
        backup.sql(hostile)
    say(backup, 1, "untouched")
    assert [message.text for message in messages(tmp_path, backup.end())] == ["untouched"]
    assert not target.exists()


def test_every_payload_counts_and_none_is_kept(tmp_path: Path) -> None:
    backup = started()
    say(backup, 1, None)
    backup.insert("attachment", _id=5, message_id=1, content_type="video/mp4", file_name="tack.mp4")
    backup.attachment(5, bytes(3 << 20))
    backup.frame(field(7, field(1, "2") + field(2, 11) + field(3, "2")))
    backup.payload(b"an avatar !")
    backup.frame(field(8, field(1, 1) + field(2, 9)))
    backup.payload(b"a sticker")
    backup.frame(field(42, b"a frame of tomorrow"))
    say(backup, 2, "after them")
    found = messages(tmp_path, backup.end())
    assert [(one.content_type, one.text, one.attachments) for one in found] == [
        ("media", "", ("tack.mp4",)),
        ("text", "after them", ()),
    ]


# --- messages ---


def test_a_long_text_is_read_whole_from_its_file(tmp_path: Path) -> None:
    long = "a line about \ufffc and the weather\n" * 200

    def fill(backup: BackupWriter) -> None:
        say(backup, 1, long[:2000], who=1)
        backup.insert("attachment", _id=7, message_id=1, content_type="text/x-signal-plain")
        backup.attachment(7, long.encode())

    found = one(tmp_path, fill)
    assert found.text == long.replace("\ufffc", "@").strip()
    assert (found.attachments, found.content_type) == ((), "text")


def test_of_an_edited_message_the_last_version_counts_under_the_first_ones_id(tmp_path: Path) -> None:
    before = started()
    say(before, 1, "back at two", who=1)
    (unedited,) = messages(tmp_path, before.end())
    after = started()
    say(after, 1, "back at two", who=1, latest_revision_id=3)
    say(after, 2, "fine, at two", quote_id=DAY + 60_000, quote_author=1)
    say(after, 3, "back at three", who=1, original_message_id=1, revision_number=1)
    say(after, 4, "or at three", quote_id=DAY + 180_000, quote_author=1)
    first, edited, second = messages(tmp_path, after.end())
    assert (edited.text, edited.edited, edited.id) == ("back at three", True, unedited.id)
    assert first.reply_to == second.reply_to == edited.id
    survey = Signal().survey(
        ExportPath.at(tmp_path / "signal-2023-11-15.backup"), ReadOptions(passphrase=DIGITS)
    )
    assert survey.notes == ("Older versions of edited messages, left out: 1.",)


KINDS: dict[str, tuple[dict[str, Any], str, str]] = {
    "missed call": ({"type": 3}, "call", "inbound"),
    "call made": ({"type": 2, "from_recipient_id": 1}, "call", "outbound"),
    "group call": ({"type": 12}, "call", "inbound"),
    "timer changed": ({"type": SENT | 0x40000, "from_recipient_id": 1}, "system", "inbound"),
    "group changed": ({"type": RECEIVED | 0x10000 | 0x80000, "body": "AQIDBA=="}, "system", "inbound"),
    "somebody left": ({"type": RECEIVED | 0x20000}, "system", "inbound"),
    "safety number": ({"type": RECEIVED | 0x200}, "system", "inbound"),
    "session ended": ({"type": SENT | 0x400000}, "system", "inbound"),
    "profile changed": ({"type": 7, "body": "CgVBbGljZQ=="}, "system", "inbound"),
    "a gift": ({"type": RECEIVED | 0x2_0000_0000, "body": "AAAA"}, "system", "inbound"),
    "deleted": ({"remote_deleted": 1, "body": "gone"}, "deleted", "inbound"),
    "view once": ({"view_once": 1, "body": None}, "media", "inbound"),
    "a story": ({"story_type": 2, "body": "CgRzYWls"}, "media", "inbound"),
    "a contact": ({"body": None, "shared_contacts": '[{"name": {}}]'}, "contact", "inbound"),
    "failed to send": ({"type": PUSH | 24, "from_recipient_id": 1, "body": "words"}, "text", "outbound"),
    "a plain SMS": ({"type": 23, "from_recipient_id": 1, "body": "words"}, "text", "outbound"),
    "in a group of version 2": ({"type": RECEIVED | 0x80000, "body": "words"}, "text", "inbound"),
    "a link": ({"body": "https://example.org/x"}, "link", "inbound"),
}


@pytest.mark.parametrize("case", KINDS)
def test_what_a_row_is_by_its_type(tmp_path: Path, case: str) -> None:
    cells, kind, direction = KINDS[case]
    found = one(tmp_path, lambda backup: say(backup, 1, **{"body": "x", **cells}))
    assert (found.content_type, found.direction) == (kind, direction)
    assert found.text == (cells["body"] if kind in ("text", "link") else "")
    assert (found.sender == Person("")) == (kind == "system")


def test_drafts_are_left_out_and_noted(tmp_path: Path) -> None:
    backup = small()
    say(backup, 9, "never sent", who=1, type=27)
    assert len(messages(tmp_path, backup.end())) == 3
    survey = Signal().survey(
        ExportPath.at(tmp_path / "signal-2023-11-15.backup"), ReadOptions(passphrase=DIGITS)
    )
    assert survey.notes == ("Drafts that were never sent, left out: 1.",)


def test_mentions_are_counted_in_utf16_units(tmp_path: Path) -> None:
    def fill(backup: BackupWriter) -> None:
        say(backup, 1, "\U0001f600 \ufffc and \ufffc!", thread_id=2)
        backup.insert("mention", _id=1, message_id=1, recipient_id=3, range_start=3, range_length=1)
        backup.insert("mention", _id=2, message_id=1, recipient_id=2, range_start=9, range_length=1)

    found = one(tmp_path, fill)
    assert found.text == "\U0001f600 @Ole Dahl and @Id!"
    assert [person.name for person in found.mentions] == ["Ole Dahl", "Id"]
    assert (found.group, found.subject) == (True, "Boat club")
    assert {person.name for person in found.participants} == {"Noor Haas", "Id", "Ole Dahl"}


def test_files_of_the_quoted_message_are_not_its_own(tmp_path: Path) -> None:
    def fill(backup: BackupWriter) -> None:
        say(backup, 1, "what a mast", quote_id=DAY, quote_author=1)
        backup.insert("attachment", _id=1, message_id=1, content_type="image/png", file_name="q.png", quote=1)
        backup.insert("attachment", _id=2, message_id=1, content_type="image/webp", sticker_pack_id="ab")

    found = one(tmp_path, fill)
    assert found.attachments == ("image/webp",)
    assert found.reply_to is not None


def test_reactions_name_who_gave_them(tmp_path: Path) -> None:
    def fill(backup: BackupWriter) -> None:
        say(backup, 1, "hoist it")
        backup.insert("reaction", _id=1, message_id=1, author_id=1, emoji="👍")

    (reaction,) = one(tmp_path, fill).reactions
    assert (reaction.emoji, reaction.by.name) == ("👍", "Noor Haas")


def test_a_row_without_a_moment_is_unreadable(tmp_path: Path) -> None:
    backup = small()
    say(backup, 8, "when?", date_sent=0)
    say(backup, 9, "when?", date_sent=-1)
    say(backup, 10, "when?", date_sent=(1 << 63) - 1)
    found = [one for one in items(tmp_path, backup.end()) if isinstance(one, Unreadable)]
    assert [bad.position for bad in found] == [f"row {number} of message" for number in (8, 9, 10)]


def test_the_owner_is_known_by_every_name_and_so_is_everybody(tmp_path: Path) -> None:
    messages(tmp_path, small().end())
    survey = Signal().survey(
        ExportPath.at(tmp_path / "signal-2023-11-15.backup"), ReadOptions(passphrase=DIGITS)
    )
    assert survey.owner == (Person("Noor Haas", "+15550000001"),)
    ida = {name: count for name, count in survey.senders.items() if name.address == "+15550000002"}
    assert {person.name for person in ida} == {"Id", "Ida Berg", "Ida B."}
    assert sorted(ida.values()) == [0, 0, 2]


def test_what_signal_itself_says_is_automatic_and_its_name_is_nobodys(tmp_path: Path) -> None:
    backup = started()
    backup.insert("recipient", _id=9, profile_joined_name="Signal")
    backup.insert("thread", _id=9, recipient_id=9)
    backup.setting("releasechannel.recipient_id", "9")
    say(backup, 1, "New: smoke signals", who=9, thread_id=9)
    (found,) = messages(tmp_path, backup.end())
    assert (found.automatic, found.sender) == (True, Person(""))


def test_where_the_moment_of_sending_is_not_known_that_of_arrival_counts(tmp_path: Path) -> None:
    found = one(tmp_path, lambda backup: say(backup, 1, "late", date_sent=0, date_received=DAY))
    assert found.at.timestamp() * 1000 == DAY


def test_two_lines_of_the_app_at_one_moment_are_two(tmp_path: Path) -> None:
    backup = started()
    for number in (1, 2):
        say(backup, number, None, type=7, date_sent=DAY)
    found = messages(tmp_path, backup.end())
    assert len({message.id for message in found}) == 2


def test_an_old_database_of_sms_and_mms(tmp_path: Path) -> None:
    backup = BackupWriter(0, rounds=2)
    for table in (
        """CREATE TABLE sms (_id INTEGER PRIMARY KEY, thread_id INTEGER, address INTEGER DEFAULT 1,
        date INTEGER, date_sent INTEGER, type INTEGER, body TEXT, reactions BLOB DEFAULT NULL)""",
        """CREATE TABLE mms (_id INTEGER PRIMARY KEY, thread_id INTEGER, date INTEGER, date_received INTEGER,
        msg_box INTEGER, body TEXT, address INTEGER, quote_id INTEGER, quote_author INTEGER,
        reveal_duration INTEGER DEFAULT 0)""",
        "CREATE TABLE part (_id INTEGER PRIMARY KEY, mid INTEGER, ct TEXT, file_name TEXT, quote INTEGER)",
        """CREATE TABLE recipient (_id INTEGER PRIMARY KEY, uuid TEXT, phone TEXT, group_id TEXT,
        system_display_name TEXT, signal_profile_name TEXT, profile_joined_name TEXT)""",
        "CREATE TABLE thread (_id INTEGER PRIMARY KEY, thread_recipient_id INTEGER)",
        "CREATE TABLE groups (_id INTEGER PRIMARY KEY, group_id TEXT, title TEXT, members TEXT)",
    ):
        backup.sql(table)
    backup.sql(
        "INSERT INTO recipient VALUES (?,?,?,?,?,?,?)", 1, None, "+15550000001", None, None, "Noor", None
    )
    backup.sql(
        "INSERT INTO recipient VALUES (?,?,?,?,?,?,?)", 2, None, "+15550000002", None, "Ida", None, None
    )
    group = "__textsecure_group__!ff"
    backup.sql("INSERT INTO recipient VALUES (?,?,?,?,?,?,?)", 3, None, None, group, None, None, None)
    backup.sql("INSERT INTO groups VALUES (?,?,?,?)", 1, group, "Old crew", "1,2")
    backup.sql("INSERT INTO thread VALUES (?,?)", 1, 2)
    backup.sql("INSERT INTO thread VALUES (?,?)", 2, 3)
    hearts = field(1, field(1, "\u2764\ufe0f") + field(2, 2) + field(3, DAY))
    backup.sql("INSERT INTO sms VALUES (?,?,?,?,?,?,?,?)", 1, 1, 2, DAY + 900, DAY, RECEIVED, "ahoy", None)
    backup.sql("INSERT INTO sms VALUES (?,?,?,?,?,?,?,?)", 2, 1, 2, DAY + 5, DAY + 5, SENT, "hoy", hearts)
    backup.sql(
        "INSERT INTO mms VALUES (?,?,?,?,?,?,?,?,?,?)", 1, 2, DAY + 9, DAY + 9, SENT, "all", 3, 0, 0, 0
    )
    backup.sql("INSERT INTO part VALUES (?,?,?,?,?)", 1, 1, "image/jpeg", "deck.jpg", 0)
    preference = field(1, "org.x_preferences") + field(2, "pref_local_number") + field(3, "+15550000001")
    backup.frame(field(3, preference))
    first_one, second, third = messages(tmp_path, backup.end())
    assert (first_one.sender.name, first_one.at.timestamp() * 1000) == ("Ida", DAY)
    assert (second.direction, second.sender.name, second.reactions[0].by.name) == ("outbound", "Noor", "Ida")
    assert (third.group, third.subject, third.attachments) == (True, "Old crew", ("deck.jpg",))
    assert [person.name for person in third.participants] == ["Noor", "Ida"]
    assert second.attachments == ()  # of the mms with the same number


# --- parts ---


def test_the_columns_of_a_table_are_told_from_its_constraints() -> None:
    statements = Statements({"message", "t"})
    found = statements.read(field(1, MESSAGE))
    assert isinstance(found, Created)
    assert found.table == "message"
    assert found.columns[:3] == ("_id", "date_sent", "date_received")
    assert found.columns[-1] == "shared_contacts"
    with sqlite3.connect(":memory:") as database:
        database.execute(MESSAGE)
        assert found.columns == tuple(row[1] for row in database.execute("PRAGMA table_info(message)"))
    database.close()
    odd = 'create table if not exists "t" (a DEFAULT (max(1,2)), `b c` TEXT, -- d, e\n [f] /* g, */ INT'
    odd += ", CHECK (a > 1))"
    assert statements.read(field(1, odd)) == Created("t", ("a", "b c", "f"))


def test_a_number_beyond_63_bits_is_negative() -> None:
    found = Statements({"t"}).read(
        field(1, "INSERT INTO t VALUES (?,?,?)") + parameter(-1) + parameter(None) + parameter("é")
    )
    assert isinstance(found, Inserted)
    assert found.values == [-1, None, "é"]


@pytest.mark.parametrize("data", [b"\x08", b"\x0a\x05ab", b"\x0b", b"\x00\x01", b"\x08" + b"\xff" * 11])
def test_broken_messages_of_protocol_buffers(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"field|number"):
        list(fields(data))


def test_the_last_field_of_a_number_counts() -> None:
    assert first(field(1, 1) + field(1, 300)) == {1: 300}


def test_text_that_is_no_text_is_kept_as_what_it_can_be() -> None:
    database = Database()
    database.create("message", ["_id", "body"])
    database.insert("message", [1, "a\ud800b"])
    assert [row["body"] for row in database.rows("message")] == ["a?b"]
    database.close()


WHOLE = small().end()


@settings(
    max_examples=rounds(150, 10_000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=4),
    st.integers(0, len(WHOLE)),
)
def test_a_damaged_backup_breaks_nothing(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray(WHOLE)
    for place, value in edits:
        data[place] = value
    path = tmp_path_factory.getbasetemp() / "damaged.backup"
    path.write_bytes(data[: cut if cut > 100 else None])
    Signal().recognizes(ExportPath.at(path))
    try:
        found = list(Signal().read(ExportPath.at(path), ReadOptions(passphrase=DIGITS)))
    except IpseError:
        return
    assert {one.text for one in found if isinstance(one, Message)} <= {"is the sail dry?", "yes", "then come"}
