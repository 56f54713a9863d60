"""How good what was collected is: gaps, clocks set back, disorder, repetition, overlaps, wrong figures.

A finding is a count and a few positions, never content. What fields are to be may be said in the settings
(`data_sources: fields:`); without that, what most of a stream is tells what the rest is not.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from ipse.config import FieldRule
from ipse.errors import VaultError
from ipse.pipeline.days import events
from ipse.pipeline.days.listing import listed
from ipse.pipeline.workspace import Workspace
from ipse.vault.downsampling import MARK
from ipse.vault.scanning import Period

__all__ = ["Finding", "Position", "Problem", "StreamQuality", "check"]

Problem = Literal[
    "gap",
    "clock set back",
    "out of order",
    "duplicate",
    "overlapping states",
    "flatlined",
    "out of range",
    "wrong type",
    "future time",
    "missing field",
]
SAMPLES = 5
SLACK = 2_000_000  # µs that two clocks may differ by
TOUCHING = 1_000  # µs that states may overlap
LIVE = 1_000  # keys of what was recorded here are times, and so many µs more for events of one moment
ENOUGH = 20  # rows from which a rhythm is told
LONG = 5.0  # gaps are so many times the usual step, and 10 s
STILL_ROWS, STILL = 60, 3_600_000_000  # a figure that moves is flat once it stayed so many rows and µs
MOVES = 0.5  # share of steps in which such a figure changes
MOST = 0.95  # of a field's values are of one type: the others are wrong
USUAL, RARE = 0.9, 0.005  # a field that so many rows have is missing where more than so few lack it
PERCENT = FieldRule(type="number", min=0, max=100)
POSITIVE = FieldRule(type="number", min=0)
KNOWN: Mapping[str, Mapping[str, FieldRule]] = {
    "system": {
        **dict.fromkeys(("cpu", "memory", "swap", "disk", "battery"), PERCENT),
        **dict.fromkeys(("available_mib", "disk_free_mib", "load"), POSITIVE),
        **dict.fromkeys(("read_bytes", "written_bytes", "received_bytes", "sent_bytes"), POSITIVE),
    },
    "processes": dict.fromkeys(("cpu_seconds", "memory_mib"), POSITIVE),
}
"""What fields of our own collectors are; the settings go before it."""

Mask = NDArray[np.bool_]
_objects = msgspec.json.Decoder(dict[str, str | int | float | bool | None])


class Position(msgspec.Struct, frozen=True):
    """Where: the time of a row, and its number in the stream by time, from 0."""

    at: datetime
    row: int


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A problem, how often it is there, of which field, and where first."""

    problem: Problem
    count: int
    field: str = ""
    samples: tuple[Position, ...] = ()


