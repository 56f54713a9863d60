"""Collecting, killed at random moments: what was acknowledged is there, and once."""

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from ipse.config import load_settings
from ipse.pipeline.consents import give
from ipse.pipeline.workspace import Workspace
from ipse.vault import Vault

from ..conftest import CHEAP, PASSPHRASE
from ..soak import rounds

# A child that records a counter and a state, and prints what was acknowledged, a line each flush.
CHILD = """
import sys, threading
from pathlib import Path
from ipse.collectors import Polled
from ipse.config import load_settings
from ipse.pipeline.days.recording import Recorder
from ipse.pipeline.workspace import Workspace
from ipse.records import Sample

class Counter(Polled):
    name, says, every = "counter", "counts", 0.002
    n = 0
    def poll(self):
        Counter.n += 1
        yield Sample(kind="point", data={"n": Counter.n})
        yield Sample(kind="state", stream="state", data={"block": Counter.n // 40})

settings = load_settings({"vault": sys.argv[1], "collect": {"flush": 0.1}}, environment={})
with Workspace.open(settings, sys.argv[2], purge=False) as workspace:
    recorder = Recorder(workspace, [Counter()])
    def told(report):
        print(report.kept, report.kept, Counter.n, flush=True)
    recorder.run(threading.Event(), told)
"""


def test_killed_at_any_moment_what_was_acknowledged_is_there(tmp_path: Path) -> None:
    template = tmp_path / "template"
    vault, _ = Vault.create(template, PASSPHRASE, kdf=CHEAP, allow_weak=True)
    workspace = Workspace(vault, load_settings({}, environment={}))
    give(workspace, "counter", ("archive", "events"))
    vault.close()
    rng = random.Random(5)
    acknowledged = 0
    for number in range(rounds(2, 200)):
        folder = tmp_path / "vault"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(template, folder)
        acknowledged += _killed(folder, rng.uniform(0.05, 1.5), number)
    assert acknowledged > 0


def _killed(folder: Path, after: float, number: int) -> int:
    command = [sys.executable, "-c", CHILD, str(folder), PASSPHRASE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline()]  # the first flush is acknowledged
        time.sleep(after)
        child.send_signal(signal.SIGKILL)
        lines += child.stdout.read().splitlines()
    whole = [line.split() for line in lines if len(line.split()) == 3]
    with Vault.open(folder, PASSPHRASE) as vault:
        points = [one.data["n"] for one in vault.events() if one.stream == ""]
        assert points == list(range(1, len(points) + 1)), number  # none lost in the midst, none twice
        kept = vault.counts()["counter"]["records"]
        states = [one for one in vault.events() if one.stream == "state"]
        assert kept == len(points) + len(states)
        blocks = [one.data["block"] for one in states]
        assert len(set(blocks)) == len(blocks), number
        assert len(points) + len(states) >= (int(whole[-1][0]) if whole else 0), number
        vault.verify_audit()
        assert not vault.inspect().faults
    return len(points)
