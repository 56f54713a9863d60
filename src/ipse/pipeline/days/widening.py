"""How wide intervals have to be by now: adaptive conformal inference (Gibbs and Candès) as outcomes come in.

What a model was unsure of when it learned may be other than what it is unsure of now. Each outcome that is
known by a moment widens or narrows the intervals from then on a little, so that whatever drifts, the share of
outcomes within them tends to what they promise.
"""

import heapq
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ipse.features import Stream, compute
from ipse.pipeline.days.outcome_rows import outcome_rows
from ipse.pipeline.days.predictors import Predictor, feature_set
from ipse.tables import LEVEL, TableModel

__all__ = ["widths", "widths_by"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
RATE = 0.05  # how fast it follows
LEAST, GREATEST = 0.2, 5.0
BLOCK = 500  # outcomes; so many to twice as many are looked at, by whole blocks since the model learned


def widths(made: Predictor, model: TableModel, held: Mapping[str, Stream], origins: Ints) -> Floats:
    """What to stretch the interval of each origin by, from outcomes since the model learned.

    Only what was known by an origin counts for it, so many origins at once are as each alone. All 1 where
    there are no intervals, or no outcomes yet.
    """
    if made.task != "regression" or not len(origins):
        return np.ones(len(origins))
    stream = held[made.target.stream]
    moments = np.unique(stream.ts)
    moments = moments[(moments > made.last) & (moments < origins.max())]
    if not len(moments):
        return np.ones(len(origins))
    block, out = np.searchsorted(moments, origins) // BLOCK, np.ones(len(origins))
    for each in np.unique(block).tolist():
        some = moments[max(each - 1, 0) * BLOCK : (each + 1) * BLOCK]
        due = some + round(made.target.ahead * 1e6)
        y, known = outcome_rows(stream, made.target, due, slack=made.target.ahead)
        needed = model.needed(compute(feature_set(made), held, some).values, y)
        out[block == each] = widths_by(some, known, needed, origins[block == each])
    return out


def widths_by(moments: Ints, known: Ints, needed: Floats, origins: Ints) -> Floats:
    """The same of intervals at ``moments`` (µs, in order): when the outcome of each was known, and how much
    wider the interval would have had to be to hold it (NaN: unknown).
    """
    scale, out = 1.0, np.ones(len(origins))
    waiting: list[tuple[int, bool]] = []
    order = np.argsort(origins, kind="stable")
    place = 0
    for row in order.tolist():
        at = int(origins[row])
        while True:
            then = int(moments[place]) if place < len(moments) and moments[place] < at else at
            while waiting and waiting[0][0] <= then:
                _, missed = heapq.heappop(waiting)
                scale = min(max(scale * float(np.exp(RATE * (missed - (1 - LEVEL)))), LEAST), GREATEST)
            if place >= len(moments) or moments[place] >= at:
                break
            if not np.isnan(needed[place]):
                heapq.heappush(waiting, (int(known[place]), bool(needed[place] > scale)))
            place += 1
        out[row] = scale
    return out
