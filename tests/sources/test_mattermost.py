"""Mattermost bulk exports: posts, threads, direct posts, bots, system lines, and what is broken."""

import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipse.errors import IpseError, SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions
from ipse.records import Message, Person, Unreadable
from ipse.sources.mattermost import Mattermost
from tests.soak import rounds
from tests.sources.samples import mattermost as sample
from tests.sources.samples.mattermost import HEAD, line, post, said

LENA, OTTO = Person("Lena Brook", "lena@plot.example"), Person("Otto Marsh", "otto@plot.example")


def items(path: Path) -> list[Message | Unreadable]:
    found = list(Mattermost().read(ExportPath.at(path), ReadOptions()))
    assert Mattermost().survey(ExportPath.at(path), ReadOptions()).units == len(found)
    return found


def read(path: Path) -> list[Message]:
    found = items(path)
    assert all(isinstance(item, Message) for item in found)
    return [item for item in found if isinstance(item, Message)]


def one(folder: Path, *body: str) -> Message:
    path = folder / "data.jsonl"
    path.write_text("\n".join([*HEAD, *body]))
    return read(path)[-1]


def test_the_sample_is_read(tmp_path: Path) -> None:
    path = sample.write(tmp_path)
    assert Mattermost().recognizes(ExportPath.at(path))
    found = read(path)
    assert [message.sender for message in found if message.content_type == "text"][:3] == [LENA, OTTO, LENA]
    assert found[1].at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC) + timedelta(minutes=1)
    assert {message.conversation for message in found} == {"plot/greenhouse", "dm lena otto"}
    survey = Mattermost().survey(ExportPath.at(path), ReadOptions())
    assert survey.owner is None
    assert (survey.senders[LENA], survey.senders[OTTO]) == (3, 3)


def test_replies_follow_and_name_what_they_answer(tmp_path: Path) -> None:
    _, question, *answers = read(sample.write(tmp_path))[:4]
    assert [message.text for message in answers] == ["I do, at six.", "Thank you!"]
    assert {message.reply_to for message in answers} == {question.id}
    assert [(each.emoji, each.by) for each in question.reactions] == [("heart", OTTO)]
    assert question.subject == "Greenhouse"
    assert question.mentions == (Person("Otto Marsh", "otto"),)
    assert set(question.participants) == {LENA, OTTO}


def test_system_lines_bots_and_pictures(tmp_path: Path) -> None:
    found = read(sample.write(tmp_path))
    joined, bot, picture = found[0], found[4], found[5]
    assert (joined.content_type, joined.text, joined.sender) == ("system", "", Person(""))
    assert bot.automatic
    assert (picture.content_type, picture.attachments) == ("media", ("20231114/tank.jpg",))


def test_direct_posts_of_two_are_one_conversation_in_any_order_of_members(tmp_path: Path) -> None:
    first, second = read(sample.write(tmp_path))[-2:]
    assert first.conversation == second.conversation
    assert not first.group
    assert second.edited
    assert not first.edited


def test_a_direct_post_to_oneself_or_to_nobody_named(tmp_path: Path) -> None:
    alone = one(tmp_path, line("direct_post", channel_members=["lena", "lena"], **said("lena", "note", 1)))
    assert (alone.conversation, alone.participants, alone.group) == ("dm lena", (LENA,), False)
    lost = one(tmp_path, line("direct_post", channel_members=[], **said("otto", "hi", 1)))
    assert (lost.conversation, lost.participants) == ("dm otto", (OTTO,))


def test_somebody_the_export_does_not_describe_has_a_handle_alone(tmp_path: Path) -> None:
    assert one(tmp_path, post("gone", "hello", 1)).sender == Person("", "gone")


