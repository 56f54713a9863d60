"""One number an origin from the rows seen at it. Every sum runs over these rows alone, in their order.

Sums over whole histories (prefix sums) would be faster for wide windows, and would round differently when an
old row is let go; so would a different grouping. Durations are whole µs until they are told in seconds.
"""

import re
import warnings
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ipse.features.definitions import Aggregation
from ipse.features.streams import MARK, Spread, Stream, View, views

__all__ = ["Floats", "aggregate"]

Floats = NDArray[np.float64]
_WITHOUT_VALUES = ("count", "duration", "seconds_since")
_CODES = ("nunique", "entropy")
EVENLY = (-(1.8**0.5), -(0.2**0.5), 0.2**0.5, 1.8**0.5)  # their mean is 0, their deviation 1
WIDE = 4_000_000  # cells of a padded table that is sorted at once


def aggregate(stream: Stream, origins: NDArray[np.int64], features: Sequence[Aggregation]) -> Floats:
    """The features at each origin (µs), a column each; NaN where there is nothing to tell one from.

    Those that see the same rows are told together: finding the rows costs more than what is made of them.
    """
    out = np.empty((len(origins), len(features)))
    together: dict[object, list[int]] = {}
    columns: list[NDArray[Any]] = []
    narrowed: list[Stream] = []
    known_as: dict[object, Stream] = {}
    for place, one in enumerate(features):
        part, values, key = _values(stream, one)
        narrowed.append(known_as.setdefault(key, part))
        columns.append(values)
        together.setdefault((key, one.window, one.lag), []).append(place)
    for places in together.values():
        first = features[places[0]]
        for view in views(narrowed[places[0]], origins, window=first.window, lag=first.lag):
            here = slice(view.first, view.first + len(view.sizes))
            for place in places:
                out[here, place] = _told(features[place], narrowed[place], view, columns[place])
    return out


def _values(stream: Stream, feature: Aggregation) -> tuple[Stream, NDArray[Any], object]:
    """The rows that count, what is aggregated of them, and a key that is equal where the rows are."""
    where = msgspec.json.encode(feature.where, order="sorted")
    narrowed = stream.where(feature.where)
    if feature.agg in _WITHOUT_VALUES:
        return narrowed, narrowed.ts, where
    coded = feature.agg in _CODES
    values = narrowed.codes(feature.field) if coded else narrowed.numbers(feature.field)
    known = values >= 0 if coded else ~np.isnan(values)
    if known.all():
        return narrowed, values, where
    return (
        narrowed.take(known),
        values[known],
        (where, coded, feature.field),
    )  # a row without one says nothing


def _told(feature: Aggregation, stream: Stream, view: View, values: NDArray[Any]) -> Floats:
    agg, weights = feature.agg, stream.weights
    if agg == "count":
        return view.sizes.astype(np.float64) if weights is None else _sum(weights[view.rows], view)
    if agg == "duration":
        return _sum(_lasting(stream, view), view) / 1e6
    if agg == "seconds_since":
        latest = _reduce(np.maximum, np.minimum(_end(stream, view), view.high[view.owner]), view)
        return _or_nan((view.high - latest) / 1e6, view)
    if agg == "entropy":
        rows = np.ones(len(view.rows), np.int64) if weights is None else weights[view.rows]
        return _entropy(values[view.rows], _lasting(stream, view), rows, view)
    if agg == "nunique":
        return _nunique(values[view.rows], view)
    if weights is None:
        return _of_values(agg, stream, view, values[view.rows])
    return _of_spread(agg, stream, view, stream.spread(feature.field).take(view.rows))


def _of_values(agg: str, stream: Stream, view: View, values: Floats) -> Floats:
    if agg == "sum":
        return _sum(values, view)
    if agg == "mean":
        return _mean(values, view)
    if agg == "min":
        return _or_nan(_reduce(np.minimum, values, view), view)
    if agg == "max":
        return _or_nan(_reduce(np.maximum, values, view), view)
    if agg == "std":
        off = values - _mean(values, view)[view.owner]
        return np.sqrt(_mean(off * off, view))
    if agg == "last":
        return _or_nan(_at(values, view.starts + view.sizes - 1), view)
    if agg == "slope":
        return _slope(stream.ts[view.rows], values, view)
    percentile = re.fullmatch(r"p(\d{1,2})", agg)
    assert percentile is not None
    return _quantile(values, view, int(percentile[1]) / 100)