class StreamQuality(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in a stream; ``every`` is its usual step in seconds, where it has one."""

    source: str
    stream: str
    events: int
    first: datetime
    last: datetime
    every: float | None
    findings: tuple[Finding, ...]


class _Rows(NamedTuple):
    """A stream by time, as columns; ``codes`` index ``objects``, what each distinct event carries."""

    ts: NDArray[np.int64]
    end: NDArray[np.int64]
    rx: NDArray[np.int64]
    kind: NDArray[Any]
    codes: NDArray[np.int64]
    objects: list[dict[str, str | int | float | bool | None]]


def check(
    workspace: Workspace,
    *,
    source: str = "",
    stream: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[StreamQuality]:
    """Look at every stream, or at those of a source, or at one; ``since`` and ``until`` bound the time.

    Raises ``VaultError`` where there is no such stream.
    """
    wanted = [
        one
        for one in listed(workspace)
        if (not source or one.source == source) and (stream is None or one.stream == stream)
    ]
    if source and not wanted:
        raise VaultError(f"There are no events of {source}.", hint="See `ipse events list`.")
    rules = {one.name: one.fields for one in workspace.settings.data_sources}
    now = int(datetime.now(UTC).timestamp() * 1_000_000)
    found: list[StreamQuality] = []
    for one in wanted:
        period = Period(one.source, one.stream, _micros(since), _micros(until))
        rows = _rows(workspace, period)
        if not len(rows.ts):
            continue
        known = {**KNOWN.get(one.source, {}), **rules.get(one.source, {})}
        back = _set_back(workspace, period)
        problems = [*_times(rows, now), *_fields(rows, known)]
        found.append(
            StreamQuality(
                source=one.source,
                stream=one.stream,
                events=len(rows.ts),
                first=_time(rows.ts[0]),
                last=_time(rows.end.max()),
                every=_step(rows.ts[rows.kind == "metric"]),
                findings=tuple(sorted([*back, *problems], key=lambda each: (each.problem, each.field))),
            )
        )
    return found


def _rows(workspace: Workspace, period: Period) -> _Rows:
    table = events.read(
        workspace, period.source, stream=period.stream, since=period.since, until=period.until, why="quality"
    )
    data = table["data"].unify_dictionaries().combine_chunks()
    chunk = data if not hasattr(data, "chunks") else data.chunk(0)
    ts, dur, rx = (table[name].to_numpy().astype(np.int64) for name in ("ts", "dur", "rx"))
    return _Rows(
        ts,
        ts + dur,
        rx,
        np.array(table["kind"].to_pylist(), dtype=object),
        chunk.indices.to_numpy(zero_copy_only=False).astype(np.int64),
        [_objects.decode(one) for one in chunk.dictionary.to_pylist()],
    )


def _set_back(workspace: Workspace, period: Period) -> list[Finding]:
    """Where what was recorded here was learned before what was recorded earlier: its clock was set back."""
    at: list[Position] = []
    count, latest = 0, None
    for partition in workspace.vault.event_blocks(period):
        for block in partition.blocks:
            times = np.cumsum(np.frombuffer(block.ts, "<i8"))
            names = block.names()
            live = np.array([_live(name, ts) for name, ts in zip(names, times.tolist(), strict=True)], bool)
            after = np.frombuffer(block.rx, "<i8")
            rx = (times + after)[live & (np.abs(after) <= SLACK)]
            if not len(rx):
                continue
            if latest is not None and rx.min() < latest - SLACK:
                count += 1
                at += [Position(_time(rx.min()), -1)] if len(at) < SAMPLES else []
            latest = rx.max()
    return [Finding(problem="clock set back", count=count, samples=tuple(at))] if count else []


def _live(key: str, ts: int) -> bool:
    try:
        return len(key) == 16 and 0 <= int(key, 16) - ts < LIVE
    except ValueError:
        return False


def _times(rows: _Rows, now: int) -> Iterator[Finding]:
    """What times alone tell."""
    metric, state = rows.kind == "metric", rows.kind == "state"
    step = _step(rows.ts[metric])
    if step is not None:
        here = np.flatnonzero(metric)
        away = rows.ts[here][1:] - np.maximum.accumulate(rows.end[here])[:-1]
        yield from _found(rows, "gap", here[1:][away > max(LONG * step, 10.0) * 1e6])
    at = np.where(metric, rows.end, rows.ts)  # a metric that stands for several was learned at its end
    order = np.argsort(rows.rx, kind="stable")
    before = np.maximum.accumulate(at[order])
    yield from _found(rows, "out of order", np.sort(order[at[order] < before - SLACK]))
    same = np.lexsort((rows.codes, rows.end, rows.ts))
    columns = (rows.ts[same], rows.end[same], rows.codes[same], rows.kind[same])
    again = np.all([one[1:] == one[:-1] for one in columns], axis=0)
    yield from _found(rows, "duplicate", np.sort(same[1:][again]))
    here = np.flatnonzero(state)
    over = rows.ts[here][1:] < np.maximum.accumulate(rows.end[here])[:-1] - TOUCHING
    yield from _found(rows, "overlapping states", here[1:][over])
    yield from _found(rows, "future time", np.flatnonzero(rows.ts > np.minimum(rows.rx, now) + SLACK))


def _fields(rows: _Rows, rules: Mapping[str, FieldRule]) -> Iterator[Finding]:
    """What fields tell."""
    names = dict.fromkeys(name for one in rows.objects for name in one if MARK not in name)
    for name in dict.fromkeys([*names, *rules]):
        rule = rules.get(name, FieldRule())
        values = [one.get(name) for one in rows.objects]
        types = np.array([_type(value) for value in values], dtype=object)[rows.codes]
        there = types != "none"
        many, lack = int(there.sum()), int((~there).sum())
        usual = USUAL * len(there) <= many and lack > RARE * len(there)
        if rule.required or usual:
            yield from _found(rows, "missing field", np.flatnonzero(~there), name)
        if not many:
            continue
        kinds, counts = np.unique(types[there].astype(str), return_counts=True)
        wanted = rule.type if rule.type != "any" else str(kinds[counts.argmax()])
        if rule.type != "any" or counts.max() >= MOST * many:
            yield from _found(rows, "wrong type", np.flatnonzero(there & (types != wanted)), name)
        numbers = np.array([_number(value) for value in values], dtype=np.float64)[rows.codes]
        low, high = _beside(rows, name, "min", numbers), _beside(rows, name, "max", numbers)
        beyond = np.zeros(len(numbers), bool)
        beyond |= low < rule.min if rule.min is not None else False
        beyond |= high > rule.max if rule.max is not None else False
        yield from _found(rows, "out of range", np.flatnonzero(beyond), name)
        flat = np.flatnonzero((rows.kind == "metric") & ~np.isnan(numbers))
        yield from _found(rows, "flatlined", _flat(rows.ts[flat], numbers[flat], flat), name)


def _beside(rows: _Rows, name: str, part: str, otherwise: NDArray[np.float64]) -> NDArray[np.float64]:
    """The smallest or largest value of rows that stand for several."""
    held = [_number(one.get(f"{name}{MARK}{part}")) for one in rows.objects]
    column = np.array(held, dtype=np.float64)[rows.codes]
    return np.where(np.isnan(column), otherwise, column)


def _flat(ts: NDArray[np.int64], values: NDArray[np.float64], place: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where a figure that usually moves begins to stand still for long."""
    if len(values) <= STILL_ROWS or (np.diff(values) != 0).mean() < MOVES:
        return place[:0]
    starts = np.flatnonzero(np.concatenate([[True], np.diff(values) != 0]))
    ends = np.append(starts[1:], len(values)) - 1
    still: Mask = (ends - starts + 1 >= STILL_ROWS) & (ts[ends] - ts[starts] >= STILL)
    found: NDArray[np.int64] = place[starts[still]]
    return found


def _step(ts: NDArray[np.int64]) -> float | None:
    """Seconds between rows, where they come in a rhythm."""
    gaps = np.diff(np.unique(ts))
    if len(gaps) < ENOUGH:
        return None
    usual, wide = np.quantile(gaps, 0.5), np.quantile(gaps, 0.9)
    return float(usual) / 1e6 if wide <= 3 * usual else None


def _found(rows: _Rows, problem: Problem, at: NDArray[np.int64], field: str = "") -> Iterator[Finding]:
    if len(at):
        samples = tuple(Position(_time(rows.ts[row]), int(row)) for row in at[:SAMPLES])
        yield Finding(problem=problem, count=len(at), field=field, samples=samples)


def _type(value: object) -> str:
    if value is None:
        return "none"
    return "bool" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else float("nan")


def _micros(at: datetime | None) -> int | None:
    return None if at is None else int(at.timestamp() * 1_000_000)


def _time(micros: int | np.int64) -> datetime:
    return datetime.fromtimestamp(int(micros) / 1_000_000, tz=UTC)
