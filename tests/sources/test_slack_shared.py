"""Slack against real exports: every row of the manifest, and the preview of one."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ipse.cli.app import app
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions
from ipse.records import Message
from ipse.sources.slack.source import Slack

EXPORTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "exports"


def rows() -> list[Any]:
    manifest = EXPORTS / "MANIFEST.jsonl"
    found = (
        [json.loads(line) for line in manifest.read_text("utf-8").splitlines()] if manifest.is_file() else []
    )
    return [pytest.param(row, id=row["file"]) for row in found if row["format"] in Slack.aliases]


@pytest.mark.shared
@pytest.mark.parametrize("row", rows())
def test_row_of_the_manifest(row: dict[str, Any]) -> None:
    path, expect = ExportPath.at(EXPORTS / row["file"]), row["expect"]
    assert Slack().recognizes(path)
    found = [one for one in Slack().read(path, ReadOptions()) if isinstance(one, Message)]
    assert len(found) == expect["n_rows"] == Slack().survey(path, ReadOptions()).units
    assert len({one.conversation for one in found}) == expect["n_channels"]
    assert all(one.sender.name for one in found if one.content_type == "text" and not one.automatic)
    assert {one.content_type for one in found} == {"text", "media", "system", "deleted"}
    assert any(one.reply_to in {each.id for each in found} for one in found)
    assert any(one.automatic and one.edited for one in found)


@pytest.mark.shared
def test_no_key_of_a_real_export_is_kept(shared: Path) -> None:
    root = shared / "exports" / "slack" / "rusq__slackdump" / "source_export_dir"
    assert "xox" not in repr(list(Slack().read(ExportPath.at(root), ReadOptions())))


@pytest.mark.shared
def test_the_preview_shows_it(shared: Path) -> None:
    root = shared / "exports" / "slack" / "rusq__slackdump" / "source_export_dir"
    done = CliRunner().invoke(app, ["sources", "preview", str(root), "--format", "slack_dir", "--json"])
    assert done.exit_code == 0, done.output
    assert "CYmxt38hm" in done.output
