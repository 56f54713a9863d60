"""What is to be done, in order: heavy jobs one at a time unless the settings say otherwise.

Each change is made under the vault's lock on what is kept at that moment, so two who begin, resume or cancel
the same job at once do it once.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

import msgspec
from filelock import Timeout

from ipse.errors import VaultError
from ipse.jobs.records import KIND, Job, Line, Live, Spec, load, save
from ipse.jobs.stopping import alive, holding, kill, request_stop, unstop
from ipse.jobs.watching import listed
from ipse.vault import Vault

__all__ = ["ATTEMPTS", "cancel", "claimed", "enqueue", "pause_all", "ready", "recover", "resume"]

ATTEMPTS = 3  # times that a job which dies is begun, before it is left to its owner


def enqueue(vault: Vault, spec: Spec, *, by: str = "", schedule: str = "", name: str = "") -> Job:
    """Queue a job; it starts when whoever starts jobs comes to it. Durable when this returns.

    With a ``name`` that is taken it is that job, and nothing is queued.
    """
    if name and name in vault.ids(KIND):
        return load(vault, name)
    now = datetime.now(UTC)
    job = Job(
        id=name or secrets.token_hex(6), kind=spec.kind, pid=0, state="queued", started_at=now, queued_at=now,
        spec=spec, attempts=0, schedule=schedule, by=by,
    )  # fmt: skip
    save(vault, job, "queued")
    return job


def cancel(vault: Vault, name: str, *, force: bool = False) -> Job:
    """Let a queued job not begin, or ask a running one to stop; ``force`` ends its process at once.

    Raises ``VaultError`` for one that has ended.
    """
    job = load(vault, name)
    if job.state == "running" and alive(vault.folder, name):
        # Before anything is locked: one that hangs may hold the vault's lock.
        request_stop(vault.folder, name)
        if not force:
            return job
        kill(vault.folder, name, job.pid)
    with vault.exclusive():
        job = load(vault, name)
        if job.ended:
            raise VaultError(f"The job {name} has ended: it is {job.state}.", hint="See `ipse jobs list`.")
        if job.state == "running" and alive(vault.folder, name):  # it began a moment ago
            request_stop(vault.folder, name)
            return job
        return _cancelled(vault, job)


def resume(vault: Vault, name: str) -> Job:
    """Queue a job again that was cut off, stopped or failed; it goes on where its work can.

    Raises ``VaultError`` for one that runs, is done, or was never queued.
    """
    with vault.exclusive():
        job = load(vault, name)
        cut_off = job.state == "running" and not alive(vault.folder, name)
        if job.state not in ("failed", "cancelled", "interrupted") and not cut_off:
            raise VaultError(f"The job {name} is {job.state}.", hint="Only what was cut off can be resumed.")
        if job.spec is None:
            raise VaultError(
                f"The job {name} was begun in a terminal, or what it was to do was erased.",
                hint=f"Run `ipse {job.kind}` again; it goes on where it can.",
            )
        later = msgspec.structs.replace(job, queued_at=datetime.now(UTC))
        return _requeued(vault, later, attempts=0, why="It is resumed.")


def recover(vault: Vault) -> list[Job]:
    """Queue again what was cut off by a crash, at most ``ATTEMPTS`` times; returns what changed.

    It has the place in the queue that it had: what was queued behind it may need what it makes.

    What was begun in a terminal is told to be interrupted.
    """
    changed = []
    for seen in listed(vault):
        if seen.state != "interrupted":
            continue
        with vault.exclusive():
            job = load(vault, seen.id)
            if job.state not in ("running", "interrupted") or alive(vault.folder, job.id):
                continue
            if job.spec is None:
                changed += [_interrupted(vault, job, seen.live)] if job.state == "running" else []
            elif not job.spec.resumable:
                changed.append(_failed(vault, job, "It was cut off."))
            elif job.attempts >= ATTEMPTS:
                changed.append(_failed(vault, job, f"It was cut off {job.attempts} times."))
            else:
                job = job.whole(seen.live) if seen.live else job
                changed.append(
                    _requeued(vault, job, attempts=job.attempts, why="It was cut off; it goes on.")
                )
    return changed


def ready(vault: Vault, *, at_once: int = 1) -> list[Job]:
    """The queued jobs that may begin now, oldest first."""
    jobs = listed(vault)
    room = at_once - sum(_heavy(job) for job in jobs if job.state == "running")
    chosen = []
    for job in sorted((one for one in jobs if one.state == "queued"), key=_since):
        if _heavy(job):
            if room <= 0:
                continue
            room -= 1
        chosen.append(job)
    return chosen


@contextmanager
def claimed(vault: Vault, name: str, *, at_once: int = 1) -> Iterator[Job | None]:
    """Do a queued job meanwhile; None where another process does, or where others must end first."""
    with ExitStack() as stack:
        with vault.exclusive():
            job = _taken(vault, name, at_once, stack)
        yield job


def _taken(vault: Vault, name: str, at_once: int, stack: ExitStack) -> Job | None:
    if name not in [job.id for job in ready(vault, at_once=at_once)]:
        return None
    try:
        stack.enter_context(holding(vault.folder, name))
    except Timeout:
        return None
    job = load(vault, name)
    begun = msgspec.structs.replace(
        job, state="running", pid=os.getpid(), attempts=job.attempts + 1,
        started_at=datetime.now(UTC), ended_at=None, error="", hint="",
    )  # fmt: skip
    unstop(vault.folder, name)
    save(vault, begun, "start")
    return begun


def pause_all(vault: Vault) -> list[str]:
    """Ask every running job that goes on by itself to stop until later; returns their ids."""
    running = [job for job in listed(vault) if job.state == "running" and job.spec and job.spec.resumable]
    for job in running:
        request_stop(vault.folder, job.id, pause=True)
    return [job.id for job in running]


def _since(job: Job) -> datetime:
    return job.queued_at or job.started_at


def _heavy(job: Job) -> bool:
    return job.spec is None or job.spec.heavy


def _requeued(vault: Vault, job: Job, *, attempts: int, why: str) -> Job:
    live = job.live or Live()
    live.log = [*live.log, Line(datetime.now(UTC), why)]
    unstop(vault.folder, job.id)
    again = msgspec.structs.replace(
        job, state="queued", pid=0, attempts=attempts, live=live, ended_at=None, error="", hint="",
        queued_at=_since(job),
    )  # fmt: skip
    save(vault, again, "queued")
    return again


def _cancelled(vault: Vault, job: Job) -> Job:
    unstop(vault.folder, job.id)
    ended = msgspec.structs.replace(job, state="cancelled", ended_at=datetime.now(UTC))
    save(vault, ended, "cancelled")
    return ended


def _failed(vault: Vault, job: Job, why: str) -> Job:
    failed = msgspec.structs.replace(
        job, state="failed", ended_at=datetime.now(UTC), error=why, hint="`ipse jobs resume` tries again."
    )
    save(vault, failed, "failed")
    return failed


def _interrupted(vault: Vault, job: Job, live: Live | None) -> Job:
    told = msgspec.structs.replace(job.whole(live) if live else job, state="interrupted")
    save(vault, told, "interrupted")
    return told
