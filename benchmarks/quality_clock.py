"""Seconds of processor, how many cores there are, and nobody who watches."""

import os
from collections.abc import Mapping

__all__ = ["Clock", "cores", "silent"]


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


def silent(_done: float, _total: float | None, _figures: Mapping[str, float]) -> None:
    """No bar: it would be measured too."""
