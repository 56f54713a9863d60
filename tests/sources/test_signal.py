"""Signal's other ways out: the app's own export, lists of frames, tables, Desktop; and what is refused."""

import csv
import io
import json
import re
import tempfile
import tracemalloc
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipse.errors import IpseError, SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions, Source
from ipse.records import Message, Person, Unreadable
from ipse.sources.signal.source import Signal

from ..growth import assert_linear, assert_linear_in
from ..soak import rounds
from .samples.signal import DAY, IDA, OLE, encoded, item, people, said
from .samples.signal import write as write_export

OWNER = Person("Noor Haas", "noor.07")
PUSH = 0xA00000


def read(path: Path, **options: Any) -> list[Message | Unreadable]:
    export = ExportPath.at(path)
    assert Signal().recognizes(export)
    found = list(Signal().read(export, ReadOptions(**options)))
    assert Signal().survey(export, ReadOptions(**options)).units == len(found)
    return found


def messages(path: Path, **options: Any) -> list[Message]:
    found = read(path, **options)
    assert [one for one in found if isinstance(one, Unreadable)] == []
    return [one for one in found if isinstance(one, Message)]


def exported(folder: Path, *items: Any, frames: list[dict[str, Any]] | None = None) -> Path:
    """A main.jsonl of these items; text is a line as it stands."""
    lines = [*(people() if frames is None else frames), *items]
    path = folder / "main.jsonl"
    written = (line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines)
    path.write_text("".join(f"{line}\n" for line in written), encoding="utf-8")
    return path


def test_it_is_a_source() -> None:
    assert isinstance(Signal(), Source)


# --- the app's own export ---


def test_the_apps_own_export(tmp_path: Path) -> None:
    found = messages(write_export(tmp_path))
    assert [(one.content_type, one.direction, one.text) for one in found] == [
        ("text", "inbound", "is the sail dry?"),
        ("text", "outbound", "yes, and folded \U0001f60a"),
        ("text", "outbound", "back at three"),
        ("deleted", "inbound", ""),
        ("media", "inbound", ""),
        ("text", "outbound", "ahoy @Ole Dahl, rain at six"),
        ("text", "inbound", "staying ashore then\nsee you"),
        ("system", "inbound", ""),
    ]
    asked, answered, edited, *_, hailed, stayed, changed = found
    ida = Person("Ida Berg", "+15550000002")
    assert (asked.sender, answered.sender, changed.sender) == (ida, OWNER, Person(""))
    assert answered.reply_to == asked.id
    assert [(one.emoji, one.by) for one in answered.reactions] == [("\u2764\ufe0f", ida)]
    assert (edited.edited, answered.edited) == (True, False)
    assert found[4].attachments == ("mast.jpg",)
    assert hailed.mentions == (Person("Ole Dahl", str(OLE)),)
    assert (stayed.group, stayed.subject, asked.group) == (True, "Boat club", False)
    assert set(stayed.participants) == {ida, OWNER, Person("Ole Dahl", str(OLE))}
    assert asked.conversation == str(IDA)


def test_the_owner_and_what_is_left_out_are_told(tmp_path: Path) -> None:
    survey = Signal().survey(ExportPath.at(write_export(tmp_path)), ReadOptions())
    assert survey.owner == (OWNER,)
    assert survey.notes == ("Items of a kind that is not known here, left out: 1.",)


def test_main_jsonl_alone_gives_the_same(tmp_path: Path) -> None:
    root = write_export(tmp_path)
    whole, alone = messages(root), messages(root / "main.jsonl")
    assert [one.id for one in whole] == [one.id for one in alone]


def test_a_later_export_gives_the_same_messages_the_same_ids(tmp_path: Path) -> None:
    first = item(1, 1, said("at two"))
    before = messages(exported(tmp_path, item(0, 2, said("when?")), first))
    new = item(5, 1, said("at three"), revisions=[first["chatItem"]])
    answer = {"targetSentTimestamp": str(DAY + 60_000), "authorId": "1"}
    more = [item(6, 2, said("to the old one", quote=answer)), item(7, 2, said("more"))]
    after = messages(exported(tmp_path, item(0, 2, said("when?")), new, *more))
    assert [one.id for one in after[:2]] == [one.id for one in before]
    assert after[2].reply_to == after[1].id


