"""A withdrawal reaches whatever runs in other terminals: real processes, each ends with one clear line."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ipse.config import load_settings
from ipse.jobs import listed
from ipse.pipeline.consents import give, withdraw
from ipse.pipeline.importing import import_
from ipse.pipeline.learning import prepare, train
from ipse.pipeline.objecting import object_to
from ipse.pipeline.workspace import Workspace
from ipse.vault import Vault

from ..conftest import CHEAP, PASSPHRASE
from ..pipeline.conftest import chat

PATIENCE = 60  # seconds until a test gives up; what is waited for takes one or two
SETTINGS = {"IPSE_IMPORTS__BATCH": "20", "IPSE_IMPORTS__LANGUAGES": '["en"]'}

# `ipse WORDS…` with every step of a training or import held for a moment, so that there is time to withdraw.
SLOW = """
import sys, time
from ipse.pipeline import importing, learning
from ipse.learners import retrieval

fit = retrieval.RetrievalLearner.fit
def slowly(self, train, dev, progress):
    def held(*told):
        progress(*told)
        time.sleep(0.3)
    return fit(self, train, dev, held)
retrieval.RetrievalLearner.fit = slowly

keep = importing._Importer._keep
def kept(self, *told):
    keep(self, *told)
    time.sleep(0.05)
importing._Importer._keep = kept

sys.argv = ["ipse", *sys.argv[1:]]
from ipse.cli import main
main()
"""


@pytest.fixture
def mine(tmp_path: Path) -> Iterator[Workspace]:
    """A vault with a chat of 300 pairs, a dataset and a champion."""
    made, _ = Vault.create(tmp_path / "mine", PASSPHRASE, kdf=CHEAP, allow_weak=True)
    with made:
        workspace = Workspace(made, load_settings({}, environment={}))
        give(workspace, "whatsapp", ["archive", "style"])
        file = chat(tmp_path / "WhatsApp Chat with Ilka Brandt.txt", "Ilka Brandt", 300, 1)
        import_(workspace, [file], me=["Nora Feld"], progress=lambda *_: None)
        prepare(workspace)
        train(workspace, progress=lambda *_: None)
        yield workspace


def started(workspace: Workspace, *words: str) -> "subprocess.Popen[str]":
    environment = os.environ | SETTINGS | {
        "IPSE_VAULT": str(workspace.vault.folder),
        "IPSE_PASSPHRASE": PASSPHRASE,
        "PYTHONUNBUFFERED": "1",
    }  # fmt: skip
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", SLOW, *words]
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment)


def until(met: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.05)


def ended(child: "subprocess.Popen[str]") -> tuple[int, str, list[str]]:
    """How it ended by itself, its output, and what it said of it: the lines that begin with `ipse:`."""
    try:
        code = child.wait(PATIENCE)
    finally:
        child.kill()
        out, told = child.communicate()
    assert "Traceback" not in told
    return code, out, [line for line in told.splitlines() if "ipse:" in line]


def one_consent(workspace: Workspace) -> str:
    return next(one.consent.id for one in workspace.consents() if one.consent.state == "given")


def test_a_running_import_stops(mine: Workspace, tmp_path: Path) -> None:
    file = chat(tmp_path / "WhatsApp Chat with Jun Harada.txt", "Jun Harada", 4000, 2)
    child = started(mine, "import", str(file), "--me", "Nora Feld")
    before = mine.vault.counts()["whatsapp"]["records"]
    until(lambda: mine.vault.counts()["whatsapp"]["records"] >= before + 60 or child.poll() is not None)
    withdraw(mine, one_consent(mine))
    at_once = mine.vault.counts()["whatsapp"]["records"]
    code, _, told = ended(child)
    assert code == 1
    assert len(told) == 1
    assert "You have not allowed whatsapp" in told[0]
    # What had been cleared may still be kept, one batch of 20; nothing more.
    assert at_once <= mine.vault.counts()["whatsapp"]["records"] <= at_once + 20
    assert mine.vault.verify_audit()


def test_a_running_training_stops_and_leaves_no_model(mine: Workspace) -> None:
    child = started(mine, "train", "--yes")
    until(
        lambda: (
            any(job.kind == "train" and job.state == "running" for job in listed(mine.vault)) or child.poll()
        )
    )
    withdraw(mine, one_consent(mine))
    code, _, told = ended(child)
    assert (code, len(told)) == (1, 1)
    assert "You have not allowed whatsapp" in told[0]
    assert mine.vault.ids("model") == ["v1"]
    assert [job.state for job in listed(mine.vault) if job.kind == "train"][-1] == "failed"


@pytest.mark.parametrize("asked", [True, False], ids=["after an answer", "before the first question"])
def test_a_chat_that_waits_for_a_question_ends_by_itself(mine: Workspace, *, asked: bool) -> None:
    child = started(mine, "chat")
    assert child.stdin
    assert child.stdout
    child.stdout.readline()  # which model speaks
    if asked:
        child.stdin.write("who brings the soup?\n")
        child.stdin.flush()
        assert child.stdout.readline()
    assert child.poll() is None
    withdraw(mine, one_consent(mine))
    code, _, told = ended(child)  # nothing is typed any more
    assert (code, len(told)) == (1, 1)
    assert "You have not allowed whatsapp" in told[0]


def test_an_objection_ends_a_chat_as_well(mine: Workspace) -> None:
    child = started(mine, "chat", "--contact", "Ilka Brandt", "--json")
    assert child.stdin
    assert child.stdout
    child.stdin.write("who brings the soup?\n")
    child.stdin.flush()
    answer = ""
    while not answer.endswith("}"):
        answer += child.stdout.readline().rstrip("\n")
    assert json.loads(answer)["ai_generated"] is True
    object_to(mine, "ilka")
    code, _, told = ended(child)
    assert (code, len(told)) == (1, 1)
    assert "who objected" in told[0]


def test_a_chat_goes_on_while_it_is_allowed(mine: Workspace) -> None:
    """The control: looking each second ends nothing."""
    child = started(mine, "chat")
    assert child.stdin
    assert child.stdout
    child.stdout.readline()
    time.sleep(2.5)
    assert child.poll() is None
    child.stdin.write("who brings the soup?\n\n")
    child.stdin.flush()
    code, out, told = ended(child)
    assert (code, told) == (0, [])
    assert "ai" in out
