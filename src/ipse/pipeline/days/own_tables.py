"""Any table of the owner with a column of times: read whole, told apart by column, and made into events.

A row is taken as known at its own time (``rx`` is ``ts``): that is what its time column says. Its key is a
digest of the row, so reading the same table again keeps nothing twice.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from ipse.errors import SourceError
from ipse.features.times import offsets
from ipse.records import Event

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["OwnTable", "events_of", "read_table", "source_name"]

HOURS = ("hr", "hour", "stunde", "heure", "hora", "ora")
DOTTED = ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y")  # a date with dots is day first everywhere
COMMA = re.compile(r"(?:^|[;\t|])\s*-?\d+,\d+\s*(?=[;\t|\r\n]|$)", re.MULTILINE)
EAST = re.compile(r"([+-])(\d{2}):?(\d{2})?$")  # of a time: +05:30
NO_NAME = re.compile(r"[^a-z0-9_-]+")


class OwnTable(msgspec.Struct, frozen=True, kw_only=True):
    """The table: ``ts`` in µs UTC and the other columns, in order of time; ``skipped`` rows have no time.

    ``east`` are minutes east of UTC, where the times themselves say so.
    """

    ts: Any
    columns: dict[str, Any]
    time: str
    skipped: int
    east: Any = None

    def __len__(self) -> int:
        """How many rows."""
        return len(self.ts)


def source_name(file: Path) -> str:
    """What the source of a table is called: its file's name, plainly."""
    stem = file.name.lower().split(".")[0]
    return (NO_NAME.sub("-", stem).strip("-_") or "table")[:64].lstrip("0123456789-_") or "table"


def read_table(file: Path, *, time: str = "", tz: str = "UTC") -> OwnTable:
    """Read CSV (also ``.gz``) or Parquet; ``time`` is a column, or ``DAY+HOUR``. Raises ``SourceError``.

    Times without a zone are local ones of ``tz``.
    """
    import pyarrow as pa

    table = _read(file)
    name, ts = _times(table, time or _find_time(table, file), tz)
    known = ~np.isnan(ts)
    at = ts[known].astype(np.int64)
    order = np.argsort(at, kind="stable")
    used = set(name.split("+"))
    kept = {
        column: _plain(table[column].combine_chunks(), pa)[known][order]
        for column in table.column_names
        if column not in used and not pa.types.is_temporal(table[column].type)
    }
    if not len(at):
        raise SourceError(f"{file}: no row has a time in `{name}`.", hint="Name the column with --time.")
    told = _east(file, table, name)
    return OwnTable(
        ts=at[order],
        columns=kept,
        time=name,
        skipped=int((~known).sum()),
        east=None if told is None else told[known][order],
    )


def events_of(table: OwnTable, source: str, *, tz: str = "UTC") -> Iterator[Event]:
    """An event a row, a ``metric`` with the row's values; what is missing is left out."""
    names = list(table.columns)
    east = offsets(table.ts, [], tz) if table.east is None else table.east
    rows = zip(*(one.tolist() for one in table.columns.values()), strict=True)
    for ts, minutes, row in zip(table.ts.tolist(), east.tolist(), rows, strict=True):
        data = {
            name: value
            for name, value in zip(names, row, strict=True)
            if value is not None and value == value
        }
        key = hashlib.sha256(msgspec.msgpack.encode([ts, data])).hexdigest()[:32]
        yield Event(source=source, kind="metric", ts=ts, rx=ts, tz=minutes, key=key, data=data)


def _east(file: Path, table: "pa.Table", time: str) -> "NDArray[np.int64] | None":
    """What the times say of their zone, in minutes; None where they do not: reading makes them all UTC."""
    import pyarrow as pa

    kind = table[time].type if time in table.column_names else None
    if file.suffix == ".parquet" or kind is None or getattr(kind, "tz", None) is None:
        return None
    found = [EAST.search(one or "") for one in _read(file, {time: pa.string()})[time].to_pylist()]
    minutes = [
        int(one[1] + "1") * (int(one[2]) * 60 + int(one[3] or 0)) if one is not None and one[1] else 0
        for one in found
    ]
    return np.array(minutes, dtype=np.int64)


