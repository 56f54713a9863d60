"""Databases of Messages: what Macs and iPhones of many years left in them, and what damage makes of them."""

import plistlib
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipse.errors import IpseError, SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions
from ipse.records import Message, Person, Reaction, Unreadable
from ipse.sources.imessage.bodies import STREAM, shown, stream_text, summary_of
from ipse.sources.imessage.source import HASH, IMessage

from ..soak import rounds
from .samples import imessage as sample
from .samples.imessage import ADA, ADA_MAIL, BEN, DAY, NS, Book, stream, summary


def items(path: Path) -> list[Message | Unreadable]:
    export = ExportPath.at(path)
    found = list(IMessage().read(export, ReadOptions()))
    assert IMessage().survey(export, ReadOptions()).units == len(found)
    return found


def notes(path: Path) -> tuple[str, ...]:
    return IMessage().survey(ExportPath.at(path), ReadOptions()).notes


def recognized(path: Path) -> bool:
    return IMessage().recognizes(ExportPath.at(path))


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    with closing(Book(tmp_path / "chat.db")) as made:
        made.ada, made.ben = made.handle(ADA), made.handle(BEN)  # type: ignore[attr-defined]
        made.two = made.chat(ADA, 1)  # type: ignore[attr-defined]
        yield made


def read(book: Book, tmp_path: Path) -> list[Message]:
    book.database.commit()
    found = items(tmp_path / "chat.db")
    assert all(isinstance(item, Message) for item in found), found
    return [item for item in found if isinstance(item, Message)]


def test_the_sample(tmp_path: Path) -> None:
    found = [item for item in items(sample.write(tmp_path)) if isinstance(item, Message)]
    assert [(item.text, item.direction, item.content_type) for item in found] == [
        ("are you coming on Sunday?", "inbound", "text"),
        ("yes, at nine \U0001f600", "outbound", "text"),
        ("bring the map", "inbound", "text"),
        ("make that ten", "outbound", "text"),
        ("", "inbound", "deleted"),
        ("", "inbound", "system"),
        ("from the summit", "inbound", "text"),
        ("is there snow?", "outbound", "text"),
    ]
    assert found[1].reactions == (Reaction("❤️", Person("", ADA)),)
    assert found[3].edited
    assert found[6].attachments == ("summit.jpg",)
    assert found[7].reply_to == found[6].id
    assert [message.group for message in found] == [False] * 5 + [True] * 3


# --- recognizing and opening ---


def test_a_database_of_another_kind_is_none(tmp_path: Path) -> None:
    other = tmp_path / "chat.db"
    with closing(sqlite3.connect(other)) as database:
        database.execute("CREATE TABLE message (id INTEGER, body TEXT)")
    assert not recognized(other)
    with pytest.raises(SourceError, match=r"chat\.db: it holds no messages"):
        items(other)
    other.write_text("hello")
    assert not recognized(other)
    with pytest.raises(SourceError, match=r"chat\.db: no database of Messages") as error:
        items(other)
    assert "Library/Messages" in str(error.value.hint)


def test_it_is_known_by_its_tables_whatever_it_is_called(tmp_path: Path) -> None:
    file = sample.write(tmp_path)
    renamed = file.rename(tmp_path / "old phone.sqlite")
    with closing(sqlite3.connect(renamed)) as database:  # a schema that does not fit in the head of the file
        for n in range(400):
            database.execute(f"CREATE TABLE a{n} (x TEXT) -- {'x' * 200}")
        database.execute("PRAGMA writable_schema = ON")
        database.execute("UPDATE sqlite_master SET name = name WHERE 0")
    assert recognized(renamed)
    assert len(items(renamed)) == 8