def _of_spread(agg: str, stream: Stream, view: View, seen: Spread) -> Floats:
    """The same of rows that stand for several: exact but for a percentile and a slope, which are near."""
    count = np.maximum(_sum(seen.n, view), 1)
    mean = _or_nan(_sum(seen.n * seen.mean, view) / count, view)
    if agg == "sum":
        return _sum(seen.n * seen.mean, view)
    if agg == "mean":
        return mean
    if agg == "min":
        return _or_nan(_reduce(np.minimum, seen.low, view), view)
    if agg == "max":
        return _or_nan(_reduce(np.maximum, seen.high, view), view)
    if agg == "std":
        off = seen.mean - mean[view.owner]
        return _or_nan(np.sqrt(_sum(seen.n * (seen.std**2 + off * off), view) / count), view)
    if agg == "last":  # rows that stand for several can lie beside each other: the one that ends last
        at = stream.ts[view.rows] + np.where(seen.n > 1, stream.dur[view.rows], 0)
        latest = seen.last[np.lexsort((at, view.owner))]
        return _or_nan(_at(latest, view.starts + view.sizes - 1), view)
    if agg == "slope":
        middle = stream.ts[view.rows] + stream.dur[view.rows] // 2
        return _slope(middle, seen.mean, view, seen.n)
    percentile = re.fullmatch(r"p(\d{1,2})", agg)
    assert percentile is not None
    return _spread_quantile(seen, view, int(percentile[1]) / 100)


def _spread_quantile(seen: Spread, view: View, share: float) -> Floats:
    """Of values drawn up again: the extremes, and the others in four places evenly about their mean.

    Count, mean, deviation and extremes of a row are those of the values that stand for it.
    """
    inner = np.maximum(seen.n - 2, 0)
    some = np.maximum(inner, 1)
    mean = (seen.n * seen.mean - seen.low - seen.high) / some
    square = (seen.n * (seen.std**2 + seen.mean**2) - seen.low**2 - seen.high**2) / some - mean**2
    off = np.sqrt(np.maximum(square, 0))
    places = [np.clip(mean + one * off, seen.low, seen.high) for one in EVENLY]
    values = np.stack([seen.low, *places, seen.high])
    outer, half = inner // 4, inner // 2
    ends = [np.ones_like(inner), (seen.n > 1).astype(np.int64)]
    weights = np.stack([ends[0], outer, half - outer, inner - half - outer, outer, ends[1]])
    owner = np.broadcast_to(view.owner, values.shape).ravel()
    there = weights.ravel() > 0
    values, weights, owner = values.ravel()[there], weights.ravel()[there], owner[there]
    order = np.lexsort((values, owner))
    values, until = values[order], np.cumsum(weights[order])
    count = _sum(seen.n, view).astype(np.int64)
    first = np.cumsum(count) - count
    place = share * np.maximum(count - 1, 0)
    below = np.floor(place).astype(np.int64)
    low, high = (
        _at(values, np.searchsorted(until, first + one, side="right"))
        for one in (below, np.minimum(below + 1, np.maximum(count - 1, 0)))
    )
    return _or_nan(low + (high - low) * (place - below), view)


def _end(stream: Stream, view: View) -> NDArray[np.int64]:
    return stream.ts[view.rows] + stream.dur[view.rows]


def _clipped(stream: Stream, view: View) -> NDArray[np.int64]:
    """µs of each row within its origin's interval."""
    low, high = view.low[view.owner], view.high[view.owner]
    return np.minimum(_end(stream, view), high) - np.maximum(stream.ts[view.rows], low)


def _lasting(stream: Stream, view: View) -> NDArray[np.int64]:
    """µs that each row lasted within its origin's interval; of one that stands for several, by its share."""
    held, rows = _clipped(stream, view), view.rows
    if stream.weights is None:
        return held
    several = ~np.isnan(stream.data[f"{MARK}n"][rows])
    told = stream.data.get(f"{MARK}dur")
    lasted = np.zeros(len(rows)) if told is None else np.nan_to_num(told[rows])
    share = lasted / np.maximum(stream.dur[rows], 1)
    return np.where(several, np.round(held * share).astype(np.int64), held)