def test_two_posts_of_one_moment_are_two_and_a_repeated_one_is_one(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text("\n".join([*HEAD, post("lena", "a", 1), post("lena", "b", 1), post("lena", "a", 1)]))
    first, second, again = (message.id for message in read(path))
    assert first != second
    assert first == again


def test_ids_do_not_depend_on_the_file(tmp_path: Path) -> None:
    early = read(sample.write(tmp_path))
    later = tmp_path / "later.jsonl"
    lines = (tmp_path / "import.jsonl").read_text().splitlines()
    later.write_text("\n".join([*lines[: len(HEAD)], post("otto", "older", -9), *lines[len(HEAD) :]]))
    assert [message.id for message in read(later)[1:]] == [message.id for message in early]


def test_the_zip_with_files_beside(tmp_path: Path) -> None:
    path = sample.write(tmp_path)
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as packed:
        packed.write(path, "mattermost_import.jsonl")
        packed.writestr("data/20231114/tank.jpg", b"\xff\xd8")
    assert Mattermost().recognizes(ExportPath.at(tmp_path / "export.zip"))
    assert read(tmp_path / "export.zip") == read(path)


def test_broken_lines_are_counted_by_number(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    body = [
        "{",
        post("lena", "a", 1),
        line("post", user="lena"),
        line("post", **said("lena", "b", 10**15)),
        "[]",
    ]
    path.write_text("\n".join([*HEAD, *body]))
    lost = [item for item in items(path) if isinstance(item, Unreadable)]
    assert [item.position for item in lost] == ["line 7", "line 9", "line 10", "line 11"]


def test_a_broken_reply_costs_itself_alone(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    replies = [said("otto", "b", 2), {"user": "otto"}, said("otto", "c", 3)]
    path.write_text("\n".join([*HEAD, post("lena", "a", 1, replies=replies)]))
    found = items(path)
    assert [item.text for item in found if isinstance(item, Message)] == ["a", "b", "c"]
    assert [item.position for item in found if isinstance(item, Unreadable)] == ["line 7, reply 2"]


@pytest.mark.parametrize(
    "text",
    [
        '{"version": "1", "backupTimeMs": "1"}\n{"account": {}}',
        '{"type": "message", "text": "hi"}',
        '{"type": "version", "version": 1}\n{"other": 1}',
    ],
)
def test_other_json_lines_are_not_taken(tmp_path: Path, text: str) -> None:
    (tmp_path / "main.jsonl").write_text(text)
    assert not Mattermost().recognizes(ExportPath.at(tmp_path / "main.jsonl"))
    assert not Mattermost().recognizes(ExportPath.at(tmp_path))


def test_a_folder_above_is_no_export(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    sample.write(tmp_path / "below")
    assert not Mattermost().recognizes(ExportPath.at(tmp_path))
    assert not Mattermost().recognizes(ExportPath.at(tmp_path / "below"))  # a file that lies among others
    (tmp_path / "below" / "data").mkdir()
    assert Mattermost().recognizes(ExportPath.at(tmp_path / "below"))
    with pytest.raises(SourceError, match="no JSON lines"):
        items(tmp_path)


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers() | st.text() | st.floats() | st.booleans(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["user", "message", "create_at", "replies"]), inner)
    ),
    max_leaves=10,
)
FIELDS = st.sampled_from(
    ["user", "message", "create_at", "replies", "reactions", "attachments", "props", "teams"]
)


@settings(max_examples=rounds(30, 10_000), deadline=None)
@given(st.sampled_from(["post", "direct_post", "user", "channel", "bot"]), st.dictionaries(FIELDS, VALUES))
def test_any_json_gives_records_or_is_refused(
    tmp_path_factory: pytest.TempPathFactory, kind: str, held: dict[str, Any]
) -> None:
    path = tmp_path_factory.mktemp("m") / "data.jsonl"
    text = "\n".join([*HEAD, json.dumps({"type": kind, kind: {**said("lena", "a", 1), **held}})])
    path.write_text(text, "utf-8", "surrogatepass")
    try:
        assert len(items(path)) <= 99
    except IpseError:
        return
