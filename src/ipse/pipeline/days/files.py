"""Events from files and into them: CSV, JSON, Parquet with a column of times, and exports of ActivityWatch.

What is read goes through guard, gate and vault like what is collected; of a table the owner hands over, texts
stay (pseudonymized), of ActivityWatch the mode of titles decides. What is written can be read again.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from ipse.errors import SettingsError, SourceError, VaultError
from ipse.heartbeats import own_key
from ipse.interfaces import Progress
from ipse.pipeline.days import events
from ipse.pipeline.taking import Intake, guard_of
from ipse.pipeline.workspace import Workspace
from ipse.records import Event, EventKind, Sample
from ipse.vault.files import write_durably

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "Format",
    "Imported",
    "export_events",
    "import_activitywatch",
    "import_table",
    "is_activitywatch",
    "source_of",
    "zone",
]

Format = Literal["csv", "jsonl", "parquet"]
BATCH = 50_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIMES = ("ts", "at", "time", "timestamp", "datetime", "date", "date_time", "created_at")
RESERVED = ("ts", "dur", "rx", "tz", "source", "stream", "kind", "key", "data")
KINDS: tuple[EventKind, ...] = ("state", "point", "metric")


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What an import kept, had already, left out by the owner's rules, and could not read.

    ``late`` metrics came for days that are kept by longer intervals by now, and were not kept.
    """

    source: str
    kept: int = 0
    duplicates: int = 0
    excluded: int = 0
    unreadable: int = 0
    late: int = 0
    streams: tuple[str, ...] = ()


def import_table(  # noqa: PLR0913 - what an owner may say of a table
    workspace: Workspace,
    path: Path,
    source: str,
    *,
    time_column: str | None = None,
    zone: ZoneInfo | None = None,
    kind: EventKind | None = None,
    progress: Progress,
) -> Imported:
    """Keep each row of a table as an event of ``source``; its other columns are the event's fields.

    Columns named as :func:`export_events` writes them are taken for what they are. Times without a zone are
    in ``zone`` (UTC). Raises ``SourceError`` where no column holds times, ``ConsentError`` without consent.
    """
    workspace.permit(source, "archive")
    table = _table(path)
    column = _time_column(table, time_column)
    rows = _rows(table, source, column=column, zone=zone or ZoneInfo("UTC"), kind=kind)
    return _kept(workspace, source, rows, table.num_rows, texts_too=False, progress=progress)


def import_activitywatch(workspace: Workspace, path: Path, *, progress: Progress) -> Imported:
    """Keep the events of an export of ActivityWatch (JSON), each bucket a stream of ``activitywatch``."""
    source = "activitywatch"
    workspace.permit(source, "archive")
    try:
        tree = msgspec.json.decode(path.read_bytes(), type=dict[str, dict[str, Any]])
        buckets = tree["buckets"]
        held = [(name, bucket["events"]) for name, bucket in buckets.items()]
    except (msgspec.MsgspecError, KeyError, TypeError) as error:
        raise SourceError(
            f"{path.name} is no export of ActivityWatch.", hint="Take it from its page Raw Data: Export all."
        ) from error
    rows = (_from_bucket(source, _stream(name), event) for name, some in held for event in some)
    total = sum(len(some) for _, some in held)
    return _kept(workspace, source, rows, total, texts_too=True, progress=progress)


def is_activitywatch(path: Path) -> bool:
    """Whether a file is an export of ActivityWatch: JSON that begins with its buckets."""
    try:
        with path.open("rb") as stream:
            head = stream.read(64).lstrip(b"\xef\xbb\xbf {\r\n\t")
            return path.suffix.lower() == ".json" and head.startswith(b'"buckets"')
    except OSError as error:
        raise SourceError(f"{path} cannot be read.", hint="Is it there?") from error


def source_of(path: Path) -> str:
    """What a file is called as a source: its name, in plain letters."""
    return re.sub(r"[^a-z0-9]+", "_", path.stem.lower()).strip("_").lstrip("0123456789_")[:64] or "table"


