"""The recipe of the Seedling's text: who does not speak in it, how exchanges are found, where names go."""

import gzip
import importlib.util
import io
import json
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

TOOL = Path(__file__).resolve().parents[2] / "tools" / "seedling.py"

CHANNEL = """\
[09:19] <newbie42> my sound is gone since the update
=== somebody [~x@y] has joined #ubuntu []
[09:19] <newbie42> no idea why
[09:20] <helpful_one> newbie42: is the mixer muted? mail me at a.person@example.org
[09:20] <ActionParsnip> newbie42: reinstall pulseaudio
[09:21] <ubottu> newbie42: sound is https://example.org/sound
[09:21] <newbie42> helpful_one: it was, thanks helpful_one
[09:22] <Will> linux is a word, and so is will
[09:22] <linux> Will, indeed it is
[09:23] <talker> to nobody in particular
"""


@pytest.fixture(scope="module")
def tool() -> Any:
    """The recipe as a module, without its folder on the path."""
    spec = importlib.util.spec_from_file_location("seedling_recipe", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The four sources, small, under their own names."""
    for folder in ("qa", "chat", "dialogue/topical-chat", "letters"):
        (tmp_path / folder).mkdir(parents=True)
    with gzip.open(tmp_path / "qa" / "whitehouse-briefings-carney-gibbs.jsonl.gz", "wt") as out:
        for doc in range(10):
            row = {"doc": doc, "date": f"2010-01-{doc + 1:02}", "question": f"What of {doc}?"}
            speaker = "MR. CARNEY" if doc == 3 else "MR. GIBBS"
            out.write(json.dumps({**row, "speaker": speaker, "answer": f"Well, {doc}."}) + "\n")
            out.write(json.dumps({**row, "speaker": "MR. GIBBS", "answer": f"Again, {doc}."}) + "\n")
    with tarfile.open(tmp_path / "chat" / "ubuntu-irc-disentanglement.tar.gz", "w:gz") as archive:
        entry = tarfile.TarInfo("data/dev/2008-12-11_11.raw.txt")
        entry.size = len(CHANNEL.encode())
        archive.addfile(entry, io.BytesIO(CHANNEL.encode()))
    said = [{"agent": f"agent_{n % 2 + 1}", "message": f"I like boat {n}"} for n in range(6)]
    talks = json.dumps({"t_1": {"content": said}})
    (tmp_path / "dialogue" / "topical-chat" / "test_freq.json").write_text(talks)
    letter = {"author": "Pliny", "vol": "2811", "no": 1, "text": "A line\nwrapped.[1]\n\nAnother."}
    (tmp_path / "letters" / "letters.jsonl").write_text(json.dumps(letter) + "\n")
    return tmp_path


def test_an_exchange_is_question_and_answer_of_two_without_names(tool: Any, data: Path) -> None:
    document, *_ = tool.irc(data / tool.SOURCES["irc"][0], frozenset({"linux", "will"}))
    assert document.turns == [
        ("newbie42", "my sound is gone since the update\nno idea why"),
        ("helpful_one", "is the mixer muted? mail me at a.person@example.org"),
        ("newbie42", "it was, thanks <PERSON_1>"),
    ]
    assert document.group == "irc 2008-12-11"


def test_nobody_left_out_and_no_bot_speaks(tool: Any, data: Path) -> None:
    speakers = {who for one in tool.irc(data / tool.SOURCES["irc"][0], frozenset()) for who, _ in one.turns}
    assert speakers == {"newbie42", "helpful_one", "will", "linux"}
    answers = [said for one in tool.briefings(data / tool.SOURCES["briefings"][0]) for _, said in one.turns]
    assert "Well, 2." in answers
    # The briefing in which one left out speaks is not there, nor what others say in it; nor the newest ones.
    assert not any(f"{number}." in said for number in (3, 6, 7, 8, 9) for said in answers)


def test_the_files_are_what_grow_reads(
    tool: Any, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from ipse.bases.corpora import read_corpora

    monkeypatch.setattr("sys.argv", ["seedling.py", str(data), str(tmp_path / "text")])
    tool.main()
    told = json.loads(capsys.readouterr().out)
    corpora = {corpus.name: (*corpus.train, *corpus.held) for corpus in read_corpora([tmp_path / "text"])}
    assert {name: len(documents) for name, documents in corpora.items()} == {
        name: counts["documents"] for name, counts in told.items()
    }
    (letter,) = corpora["letters"]
    assert letter.messages[-1].role == "assistant"
    assert letter.messages[-1].content == "A line wrapped.\nAnother."
    said = [said.content for document in corpora["irc"] for said in document.messages]
    assert any("mail me at <EMAIL_1>" in one for one in said)
    notes = json.loads((tmp_path / "text" / "SOURCES.json").read_text())
    assert set(notes["sources"]) == set(told) == set(tool.SOURCES)