def test_numbers_of_recipients_and_chats_do_not_make_the_id(tmp_path: Path) -> None:
    plain = messages(exported(tmp_path, item(0, 2, said("ahoy"))))
    moved = json.loads(
        json.dumps(people())
        .replace('"2"', '"77"')
        .replace('"id": "1", "recipientId"', '"id": "8", "recipientId"')
    )
    other = item(0, 77, said("ahoy"), chat=8)
    assert [one.id for one in messages(exported(tmp_path, other, frames=moved))] == [one.id for one in plain]


def test_numbers_that_are_no_strings_are_read_too(tmp_path: Path) -> None:
    frames = json.loads(re.sub(r'"(id|recipientId)": "(\d+)"', r'"\1": \2', json.dumps(people())))
    written = {"chatId": 1, "authorId": 2, "dateSent": DAY, "incoming": {}, **said("ahoy")}
    (found,) = messages(exported(tmp_path, {"chatItem": written}, frames=frames))
    assert found.sender.name == "Ida Berg"


ITEMS: dict[str, tuple[dict[str, Any], str, str]] = {
    "a contact": ({"contactMessage": {"contact": {"name": {"givenName": "x"}}}}, "contact", ""),
    "a sticker": ({"stickerMessage": {"sticker": {"emoji": "x"}}}, "media", ""),
    "view once": ({"viewOnceMessage": {}}, "media", ""),
    "deleted by an admin": ({"adminDeletedMessage": {"adminId": "2"}}, "deleted", ""),
    "a payment": ({"paymentNotification": {"note": "rent"}}, "system", ""),
    "a call": ({"updateMessage": {"individualCall": {"type": "AUDIO_CALL"}}}, "call", ""),
    "a group call": ({"updateMessage": {"groupCall": {}}}, "call", ""),
    "a poll": ({"poll": {"question": "row or sail?", "options": []}}, "poll", "row or sail?"),
    "an answer to a story": (
        {"directStoryReplyMessage": {"textReply": {"text": {"body": "nice"}}}},
        "text",
        "nice",
    ),
    "a sign for a story": ({"directStoryReplyMessage": {"emoji": "x"}}, "media", ""),
    "a link": (said("https://example.org/tides"), "link", "https://example.org/tides"),
    "words and a picture": (
        said("look", attachments=[{"pointer": {"contentType": "image/jpeg"}}]),
        "text",
        "look",
    ),
}


@pytest.mark.parametrize("case", ITEMS)
def test_kinds_of_items(tmp_path: Path, case: str) -> None:
    content, kind, text = ITEMS[case]
    (found,) = messages(exported(tmp_path, item(0, 2, content)))
    assert (found.content_type, found.text) == (kind, text)


def test_what_cannot_be_read_is_told_by_its_line_and_the_rest_is_kept(tmp_path: Path) -> None:
    undated = item(0, 2, said("when?"))
    undated["chatItem"]["dateSent"] = "99999999999999999999"
    missing = item(0, 2, said("when?"))
    del missing["chatItem"]["dateSent"]
    path = exported(
        tmp_path, "{torn", "[1]", undated, missing, item(3, 2, said("still here")), '{"chatItem": 5}'
    )
    found = read(path)
    assert [one.position for one in found if isinstance(one, Unreadable)] == [
        f"line {n}" for n in (10, 11, 12, 13)
    ]
    assert [one.text for one in found if isinstance(one, Message)] == ["still here"]


def test_wrong_types_everywhere_are_no_error(tmp_path: Path) -> None:
    group = {"masterKey": "***", "snapshot": {"members": ["x", {"userId": 1}]}}
    words = {"text": {"body": 5, "bodyRanges": [{"mentionAci": 3}, 4]}, "quote": []}
    empty = {"attachments": {}, "reactions": [{"emoji": 4}, None]}
    strange = [
        {"recipient": {"id": [], "contact": {"aci": 7, "e164": {}, "nickname": []}}},
        {"recipient": {"id": "6", "group": group}},
        {"chat": {"id": "6", "recipientId": "6"}},
        item(0, 2, {"standardMessage": words}, chat=6),
        item(1, 9, {"standardMessage": empty}, chat=9, revisions={}),
    ]
    assert len(messages(exported(tmp_path, *strange))) == 2


