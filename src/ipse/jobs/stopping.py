"""How a job is asked to stop: an empty file ``jobs/<id>.stop`` beside the vault, which reaches any process.

It needs no passphrase. That a job runs is told by a lock on ``jobs/<id>.lock`` that the kernel gives back
when its process ends, however that is; the number of a process alone may be another's by now.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

__all__ = ["alive", "asked_to_stop", "holding", "kill", "request_stop", "unstop"]

ENDINGS = {"stop": "stop", "pause": "pause"}
DYING_SECONDS = 10.0


def request_stop(folder: Path, job: str, *, pause: bool = False) -> None:
    """Ask a job of the vault in ``folder`` to stop; it does at its next step.

    One that is to ``pause`` is resumed by itself later.
    """
    _file(folder, job, "pause" if pause else "stop").touch(mode=0o600)


def asked_to_stop(folder: Path, job: str) -> str:
    """``stop``, ``pause``, or nothing."""
    jobs = folder / "jobs"
    return next((end for end in ENDINGS if (jobs / f"{Path(job).name}.{end}").exists()), "")


def unstop(folder: Path, job: str) -> None:
    """Forget that it was asked to."""
    for end in ENDINGS:
        _file(folder, job, end).unlink(missing_ok=True)


@contextmanager
def holding(folder: Path, job: str) -> Iterator[None]:
    """Let everyone know that this process does the job; raises ``Timeout`` where another does."""
    file = _file(folder, job, "lock")
    with FileLock(file, timeout=0, mode=0o600):
        try:
            yield
        finally:
            file.unlink(missing_ok=True)  # while it is held: nobody else can have taken it


def alive(folder: Path, job: str) -> bool:
    """Whether some process does the job now."""
    file = _file(folder, job, "lock")
    if not file.exists():
        return False
    try:
        with FileLock(file, timeout=0, mode=0o600):
            return False
    except Timeout:
        return True


def kill(folder: Path, job: str, pid: int) -> bool:
    """End the process of a job that no longer listens, and those that it started; tells whether it ran.

    Waits until the kernel has ended it, which a busy machine takes a moment for.
    """
    if pid <= 0 or not alive(folder, job):
        return False
    with suppress(ProcessLookupError, PermissionError):
        if os.getpgid(pid) == pid:  # it was started as a group of its own
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + DYING_SECONDS
    while alive(folder, job) and time.monotonic() < until:
        time.sleep(0.01)
    return True


def _file(folder: Path, job: str, end: str) -> Path:
    jobs = folder / "jobs"
    jobs.mkdir(mode=0o700, exist_ok=True)
    return jobs / f"{Path(job).name}.{end}"