def _reduce(ufunc: np.ufunc, values: NDArray[Any], view: View) -> NDArray[Any]:
    """``ufunc`` over the rows of each origin; what stands where there are none means nothing."""
    out = np.zeros(len(view.sizes), dtype=values.dtype)
    some = view.sizes > 0
    if some.any():  # starts of origins that see something rise strictly, so each piece is one origin's
        out[some] = ufunc.reduceat(values, view.starts[some])
    return out


def _sum(values: NDArray[Any], view: View) -> Floats:
    return _reduce(np.add, values, view).astype(np.float64)


def _mean(values: Floats, view: View) -> Floats:
    return _or_nan(_sum(values, view) / np.maximum(view.sizes, 1), view)


def _or_nan(values: Floats, view: View) -> Floats:
    return np.where(view.sizes > 0, values, np.nan)


def _at(values: Floats, index: NDArray[np.int64]) -> Floats:
    return values[np.clip(index, 0, len(values) - 1)] if len(values) else np.zeros(len(index))


def _slope(
    ts: NDArray[np.int64], values: Floats, view: View, weights: NDArray[np.int64] | None = None
) -> Floats:
    """Least squares, per second; NaN where there are not two moments."""
    at = (ts - view.high[view.owner]) / 1e6
    if weights is None:
        x = at - _mean(at, view)[view.owner]
        y = values - _mean(values, view)[view.owner]
        spread, both = _sum(x * x, view), _sum(x * y, view)
    else:
        count = np.maximum(_sum(weights, view), 1)
        x = at - (_sum(weights * at, view) / count)[view.owner]
        y = values - (_sum(weights * values, view) / count)[view.owner]
        spread, both = _sum(weights * x * x, view), _sum(weights * x * y, view)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(spread > 0, both / spread, np.nan)


def _quantile(values: Floats, view: View, share: float) -> Floats:
    """Linear between the two nearest ranks, as ``numpy.quantile`` has it."""
    ordered = _sorted(values, view)
    place = share * np.maximum(view.sizes - 1, 0)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(view.sizes - 1, 0))
    low, high = _at(ordered, view.starts + below), _at(ordered, view.starts + above)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # inf - inf, where a field holds infinities
        return _or_nan(low + (high - low) * (place - below), view)


def _sorted(values: NDArray[Any], view: View) -> NDArray[Any]:
    """Values in rising order within each origin."""
    widest = int(view.sizes.max(initial=0))
    if widest * len(view.sizes) > WIDE:
        return values[np.lexsort((values, view.owner))]
    # A padded table sorts several times faster than pairs do.
    pad = np.inf if values.dtype.kind == "f" else np.iinfo(np.int64).max
    table = np.full((len(view.sizes), widest), pad, dtype=values.dtype)
    held = np.arange(widest) < view.sizes[:, None]
    table[held] = values
    table.sort(axis=1)
    return table[held]


def _nunique(codes: NDArray[np.int64], view: View) -> Floats:
    ordered = _sorted(codes, view)
    new = np.ones(len(ordered), dtype=np.int64)
    new[1:] = (ordered[1:] != ordered[:-1]) | (view.owner[1:] != view.owner[:-1])
    return _sum(new, view)


def _entropy(
    codes: NDArray[np.int64], weights: NDArray[np.int64], rows: NDArray[np.int64], view: View
) -> Floats:
    """Bits, by the time that each value held; by rows where none held any."""
    timeless = _reduce(np.add, weights, view) == 0
    weights = np.where(timeless[view.owner], rows, weights)
    order = np.lexsort((codes, view.owner))
    codes, owner, weights = codes[order], view.owner[order], weights[order]
    if not len(codes):
        return np.full(len(view.sizes), np.nan)
    new = np.ones(len(codes), dtype=bool)
    new[1:] = (codes[1:] != codes[:-1]) | (owner[1:] != owner[:-1])
    first = np.flatnonzero(new)
    held, whose = np.add.reduceat(weights, first), owner[first]
    total = np.zeros(len(view.sizes), dtype=np.int64)
    np.add.at(total, whose, held)
    share = held / total[whose]
    bits = -share * np.log2(np.where(share > 0, share, 1))
    out = np.zeros(len(view.sizes))
    np.add.at(out, whose, bits)  # one after the other, in the order of the values
    return _or_nan(out, view)
