"""How the machine is: anomalies with their causes, what will be used up and when, bursts of errors."""

from collections import Counter
from datetime import datetime
from typing import Final, Literal

import msgspec
import numpy as np

from ipse.errors import SettingsError
from ipse.features import Stream
from ipse.pipeline.days import suppressions
from ipse.pipeline.days.columns import stream
from ipse.pipeline.days.origins import origin_of
from ipse.pipeline.days.productivity.seeing import Whose, allowed, places
from ipse.pipeline.days.system.anomalies import LEAST_ROWS, Anomaly, anomalies, causes_of
from ipse.pipeline.days.system.figures import METRICS, binned
from ipse.pipeline.workspace import Workspace
from ipse.tables.bursts import Counting, bursts
from ipse.tables.exhaustion import Ending, ending

__all__ = ["BurstOfErrors", "Forecast", "Health", "Point", "dismiss", "health"]

SECOND, MINUTE, DAY = 1_000_000, 60_000_000, 86_400_000_000
EXAMPLES = 3
PROJECT = "system"  # that dismissals are kept under, beside those of models
ROOM = 1.05  # of a value that was dismissed: what is hardly more is none either
LEAST_A_DAY = 12  # rows that make a day of a level
LEVELS: Final[tuple[tuple[Literal["disk", "memory"], str, float], ...]] = (
    ("disk", "disk_free_mib", 0.5),
    ("memory", "available_mib", 0.05),
)
"""What is used up, its field, and the quantile of a day: of memory, what was left when it was needed most."""


class Point(msgspec.Struct, frozen=True):
    """What was left on a day (µs UTC), in MiB."""

    at: int
    left: float


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """When a disk or the memory will be used up; ``ending`` is in days after the last point."""

    what: Literal["disk", "memory"]
    path: str
    ending: Ending
    points: tuple[Point, ...]


class BurstOfErrors(msgspec.Struct, frozen=True, kw_only=True):
    """More errors than the hour of the week explains (µs UTC); ``examples`` as the guard let them through."""

    start: int
    end: int
    errors: int
    usual: float
    chance: float
    examples: tuple[str, ...]


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about a stretch of days; ``notes`` say what could not be said, and why."""

    whose: Whose
    since: int
    until: int
    anomalies: tuple[Anomaly, ...]
    forecasts: tuple[Forecast, ...]
    bursts: tuple[BurstOfErrors, ...]
    notes: tuple[str, ...]


def health(workspace: Workspace, *, since: int, until: int) -> Health:
    """How the machine was between two moments (µs UTC), by ``system.history_days`` before."""
    if since >= until:
        raise SettingsError("The time ends before it begins.", hint="Give --since before --until.")
    rules = workspace.settings.system
    first = since - rules.history_days * DAY
    notes: list[str] = []
    whose, system = _held(workspace, "system", (first, until), notes)
    _, processes = _held(workspace, "processes", (since - 7 * DAY, until), notes)
    _, errors = _held(workspace, "errors", (first, until), notes)
    figures = binned(system)
    before = int((figures.at < since).sum())
    if len(figures.at) and before < LEAST_ROWS:
        notes.append(f"Anomalies are told once six days were seen before; so far {before / 288:.1f}.")
    found = anomalies(figures, since=since, per_week=rules.alarms_per_week)
    silent = suppressions.in_force(workspace, PROJECT)
    return Health(
        whose=whose,
        since=since,
        until=until,
        anomalies=tuple(
            msgspec.structs.replace(
                one,
                causes=causes_of(one, processes),
                suppressed=suppressions.matching(silent, one.metric, one.value) is not None,
            )
            for one in reversed(found)
        ),
        forecasts=tuple(_forecasts(system, rules.horizon_days)),
        bursts=tuple(_bursts(workspace, errors, since, until)),
        notes=tuple(dict.fromkeys(notes)),
    )


def dismiss(
    workspace: Workspace, metric: str, value: float, *, until: datetime | None = None
) -> suppressions.Suppression:
    """Say that a metric of up to this value is no anomaly, until then or for thirty days."""
    if metric not in METRICS or not value > 0:
        raise SettingsError(
            f"`{metric[:40]}` at {value:g} is nothing to dismiss.", hint=f"There are: {', '.join(METRICS)}."
        )
    found, _ = places(workspace, "system")
    origin = origin_of([one.name for one in found] or ["system"])
    return suppressions.add(
        workspace, project=PROJECT, column=metric, within=(0.0, value * ROOM), origin=origin, until=until
    )


def _held(workspace: Workspace, kind: str, span: tuple[int, int], notes: list[str]) -> tuple[Whose, Stream]:
    """The rows of a collector in a span of time; none where they may not be learned from."""
    found, whose = places(workspace, kind)
    may, told = allowed(workspace, found)
    notes += told
    if not may:
        return whose, Stream.empty()
    return whose, stream(workspace, may[0].name, since=span[0], until=span[1])


def _forecasts(system: Stream, horizon: float) -> list[Forecast]:
    found = []
    for what, field, quantile in LEVELS:
        if field not in system.data:
            continue
        points = _daily(system, field, quantile)
        if points:
            days = [one.at // DAY for one in points]
            told = ending(days, [one.left for one in points], horizon=horizon)
            found.append(
                Forecast(what=what, path="~" if what == "disk" else "", ending=told, points=tuple(points))
            )
    return found


def _daily(system: Stream, field: str, quantile: float) -> list[Point]:
    """What was left each day, by the clock of its owner; the day that has not ended counts as it is."""
    values = system.data[field].astype(np.float64)
    known = ~np.isnan(values)
    east = system.tz[known] * MINUTE
    day = (system.ts[known] + east) // DAY
    values = values[known]
    return [
        Point(int(one) * DAY + DAY // 2, float(np.quantile(values[day == one], quantile)))
        for one in np.unique(day)
        if (day == one).sum() >= LEAST_A_DAY
    ]


def _bursts(workspace: Workspace, errors: Stream, since: int, until: int) -> list[BurstOfErrors]:
    rules = workspace.settings.system
    if not len(errors):
        return []
    found = bursts(
        errors.ts,
        since=since,
        until=until,
        east=int(errors.tz[-1]),
        how=Counting(rules.burst_minutes, rules.burst_errors, rules.alarms_per_week),
    )
    return [
        BurstOfErrors(
            start=one.start,
            end=one.end,
            errors=one.many,
            usual=one.usual,
            chance=one.chance,
            examples=_examples(errors, one.start, one.end),
        )
        for one in reversed(found)
    ]


def _examples(errors: Stream, start: int, end: int) -> tuple[str, ...]:
    """What was said most often, with how often; a text where titles are kept in full, else a digest of it."""
    rows = np.flatnonzero((errors.ts >= start) & (errors.ts <= end))
    told = Counter(
        " · ".join(
            str(errors.data[name][row])
            for name in ("unit", "level", "message")
            if name in errors.data and errors.data[name][row] is not None
        )
        for row in rows.tolist()
    )
    return tuple(f"{many} × {text}" for text, many in told.most_common(EXAMPLES) if text)
