"""The dates of Meta's HTML pages, which are written as the account's language writes them, in local time.

``Sep 13, 2020, 12:26 PM``, ``13.09.2020, 12:26``, ``13 de set. de 2020 12:26:40`` … Only this knows how they
look; what a page does not say (its zone, the order of day and month) it does not know either.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Final, Literal, TypeAlias

import msgspec

from ipse.sources.meta.phrases import phrases

__all__ = ["Moment", "Order", "moment", "order_of"]

Order: TypeAlias = Literal["dmy", "mdy"]
_LONGEST: Final = 70  # characters
_CLOCK = re.compile(r"\b(\d{1,2})(?:[:.h](\d{2}))(?:[:.](\d{2}))?(?!\d)")
_NUMERIC = re.compile(r"\b(\d{1,2})([./-])\s?(\d{1,2})\2\s?(\d{4})\b")
_ISO = re.compile(r"\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?=\D|$)|(\d{4})年(\d{1,2})月(\d{1,2})日")
_YEAR = re.compile(r"\b(19\d\d|20\d\d)\b")
_DAY = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th|er|º|\.)?(?=\W|$)")
_WORD = re.compile(r"[^\W\d_]{3,}")
_OFFSET = re.compile(r"\b(?:UTC|GMT)\s?([+\-−])(\d{1,2})(?::?(\d{2}))?")
# The beginnings of the months in the languages of `phrases.yaml`; a longer one wins.
_MONTHS: Final = (
    "jan janv ene gen sty oca янв",
    "feb févr fév fevr fev lut şub фев helmi",
    "mar mär märz mars mrt maart мар maalis",
    "apr avr abr kwi nis апр huhti",
    "may mai mei maj mag máj мая май touko",
    "jun juin giu cze haz июн kesä",
    "jul juil lug lip tem июл heinä",
    "aug août aou ago sie ağu авг elo",
    "sep sept set wrz eyl сен syys",
    "oct okt ott out paź eki окт loka",
    "nov lis kas ноя marras",
    "dec dez déc dic des gru ara дек joulu",
)


class Moment(msgspec.Struct, frozen=True):
    """A date as a page shows it; ``month`` and ``day`` are the first and second number where ``open``."""

    year: int
    month: int
    day: int
    clock: tuple[int, int, int]
    open: bool = False
    halves: bool = False  # its clock has twelve hours
    offset: int | None = None  # minutes east of UTC, where it says so

    def local(self, order: Order) -> datetime:
        """The local time, or a moment of its own zone; raises ``ValueError`` where there is no such day."""
        month, day = (self.day, self.month) if self.open and order == "dmy" else (self.month, self.day)
        zone = None if self.offset is None else timezone(timedelta(minutes=self.offset))
        return datetime(self.year, month, day, *self.clock, tzinfo=zone)


def order_of(moments: Iterable[Moment], told: str) -> tuple[Order, bool]:
    """How a page writes day and month, and whether that is a guess; a number above 12 settles it.

    ``told`` is what the owner said. A clock of twelve hours goes with the month first.
    """
    numeric = [one for one in moments if one.open]
    if any(one.month > 12 for one in numeric):
        return "dmy", False
    if any(one.day > 12 for one in numeric):
        return "mdy", False
    if told in ("dmy", "mdy"):
        return ("dmy" if told == "dmy" else "mdy"), False
    return ("mdy" if any(one.halves for one in numeric) else "dmy"), bool(numeric)


@lru_cache(maxsize=1 << 12)
def moment(text: str) -> Moment | None:
    """The date that ``text`` is; None where it is anything else."""
    if len(text) > _LONGEST or not any(map(str.isdigit, text)):
        return None
    text = " ".join(text.replace("\u202f", " ").replace("\u200e", "").split())
    offset, text = _offset(text)
    clock, halves, text = _clock(text)
    if clock is None or len(text.split()) > 9:
        return None
    if match := _ISO.search(text):
        year, month, day = (int(part) for part in match.groups() if part)
        return Moment(year, month, day, clock, offset=offset)
    if match := _NUMERIC.search(text):
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        if match[2] == ".":  # nobody who parts them with dots writes the month first
            return Moment(year, second, first, clock, halves=halves, offset=offset)
        return Moment(year, first, second, clock, open=True, halves=halves, offset=offset)
    return _worded(text, clock, offset)


def _worded(text: str, clock: tuple[int, int, int], offset: int | None) -> Moment | None:
    year, months = _YEAR.search(text), [_month(word) for word in _WORD.findall(text)]
    month = next((found for found in reversed(months) if found), 0)
    rest = text.replace(year[0], " ", 1) if year else text
    day = _DAY.search(rest)
    if not year or not month or not day or sum(not found for found in months) > 3:
        return None
    return Moment(int(year[0]), month, int(day[1]), clock, offset=offset)


@lru_cache(maxsize=512)
def _month(word: str) -> int:
    word, best, found = word.lower(), 0, 0
    for number, names in enumerate(_MONTHS, 1):
        for name in names.split():
            if word.startswith(name) and len(name) > best:
                best, found = len(name), number
    return found


def _offset(text: str) -> tuple[int | None, str]:
    match = _OFFSET.search(text)
    if not match or int(match[2]) > 14:
        return None, text
    minutes = int(match[2]) * 60 + int(match[3] or 0)
    return (minutes if match[1] == "+" else -minutes), text[: match.start()] + text[match.end() :]


def _clock(text: str) -> tuple[tuple[int, int, int] | None, bool, str]:
    """The last time of day in a text, whether it counts to twelve, and the text without it."""
    found = [one for one in _CLOCK.finditer(text) if not _inside_date(one, text)]
    if not found:
        return None, False, text
    match = found[-1]
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    half = _half(text[match.end() :]) or _half(text[: match.start()])
    if half:
        hour = hour % 12 + (12 if half == "after" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None, False, text
    return (hour, minute, second), bool(half), text[: match.start()] + " " + text[match.end() :]


def _inside_date(clock: re.Match[str], text: str) -> bool:
    return any(date.start() <= clock.start() < date.end() for date in _NUMERIC.finditer(text))


def _half(text: str) -> str:
    """``after`` or ``before`` noon, if the text beside a clock says so."""
    plain = text.lower().replace(".", "").replace("\u00a0", " ")
    plain = re.sub(r"\b([ap]) m\b", r"\1m", plain)
    words = " ".join(["", *re.findall(r"[^\W\d_]+", plain), ""])
    for half in ("after", "before"):
        if any(f" {word} " in words for word in phrases().list(half)):
            return half
    return ""
