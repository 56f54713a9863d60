"""Work in a process of its own beside this one, where there is a second core for it.

What goes over and comes back goes through a pipe, never over a disk. The process knows nothing but what it
was given, ends with its work, and ends with this one. Where it cannot be had, dies or fails, the work is done
here, so what it raises is raised here: it must be a function of a module, without side effects.
"""

import os
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

__all__ = ["Apart", "cores"]

T = TypeVar("T")


def cores() -> int:
    """The processor cores that this process may use, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Apart(Generic[T]):
    """``function(*given)``, begun on entering and ended on leaving; what is given must be picklable.

    With ``alone`` no process is started: for what is too little to be worth one.
    """

    def __init__(self, function: Callable[..., T], *given: Any, alone: bool = False) -> None:  # noqa: ANN401
        self._work = (function, given)
        self._alone = alone or cores() < 2
        self._answer: Connection | None = None

    def __enter__(self) -> Self:
        """Begin."""
        if not self._alone:
            context = get_context("spawn")  # a fork would copy locks that another thread holds
            self._answer, there = context.Pipe(duplex=False)
            self._process = context.Process(target=_do, args=(there, *self._work), daemon=True)
            self._process.start()
            there.close()
        return self

    def result(self) -> T:
        """What the function gave, or raised; waits for it."""
        function, given = self._work
        if self._answer is None:
            return function(*given)
        try:
            done, value = self._answer.recv()
        except EOFError:  # it died: out of memory, or ended by somebody
            done, value = False, None
        return value if done else function(*given)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it, whether it is done or not."""
        if self._answer is not None:
            self._answer.close()
            self._process.terminate()
            self._process.join()
            self._process.close()


def _do(answer: Connection, function: Callable[..., T], given: tuple[Any, ...]) -> None:
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what interrupts is handled by who asked
    try:
        told = (True, function(*given))
    except Exception:  # noqa: BLE001 - done again where it was asked for, which raises it there
        answer.send((False, None))
        return
    answer.send(told)
