"""The public logs of #ubuntu and of another channel: every line is counted, all but one understood."""

import tarfile
from collections import Counter
from pathlib import Path

import pytest

from ipse.cli.app import app
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions
from ipse.records import Message, Unreadable
from ipse.sources.irc.source import Irc

from ..soak import SOAK, rounds

pytestmark = pytest.mark.shared
SAID = 226_406  # lines that somebody said, in all files together


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    archive = Path(__file__).resolve().parents[3] / "shared/data/chat/ubuntu-irc-disentanglement.tar.gz"
    folder = tmp_path_factory.mktemp("irc")
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.name.endswith(".raw.txt"):
                tar.extract(member, folder, filter="data")
    return folder


def _kind(item: Message) -> str:
    if item.content_type == "system":
        return "notice" if item.automatic else "system"
    return "action" if item.raw != item.text and item.text.startswith("/me") else item.content_type


def test_every_line_that_somebody_said_is_read(logs: Path) -> None:
    count: Counter[str] = Counter()
    said = system = 0
    for file in sorted(logs.rglob("*.raw.txt"))[:: rounds(5, 1)]:
        text = file.read_bytes().decode("utf-8", "replace")
        said += sum(line[:1] == "[" and line[7:9] == " <" for line in text.split("\n"))
        system += text.count("\n===") + text.startswith("===")
        path = ExportPath.at(file)
        assert Irc().recognizes(path), file.name
        for item in Irc().read(path, ReadOptions()):
            if isinstance(item, Unreadable):
                count["unreadable"] += 1
            else:
                count[_kind(item)] += 1
                count["bot"] += item.automatic and item.content_type == "text"
                count["mention"] += bool(item.mentions)
    assert said == count["text"]
    assert system == count["system"]
    assert count["unreadable"] <= 1
    assert count["bot"] > said / 200
    assert count["mention"] > said / 10
    if SOAK:
        assert (said, system) == (SAID, 27_597)
        assert (count["action"], count["notice"], count["unreadable"]) == (513, 47, 1)


def test_a_folder_of_them_is_one_export_with_a_day_for_each_file(logs: Path) -> None:
    folder = ExportPath.at(logs / "data" / "dev")
    assert Irc().recognizes(folder)
    found = [one for one in Irc().read(folder, ReadOptions()) if isinstance(one, Message)]
    assert len(found) == 12_500
    assert len({one.id for one in found}) == len(found)
    assert {one.conversation for one in found} == {"#ubuntu", "dev"}
    # One file of the ten never names its channel.
    days = {one.at.date().isoformat() for one in found}
    assert {"2004-11-15", "2016-12-19"} <= days
    assert all(one.sender.name for one in found if one.content_type == "text")


def test_the_preview_shows_them(logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = logs / "data" / "dev" / "2016-12-19_20.raw.txt"
    app(["sources", "preview", str(file), "--format", "irc_log", "--json"], standalone_mode=False)
    shown = capsys.readouterr().out
    assert '"messages":1186,"system":64,"unreadable":0' in shown
    assert "2016-12-19T" in shown
