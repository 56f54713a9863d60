"""What there is of events, and how it went over time: sums by equal steps, for a page to draw.

Steps are counted from ``since``, so days that are asked for from a local midnight are local days. Blocks are
read as columns and summed as they come, so a million events take a second and little memory.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ipse.errors import NotFoundError
from ipse.pipeline.workspace import Workspace
from ipse.records import EventKind
from ipse.vault.columns import KINDS, Block
from ipse.vault.scanning import Blocks, Period

__all__ = ["POINTS", "Point", "Series", "Span", "StreamView", "series", "streams"]

POINTS = 2000
STEPS = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800,
    604_800, 2_592_000, 31_536_000,
)  # fmt: skip
MICROS = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class StreamView(msgspec.Struct, frozen=True, kw_only=True):
    """A stream of events: how many it has, and when the first begins and the last ends."""

    source: str
    stream: str
    kind: EventKind
    events: int
    first: datetime
    last: datetime


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """What of a source is asked for, and in steps of how many seconds; None: all of it, and as fits."""

    stream: str | None = None
    field: str = ""
    since: datetime | None = None
    until: datetime | None = None
    every: int | None = None


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One step: the events that begin in it, the seconds of it that events cover, and figures of a field.

    Where several events cover the same time it counts for each of them.
    """

    at: datetime
    count: int
    duration: float
    mean: float | None = None
    min: float | None = None
    max: float | None = None


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """Points at equal steps of ``every`` seconds, those in which nothing happened among them."""

    every: int
    points: tuple[Point, ...]


def streams(workspace: Workspace) -> list[StreamView]:
    """Every stream, by source and name; the kind is that of its last events."""
    found: dict[tuple[str, str], tuple[int, int, int, int]] = {}
    for source, manifest in workspace.vault.event_partitions():
        first = min(part.first for part in manifest.parts)
        end = max(part.end for part in manifest.parts)
        at = (source, manifest.stream)
        count, begun, newest, ended = found.get(at, (0, first, first, end))
        found[at] = (count + manifest.records, min(begun, first), max(newest, first), max(ended, end))
    return [
        StreamView(
            source=source,
            stream=stream,
            kind=_kind(workspace, Period(source, stream, newest, None)),
            events=count,
            first=_time(first),
            last=_time(last),
        )
        for (source, stream), (count, first, newest, last) in sorted(found.items())
    ]


def series(workspace: Workspace, source: str, asked: Span) -> Series:
    """Sums of a source by steps; at most :data:`POINTS`, so a step that gives more is made longer.

    Raises ``NotFoundError`` for a source that has no events. The audit log is told that it was read.
    """
    first, last = _bounds(workspace, source, asked.stream)
    since = _micros(asked.since) if asked.since else None
    until = _micros(asked.until) if asked.until else last + 1
    every = _step((until - (first if since is None else since)) / MICROS, asked.every)
    step = every * MICROS
    start = since if since is not None else first // step * step
    sums = _Sums(start, max(until, start), step, asked.field)
    workspace.vault.note("read", {"why": "series", "source": source})
    for found in workspace.vault.event_blocks(Period(source, asked.stream, since, until)):
        sums.add(found)
    return Series(every=every, points=tuple(sums.points()))


