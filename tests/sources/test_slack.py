"""Slack: a workspace's export, who wrote what in it, and what Slack wrote itself."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions, Survey
from ipse.records import Message, Person, Reaction, Unreadable
from ipse.sources.slack.source import Slack

from .samples import slack as sample
from .samples.slack import DAY, put, said, workspace

NORA, ADA = Person("Nora Feld", "nora@example.org"), Person("Ada Weber", "ada@example.org")
# Put together here, so that nobody takes it for a key that leaked.
TOKEN = "-".join(("xoxe", "1234567890", "abcdefABCDEF"))


def read(root: Path) -> list[Message | Unreadable]:
    return list(Slack().read(ExportPath.at(root), ReadOptions()))


def messages(root: Path) -> list[Message]:
    found = read(root)
    assert all(isinstance(one, Message) for one in found), found
    return [one for one in found if isinstance(one, Message)]


def survey(root: Path) -> Survey:
    return Slack().survey(ExportPath.at(root), ReadOptions())


def recognized(path: Path) -> bool:
    return Slack().recognizes(ExportPath.at(path))


def only(root: Path, row: dict[str, Any]) -> Message:
    (found,) = messages(workspace(root, {"general": [row]}, {}))
    return found


# --- who, where, when ---


def test_people_have_their_names_and_nobody_is_the_owner(tmp_path: Path) -> None:
    root = sample.write(tmp_path)
    found = {one.text: one for one in messages(root)}
    assert found["lunch?"].sender == ADA
    assert found["here it is"].sender == NORA
    assert {one.direction for one in found.values()} == {"inbound"}
    assert survey(root).owner is None
    assert NORA in survey(root).likely


def test_channels_and_direct_messages(tmp_path: Path) -> None:
    found = {one.text: one for one in messages(sample.write(tmp_path))}
    channel, direct = found["here it is"], found["lunch?"]
    assert (channel.conversation, channel.group, channel.subject) == ("C01", True, "#general")
    assert (direct.conversation, direct.group, direct.subject) == ("D01", False, None)
    assert set(direct.participants) == {NORA, ADA}


def test_the_stamp_is_a_moment_and_an_id_to_its_last_digit(tmp_path: Path) -> None:
    rows = [said(1, "U01", "one"), said(1, "U01", "two")]
    rows[0]["ts"], rows[1]["ts"] = "1700000000.123456", "1700000000.123457"
    one, two = messages(workspace(tmp_path, {"general": rows}, {}))
    assert one.at == datetime(2023, 11, 14, 22, 13, 20, 123456, tzinfo=UTC)
    assert one.id != two.id


def test_folders_may_be_named_by_id(tmp_path: Path) -> None:
    root = sample.write(tmp_path)
    before = {(one.id, one.conversation) for one in messages(root)}
    (root / "general").rename(root / "C01")
    assert {(one.id, one.conversation) for one in messages(root)} == before


def test_a_channel_that_no_list_has_is_read(tmp_path: Path) -> None:
    root = sample.write(tmp_path)
    put(root / "gone" / "2023-11-15.json", [said(9, "U01", "still here")])
    assert [one.conversation for one in messages(root) if one.text == "still here"] == ["gone"]


def test_who_is_not_in_the_list_of_people(tmp_path: Path) -> None:
    profile = {"real_name": "Ben Ito", "display_name": "ben"}
    rows = [
        said(1, "U77", "hello", user_profile=profile),
        said(2, "U77", "again"),
        said(3, "U88", "nameless"),
    ]
    found = messages(workspace(tmp_path, {"general": rows}, {}))
    assert [one.sender for one in found] == [
        Person("Ben Ito", "U77"),
        Person("Ben Ito", "U77"),
        Person("", "U88"),
    ]
    assert Person("Ben Ito", "U77") in found[0].participants


def test_a_thread_is_answered_at_its_root(tmp_path: Path) -> None:
    found = {one.text: one for one in messages(sample.write(tmp_path))}
    root = found["who can look at the map?"]
    assert found["I can, <tomorrow>"].reply_to == root.id
    assert root.reply_to is None


def test_an_answer_shown_in_the_channel_too_is_one_message(tmp_path: Path) -> None:
    answer = said(2, "U01", "me", thread_ts=f"{DAY + 1}.000001")
    shown = {**answer, "subtype": "thread_broadcast", "root": said(1, "U02", "who?")}
    found = messages(workspace(tmp_path, {"general": [answer, shown]}, {}))
    assert found[0].id == found[1].id
    assert {one.text for one in found} == {"me"}


# --- texts ---


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("&lt;b&gt; &amp;amp; c", "<b> &amp; c"),
        ("<@U02> and <@U02|ada>", "@Ada Weber and @Ada Weber"),
        ("<@U99|ben> and <@U99>", "@ben and @U99"),
        ("<#C01|general> <#C01> <#C55>", "#general #general #C55"),
        ("<!channel> <!here|here> <!subteam^S1|@climbers>", "@channel @here @climbers"),
        ("<!date^1392734382^{date}|February 18th>", "February 18th"),
        ("<https://example.org> <https://example.org/a|the map>", "https://example.org the map"),
        ("<mailto:a@example.org|a@example.org> <tel:123>", "a@example.org 123"),
        ("a < b, c > d", "a < b, c > d"),
        ("&amp;lt; &amp;copy;", "&lt; &copy;"),
    ],
)
def test_markup_is_what_was_typed(tmp_path: Path, markup: str, text: str) -> None:
    found = only(tmp_path, said(1, "U01", markup))
    assert found.text == text
    assert found.raw == markup


def test_mentions_are_people(tmp_path: Path) -> None:
    assert only(tmp_path, said(1, "U01", "<@U02> <@U02> <@U99>")).mentions == (ADA, Person("", "U99"))


def test_a_message_that_is_only_in_blocks(tmp_path: Path) -> None:
    leaves = [
        {"type": "text", "text": "see "},
        {"type": "user", "user_id": "U02"},
        {"type": "text", "text": " at "},
        {"type": "link", "url": "https://example.org"},
        {"type": "emoji", "name": "tada"},
    ]
    blocks = [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": leaves}]}]
    assert (
        only(tmp_path, said(1, "U01", "", blocks=blocks)).text
        == "see @Ada Weber at https://example.org:tada:"
    )
    assert only(tmp_path, said(1, "U01", "typed", blocks=None)).text == "typed"


def test_what_slack_wrote_for_a_file_is_not_the_senders(tmp_path: Path) -> None:
    generated = "<@U01|nora> uploaded a file: <https://example.org/a|map.png> and commented: the way up"
    file = {"id": "F1", "name": "map.png", "initial_comment": {"user": "U01", "comment": "the way up"}}
    found = only(tmp_path, said(1, "U01", generated, subtype="file_share", file=file))
    assert (found.text, found.attachments) == ("the way up", ("map.png",))
    silent = {key: value for key, value in file.items() if key != "initial_comment"}
    found = only(tmp_path, said(1, "U01", generated, subtype="file_share", file=silent))
    assert (found.text, found.content_type) == ("", "media")
    assert (
        only(tmp_path, said(1, "U01", "my words", subtype="file_share", files=[{"name": "a"}])).text
        == "my words"
    )


def test_a_comment_on_a_file_is_its_writers(tmp_path: Path) -> None:
    row = said(1, "U01", "<@U02> commented on <@U01>'s file", subtype="file_comment")
    found = only(tmp_path, row | {"comment": {"user": "U02", "comment": "too steep"}})
    assert (found.text, found.sender) == ("too steep", ADA)


def test_no_key_is_kept(tmp_path: Path) -> None:
    address = f"https://files.example.org/map.png?t={TOKEN}"
    files = [{"name": "map.png", "url_private": address, "url_private_download": address}]
    for row in (
        said(1, "U01", f"see <{address}>", files=files),
        said(1, "U01", f"<@U01> uploaded a file: <{address}|a>", subtype="file_share", file=files[0]),
        said(1, "U01", address, subtype="channel_topic"),
        said(1, "U01", "", files=[{"name": TOKEN}]),
        said(1, "U01", "", attachments=[{"is_share": True, "text": address}]),
    ):
        assert "xox" not in repr(only(tmp_path, row))


def test_a_shared_message_is_a_forward(tmp_path: Path) -> None:
    shared = [{"is_share": True, "text": "storm warning", "author_id": "U02"}]
    found = only(tmp_path, said(1, "U01", "", attachments=shared))
    assert (found.forwarded, found.text) == (True, "storm warning")
    found = only(tmp_path, said(1, "U01", "look", attachments=shared))
    assert (found.forwarded, found.text) == (False, "look")


# --- what nobody typed ---


@pytest.mark.parametrize(
    "kind", ["channel_join", "channel_leave", "channel_topic", "channel_purpose", "channel_name", "bot_add"]
)
def test_lines_of_the_app(tmp_path: Path, kind: str) -> None:
    found = only(tmp_path, said(1, "U01", "<@U01> did", subtype=kind))
    assert (found.content_type, found.sender, found.text) == ("system", Person(""), "")


@pytest.mark.parametrize(
    "more",
    [
        {"subtype": "bot_message", "bot_id": "B1", "username": "GitHub"},
        {"bot_id": "B1"},
        {"user": "USLACKBOT"},
    ],
    ids=str,
)
def test_bots_are_automatic(tmp_path: Path, more: dict[str, Any]) -> None:
    assert only(tmp_path, said(1, "U01", "build failed") | more).automatic
    assert not only(tmp_path, said(1, "U01", "mine")).automatic


def test_a_bots_name_is_nobodys(tmp_path: Path) -> None:
    row = {
        key: value
        for key, value in said(1, "", "x", subtype="bot_message", bot_id="B1").items()
        if key != "user"
    }
    assert only(tmp_path, row | {"username": "GitHub"}).sender == Person("", "B1")
    assert only(tmp_path, said(1, "U03", "x")).sender == Person("", "U03")


def test_deleted_messages_and_calls(tmp_path: Path) -> None:
    gone = only(tmp_path, said(1, "USLACKBOT", "This message was deleted.", subtype="tombstone"))
    assert (gone.content_type, gone.text, gone.sender) == ("deleted", "", Person(""))
    call = only(tmp_path, said(1, "U01", "A huddle started", subtype="huddle_thread"))
    assert (call.content_type, call.text, call.sender) == ("call", "", NORA)


def test_edits_and_reactions(tmp_path: Path) -> None:
    reactions = [{"name": "tada", "users": ["U02", "U99"], "count": 2}, {"name": "x", "users": ["U02"] * 999}]
    found = only(tmp_path, said(1, "U01", "a", edited={"user": "U01", "ts": "1.0"}, reactions=reactions))
    assert found.edited
    assert found.reactions[:2] == (Reaction("tada", ADA), Reaction("tada", Person("", "U99")))
    assert len(found.reactions) == 200


# --- damage ---


def test_a_strange_row_costs_itself_only(tmp_path: Path) -> None:
    rows: list[Any] = [said(1, "U01", "secret"), "x", said(3, "U01", "fine"), said(4, "U01", "late")]
    rows[0]["ts"], rows[3]["ts"] = "yesterday", "999999999999.0"
    first, second, third, fourth = read(workspace(tmp_path, {"general": rows}, {}))
    assert isinstance(first, Unreadable)
    assert first.position == "message 1"
    assert "secret" not in first.reason
    assert isinstance(second, Unreadable)
    assert isinstance(third, Message)
    assert isinstance(fourth, Unreadable)


def test_a_damaged_file_is_counted_and_the_others_are_read(tmp_path: Path) -> None:
    root = sample.write(tmp_path)
    put(root / "general" / "2023-11-16.json", [said(9, "U01", "later")])
    (root / "general" / "2023-11-15.json").write_text('[{"ts": "1.', encoding="utf-8")
    (root / "groups.json").write_text("[{", encoding="utf-8")
    found = read(root)
    assert sum(isinstance(one, Unreadable) for one in found) == 2
    assert any(isinstance(one, Message) and one.text == "later" for one in found)
    assert survey(root).units == len(found)


def test_without_the_list_of_people_ids_are_left(tmp_path: Path) -> None:
    root = sample.write(tmp_path)
    (root / "users.json").unlink()
    assert recognized(root)
    assert Person("", "U02") in {one.sender for one in messages(root)}


# --- recognition ---


def test_only_the_root_is_an_export(tmp_path: Path) -> None:
    root = sample.write(tmp_path)
    assert recognized(root)
    assert not recognized(tmp_path)
    assert not recognized(root / "general")
    assert not recognized(root / "users.json")
    with pytest.raises(SourceError, match=r"channels\.json and users\.json"):
        read(root / "general" / "2023-11-14.json")


@pytest.mark.parametrize("document", [{}, {"channels": []}, "x"], ids=str)
def test_other_folders_are_not_recognized(tmp_path: Path, document: object) -> None:
    put(tmp_path / "channels.json", document)
    assert not recognized(tmp_path)
    put(tmp_path / "channels.json", [])
    put(tmp_path / "users.json", [{"login": "x"}])
    assert not recognized(tmp_path)
