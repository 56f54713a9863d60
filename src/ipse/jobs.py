"""Long work with progress that can be stopped from here or from another terminal.

A job's record is a sealed document of the vault; that it runs, and its id, are readable, no more. Stopping
is an empty file ``jobs/<id>.stop`` beside the vault, so it needs no passphrase and reaches any process.
Work runs in this process; the module knows nothing of what the work is.
"""

import os
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from ipse.errors import CancelledError, IpseError
from ipse.interfaces import Progress
from ipse.vault import Vault

__all__ = ["Job", "listed", "request_stop", "run"]

T = TypeVar("T")
State = Literal["running", "done", "failed", "cancelled", "interrupted"]
POLL_SECONDS = 0.2  # how often a running job looks for its stop file: soon enough for a person


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What the vault remembers of a job; ``done`` and ``total`` are in the work's own units."""

    id: str
    kind: str
    pid: int
    state: State
    started_at: datetime
    ended_at: datetime | None = None
    done: float = 0.0
    total: float | None = None
    figures: dict[str, float] = {}
    error: str = ""


def run(vault: Vault, kind: str, work: Callable[[Progress], T], progress: Progress) -> T:
    """Do ``work`` as a job; it gets a progress to call, which also tells it when to stop.

    Raises ``CancelledError`` when the owner stopped it (Ctrl-C or ``ipse jobs stop``).
    """
    job = Job(
        id=secrets.token_hex(6), kind=kind, pid=os.getpid(), state="running", started_at=datetime.now(UTC)
    )
    follower = _Follower(vault, job, progress)
    _save(vault, job, f"job.{kind}.start")
    try:
        result = work(follower)
    except (CancelledError, KeyboardInterrupt):
        follower.end("cancelled")
        raise CancelledError(
            f"The {kind} job was stopped.", hint=f"Run `ipse {kind}` to do it again."
        ) from None
    except IpseError as error:
        follower.end("failed", error=error.message)
        raise
    follower.end("done")
    return result


def request_stop(folder: Path, job: str) -> None:
    """Ask a job of the vault in ``folder`` to stop; it does at its next step."""
    jobs = folder / "jobs"
    jobs.mkdir(mode=0o700, exist_ok=True)
    (jobs / f"{Path(job).name}.stop").touch(mode=0o600)


def listed(vault: Vault) -> list[Job]:
    """Every job, oldest first; one whose process is gone is shown as interrupted."""
    jobs = [msgspec.json.decode(vault.get("job", name), type=Job) for name in vault.ids("job")]
    return [
        msgspec.structs.replace(job, state="interrupted")
        if job.state == "running" and not _alive(job.pid)
        else job
        for job in jobs
    ]


class _Follower:
    """The progress a job's work calls: passes it on, remembers it, and stops the work when asked."""

    def __init__(self, vault: Vault, job: Job, progress: Progress) -> None:
        self._vault = vault
        self._job = job
        self._progress = progress
        self._stop = vault.folder / "jobs" / f"{job.id}.stop"
        self._looked = 0.0

    def __call__(self, done: float, total: float | None, figures: Mapping[str, float]) -> None:
        self._job = msgspec.structs.replace(self._job, done=done, total=total, figures=dict(figures))
        self._progress(done, total, figures)
        if time.monotonic() - self._looked >= POLL_SECONDS:
            self._looked = time.monotonic()
            if self._stop.exists():
                raise CancelledError("The job was asked to stop.")

    def end(self, state: State, *, error: str = "") -> None:
        self._job = msgspec.structs.replace(self._job, state=state, ended_at=datetime.now(UTC), error=error)
        self._stop.unlink(missing_ok=True)
        _save(self._vault, self._job, f"job.{self._job.kind}.{state}")


def _save(vault: Vault, job: Job, action: str) -> None:
    payload = msgspec.json.encode(job)
    vault.put("job", job.id, payload, action=action, details={"job": job.id}, state=job.state)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
