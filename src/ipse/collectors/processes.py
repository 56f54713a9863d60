"""The busiest processes: by name, what they take of the processor and of memory. No arguments, no paths."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Self

import psutil

from ipse.collectors.polled import Polled
from ipse.config import Settings
from ipse.records import Sample

__all__ = ["Processes"]

SHOWN = 8
MIB = 1024 * 1024


class Processes(Polled):
    """The eight programs that take most, several processes of one name together."""

    name = "processes"
    says = "the busiest programs, by name, every 20 s"

    def __init__(self, every: float = 20.0) -> None:
        self.every = every
        self._before: dict[tuple[int, float], float] = {}

    @classmethod
    def configure(cls, settings: Settings) -> Self:
        """Look as often as the settings say."""
        return cls(settings.collect.processes_every)

    def poll(self) -> Iterable[Sample]:
        """Seconds of processor since the look before, and memory; one sample a program."""
        seconds: dict[str, float] = defaultdict(float)
        memory: dict[str, float] = defaultdict(float)
        now: dict[tuple[int, float], float] = {}
        for one in psutil.process_iter(["pid", "name", "create_time", "cpu_times", "memory_info"]):
            told = one.info
            if not told["cpu_times"] or not told["memory_info"]:
                continue
            at = (told["pid"], told["create_time"])
            now[at] = told["cpu_times"].user + told["cpu_times"].system
            name = told["name"] or "?"
            seconds[name] += now[at] - self._before.get(at, now[at])
            memory[name] += told["memory_info"].rss / MIB
        self._before = now
        busiest = sorted(seconds, key=lambda name: (seconds[name], memory[name]), reverse=True)[:SHOWN]
        for name in busiest:
            yield Sample(
                kind="metric",
                data={
                    "name": name,
                    "cpu_seconds": round(seconds[name], 2),
                    "memory_mib": round(memory[name], 1),
                },
            )
