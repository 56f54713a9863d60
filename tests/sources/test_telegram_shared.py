"""Telegram against real exports: every row of the manifest, and the preview of one."""

import json
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ipse.cli.app import app
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions
from ipse.records import Message
from ipse.sources.telegram.source import Telegram

EXPORTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "exports"


def rows() -> list[Any]:
    manifest = EXPORTS / "MANIFEST.jsonl"
    found = (
        [json.loads(line) for line in manifest.read_text("utf-8").splitlines()] if manifest.is_file() else []
    )
    return [pytest.param(row, id=row["file"]) for row in found if row["format"] in Telegram.aliases]


@pytest.mark.shared
@pytest.mark.parametrize("row", rows())
def test_row_of_the_manifest(row: dict[str, Any]) -> None:
    path, expect = ExportPath.at(EXPORTS / row["file"]), row["expect"]
    assert Telegram().recognizes(path)
    survey = Telegram().survey(path, ReadOptions())
    found = [one for one in Telegram().read(path, ReadOptions()) if isinstance(one, Message)]
    assert len(found) == expect["n_messages"] == survey.units
    assert sorted(person.name for person in survey.senders) == sorted(expect["senders"])
    assert len({one.conversation for one in found}) == expect.get("n_chats", 1)
    first = min(found, key=lambda one: one.at)
    if "ts_utc" in expect["first"]:
        assert first.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") == expect["first"]["ts_utc"]
        assert first.text == expect["first"]["text"]
        assert found[-1].text in expect["last"]["text_any"]
    else:
        assert first.at.replace(tzinfo=None).isoformat() == expect["first"]["ts_local"]
        assert first.sender.name == expect["first"]["sender"]
    assert sum(one.reply_to is not None for one in found) == len(expect.get("reply", ()))
    assert {one.reply_to for one in found if one.reply_to} <= {one.id for one in found}


@pytest.mark.shared
def test_the_preview_shows_it(shared: Path) -> None:
    file = shared / "exports" / "telegram" / "Mehrdad-esn__Telegram-Export-Parser" / "test_data.json"
    done = CliRunner().invoke(app, ["sources", "preview", str(file), "--format", "telegram_json", "--json"])
    assert done.exit_code == 0, done.output
    assert "علی" in done.output
