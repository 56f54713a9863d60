"""When something that is used up will be gone: free space of a disk, memory that is left.

From a level a day. What came in a single step and is no habit (a clean-up, a large file) is left out of
the rate. What is left then is taken as a drift with noise: the rate and the long-run variance of the daily
changes drawn together as few days leave them (normal, inverse chi-square), and the time to nothing as the
first passage of a Brownian motion with that drift (inverse Gaussian; Chhikara and Folks 1989). Where it
does not come within the horizon on most paths, there is no end in sight, and that is said.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

__all__ = ["FEWEST_DAYS", "Ending", "ending"]

Floats = NDArray[np.float64]
FEWEST_DAYS = 7
HABIT = 3  # steps of one direction that make a habit
STEP = 6.0  # robust standard deviations that make a change a step
LEAST_STEP = 0.01  # of the highest level
DRAWS = 4000
LOW, HIGH = 0.1, 0.9


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """When it ends, in days from the last level: from ``low`` to ``high`` (80 %); None: beyond the horizon.

    ``chance`` is that of an end within the horizon, ``rate`` what goes in a day, from ``slow`` to ``fast``
    (80 %). ``steps`` were left out as they are no habit. ``why`` says why there is no end, where that is so.
    """

    low: float | None = None
    median: float | None = None
    high: float | None = None
    chance: float = 0.0
    rate: float = 0.0
    slow: float = 0.0
    fast: float = 0.0
    days: int = 0
    steps: int = 0
    why: str = ""


def ending(days: Sequence[int], levels: Sequence[float], *, horizon: float, seed: int = 7) -> Ending:
    """From levels by number of day (rising, gaps allowed); ``horizon`` in days."""
    at, level = np.asarray(days, dtype=np.float64), np.asarray(levels, dtype=np.float64)
    if len(at) < FEWEST_DAYS:
        return Ending(days=len(at), why=f"{len(at)} days are too few; {FEWEST_DAYS} are needed")
    gaps = np.diff(at)
    changes = np.diff(level) / gaps
    kept = _usual(changes, float(np.abs(level).max()))
    steps = int((~kept).sum())
    changes, gaps = changes[kept], gaps[kept]
    if len(changes) < FEWEST_DAYS - 1:
        return Ending(days=len(at), steps=steps, why="too few days are without a step")
    rate, error, spread = _drift(changes, gaps)
    rng = np.random.default_rng(seed)
    known = len(changes) - 1
    unsure = known / rng.chisquare(known, DRAWS)  # how far the variance itself may lie from what was seen
    drawn = rate + error * np.sqrt(unsure) * rng.standard_normal(DRAWS)
    left = _passages(max(float(level[-1]), 0.0), drawn, spread * unsure, rng)
    slow, fast = (float(np.quantile(drawn, one)) for one in (LOW, HIGH))
    chance = float((left <= horizon).mean())
    told = Ending(chance=chance, rate=rate, slow=slow, fast=fast, days=len(at), steps=steps)
    if chance < 0.5:
        why = "it does not get less" if slow <= 0 else f"not within {horizon:.0f} days"
        return msgspec.structs.replace(told, why=f"no end in sight: {why}")
    left.sort()  # not interpolated: some may be infinite
    low, median, high = (float(left[int(one * (DRAWS - 1))]) for one in (LOW, 0.5, HIGH))
    return msgspec.structs.replace(told, low=low, median=median, high=high if high <= horizon else None)


def _usual(changes: Floats, highest: float) -> NDArray[np.bool_]:
    """Which changes are no steps; steps of one direction that come again and again are usual too."""
    middle = float(np.median(changes))
    spread = 1.4826 * float(np.median(np.abs(changes - middle)))
    far = np.abs(changes - middle) > max(STEP * spread, LEAST_STEP * highest)
    for side in (changes > middle, changes < middle):
        if int((far & side).sum()) >= HABIT:
            far = far & ~side
    return ~far


def _drift(changes: Floats, gaps: Floats) -> tuple[float, float, float]:
    """What goes in a day, the error of that, and the variance of a day on the long run."""
    rate = -float(np.average(changes, weights=gaps))
    off = (-changes - rate) * np.sqrt(gaps)
    many = len(off)
    own = float((off**2).sum() / (many - 1))
    beside = [float((off[lag:] * off[:-lag]).sum() / (many - 1)) for lag in (1, 2)]
    long_run = own + 2 * (2 / 3 * beside[0] + 1 / 3 * beside[1])  # Bartlett's weights
    alone = abs(beside[0]) < 2 / many**0.5 * own  # days do not follow each other: lags would be noise alone
    spread = max(own if alone else long_run, 0.15 * own, 1e-12)
    return rate, (spread / float(gaps.sum())) ** 0.5, spread


def _passages(left: float, rates: Floats, spreads: Floats, rng: np.random.Generator) -> Floats:
    """Days until nothing is left, one for each rate and variance; infinite where it does not get less."""
    found = np.full(len(rates), np.inf)
    falls = rates > 1e-9
    if left <= 0:
        return np.zeros(len(rates))
    mean = left / rates[falls]
    found[falls] = rng.wald(mean, left**2 / spreads[falls])
    return found
