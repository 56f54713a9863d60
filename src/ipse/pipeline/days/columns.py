"""Events of the vault as the streams that features are computed from."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ipse.features import Stream
from ipse.pipeline.days import events
from ipse.pipeline.workspace import Workspace

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["CORRECTIONS", "PREFERENCES", "stream", "streams_named"]

CORRECTIONS, PREFERENCES = "corrections", "preferences"
"""Streams of a source that hold what its owner said of it later."""

_objects = msgspec.json.Decoder(dict[str, str | int | float | bool | None])


def streams_named(
    workspace: Workspace, names: Iterable[str], *, since: int | None = None, until: int | None = None
) -> dict[str, Stream]:
    """Streams by the names that features call them by: ``source`` or ``source.stream``.

    Raises ``ConsentError`` for a source that may not be learned from.
    """
    return {name: stream(workspace, name, since=since, until=until) for name in names}


def stream(workspace: Workspace, name: str, *, since: int | None = None, until: int | None = None) -> Stream:
    """One stream, whole or of a span of time (µs); one that nobody collected is empty."""
    source, _, part = name.partition(".")
    workspace.permit(source, "events")
    table = events.read(workspace, source, stream=part or None, since=since, until=until)
    if not part:
        table = _without_words(table)
    rows = table.num_rows
    if not rows:
        return Stream.empty()
    data = table["data"].unify_dictionaries().combine_chunks()
    chunk = data if not hasattr(data, "chunks") else data.chunk(0)
    codes = chunk.indices.to_numpy(zero_copy_only=False)
    there = np.zeros(len(chunk.dictionary), dtype=bool)
    there[codes] = True  # what no row says any more is no field of the stream
    told = zip(there.tolist(), chunk.dictionary.to_pylist(), strict=True)
    distinct = [_objects.decode(one) if said else {} for said, one in told]
    columns = (table[one].to_numpy() for one in ("ts", "dur", "rx", "tz"))
    ts, dur, rx, tz = (one.astype(np.int64) for one in columns)
    return Stream(ts, dur, rx, tz, {field: _column(distinct, field)[codes] for field in _fields(distinct)})


def _without_words(table: "pa.Table") -> "pa.Table":
    """What the owner said later of a source is no part of it, unless it is asked for by its stream."""
    import pyarrow as pa
    import pyarrow.compute as pc

    words = (CORRECTIONS, PREFERENCES)
    if set(words).isdisjoint(pc.unique(table["stream"]).to_pylist()):
        return table
    return table.filter(pc.invert(pc.is_in(table["stream"].cast("string"), pa.array(words))))


def _fields(distinct: Iterable[Mapping[str, object]]) -> list[str]:
    return list(dict.fromkeys(field for one in distinct for field in one))


def _column(distinct: list[dict[str, str | int | float | bool | None]], field: str) -> np.ndarray:
    values = [one.get(field) for one in distinct]
    if all(one is None or isinstance(one, int | float) for one in values):
        return np.array([np.nan if one is None else float(one) for one in values])
    return np.array([None if one is None else str(one) for one in values], dtype=object)
