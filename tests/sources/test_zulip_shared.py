"""Zulip against a real archive: 91,108 messages of 766 people."""

import json
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ipse.cli.app import app
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions
from ipse.records import Message, Person
from ipse.sources.zulip.source import Zulip

FILE = "lean-zulip-116395_maths.jsonl.gz"


@pytest.mark.shared
def test_a_channel_of_years(shared: Path) -> None:
    path = ExportPath.at(shared / "chat" / FILE)
    assert Zulip().recognizes(path)
    wrote, ids, topics, kinds = Counter[str](), set[str](), set[str](), Counter[str]()
    quoted = 0
    for item in Zulip().read(path, ReadOptions()):
        assert isinstance(item, Message)
        wrote[item.sender.name] += 1
        ids.add(item.id)
        topics.add(item.conversation)
        kinds[item.content_type] += 1
        quoted += "\n> " in item.text or item.text.startswith("> ")
        if item.automatic:
            assert item.sender.name in ("Welcome Bot", "Notification Bot")
    assert (wrote.total(), len(wrote), len(ids), len(topics)) == (91_108, 766, 91_108, 2_986)
    assert wrote.most_common(3) == [
        ("Kevin Buzzard", 16_196),
        ("Mario Carneiro", 8_705),
        ("Johan Commelin", 8_181),
    ]
    assert (kinds["deleted"], kinds["poll"]) == (173, 47)
    assert quoted == 1  # in a block of code that nobody closed


@pytest.mark.shared
def test_the_survey_of_it(shared: Path) -> None:
    survey = Zulip().survey(ExportPath.at(shared / "chat" / FILE), ReadOptions())
    assert (survey.units, survey.owner) == (91_108, None)
    assert survey.senders[Person("Kevin Buzzard")] == 16_196


@pytest.mark.shared
def test_a_preview_of_its_beginning(shared: Path, tmp_path: Path) -> None:
    import gzip

    path = tmp_path / "maths.jsonl"
    with gzip.open(shared / "chat" / FILE, "rb") as packed:
        path.write_bytes(b"".join(packed.readline() for _ in range(5)))
    result = CliRunner().invoke(app, ["sources", "preview", str(path), "--format", "zulip_jsonl", "--json"])
    assert result.exit_code == 0
    rows = json.loads(result.stdout)["records"]
    assert [row["sender"] for row in rows] == [
        "Welcome Bot",
        "Kenny Lau",
        "Patrick Massot",
        "Kenny Lau",
        "Patrick Massot",
    ]
    assert rows[1]["text"] == "is this better?"
