"""Killing a verb at a random moment of the whole time it takes, again and again."""

import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Server", "Trial", "trials"]

ROOT = Path(__file__).resolve().parents[2]
MEASURED, FEW = 5, 10
SLACK = 1.1  # moments reach so far beyond the time it took without a kill, so that some come too late


class Server:
    """The process that forks for each verb."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    @classmethod
    @contextmanager
    def running(cls, *modules: str) -> Iterator["Server"]:
        """It, ready, with these modules imported."""
        command = [sys.executable, "-m", "tests.faults.server", *modules]
        env = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
        with subprocess.Popen(
            command, cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            server = cls(process)
            assert server._line() == "ready"
            yield server
            assert process.stdin is not None
            process.stdin.close()

    def run(
        self, verb: str, said: Path, *, kill_after: float | None = None, kill_at: str = "", **job: Any
    ) -> tuple[list[str], float]:
        """Do a verb; returns what it said and how many seconds it took.

        It is killed ``kill_after`` seconds, or when it has said ``kill_at``.
        """
        said.write_text("")
        self._tell(json.dumps({"verb": verb, "said": str(said), **job}, default=str))
        process = int(self._line())
        while (kill_at or "begun") not in said.read_text(encoding="utf-8"):
            time.sleep(0.0005)
        begun = time.perf_counter()
        if kill_after is not None or kill_at:
            time.sleep(kill_after or 0.0)
            os.kill(process, signal.SIGKILL)
        self._tell("wait")
        status = int(self._line())
        words = said.read_text(encoding="utf-8").splitlines()
        assert kill_after is not None or kill_at or status == 0, "\n".join(words)
        assert status in (0, signal.SIGKILL), "\n".join(words)
        return words, time.perf_counter() - begun

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


class Trial(NamedTuple):
    """One verb killed: where, and what it had said to be done; ``finished`` where the kill came too late."""

    number: int
    folder: Path
    said: list[str]
    finished: bool


def trials(
    server: Server, verb: str, ready: Path, into: Path, count: int, **job: Callable[[Path], Any]
) -> Iterator[Trial]:
    """The verb done to so many copies of a folder, each killed at another moment.

    ``job`` are its arguments, of the copy's folder. Moments are uniform over the time it takes without one,
    one from each of ``count`` equal parts. Where they are many, one in four must come before the end.
    """
    taken = []
    for n in range(MEASURED if count > FEW else 1):
        folder = Path(shutil.copytree(ready, into / f"whole-{n}"))
        taken.append(server.run(verb, into / "said", **{name: of(folder) for name, of in job.items()})[1])
        shutil.rmtree(folder)
    whole, pick = statistics.median(taken) * SLACK, random.Random(verb)
    outcomes = Counter[bool]()
    for number in pick.sample(range(count), count):
        folder = Path(shutil.copytree(ready, into / str(number)))
        said, _ = server.run(
            verb,
            into / "said",
            kill_after=whole * (number + pick.random()) / count,
            **{name: of(folder) for name, of in job.items()},
        )
        outcomes["done" in said] += 1
        yield Trial(number, folder, said, "done" in said)
        shutil.rmtree(folder)
    assert count <= FEW or outcomes[False] >= count / 4, f"hardly anything was killed in time: {outcomes}"
