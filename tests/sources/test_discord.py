"""Discord: the data package in its layouts, DiscordChatExporter's files, and what both have in common."""

import json
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions, Survey
from ipse.records import Message, Person, Reaction, Unreadable
from ipse.sources.discord.source import Discord

from ..growth import assert_linear
from ..soak import rounds
from .samples import discord as sample
from .samples.discord import ADA, OWNER, channel, exported, put, row

ME = Person("Nora Feld", "nora.feld")


def read(path: Path) -> list[Message | Unreadable]:
    return list(Discord().read(ExportPath.at(path), ReadOptions()))


def messages(path: Path) -> list[Message]:
    found = read(path)
    assert all(isinstance(one, Message) for one in found), found
    return [one for one in found if isinstance(one, Message)]


def survey(path: Path) -> Survey:
    return Discord().survey(ExportPath.at(path), ReadOptions())


def recognized(path: Path) -> bool:
    return Discord().recognizes(ExportPath.at(path))


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return sample.write(tmp_path)


# --- the data package ---


def test_everything_in_a_package_is_its_owners(package: Path) -> None:
    found = messages(package)
    assert {one.sender for one in found} == {ME}
    assert {one.direction for one in found} == {"outbound"}
    assert survey(package).owner == (ME,)
    assert "what others said is not in this export" in survey(package).notes[0]


def test_folders_are_told_by_what_is_in_them(package: Path) -> None:
    expected = {one.id for one in messages(package)}
    for old, new in (("Nachrichten", "訊息"), ("Konto", "帳號")):
        (package / old).rename(package / new)
    assert recognized(package)
    assert {one.id for one in messages(package)} == expected
    assert survey(package).owner == (ME,)


def test_times_are_utc_and_texts_as_typed(package: Path) -> None:
    found = {one.text: one for one in messages(package)}
    assert set(found) == {"are you coming?", "on Sunday 😀 @ada?", ":rope: it is, said the <the guide>", ""}
    assert found["are you coming?"].at == datetime(2023, 12, 1, 10, tzinfo=UTC)
    assert found["on Sunday 😀 @ada?"].mentions == (Person("ada", "ada"),)
    assert found["on Sunday 😀 @ada?"].raw == f"on Sunday 😀 <@{ADA}>?"


def test_direct_messages_and_servers(package: Path) -> None:
    found = {one.text: one for one in messages(package)}
    direct, server = found["are you coming?"], found[""]
    assert (direct.conversation, direct.group, direct.subject) == ("770000000000000001", False, None)
    assert set(direct.participants) == {ME, Person("ada", "ada")}
    assert (server.group, server.subject, server.content_type) == (True, "huts in Alps", "media")
    assert server.attachments == ("https://cdn.example.org/1/hut.png",)  # without what opens it


def test_friends_are_named_by_the_account(package: Path) -> None:
    file = package / "Konto" / "user.json"
    account = json.loads(file.read_text("utf-8"))
    account["relationships"] = [
        {"user": {"id": "300000000000000005", "username": "ben", "global_name": "Ben Ito"}},
        None,
    ]
    put(file, account)
    put(
        package / "Nachrichten" / "c770000000000000003" / "messages.json",
        [row(9, "2023-12-02 11:00:00", "hi <@!300000000000000005> and <@300000000000000009>")],
    )
    (found,) = [one for one in messages(package) if one.group]
    assert found.text == "hi @Ben Ito and @300000000000000009"
    assert found.mentions == (Person("Ben Ito", "ben"), Person("", "300000000000000009"))