class _Sums:
    """Sums by step, to which partitions are added one after the other. The last step ends at ``stop``."""

    def __init__(self, start: int, stop: int, step: int, field: str) -> None:
        self._start, self._stop, self._step, self._field = start, stop, step, field
        self._steps = steps = -(-(stop - start) // step)
        self._counts = np.zeros(steps, np.int64)
        self._micros = np.zeros(steps)
        self._whole = np.zeros(steps + 1, np.int64)  # steps covered from end to end begin less those ended
        self._numbers = np.zeros(steps, np.int64)
        self._sum = np.zeros(steps)
        self._min = np.full(steps, np.inf)
        self._max = np.full(steps, -np.inf)

    def add(self, found: Blocks) -> None:
        """Add the events of a partition."""
        if not self._steps:
            return
        ts = np.concatenate([np.cumsum(np.frombuffer(one.ts, "<i8")) for one in found.blocks])
        dur = np.concatenate([np.frombuffer(one.dur, "<i8") for one in found.blocks])
        kept = np.ones(len(ts), bool) if found.whole else _current(ts, found.blocks)
        present, values = _values(found.blocks, self._field) if self._field else (kept, None)
        kept = kept & present
        several = any('"~n":' in text for one in found.blocks for text in one.data)  # some are downsampled
        rows = _beside(found.blocks, "~n", np.ones(len(ts))) if several else np.ones(len(ts))
        if several:  # what they lasted together, not the interval that they stand for
            lasted = _beside(found.blocks, "~dur", np.zeros(len(ts)))
            dur = np.where(rows > 1, lasted.astype(np.int64), dur)
        self._cover(ts[kept], dur[kept])
        place = (ts - self._start) // self._step
        begun = kept & (place >= 0) & (ts < self._stop)
        counts = np.bincount(place[begun], weights=rows[begun], minlength=self._steps)
        self._counts += counts.astype(np.int64)
        if values is not None:
            begun &= ~np.isnan(values)
            spread = (values, values, rows)
            if several:
                names = ("min", values), ("max", values), ("n", rows)
                low, high, many = (
                    _beside(found.blocks, f"{self._field}~{name}", otherwise) for name, otherwise in names
                )
                spread = (low, high, many)
            self._measure(place[begun], values[begun], *(one[begun] for one in spread))

    def points(self) -> list[Point]:
        """What came of it."""
        seconds = (self._micros + np.cumsum(self._whole[:-1]) * self._step) / MICROS
        measured = self._numbers > 0
        mean = self._sum / np.maximum(self._numbers, 1)
        return [
            Point(
                at=_time(self._start + n * self._step),
                count=int(self._counts[n]),
                duration=round(float(seconds[n]), 6),
                mean=float(mean[n]) if measured[n] else None,
                min=float(self._min[n]) if measured[n] else None,
                max=float(self._max[n]) if measured[n] else None,
            )
            for n in range(self._steps)
        ]

    def _cover(self, ts: Ints, dur: Ints) -> None:
        """Share the length of each event out over the steps that it lasts through."""
        low = np.maximum(ts - self._start, 0)
        high = np.minimum(ts + dur, self._stop) - self._start
        some = high > low
        low, high = low[some], high[some]
        first, last = low // self._step, (high - 1) // self._step
        within = first == last
        self._spread(first[within], (high - low)[within])
        low, high, first, last = (one[~within] for one in (low, high, first, last))
        self._spread(first, (first + 1) * self._step - low)
        self._spread(last, high - last * self._step)
        self._whole += np.bincount(first + 1, minlength=self._steps + 1)
        self._whole -= np.bincount(last, minlength=self._steps + 1)

    def _spread(self, place: Ints, micros: Ints) -> None:
        self._micros += np.bincount(place, weights=micros, minlength=self._steps)

    def _measure(self, place: Ints, values: Floats, low: Floats, high: Floats, many: Floats) -> None:
        """Add numbers: of ``many`` each the mean, the smallest and the largest."""
        self._numbers += np.bincount(place, weights=many, minlength=self._steps).astype(np.int64)
        self._sum += np.bincount(place, weights=values * many, minlength=self._steps)
        order = np.argsort(place, kind="stable")
        place, low, high = place[order], low[order], high[order]
        first = np.flatnonzero(np.diff(place, prepend=-1))
        if len(first):
            here = place[first]
            self._min[here] = np.minimum(self._min[here], np.minimum.reduceat(low, first))
            self._max[here] = np.maximum(self._max[here], np.maximum.reduceat(high, first))


def _current(ts: Ints, blocks: Sequence[Block]) -> NDArray[np.bool_]:
    """The rows that no later one stands in for; only those of one moment can be of one event."""
    kept = np.ones(len(ts), bool)
    order = np.argsort(ts, kind="stable")
    same = ts[order][1:] == ts[order][:-1]
    doubtful = np.unique(np.concatenate((order[:-1][same], order[1:][same])))
    names = [name for one in blocks for name in one.names()] if len(doubtful) else []
    last: dict[tuple[int, str], int] = {}
    for row in doubtful.tolist():
        name = (int(ts[row]), names[row])
        if name in last:
            kept[last[name]] = False
        last[name] = row
    return kept


def _values(blocks: Sequence[Block], field: str) -> tuple[NDArray[np.bool_], Floats]:
    """Which events have the field, and its number; NaN where it is none."""
    present, values = [], []
    for block in blocks:
        there, numbers = _decoded(block.data, field)
        codes = np.frombuffer(block.codes, "<u4")
        present.append(there[codes])
        values.append(numbers[codes])
    return np.concatenate(present), np.concatenate(values)


def _beside(blocks: Sequence[Block], field: str, otherwise: Floats) -> Floats:
    """What rows that stand for several say beside a field (see ``ipse.vault.downsampling``)."""
    _, held = _values(blocks, field)
    return np.where(np.isnan(held), otherwise, held)


def _decoded(data: Sequence[str], field: str) -> tuple[NDArray[np.bool_], Floats]:
    """The field of each distinct object. A block is decoded as one list, and of each object this field."""
    text = f"[{','.join(data)}]"
    try:
        found: list[Any] = msgspec.json.decode(text, type=_holders(field, numbers=True))
        numbers = np.array([one.value for one in found], dtype=np.float64)
        return ~np.isnan(numbers), numbers
    except msgspec.ValidationError:
        found = msgspec.json.decode(text, type=_holders(field, numbers=False))
        values = [one.value for one in found]
        return (
            np.array([value is not None for value in values], dtype=bool),
            np.array([float(value) if isinstance(value, int | float) else np.nan for value in values]),
        )


def _holders(field: str, *, numbers: bool) -> Any:  # noqa: ANN401 - a type made of the name of a field
    kind: Any = float | None if numbers else float | str | bool | None
    holder: Any = msgspec.defstruct("Holder", [("value", kind, None)], rename={"value": field}, gc=False)
    return list[holder]


def _bounds(workspace: Workspace, source: str, stream: str | None) -> tuple[int, int]:
    """When the first event begins and the last one ends."""
    parts = [
        part
        for name, manifest in workspace.vault.event_partitions()
        if name == source and stream in (None, manifest.stream)
        for part in manifest.parts
    ]
    if not parts:
        raise NotFoundError(f"There are no events of `{source}`.", hint="See /api/streams for what there is.")
    return min(part.first for part in parts), max(part.end for part in parts)


def _step(seconds: float, asked: int | None) -> int:
    """The step asked for, or one that people count in; longer where it would make too many points."""
    wanted = next((step for step in STEPS if seconds / step < POINTS), STEPS[-1])
    return wanted if asked is None or seconds / asked > POINTS else asked


def _kind(workspace: Workspace, span: Period) -> EventKind:
    last: tuple[int, EventKind] = (-1, "state")
    for found in workspace.vault.event_blocks(span):
        for block in found.blocks:
            last = max(last, (block.times()[-1], KINDS[block.kind[-1]]))
    return last[1]


def _micros(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)


def _time(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)
