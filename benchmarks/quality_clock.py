"""Seconds of processor, memory, how many cores there are, and nobody who watches."""

import os
import resource
from collections.abc import Mapping

__all__ = ["Clock", "cores", "memory", "silent"]


class Clock:
    """Seconds of processor between calls: the machine may be doing other work as well."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = _processor()

    def __call__(self, name: str) -> float:
        now = _processor()
        self.laps[name], self._last = round(now - self._last, 1), now
        return self.laps[name]


def _processor() -> float:
    """Seconds that this process took, and the processes it began that have ended."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def cores() -> int:
    """Processors that this process may use, where the system says; else those there are."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed is not None else os.cpu_count() or 1


def memory() -> float:
    """The most that this process held so far, and the largest of those it began beside it, in MB."""
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(resource.getrusage(each).ru_maxrss for each in whose) / 1024


def silent(_done: float, _total: float | None, _figures: Mapping[str, float]) -> None:
    """No bar: it would be measured too."""