def test_the_layout_before_2024(tmp_path: Path) -> None:
    folder = tmp_path / "messages" / "770000000000000001"
    put(tmp_path / "messages" / "index.json", {"770000000000000001": "Direct Message with Ada Weber#1234"})
    put(folder / "channel.json", {"id": "770000000000000001", "type": 1, "recipients": [OWNER, ADA]})
    (folder / "messages.csv").write_text(
        "ID,Timestamp,Contents,Attachments\r\n"
        '1200000000000000002,2020-05-01 10:00:05.123000+00:00,"two\nlines, ""quoted""",\r\n'
        "1200000000000000001,2020-05-01 12:00:00+02:00,first,https://cdn.example.org/z.jpg\r\n"
        "oops,2020-05-01 12:00:00+02:00,bad,\r\n"
        "1200000000000000003,yesterday,bad,\r\n",
        encoding="utf-8",
    )
    put(tmp_path / "account" / "user.json", {"id": OWNER, "username": "nora", "discriminator": "0042"})
    assert recognized(tmp_path)
    second, first, *bad = read(tmp_path)
    assert isinstance(first, Message)
    assert isinstance(second, Message)
    assert second.text == 'two\nlines, "quoted"'
    assert (first.at, first.attachments) == (
        datetime(2020, 5, 1, 10, tzinfo=UTC),
        ("https://cdn.example.org/z.jpg",),
    )
    assert set(first.participants) == {Person("nora", "nora#0042"), Person("Ada Weber", "Ada Weber#1234")}
    assert not first.group
    assert [(one.position, "bad" in one.reason) for one in bad if isinstance(one, Unreadable)] == [
        ("row 4", False),
        ("row 5", False),
    ]


def test_a_broken_quote_costs_what_it_swallowed(tmp_path: Path) -> None:
    package = sample.write(tmp_path)
    folder = package / "Nachrichten" / "c770000000000000001"
    (folder / "messages.json").unlink()
    rows = "\n".join(f"12000000000000{n:05},2020-05-01 10:00:00+00:00,number {n}," for n in range(9000))
    broken = '1200000000000000001,2020-05-01 10:00:00+00:00,"never closed,\n'
    (folder / "messages.csv").write_text(
        f"ID,Timestamp,Contents,Attachments\n{broken}{rows}\n", encoding="utf-8"
    )
    found = read(package)
    assert sum(isinstance(one, Unreadable) for one in found) >= 1
    assert sum(isinstance(one, Message) for one in found) > 5000
    assert survey(package).units == len(found)


def test_without_the_account_all_is_still_sent(package: Path) -> None:
    (package / "Konto" / "user.json").unlink()
    assert survey(package).owner == ()
    assert {(one.sender, one.direction) for one in messages(package)} == {(Person(""), "outbound")}
    assert recognized(package / "Nachrichten")


@pytest.mark.parametrize(
    "name", ["Nachrichten/index.json", "Konto/user.json", "Nachrichten/c770000000000000001/channel.json"]
)
def test_a_damaged_file_is_counted_and_the_others_are_read(package: Path, name: str) -> None:
    before = {one.id for one in messages(package)}
    (package / name).write_text('{"770000000000000001": ', encoding="utf-8")
    found = read(package)
    assert {one.id for one in found if isinstance(one, Message)} == before
    (bad,) = [one for one in found if isinstance(one, Unreadable)]
    assert bad.file.endswith(name)


def test_a_folder_that_holds_a_package_is_none(package: Path) -> None:
    assert recognized(package)
    assert not recognized(package.parent)
    put(package.parent / "index.json", {"a": 1})
    assert not recognized(package.parent)


# --- DiscordChatExporter ---


def only(folder: Path, message: dict[str, Any], kind: str = "DirectTextChat") -> Message:
    put(folder / "one.json", channel([message], kind))
    (found,) = messages(folder / "one.json")
    return found


def test_who_wrote_what_and_when(tmp_path: Path) -> None:
    author = {"id": "3", "name": "ada", "discriminator": "1234", "nickname": "Ada W.", "isBot": False}
    found = only(tmp_path, exported(5, "ada", "hello", author=author))
    assert found.sender == Person("Ada W.", "ada#1234")
    assert found.at == datetime(2023, 12, 1, 10, 0, 5, 123000, tzinfo=UTC)
    assert found.at.utcoffset() is not None
    assert found.at.utcoffset() != datetime.now(UTC).utcoffset()
    assert (found.conversation, found.group, found.direction) == ("77", False, "inbound")
    assert survey(tmp_path / "one.json").owner is None


@pytest.mark.parametrize("name", ["Deleted User", "deleted_user_1a2b3c"])
def test_who_left_has_no_name(tmp_path: Path, name: str) -> None:
    author = {"id": "3", "name": name, "discriminator": "0000", "nickname": name, "isBot": False}
    assert only(tmp_path, exported(1, "x", "hello", author=author)).sender.name == ""


