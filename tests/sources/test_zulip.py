"""Zulip: exports, answers of the API in three shapes, archives' lines, quotes, and what is broken."""

import gzip
import json
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
from ipse.sources.zulip.source import Zulip
from ipse.sources.zulip.words import words
from tests.soak import rounds
from tests.sources.samples import zulip as sample

IRIS, KARL = Person("Iris Moor", "iris@lab.example"), Person("Karl Stone", "karl@lab.example")


def items(path: Path) -> list[Message | Unreadable]:
    found = list(Zulip().read(ExportPath.at(path), ReadOptions()))
    assert Zulip().survey(ExportPath.at(path), ReadOptions()).units == len(found)
    return found


def read(path: Path) -> list[Message]:
    found = items(path)
    assert all(isinstance(item, Message) for item in found)
    return [item for item in found if isinstance(item, Message)]


def test_the_sample_is_read(tmp_path: Path) -> None:
    root = sample.write(tmp_path)
    assert Zulip().recognizes(ExportPath.at(root))
    found = read(root)
    karl, iris = "Karl Stone", "Iris Moor"
    assert [message.sender.name for message in found] == [karl, iris, "", karl, karl, iris, karl]
    first, answer, bot, resolved, lunch, menu, three = found
    assert first.at == datetime.fromtimestamp(sample.START, UTC) + timedelta(seconds=101 * 60.5)
    assert first.conversation == answer.conversation == resolved.conversation == "kitchen>kettles"
    assert (first.group, first.subject, first.mentions) == (True, "kettles", (Person("Iris Moor"),))
    assert first.text == "Who broke it? @Iris Moor"
    assert [(one.emoji, one.by) for one in first.reactions] == [("heart", IRIS)]
    assert answer.text == "Not me."
    assert bot.automatic
    assert (lunch.conversation, lunch.group) == ("dm iris@lab.example karl@lab.example", False)
    assert (menu.content_type, menu.attachments) == ("media", ("/user_uploads/2/ab/menu.pdf",))
    assert (three.group, len(three.participants)) == (True, 3)
    assert Zulip().survey(ExportPath.at(root), ReadOptions()).owner is None


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("> old\n\nnew", "new"),
        ("before\n\n> old\n> older\nafter", "before\n\nafter"),
        ("```quote\nold\n```\n\nnew", "new"),
        ("````quote\nold\n```python\nx > 1\n```\n````\nnew", "new"),
        ("@_**Karl|12** [said](https://z/#narrow/near/5):\n```quote\nold\n```\nnew", "new"),
        ("Karl Stone said:\n\n> \n\nold, cut\nfrom HTML\n\nnew", "new"),
        ("as I said above:\n\n> old\n\nnew", "as I said above:\n\nnew"),
        ("```\n> not a quote\n```", "```\n> not a quote\n```"),
        ("a > b\nb > c", "a > b\nb > c"),
        ("@**all** see #**kitchen>tea** and @*cooks*", "@all see #kitchen>tea and @cooks"),
        ("look [a.png](/user_uploads/1/a.png)", "look"),
        ("see [the page](https://example.org/x)", "see [the page](https://example.org/x)"),
        ("<p>one <strong>two</strong></p>\n<p>three</p>", "one two\n\nthree"),
        ("<p>1 &lt; 2</p>\n<blockquote>\n<p>old</p>\n</blockquote>\n<p>new</p>", "1 < 2\n\nnew"),
    ],
)
def test_text_is_what_the_sender_wrote(content: str, text: str) -> None:
    assert words(content).text == text


def test_what_is_no_text(tmp_path: Path) -> None:
    assert words("(deleted)").kind == "deleted"
    assert words("/poll Tea?\nyes\nno")[:2] == ("Tea?\nyes\nno", "poll")
    html = '<p><a href="/user_uploads/1/a.png">a.png</a> <span class="user-mention">@Iris</span></p>'
    assert words(html).files == ("/user_uploads/1/a.png",)
    assert words(html).mentions == (Person("Iris"),)
    assert words(html).text == "@Iris"


# --- dumps ---


def answer(number: int, content: str, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "sender_id": 11,
        "content": content,
        "content_type": "text/html",
        "sender_full_name": "Iris Moor",
        "sender_email": "iris@lab.example",
        "timestamp": sample.START + number,
        "type": "stream",
        "display_recipient": "kitchen",
        "subject": "kettles",
        "client": "website",
        "reactions": [],
        **more,
    }


