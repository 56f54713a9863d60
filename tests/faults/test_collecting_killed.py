"""Collecting, killed at random moments: what was acknowledged is there, and once; at most 10 s are lost."""

import random
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ipse.config import load_settings
from ipse.pipeline.consents import give
from ipse.pipeline.workspace import Workspace
from ipse.vault import Vault

from ..conftest import CHEAP, PASSPHRASE
from ..soak import rounds

TAIL = 10.0  # seconds of what was not acknowledged yet that may be lost

# A child that records a counter and a state, and prints what was acknowledged, a line each flush. What it saw
# last, and when, it writes where a kill does not reach: memory that is a file.
CHILD = """
import mmap, struct, sys, threading, time
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
        seen[:16] = struct.pack("<qd", Counter.n, time.time())
        yield Sample(kind="point", data={"n": Counter.n})
        yield Sample(kind="state", stream="state", data={"block": Counter.n // 40})

with open(sys.argv[3], "r+b") as file:
    seen = mmap.mmap(file.fileno(), 16)
settings = load_settings({"vault": sys.argv[1], "collect": {"flush": float(sys.argv[4])}}, environment={})
with Workspace.open(settings, sys.argv[2], purge=False) as workspace:
    recorder = Recorder(workspace, [Counter()])
    def told(report):
        print(report.kept, report.kept, Counter.n, flush=True)
    recorder.run(threading.Event(), told)
"""


def test_killed_at_any_moment_what_was_acknowledged_is_there(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    template = tmp_path / "template"
    vault, _ = Vault.create(template, PASSPHRASE, kdf=CHEAP, allow_weak=True)
    workspace = Workspace(vault, load_settings({}, environment={}))
    give(workspace, "counter", ("archive", "events"))
    flush = workspace.settings.collect.flush
    vault.close()
    rng = random.Random(5)
    killed: list[Killed] = []
    for number in range(rounds(2, 200)):
        folder = tmp_path / "vault"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(template, folder)
        usual = number % 10 == 9  # some at the pace of the settings, most at one that kills more often
        after = rng.uniform(0.05, flush if usual else 1.5)
        killed.append(_killed(folder, after, number, flush if usual else 0.1))
    assert sum(one.kept for one in killed) > 0
    assert sum(one.seen - one.kept for one in killed) > 0  # the kills came while something waited
    worst = max(one.lost for one in killed)
    assert worst <= TAIL
    record_property(
        "killed",
        f"{len(killed)} kills, {sum(one.kept for one in killed):,} kept, the longest tail {worst:.2f} s",
    )


class Killed(NamedTuple):
    """How many points were seen, and kept; and the seconds that the last of them lie before the kill."""

    seen: int
    kept: int
    lost: float


def _killed(folder: Path, after: float, number: int, flush: float) -> Killed:
    memory = folder.parent / "seen"
    memory.write_bytes(bytes(16))
    command = [sys.executable, "-c", CHILD, str(folder), PASSPHRASE, str(memory), str(flush)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline()]  # the first flush is acknowledged
        time.sleep(after)
        child.send_signal(signal.SIGKILL)
        lines += child.stdout.read().splitlines()
    seen, at = struct.unpack("<qd", memory.read_bytes())
    whole = [line.split() for line in lines if len(line.split()) == 3]
    with Vault.open(folder, PASSPHRASE) as vault:
        found = [one for one in vault.events() if one.stream == ""]
        points = [one.data["n"] for one in found]
        assert points == list(range(1, len(points) + 1)), number  # none lost in the midst, none twice
        kept = vault.counts()["counter"]["records"]
        states = [one for one in vault.events() if one.stream == "state"]
        assert kept == len(points) + len(states)
        blocks = [one.data["block"] for one in states]
        assert len(set(blocks)) == len(blocks), number
        assert len(points) + len(states) >= (int(whole[-1][0]) if whole else 0), number
        vault.verify_audit()
        assert not vault.inspect().faults
    return Killed(seen, len(points), at - max(one.ts for one in found) / 1e6)
