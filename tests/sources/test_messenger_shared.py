"""Messenger and Instagram against exports from the tests of public parsers: every row of the manifest."""

import json
from pathlib import Path
from typing import Any

import pytest

from ipse.cli.app import app
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions
from ipse.records import Message, Unreadable
from ipse.sources.instagram import Instagram
from ipse.sources.messenger import Messenger

pytestmark = pytest.mark.shared

EXPORTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "exports"
MANIFEST = EXPORTS / "MANIFEST.jsonl"
SOURCES = (Messenger(), Instagram())
ROWS = [
    (row, source)
    for row in (map(json.loads, MANIFEST.read_text("utf-8").splitlines()) if MANIFEST.is_file() else ())
    for source in SOURCES
    if row["format"] in source.aliases
]


@pytest.mark.parametrize(("row", "source"), ROWS, ids=[row["file"] for row, _ in ROWS])
def test_row_of_the_manifest(row: dict[str, Any], source: Messenger | Instagram) -> None:
    path, expect = ExportPath.at(EXPORTS / row["file"]), row["expect"]
    assert [one.name for one in SOURCES if one.recognizes(path)] == [source.name]
    found = list(source.read(path, ReadOptions()))
    said = [item for item in found if isinstance(item, Message)]
    bad = [item for item in found if isinstance(item, Unreadable)]
    assert source.survey(path, ReadOptions()).units == len(found)
    assert (len(said), len(bad)) == (expect["n_messages"], expect.get("n_file_errors", 0))
    threads = {item.conversation for item in said}
    assert len(threads) == expect.get("n_threads", len(threads))
    texts = [item.text for item in said]
    assert set(expect.get("texts", ())) <= set(texts)
    assert texts == expect.get("texts_in_order", texts)
    alice = [item.text for item in said if item.conversation.startswith("alice")]
    assert alice == expect.get("texts_thread_alice", alice)
    reactions = [[one.emoji, one.by.name] for item in said for one in item.reactions]
    assert reactions == expect.get("reactions", reactions)
    senders = {item.sender.name for item in said}
    assert senders == set(expect.get("senders", senders))
    files = [file for item in said for file in item.attachments]
    assert files == expect.get("attachments_resolved", files)
    for place, item in (("first", said[0]), ("last", said[-1])):
        matches(item, expect.get(place, {}))


def matches(item: Message, wanted: dict[str, Any]) -> None:
    if "ts_ms" in wanted:
        assert round(item.at.timestamp() * 1000) == wanted["ts_ms"]
    if "ts_local" in wanted:
        assert item.at.replace(tzinfo=None).isoformat() == wanted["ts_local"]
    assert item.text == wanted.get("text", item.text)
    assert item.sender.name == wanted.get("sender", item.sender.name)


@pytest.mark.parametrize("name", ["json_with_media", "html_with_media"])
def test_the_files_of_a_message_lie_where_it_says(name: str) -> None:
    root = EXPORTS / "messenger" / "kenn-io__msgvault" / name
    (thread,) = root.rglob("bob_XYZ789")
    (message,) = Messenger().read(ExportPath.at(root), ReadOptions())
    assert isinstance(message, Message)
    assert [(thread / file).is_file() for file in message.attachments] == [True]


def test_the_preview_shows_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    path = EXPORTS / "messenger" / "kenn-io__msgvault" / "json_simple"
    app(["sources", "preview", str(path), "--format", "messenger_dir", "--json"], standalone_mode=False)
    assert "café time?" in capsys.readouterr().out
