"""Long work: remembered, stopped, never silent."""

import os
import subprocess
import sys

import msgspec
import pytest

from ipse.errors import CancelledError, DatasetError
from ipse.interfaces import Progress
from ipse.jobs import listed, request_stop, run
from ipse.vault import Vault


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


def test_a_job_passes_its_result_and_remembers_how_far_it_came(vault: Vault) -> None:
    seen: list[float] = []

    def work(progress: Progress) -> str:
        for step in range(4):
            progress(step + 1, 4, {"loss": 1 / (step + 1)})
        return "result"

    assert run(vault, "train", work, lambda done, _total, _figures: seen.append(done)) == "result"
    (job,) = listed(vault)
    assert seen == [1, 2, 3, 4]
    assert (job.state, job.done, job.total, job.figures) == ("done", 4, 4, {"loss": 0.25})
    assert job.ended_at is not None


def test_a_stop_file_stops_the_work_at_its_next_step(vault: Vault) -> None:
    steps = []

    def work(progress: Progress) -> None:
        while True:
            steps.append(1)
            if len(steps) == 3:
                request_stop(vault.folder, listed(vault)[0].id)
            progress(len(steps), None, {})

    with pytest.raises(CancelledError, match="train job was stopped"):
        run(vault, "train", work, quiet)
    (job,) = listed(vault)
    assert job.state == "cancelled"
    assert list((vault.folder / "jobs").iterdir()) == []


def test_ctrl_c_is_a_stop_too(vault: Vault) -> None:
    def work(_progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(CancelledError):
        run(vault, "evaluate", work, quiet)
    assert listed(vault)[0].state == "cancelled"


def test_a_failure_is_remembered_and_passed_on(vault: Vault) -> None:
    def work(_progress: Progress) -> None:
        raise DatasetError("Nothing to learn from.", hint="Import more.")

    with pytest.raises(DatasetError):
        run(vault, "train", work, quiet)
    assert (listed(vault)[0].state, listed(vault)[0].error) == ("failed", "Nothing to learn from.")


def test_a_job_whose_process_is_gone_is_interrupted(vault: Vault) -> None:
    run(vault, "train", lambda _progress: None, quiet)
    job = msgspec.structs.replace(listed(vault)[0], state="running", pid=os.getpid())
    vault.put("job", job.id, msgspec.json.encode(job), action="test", details={}, state="running")
    assert listed(vault)[0].state == "interrupted", "a process has that number, but does not do the job"
    held = "import sys, time; from pathlib import Path; from ipse.jobs.stopping import holding"
    held += "\nwith holding(Path(sys.argv[1]), sys.argv[2]): print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", held, str(vault.folder), job.id],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        assert listed(vault)[0].state == "running"
        child.kill()
        child.wait()
    assert listed(vault)[0].state == "interrupted"


def test_an_id_cannot_name_a_file_elsewhere(vault: Vault) -> None:
    request_stop(vault.folder, "../../escape")
    assert [file.name for file in (vault.folder / "jobs").iterdir()] == ["escape.stop"]
