"""Downsampling, killed at random moments: each reading is counted once, and the next run goes on."""

import random
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from ipse.config import load_settings
from ipse.pipeline.consents import give
from ipse.pipeline.days import events
from ipse.pipeline.days.tiers import downsample
from ipse.pipeline.workspace import Workspace
from ipse.records import Event
from ipse.vault import Vault
from ipse.vault.columns import DAY, time_key
from ipse.vault.downsampling import downsampled

from ..conftest import CHEAP, PASSPHRASE
from ..soak import rounds

DAYS, READINGS = 40, 60
FIRST = 20_000
NOW = datetime(2026, 1, 1, tzinfo=UTC)

CHILD = """
import sys
from datetime import datetime
import ipse.vault.tiers
from ipse.config import load_settings
from ipse.pipeline.days import tiers
from ipse.pipeline.workspace import Workspace

ipse.vault.tiers.AT_A_TIME = 1  # a transaction a day
tiers.QUIET = -10**9
settings = load_settings({"vault": sys.argv[1], "tiers": {"minutes": 0}}, environment={})
with Workspace.open(settings, sys.argv[2], purge=False) as workspace:
    print("open", flush=True)
    tiers.downsample(workspace, datetime.fromisoformat(sys.argv[3]))
    print("done", flush=True)
"""


def reading(number: int) -> Event:
    ts = (FIRST + number // READINGS) * DAY + number % READINGS * 7_000_000
    return Event(
        source="system", kind="metric", ts=ts, rx=ts, key=time_key(ts), data={"n": number, "x": number % 9}
    )


def test_killed_at_any_moment_no_reading_is_lost_or_counted_twice(tmp_path: Path) -> None:
    template = tmp_path / "template"
    vault, _ = Vault.create(template, PASSPHRASE, kdf=CHEAP, allow_weak=True)
    workspace = Workspace(vault, load_settings({}, environment={}))
    give(workspace, "system", ("archive", "events"))
    raw = [reading(number) for number in range(DAYS * READINGS)]
    events.keep(workspace, raw)
    vault.close()
    whole = [
        one for day in range(DAYS) for one in downsampled(raw[day * READINGS : (day + 1) * READINGS], 60)
    ]
    rng, midway = random.Random(8), 0
    for number in range(rounds(2, 60)):
        folder = tmp_path / "vault"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(template, folder)
        _kill(folder, rng.uniform(0.0, 0.4))
        with Vault.open(folder, PASSPHRASE) as vault:
            held = list(vault.events())
            counted = sum(int(str(one.data.get("~n", 1))) for one in held)
            assert counted == len(raw), number
            total = sum(float(str(one.data["n"])) * int(str(one.data.get("~n", 1))) for one in held)
            assert abs(total - sum(range(len(raw)))) < 1e-3 * total
            assert vault.counts()["system"]["records"] == len(held) == vault.read_all()
            midway += len(whole) < len(held) < len(raw)
            again = Workspace(vault, load_settings({"tiers": {"minutes": 0}}, environment={}))
            _patient(again)
            assert list(vault.events()) == whole, number
            assert not vault.inspect().faults
            assert vault.inspect().doomed == vault.inspect().missing == 0
            vault.verify_audit()
    assert midway > 0


def _patient(workspace: Workspace) -> None:
    from ipse.pipeline.days import tiers

    quiet, tiers.QUIET = tiers.QUIET, -(10**9)
    try:
        downsample(workspace, NOW)
    finally:
        tiers.QUIET = quiet


def _kill(folder: Path, after: float) -> None:
    command = [sys.executable, "-c", CHILD, str(folder), PASSPHRASE, NOW.isoformat()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(after)
        child.send_signal(signal.SIGKILL)
        child.stdout.read()
