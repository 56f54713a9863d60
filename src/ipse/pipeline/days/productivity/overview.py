"""What time went to: activities, focus, hours of the week, and what would help to know better."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import msgspec

from ipse.errors import SettingsError
from ipse.pipeline.days.productivity.correcting import UNKNOWN, Correction, corrections, label, rule_of
from ipse.pipeline.days.productivity.focusing import (
    WEEK,
    Focus,
    Told,
    focus_periods,
    hours_of,
    weeks_of,
)
from ipse.pipeline.days.productivity.seeing import Whose, spans
from ipse.pipeline.workspace import Workspace
from ipse.tables.habits import Hour, habits

__all__ = ["Activity", "HourOfWeek", "Productivity", "Question", "productivity"]

SECOND = 1_000_000
ASKED = 5  # questions at once


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """Time in a category; ``sure`` is the mean chance where a chance is known, else None."""

    category: str
    seconds: float
    share: float
    sure: float | None
    focus: bool


class HourOfWeek(msgspec.Struct, frozen=True, kw_only=True):
    """What an hour of the week held in the time that is told of."""

    weekday: int
    hour: int
    focus_seconds: float
    active_seconds: float


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What the owner could say that would help most: what an app is for; it took so many seconds."""

    app: str
    shown: str
    seconds: float
    guess: str
    chance: float | None


class Productivity(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about a stretch of days; times in µs UTC. ``notes`` say what could not be said, and why."""

    whose: Whose
    since: int
    until: int
    activities: tuple[Activity, ...]
    by_hour: tuple[HourOfWeek, ...]
    focus: tuple[Focus, ...]
    best_hours: tuple[Hour, ...]
    timeline: tuple[Told, ...]
    questions: tuple[Question, ...]
    corrections: int
    weeks: int
    notes: tuple[str, ...]


def productivity(
    workspace: Workspace, *, since: int, until: int, known_at: datetime | None = None
) -> Productivity:
    """What time went to between two moments (µs UTC), as far as it was known at ``known_at`` (now).

    Best hours look back over ``productivity.weeks_back`` weeks before ``until``.
    """
    if since >= until:
        raise SettingsError("The time ends before it begins.", hint="Give --since before --until.")
    rules = workspace.settings.productivity
    said = corrections(workspace, known_at=known_at)
    first = min(since, until - rules.weeks_back * WEEK)
    seen = spans(workspace, since=first, until=until)
    every = label(seen.spans, rule_of(workspace), said, sure=rules.sure)
    told = [one for one in every if one.start >= since]
    found = focus_periods(every, rules)
    table = weeks_of(every, found)
    hours = habits(table, weeks=rules.weeks)
    weeks = len(table)
    notes = list(seen.notes)
    if every and not any(one.best for one in hours):
        notes.append(_no_best(weeks, rules.weeks))
    return Productivity(
        whose=seen.whose,
        since=since,
        until=until,
        activities=_activities(told, rules.focus),
        by_hour=_by_hour(told, [one for one in found if one.start >= since]),
        focus=tuple(one for one in found if one.start >= since),
        best_hours=tuple(hours),
        timeline=_joined(told),
        questions=_questions(every, said),
        corrections=len(said),
        weeks=weeks,
        notes=tuple(notes),
    )


def _no_best(weeks: int, needed: int) -> str:
    if weeks < needed:
        return f"No hour is called best before {needed} weeks were seen; so far {weeks}."
    return f"In {weeks} weeks no hour stands out beyond chance."


def _activities(told: Sequence[Told], focus: Sequence[str]) -> tuple[Activity, ...]:
    seconds: dict[str, float] = defaultdict(float)
    known: dict[str, float] = defaultdict(float)
    sure: dict[str, float] = defaultdict(float)
    for one in told:
        lasts = (one.end - one.start) / SECOND
        seconds[one.category] += lasts
        if one.chance is not None:
            known[one.category] += lasts
            sure[one.category] += lasts * one.chance
    total = sum(seconds.values()) or 1.0
    return tuple(
        Activity(
            category=name,
            seconds=seconds[name],
            share=seconds[name] / total,
            sure=sure[name] / known[name] if known[name] else None,
            focus=name in focus,
        )
        for name in sorted(seconds, key=lambda one: -seconds[one])
    )


def _by_hour(told: Sequence[Told], found: Sequence[Focus]) -> tuple[HourOfWeek, ...]:
    focus: dict[int, float] = defaultdict(float)
    active: dict[int, float] = defaultdict(float)
    for one in told:
        for _, hour, seconds in hours_of([(one.start, one.end)], one.tz):
            active[hour] += seconds
    for period in found:
        for _, hour, seconds in hours_of(period.pieces, period.tz):
            focus[hour] += seconds
    return tuple(
        HourOfWeek(weekday=hour // 24, hour=hour % 24, focus_seconds=focus[hour], active_seconds=active[hour])
        for hour in sorted(active)
    )


def _joined(told: Sequence[Told]) -> tuple[Told, ...]:
    """Neighbours that say the same, as one."""
    found: list[Told] = []
    for one in told:
        last = found[-1] if found else None
        same = last is not None and (last.app, last.shown, last.category, last.how, last.chance) == (
            one.app, one.shown, one.category, one.how, one.chance,
        )  # fmt: skip
        if last is not None and same and one.start - last.end <= SECOND:
            found[-1] = msgspec.structs.replace(last, end=max(last.end, one.end))
        else:
            found.append(one)
    return tuple(found)


def _questions(told: Sequence[Told], said: Sequence[Correction]) -> tuple[Question, ...]:
    """What is not known or least sure, by how much time hangs on it."""
    asked = {(one.app, one.shown) for one in said if one.hour is None} | {
        (one.app, "") for one in said if one.hour is None and not one.shown
    }
    weight: dict[tuple[str, str], float] = defaultdict(float)
    likely: dict[tuple[str, str], Told] = {}
    for one in told:
        at = (one.app, one.shown)
        if one.how == "corrected" or at in asked:
            continue
        doubt = 1.0 if one.category == UNKNOWN else 1.0 - (0.85 if one.chance is None else one.chance)
        weight[at] += doubt * (one.end - one.start) / SECOND
        likely[at] = one
    seconds: dict[tuple[str, str], float] = defaultdict(float)
    for one in told:
        seconds[one.app, one.shown] += (one.end - one.start) / SECOND
    first = sorted(weight, key=lambda at: -weight[at])[:ASKED]
    return tuple(
        Question(
            app=at[0], shown=at[1], seconds=seconds[at], guess=likely[at].category, chance=likely[at].chance
        )
        for at in first
    )
