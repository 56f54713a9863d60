"""What looks again and again: all that a collector which polls has to do itself is to look."""

import time
from collections.abc import Callable, Iterable
from typing import Self

from ipse.config import Settings
from ipse.interfaces import Stop
from ipse.records import Sample

__all__ = ["Polled"]


class Polled:
    """A collector that looks every so many seconds."""

    every: float = 60.0

    @classmethod
    def configure(cls, _settings: Settings) -> Self:
        """Make one with its defaults."""
        return cls()

    def check(self) -> str | None:
        """Nothing keeps it from running."""
        return None

    def poll(self) -> Iterable[Sample]:
        """Look once; each collector does that its own way."""
        raise NotImplementedError

    def run(self, emit: Callable[[Sample], None], stop: Stop) -> None:
        """Look, wait for what is left of ``every``, and again."""
        due = time.monotonic()
        try:
            while not stop.is_set():
                for sample in self.poll():
                    emit(sample)
                due = max(due + self.every, time.monotonic())
                stop.wait(due - time.monotonic())
        finally:
            self.close()

    def close(self) -> None:
        """Let go of what it holds open."""