def test_a_long_text_is_read_from_the_files(tmp_path: Path) -> None:
    long = "the tide tables of the whole year\n" * 100
    hashed, key = b"h" * 32, b"k" * 32
    pointer = {"locatorInfo": {"plaintextHash": encoded(hashed), "localKey": encoded(key)}}
    path = exported(tmp_path, item(0, 1, said(long[:2000], longText=pointer)))
    (cut,) = messages(path)
    assert cut.text == long[:2000].strip()
    assert Signal().survey(ExportPath.at(path), ReadOptions()).notes == (
        "Long texts cut, because their files are not in the export: 1.",
    )
    name = sha256(hashed + key).hexdigest()
    (tmp_path / "files" / name[:2]).mkdir(parents=True)
    (tmp_path / "files" / name[:2] / name).write_text(long, encoding="utf-8")
    (whole,) = messages(tmp_path)
    assert whole.text == long.strip()
    assert whole.id == cut.id


def test_an_unnamed_mention_stays_a_sign(tmp_path: Path) -> None:
    mention = {"body": "\ufffc?", "bodyRanges": [{"length": 1, "mentionAci": encoded(b"x" * 16)}]}
    (found,) = messages(exported(tmp_path, item(0, 2, {"standardMessage": {"text": mention}})))
    assert found.text == "@?"


def test_what_signal_itself_says_is_automatic(tmp_path: Path) -> None:
    frames = [
        *people(),
        {"recipient": {"id": "9", "releaseNotes": {}}},
        {"chat": {"id": "9", "recipientId": "9"}},
    ]
    (found,) = messages(exported(tmp_path, item(0, 9, said("What is new"), chat=9), frames=frames))
    assert found.automatic


def test_memory_is_that_of_a_line(tmp_path: Path) -> None:
    path = exported(tmp_path, *(item(n, 2, said(f"message {n}")) for n in range(6_000)))
    tracemalloc.start()
    assert sum(1 for _ in Signal().read(ExportPath.at(path), ReadOptions())) == 6_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


@pytest.mark.parametrize(
    "bomb", ["[" * 500_000, '{"a":' * 200_000, '{"chatItem": {"dateSent": ' + "9" * 500_000 + "}}"]
)
def test_bombs_are_one_unreadable_line(tmp_path: Path, bomb: str) -> None:
    def reads(text: str) -> None:
        assert [type(one) for one in read(exported(tmp_path, text))] == [Unreadable]

    assert_linear_in(bomb, reads)


# --- lists of frames ---


def test_a_list_with_comments_and_trailing_commas(tmp_path: Path) -> None:
    frames = [*people(), item(0, 2, said('she said "ahoy" // not a comment'))]
    text = json.dumps(frames, indent=1).replace("]", ",\n]").replace("\n}", ",}")
    text = "// a case, with a [bracket]\n/* and \n another */" + text.replace(
        '"chatItem":', "chatItem: // one\n"
    )
    text = text.replace('"version": "1"', "'version': '1'")
    path = tmp_path / "case.jsonproto"
    path.write_text(text)
    (found,) = messages(path)
    assert found.text == 'she said "ahoy" // not a comment'


@pytest.mark.parametrize(
    "text",
    ["[{'backupTimeMs': 1}", "[" * 100_000, "[1 2]", '["\\ud800', "[{}", '["\\' * 100_000, "[/*" * 100_000],
)
def test_a_list_that_is_none_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "case.jsonproto"

    def reads(size: int) -> None:
        path.write_text(f"// backupTimeMs\n{text[: max(size, 15)]}")
        with pytest.raises(SourceError, match=r"case\.jsonproto"):
            list(Signal().read(ExportPath.at(path), ReadOptions()))

    assert_linear(reads, len(text))


# --- tables ---

HEADER = (  # noqa: SIM905
    "_id date_sent date_received date_server thread_id from_recipient_id to_recipient_id type body "
    "expires_in quote_id quote_author remote_deleted view_once latest_revision_id original_message_id"
).split()


