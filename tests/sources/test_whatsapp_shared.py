"""Exports from the test suites of public parsers, with what a correct reader yields."""

import json
from pathlib import Path
from typing import Any

import pytest

from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions
from ipse.records import Message, Person, Unreadable
from ipse.sources.whatsapp.source import WhatsApp

pytestmark = pytest.mark.shared

EXPORTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "exports"


def rows(name: str) -> list[dict[str, Any]]:
    path = EXPORTS / name
    return (
        [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []
    )


CASES = rows("whatsapp_line_cases.jsonl")
CHATS = [row for row in rows("MANIFEST.jsonl") if row["format"] in WhatsApp.aliases]


def simple(message: Message) -> dict[str, Any]:
    return {
        "ts": message.at.replace(tzinfo=None).isoformat(),
        "sender": message.sender.name or None,
        "text": message.text,
        "kind": message.content_type,
        "attachments": list(message.attachments),
    }


def read(path: Path) -> list[Message]:
    found = list(WhatsApp().read(ExportPath.at(path), ReadOptions()))
    assert not [item for item in found if isinstance(item, Unreadable)]
    return [item for item in found if isinstance(item, Message)]


def agrees(found: dict[str, Any], expected: dict[str, Any]) -> bool:
    """Whether a message has all that is expected of it; of the app's own lines, a part of the words."""
    given = {key: found[key] for key in expected}
    if expected.get("kind") == "system":
        return expected["text"] in given["text"] and {**given, "text": ""} == {**expected, "text": ""}
    return given == expected


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_line_case(tmp_path: Path, case: dict[str, Any]) -> None:
    path = tmp_path / "chat.txt"
    path.write_text(case["text"], encoding="utf-8", newline="")
    found = [simple(message) for message in read(path)]
    assert len(found) == len(case["expect"])
    assert [pair for pair in zip(found, case["expect"], strict=True) if not agrees(*pair)] == []
    assert WhatsApp().recognizes(ExportPath.at(path))


def normal(message: dict[str, Any]) -> dict[str, Any]:
    return {**message, "text": " ".join(message["text"].split())}


@pytest.mark.parametrize("row", CHATS, ids=[row["file"].rpartition("/")[2] for row in CHATS])
def test_export(row: dict[str, Any]) -> None:
    path, expect = EXPORTS / row["file"], row["expect"]
    found = read(path)
    said = [simple(message) for message in found if message.content_type != "system"]
    senders = {message["sender"] for message in said}
    numbers = expect["n_messages"]
    assert len(said) in (numbers if isinstance(numbers, list) else [numbers])
    assert len(found) - len(said) == expect.get("n_system", len(found) - len(said))
    assert senders == set(expect.get("senders", senders))
    assert senders >= set(expect.get("senders_superset_of", senders))
    assert [message["ts"] for message in said] == expect.get("timestamps", [m["ts"] for m in said])
    assert agrees(said[0], expect.get("first", {}))
    assert agrees(said[-1], expect.get("last", {}))
    if "messages" in expect:
        assert all(agrees(*pair) for pair in zip(said, expect["messages"], strict=True))
    plain = [normal(message) for message in said]
    missing = [m for m in expect.get("messages_ws_normalised", []) if not any(agrees(p, m) for p in plain)]
    assert missing == []
    files = [file for message in said for file in message["attachments"]]
    assert files == expect.get("attachments_resolved", files)


@pytest.mark.parametrize("row", CHATS, ids=[row["file"].rpartition("/")[2] for row in CHATS])
def test_the_survey_of_an_export_agrees_with_what_is_read(row: dict[str, Any]) -> None:
    path = EXPORTS / row["file"]
    found = read(path)
    survey = WhatsApp().survey(ExportPath.at(path), ReadOptions())
    said: dict[Person, int] = {}
    for message in found:
        if message.content_type != "system":
            said[message.sender] = said.get(message.sender, 0) + 1
    assert (survey.units, survey.senders) == (len(found), said)
    assert WhatsApp().recognizes(ExportPath.at(path))