def test_bots_are_automatic(tmp_path: Path) -> None:
    author = {"id": "3", "name": "dyno", "nickname": "Dyno", "isBot": True}
    assert only(tmp_path, exported(1, "x", "hello", author=author)).automatic
    assert not only(tmp_path, exported(1, "ada", "hello")).automatic


@pytest.mark.parametrize(
    ("kind", "content", "named"),
    [
        ("Call", "call", True),
        ("RecipientAdd", "system", False),
        ("GuildMemberJoin", "system", False),
        ("18", "system", False),
    ],
)
def test_other_types_are_no_text(tmp_path: Path, kind: str, content: str, *, named: bool) -> None:
    found = only(tmp_path, exported(1, "ada", "Started a call that lasted 2 minutes.", type=kind))
    assert (found.content_type, found.text, bool(found.sender.name)) == (content, "", named)


def test_a_reply_points_at_the_message_it_answers(tmp_path: Path) -> None:
    first = exported(1, "ada", "hello")
    reply = exported(2, "ben", "hi", type="Reply", reference={"messageId": first["id"], "channelId": "77"})
    put(tmp_path / "one.json", channel([first, reply]))
    one, two = messages(tmp_path / "one.json")
    assert two.reply_to == one.id
    assert two.content_type == "text"


def test_a_forward_is_not_the_senders_words(tmp_path: Path) -> None:
    forward = {"timestamp": "2023-12-01T10:00:00+00:00", "content": "storm warning", "attachments": []}
    found = only(tmp_path, exported(1, "ada", "", forwardedMessage=forward, reference={"messageId": "9"}))
    assert (found.forwarded, found.text, found.reply_to) == (True, "storm warning", None)


def test_files_stickers_edits_and_mentions(tmp_path: Path) -> None:
    found = only(
        tmp_path,
        exported(
            1,
            "ada",
            "",
            timestampEdited="2023-12-01T11:00:00+01:00",
            attachments=[{"id": "1", "url": "https://cdn.example.org/a.png?ex=1", "fileName": "a.png"}],
            stickers=[{"id": "2", "name": "Wave"}],
            mentions=[{"id": "4", "name": "ben", "nickname": "Ben Ito"}],
        ),
    )
    assert (found.content_type, found.attachments, found.edited) == ("media", ("a.png", "Wave"), True)
    assert found.mentions == (Person("Ben Ito", "ben"),)


def test_reactions_name_who_is_named_and_count_the_others(tmp_path: Path) -> None:
    users = [{"id": "4", "name": "ben", "nickname": "Ben Ito"}]
    rows = [{"emoji": {"name": "👆"}, "count": 3, "users": users}, {"emoji": {"name": "kek"}, "count": 10**9}]
    found = only(tmp_path, exported(1, "ada", "hello", reactions=rows)).reactions
    assert found[:4] == (
        Reaction("👆", Person("Ben Ito", "ben")),
        Reaction("👆"),
        Reaction("👆"),
        Reaction("kek"),
    )
    assert len(found) == 200


def test_parts_of_a_channel_are_one_conversation(tmp_path: Path) -> None:
    for n in (1, 2):
        put(tmp_path / f"general [77] [part {n}].json", channel([exported(n, "ada", f"part {n}")]))
    put(tmp_path / "other.json", channel([exported(3, "ben", "elsewhere")], number="78"))
    (tmp_path / "other.json_Files").mkdir()
    assert recognized(tmp_path)
    found = messages(tmp_path)
    assert [(one.text, one.conversation) for one in found] == [
        ("part 1", "77"),
        ("part 2", "77"),
        ("elsewhere", "78"),
    ]
    assert survey(tmp_path).units == 3


def test_a_folder_with_other_things_is_looked_at_file_by_file(tmp_path: Path) -> None:
    put(tmp_path / "one.json", channel([exported(1, "ada", "hello")]))
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    assert not recognized(tmp_path)
    assert recognized(tmp_path / "one.json")


