"""Uploads lie in the clear, so they go when the vault is locked or opened, but what a job needs."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from ipse.config import load_settings
from ipse.jobs.queue import cancel, enqueue
from ipse.pipeline.tasks import make
from ipse.server.sweeping import sweeping
from ipse.server.uploads import Uploads
from ipse.server.vaults import OpenVault
from ipse.vault.opening import by_secret

from ..conftest import PASSPHRASE
from .conftest import made, running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return made(tmp_path / "vault")


@pytest.fixture
def opened(folder: Path) -> Iterator[OpenVault]:
    """Nobody works off its jobs."""
    found = OpenVault(load_settings({"vault": str(folder)}, environment={}), by_secret(PASSPHRASE))
    yield found
    found.close()


def uploaded(folder: Path) -> str:
    return Uploads(folder, 9).add([("chat.txt", BytesIO(b"a canary"))]).id


def left(folder: Path) -> set[str]:
    return {
        file.parent.name for file in folder.rglob("*") if file.is_file() and b"canary" in file.read_bytes()
    }


def test_only_what_a_job_still_reads_stays(opened: OpenVault, folder: Path) -> None:
    wanted, done, forgotten = (uploaded(folder) for _ in range(3))
    assert left(folder) == {wanted, done, forgotten}, "it lies in the clear"
    modes = {file.stat().st_mode & 0o777 for file in (folder / "uploads").rglob("*")}
    assert modes == {0o700, 0o600}
    with opened.lend() as workspace:
        jobs = {
            name: enqueue(workspace.vault, make("import", {"paths": [str(folder / "uploads" / name)]}, {}))
            for name in (wanted, done)
        }
        enqueue(workspace.vault, make("prepare", {}, {}))
        cancel(workspace.vault, jobs[done].id)
    part = sweeping(opened)
    assert left(folder) == {wanted}
    with opened.lend() as workspace:
        cancel(workspace.vault, jobs[wanted].id)
    part.close()
    assert left(folder) == set()


def test_locking_and_ending_leave_nothing_in_the_clear_and_opening_clears_after_a_crash(folder: Path) -> None:
    uploaded(folder)  # a server was killed
    with running([folder]) as service:
        assert left(folder) == set()
        with service.client(service.token()) as owner:
            made_ = owner.post("/api/uploads", files=[("files", ("chat.txt", b"a canary"))])
            assert made_.status_code == 201
            assert len(left(folder)) == 1
        service.vaults.find("").lock()
        assert left(folder) == set()
