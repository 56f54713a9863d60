"""Features by SQL, for what an aggregation cannot tell; DuckDB runs it.

A query is run once an origin, over tables that hold nothing but the rows seen at it, clipped to its interval.
So whatever it says, it cannot see what was not known; and it can open no file and no connection.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ipse.errors import DatasetError, MissingExtraError, SettingsError
from ipse.features.definitions import SqlFeature
from ipse.features.streams import Stream, View, views

if TYPE_CHECKING:
    import duckdb

__all__ = ["query"]

_SET = {"enable_external_access": "false", "threads": "1", "memory_limit": "1GB"}


def query(
    streams: Mapping[str, Stream], origins: NDArray[np.int64], feature: SqlFeature
) -> NDArray[np.float64]:
    """The number that the query tells at each origin; NaN where it tells NULL or no row.

    A stream is a table of its name (other signs than letters and digits are ``_``) with the columns ``ts``,
    ``dur``, ``rx``, ``tz`` and its fields; ``t`` is a table of one row with the origin in ``t``, µs.
    """
    seen = {name: _each(streams[name], origins, feature) for name in feature.sources}
    out = np.full(len(origins), np.nan)
    with _connected() as connection:
        for place, origin in enumerate(origins):
            connection.register("t", _arrow({"t": np.array([origin])}))
            for name, rows in seen.items():
                connection.register(_table(name), _clipped(streams[name], rows[place]))
            out[place] = _one(connection, feature.sql)
    return out


def _connected() -> "duckdb.DuckDBPyConnection":
    try:
        import duckdb
    except ImportError:
        raise MissingExtraError(
            "Features by SQL need DuckDB, which is not installed.", hint="pip install 'ipse[sql]'"
        ) from None
    connection = duckdb.connect(":memory:", config=dict(_SET))
    connection.execute("SET python_enable_replacements = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _one(connection: "duckdb.DuckDBPyConnection", sql: str) -> float:
    import duckdb

    try:
        found = connection.execute(sql).fetchmany(2)
    except duckdb.Error as error:
        first = str(error).strip().splitlines()[0]
        raise SettingsError(
            f"A query of a feature fails: {first}", hint="Try it with `ipse features preview`."
        ) from error
    if len(found) > 1 or (found and len(found[0]) != 1):
        raise SettingsError(
            "A query of a feature tells more than one number.", hint="Select one column of one row."
        )
    if not found or found[0][0] is None:
        return float("nan")
    try:
        return float(found[0][0])
    except (TypeError, ValueError):
        raise SettingsError("A query of a feature tells no number.", hint="Select a number.") from None


class _Rows:
    """The rows of one origin with the ends of its interval."""

    def __init__(self, view: View, place: int) -> None:
        start = int(view.starts[place])
        self.rows = view.rows[start : start + int(view.sizes[place])]
        self.low, self.high = int(view.low[place]), int(view.high[place])


def _each(stream: Stream, origins: NDArray[np.int64], feature: SqlFeature) -> list[_Rows]:
    found = views(stream, origins, window=feature.window, lag=feature.lag)
    return [_Rows(view, place) for view in found for place in range(len(view.sizes))]


def _clipped(stream: Stream, seen: _Rows) -> Any:  # noqa: ANN401 - a pyarrow table, which ships no types
    rows = seen.rows
    start = np.maximum(stream.ts[rows], seen.low)
    end = np.minimum(stream.ts[rows] + stream.dur[rows], seen.high)
    columns: dict[str, NDArray[Any]] = {
        "ts": start,
        "dur": end - start,
        "rx": stream.rx[rows],
        "tz": stream.tz[rows],
    }
    return _arrow(columns | {name: one[rows] for name, one in stream.data.items() if name not in columns})


def _arrow(columns: Mapping[str, NDArray[Any]]) -> Any:  # noqa: ANN401 - a pyarrow table
    import pyarrow as pa

    try:
        return pa.table({name: _plain(one) for name, one in columns.items()})
    except pa.ArrowInvalid as error:
        raise DatasetError(
            "A field of a stream mixes text and numbers.", hint="See `ipse collect`."
        ) from error


def _plain(column: NDArray[Any]) -> Any:  # noqa: ANN401 - an array, or a list of text for Arrow
    return column if column.dtype.kind in "iufb" else [None if one is None else str(one) for one in column]


def _table(name: str) -> str:
    return re.sub(r"\W", "_", name)
