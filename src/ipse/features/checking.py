"""Does a set of features leak? Rows known later are changed, added and deleted, and nothing may move."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ipse.features.definitions import FeatureSet
from ipse.features.streams import Stream
from ipse.features.tables import FeatureTable, compute

__all__ = ["Breach", "LeakCheck", "check_point_in_time"]

Compute = Callable[[FeatureSet, Mapping[str, Stream], NDArray[np.int64]], FeatureTable]


class Breach(msgspec.Struct, frozen=True):
    """A feature that moved: what was done to rows that were not known yet, and when."""

    column: str
    origin: int
    done: str


class LeakCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What a check found; ``rows`` is how many later rows were tampered with in all."""

    origins: int
    rows: int
    breaches: tuple[Breach, ...]


def check_point_in_time(
    features: FeatureSet,
    streams: Mapping[str, Stream],
    origins: NDArray[np.int64],
    *,
    seed: int,
    by: Compute = compute,
) -> LeakCheck:
    """Compare, bit by bit, the table of all origins with those served alone after tampering.

    At each origin every row with a later ``rx`` is deleted, then changed, then as many are added, some of
    them far back. ``by`` is what computes; another is handed in to see that the check finds what leaks.
    """
    rng = np.random.default_rng(seed)
    whole = by(features, streams, origins)
    breaches: list[Breach] = []
    rows = 0
    for place, origin in enumerate(origins):
        for done, tamper in (("deleted", _deleted), ("changed", _changed), ("added", _added)):
            altered = {name: tamper(one, int(origin), rng) for name, one in streams.items()}
            rows += sum(int((one.rx > origin).sum()) for one in streams.values())
            served = by(features, altered, origins[place : place + 1])
            moved = served.values[0].view(np.int64) != np.ascontiguousarray(whole.values[place]).view(
                np.int64
            )
            breaches += [Breach(whole.columns[int(one)], int(origin), done) for one in np.flatnonzero(moved)]
    return LeakCheck(origins=len(origins), rows=rows, breaches=tuple(breaches))


def _deleted(stream: Stream, origin: int, _rng: np.random.Generator) -> Stream:
    return stream.take(stream.rx <= origin)


def _changed(stream: Stream, origin: int, rng: np.random.Generator) -> Stream:
    later = stream.rx > origin
    many = int(later.sum())
    ts, dur, tz = stream.ts.copy(), stream.dur.copy(), stream.tz.copy()
    ts[later] = origin - rng.integers(0, 2 * 86_400_000_000, many)
    dur[later] = rng.integers(0, 3_600_000_000, many)
    tz[later] = rng.integers(-720, 840, many)
    data = {name: _noise(one, later, rng) for name, one in stream.data.items()}
    return Stream(ts, dur, stream.rx, tz, data)


def _added(stream: Stream, origin: int, rng: np.random.Generator) -> Stream:
    if not len(stream):
        return stream
    pick = rng.integers(0, len(stream), min(len(stream), 200))
    ts = origin - rng.integers(0, 2 * 86_400_000_000, len(pick))
    rx = origin + 1 + rng.integers(0, 3_600_000_000, len(pick))
    data = {name: np.concatenate([one, one[pick]]) for name, one in stream.data.items()}
    return Stream(
        np.concatenate([stream.ts, ts]),
        np.concatenate([stream.dur, rng.integers(0, 3_600_000_000, len(pick))]),
        np.concatenate([stream.rx, rx]),
        np.concatenate([stream.tz, rng.integers(-720, 840, len(pick))]),
        data,
    )


def _noise(column: NDArray[Any], later: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[Any]:
    out = column.copy()
    if column.dtype.kind == "f":
        out[later] = rng.normal(scale=1e6, size=int(later.sum()))
    elif later.any():
        out[later] = rng.permutation(column[later])
    return out
