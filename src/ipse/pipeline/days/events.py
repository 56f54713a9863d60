"""Events by the million: kept in one transaction, read as columns.

:func:`keep` clears events and keeps them; :func:`read` gives those of a span of time as an Arrow table, which
polars takes without copying (``polars.from_arrow``); :func:`fields` makes columns of what they carry. Consent
is asked for by who keeps (``archive``) and by who learns (``events``); reading what is one's own needs none.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ipse.pipeline.clearing import Clearing
from ipse.pipeline.workspace import Workspace
from ipse.records import Event
from ipse.vault import Kept
from ipse.vault.columns import KINDS, Block
from ipse.vault.scanning import Blocks, Period

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["fields", "keep", "read", "streams"]

BATCH = 50_000  # events in one transaction

_objects = msgspec.json.Decoder(dict[str, str | int | float | bool | None])


def keep(
    workspace: Workspace,
    events: Sequence[Event],
    *,
    became: Sequence[Event] = (),
    told: Mapping[str, object] | None = None,
) -> Kept:
    """Clear events and keep those that are not there yet; ``told`` is for the audit log.

    ``became`` are what events kept before are by now. Raises ``ConsentError`` without a consent for
    ``archive``, asked for by the batch; what was kept by then stays kept.
    """
    kept = Kept(0, 0)
    roster = workspace.roster()
    clearing = Clearing(workspace, roster)
    for at in range(0, max(len(events), 1), BATCH):
        some, later = events[at : at + BATCH], () if at else became
        for source in {event.source for event in (*some, *later)}:
            known, gate = len(roster), clearing.gate(workspace.permit(source, "archive"))
            cleared = gate.clear_events([event for event in some if event.source == source])
            changed = gate.clear_events([event for event in later if event.source == source])
            if len(roster) != known:
                workspace.keep_roster(roster)
            one = workspace.vault.keep_events(cleared, source=source, became=changed, told=told or {})
            kept = Kept(
                kept.kept + one.kept,
                kept.duplicates + one.duplicates,
                extended=kept.extended + one.extended,
                new_events=[*kept.new_events, *one.new_events],
                late_events=[*kept.late_events, *one.late_events],
            )
    return kept


def read(
    workspace: Workspace,
    source: str,
    *,
    stream: str | None = None,
    since: int | None = None,
    until: int | None = None,
    why: str = "events",
) -> "pa.Table":
    """The events of a source that overlap ``[since, until)``, in µs UTC, by ``ts``.

    ``stream`` is one of several that a source has; None: all. Columns: ``ts``, ``dur``, ``rx`` (int64, µs),
    ``tz`` (int16, minutes east), ``source``, ``stream``, ``kind``, ``data`` (dictionaries of text, ``data``
    of JSON, each distinct object once) and ``key`` (text). An interval that begins before ``since`` and lasts
    into it is there, as is one that lasts beyond ``until``, neither of them cut. The audit log is told
    ``why``.
    """
    import pyarrow as pa

    workspace.vault.note("read", {"why": why, "source": source})
    found = [
        _table(source, one) for one in workspace.vault.event_blocks(Period(source, stream, since, until))
    ]
    table = _within(pa.concat_tables(found) if found else _empty(), since, until)
    ts = table["ts"].to_numpy()
    if (np.diff(ts) < 0).any():
        table = table.take(np.argsort(ts, kind="stable"))
    return table.unify_dictionaries()


def streams(workspace: Workspace, source: str) -> list[str]:
    """The streams that a source has events of."""
    return sorted({one.stream for one in workspace.vault.event_blocks(Period(source))})


def fields(table: "pa.Table", names: Sequence[str]) -> "pa.Table":
    """``ts`` and ``dur`` with one column for each of these fields of ``data``; null where one is missing.

    Each distinct object is decoded once. A field that holds numbers is float64, one with anything else text.
    """
    import pyarrow as pa

    data = table["data"].unify_dictionaries()
    distinct = data.chunk(0).dictionary.to_pylist() if data.num_chunks else []
    objects = [_objects.decode(one) for one in distinct]
    codes = pa.chunked_array([one.indices for one in data.chunks], pa.int32())
    columns = {name: table[name] for name in ("ts", "dur")}
    for name in names:
        values = [one.get(name) for one in objects]
        columns[name] = _column(values).take(codes)
    return pa.table(columns)


def _column(values: Sequence[str | int | float | bool | None]) -> "pa.Array":
    import pyarrow as pa

    present = [value for value in values if value is not None]
    if all(isinstance(value, int | float) for value in present):
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    return pa.array([None if value is None else _text(value) for value in values], pa.string())


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _table(source: str, found: Blocks) -> "pa.Table":
    """The table of a partition, each event as it is now."""
    import pyarrow as pa

    table = pa.concat_tables([_columns(source, found.stream, block) for block in found.blocks])
    if found.whole:
        return table
    names = zip(table["ts"].to_pylist(), table["key"].to_pylist(), strict=True)
    return table.take(sorted({name: row for row, name in enumerate(names)}.values()))  # the last of each


def _columns(source: str, stream: str, block: Block) -> "pa.Table":
    import pyarrow as pa

    ts = np.cumsum(np.frombuffer(block.ts, "<i8"))

    def same(text: str) -> "pa.DictionaryArray":
        return pa.DictionaryArray.from_arrays(np.zeros(block.rows, np.int32), pa.array([text], pa.string()))

    return pa.table(
        {
            "ts": pa.array(ts),
            "dur": pa.array(np.frombuffer(block.dur, "<i8")),
            "rx": pa.array(ts + np.frombuffer(block.rx, "<i8")),
            "tz": pa.array(np.frombuffer(block.tz, "<i2")),
            "source": same(source),
            "stream": same(stream),
            "kind": pa.DictionaryArray.from_arrays(
                np.frombuffer(block.kind, np.uint8).astype(np.int32), pa.array(KINDS, pa.string())
            ),
            "key": pa.array(block.names(), pa.string()),
            "data": pa.DictionaryArray.from_arrays(
                np.frombuffer(block.codes, "<u4").astype(np.int32), pa.array(block.data, pa.string())
            ),
        }
    )


def _empty() -> "pa.Table":
    nothing = Block(rows=0, ts=b"", dur=b"", rx=b"", tz=b"", kind=b"", keys=[], data=[], codes=b"")
    return _columns("", "", nothing)


def _within(table: "pa.Table", since: int | None, until: int | None) -> "pa.Table":
    """The rows that overlap the span; one without length is in it from ``since`` on."""
    ts = table["ts"].to_numpy()
    end = ts + table["dur"].to_numpy()
    keep: NDArray[np.bool_] = np.ones(len(ts), bool)
    if until is not None:
        keep &= ts < until
    if since is not None:
        keep &= (end > since) | (ts >= since)
    return table if keep.all() else table.filter(keep)
