"""From which score on something is so rare that it comes as often by chance as one puts up with.

The peaks of scores over a high threshold follow a generalized Pareto distribution (Pickands 1975), which says
how high the peak of a week is. Scores that are high together are one peak. After SPOT (Siffer et al. 2017).
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["limit", "peaks"]

Floats = NDArray[np.float64]
HIGH = 0.95  # share of scores below the threshold
APART = 6  # rows below it that end a peak
FEWEST = 8  # peaks that a tail is told from


def limit(scores: Floats, *, expected: float) -> float:
    """The score whose like comes ``expected`` times in as many rows again, by chance alone."""
    threshold = float(np.quantile(scores, HIGH))
    over = np.array([float(scores[run].max()) for run in peaks(scores > threshold)]) - threshold
    if len(over) < FEWEST:
        return float(scores.max()) * 1.5
    mean, variance = float(over.mean()), float(over.var(ddof=1))
    ratio = mean**2 / max(variance, 1e-12)
    shape = float(np.clip(0.5 * (1 - ratio), 0.0, 0.45))  # moments; a bounded tail would promise too much
    scale = mean * (1 - shape)
    share = min(expected / len(over), 1.0)
    grown = -np.log(share) if shape < 1e-6 else (share**-shape - 1) / shape
    return threshold + scale * float(grown)


def peaks(above: NDArray[np.bool_]) -> list[NDArray[np.intp]]:
    """Rows that are above, those that lie near each other together."""
    rows = np.flatnonzero(above)
    return np.split(rows, np.flatnonzero(np.diff(rows) > APART) + 1) if len(rows) else []
