"""What takes more than one call, once for both clients: a verb yields calls, and gets what they return."""

from collections.abc import Generator
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

from ipse.client import calls, results
from ipse.client.calls import Call
from ipse.errors import IpseError

__all__ = ["LOOK_SECONDS", "Verb", "import_", "train", "wait"]

T = TypeVar("T")

Verb: TypeAlias = Generator[Call[Any] | float, Any, T]
"""Calls to be made, seconds to wait between them, and what comes of it."""

LOOK_SECONDS: Final = 0.5


def import_(files: tuple[Path, ...], me: tuple[str, ...]) -> Verb[results.Job]:
    """Hand an export over, import it, and wait until that is done."""
    held: results.Upload = yield calls.upload(*files)
    started: results.Started = yield calls.begin_import(held.id, me=me)
    return (yield from wait(started.job))


def train(method: str) -> Verb[results.Job]:
    """Freeze a dataset, train a model on it, and wait until that is done."""
    started: results.Started = yield calls.begin_training(method)
    return (yield from wait(started.job))


def wait(name: str, seconds: float = LOOK_SECONDS) -> Verb[results.Job]:
    """Wait for a job, looking each so many seconds; raises ``IpseError`` with why it failed."""
    while True:
        job: results.Job = yield calls.job(name)
        if job.ended:
            break
        yield seconds
    if job.state != "done":
        raise IpseError(job.error or f"The {job.kind} job was {job.state}.", hint=job.hint)
    return job
