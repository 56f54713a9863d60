"""Bodies and summaries from the test suite of a public exporter, with what a correct reader yields."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ipse.cli.app import app
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions
from ipse.records import Message
from ipse.sources.imessage.bodies import shown, stream_text, summary_of
from ipse.sources.imessage.source import IMessage

pytestmark = pytest.mark.shared

EXPORTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "exports"
MANIFEST = EXPORTS / "MANIFEST.jsonl"
LINES = MANIFEST.read_text("utf-8").splitlines() if MANIFEST.is_file() else []
ROWS = [row for row in map(json.loads, LINES) if row["format"] in IMessage.aliases]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"].rpartition("/")[2])
def test_row_of_the_manifest(row: dict[str, Any]) -> None:
    file = ExportPath.at(EXPORTS / row["file"])
    assert IMessage().recognizes(file)
    found = list(IMessage().read(file, ReadOptions()))
    assert IMessage().survey(file, ReadOptions()).units == len(found)
    assert all(isinstance(item, Message) for item in found)
    texts = [item.text for item in found if isinstance(item, Message) and item.content_type == "text"]
    wanted = row["expect"].get("text", row["expect"].get("final"))
    assert texts == ([wanted] if wanted else [])


def test_what_the_blobs_hold() -> None:
    for row in ROWS:
        blob = (EXPORTS / row["file"]).read_bytes()
        if "text" in row["expect"]:
            assert shown(stream_text(blob) or "") == (row["expect"]["text"] or "")
        else:
            assert summary_of(blob).unsent is (row["expect"]["edits"] == [])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"].rpartition("/")[2])
def test_the_preview_shows_it(row: dict[str, Any]) -> None:
    file = str(EXPORTS / row["file"])
    result = CliRunner().invoke(app, ["sources", "preview", file, "--format", row["format"], "--json"])
    assert result.exit_code == 0, result.output
    records = json.loads(result.output)["records"]
    assert [one["text"] for one in records if one["text"]] == [
        text for text in (row["expect"].get("text"),) if text
    ]