def test_what_was_not_yet_written_into_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "chat.db"
    with closing(Book(file)) as book:
        book.database.execute("PRAGMA journal_mode = WAL")
        book.database.execute("PRAGMA wal_autocheckpoint = 0")
        ada = book.handle(ADA)
        book.message(book.chat(ADA, ada), "only in the log", handle_id=ada)
        book.database.commit()
        before = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
        assert b"only in the log" not in before["chat.db"]
        found = items(file)
        assert [item.text for item in found if isinstance(item, Message)] == ["only in the log"]
        assert recognized(file)
        assert recognized(tmp_path)  # a database and its log, and nothing else
        assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == before
        copy = tmp_path / "copy.zip"
        with zipfile.ZipFile(copy, "w") as archive:
            for name in ("chat.db", "chat.db-wal"):
                archive.write(tmp_path / name, f"Messages/{name}")
        inside = ExportPath.at(copy) / "Messages"
        assert IMessage().recognizes(inside)
        assert list(IMessage().read(inside, ReadOptions())) == found


def test_a_folder_with_other_things_in_it_is_none(tmp_path: Path) -> None:
    sample.write(tmp_path)
    assert not recognized(tmp_path)
    (tmp_path / "Attachments").mkdir()
    assert recognized(tmp_path)
    assert len(items(tmp_path)) == 8
    (tmp_path / "invoice.pdf").touch()
    assert not recognized(tmp_path)


def backup(folder: Path) -> Path:
    (folder / "3d").mkdir(parents=True)
    for name in ("Manifest.db", "Manifest.plist", "Info.plist", "Status.plist"):
        (folder / name).write_bytes(b"x")
    return folder / "3d" / HASH


def test_the_backup_of_an_iphone(tmp_path: Path) -> None:
    made = sample.write(tmp_path)
    folder = tmp_path / "00008030-000A1B2C3D4E5F60"
    shutil.copy(made, backup(folder))
    assert recognized(folder)
    assert items(folder) == [
        item if isinstance(item, Message) else None for item in items(made)
    ]  # the same ids, from the Mac and from the iPhone


def test_an_encrypted_backup_says_what_to_do(tmp_path: Path) -> None:
    database = backup(tmp_path / "backup")
    database.write_bytes(b"\x93\x1f" * 4096)
    assert recognized(tmp_path / "backup")
    with pytest.raises(SourceError, match="this backup of an iPhone is encrypted") as error:
        items(tmp_path / "backup")
    assert "Encrypt local backup" in str(error.value.hint)
    database.unlink()
    with pytest.raises(SourceError, match="this backup of an iPhone holds no messages"):
        items(tmp_path / "backup")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="there are no messages in it"):
        items(tmp_path / "empty")


def test_columns_that_an_old_system_did_not_have(tmp_path: Path) -> None:
    file = tmp_path / "sms.db"
    with closing(sqlite3.connect(file)) as database:
        database.executescript(
            """
            CREATE TABLE message (ROWID INTEGER PRIMARY KEY, guid TEXT, text TEXT, handle_id INTEGER,
              date INTEGER, is_from_me INTEGER);
            CREATE TABLE handle (ROWID INTEGER PRIMARY KEY, id TEXT);
            CREATE TABLE chat_message_join (chat_id INTEGER, message_id INTEGER);
            INSERT INTO handle VALUES (1, '+498912340001');
            INSERT INTO message VALUES (1, 'A', 'old words', 1, 300000000, 0);
            INSERT INTO message VALUES (2, 'B', 'mine', 1, 300000060, 1);
            """
        )
    assert recognized(file)
    one, two = items(file)
    assert isinstance(one, Message)
    assert isinstance(two, Message)
    assert (one.text, one.sender, one.at.year) == ("old words", Person("", ADA), 2010)
    assert two.direction == "outbound"


def test_a_database_cut_short_keeps_what_was_read(tmp_path: Path) -> None:
    file = tmp_path / "chat.db"
    with closing(Book(file)) as book:
        two = book.chat(ADA, book.handle(ADA))
        for n in range(3000):
            book.message(two, f"message {n} " + "x" * 100, handle_id=1)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    *kept, cut = items(file)
    assert sum(isinstance(item, Message) for item in kept) > 500
    assert isinstance(cut, Unreadable)
    assert cut.reason == "the database is damaged from here on"
    file.write_bytes(whole[:8000])
    assert all(isinstance(item, Unreadable) for item in items(file))
    file.write_bytes(whole[:16] + b"\x93\x1f" * 4096)
    with pytest.raises(SourceError, match=r"chat\.db: the database is damaged or encrypted"):
        items(file)


