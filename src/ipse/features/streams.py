"""A stream as columns, and which of its rows were known and near at each origin.

Point in time is decided here and nowhere else: a row is seen at the origin *t* if ``rx ≤ t`` and its
interval overlaps ``(t - window - lag, t - lag]``. What an aggregate is handed are those rows in the order of
``ts``, so no row that was known later can change a bit of it, and serving (a few rows, one origin) gives what
training (all rows, all origins) gave.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ipse.errors import DatasetError
from ipse.features.definitions import Clause, Limits

__all__ = ["MARK", "Ints", "Spread", "Stream", "View", "views"]

Ints = NDArray[np.int64]
MARK = "~"  # in names of what lies beside a field of downsampled rows (see ipse.vault.downsampling)
AT_A_TIME = 2_000_000  # rows looked at together: bounds memory


class Stream:
    """Rows of one stream: ``ts``, ``dur`` and ``rx`` in µs, ``tz`` in minutes east, ``data`` by field.

    A field is an array of floats (NaN: missing) or of text (None: missing). Rows may come in any order. A
    row that stands for several (``~n``), as metrics do that were downsampled, holds their mean in a field and
    what else is known of it beside, as in ``cpu~max``.
    """

    def __init__(self, ts: Ints, dur: Ints, rx: Ints, tz: Ints, data: Mapping[str, NDArray[Any]]) -> None:
        columns = (ts, dur, rx, tz)
        ts, dur, rx, tz = (np.asarray(one, dtype=np.int64) for one in columns)
        if len({len(one) for one in (ts, dur, rx, tz, *data.values())}) != 1:
            raise DatasetError("The columns of a stream are not of one length.", hint="Read it again.")
        order = np.lexsort((rx, ts))  # rows of one moment in the order they were learned; else as they came
        self.ts: Ints = ts[order]
        self.dur: Ints = dur[order]
        self.rx: Ints = rx[order]
        self.tz: Ints = tz[order]
        self.data: dict[str, NDArray[Any]] = {name: np.asarray(one)[order] for name, one in data.items()}

    def __len__(self) -> int:
        """How many rows."""
        return len(self.ts)

    @classmethod
    def empty(cls) -> "Stream":
        """A stream in which nothing happened."""
        none = np.empty(0, dtype=np.int64)
        return cls(none, none, none, none, {})

    def where(self, clauses: Mapping[str, Clause]) -> "Stream":
        """The rows whose fields are so; a field that the stream lacks is None in every row."""
        keep = np.ones(len(self), dtype=bool)
        for field, clause in clauses.items():
            keep &= _matches(self.data.get(field), clause, len(self))
        return self if keep.all() else self.take(keep)

    def take(self, rows: NDArray[Any]) -> "Stream":
        """Those rows, by mask or index."""
        data = {name: one[rows] for name, one in self.data.items()}
        return Stream(self.ts[rows], self.dur[rows], self.rx[rows], self.tz[rows], data)

    def numbers(self, field: str = "") -> NDArray[np.float64]:
        """A field as floats; without a name ``value``, else the only one with numbers."""
        name = field or self._only(numeric=True)
        if name not in self.data:
            return np.full(len(self), np.nan)
        column = self.data[name]
        if column.dtype != object and not np.issubdtype(column.dtype, np.str_):
            return column.astype(np.float64) + 0.0  # -0.0 and 0.0 would sort by chance
        return np.array([_number(one) for one in column], dtype=np.float64) + 0.0

    @property
    def weights(self) -> Ints | None:
        """How many rows each stands for; None where each stands for itself alone."""
        column = self.data.get(f"{MARK}n")
        return None if column is None else np.nan_to_num(column, nan=1.0).astype(np.int64)

    def spread(self, field: str = "") -> "Spread":
        """What is known of each row's field, of a row of one too; for a stream that has weights."""
        name = field or self._only(numeric=True)
        mean = self.numbers(name)

        def beside(part: str, otherwise: NDArray[np.float64]) -> NDArray[np.float64]:
            column = self.data.get(f"{name}{MARK}{part}")
            return otherwise if column is None else np.where(np.isnan(column), otherwise, column)

        weights = self.weights
        rows = np.ones(len(self)) if weights is None else weights.astype(np.float64)
        low, high, last = (beside(part, mean) for part in ("min", "max", "last"))
        return Spread(
            beside("n", rows).astype(np.int64), mean, beside("std", np.zeros(len(self))), low, high, last
        )

    def codes(self, field: str = "") -> Ints:
        """A field as whole numbers, equal for equal values and ordered as they are; -1 where missing."""
        name = field or self._only(numeric=False)
        if name not in self.data:
            return np.full(len(self), -1, dtype=np.int64)
        column = self.data[name]
        if column.dtype == object:
            missing = np.array([one is None for one in column], dtype=bool)
            text = np.array(["" if one is None else str(one) for one in column], dtype=np.str_)
        else:
            missing, text = _nan(column), column
        _, found = np.unique(text, return_inverse=True)
        return np.where(missing, -1, found.astype(np.int64))

    def _only(self, *, numeric: bool) -> str:
        """The field meant where none is named; raises ``DatasetError`` where several could be."""
        if numeric and "value" in self.data:
            return "value"
        fits = [name for name, one in self.data.items() if MARK not in name and _is_numeric(one) == numeric]
        if len(fits) > 1:
            raise DatasetError(
                f"A feature does not say which field it means: {', '.join(sorted(fits))}.",
                hint="Add `field: …` to it.",
            )
        return fits[0] if fits else ""


