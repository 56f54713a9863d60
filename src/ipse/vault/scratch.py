"""Temporary files inside the vault: of Python, of libraries in C, and of processes started from here.

A process that was killed leaves its folder; who opens the vault next deletes it. A lock that the kernel gives
back tells which are in use.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["VARIABLES", "scratch"]

VARIABLES = ("TMPDIR", "SQLITE_TMPDIR", "TEMP", "TMP")


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """Let temporary files of this process go to a folder of its own below ``folder``, gone afterwards."""
    place = folder / "tmp"
    place.mkdir(mode=0o700, exist_ok=True)
    with _locked(place):
        for left in place.iterdir():
            _delete_unless_held(left)
        own = Path(tempfile.mkdtemp(prefix="ipse-", dir=place))
        held = _hold(own)
    before, named = tempfile.tempdir, {name: os.environ.get(name) for name in VARIABLES}
    tempfile.tempdir = str(own)
    os.environ.update(dict.fromkeys(VARIABLES, str(own)))
    try:
        yield own
    finally:
        tempfile.tempdir = before
        for name, value in named.items():
            _set(name, value)
        shutil.rmtree(own, ignore_errors=True)
        os.close(held)


def _set(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


@contextmanager
def _locked(place: Path) -> Iterator[None]:
    import fcntl

    handle = os.open(place, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _hold(own: Path) -> int:
    """Take the lock that says a folder is in use; returns the handle that holds it."""
    import fcntl

    handle = os.open(own, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return handle


def _delete_unless_held(left: Path) -> None:
    if not left.is_dir() or left.is_symlink():
        left.unlink()
        return
    with suppress(BlockingIOError):
        os.close(_hold(left))
        shutil.rmtree(left, ignore_errors=True)