def test_the_three_shapes_of_what_the_api_answers(tmp_path: Path) -> None:
    listed = [answer(1, "<p>a</p>"), answer(2, "<p>b</p>")]
    texts = {
        "page.json": json.dumps({"result": "success", "anchor": 0, "messages": listed}, indent=2),
        "list.json": json.dumps(listed),
        "lines.jsonl": "\n".join(map(json.dumps, listed)),
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
        assert Zulip().recognizes(ExportPath.at(tmp_path / name))
    one, two, three = (read(tmp_path / name) for name in texts)
    assert one == two == three
    assert [message.text for message in one] == ["a", "b"]
    assert (one[0].sender, one[0].conversation) == (IRIS, "kitchen>kettles")


def test_what_an_answer_holds(tmp_path: Path) -> None:
    both = [{"id": 11, "email": "iris@lab.example", "full_name": "Iris Moor"}]
    both.append({"id": 12, "email": "karl@lab.example", "full_name": "Karl Stone"})
    emoji = {
        "emoji_name": "tada",
        "user_id": 12,
        "user": {"full_name": "Karl Stone", "email": "karl@lab.example"},
    }
    edits = [{"prev_content": "old", "timestamp": 1}]
    listed = [
        answer(
            1, "hi", type="private", display_recipient=both, subject="", reactions=[emoji], edit_history=edits
        ),
        answer(2, "built", client="ZulipGitHubWebhook"),
        answer(3, "moved", edit_history=[{"prev_topic": "pots"}], last_edit_timestamp=5),
    ]
    path = tmp_path / "list.json"
    path.write_text(json.dumps(listed))
    direct, hook, moved = read(path)
    assert (direct.group, direct.participants) == (False, (IRIS, KARL))
    assert direct.edited
    assert [(one.emoji, one.by) for one in direct.reactions] == [("tada", KARL)]
    assert hook.automatic
    assert not moved.edited


def line(number: int, text: str, **more: Any) -> str:
    known = {
        "topic": "kettles",
        "id": number,
        "sender": "Iris Moor",
        "ts": sample.START + number,
        "text": text,
    }
    return json.dumps({**known, **more})


def test_the_lines_of_an_archive(tmp_path: Path) -> None:
    path = tmp_path / "maths.jsonl.gz"
    path.write_bytes(gzip.compress(f"{line(1, 'a')}\n{line(2, 'hello', sender='Welcome Bot')}\n".encode()))
    assert Zulip().recognizes(ExportPath.at(path))
    first, bot = read(path)
    assert (first.sender, first.subject, first.conversation) == (Person("Iris Moor"), "kettles", ">kettles")
    assert bot.automatic


def test_the_same_number_at_two_servers_is_two_messages(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(f"{line(1, 'a')}\n{line(1, 'b', ts=5)}\n")
    assert len({message.id for message in read(path)}) == 2


def test_an_export_and_an_answer_of_the_api_name_a_message_alike(tmp_path: Path) -> None:
    exported = read(sample.export(tmp_path / "e", [sample.message(101, 11, "a")]))
    path = tmp_path / "list.json"
    path.write_text(json.dumps([answer(101, "<p>a</p>", timestamp=int(sample.START + 101 * 60.5))]))
    assert read(path)[0].id == exported[0].id


def test_messages_without_their_realm_have_numbers_for_names(tmp_path: Path) -> None:
    root = sample.export(tmp_path / "e", [sample.message(101, 11, "a")])
    (root / "realm.json").unlink()
    [message] = read(root / "messages-000001.json")
    assert message.sender == Person("", "zulip:11")


def test_broken_pieces_cost_themselves_alone(tmp_path: Path) -> None:
    broken = [sample.message(1, 11, "a"), {"id": 2}, 7, sample.message(4, 11, "b", date_sent=1e20)]
    found = items(sample.export(tmp_path / "e", broken, [sample.message(5, 11, "c")]))
    assert [item.position for item in found if isinstance(item, Unreadable)] == [
        "message 2",
        "message 3",
        "message 4",
    ]
    assert [item.text for item in found if isinstance(item, Message)] == ["a", "c"]
    path = tmp_path / "a.jsonl"
    path.write_text(f"{line(1, 'a')}\n{{\n{line(3, 'b', id='x')}\n{line(4, 'c')}\n")
    assert [type(item) for item in items(path)] == [Message, Unreadable, Unreadable, Message]


def test_a_part_cut_short_gives_what_came_before(tmp_path: Path) -> None:
    root = sample.export(tmp_path / "e", [sample.message(number, 11, "a" * 99) for number in range(5)])
    file = root / "messages-000001.json"
    file.write_bytes(file.read_bytes()[:-200])
    assert [type(item) for item in items(root)] == [Message] * 4 + [Unreadable]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.jsonl", '{"topic": "x", "id": 1}'),
        ("a.json", '{"messages": [{"sender": "x", "content": "y"}]}'),
        ("messages-000001.json", '{"messages": []}'),
        ("a.txt", '{"sender_full_name": 1, "timestamp": 1, "content": ""}'),
    ],
)
def test_other_files_are_not_taken(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert not Zulip().recognizes(ExportPath.at(tmp_path / name))
    assert not Zulip().recognizes(ExportPath.at(tmp_path))


def test_a_folder_above_is_no_export(tmp_path: Path) -> None:
    sample.write(tmp_path)
    assert not Zulip().recognizes(ExportPath.at(tmp_path))
    with pytest.raises(SourceError, match=r"Unpack the .tar.gz"):
        items(tmp_path)


@settings(max_examples=rounds(30, 10_000), deadline=None)
@given(st.data())
def test_any_bytes_give_records_or_are_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    root = sample.write(tmp_path_factory.mktemp("z"))
    path = data.draw(st.sampled_from(sorted(root.iterdir())))
    body = bytearray(path.read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(body) - 1), max_size=6)):
        body[place] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(body))
    try:
        items(root)
    except IpseError:
        return


@settings(max_examples=rounds(60, 10_000), deadline=None)
@given(st.text(alphabet="`~> \nquote@*_|:said#[]()<p/u", max_size=200))
def test_any_text_is_taken_apart(text: str) -> None:
    assert len(words(text).text) <= len(text) + 8
