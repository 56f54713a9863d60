"""Bursts of what happens now and then: more than the same hour of the week explains (negative binomial).

How often an hour of the week sees something is drawn to the hour of the day and to all hours while it was
seen seldom; how uneven counts are is learned too. Each day is judged by the days before it alone, without
what was a burst on them. A count below a minimum is never one.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEAST_DAYS", "Burst", "Counting", "bursts"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MINUTE, HOUR, DAY = 60_000_000, 3_600_000_000, 86_400_000_000
MONDAY = 4 * DAY  # the first one since the epoch
LEAST_DAYS = 3  # days before anything is called a burst
DRAWN = 12.0  # hours that the wider groups count as


class Burst(NamedTuple):
    """From the first to the last of so many (µs); ``usual`` were expected, ``chance`` is that of more."""

    start: int
    end: int
    many: int
    usual: float
    chance: float


class Counting(NamedTuple):
    """How it is counted: over so many minutes, the fewest that are a burst, the false alarms put up with."""

    minutes: int = 10
    least: int = 5
    per_week: float = 1.0


def bursts(times: Ints, *, since: int, until: int, east: int, how: Counting) -> list[Burst]:
    """Bursts between two moments (µs UTC), judged by ``times`` before; ``east`` are minutes of local time."""
    if not len(times):
        return []
    times = np.sort(times)
    step = how.minutes * MINUTE
    first = int(times[0]) // step
    counts = np.bincount(times // step - first, minlength=max(until // step - first + 1, 1)).astype(
        np.float64
    )
    hour = ((np.arange(len(counts)) + first) * step + east * MINUTE - MONDAY) // HOUR % 168
    alpha = how.per_week / (7 * DAY / step)
    usual, chance = np.zeros(len(counts)), np.ones(len(counts))
    odd = np.zeros(len(counts), dtype=bool)
    day = ((np.arange(len(counts)) + first) * step) // DAY
    for today in range(int(times[0]) // DAY + LEAST_DAYS, int(day[-1]) + 1):
        now, past = day == today, (day < today) & ~odd
        rates, shape = _learned(counts[past], hour[past], how.minutes)
        usual[now] = rates[hour[now]]
        chance[now] = _more(counts[now], usual[now], shape)
        odd[now] = (chance[now] < alpha) & (counts[now] >= how.least)
    shown = odd & ((np.arange(len(counts)) + first) * step >= since - step)
    return [_burst(times, run, first * step, step, (usual, chance)) for run in _runs(np.flatnonzero(shown))]


def _learned(counts: Floats, hour: Ints, minutes: int) -> tuple[Floats, float]:
    """The rate of each hour of the week for one count, and the shape of the negative binomial."""
    held = np.bincount(hour, minlength=168).astype(np.float64)
    seen = np.bincount(hour, weights=counts, minlength=168)
    drawn = DRAWN * 60 / minutes
    whole = (seen.sum() + 0.5) / (held.sum() + 1)
    daily = (seen.reshape(7, 24).sum(axis=0) + drawn * whole) / (held.reshape(7, 24).sum(axis=0) + drawn)
    rates = (seen + drawn * np.tile(daily, 7)) / (held + drawn)
    told = rates[hour]
    uneven = float(((counts - told) ** 2 - told).sum())
    shape = float((told**2).sum()) / uneven if uneven > 0 else np.inf
    return rates, float(np.clip(shape, 0.05, 1e6))


def _more(counts: Floats, usual: Floats, shape: float) -> Floats:
    """How likely so many or more are."""
    from scipy.stats import nbinom

    return np.asarray(nbinom.sf(counts - 1, shape, shape / (shape + usual)), dtype=np.float64)


def _runs(places: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Neighbours, and those with one between them, together."""
    if not len(places):
        return []
    return np.split(places, np.flatnonzero(np.diff(places) > 2) + 1)


def _burst(times: Ints, run: NDArray[np.intp], start: int, step: int, told: tuple[Floats, Floats]) -> Burst:
    low, high = start + int(run[0]) * step, start + (int(run[-1]) + 1) * step
    inside = times[(times >= low) & (times < high)]
    usual, chance = told
    return Burst(
        start=int(inside[0]),
        end=int(inside[-1]),
        many=len(inside),
        usual=float(usual[run[0] : run[-1] + 1].sum()),
        chance=float(chance[run].min()),
    )