def test_what_its_author_could_run_is_not_run(tmp_path: Path) -> None:
    file = tmp_path / "chat.db"
    with closing(sqlite3.connect(file)) as database:
        database.executescript(
            """
            CREATE VIEW message AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)
              SELECT x AS ROWID, x AS date, 0 AS is_from_me FROM n;
            CREATE TABLE chat_message_join (chat_id INTEGER, message_id INTEGER);
            CREATE TABLE handle (id TEXT);
            """
        )
    with pytest.raises(SourceError, match="it holds no messages"):
        items(file)  # of a view without end, this test would have none either


# --- dates, people, chats ---


@pytest.mark.parametrize(
    ("date", "at"),
    [
        (DAY * NS, "2023-03-08T20:26:40+00:00"),
        (DAY * NS + 123_456_789, "2023-03-08T20:26:40.123000+00:00"),
        (DAY, "2023-03-08T20:26:40+00:00"),
        (1, "2001-01-01T00:00:01+00:00"),
        (-DAY, "1978-10-27T03:33:20+00:00"),
    ],
)
def test_dates_are_ns_or_from_old_systems_seconds(book: Any, tmp_path: Path, date: int, at: str) -> None:
    book.message(book.two, "x", handle_id=1, date=date)
    (found,) = read(book, tmp_path)
    assert found.at.isoformat() == at


def test_a_message_without_date_is_dated_by_its_delivery_or_refused(book: Any, tmp_path: Path) -> None:
    book.message(book.two, "x", handle_id=1, date=0, date_delivered=DAY * NS)
    book.message(book.two, "y", handle_id=1, date=0)
    book.message(book.two, "z", handle_id=1, date=2**63 - 1)
    book.message(book.two, "w", handle_id=1, date="tomorrow")
    book.message(book.two, "v", handle_id=1, date="9" * 40)
    book.database.commit()
    dated, *others = items(tmp_path / "chat.db")
    assert isinstance(dated, Message)
    assert others == [
        Unreadable("chat.db", "row 2", "it has no date"),
        *[item for item in others if isinstance(item, Message)],
        Unreadable("chat.db", "row 4", "it has no date"),
        Unreadable("chat.db", "row 5", "it has no date"),
    ]


def test_a_message_in_two_chats_is_one(book: Any, tmp_path: Path) -> None:
    other = book.chat(ADA, book.handle(ADA, "SMS"), service="SMS")
    row = book.message(book.two, "once", handle_id=1)
    book.add("chat_message_join", chat_id=other, message_id=row)
    later = book.message(other, "over SMS", handle_id=3)
    found = read(book, tmp_path)
    assert [message.text for message in found] == ["once", "over SMS"]
    assert len({message.conversation for message in found}) == 1
    assert {message.sender for message in found} == {Person("", ADA)}
    assert later


def test_several_addresses_of_one_person(tmp_path: Path) -> None:
    with closing(Book(tmp_path / "chat.db")) as book:
        mail, phone, sms = (
            book.handle(ADA_MAIL, person="X"),
            book.handle(ADA, person="X"),
            book.handle(ADA, "SMS"),
        )
        for handle in (mail, phone, sms):
            book.message(book.chat(f"c{handle}", handle), "hello", handle_id=handle)
    found = [item for item in items(tmp_path / "chat.db") if isinstance(item, Message)]
    assert {message.sender for message in found} == {Person("", ADA)}
    assert len({message.conversation for message in found}) == 1


def test_groups_and_those_in_them(book: Any, tmp_path: Path) -> None:
    group = book.chat("chat700100", 1, 2, style=43)
    book.message(group, "hello all", handle_id=2)
    book.message(group, "and from me", is_from_me=1)
    book.message(group, "of nobody known", handle_id=99)
    one, mine, unknown = read(book, tmp_path)
    assert one.group
    assert one.conversation == mine.conversation == "chat700100"
    assert one.participants == (Person("", ADA), Person("", BEN))
    assert (mine.sender, mine.direction) == (Person(""), "outbound")
    assert unknown.sender == Person("")


