"""What a made-up machine tells of itself: figures by the minute, its busiest programs, lines of its log.

Some of it is out of the usual, as it would be: a search index that runs wild one afternoon, a program that
does not give its memory back, a disk that fills and was cleaned up once, a burst of errors of a disk.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Moments", "errors", "figures", "processes"]

Floats = NDArray[np.float64]
MEMORY, DISK = 16_384.0, 256_000.0  # MiB
A_DAY = 1440  # minutes
PROGRAMS = {
    "code": (1.2, 900.0),
    "firefox": (2.0, 1600.0),
    "gnome-shell": (0.6, 350.0),
    "thunderbird": (0.2, 420.0),
    "slack": (0.3, 600.0),
}  # seconds of processor and MiB in a look, while somebody is there
LOOK = 5  # minutes between looks at programs; a look counts what 20 seconds took


class Moments(NamedTuple):
    """What is out of the usual, as minutes from the beginning: from and to."""

    wild: tuple[int, int]
    leak: tuple[int, int]
    burst: tuple[int, int]
    cleaned: int

    @classmethod
    def of(cls, days: int) -> "Moments":
        """In the last third of so many days."""
        index, leak, burst = (days - 3) * A_DAY + 862, (days - 6) * A_DAY + 640, (days - 2) * A_DAY + 1105
        return cls((index, index + 25), (leak, leak + 150), (burst, burst + 18), days // 2 * A_DAY + 600)


def figures(busy: NDArray[np.bool_], moments: Moments, rng: np.random.Generator) -> dict[str, Floats]:
    """A row a minute; ``busy`` says whether somebody was there."""
    rows = len(busy)
    minute = np.arange(rows)
    backup = (minute % A_DAY >= 185) & (minute % A_DAY < 197)  # each night: unusual by itself, usual by now
    wild = _between(minute, moments.wild)
    cpu = np.where(busy, 17.0, 3.0) * rng.lognormal(0, 0.35, rows) + 12.0 * backup
    cpu = np.where(wild, rng.uniform(82, 97, rows), np.minimum(cpu, 70.0))
    leaked = np.clip((minute - moments.leak[0]) / (moments.leak[1] - moments.leak[0]), 0, 1)
    leaked = np.where(minute < moments.leak[1] + 12, leaked, 0.0)  # somebody ended it
    used = 0.34 + 0.12 * _smooth(busy.astype(np.float64), 20) + 0.4 * leaked + _wandering(rows, 0.012, rng)
    free = 34_000.0 - 610.0 * minute / A_DAY + np.cumsum(rng.normal(0, 1.1, rows))
    free += np.where(minute >= moments.cleaned, 9_200.0, 0.0)
    return {
        "cpu": _rounded(cpu, 1),
        "memory": _rounded(100 * used, 1),
        "available_mib": _rounded(MEMORY * (1 - used), 0),
        "swap": _rounded(np.where(used > 0.8, 100 * (used - 0.8), 0.6), 1),
        "load": _rounded(cpu / 100 * 8 * rng.lognormal(0, 0.2, rows) * 0.5, 2),
        "disk": _rounded(100 * (1 - free / DISK), 1),
        "disk_free_mib": _rounded(free, 0),
        "read_bytes": _bytes(busy, 60_000, rng) * np.where(wild, 90.0, 1.0) * np.where(backup, 40.0, 1.0),
        "written_bytes": _bytes(busy, 90_000, rng) * np.where(backup, 25.0, 1.0),
        "received_bytes": _bytes(busy, 30_000, rng),
        "sent_bytes": _bytes(busy, 8_000, rng) * np.where(backup, 60.0, 1.0),
    }


def processes(
    busy: NDArray[np.bool_], moments: Moments, rng: np.random.Generator
) -> Iterator[tuple[int, str, float, float]]:
    """Minute, name, seconds of processor and MiB of the programs that took most."""
    for minute in range(0, len(busy), LOOK):
        there = 1.0 if busy[minute] else 0.12
        for name, (seconds, memory) in PROGRAMS.items():
            took = seconds * there * float(rng.lognormal(0, 0.4))
            yield minute, name, round(took, 2), round(memory * float(rng.normal(1, 0.03)), 1)
        if moments.wild[0] <= minute < moments.wild[1]:
            yield minute, "tracker-miner-fs", round(float(rng.uniform(17, 19.5)), 2), 260.0
        if moments.leak[0] <= minute < moments.leak[1] + 12:
            grown = min((minute - moments.leak[0]) / (moments.leak[1] - moments.leak[0]), 1.0)
            yield minute, "photo-viewer", 0.4, round(180 + 6_500 * grown, 1)


def errors(rows: int, moments: Moments, rng: np.random.Generator) -> Iterator[tuple[float, str, str, str]]:
    """Minute, unit, level and line of the errors in the log."""
    usual = (
        ("NetworkManager", "error", "device wlan0: association took too long"),
        ("cups", "error", "job 17 stopped: printer error"),
        ("kernel", "error", "usb 1-2: device descriptor read failed, error -71"),
    )
    for minute in np.flatnonzero(rng.random(rows) < 0.35 / 60):
        unit, level, line = usual[int(rng.integers(len(usual)))]
        yield float(minute) + float(rng.random()), unit, level, line
    for at in sorted(rng.uniform(*moments.burst, 46).tolist()):
        sector = int(rng.integers(10**6, 10**7))
        yield at, "kernel", "critical", f"critical medium error, dev sda, sector {sector}"


def _rounded(values: Floats, digits: int) -> Floats:
    return np.asarray(np.round(values, digits), dtype=np.float64)


def _between(minute: NDArray[np.int64], span: tuple[int, int]) -> NDArray[np.bool_]:
    return (minute >= span[0]) & (minute < span[1])


def _smooth(values: Floats, minutes: int) -> Floats:
    return np.convolve(values, np.ones(minutes) / minutes, mode="full")[: len(values)]


def _wandering(rows: int, size: float, rng: np.random.Generator) -> Floats:
    """A level that wanders and comes back: autoregressive, with hours of memory."""
    from scipy.signal import lfilter

    keep = 0.995
    steps = rng.normal(0, size * (1 - keep**2) ** 0.5, rows)
    return np.asarray(lfilter([1.0], [1.0, -keep], steps))


def _bytes(busy: NDArray[np.bool_], typical: float, rng: np.random.Generator) -> Floats:
    return np.round(typical * np.where(busy, 1.0, 0.15) * rng.lognormal(0, 0.9, len(busy)), 1)
