"""How sure a figure is: differences over blocks of time, conformal intervals, calibrated chances."""

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "adapted",
    "block_interval",
    "calibration_error",
    "conformal_radius",
    "coverage",
    "temperature",
]

Floats = NDArray[np.float64]
RESAMPLES = 1000


def block_interval(values: Floats, *, seed: int, level: float = 0.95) -> tuple[float, float]:
    """The interval of a mean over rows in order of time, by a circular block bootstrap (Politis and Romano).

    Neighbours in time are alike, so whole blocks of ``n^(1/3)`` rows are drawn rather than rows.
    """
    n = len(values)
    size = max(1, round(n ** (1 / 3)))
    blocks = -(-n // size)
    total = np.concatenate(([0.0], np.cumsum(np.concatenate([values, values[:size]]))))
    sums = total[size : size + n] - total[:n]
    rng = np.random.default_rng(seed)
    means = sums[rng.integers(0, n, (RESAMPLES, blocks))].sum(axis=1) / (blocks * size)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def conformal_radius(scores: Floats, level: float) -> float:
    """The score that a new one stays below with at least this chance, if it is like these (Vovk).

    Infinite where there are too few scores to promise it.
    """
    n = len(scores)
    rank = int(np.ceil((n + 1) * level))
    return float(np.sort(scores)[rank - 1]) if 0 < rank <= n else float("inf")


def adapted(
    value: Floats, low: Floats, high: Floats, y: Floats, *, level: float = 0.9, rate: float = 0.02
) -> tuple[Floats, Floats]:
    """Intervals of rows one after the other, each widened or narrowed by the outcomes before it.

    Adaptive conformal inference (Gibbs and Candès) on the scale of the widths: whatever drifts, the share of
    outcomes covered tends to ``level``.
    """
    scale, below, above = 1.0, np.empty(len(y)), np.empty(len(y))
    for row, was in enumerate(y):
        below[row] = value[row] - scale * (value[row] - low[row])
        above[row] = value[row] + scale * (high[row] - value[row])
        missed = not below[row] <= was <= above[row]
        scale *= float(np.exp(rate * (missed - (1 - level))))
    return below, above


def coverage(low: Floats, high: Floats, y: Floats) -> float:
    """The share of outcomes within their intervals."""
    return float(np.mean((y >= low) & (y <= high)))


def temperature(logits: Floats, classes: NDArray[np.intp]) -> float:
    """What to divide log-probabilities by, so that they are as sure as they are right (Guo et al.).

    ``classes`` are the indices of what was so. From 0.25 (bolder) to 8 (more careful).
    """
    grid = np.geomspace(0.25, 8, 61)
    rows = np.arange(len(classes))
    losses = []
    for each in grid:
        scaled = logits / each
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        losses.append(float(np.mean(np.log(np.exp(scaled).sum(axis=1)) - scaled[rows, classes])))
    return float(grid[int(np.argmin(losses))])


def calibration_error(chance: Floats, right: NDArray[np.bool_], bins: int = 10) -> float:
    """Expected calibration error: how far confidence lies from accuracy, over bins of equal size."""
    order = np.argsort(chance, kind="stable")
    pieces = [one for one in np.array_split(order, bins) if len(one)]
    return float(
        sum(len(one) * abs(chance[one].mean() - right[one].mean()) for one in pieces) / max(len(order), 1)
    )
