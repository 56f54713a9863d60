"""When the owner writes, and how long an answer takes: by the clock, and without the night.

Knows times in the owner's zone; which hours are the night follows from when the owner is silent.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from ipse.lengths import quartiles
from ipse.profile.gathering import Gathered, Said, Wait
from ipse.profile.results import Waits

__all__ = ["awake_seconds", "hours", "is_night", "night", "waits"]

NIGHT_HOURS = 8
USUAL_NIGHT = (23, 7)  # where too little was written to tell
FEWEST_TOLD = 200  # messages with a time of day, for the night to follow from them
FEWEST_WAITS = 5


def hours(gathered: Gathered) -> tuple[tuple[int, ...], ...]:
    """Messages by weekday (Monday first) and hour; what bears a day alone is left out."""
    table = [[0] * 24 for _ in range(7)]
    for each in _timed(gathered):
        table[each.at.weekday()][each.at.hour] += 1
    return tuple(map(tuple, table))


def _timed(gathered: Gathered) -> Iterable[Said]:
    return (each for each in gathered.own if each.platform not in gathered.timeless)


def night(table: Sequence[Sequence[int]]) -> tuple[int, int]:
    """The eight hours in which least is written, as first hour and the hour after the last.

    Among equals the one nearest to 23–7.
    """
    by_hour = [sum(day[hour] for day in table) for hour in range(24)]
    if sum(by_hour) < FEWEST_TOLD:
        return USUAL_NIGHT

    def place(start: int) -> tuple[int, int]:
        written = sum(by_hour[(start + n) % 24] for n in range(NIGHT_HOURS))
        away = (start - USUAL_NIGHT[0]) % 24
        return written, min(away, 24 - away)

    start = min(range(24), key=place)
    return start, (start + NIGHT_HOURS) % 24


def is_night(at: datetime, span: tuple[int, int]) -> bool:
    """Whether a local time falls into the night."""
    start, end = span
    return start <= at.hour < end if start < end else at.hour >= start or at.hour < end


def awake_seconds(arrived: datetime, answered: datetime, span: tuple[int, int]) -> float:
    """Seconds between two moments of one zone, without the nights that passed; changes of the clock count.

    Whoever answers in the night was awake: that night is not left out.
    """
    begin, end = arrived.timestamp(), answered.timestamp()
    start, length = span[0], timedelta(hours=(span[1] - span[0]) % 24)
    slept = 0.0
    day = arrived.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    while day.timestamp() < end:
        # Local arithmetic: a night is from one hour to another, however long the clock makes it.
        dusk = day.replace(hour=start)
        dawn = dusk + length
        if dawn.timestamp() <= end:
            slept += max(0.0, dawn.timestamp() - max(begin, dusk.timestamp()))
        day += timedelta(days=1)
    return max(0.0, end - begin - slept)


def waits(found: Sequence[Wait], span: tuple[int, int]) -> Waits:
    """The answers of one contact or of all."""
    told = [(each.arrived, each.answered) for each in found if each.answered is not None]
    clock = [
        (is_night(arrived, span), answered.timestamp() - arrived.timestamp()) for arrived, answered in told
    ]
    if len(told) < FEWEST_WAITS:
        return Waits(answered=len(told) / len(found) if len(found) >= FEWEST_WAITS else None)
    return Waits(
        awake=quartiles(awake_seconds(arrived, answered, span) for arrived, answered in told),
        day=quartiles(seconds for late, seconds in clock if not late),
        night=quartiles(seconds for late, seconds in clock if late),
        answered=len(told) / len(found),
    )