def test_rows_without_handle_or_chat(book: Any, tmp_path: Path) -> None:
    book.message(book.two, "lost its handle", handle_id=0)
    book.message(None, "lost its chat", handle_id=2)
    book.message(None, "lost both")
    found = read(book, tmp_path)
    assert [message.sender for message in found] == [Person("", ADA), Person("", BEN), Person("")]
    assert [message.conversation for message in found] == ["8912340001", "8912340002", "nobody"]


def test_the_owner_is_known_by_where_messages_were_sent_from(book: Any, tmp_path: Path) -> None:
    book.message(book.two, "a", is_from_me=1, account="e:me@example.org")
    book.message(book.two, "b", is_from_me=1, account="P:+498912340009", destination_caller_id="+49170555")
    book.message(book.two, "c", is_from_me=1, account="E:", destination_caller_id="")
    book.message(book.two, "d", handle_id=1, account="p:+498912340008")
    book.database.commit()
    survey = IMessage().survey(ExportPath.at(tmp_path / "chat.db"), ReadOptions())
    assert {person.address for person in survey.owner or ()} == {
        "me@example.org",
        "+498912340009",
        "+49170555",
    }
    assert {person.name for person in survey.owner or ()} == {""}


@pytest.mark.parametrize(
    ("address", "sender", "automatic"),
    [("22395", "22395", True), ("MYBANK", "", True), ("urn:biz:9a1", "urn:biz:9a1", True), (BEN, BEN, False)],
)
def test_services(book: Any, tmp_path: Path, address: str, sender: str, automatic: bool) -> None:  # noqa: FBT001
    handle = book.handle(address, "SMS")
    book.message(book.chat(address, handle, service="SMS"), "your code", handle_id=handle)
    (found,) = read(book, tmp_path)
    assert (found.sender.address, found.automatic) == (sender, automatic)


def test_ids_do_not_depend_on_rows(tmp_path: Path) -> None:
    file = sample.write(tmp_path)
    before = {item.id for item in items(file) if isinstance(item, Message)}
    with closing(sqlite3.connect(file)) as database:
        for table, column in (
            ("message", "ROWID"),
            ("chat_message_join", "message_id"),
            ("message_attachment_join", "message_id"),
        ):
            database.execute(f"UPDATE {table} SET {column} = 5000 - {column}")
        database.commit()
    after = [item for item in items(file) if isinstance(item, Message)]
    assert {item.id for item in after} == before
    assert len(before) == 8


# --- bodies ---


@pytest.mark.parametrize("length", [0, 1, 0x7F, 0x80, 0x9D, 0xFF, 0x100, 0xFFFF, 0x10000, 300_000])
def test_bodies_of_any_length(length: int) -> None:
    text = "x" * length
    assert stream_text(stream(text)) == text


@pytest.mark.parametrize(
    "text",
    ["1 + 1 = 2", "+49 NSString +", "\U0001f469\u200d\U0001f680 ü", "a\u0086\u0084b", "\x86\x84 cut here"],
)
def test_bodies_with_what_readers_trip_over(text: str) -> None:
    assert stream_text(stream(text * 40)) == text * 40


def test_lengths_count_bytes_and_end_with_the_blob() -> None:
    whole = stream("ü" * 200)
    at = whole.index("ü".encode())
    assert stream_text(whole[: at + 20]) == "ü" * 10
    assert shown(stream_text(whole[: at + 21]) or "") == "ü" * 10  # half a letter is none
    assert stream_text(whole[:at]) == ""
    assert stream_text(whole[: at - 3]) is None
    assert stream_text(STREAM) is None
    assert stream_text(b"NSString" + b"\x01" * 40 + b"+\x03abc") is None  # too far from its class
    assert stream_text(b"NSString\x01\x94\x84\x01+\x84\x05abcde") is None