def test_a_message_that_is_there_twice_has_one_id(tmp_path: Path) -> None:
    put(tmp_path / "one.json", channel([exported(1, "ada", "hello"), exported(1, "ada", "hello")]))
    assert len({one.id for one in messages(tmp_path / "one.json")}) == 1


def test_both_exports_give_one_id(package: Path, tmp_path: Path) -> None:
    put(
        tmp_path / "one.json",
        channel([exported(1, "nora.feld", "are you coming?")], number="770000000000000001"),
    )
    (found,) = messages(tmp_path / "one.json")
    (same,) = [one for one in messages(package) if one.text == "are you coming?"]
    assert (found.id, found.conversation) == (same.id, same.conversation)


def test_a_file_cut_short_is_read_to_where_it_breaks_off(tmp_path: Path) -> None:
    put(tmp_path / "one.json", channel([exported(n, "ada", f"number {n}") for n in range(1, 6)]))
    text = (tmp_path / "one.json").read_text("utf-8")
    (tmp_path / "one.json").write_text(text[: text.index("number 4")], encoding="utf-8")
    *found, last = read(tmp_path / "one.json")
    assert [one.text for one in found if isinstance(one, Message)] == ["number 1", "number 2", "number 3"]
    assert isinstance(last, Unreadable)
    assert last.position == "message 4"


@pytest.mark.parametrize("broken", [{"id": None}, {"timestamp": "soon"}, {"timestamp": None}], ids=str)
def test_a_strange_message_costs_itself_only(tmp_path: Path, broken: dict[str, Any]) -> None:
    rows: list[Any] = [exported(1, "ada", "secret", **broken), "no message", exported(2, "ada", "fine")]
    put(tmp_path / "one.json", channel(rows))
    first, second, third = read(tmp_path / "one.json")
    assert isinstance(first, Unreadable)
    assert "secret" not in first.reason
    assert isinstance(second, Unreadable)
    assert isinstance(third, Message)


@pytest.mark.parametrize(
    "document",
    [
        {"messages": []},
        {"guild": {}, "channel": {}, "messages": []},
        {"name": "x", "type": "personal_chat", "id": 1, "messages": []},
        [{"ID": 1, "Timestamp": "x"}],
        {"770000000000000001": "x"},
    ],
    ids=str,
)
def test_other_files_are_not_recognized(tmp_path: Path, document: object) -> None:
    put(tmp_path / "one.json", document)
    assert not recognized(tmp_path / "one.json")
    assert not recognized(tmp_path)
    with pytest.raises(SourceError, match="whole package"):
        read(tmp_path / "one.json")


def test_half_a_surrogate_pair_costs_its_letter_only(tmp_path: Path) -> None:
    text = json.dumps(channel([exported(1, "ada", "x\ud83d", stickers=[{"name": "y\ud83d"}])]))
    (tmp_path / "one.json").write_text(text, encoding="ascii")
    (found,) = messages(tmp_path / "one.json")
    assert (found.text, found.raw, found.attachments) == ("x\ufffd", "x\ufffd", ("y\ufffd",))


def test_a_bomb_is_an_error_soon(tmp_path: Path) -> None:
    text = json.dumps(channel([]))
    file = tmp_path / "one.json"

    def reads(deep: int) -> None:
        file.write_text(text.replace('"messages": []', '"messages": [' + "[" * deep), encoding="utf-8")
        with suppress(SourceError):
            assert all(isinstance(one, Unreadable) for one in read(file))

    assert_linear(reads, 300_000)


@settings(
    max_examples=rounds(100, 10_000),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(at=st.floats(0, 1, exclude_max=True), new=st.binary(max_size=20), cut=st.integers(0, 200))
def test_a_damaged_file_breaks_nothing(at: float, new: bytes, cut: int) -> None:
    reactions = [{"emoji": {"name": "x"}, "count": 2, "users": [{"name": "ben"}]}]
    rows = [exported(n, "ada", f"<@3> number {n}", reactions=reactions) for n in range(3)]
    data = json.dumps(channel(rows)).encode()
    place = int(at * len(data))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "one.json"
        file.write_bytes(data[:place] + new + data[place + cut :])
        recognized(file)
        try:
            found = read(file)
        except SourceError:
            return
        assert survey(file).units == len(found)
