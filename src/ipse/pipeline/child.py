"""``python -m ipse.pipeline.child``: do one queued job. What to do, and the vault's key, come by stdin.

One line of JSON (``ipse.jobs.starting.Order``), then the 32 bytes of the master key. How it goes stands in
the vault; nothing is printed. When it is done it begins the next that waits, so a queue empties without
anybody there.
"""

import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import NoReturn

import msgspec

from ipse.config import load_settings
from ipse.errors import IpseError, VaultError
from ipse.jobs.following import Follower, PausedError, follow
from ipse.jobs.queue import claimed
from ipse.jobs.records import Job
from ipse.jobs.starting import Dispatcher, Order
from ipse.jobs.stopping import request_stop
from ipse.pipeline.tasks import task
from ipse.pipeline.unlocking import Keeper
from ipse.pipeline.workspace import Workspace
from ipse.unlocking.memory import no_core_dumps, undumpable
from ipse.vault.opening import by_master

__all__ = ["do", "main"]

IDLE = 19


def main() -> None:
    """Read what to do, do it, end."""
    no_core_dumps()
    undumpable()
    order = msgspec.json.decode(_line(0), type=Order)
    keeper = Keeper.read(0)
    if keeper is None:
        sys.exit(1)
    signal.signal(signal.SIGTERM, _interrupt(order))
    settings = load_settings({"vault": order.vault})
    with Workspace.open(settings, by_master(keeper.key()), purge=False) as workspace:
        if do(workspace, order.job, at_once=order.at_once) and not _yielding():
            Dispatcher(workspace.vault, keeper.hand, at_once=order.at_once).step()


def do(workspace: Workspace, name: str, *, at_once: int = 1) -> bool:
    """Do a queued job of this vault. How it ended stands there; False if it is not to be followed by others.

    That is so where it was not there to be done, or is to go on later.
    """
    with claimed(workspace.vault, name, at_once=at_once) as job:
        if job is None:
            return False
        follower = Follower(workspace.vault, job, _nobody)
        try:
            _work(workspace, job, follower)
        except PausedError:
            return False
        except IpseError:
            pass  # it stands in the job
        except Exception as error:  # a bug: its trace is for the owner, in the sealed log
            follower.live.say(traceback.format_exc())
            follower.end("failed", VaultError(f"{type(error).__name__}: {error}", hint="See the job's log."))
            raise
    return True


def _work(workspace: Workspace, job: Job, follower: Follower) -> None:
    assert job.spec is not None
    follower.say(f"Attempt {job.attempts} begins.")
    if job.schedule and hasattr(os, "nice"):
        os.nice(IDLE)  # nobody waits for what begins by itself
    settings = load_settings({**job.spec.settings, "vault": str(workspace.vault.folder)})
    inside = Workspace(workspace.vault, settings)
    work = task(job.spec.kind)
    spec = job.spec

    def told(done: dict[str, object]) -> dict[str, object]:
        for line in inside.warnings:
            follower.live.say(line)
        follower.live.say("Done.")
        left = {name: said for name, said in spec.arguments.items() if name not in work.secret}
        bare = msgspec.structs.replace(spec, arguments=left)
        follower.job = msgspec.structs.replace(follower.job, spec=bare)
        return done

    follow(follower, lambda: work.run(inside, spec, follower), told)


def _yielding() -> bool:
    """Whether this process yields to all others: what it starts would too, so it starts nothing."""
    return hasattr(os, "nice") and os.nice(0) >= IDLE


def _nobody(_done: float, _total: float | None, _figures: object) -> None:
    """Whoever wants to know looks into the vault."""


def _interrupt(order: Order) -> Callable[[int, FrameType | None], None]:
    """Whoever ends this process in order lets the job go on later."""

    def pause(_number: int, _frame: FrameType | None) -> None:
        request_stop(Path(order.vault), order.job, pause=True)

    return pause


def _line(handle: int) -> bytes:
    """One line, byte by byte: what follows it is the key."""
    raw = b""
    while not raw.endswith(b"\n"):
        got = os.read(handle, 1)
        if not got:
            _end()
        raw += got
    return raw


def _end() -> NoReturn:
    sys.exit(1)


if __name__ == "__main__":
    main()
