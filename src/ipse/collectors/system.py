"""Figures of the machine: processor, memory, swap, disk, network, battery, and what collecting itself costs.

Counters of disk and network are given by the second since the look before. psutil reads them; one look costs
about a third of a millisecond.
"""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Self

import psutil

from ipse.collectors.polled import Polled
from ipse.config import Settings
from ipse.records import Sample

__all__ = ["System"]

MIB = 1024 * 1024


class System(Polled):
    """One sample a second, and one of its own cost each minute (stream ``self``)."""

    name = "system"
    says = "processor, memory, disk, network and battery, each second; and what collecting costs"

    def __init__(self, every: float = 1.0) -> None:
        self.every = every
        self._before: tuple[float, dict[str, int]] | None = None
        self._own = psutil.Process()
        self._told = 0.0

    @classmethod
    def configure(cls, settings: Settings) -> Self:
        """Look as often as the settings say."""
        return cls(settings.collect.system_every)

    def poll(self) -> Iterable[Sample]:
        """One sample; rates from the second look on."""
        memory, now = psutil.virtual_memory(), time.monotonic()
        data: dict[str, str | int | float | bool | None] = {
            "cpu": psutil.cpu_percent(),
            "memory": memory.percent,
            "available_mib": round(memory.available / MIB),
            "swap": psutil.swap_memory().percent,
        }
        if hasattr(psutil, "getloadavg"):
            data["load"] = round(psutil.getloadavg()[0], 2)
        home = Path.home()
        usage = psutil.disk_usage(str(home if home.is_dir() else home.anchor))
        data |= {"disk": usage.percent, "disk_free_mib": round(usage.free / MIB)}
        data |= self._rates(now)
        yield Sample(kind="metric", data=data)
        if now - self._told >= 60.0:
            self._told = now
            with self._own.oneshot():
                times = self._own.cpu_times()
                cost = {
                    "cpu_seconds": round(times.user + times.system, 3),
                    "memory_mib": round(self._own.memory_info().rss / MIB, 1),
                }
            yield Sample(kind="metric", stream="self", data=cost)

    def _rates(self, now: float) -> dict[str, float]:
        counters: dict[str, int] = {}
        disk, net = psutil.disk_io_counters(), psutil.net_io_counters()
        if disk is not None:
            counters |= {"read_bytes": disk.read_bytes, "written_bytes": disk.write_bytes}
        if net is not None:
            counters |= {"received_bytes": net.bytes_recv, "sent_bytes": net.bytes_sent}
        before, self._before = self._before, (now, counters)
        if before is None or now <= before[0]:
            return {}
        seconds = now - before[0]
        return {
            name: round(max(value - before[1][name], 0) / seconds, 1)
            for name, value in counters.items()
            if name in before[1]
        }
