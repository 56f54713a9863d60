"""Discord against real exports: every row of the manifest, and the preview of one."""

import json
from collections import Counter
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ipse.cli.app import app
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions
from ipse.records import Message
from ipse.sources.discord.source import Discord

EXPORTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "exports"


def rows() -> list[Any]:
    manifest = EXPORTS / "MANIFEST.jsonl"
    found = (
        [json.loads(line) for line in manifest.read_text("utf-8").splitlines()] if manifest.is_file() else []
    )
    return [pytest.param(row, id=row["file"]) for row in found if row["format"] in Discord.aliases]


@pytest.mark.shared
@pytest.mark.parametrize("row", rows())
def test_row_of_the_manifest(row: dict[str, Any]) -> None:
    path, expect = ExportPath.at(EXPORTS / row["file"]), row["expect"]
    assert Discord().recognizes(path)
    survey = Discord().survey(path, ReadOptions())
    found = [one for one in Discord().read(path, ReadOptions()) if isinstance(one, Message)]
    assert len(found) == survey.units
    said = sorted((one for one in found if one.content_type != "call"), key=lambda one: one.at)
    assert len(said) == expect.get("n_messages", expect.get("n_rows"))
    assert len(found) - len(said) == expect.get("n_calls", 0)
    texts = {one.text for one in said if one.text}
    assert texts == set(expect.get("texts", texts))
    assert all(any(wanted in text for text in texts) for wanted in expect.get("texts_contains", ()))
    for one, wanted in ((said[0], expect["first"]), (said[-1], expect.get("last", {}))):
        if wanted:
            at = one.at.astimezone(UTC).isoformat(
                timespec="milliseconds" if "." in wanted["ts"] else "seconds"
            )
            assert at.replace("+00:00", "Z") == wanted["ts"]
            assert one.text == wanted.get("text", one.text)
    assert sum(len(one.attachments) for one in said) == expect.get(
        "attachments", sum(len(m.attachments) for m in said)
    )
    counted = Counter(reaction.emoji for one in said for reaction in one.reactions)
    assert [list(item) for item in counted.items()] == expect.get("reactions", [])
    if row["format"] == "discord_package":
        assert {one.direction for one in found} == {"outbound"}
        assert survey.owner is not None
        assert {one.sender for one in found} == set(survey.owner)


@pytest.mark.shared
def test_the_preview_shows_it(shared: Path) -> None:
    folder = shared / "exports" / "discord" / "selfmade" / "package_2025_en"
    done = CliRunner().invoke(
        app, ["sources", "preview", str(folder), "--format", "discord_package", "--json"]
    )
    assert done.exit_code == 0, done.output
    assert '"from_me":true' in done.output.replace(" ", "")