@settings(max_examples=rounds(300, 20_000), deadline=None)
@given(blob=st.binary(max_size=200), cut=st.integers(0, 200))
def test_no_blob_breaks_the_readers(blob: bytes, cut: int) -> None:
    for data in (blob, stream("hello")[:cut] + blob, summary("a", "b")[:cut] + blob):
        text = stream_text(data)
        assert text is None or len(text) <= len(data)
        try:
            summary_of(data)
        except ValueError as error:
            told = str(error)
        else:
            told = "its summary"
        assert told.startswith("its summary")


def test_text_is_taken_from_the_body_where_the_column_is_empty(book: Any, tmp_path: Path) -> None:
    book.message(book.two, None, attributedBody=stream("from the body"), handle_id=1)
    book.message(book.two, "", attributedBody=stream("from it too"), handle_id=1)
    book.message(book.two, "from the column", attributedBody=stream("another"), handle_id=1)
    book.message(book.two, "\ufffc\ufffdmarks\ufffd", handle_id=1)
    book.message(book.two, None, attributedBody=stream(""), handle_id=1)
    found = read(book, tmp_path)
    assert [message.text for message in found] == [
        "from the body",
        "from it too",
        "from the column",
        "marks",
        "",
    ]


def test_a_body_that_cannot_be_read_is_told(book: Any, tmp_path: Path) -> None:
    book.message(book.two, None, attributedBody=b"\x04\x0bstreamtyped nothing", handle_id=1)
    book.message(book.two, None, message_summary_info=b"bplist00 damaged", handle_id=1)
    book.message(book.two, "words", message_summary_info=b"bplist00 damaged", handle_id=1)
    book.database.commit()
    body, edits, kept = items(tmp_path / "chat.db")
    assert body == Unreadable("chat.db", "row 1", "its body holds no text that can be read")
    assert edits == Unreadable("chat.db", "row 2", "its summary is damaged")
    assert isinstance(kept, Message)
    assert kept.text == "words"


def test_edits(book: Any, tmp_path: Path) -> None:
    two_parts = plistlib.dumps(
        {
            "otr": {"0": {}, "1": {}},
            "ec": {"1": [{"d": 1.0, "t": stream("old")}, {"d": 2.0, "t": stream("new")}]},
        },
        fmt=plistlib.FMT_BINARY,
    )
    book.message(book.two, None, message_summary_info=summary("first", "second", "third"), is_from_me=1)
    book.message(book.two, "first", message_summary_info=summary("first", "second"), is_from_me=1)
    book.message(book.two, "\ufffcnew", message_summary_info=two_parts, is_from_me=1)
    book.message(book.two, "plain", message_summary_info=plistlib.dumps({"amc": 1}), is_from_me=1)
    book.message(book.two, "dated", date_edited=DAY * NS, is_from_me=1)
    found = read(book, tmp_path)
    assert [message.text for message in found] == ["third", "second", "new", "plain", "dated"]
    assert [message.edited for message in found] == [True, True, True, False, True]


def test_what_was_taken_back_says_nothing_any_more(book: Any, tmp_path: Path) -> None:
    half = plistlib.dumps({"otr": {"0": {}, "1": {}}, "rp": [0]}, fmt=plistlib.FMT_BINARY)
    emptied = plistlib.dumps({"otr": {"0": {}}, "ec": {"0": []}}, fmt=plistlib.FMT_BINARY)
    book.file(
        book.message(book.two, "gone", message_summary_info=summary(retracted=True), handle_id=1), "a.jpg"
    )
    book.message(book.two, "gone", message_summary_info=emptied, subject="gone", handle_id=1)
    book.message(book.two, None, date_retracted=DAY * NS, handle_id=1)
    book.message(book.two, "the other half", message_summary_info=half, handle_id=1)
    *gone, left = read(book, tmp_path)
    for message in gone:
        assert (message.content_type, message.text, message.raw) == ("deleted", "", "")
        assert (message.attachments, message.subject) == ((), None)
    assert (left.content_type, left.text) == ("text", "the other half")


