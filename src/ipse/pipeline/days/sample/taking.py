"""Sample days into the vault: consent, guard, gate, sealed events."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec
import numpy as np

from ipse.errors import SettingsError, VaultError
from ipse.features.times import offsets
from ipse.interfaces import Progress
from ipse.pipeline.days import events
from ipse.pipeline.days.sample.machine import Moments, errors, figures, processes
from ipse.pipeline.days.sample.person import away, sessions, shown
from ipse.pipeline.taking import guard_of
from ipse.pipeline.workspace import Workspace
from ipse.records import Event, EventKind, Sample

__all__ = ["SAMPLE", "SampleTaken", "has_sample", "sample_events", "take_sample"]

SAMPLE = "sample"
"""The source of sample days; its streams are called as the collectors are."""

FEWEST, MOST = 14, 120  # days
AT_A_TIME = 20_000
LINGERS = 1800.0  # seconds that the machine still says that nobody is there, until it sleeps
SECOND, MINUTE, DAY = 1_000_000, 60_000_000, 86_400_000_000

Data = dict[str, str | int | float | bool | None]


class SampleTaken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of sample days: how many, from when to when, and how many events they are."""

    source: str
    days: int
    events: int
    first: datetime
    last: datetime


class _Made(NamedTuple):
    """An event before it is one; ``ts`` and ``dur`` in µs, ``ts`` local."""

    stream: str
    kind: EventKind
    ts: int
    dur: int
    data: Data


def has_sample(workspace: Workspace) -> bool:
    """Whether there are sample days in the vault."""
    return SAMPLE in workspace.vault.counts()


def take_sample(
    workspace: Workspace, progress: Progress, *, days: int = 28, until: datetime | None = None
) -> SampleTaken:
    """Keep so many sample days that end at ``until`` (now).

    Raises ``ConsentError`` without leave, ``VaultError`` where there are some already.
    """
    if not FEWEST <= days <= MOST:
        raise SettingsError(
            f"{days} sample days are too few or too many.", hint=f"Take {FEWEST} to {MOST} of them."
        )
    workspace.permit(SAMPLE, "archive")
    if has_sample(workspace):
        raise VaultError(
            "There are sample days already.", hint="Take them away first: ipse forget --source sample."
        )
    end = (until or datetime.now(UTC)).astimezone(UTC).replace(second=0, microsecond=0)
    guard = guard_of(workspace)
    made = []
    for event in sample_events(end, days=days, tz=workspace.settings.imports.tz):
        passed = guard.passed(Sample(data=event.data))
        if passed is not None:
            made.append(msgspec.structs.replace(event, data=passed.data))
    for at in range(0, len(made), AT_A_TIME):
        batch = made[at : at + AT_A_TIME]
        events.keep(workspace, batch, told={"events": len(batch)})
        progress(at + len(batch), len(made), {})
    first = end - timedelta(days=days)
    return SampleTaken(source=SAMPLE, days=days, events=len(made), first=first, last=end)


def sample_events(end: datetime, *, days: int, tz: str = "UTC", seed: int = 11) -> Iterator[Event]:
    """The events of so many days before ``end``; the same for the same end, known when they happened."""
    finish = int(end.timestamp()) * SECOND
    east = int(offsets(np.array([finish]), [], tz)[0])
    now = finish + east * MINUTE  # local
    start = now // DAY * DAY - days * DAY
    same: Counter[tuple[str, int]] = Counter()
    for one in _made(start, days, np.random.default_rng(seed)):
        if not start <= one.ts < now:
            continue
        ts = one.ts - east * MINUTE
        count = same[one.stream, ts]
        same[one.stream, ts] += 1
        yield Event(
            source=SAMPLE,
            stream=one.stream,
            kind=one.kind,
            ts=ts,
            dur=min(one.dur, finish - ts),
            rx=ts,
            tz=east,
            key=f"{ts + count:016x}",
            data=one.data,
        )


def _made(start: int, days: int, rng: np.random.Generator) -> Iterator[_Made]:
    """Everything, from local midnight on."""
    busy = np.zeros((days + 2) * 1440, dtype=bool)
    weekday = datetime.fromtimestamp(start / SECOND, UTC).weekday()
    for day in range(days + 1):
        yield from _day(start + day * DAY, (weekday + day) % 7, rng, busy[day * 1440 :])
    minutes = (
        days + 1
    ) * 1440  # whole days, so that they are the same at any hour; what is to come is cut off
    moments, there = Moments.of(days), busy[:minutes]
    columns = figures(there, moments, rng)
    names = list(columns)
    for minute, row in enumerate(zip(*(one.tolist() for one in columns.values()), strict=True)):
        data: Data = dict(zip(names, row, strict=True))
        yield _Made("system", "metric", start + minute * MINUTE, 0, data)
    for minute, name, seconds, memory in processes(there, moments, rng):
        data = {"name": name, "cpu_seconds": seconds, "memory_mib": memory}
        yield _Made("processes", "metric", start + minute * MINUTE, 0, data)
    for place, unit, level, line in errors(minutes, moments, rng):
        data = {"unit": unit, "level": level, "message": line}
        yield _Made("errors", "point", start + round(place * 60) * SECOND, 0, data)


def _day(
    midnight: int, weekday: int, rng: np.random.Generator, busy: "np.ndarray[tuple[int], np.dtype[np.bool_]]"
) -> Iterator[_Made]:
    """The windows of a day, and who was there; ``busy`` is told of the minutes."""
    day = list(sessions(weekday, rng))
    nexts = [*(one.start for one in day[1:]), float("inf")][: len(day)]
    for session, following in zip(day, nexts, strict=True):
        for one in shown(session, rng):
            at, lasts = _between(one.at, one.at + one.seconds)
            yield _Made("window", "state", midnight + at, lasts, {"app": one.app, "title": one.title})
        begun = session.start
        for gone, back in (*away(session, rng), (session.end, min(session.end + LINGERS, following))):
            for status, since, until in (("active", begun, gone), ("away", gone, back)):
                at, lasts = _between(since, until)
                yield _Made("activity", "state", midnight + at, lasts, {"status": status})
            busy[int(begun / 60) : int(gone / 60)] = True
            begun = back


def _between(since: float, until: float) -> tuple[int, int]:
    """Where it begins and how long it lasts, in µs: what follows begins where this ends."""
    at = round(since * SECOND)
    return at, round(until * SECOND) - at
