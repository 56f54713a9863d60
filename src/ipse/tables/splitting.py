"""Splits by time only, with a gap between what is learned from and what is judged."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ipse.errors import DatasetError

__all__ = ["LEAST_ROWS", "rolling_splits", "time_split"]

Rows = NDArray[np.intp]
LEAST_ROWS = 20  # on either side of a split


def time_split(times: NDArray[np.int64], *, share: float = 0.2, embargo: int = 0) -> tuple[Rows, Rows]:
    """The earlier rows and the last ``share`` of them; ``times`` and ``embargo`` in µs.

    Rows nearer than ``embargo`` before the first that is judged are in neither: what they saw or foretell
    could lie in it. It is at least the widest window and the horizon. Raises ``DatasetError`` where too few
    rows are left.
    """
    order = np.argsort(times, kind="stable")
    first = len(order) - max(1, round(len(order) * share))
    start = times[order[first]]
    judged = order[first:]
    learned = order[:first][times[order[:first]] < start - embargo] if embargo else order[:first]
    if min(len(learned), len(judged)) < LEAST_ROWS:
        raise DatasetError(
            f"Of {len(times)} rows {len(learned)} would be learned from and {len(judged)} judged by.",
            hint=f"At least {LEAST_ROWS} of each are needed: collect for longer, or look back less far.",
        )
    return learned, judged


def rolling_splits(
    times: NDArray[np.int64], *, folds: int, share: float, embargo: int = 0
) -> Iterator[tuple[Rows, Rows]]:
    """Several splits one after the other: each judges the piece after all that it learned from."""
    order = np.argsort(times, kind="stable")
    first = len(order) - max(folds, round(len(order) * share))
    for piece in np.array_split(order[first:], folds):
        start = times[piece[0]]
        yield (
            order[times[order] < start - embargo]
            if embargo
            else order[: np.searchsorted(times[order], start)],
            piece,
        )