def test_what_lies_in_the_bin_counts_as_deleted(book: Any, tmp_path: Path) -> None:
    row = book.message(None, "recently deleted", handle_id=1)
    book.add("chat_recoverable_message_join", chat_id=1, message_id=row)
    book.message(book.two, "kept", handle_id=1)
    gone, kept = read(book, tmp_path)
    assert (gone.content_type, gone.text, gone.raw) == ("deleted", "", "")
    assert kept.text == "kept"


# --- reactions and other rows ---


def react(book: Any, kind: int, target: str, **more: Any) -> None:
    text = "Loved “see you”"
    book.message(book.two, text, associated_message_type=kind, associated_message_guid=target, **more)


def test_reactions_belong_to_their_messages(book: Any, tmp_path: Path) -> None:
    book.message(book.two, "see you", is_from_me=1, guid="T")
    for kind in range(2000, 2006):
        react(book, kind, f"p:{kind % 3}/T", handle_id=1)
    react(book, 2006, "T", handle_id=2, associated_message_emoji="\U0001f389")
    react(book, 2007, "bp:T", is_from_me=1)
    (found,) = read(book, tmp_path)
    ada, ben = Person("", ADA), Person("", BEN)
    assert found.reactions == (
        *(Reaction(emoji, ada) for emoji in ("❤️", "👍", "👎", "😂", "‼️", "❓")),
        Reaction("\U0001f389", ben),
        Reaction("sticker", Person("")),
    )
    assert "Reactions, kept with what they answer: 8." in notes(tmp_path / "chat.db")


def test_reactions_taken_back_are_gone_in_the_order_of_time(book: Any, tmp_path: Path) -> None:
    book.message(book.two, "see you", is_from_me=1, guid="T")
    react(book, 3001, "p:0/T", handle_id=1, date=(DAY + 9000) * NS)  # stored before what it takes back
    react(book, 2001, "p:0/T", handle_id=1, date=(DAY + 8000) * NS)
    react(book, 2006, "p:0/T", handle_id=1, associated_message_emoji="x", date=(DAY + 8000) * NS)
    react(book, 3006, "p:0/T", handle_id=1, associated_message_emoji="x", date=(DAY + 8001) * NS)
    react(book, 3002, "p:0/T", handle_id=1, date=(DAY + 8000) * NS)
    react(book, 2002, "p:0/T", handle_id=1, date=(DAY + 9000) * NS)
    react(book, 2001, "p:0/T", handle_id=2, date=(DAY + 8000) * NS)
    (found,) = read(book, tmp_path)
    assert set(found.reactions) == {Reaction("👍", Person("", BEN)), Reaction("👎", Person("", ADA))}


def test_reactions_to_what_is_not_there_are_counted(book: Any, tmp_path: Path) -> None:
    book.message(book.two, "see you", is_from_me=1, guid="T")
    for target in ("p:0/GONE", "GONE", None):
        react(book, 2000, target, handle_id=1)  # type: ignore[arg-type]
    (found,) = read(book, tmp_path)
    assert found.reactions == ()
    assert "Reactions to messages that are not in it, left out: 3." in notes(tmp_path / "chat.db")


def test_a_reaction_that_came_as_a_text_is_automatic(book: Any, tmp_path: Path) -> None:
    book.message(book.two, "Laughed at “see you”", handle_id=1)
    book.message(book.two, "Loved that film", handle_id=1)
    assert [message.automatic for message in read(book, tmp_path)] == [True, False]


@pytest.mark.parametrize("kind", [1, 2, 3, 4, 5, 6])
def test_what_happened_to_a_group_is_nobody_s_message(book: Any, tmp_path: Path, kind: int) -> None:
    book.message(book.two, "x", item_type=kind, group_title="Hut", is_from_me=1, attributedBody=b"?")
    (found,) = read(book, tmp_path)
    assert (found.content_type, found.sender, found.direction, found.text) == (
        "system",
        Person(""),
        "inbound",
        "",
    )


