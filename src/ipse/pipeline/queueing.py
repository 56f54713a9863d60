"""Queued work of a vault, followed and worked off: what the terminal and the service share."""

import time
from collections.abc import Iterator
from datetime import timedelta

from ipse.errors import NotFoundError
from ipse.interfaces import Progress
from ipse.jobs import Job, find, listed
from ipse.jobs.records import KIND
from ipse.jobs.starting import Dispatcher, Hand
from ipse.pipeline.days.scheduling import schedule_models
from ipse.pipeline.workspace import Workspace

__all__ = ["dispatcher", "followed", "job_named", "jobs", "work_off"]

LOOK_SECONDS = 0.3
IDLE_SECONDS = 5.0


def dispatcher(workspace: Workspace, hand: Hand) -> Dispatcher:
    """What begins the queued jobs of this vault, by its settings; models learn when theirs say."""
    schedule_models(workspace)
    limits = workspace.settings.jobs
    return Dispatcher(workspace.vault, hand, at_once=limits.at_once, hung_after=_hung(workspace))


def jobs(workspace: Workspace) -> list[Job]:
    """Every job, oldest first."""
    return listed(workspace.vault, hung_after=_hung(workspace))


def job_named(workspace: Workspace, name: str) -> Job:
    """One of them; raises ``NotFoundError``."""
    if workspace.vault.find(KIND, name) is None:
        raise NotFoundError(f"There is no job `{name}`.", hint="See `ipse jobs list`.")
    return find(workspace.vault, name, hung_after=_hung(workspace))


def followed(workspace: Workspace, name: str, hand: Hand, progress: Progress, *, wait: bool = True) -> Job:
    """Begin what waits, and follow a job until it has ended; without ``wait`` until it was begun, or waits.

    Raises ``VaultError`` where it is not there.
    """
    going = dispatcher(workspace, hand)
    going.step()
    while wait:
        job = job_named(workspace, name)
        if job.live is not None:
            progress(job.done, job.total, job.figures)
        if job.ended:
            break
        going.step()
        time.sleep(LOOK_SECONDS)
    return job_named(workspace, name)


def work_off(workspace: Workspace, hand: Hand, *, once: bool = False) -> Iterator[Job]:
    """Begin what is queued or due, while it is asked for more; ``once``, until nothing waits or runs."""
    going = dispatcher(workspace, hand)
    while True:
        yield from going.step()
        left = [job for job in jobs(workspace) if job.state in ("queued", "running")]
        if once and not left:
            return
        time.sleep(LOOK_SECONDS if left else IDLE_SECONDS)


def _hung(workspace: Workspace) -> timedelta:
    return timedelta(minutes=workspace.settings.jobs.hung_minutes)
