"""Signal against the shared exports: every row of the manifest, a backup written by a peer among them."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ipse.cli.app import app
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions
from ipse.records import Message, Unreadable
from ipse.sources.signal.source import Signal

EXPORTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "exports"


def rows(*formats: str) -> list[Any]:
    file = EXPORTS / "MANIFEST.jsonl"
    found = [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.is_file() else []
    return [pytest.param(row, id=row["file"]) for row in found if row["format"] in formats]


def read(row: dict[str, Any]) -> tuple[list[Message], list[Unreadable]]:
    path = ExportPath.at(EXPORTS / row["file"])
    options = ReadOptions(passphrase=row["options"].get("passphrase", ""))
    assert Signal().recognizes(path)
    found = list(Signal().read(path, options))
    assert Signal().survey(path, options).units == len(found)
    messages = [one for one in found if isinstance(one, Message)]
    return messages, [one for one in found if isinstance(one, Unreadable)]


def millis(message: Message) -> int:
    return round(message.at.timestamp() * 1000)


@pytest.mark.shared
@pytest.mark.parametrize("row", rows("signal_android_backup"))
def test_backup(row: dict[str, Any]) -> None:
    found, bad = read(row)
    expect = row["expect"]
    if "error" in expect:  # one frame is lost, and told; what is whole is kept
        assert [("bad MAC" in one.reason, one.position) for one in bad] == [(True, "frame 22")]
        assert len(found) == 15
        return
    assert bad == []
    assert len(found) == expect["n_message_rows"] - 1  # one row is an older version of another
    chat = [one for one in found if one.content_type in ("text", "media")]
    assert len(chat) == expect["n_chat_messages"]
    words = [one for one in found if one.content_type == "text"]
    assert [one.text for one in words if one.direction == "outbound"] == expect["authored_by_me"]
    assert [one.text for one in words if one.direction == "inbound"] == expect["received"]
    assert not {one.text for one in found} & set(expect["not_authored"])
    # Rows are numbered from 1, and 12 is the older version.
    numbered = dict(zip([n for n in range(1, 18) if n != 12], found, strict=True))
    for kind in ("deleted", "system", "media"):
        assert [n for n, one in numbered.items() if one.content_type == kind] == expect[kind]
    assert [n for n, one in numbered.items() if one.content_type == "call"] == expect["calls"]
    assert [n for n, one in numbered.items() if one.edited] == expect["edited"]
    reply = [[n, m] for n, one in numbered.items() for m, to in numbered.items() if one.reply_to == to.id]
    assert reply == expect["reply"]
    reactions = [[n, each.emoji, each.by.name] for n, one in numbered.items() for each in one.reactions]
    assert reactions == expect["reactions"]
    assert (millis(found[0]), millis(found[-1])) == (expect["first"]["ts_ms"], expect["last"]["ts_ms"])
    direct, group = expect["threads"]
    assert {one.subject for one in found if one.group} == {group["name"]}
    assert all(direct["name"] in [who.name for who in one.participants] for one in found if not one.group)


@pytest.mark.shared
@pytest.mark.parametrize("row", rows("signal_takeout_jsonl"))
def test_the_apps_own_export(row: dict[str, Any]) -> None:
    found, bad = read(row)
    expect = row["expect"]
    assert bad == []
    assert len(found) == expect["n_chat_items"] - expect["unknown_item"]
    own = [one.text for one in found if one.content_type == "text" and one.direction == "outbound"]
    assert own[:2] == expect["own_texts"]
    assert own[2].startswith(expect["own_text_prefix"])
    assert not {one.text for one in found} & set(expect["not_authored"])
    kinds: list[str] = [one.content_type for one in found]
    for kind, key in (("text", "n_text"), ("deleted", "deleted"), ("system", "system"), ("media", "media")):
        assert kinds.count(kind) == expect[key]
    ((answer, target),) = expect["reply"]
    by_id = {one.id: millis(one) for one in found}
    assert [by_id[one.reply_to] for one in found if one.text == answer and one.reply_to] == [target]
    assert [[one.text, each.emoji] for one in found for each in one.reactions] == expect["reactions"]
    assert {one.subject for one in found if one.group} == {expect["chats"][1]["name"]}
    assert expect["chats"][0]["name"] in [who.name for who in found[0].participants]
    assert millis(found[0]) == expect["first"]["ts_ms"]


@pytest.mark.shared
@pytest.mark.parametrize("row", rows("signal_frames_json5"))
def test_signals_own_test_cases(row: dict[str, Any]) -> None:
    found, bad = read(row)
    assert bad == []
    assert len(found) == row["expect"]["n_frames_with_chatItem"]
    if row["expect"]["bodies_in_file"]:
        assert [(one.text, one.edited) for one in found] == [("Latest revision: @Chew Bacca", True)]
    else:
        assert {one.content_type for one in found} == {"system"}


@pytest.mark.shared
@pytest.mark.parametrize("row", rows("signal_android_backup")[:1])
def test_the_preview_of_a_backup(row: dict[str, Any], tmp_path: Path) -> None:
    secret = tmp_path / "digits.txt"
    secret.write_text(row["options"]["passphrase"] + "\n")
    options = ["--format", row["format"], "--passphrase-file", str(secret), "--json"]
    result = CliRunner().invoke(app, ["sources", "preview", str(EXPORTS / row["file"]), *options])
    assert result.exit_code == 0, result.output
    shown = json.loads(result.stdout)
    assert shown["counts"] == {"records": 16, "messages": 13, "system": 3, "unreadable": 0}
    own = [one["text"] for one in shown["records"] if one["from_me"] and one["kind"] == "text"]
    assert own == row["expect"]["authored_by_me"]
