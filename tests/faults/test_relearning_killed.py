"""A model learned anew by its schedule, after a sleep that missed it, and killed as it learns.

Whoever speaks is whole, and a version that is half kept speaks for nobody; the next run makes up for it.
"""

import random
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ipse.config import load_settings
from ipse.jobs import Spec, listed
from ipse.jobs.schedules import When, keep_as, run_due
from ipse.jobs.surroundings import Surroundings
from ipse.pipeline.consents import give
from ipse.pipeline.days import predictors
from ipse.pipeline.days.foretelling import learn
from ipse.pipeline.days.predicting import predict
from ipse.pipeline.days.relearning import relearn
from ipse.pipeline.days.tables_taking import take
from ipse.pipeline.days.wanting import Wanted
from ipse.pipeline.workspace import Workspace
from ipse.vault import Vault

from ..conftest import CHEAP, PASSPHRASE
from ..pipeline.days.tables import events_table
from ..soak import rounds

HERE = Surroundings(on_ac=True, idle=timedelta(hours=1), load=0)

CHILD = """
import sys, time
from ipse.config import load_settings
from ipse.pipeline.days.relearning import relearn
from ipse.pipeline.workspace import Workspace

settings = load_settings({"vault": sys.argv[1]}, environment={})
with Workspace.open(settings, sys.argv[2], purge=False) as workspace:
    put = workspace.vault.put

    def telling(kind, *values, **more):
        print("before", kind, more["action"], flush=True)
        time.sleep(0.1)
        put(kind, *values, **more)
        print("after", kind, more["action"], flush=True)
        time.sleep(0.1)

    workspace.vault.put = telling
    relearn(workspace, "desk", lambda done, of, told: print("progress", int(done), flush=True))
    print("done", flush=True)
"""
POINTS = (
    "after project project.challenger",
    "after predictor",
    "before project project.promote",
    "progress 2",
)


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vault whose champion learned from 300 hours of 500."""
    folder = tmp_path_factory.mktemp("relearning")
    vault, _ = Vault.create(folder / "vault", PASSPHRASE, kdf=CHEAP, allow_weak=True)
    with Workspace(vault, load_settings({}, environment={})) as workspace:
        give(workspace, "desk", ["archive", "events"])
        take(workspace, events_table(folder / "desk.csv", hours=300), quiet)
        wanted = Wanted(project="desk", stream="desk", field="load", algorithm="ridge")
        assert learn(workspace, wanted, quiet).promoted
        take(workspace, events_table(folder / "desk.csv", hours=500), quiet)
        keep_as(
            vault, "learn-desk", Spec(kind="learn", arguments={"project": "desk"}), When(cron="0 3 * * *")
        )
    return folder / "vault"


def test_killed_while_it_learns_whoever_speaks_is_whole(template: Path, tmp_path: Path) -> None:
    rng = random.Random(3)
    for number in range(rounds(1, 40)):
        folder = tmp_path / "vault"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(template, folder)
        point = POINTS[number] if number < len(POINTS) else rng.choice(POINTS)
        killed(folder, point)
        with Workspace.open(
            load_settings({"vault": str(folder)}, environment={}), PASSPHRASE, purge=False
        ) as workspace:
            held = predictors.project(workspace, "desk")
            assert held.champion == "desk-v1", (number, point)
            assert predict(workspace, "desk", keep_it=False).model == "desk-v1"
            promoted = [one for one in workspace.vault.audit_rows() if one.action == "project.promote"]
            assert len(promoted) == 1
            again = relearn(workspace, "desk", quiet)
            assert again.card.id != "desk-v1"
            assert predict(workspace, "desk", keep_it=False).model == again.champion
            named = [one.id for one in predictors.versions(workspace, "desk")]
            assert len(named) == len(set(named)) <= 3
            assert not workspace.vault.inspect().faults
            workspace.vault.verify_audit()


def test_nights_that_were_slept_through_are_learned_once(template: Path, tmp_path: Path) -> None:
    shutil.copytree(template, tmp_path / "vault")
    with Vault.open(tmp_path / "vault", PASSPHRASE) as vault:
        woken = datetime.now(UTC) + timedelta(days=21)
        (job,) = run_due(vault, woken, HERE)
        assert (job.kind, job.state) == ("learn", "queued")
        assert run_due(vault, woken + timedelta(minutes=1), HERE) == []
        assert [one.schedule for one in listed(vault)] == ["learn-desk"]


def killed(folder: Path, point: str) -> None:
    """Learn anew in another process, and kill it as it says that it is there."""
    command = [sys.executable, "-c", CHILD, str(folder), PASSPHRASE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        said = []
        for line in child.stdout:
            said.append(line)
            if line.startswith(point):
                child.send_signal(signal.SIGKILL)
                break
        child.stdout.read()
    assert said[-1].startswith(point), said
