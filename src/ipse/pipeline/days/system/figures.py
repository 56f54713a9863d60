"""Figures of the machine as rows of five minutes, with what is usual at each hour taken off."""

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from ipse.features import Stream

__all__ = ["BIN", "LEAST", "METRICS", "Figures", "binned", "groups", "usual_of"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
BIN = 300_000_000  # µs of a row
MINUTE, HOUR, DAY = 60_000_000, 3_600_000_000, 86_400_000_000
METRICS = ("cpu", "memory", "swap", "load", "read_bytes", "written_bytes", "received_bytes", "sent_bytes")
LEAST: Final = {"cpu": 3.0, "memory": 2.0, "swap": 3.0} | dict.fromkeys(
    ("load", "read_bytes", "written_bytes", "received_bytes", "sent_bytes"), 0.3
)
"""What each metric varies by at least: percent, of logarithms a third of the value."""
LOGGED = ("load", "read_bytes", "written_bytes", "received_bytes", "sent_bytes")


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Means of five minutes: ``at`` (µs UTC) and a column a metric, as it was and as it is compared."""

    at: NDArray[np.int64]
    names: tuple[str, ...]
    told: NDArray[np.float64]
    compared: NDArray[np.float64]
    tz: int = 0


def binned(held: Stream) -> Figures:
    """The rows that a stream of figures has; columns that it lacks are left out."""
    names = tuple(one for one in METRICS if one in held.data and held.data[one].dtype != object)
    if not len(held) or not names:
        return Figures(at=np.empty(0, np.int64), names=(), told=np.empty((0, 0)), compared=np.empty((0, 0)))
    row, place = np.unique(held.ts // BIN, return_inverse=True)
    told = np.full((len(row), len(names)), np.nan)
    for column, name in enumerate(names):
        values = held.data[name].astype(np.float64)
        known = ~np.isnan(values)
        many = np.bincount(place[known], minlength=len(row))
        total = np.bincount(place[known], weights=values[known], minlength=len(row))
        told[:, column] = np.where(many > 0, total / np.maximum(many, 1), np.nan)
    compared = told.copy()
    for column, name in enumerate(names):
        if name in LOGGED:
            compared[:, column] = np.log1p(np.maximum(told[:, column], 0))
    return Figures(at=row * BIN, names=names, told=told, compared=compared, tz=int(held.tz[-1]))


def groups(at: Ints, tz: int) -> Ints:
    """The hour of the day of each row, weekends apart."""
    local = at + tz * MINUTE
    weekend = (local // DAY + 3) % 7 >= 5
    return np.asarray(local // HOUR % 24 + 24 * weekend)


def usual_of(values: Floats, group: Ints) -> Floats:
    """The median of each group and column; that of all rows where a group was seen for less than an hour."""
    whole = np.nan_to_num(np.nanmedian(np.where(np.isnan(values).all(axis=0), 0.0, values), axis=0))
    found = np.tile(whole, (48, 1))
    for one in np.unique(group):
        rows = values[group == one]
        for column in range(values.shape[1]):
            known = rows[:, column][~np.isnan(rows[:, column])]
            if len(known) >= 12:
                found[one, column] = float(np.median(known))
    return found