def table(path: Path, header: list[str], *rows: dict[str, Any]) -> Path:
    """As signalbackup-tools writes it: quoted where needed, NULL as nothing, lines end in LF."""
    out = io.StringIO()
    writer = csv.DictWriter(out, header, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(out.getvalue(), encoding="utf-8", newline="")
    return path


def row(number: int, who: int, body: str, **more: Any) -> dict[str, Any]:
    kind = PUSH | (23 if who == 1 else 20)
    cells = {"_id": number, "date_sent": DAY + number * 60_000, "thread_id": 1, "from_recipient_id": who}
    return {**cells, "type": kind, "body": body, "quote_id": 0, "remote_deleted": 0, **more}


def tables(folder: Path) -> Path:
    rows = [
        row(1, 2, "is the sail dry?"),
        row(2, 1, 'yes,\n"dry" and 007', quote_id=DAY + 60_000, quote_author=2),
        row(3, 2, "12345"),
        row(4, 1, "", remote_deleted=1),
        row(5, 1, "old", latest_revision_id=6),
        row(6, 1, "new", original_message_id=5),
    ]
    return table(folder / "message.csv", HEADER, *rows)


def test_messages_alone_have_numbers_for_names(tmp_path: Path) -> None:
    found = messages(tables(tmp_path))
    assert [(one.direction, one.text, one.sender) for one in found] == [
        ("inbound", "is the sail dry?", Person("", "recipient-2")),
        ("outbound", 'yes,\n"dry" and 007', Person("")),
        ("inbound", "12345", Person("", "recipient-2")),
        ("outbound", "", Person("")),
        ("outbound", "new", Person("")),
    ]
    assert found[1].reply_to == found[0].id
    assert [one.content_type for one in found] == ["text", "text", "text", "deleted", "text"]
    assert found[4].edited
    assert Signal().survey(ExportPath.at(tmp_path / "message.csv"), ReadOptions()).owner == ()


def test_tables_of_people_give_names(tmp_path: Path) -> None:
    tables(tmp_path)
    header = ["_id", "aci", "e164", "group_id", "profile_joined_name", "nickname_joined_name"]
    noor = {"_id": 1, "aci": "a-1", "e164": "+15550000001", "profile_joined_name": "Noor Haas"}
    ida = {"_id": 2, "aci": str(IDA).upper(), "e164": "+15550000002", "profile_joined_name": "Ida Berg"}
    table(tmp_path / "recipient.csv", header, noor, ida)
    table(tmp_path / "thread.csv", ["_id", "recipient_id"], {"_id": 1, "recipient_id": 2})
    table(tmp_path / "reaction.csv", ["_id", "message_id", "author_id", "emoji"],
          {"_id": 1, "message_id": 1, "author_id": 1, "emoji": "👍"})  # fmt: skip
    found = messages(tmp_path)
    assert [one.sender.name for one in found[:2]] == ["Ida Berg", "Noor Haas"]
    assert found[0].conversation == str(IDA)
    assert found[0].reactions[0].by.name == "Noor Haas"
    survey = Signal().survey(ExportPath.at(tmp_path), ReadOptions())
    assert survey.owner == (Person("Noor Haas", "+15550000001"),)


def test_one_message_has_one_id_in_every_form(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    tables(tmp_path / "tables")
    ida = {"_id": 2, "aci": str(IDA), "e164": "+15550000002", "profile_joined_name": "Ida Berg"}
    table(tmp_path / "tables" / "recipient.csv", list(ida), ida)
    table(tmp_path / "tables" / "thread.csv", ["_id", "recipient_id"], {"_id": 1, "recipient_id": 2})
    from_tables = messages(tmp_path / "tables")[:2]
    from_app = messages(exported(tmp_path, item(1, 2, said("is the sail dry?")), item(2, 1, said("yes"))))
    assert [one.id for one in from_tables] == [one.id for one in from_app]


def test_rows_of_other_widths_are_unreadable(tmp_path: Path) -> None:
    path = tables(tmp_path)
    path.write_text(path.read_text() + "7,8,9\n" + ",".join(["8", "soon", *[""] * 14]) + "\n")
    found = read(path)
    assert sum(isinstance(one, Unreadable) for one in found) == 2
    assert sum(isinstance(one, Message) for one in found) == 5


def test_a_phones_own_table_of_messages_is_not_signals(tmp_path: Path) -> None:
    header = [
        "_id",
        "thread_id",
        "address",
        "person",
        "date",
        "date_sent",
        "protocol",
        "read",
        "type",
        "body",
    ]
    path = table(
        tmp_path / "sms.csv", header, {"_id": 1, "thread_id": 1, "address": "+15550000002", "body": "x"}
    )
    assert not Signal().recognizes(ExportPath.at(path))
    assert not Signal().recognizes(ExportPath.at(tmp_path))


# --- Desktop ---


def desktop(folder: Path, *rows: dict[str, Any], name: str = "Ida Berg") -> Path:
    (folder / name).mkdir(parents=True, exist_ok=True)
    empty = {"quote": "", "sticker": "", "reactions": [], "attachments": []}
    lines = (json.dumps({**empty, **row}, ensure_ascii=False) for row in rows)
    path = folder / name / "data.json"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def line(clock: str, sender: str, body: str = "", **more: Any) -> dict[str, Any]:
    return {"date": f"2023-11-14T{clock}", "sender": sender, "body": f"{body}  ", **more}


def test_chats_of_desktop(tmp_path: Path) -> None:
    desktop(
        tmp_path,
        line("22:13:20", "Ida Berg", "is the sail dry?", reactions=[["Noor", "👍"]]),
        line("22:14:20.500000", "Me", "yes", quote="\n\n> is the sail dry?\n\n"),
        line("22:15:20", "Me", attachments=[{"name": "mast.jpg", "path": "media/mast.jpg"}]),
        line("22:16:20", "Ida Berg", sticker="⛵"),
        line("22:17:20", "Ida Berg", "Incoming call"),
        line("22:18:20", "Ida Berg", deleted=True),
        line("22:19:20", "No-Sender"),
        line("22:20:20", "Ida Berg", missed=True, call=True),
    )
    desktop(tmp_path, line("08:00:00", "Ole", "ahoy"), line("08:00:00", "Ida Berg", "ahoy"), name="Boat club")
    found = messages(tmp_path, tz=ZoneInfo("Europe/Oslo"))
    club, talk = found[:2], found[2:]
    assert [(one.content_type, one.direction, one.text) for one in talk] == [
        ("text", "inbound", "is the sail dry?"),
        ("text", "outbound", "yes"),
        ("media", "outbound", ""),
        ("media", "inbound", ""),
        ("call", "inbound", ""),
        ("deleted", "inbound", ""),
        ("system", "inbound", ""),
        ("call", "inbound", ""),
    ]
    assert talk[0].at.isoformat() == "2023-11-14T22:13:20+01:00"
    assert (talk[1].sender, talk[6].sender) == (Person(""), Person(""))
    assert talk[2].attachments == ("mast.jpg",)
    assert [(one.emoji, one.by.name) for one in talk[0].reactions] == [("👍", "Noor")]
    assert all("dry?" not in one.text for one in talk[1:])
    assert [(one.group, one.subject, one.conversation) for one in (club[0], talk[0])] == [
        (True, "Boat club", "Boat club"),
        (False, None, "Ida Berg"),
    ]
    survey = Signal().survey(ExportPath.at(tmp_path), ReadOptions(tz=ZoneInfo("Europe/Oslo")))
    assert survey.owner == ()
    assert "Europe/Oslo" in survey.notes[0]


def test_a_chat_of_desktop_is_the_same_alone_in_its_folder_and_in_a_zip(tmp_path: Path) -> None:
    path = desktop(tmp_path, line("22:13:20", "Ida Berg", "ahoy"), line("22:13:20", "Ida Berg", "ahoy"))
    packed = tmp_path / "chats.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(path, "Ida Berg/data.json")
    ids = [[one.id for one in messages(where)] for where in (path, path.parent, packed)]
    assert ids[0] == ids[1] == ids[2]
    assert len(set(ids[0])) == 2


def test_a_bad_line_of_desktop_is_unreadable(tmp_path: Path) -> None:
    path = desktop(tmp_path, line("22:13:20", "Me", "ahoy"), {**line("22:13:20", "Me"), "date": "soon"})
    path.write_text(path.read_text() + "{torn\n")
    assert [type(one) for one in read(path)] == [Message, Unreadable, Unreadable]


def test_a_folder_with_a_chat_among_other_things_is_not_the_export(tmp_path: Path) -> None:
    desktop(tmp_path, line("22:13:20", "Me", "ahoy"))
    (tmp_path / "Music").mkdir()
    assert not Signal().recognizes(ExportPath.at(tmp_path))
    write_export(tmp_path)
    assert not Signal().recognizes(ExportPath.at(tmp_path))


# --- damage ---


def every_form(folder: Path) -> list[Path]:
    """A file of each form that is text."""
    (folder / "tables").mkdir()
    tables(folder / "tables")
    header = ["_id", "aci", "profile_joined_name"]
    table(
        folder / "tables" / "recipient.csv", header, {"_id": 2, "aci": str(IDA), "profile_joined_name": "Ida"}
    )
    frames = folder / "case.jsonproto"
    frames.write_text(json.dumps([*people(), item(0, 2, said("ahoy"))], indent=1))
    chat = desktop(folder / "chats", line("22:13:20", "Ida Berg", "ahoy"), line("22:14:20", "Me", "hoy"))
    return [folder / "tables" / "message.csv", folder / "tables" / "recipient.csv", frames, chat]


FORMS = ("message.csv", "recipient.csv", "case.jsonproto", "data.json")


@settings(
    max_examples=rounds(120, 10_000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=8), st.integers(0, 30)), max_size=4
    )
)
@pytest.mark.parametrize("form", FORMS)
def test_damage_breaks_nothing(form: str, edits: list[tuple[float, bytes, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        victim = next(path for path in every_form(Path(folder)) if path.name == form)
        data = bytearray(victim.read_bytes())
        for where, new, gone in edits:
            place = int(where * len(data))
            data[place : place + gone] = new
        victim.write_bytes(data)
        export = ExportPath.at(victim.parent if form == "recipient.csv" else victim)
        Signal().recognizes(export)
        try:
            found = list(Signal().read(export, ReadOptions()))
            survey = Signal().survey(export, ReadOptions())
        except IpseError:
            return
        assert survey.units == len(found)


# --- what is refused ---


def test_a_backup_with_a_recovery_key_is_told(tmp_path: Path) -> None:
    root = tmp_path / "signal-backup-2026-01-31-10-00-00"
    root.mkdir()
    for name in ("main", "metadata", "files"):
        (root / name).write_bytes(b"\x93" * 64)
    assert Signal().recognizes(ExportPath.at(root))
    with pytest.raises(SourceError, match=r"newer kind.*64 characters.*sources guide signal"):
        Signal().survey(ExportPath.at(root), ReadOptions())


def test_the_database_of_desktop_is_told(tmp_path: Path) -> None:
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "db.sqlite").write_bytes(bytes(range(256)) * 16)
    (tmp_path / "config.json").write_text('{"encryptedKey": "00"}')
    for path in (tmp_path, tmp_path / "sql" / "db.sqlite"):
        assert Signal().recognizes(ExportPath.at(path))
        with pytest.raises(SourceError, match=r"Desktop.*signal-export"):
            list(Signal().read(ExportPath.at(path), ReadOptions()))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("main.jsonl", b'{"version": "1"}\n'),
        ("data.json", b'{"date": "2020-01-01", "sender": "Me"}\n'),
        ("message.csv", b"_id,body\n1,x\n"),
        ("notes.txt", b"the version and backupTimeMs\n"),
        ("a.backup", b"\0\0\0\x30\x0a\x2e" + bytes(60)),
        ("db.sqlite", b"SQLite format 3\0" + bytes(100)),
        ("deep.json", b"[" * 40_000),
    ],
)
def test_other_files_are_not_taken(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert not Signal().recognizes(ExportPath.at(path))
    assert not Signal().recognizes(ExportPath.at(tmp_path))
    with pytest.raises(SourceError, match="sources guide signal"):
        list(Signal().read(ExportPath.at(path), ReadOptions()))
