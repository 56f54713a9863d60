"""Has what a model sees become other than what it learned from? Per feature, with few false alarms.

A feature has drifted only where all agree: enough rows on both sides, a difference that chance does not
explain (Kolmogorov and Smirnov, over all features by Benjamini and Hochberg) and one that matters (PSI and
the KS distance itself). Rows that follow each other are alike, so they count for fewer than they are; and
where there are times, the same hours of the week are compared, so that a weekend is no drift.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

__all__ = ["Drift", "drift", "psi"]

Floats = NDArray[np.float64]
FEWEST = 50  # rows on each side, as many as they count for
BINS = 10
WEEK = 168
HOUR = 3_600_000_000
ALPHA = 0.05
LEAST_PSI = 0.1  # below it, by custom, nothing has changed that matters
LEAST_KS = 0.1


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """One feature: ``p`` is adjusted for how many were looked at; ``rows`` are those of now that count."""

    feature: str
    psi: float
    ks: float
    p: float
    rows: float
    drifted: bool


def drift(
    before: Floats,
    now: Floats,
    columns: Sequence[str],
    *,
    times: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None,
) -> list[Drift]:
    """Each column of ``now`` beside that of ``before``; ``times`` (µs) of both let like hours be compared."""
    from scipy.stats import kstwo

    pick = _like_hours(*times) if times is not None else None
    found = []
    for place, name in enumerate(columns):
        a, b = before[:, place], now[:, place]
        counted = _counts(a), _counts(b)
        if pick is not None:
            a = a[pick]
        a, b = a[~np.isnan(a)], b[~np.isnan(b)]
        if min(*counted, len(a), len(b)) < FEWEST:
            found.append((name, 0.0, 0.0, 1.0, counted[1]))
            continue
        distance = _distance(a, b)
        many = max(1, round(counted[0] * counted[1] / (counted[0] + counted[1])))
        found.append((name, psi(a, b), distance, float(kstwo.sf(distance, many)), counted[1]))
    adjusted = _adjusted(np.array([one[3] for one in found]))
    return [
        Drift(
            feature=name,
            psi=size,
            ks=distance,
            p=float(p),
            rows=rows,
            drifted=bool(p < ALPHA and size >= LEAST_PSI and distance >= LEAST_KS),
        )
        for (name, size, distance, _, rows), p in zip(found, adjusted, strict=True)
    ]


def psi(before: Floats, now: Floats) -> float:
    """The population stability index over tenths of ``before``; what is in no bin counts as half a row."""
    edges = np.unique(np.quantile(before, np.linspace(0, 1, BINS + 1)[1:-1]))
    a = np.bincount(np.searchsorted(edges, before, side="right"), minlength=len(edges) + 1)
    b = np.bincount(np.searchsorted(edges, now, side="right"), minlength=len(edges) + 1)
    p, q = (np.maximum(one, 0.5) / one.sum() for one in (a, b))
    return float(np.sum((q - p) * np.log(q / p)))


def _counts(values: Floats) -> float:
    """As how many independent rows they count, by how alike neighbours are."""
    known = values[~np.isnan(values)]
    if len(known) < 3 or known.std() == 0:
        return float(len(known))
    alike = float(np.clip(np.corrcoef(known[:-1], known[1:])[0, 1], 0, 0.99))
    return len(known) * (1 - alike) / (1 + alike)


def _distance(a: Floats, b: Floats) -> float:
    """The largest gap between the two distribution functions."""
    both = np.concatenate([a, b])
    one, other = (np.searchsorted(np.sort(each), both, side="right") / len(each) for each in (a, b))
    return float(np.abs(one - other).max())


def _like_hours(before: NDArray[np.int64], now: NDArray[np.int64]) -> NDArray[np.intp]:
    """Rows of before, drawn so that they fall on hours of the week as often as those of now do."""
    hours = [(one // HOUR) % WEEK for one in (before, now)]
    wanted = np.bincount(hours[1], minlength=WEEK).astype(np.float64)
    held = np.bincount(hours[0], minlength=WEEK)
    weight = np.where(held > 0, wanted / np.maximum(held, 1), 0)[hours[0]]
    if weight.sum() == 0:  # no hour in common: compare as they are
        return np.arange(len(before))
    place = np.cumsum(weight) / weight.sum()
    even = (np.arange(len(before)) + 0.5) / len(before)
    return np.searchsorted(place, even)


def _adjusted(p: Floats) -> Floats:
    """Benjamini and Hochberg: p of each, for all looked at together."""
    order = np.argsort(-p)
    ranks = len(p) - np.arange(len(p))
    out = np.empty(len(p))
    out[order] = np.minimum.accumulate(p[order] * len(p) / ranks)
    return np.minimum(out, 1)