def zone(name: str) -> ZoneInfo:
    """A time zone; raises ``SettingsError`` for one that does not exist."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SettingsError(f"`{name}` is no time zone.", hint="Write one such as Europe/Berlin.") from error


def export_events(
    workspace: Workspace, path: Path, source: str, *, stream: str | None = None, form: Format | None = None
) -> int:
    """Write the events of a source to a file by its ending (or ``form``); returns how many.

    Columns: ``ts``, ``dur``, ``rx`` (µs), ``tz``, ``source``, ``stream``, ``kind``, ``key``, ``data`` (JSON).
    """
    chosen = form or path.suffix.lstrip(".").replace("json", "jsonl").replace("jsonll", "jsonl")
    if chosen not in ("csv", "jsonl", "parquet"):
        raise SourceError(f"`{path.name}` says no format.", hint="End it in .csv, .jsonl or .parquet.")
    if source not in workspace.vault.counts():
        raise VaultError(f"There are no events of {source}.", hint="See `ipse collect list`.")
    table = events.read(workspace, source, stream=stream, why="export")
    workspace.vault.note("export.events", {"source": source, "rows": table.num_rows, "format": chosen})
    write_durably(path, [_written(table, chosen)])
    return int(table.num_rows)


def _written(table: "pa.Table", form: str) -> bytes:
    import pyarrow as pa
    import pyarrow.csv as pa_csv
    import pyarrow.parquet as pa_parquet

    plain = pa.table(
        {
            name: table[name].cast(pa.string()) if pa.types.is_dictionary(table[name].type) else table[name]
            for name in table.column_names
        }
    )
    sink = pa.BufferOutputStream()
    if form == "parquet":
        pa_parquet.write_table(plain, sink, compression="zstd")
    elif form == "csv":
        pa_csv.write_csv(plain, sink)
    else:
        for row in plain.to_pylist():
            sink.write(msgspec.json.encode({**row, "data": msgspec.Raw(row["data"].encode())}) + b"\n")
    return bytes(sink.getvalue().to_pybytes())


def _table(path: Path) -> "pa.Table":
    import pyarrow as pa
    import pyarrow.csv as pa_csv
    import pyarrow.json as pa_json
    import pyarrow.parquet as pa_parquet

    readers: Mapping[str, Callable[[Path], Any]] = {
        ".csv": pa_csv.read_csv,
        ".parquet": pa_parquet.read_table,
        ".jsonl": pa_json.read_json,
        ".json": _json_table,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise SourceError(f"{path.name} is no table.", hint="Give a .csv, .json, .jsonl or .parquet file.")
    try:
        return reader(path)
    except (pa.ArrowInvalid, pa.ArrowTypeError, msgspec.MsgspecError, FileNotFoundError) as error:
        said = str(error).splitlines()[0][:120]
        raise SourceError(f"{path.name} cannot be read: {said}", hint="Is it a whole table?") from error


def _json_table(path: Path) -> "pa.Table":
    import pyarrow as pa

    return pa.Table.from_pylist(msgspec.json.decode(path.read_bytes(), type=list[dict[str, Any]]))


def _time_column(table: "pa.Table", wanted: str | None) -> str:
    names = table.column_names
    if wanted is not None:
        if wanted not in names:
            raise SourceError(f"There is no column `{wanted}`.", hint=f"There are: {', '.join(names)[:300]}.")
        return wanted
    by_name = {name.strip().lower(): name for name in reversed(names)}
    for name in TIMES:
        if name in by_name:
            return str(by_name[name])
    import pyarrow as pa

    dated = [name for name in names if pa.types.is_temporal(table[name].type)]
    if not dated:
        raise SourceError("No column holds times.", hint="Name one: --time COLUMN.")
    return str(dated[0])


def _rows(
    table: "pa.Table", source: str, *, column: str, zone: ZoneInfo, kind: EventKind | None
) -> Iterator[Event | None]:
    """Each row as an event; None for one whose time cannot be read."""
    ours = {"ts", "dur", "kind", "data"} <= set(table.column_names)
    now = _micros(datetime.now(UTC))
    for batch in table.to_batches(max_chunksize=10_000):
        for row in batch.to_pylist():
            if ours:
                yield _ours(row, source)
            else:
                yield _row(row, source, column=column, zone=zone, kind=kind, now=now)


def _ours(row: dict[str, Any], source: str) -> Event | None:
    """A row as :func:`export_events` wrote it."""
    try:
        data = row["data"] if isinstance(row["data"], dict) else msgspec.json.decode(row["data"])
        return Event(
            source=source,
            stream=row.get("stream") or "",
            kind=row["kind"] if row["kind"] in KINDS else "point",
            ts=int(row["ts"]),
            dur=int(row["dur"]),
            rx=int(row.get("rx") or row["ts"]),
            tz=int(row.get("tz") or 0),
            key=str(row.get("key") or f"{int(row['ts']):016x}"),
            data=dict(data),
        )
    except (KeyError, TypeError, ValueError, msgspec.MsgspecError):
        return None


def _row(
    row: dict[str, Any], source: str, *, column: str, zone: ZoneInfo, kind: EventKind | None, now: int
) -> Event | None:
    at = _time(row.pop(column), zone)
    if at is None:
        return None
    data = {str(name): _plain(value) for name, value in row.items()}
    numeric = any(isinstance(value, int | float) and not isinstance(value, bool) for value in data.values())
    offset = at.utcoffset() or timedelta()
    event = Event(
        source=source,
        kind=kind or ("metric" if numeric else "point"),
        ts=_micros(at),
        rx=min(now, _micros(at)),  # a table says when something was, and it was known then
        tz=int(offset.total_seconds() // 60),
        key="",
        data=data,
    )
    return msgspec.structs.replace(event, key=own_key(event))


def _from_bucket(source: str, stream: str, event: Mapping[str, Any]) -> Event | None:
    try:
        at = datetime.fromisoformat(str(event["timestamp"]))
        dur = int(float(event.get("duration") or 0) * 1_000_000)
        data = {str(name): _plain(value) for name, value in event["data"].items()}
        made = Event(
            source=source, stream=stream, kind="state", ts=_micros(at), dur=max(dur, 0), rx=_micros(at),
            key="", data=data,
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return msgspec.structs.replace(made, key=own_key(made))


def _stream(bucket: str) -> str:
    """The name of a bucket without the name of the machine: ``aw-watcher-window_host`` is ``window``."""
    return bucket.partition("_")[0].removeprefix("aw-watcher-")


def _kept(
    workspace: Workspace,
    source: str,
    rows: Iterable[Event | None],
    total: int,
    *,
    texts_too: bool,
    progress: Progress,
) -> Imported:
    guard, intake = guard_of(workspace), Intake(workspace)
    done = Imported(source=source)
    batch: list[Event] = []
    streams: set[str] = set()
    read = excluded = unreadable = kept = duplicates = late = 0

    def flush() -> None:
        nonlocal kept, duplicates, late, batch
        told = intake.keep(source, batch)
        kept, duplicates, late = kept + told.kept, duplicates + told.duplicates, late + told.late
        batch = []
        progress(float(read), float(total), {"kept": float(kept)})

    for event in rows:
        read += 1
        if event is None:
            unreadable += 1
            continue
        passed = guard.passed(Sample(data=event.data, stream=event.stream), texts_too=texts_too)
        if passed is None:
            excluded += 1
            continue
        same = passed.data == event.data
        batch.append(event if same else msgspec.structs.replace(event, data=passed.data))
        streams.add(event.stream)
        if len(batch) >= BATCH:
            flush()
    flush()
    intake.finish()
    return msgspec.structs.replace(
        done,
        kept=kept,
        duplicates=duplicates,
        excluded=excluded,
        unreadable=unreadable,
        late=late,
        streams=tuple(sorted(streams)),
    )


def _time(value: object, zone: ZoneInfo) -> datetime | None:
    """A time as tables write them: a date, ISO 8601, or seconds, milliseconds or µs since the epoch."""
    try:
        if isinstance(value, datetime):
            at = value
        elif isinstance(value, int | float):
            seconds = value / (1_000_000 if abs(value) > 1e14 else 1_000 if abs(value) > 1e11 else 1)
            at = EPOCH + timedelta(seconds=seconds)
        else:
            at = datetime.fromisoformat(str(value).strip())
    except (ValueError, OverflowError):
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=zone)
    return at if EPOCH <= at < EPOCH.replace(year=2200) else None


def _plain(value: object) -> str | int | float | bool | None:
    if value is None or isinstance(value, str | int | bool):
        return value
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    return str(value) if not isinstance(value, dict | list) else msgspec.json.encode(value).decode()


def _micros(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)
