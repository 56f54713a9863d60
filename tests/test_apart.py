"""Work beside this process: the same answer wherever it is done, and nothing left behind."""

import multiprocessing
import os
import signal
import time

import pytest

from ipse import apart
from ipse.apart import Apart


@pytest.fixture(autouse=True)
def _two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "cores", lambda: 2)


def where(number: int) -> tuple[int, int]:
    return number, os.getpid()


def refuses(number: int) -> int:
    raise ValueError(f"not {number}")


def ends_itself_elsewhere(here: int) -> str:
    if os.getpid() != here:
        os.kill(os.getpid(), signal.SIGKILL)
    return "done here"


def takes_long() -> None:
    time.sleep(600)


def test_the_work_is_done_in_another_process() -> None:
    with Apart(where, 3) as work:
        number, process = work.result()
    assert number == 3
    assert process != os.getpid()


def test_it_is_done_here_alone_or_with_one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    with Apart(where, 3, alone=True) as work:
        assert work.result() == (3, os.getpid())
    monkeypatch.setattr(apart, "cores", lambda: 1)
    with Apart(where, 4) as work:
        assert work.result() == (4, os.getpid())


def test_what_it_raises_is_raised_here() -> None:
    with Apart(refuses, 7) as work, pytest.raises(ValueError, match="not 7"):
        work.result()


def test_what_dies_is_done_here() -> None:
    with Apart(ends_itself_elsewhere, os.getpid()) as work:
        assert work.result() == "done here"


def test_leaving_ends_it() -> None:
    with Apart(takes_long):
        assert multiprocessing.active_children()
    assert not multiprocessing.active_children()


def test_this_machine_has_a_core() -> None:
    assert apart.cores() >= 1
