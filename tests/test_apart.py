"""Work beside this process: the same answer wherever it is done, and nothing left behind."""

import io
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ipse import apart
from ipse.apart import Apart, serve

HERE = str(Path(__file__).resolve().parents[1])


@pytest.fixture(autouse=True)
def _two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "cores", lambda: 2)
    monkeypatch.setenv("PYTHONPATH", HERE)  # these functions are of a module of the tests


def where(data: bytes) -> tuple[int, int]:
    return len(data), os.getpid()


def refuses(number: int) -> int:
    raise ValueError(f"not {number}")


def ends_itself_elsewhere(here: int) -> str:
    if os.getpid() != here:
        os.kill(os.getpid(), signal.SIGKILL)
    return "done here"


def prints() -> str:
    print("not the answer")  # noqa: T201
    return "the answer"


def takes_long() -> None:
    time.sleep(600)


def test_the_work_is_done_in_another_process() -> None:
    with Apart(where, bytes(5_000_000)) as work:  # more than a pipe holds
        size, process = work.result()
    assert size == 5_000_000
    assert process != os.getpid()


def threads() -> str | None:
    return os.environ.get("OMP_NUM_THREADS")


def test_its_numeric_libraries_compute_on_as_many_threads_as_they_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    with Apart(threads, threads=3) as told, Apart(threads) as untold:
        assert (told.result(), untold.result()) == ("3", "7")


def test_what_it_prints_is_no_answer() -> None:
    with Apart(prints) as work:
        assert work.result() == "the answer"


def test_it_is_done_here_alone_or_with_one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    with Apart(where, b"one", alone=True) as work:
        assert work.result() == (3, os.getpid())
    monkeypatch.setattr(apart, "cores", lambda: 1)
    with Apart(where, b"four") as work:
        assert work.result() == (4, os.getpid())


def test_what_it_raises_is_raised_here() -> None:
    with Apart(refuses, 7) as work, pytest.raises(ValueError, match="not 7"):
        work.result()


def test_what_dies_is_done_here() -> None:
    with Apart(ends_itself_elsewhere, os.getpid()) as work:
        assert work.result() == "done here"


def test_what_dies_before_it_was_told_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "COMMAND", (sys.executable, "-c", "pass"))
    with Apart(where, bytes(5_000_000)) as work:
        assert work.result() == (5_000_000, os.getpid())


def test_leaving_ends_it() -> None:
    with Apart(takes_long) as work:
        process = work._process
        assert process is not None
        assert process.poll() is None
    assert process.poll() == -signal.SIGKILL


@pytest.mark.parametrize(("work", "given", "answer"), [(len, (b"abc",), 3), (refuses, (1,), None)])
def test_the_other_side_answers_or_says_nothing(
    work: object, given: tuple[object, ...], answer: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run in this process, with a pipe in the place of its output."""
    reads, writes = os.pipe()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(pickle.dumps((work, given)))))
    monkeypatch.setattr(os, "dup", lambda _: writes)
    monkeypatch.setattr(os, "dup2", lambda *_: None)
    before = signal.getsignal(signal.SIGINT)
    try:
        serve()
    finally:
        signal.signal(signal.SIGINT, before)
    with os.fdopen(reads, "rb") as told:
        said = told.read()
    assert (pickle.loads(said) if said else None) == answer


def test_a_process_whose_asker_has_gone_ends_in_silence() -> None:
    process = subprocess.Popen(
        apart.COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    pickle.dump((bytes, (5_000_000,)), process.stdin)
    process.stdin.close()
    assert process.wait(60) == 0
    assert process.stderr.read() == b""
    process.stderr.close()


def test_this_machine_has_a_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert apart.cores() >= 1