class Spread(NamedTuple):
    """Of each row: how many values it stands for, their mean, deviation and extremes, and their last."""

    n: Ints
    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    last: NDArray[np.float64]

    def take(self, rows: Ints) -> "Spread":
        """Those rows."""
        return Spread(
            self.n[rows], self.mean[rows], self.std[rows], self.low[rows], self.high[rows], self.last[rows]
        )


class View(NamedTuple):
    """The rows seen at some origins: ``rows`` indexes the stream, ``starts`` and ``sizes`` one origin each.

    ``low`` and ``high`` are the ends of each origin's interval; ``owner`` says for each row whose it is.
    """

    first: int
    low: Ints
    high: Ints
    rows: Ints
    owner: Ints
    starts: Ints
    sizes: Ints


def views(stream: Stream, origins: Ints, *, window: float, lag: float) -> Iterator[View]:
    """What is seen of a stream, a piece of the origins at a time; ``window`` and ``lag`` in seconds."""
    high = origins - round(lag * 1e6)
    low = high - round(window * 1e6)
    end = stream.ts + stream.dur
    parts = [_candidates(stream, end, rows, low, high) for rows in _by_length(stream, round(window * 1e6))]
    plain = len(parts) == 1 and _orderly(stream, end)
    if plain:  # in one order by start, end and when it was learned: the ranges are exact
        known = np.searchsorted(stream.rx, origins, side="right")
        parts = [(None, first, np.maximum(first, np.minimum(last, known))) for _, first, last in parts]
    sizes = sum((last - first for _, first, last in parts), np.zeros(len(origins), dtype=np.int64))
    for start, stop in _pieces(sizes):
        here = slice(start, stop)
        found, owners = [], []
        for rows, first, last in parts:
            index, owner = _ranges(first[here], last[here])
            found.append(index if rows is None else rows[index])
            owners.append(owner)
        rows_, owner_ = (found[0], owners[0]) if plain else (np.concatenate(found), np.concatenate(owners))
        if not plain:
            seen = (stream.rx[rows_] <= origins[here][owner_]) & (end[rows_] > low[here][owner_])
            rows_, owner_ = rows_[seen], owner_[seen]
        if len(parts) > 1:
            order = np.lexsort((rows_, owner_))
            rows_, owner_ = rows_[order], owner_[order]
        many = np.bincount(owner_, minlength=stop - start).astype(np.int64)
        starts = np.concatenate(([0], np.cumsum(many)[:-1])).astype(np.int64)
        yield View(start, low[here], high[here], rows_, owner_, starts, many)


def _orderly(stream: Stream, end: Ints) -> bool:
    return bool((stream.rx[1:] >= stream.rx[:-1]).all() and (end[1:] >= end[:-1]).all())


def _by_length(stream: Stream, window: int) -> list[Ints | None]:
    """Rows no longer than the window, and the others: one long row must not make all look near."""
    long = stream.dur > window
    if not long.any():
        return [None]
    return [np.flatnonzero(~long), np.flatnonzero(long)]


def _candidates(
    stream: Stream, end: Ints, rows: Ints | None, low: Ints, high: Ints
) -> tuple[Ints | None, Ints, Ints]:
    """The range of rows that can overlap each interval: a row that ends after ``low`` and none before it."""
    ts, ends = (stream.ts, end) if rows is None else (stream.ts[rows], end[rows])
    furthest = np.maximum.accumulate(ends) if len(ends) else ends
    first = np.searchsorted(furthest, low, side="right")
    last = np.searchsorted(ts, high, side="right")
    return rows, first.astype(np.int64), np.maximum(first, last).astype(np.int64)


def _pieces(sizes: Ints) -> Iterator[tuple[int, int]]:
    """Origins in runs that look at no more than so many rows together."""
    total, start = np.cumsum(sizes), 0
    while start < len(sizes):
        before = total[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(total, before + AT_A_TIME, side="right")))
        yield start, stop
        start = stop


def _ranges(first: Ints, last: Ints) -> tuple[Ints, Ints]:
    """The whole numbers of each range in a row, and the number of the range beside each."""
    sizes = last - first
    owner = np.repeat(np.arange(len(first), dtype=np.int64), sizes)
    shift = first - (np.cumsum(sizes) - sizes)
    return np.arange(len(owner), dtype=np.int64) + shift[owner], owner


def _matches(column: NDArray[Any] | None, clause: Clause, rows: int) -> NDArray[np.bool_]:
    if isinstance(clause, Limits):
        if column is None:
            return np.zeros(rows, dtype=bool)
        numbers = (
            np.array([_number(one) for one in column]) if column.dtype == object else column.astype(float)
        )
        low = -np.inf if clause.min is None else clause.min
        high = np.inf if clause.max is None else clause.max
        return np.asarray((numbers >= low) & (numbers <= high))
    wanted = clause if isinstance(clause, tuple) else (clause,)
    if column is None:
        return np.full(rows, None in wanted)
    keep = np.zeros(rows, dtype=bool)
    for one in wanted:
        if one is None:
            keep |= np.array([each is None for each in column]) if column.dtype == object else _nan(column)
        elif isinstance(one, str) == (not _is_numeric(column)):
            keep |= column == one
    return keep


def _nan(column: NDArray[Any]) -> NDArray[np.bool_]:
    return np.isnan(column) if column.dtype.kind == "f" else np.zeros(len(column), dtype=bool)


def _is_numeric(column: NDArray[Any]) -> bool:
    return column.dtype.kind in "fiub"


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")
