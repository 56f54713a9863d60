"""Backups of text messages from the test suites of public parsers, with what a correct reader yields."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ipse.cli.app import app
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions
from ipse.records import Message, Unreadable
from ipse.sources.reading.numbers import number_key
from ipse.sources.sms.source import Sms

pytestmark = pytest.mark.shared

EXPORTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "exports"
MANIFEST = EXPORTS / "MANIFEST.jsonl"
LINES = MANIFEST.read_text("utf-8").splitlines() if MANIFEST.is_file() else []
ROWS = [row for row in map(json.loads, LINES) if row["format"] in Sms.aliases]


def items(row: dict[str, Any]) -> list[Message | Unreadable]:
    export = ExportPath.at(EXPORTS / row["file"])
    assert Sms().recognizes(export)
    found = list(Sms().read(export, ReadOptions()))
    assert Sms().survey(export, ReadOptions()).units == len(found)
    return found


def ms(message: Message) -> int:
    return round(message.at.timestamp() * 1000)


@pytest.mark.parametrize(
    "row", [row for row in ROWS if "n_sms" in row["expect"]], ids=lambda row: row["file"]
)
def test_row_of_the_manifest(row: dict[str, Any]) -> None:
    expect, found = row["expect"], items(row)
    messages = [item for item in found if isinstance(item, Message)]
    bad = [item for item in found if isinstance(item, Unreadable)]
    if "must give a clear error" in row["notes"]:
        assert messages == []
        assert [item.position for item in bad] == ["line 3", "line 5"]
        return
    assert len(messages) == expect["n_sms"] + expect["n_mms"]
    assert sum(message.direction == "outbound" for message in messages) == expect["sent"]
    assert sum(message.content_type == "system" for message in messages) == expect.get("n_drafts", 0)
    for message, wanted in ((messages[0], expect["first"]), (messages[-1], expect["last"])):
        assert ms(message) == wanted["ts_ms"]
        keys = sorted(number_key(address) for address in wanted["address"].split("~"))
        assert message.conversation == "~".join(keys)
    assert len(bad) == ("TRUNCATED" in row["notes"])
    assert len({message.id for message in messages}) == len(messages)


@pytest.mark.parametrize("row", [row for row in ROWS if "rows" in row["expect"]], ids=lambda row: row["file"])
def test_rows_written_out(row: dict[str, Any]) -> None:
    found = [item for item in items(row) if isinstance(item, Message)]
    assert len(found) == row["expect"]["n_rows"]
    for message, wanted in zip(found, row["expect"]["rows"], strict=True):
        assert (ms(message), message.direction == "outbound") == (wanted["ts_ms"], wanted["from_me"])
        assert (message.text, message.sender.address) == (wanted["text"], wanted.get("sender", ""))
        assert message.group is wanted.get("group", True)
        assert len(message.attachments) == wanted.get("attachments", 0)


def test_the_preview_shows_the_rows(tmp_path: Path) -> None:
    (row,) = [row for row in ROWS if "rows" in row["expect"]]
    file = str(EXPORTS / row["file"])
    result = CliRunner().invoke(app, ["sources", "preview", file, "--format", "sms_xml", "--json"])
    assert result.exit_code == 0, result.output
    for wanted in row["expect"]["rows"]:
        assert json.dumps(wanted["text"]) in result.output
