"""What a style profile holds: figures, and words that several conversations share. No message stands in it.

Shares are 0 to 1, waits are seconds, lengths are words, formality is points of 100.
"""

from datetime import date, datetime
from typing import Literal

import msgspec

from ipse.lengths import Quartiles

__all__ = ["Habit", "Period", "Profile", "Relation", "Shift", "Term", "Vocabulary", "Waits"]


class Term(msgspec.Struct, frozen=True):
    """A word, phrase or emoji: how often the owner uses it, in all and per thousand (messages or words).

    ``others`` is the same rate of everybody else; ``z`` is the standardised log-odds ratio between both.
    """

    text: str
    count: int
    rate: float
    others: float | None = None
    z: float | None = None


class Vocabulary(msgspec.Struct, frozen=True, kw_only=True):
    """One language: the owner's words beside everybody else's in the same language."""

    language: str
    words: int
    others: int
    more: tuple[Term, ...] = ()
    less: tuple[Term, ...] = ()
    phrases: tuple[Term, ...] = ()


class Habit(msgspec.Struct, frozen=True):
    """A habit as the share of messages that show it, the owner's and everybody else's."""

    name: str
    own: float
    others: float | None = None


class Shift(msgspec.Struct, frozen=True):
    """A difference in points, with its 95 % interval."""

    value: float
    low: float
    high: float


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """How long the owner takes to answer. ``awake`` leaves out nights that passed meanwhile.

    ``day`` and ``night`` are by the clock, by when the message arrived. ``answered`` is the share of runs
    of messages that got an answer within three days.
    """

    awake: Quartiles | None = None
    day: Quartiles | None = None
    night: Quartiles | None = None
    answered: float | None = None


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """A month (``2024-03``), quarter (``2024-Q1``) or year (``2024``) of the owner's messages."""

    label: str
    messages: int
    words: int = 0
    lengths: Quartiles | None = None
    emoji: float = 0.0
    formality: float | None = None
    awake: float | None = None
    richness: float | None = None
    languages: dict[str, int] = {}


class Relation(msgspec.Struct, frozen=True, kw_only=True):
    """How the owner writes to one contact."""

    contact: str
    messages: int
    words: int
    first: date
    last: date
    lengths: Quartiles
    waits: Waits
    burst: float
    started: float | None
    formality: Shift | None
    emoji: float
    languages: dict[str, int] = {}
    favourites: tuple[Term, ...] = ()
    more: tuple[Term, ...] = ()


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """How the owner writes. ``hours`` is weekday (Monday first) by hour of the day in ``zone``.

    ``night`` is the first and last hour of the quietest eight. ``bursts`` counts messages in a row within
    ``burst_minutes``; ``started`` is the share of talks that the owner begins. ``sources`` counts messages.
    ``lengths_at`` counts messages by number of words. ``elsewhere`` counts what a profile leaves out.
    """

    version: Literal[1] = 1
    at: datetime
    zone: str
    first: date
    last: date
    messages: int
    words: int
    days: int
    contacts: int
    sources: dict[str, int]
    elsewhere: dict[str, int]
    lengths: Quartiles
    lengths_at: dict[int, int]
    bursts: dict[int, int]
    burst_minutes: float
    started: float | None
    hours: tuple[tuple[int, ...], ...]
    night: tuple[int, int]
    waits: Waits
    languages: dict[str, int]
    habits: tuple[Habit, ...]
    formality: float
    richness: float | None
    openers: tuple[Term, ...]
    closers: tuple[Term, ...]
    emoji: tuple[Term, ...]
    vocabularies: tuple[Vocabulary, ...]
    months: tuple[Period, ...]
    quarters: tuple[Period, ...]
    years: tuple[Period, ...]
    relations: tuple[Relation, ...]
