"""A set of features at its origins: the one function that training and serving call."""

from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from ipse.features.aggregates import aggregate
from ipse.features.definitions import Aggregation, Feature, FeatureSet, SqlFeature, TimeFeature
from ipse.features.queries import query
from ipse.features.streams import Stream, views
from ipse.features.times import clock, offsets

__all__ = ["FeatureTable", "column_names", "compute", "origins_of"]


class FeatureTable(msgspec.Struct, frozen=True, kw_only=True):
    """Features by origin. ``origins`` are µs; ``values`` has a row an origin and a column a name."""

    name: str
    version: str
    columns: tuple[str, ...]
    origins: NDArray[np.int64]
    values: NDArray[np.float64]

    def __len__(self) -> int:
        """How many origins."""
        return len(self.origins)

    def as_of(self, times: NDArray[np.int64], ttl: float) -> NDArray[np.float64]:
        """The latest row at each time that is no older than ``ttl`` seconds (0: any age); else NaN."""
        at = np.searchsorted(self.origins, times, side="right") - 1
        rows = self.values[np.maximum(at, 0)] if len(self) else np.empty((len(times), len(self.columns)))
        stale = at < 0
        if ttl and len(self):
            stale = stale | (times - self.origins[np.maximum(at, 0)] > ttl * 1e6)
        return np.where(stale[:, None], np.nan, rows)


def compute(features: FeatureSet, streams: Mapping[str, Stream], origins: NDArray[np.int64]) -> FeatureTable:
    """Every feature at every origin; a stream that is not there is one in which nothing happened."""
    origins = np.asarray(origins, dtype=np.int64)
    held = {name: streams.get(name, Stream.empty()) for name in features.sources}
    minutes = offsets(origins, list(held.values()), features.tz)
    told = _aggregated(features, held, origins)
    parts = [
        told[name][:, None] if name in told else _column(one, held, origins, minutes)
        for name, one in features.features.items()
    ]
    values = np.column_stack(parts) if len(origins) else np.empty((0, len(column_names(features))))
    return FeatureTable(
        name=features.name,
        version=features.version,
        columns=column_names(features),
        origins=origins,
        values=values,
    )


def _aggregated(
    features: FeatureSet, streams: Mapping[str, Stream], origins: NDArray[np.int64]
) -> dict[str, NDArray[np.float64]]:
    found: dict[str, NDArray[np.float64]] = {}
    for source, stream in streams.items():
        ours = {
            name: one
            for name, one in features.features.items()
            if isinstance(one, Aggregation) and one.source == source
        }
        columns = aggregate(stream, origins, list(ours.values()))
        found |= {name: columns[:, place] for place, name in enumerate(ours)}
    return found


def _column(
    feature: Feature,
    streams: Mapping[str, Stream],
    origins: NDArray[np.int64],
    minutes: NDArray[np.int64],
) -> NDArray[np.float64]:
    if isinstance(feature, TimeFeature):
        return clock(feature, origins, minutes)
    assert isinstance(feature, SqlFeature)
    return query(streams, origins, feature)[:, None]


def column_names(features: FeatureSet) -> tuple[str, ...]:
    """The names of the columns: a cyclic time has two."""
    names: list[str] = []
    for name, one in features.features.items():
        cyclic = (
            isinstance(one, TimeFeature) and one.encode == "cyclic" and not one.time.startswith("weekend")
        )
        names += [f"{name}_sin", f"{name}_cos"] if cyclic else [name]
    return tuple(names)


def origins_of(
    features: FeatureSet, streams: Mapping[str, Stream], start: int, stop: int
) -> NDArray[np.int64]:
    """The origins of a set in ``(start, stop]``, µs: multiples of its step; the active ones if so set."""
    every = round(features.origins.every * 1e6)
    grid = np.arange(start // every + 1, stop // every + 1, dtype=np.int64) * every
    if features.origins.when == "always" or not len(grid):
        return grid
    wanted = (features.origins.source,) if features.origins.source else features.sources
    active = np.zeros(len(grid), dtype=bool)
    for name in wanted:
        stream = streams.get(name, Stream.empty()).where(features.origins.where)
        for view in views(stream, grid, window=features.origins.every, lag=0):
            active[view.first : view.first + len(view.sizes)] |= view.sizes > 0
    return grid[active]