def _read(file: Path, types: "dict[str, pa.DataType] | None" = None) -> "pa.Table":
    """The whole of it, or the columns whose ``types`` are told."""
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    try:
        if file.suffix == ".parquet":
            return pa.parquet.read_table(file)
        delimiter, point = _marks(file)
        convert = pa.csv.ConvertOptions(
            decimal_point=point,
            timestamp_parsers=[pa.csv.ISO8601, *DOTTED],
            strings_can_be_null=True,
            column_types=types,
            include_columns=list(types or ()),
        )
        parse = pa.csv.ParseOptions(delimiter=delimiter)
        return pa.csv.read_csv(file, parse_options=parse, convert_options=convert)
    except (OSError, pa.ArrowInvalid, pa.ArrowKeyError) as error:
        told = str(error).splitlines()[0][:120]
        raise SourceError(f"{file}: not a table that can be read: {told}.", hint="Save it as CSV.") from error


def _marks(file: Path) -> tuple[str, str]:
    """What stands between columns, and the decimal point: a comma where numbers have one."""
    import gzip

    opened = gzip.open if file.suffix == ".gz" else open
    with opened(file, "rb") as stream:
        head = stream.readline(65536).decode("utf-8", "replace")
        some = stream.read(65536).decode("utf-8", "replace")
    delimiter = max(",;\t|", key=head.count)
    return delimiter, "," if delimiter != "," and COMMA.search(some) else "."


def _find_time(table: "pa.Table", file: Path) -> str:
    """The first column of times; a day goes with a column of hours."""
    import pyarrow as pa

    for column in table.column_names:
        if pa.types.is_timestamp(table[column].type):
            hour = next((one for one in table.column_names if one.lower() in HOURS), "")
            return f"{column}+{hour}" if hour and _midnights(table[column]) else str(column)
    for column in table.column_names:
        if pa.types.is_date(table[column].type):
            hour = next((one for one in table.column_names if one.lower() in HOURS), "")
            return f"{column}+{hour}" if hour else str(column)
    for column in table.column_names:
        if column.lower() in ("time", "timestamp", "ts", "date", "datetime", "at"):
            return str(column)
    raise SourceError(
        f"{file}: there is no column of times.",
        hint=f"Name it with --time; there are: {', '.join(table.column_names)}.",
    )


def _midnights(column: "pa.ChunkedArray") -> bool:
    """Whether times are days, such as a date with dots is read as."""
    import pyarrow as pa

    values = column.drop_null().cast(pa.timestamp("us")).cast(pa.int64()).to_numpy()
    return bool(len(values)) and not (values % 86_400_000_000).any()


def _times(table: "pa.Table", name: str, tz: str) -> "tuple[str, NDArray[np.float64]]":
    """µs UTC; NaN where there is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    day, _, hour = name.partition("+")
    for one in (day, hour):
        if one and one not in table.column_names:
            raise SourceError(
                f"There is no column `{one}`.", hint=f"There are: {', '.join(table.column_names)}."
            )
    column = table[day].combine_chunks()
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return name, _epoch(column.to_numpy(zero_copy_only=False).astype(np.float64))
    try:
        stamps = column.cast(pa.timestamp("us", getattr(column.type, "tz", None)))
        if getattr(column.type, "tz", None) is None:
            stamps = pc.assume_timezone(stamps, tz, ambiguous="earliest", nonexistent="earliest")
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise SourceError(f"`{day}` holds no times.", hint="Name another column with --time.") from error
    ts = stamps.cast(pa.int64()).to_numpy(zero_copy_only=False).astype(np.float64)
    return name, ts + (table[hour].to_numpy().astype(np.float64) * 3.6e9 if hour else 0.0)


def _epoch(values: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Seconds, milliseconds or microseconds since 1970, told by how large they are."""
    typical = float(np.nanmedian(values)) if len(values) else 0.0
    for scale in (1e6, 1e3, 1.0):
        if 1970 < _year(typical * scale) < 2200:
            return values * scale
    raise SourceError("A column of numbers is no times.", hint="Name another column with --time.")


def _year(micros: float) -> int:
    try:
        return datetime.fromtimestamp(micros / 1e6, UTC).year
    except (OverflowError, ValueError, OSError):
        return 0


def _plain(column: "pa.Array", pa: Any) -> "NDArray[Any]":  # noqa: ANN401 - the module, imported when needed
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        values: NDArray[Any] = column.to_numpy(zero_copy_only=False).astype(np.float64)
        return values
    return np.array(column.cast(pa.string()).to_pylist(), dtype=object)
