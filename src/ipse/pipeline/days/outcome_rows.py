"""What a target was at a moment, and since when that is known."""

import numpy as np
from numpy.typing import NDArray

from ipse.features import Stream
from ipse.pipeline.days.predictors import Target

__all__ = ["label_of", "outcome_of", "outcome_rows"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
NEVER = 2**62


def outcome_of(stream: Stream, target: Target, due: Ints, *, slack: float) -> Floats:
    """What the target was at each moment (µs), up to ``slack`` seconds after it; NaN where unknown."""
    return outcome_rows(stream, target, due, slack=slack)[0]


def outcome_rows(stream: Stream, target: Target, due: Ints, *, slack: float) -> tuple[Floats, Ints]:
    """The same, and the moments (µs) from which on it was known."""
    values = _values(stream, target)
    there = ~np.isnan(values)
    ts, rx, values = stream.ts[there], stream.rx[there], values[there]
    if not len(ts):
        return np.full(len(due), np.nan), np.full(len(due), NEVER)
    at = np.searchsorted(ts, due, side="left")
    found = at < len(ts)
    at = np.minimum(at, len(ts) - 1)
    found &= ts[at] - due <= slack * 1e6
    return np.where(found, values[at], np.nan), np.where(found, np.maximum(rx[at], ts[at]), NEVER)


def label_of(value: object) -> str:
    """What a class is called."""
    if isinstance(value, float):
        return str(int(value)) if value == int(value) else str(value)
    return str(value)


def _values(stream: Stream, target: Target) -> Floats:
    """The target as numbers, or as indices of its labels."""
    column = stream.data[target.field]
    if not target.labels:
        return stream.numbers(target.field)
    place = {label: float(number) for number, label in enumerate(target.labels)}
    return np.array([place.get(label_of(one), np.nan) for one in column.tolist()])
