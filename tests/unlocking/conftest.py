"""A run folder whose name is short enough for a socket, and agents that do not outlive their test."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipse.unlocking import client


@pytest.fixture
def run_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="ipse-run-", dir="/tmp"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def started(run_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The processes of agents that were started; those that still run are killed in the end."""
    pids: list[int] = []
    start = client.start

    def noted(*words: object, **options: object) -> client.Session:
        session = start(*words, **options)  # type: ignore[arg-type]  # as it is called
        pids.append(session.pid)
        return session

    monkeypatch.setattr(client, "start", noted)
    yield pids
    for pid in pids:
        if (Path("/proc") / str(pid)).exists():
            os.kill(pid, signal.SIGKILL)
