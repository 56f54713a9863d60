"""Doing work as a job: its progress is passed on, kept beside its record, and tells it when to stop.

Work runs in this process, which is a child of its own for what was queued.
"""

import os
import secrets
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from ipse.errors import CancelledError, IpseError
from ipse.interfaces import Progress
from ipse.jobs.records import KIND, Job, Live, State, save
from ipse.jobs.stopping import asked_to_stop, holding, unstop
from ipse.vault import Vault

__all__ = ["Follower", "PausedError", "current", "follow", "run"]

T = TypeVar("T")
POLL_SECONDS = 0.2  # how often a running job looks for its stop file: soon enough for a person
LIVE_SECONDS = 0.25  # how often it leaves word of how far it is

_current: ContextVar["Follower | None"] = ContextVar("job", default=None)


class PausedError(CancelledError):
    """The job is to go on later."""


class Follower:
    """The progress that a job's work calls."""

    def __init__(self, vault: Vault, job: Job, progress: Progress) -> None:
        self.job = job
        self.live = Live(log=list(job.live.log) if job.live else [], beat_at=datetime.now(UTC))
        self._vault = vault
        self._progress = progress
        self._looked = self._told = 0.0

    def __call__(self, done: float, total: float | None, figures: Mapping[str, float]) -> None:
        """Take in how far the work is; raises ``CancelledError`` where it is to stop."""
        self.live.step(done, total, figures)
        self._progress(done, total, figures)
        now = time.monotonic()
        if now - self._told >= LIVE_SECONDS:
            self._told = now
            self.tell()
        if now - self._looked >= POLL_SECONDS:
            self._looked = now
            if asked := asked_to_stop(self._vault.folder, self.job.id):
                raise (PausedError if asked == "pause" else CancelledError)("The job was asked to stop.")

    def say(self, text: str) -> None:
        """Write to the job's log."""
        self.live.say(text)
        self.tell()

    def tell(self) -> None:
        """Leave word of how far it is."""
        self._vault.put_aside(KIND, self.job.id, msgspec.json.encode(self.live))

    def end(
        self, state: State, error: IpseError | None = None, result: dict[str, object] | None = None
    ) -> None:
        """Keep how it ended; durable when this returns."""
        paused = state == "interrupted"
        self.job = msgspec.structs.replace(
            self.job.whole(self.live), state=state, ended_at=None if paused else datetime.now(UTC),
            attempts=self.job.attempts - paused, result=result or {},
            error=error.message if error else "", hint=error.hint if error else "",
        )  # fmt: skip
        unstop(self._vault.folder, self.job.id)
        save(self._vault, self.job, state)
        self._vault.remove_aside(KIND, self.job.id)  # the record says it all now


def current() -> Follower | None:
    """The job that this is done in, if any."""
    return _current.get()


def run(vault: Vault, kind: str, work: Callable[[Progress], T], progress: Progress) -> T:
    """Do ``work`` as a job; it gets a progress to call, which also tells it when to stop.

    Within a job it is a part of that. Raises ``CancelledError`` when the owner stopped it (Ctrl-C or
    ``ipse jobs stop``).
    """
    if _current.get() is not None:
        return work(progress)
    now = datetime.now(UTC)
    job = Job(id=secrets.token_hex(6), kind=kind, pid=os.getpid(), state="running", started_at=now)
    with holding(vault.folder, job.id):
        save(vault, job, "start")
        follower = Follower(vault, job, progress)
        return follow(follower, lambda: work(follower))


def follow(
    follower: Follower, work: Callable[[], T], result: Callable[[T], dict[str, object]] | None = None
) -> T:
    """Do ``work`` as that job, which this process holds, and keep how it ended; raises what it raises."""
    inside = _current.set(follower)
    try:
        done = work()
    except PausedError:
        follower.end("interrupted")
        raise
    except (CancelledError, KeyboardInterrupt):
        follower.end("cancelled")
        kind = follower.job.kind
        raise CancelledError(
            f"The {kind} job was stopped.", hint=f"Run `ipse {kind}` to do it again."
        ) from None
    except IpseError as error:
        follower.end("failed", error)
        raise
    finally:
        _current.reset(inside)
    follower.end("done", result=result(done) if result else None)
    return done