@pytest.mark.parametrize(
    ("balloon", "text", "kind", "said"),
    [
        ("com.apple.messages.URLBalloonProvider", "https://example.org/a", "link", "https://example.org/a"),
        (
            "com.apple.messages.URLBalloonProvider",
            "see https://example.org/a",
            "text",
            "see https://example.org/a",
        ),
        (
            "com.apple.messages.MSMessageExtensionBalloonPlugin:0:com.apple.messages.Polls",
            "\ufffd",
            "poll",
            "",
        ),
        ("com.apple.messages.MSMessageExtensionBalloonPlugin:0:com.apple.findmy.FindMy", "x", "location", ""),
        ("com.apple.Handwriting.HandwritingProvider", None, "media", ""),
        (None, "https://example.org/a", "text", "https://example.org/a"),
    ],
)
def test_balloons(book: Any, tmp_path: Path, balloon: str, text: str, kind: str, said: str) -> None:
    book.message(book.two, text, balloon_bundle_id=balloon, handle_id=1)
    (found,) = read(book, tmp_path)
    assert (found.content_type, found.text) == (kind, said)


def test_attachments(book: Any, tmp_path: Path) -> None:
    for names in (["a.jpg", "b.jpg"], ["ada.vcf"], ["x.pluginPayloadAttachment"]):
        row = book.message(book.two, "\ufffc", handle_id=1)
        for name in names:
            book.file(row, name)
    book.add("attachment", filename="~/Library/SMS/Attachments/ab/c.heic")
    book.add("message_attachment_join", message_id=1, attachment_id=5)
    found = read(book, tmp_path)
    assert [message.attachments for message in found] == [("a.jpg", "b.jpg", "c.heic"), ("ada.vcf",), ()]
    assert [message.content_type for message in found] == ["media", "contact", "text"]


def test_marks(book: Any, tmp_path: Path) -> None:
    book.message(book.two, "passed on", is_from_me=1, is_forward=1)
    book.message(book.two, "I am driving", is_from_me=1, is_auto_reply=1)
    book.message(book.two, "with a title", handle_id=1, subject="Sunday ")
    forwarded, reply, titled = read(book, tmp_path)
    assert (forwarded.forwarded, reply.forwarded, titled.forwarded) == (True, False, False)
    assert (forwarded.automatic, reply.automatic, titled.automatic) == (False, True, False)
    assert titled.subject == "Sunday"


# --- single bodies and summaries ---


def test_a_body_alone(tmp_path: Path) -> None:
    file = tmp_path / "body"
    file.write_bytes(stream("words alone"))
    assert recognized(file)
    (found,) = items(file)
    assert isinstance(found, Message)
    assert (found.text, found.sender, found.at) == ("words alone", Person(""), ExportPath.at(file).modified)
    file.write_bytes(stream("\ufffc"))
    assert items(file) == []
    file.write_bytes(STREAM)
    assert items(file) == [Unreadable("body", "byte 0", "it holds no text that can be read")]
    assert "who wrote it" in notes(file)[0]


def test_a_summary_alone(tmp_path: Path) -> None:
    file = tmp_path / "info.plist"
    file.write_bytes(summary("first", "last"))
    assert recognized(file)
    (found,) = items(file)
    assert isinstance(found, Message)
    assert (found.text, found.edited) == ("last", True)
    file.write_bytes(summary(retracted=True))
    (gone,) = items(file)
    assert isinstance(gone, Message)
    assert (gone.text, gone.content_type) == ("", "deleted")
    file.write_bytes(plistlib.dumps({"CFBundleName": "Notes"}, fmt=plistlib.FMT_BINARY))
    assert not recognized(file)
    assert items(file) == []
    file.write_bytes(b"bplist00")
    assert items(file) == [Unreadable("info.plist", "byte 0", "its summary is damaged")]


@settings(max_examples=rounds(40, 5_000), deadline=None)
@given(data=st.data())
def test_no_bytes_break_it(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    file = sample.write(folder)
    whole = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(whole) - 1))
        length = data.draw(st.integers(0, 40))
        whole[at : at + length] = data.draw(st.binary(min_size=length, max_size=length))
    file.write_bytes(whole)
    recognized(file)
    try:
        found = items(file)
    except IpseError:
        return
    assert all(isinstance(item, Message | Unreadable) for item in found)
