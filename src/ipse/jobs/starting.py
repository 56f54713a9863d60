"""Starting the child processes that do queued jobs, and seeing to it that what is due begins.

A child gets the vault's key through a pipe, never as an argument or in its environment. It outlives who
started it: the vault tells how it stands, so anyone can take over.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import msgspec

from ipse.jobs.queue import pause_all, ready, recover
from ipse.jobs.records import Job
from ipse.jobs.schedules import held, ripe, run_due
from ipse.jobs.surroundings import Surroundings, look
from ipse.jobs.watching import HUNG_AFTER, listed
from ipse.vault import Vault

__all__ = ["Child", "Dispatcher", "Hand", "Order", "start"]

SECRETS = ("IPSE_PASSPHRASE", "IPSE_NEW_PASSPHRASE", "IPSE_RECOVERY_KEY", "IPSE_EXPORT_PASSPHRASE")
COMMAND = (sys.executable, "-P", "-m", "ipse.pipeline.child")

Hand = Callable[[IO[bytes]], None]
"""Writes the vault's master key, 32 bytes, to a pipe."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What a child is told before the key, as one line of JSON."""

    vault: str
    job: str
    at_once: int = 1


class Child(subprocess.Popen[bytes]):
    """A process that may outlive who started it."""

    def __del__(self) -> None:
        """Say nothing of one that still runs, as its base would."""
        self.poll()


def start(order: Order, hand: Hand) -> Child:
    """Start a child for a queued job, in a group of its own so that nobody's Ctrl-C reaches it."""
    environment = {name: value for name, value in os.environ.items() if name not in SECRETS}
    child = Child(
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )
    assert child.stdin is not None
    try:
        child.stdin.write(msgspec.json.encode(order) + b"\n")
        hand(child.stdin)
        child.stdin.close()
    except BrokenPipeError:
        pass  # it ended before it read; the job is still queued
    return child


class Dispatcher:
    """Begins what is queued, once there is room; asked again and again by whoever is there to do so.

    Several of them on one vault do no harm: who begins a job first has it.
    """

    def __init__(
        self, vault: Vault, hand: Hand, *, at_once: int = 1, hung_after: timedelta = HUNG_AFTER
    ) -> None:
        self._vault = vault
        self._hand = hand
        self._at_once = at_once
        self._hung_after = hung_after
        self._children: dict[str, Child] = {}
        self.used: float | None = None
        """When the service was last asked anything (``time.time``), for what waits until nobody is there."""

    def step(self, around: Surroundings | None = None) -> list[Job]:
        """Take up what was cut off, queue what is due, and begin what may begin; returns what was begun."""
        self._children = {name: child for name, child in self._children.items() if child.poll() is None}
        recover(self._vault)
        if schedules := held(self._vault):
            now = datetime.now(UTC)
            counts = self._vault.counts() if any(one.events for one in schedules) else {}
            come = [one for one in schedules if ripe(one, now, counts.get(one.source, {}).get("records", 0))]
            if come:
                run_due(self._vault, now, around or look(self.used), come)
        begun = [job for job in ready(self._vault, at_once=self._at_once) if job.id not in self._children]
        for job in begun:
            order = Order(vault=str(Path(self._vault.folder).resolve()), job=job.id, at_once=self._at_once)
            self._children[job.id] = start(order, self._hand)
        return begun

    def hung(self) -> list[Job]:
        """Running jobs whose work has said nothing for too long."""
        return [job for job in listed(self._vault, hung_after=self._hung_after) if job.hung]

    def pause(self, seconds: float = 10.0) -> None:
        """Let running jobs stop where they can go on, and wait for them so long."""
        asked = pause_all(self._vault)
        for name in asked:
            child = self._children.get(name)
            if child is not None:
                try:
                    child.wait(seconds)
                except subprocess.TimeoutExpired:
                    continue
