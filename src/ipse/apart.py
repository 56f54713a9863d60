"""Work in a process of its own beside this one, where there is a second core for it.

What goes over and comes back goes through pipes, never over a disk. The process knows nothing but what it was
given, ends with its work, and ends with this one. Where it cannot be had, dies or fails, the work is done
here, so what it raises is raised here: it must be a function of a module, without side effects.

A plain process rather than one of ``multiprocessing``, which imports the caller's program anew and waits for
ever where that ends at once.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

__all__ = ["Apart", "cores", "serve"]

T = TypeVar("T")

COMMAND: Final = (sys.executable, "-c", "from ipse.apart import serve; serve()")


def cores() -> int:
    """The processor cores that this process may use, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Apart(Generic[T]):
    """``function(*given)``, begun on entering and ended on leaving; what is given must be picklable.

    With ``alone`` no process is started: for what is too little to be worth one. ``threads`` is how many its
    numeric libraries compute on, where they would take all cores.
    """

    def __init__(
        self,
        function: Callable[..., T],
        *given: Any,  # noqa: ANN401
        alone: bool = False,
        threads: int | None = None,
    ) -> None:
        self._function, self._given = function, given
        self._surroundings = {**os.environ, "OMP_NUM_THREADS": str(threads)} if threads else None
        self._alone = alone or cores() < 2
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Begin."""
        if self._alone:
            return self
        self._process = subprocess.Popen(  # noqa: S603
            COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=self._surroundings
        )
        assert self._process.stdin is not None, "it was asked for"
        with suppress(BrokenPipeError):  # it died; nothing will come back
            pickle.dump((self._function, self._given), self._process.stdin, pickle.HIGHEST_PROTOCOL)
            self._process.stdin.close()
        return self

    def result(self) -> T:
        """What the function gave, or raised; waits for it."""
        if self._process is None:
            return self._function(*self._given)
        assert self._process.stdout is not None, "it was asked for"
        try:
            value: T = pickle.load(self._process.stdout)  # noqa: S301 - of our own process
        except (EOFError, pickle.UnpicklingError):  # it died, or could not
            return self._function(*self._given)
        return value

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it, whether it is done or not."""
        if self._process is not None:
            self._process.kill()
            with suppress(BrokenPipeError), self._process:  # closes the pipes and waits
                pass


def serve() -> None:
    """What the other process does: one piece of work from its input; says nothing where that fails."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what interrupts is handled by who asked
    with os.fdopen(os.dup(1), "wb", buffering=0) as out:
        os.dup2(2, 1)  # whatever a library prints is no answer
        try:
            function, given = pickle.load(sys.stdin.buffer)  # noqa: S301 - of who started this
            answer = pickle.dumps(function(*given), pickle.HIGHEST_PROTOCOL)
        except Exception:  # noqa: BLE001 - done again by who asked, which raises it there
            return
        with suppress(BrokenPipeError):  # who asked has gone
            while answer:
                answer = answer[out.write(answer) :]
