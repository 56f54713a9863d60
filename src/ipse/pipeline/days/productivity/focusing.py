"""Focus periods, and the hours of the week that they fall in.

A focus period goes from one window of a focus category to another, such that at least ``focus_minutes`` of it
are in focus categories, nothing else takes longer than ``interruption_seconds`` at a time, nobody is gone for
longer than ``idle_seconds``, and all else together takes no more than ``interruption_share`` of it: once it
is long enough, it ends before what would make it more.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from ipse.config import ProductivitySettings
from ipse.tables.habits import HOURS

__all__ = ["Focus", "How", "Told", "by_hour", "focus_periods", "hours_of", "weeks_of"]

SECOND, MINUTE, HOUR = 1_000_000, 60_000_000, 3_600_000_000
WEEK = 7 * 24 * HOUR
MONDAY = 4 * 24 * HOUR  # the first one since the epoch


How = Literal["rule", "learned", "corrected"]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a span was for; ``how`` it is known and how likely that is (None: a rule that nobody checked)."""

    start: int
    end: int
    tz: int
    app: str
    shown: str
    category: str
    how: How
    chance: float | None


class Focus(msgspec.Struct, frozen=True, kw_only=True):
    """A focus period; ``seconds`` are those in focus categories, most of them in ``category``."""

    start: int
    end: int
    tz: int
    seconds: float
    category: str
    interruptions: int
    pieces: tuple[tuple[int, int], ...] = ()


class _Run:
    """A period that grows."""

    def __init__(self, first: Told) -> None:
        self.start, self.tz = first.start, first.tz
        self.pieces: list[tuple[int, int]] = []
        self.of: Counter[str] = Counter()
        self.other = self.interruptions = 0
        self.waiting = 0  # µs of something else since the last focus
        self.add(first)

    def add(self, one: Told) -> None:
        if self.waiting:
            self.other += self.waiting
            self.interruptions += 1
            self.waiting = 0
        self.pieces.append((one.start, one.end))
        self.of[one.category] += one.end - one.start

    @property
    def end(self) -> int:
        return self.pieces[-1][1]

    def share(self, more: int = 0) -> float:
        return (self.other + more) / max(self.other + more + self.of.total(), 1)

    def closed(self, rules: ProductivitySettings) -> Iterator[Focus]:
        if self.of.total() >= rules.focus_minutes * MINUTE and self.share() <= rules.interruption_share:
            yield Focus(
                start=self.start,
                end=self.end,
                tz=self.tz,
                seconds=self.of.total() / SECOND,
                category=self.of.most_common(1)[0][0],
                interruptions=self.interruptions,
                pieces=tuple(self.pieces),
            )


def focus_periods(told: Sequence[Told], rules: ProductivitySettings) -> list[Focus]:
    """The focus periods in spans that are in order of time."""
    wanted, found = set(rules.focus), list[Focus]()
    run: _Run | None = None
    last = 0
    for one in told:
        if run is not None and one.start - last > rules.idle_seconds * SECOND:
            found += run.closed(rules)
            run = None
        last = max(last, one.end)
        if one.category not in wanted:
            if run is not None:
                run.waiting += one.end - one.start
                if run.waiting > rules.interruption_seconds * SECOND:
                    found += run.closed(rules)
                    run = None
            continue
        if run is not None and _too_scattered(run, rules):
            found += run.closed(rules)
            run = None
        if run is None:
            run = _Run(one)
        else:
            run.add(one)
    return found + (list(run.closed(rules)) if run is not None else [])


def _too_scattered(run: _Run, rules: ProductivitySettings) -> bool:
    long = run.of.total() >= rules.focus_minutes * MINUTE
    return long and run.share(run.waiting) > rules.interruption_share


def hours_of(pieces: Sequence[tuple[int, int]], tz: int) -> Iterator[tuple[int, int, float]]:
    """The week (number), hour of the week and seconds of pieces of time, by the clock of their owner."""
    for start, end in pieces:
        at, until = start + tz * MINUTE, end + tz * MINUTE
        while at < until:
            step = min(until, at // HOUR * HOUR + HOUR)
            since = at - MONDAY
            yield since // WEEK, since % WEEK // HOUR, (step - at) / SECOND
            at = step


def by_hour(found: Sequence[Focus]) -> dict[int, float]:
    """Seconds of focus by hour of the week (Monday 0:00 is 0)."""
    told: dict[int, float] = {}
    for one in found:
        for _, hour, seconds in hours_of(one.pieces, one.tz):
            told[hour] = told.get(hour, 0.0) + seconds
    return told


def weeks_of(told: Sequence[Told], found: Sequence[Focus]) -> NDArray[np.float64]:
    """Seconds of focus by week and hour of the week: shape ``(weeks, 168)``.

    NaN on days without any window, and in the hours that are yet to come.
    """
    there: set[tuple[int, int]] = set()
    for one in told:
        for week, hour, _ in hours_of([(one.start, one.end)], one.tz):
            there.add((week, hour))
    if not there:
        return np.empty((0, HOURS))
    place = {week: row for row, week in enumerate(sorted({week for week, _ in there}))}
    table = np.full((len(place), HOURS), np.nan)
    for week, hour in there:
        table[place[week], hour // 24 * 24 : hour // 24 * 24 + 24] = 0.0
    week, hour = max(there)
    table[place[week], hour + 1 :] = np.nan
    for period in found:
        for week, hour, seconds in hours_of(period.pieces, period.tz):
            table[place[week], hour] = np.nansum([table[place[week], hour], seconds])
    return table
