"""When a line of an IRC log was written: a stamp says the time of day, something else says the day.

The day comes from the file's name or the folders above it, from lines such as `--- Day changed`, or from the
stamp itself. Knows days and clocks, and nothing of what is said.
"""

import re
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

import msgspec

from ipse.exports import ExportPath

__all__ = [
    "Calendar",
    "Moment",
    "above",
    "combined",
    "day_in_line",
    "day_of",
    "month_of",
    "undated_name",
    "undated_stem",
]

LATE: Final = 60  # minutes that lines may be out of order, or a clock be put back; more is another day
HALF: Final = 720  # minutes

_MONTHS = (
    "jan januar januari janvier gennaio enero janeiro",
    "feb februar februari fev fevr fév févr février febbraio febrero fevereiro",
    "mar mär mrz märz maart mrt mars marzo março",
    "apr april avr avril abr abril aprile",
    "may mai mei mag maggio mayo maio",
    "jun juni juin giu giugno junio junho",
    "jul juli juil juillet lug luglio julio julho",
    "aug august augustus aoû août ago agosto",
    "sep sept september septembre set settembre septiembre setembro",
    "oct okt oktober octobre ott ottobre octubre out outubro october",
    "nov november novembre noviembre novembro",
    "dec dez dezember december déc décembre dic dicembre diciembre dezembro",
)
_NUMBER = {name: n for n, names in enumerate(_MONTHS, 1) for name in names.split()}
_NUMBER |= {"january": 1, "february": 2, "march": 3, "june": 6, "july": 7}
_ISO = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")
_NAMED = re.compile(
    r"(?P<m>[^\W\d_]{3,10})\.? +(?P<d>\d{1,2})(?:,? +\d{1,2}:\d\d(?::\d\d)?(?: [A-Z]{2,5})?)?,? +"
    r"(?P<y>(?:19|20)\d\d)"
    r"|(?P<d2>\d{1,2})\.? +(?P<m2>[^\W\d_]{3,10})\.? +(?P<y2>(?:19|20)\d\d)"
)


def month_of(word: str) -> int:
    """The number of a month by its name, long or short, in the larger languages of Europe; 0 if none."""
    return _NUMBER.get(word.casefold().rstrip("."), 0)


def day_in_line(text: str) -> date | None:
    """The day in a line such as `--- Day changed Sun Dec 26 2004`."""
    if found := _ISO.search(text):
        return _day(int(found[1]), int(found[3]), int(found[4]))
    for found in _NAMED.finditer(text):
        month = month_of(found["m"] or found["m2"])
        if month:
            return _day(int(found["y"] or found["y2"]), month, int(found["d"] or found["d2"]))
    return None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def day_of(path: ExportPath) -> date | None:
    """The day in a file's name, or in folders named year, month and day."""
    if found := _ISO.search(path.stem):
        return _day(int(found[1]), int(found[3]), int(found[4]))
    folders = "/".join(reversed(above(path)))
    found = re.search(r"(?:^|/)((?:19|20)\d\d)/(\d\d)/(\d\d)$", folders)
    return _day(int(found[1]), int(found[2]), int(found[3])) if found else None


def undated_name(name: str) -> str:
    """The name of a log without its day, the hour that follows some, and endings that programs add."""
    name = re.sub(r"\.(?:raw|log|txt|weechatlog|irc)$", "", name, flags=re.IGNORECASE)
    name = re.sub(_ISO.pattern + r"(?:_\d\d(?!\d))?", "", name)
    return re.sub(r"[._-](?:19|20)\d\d[-_.]?(?:0[1-9]|1[0-2])$", "", name).strip(" ._-")


def undated_stem(path: ExportPath) -> str:
    """The same of a file, or the name of the folder above where nothing is left."""
    return undated_name(path.stem) or next((name for name in above(path) if not name.isdigit()), "")


def combined(day: date, clock: time, zone: tzinfo | None) -> datetime:
    """Day, time of day and offset together."""
    return datetime.combine(day, clock, zone)


def above(path: ExportPath) -> list[str]:
    """The names of up to three folders above, nearest first."""
    if path.path is not None:
        return [folder.name for folder in path.path.absolute().parents][:3]
    names: list[str] = []
    folder = path.parent
    while folder is not None and len(names) < 3:
        names.append(folder.name.removesuffix(".zip"))
        folder = folder.parent
    return names


class Moment(msgspec.Struct, frozen=True):
    """A line's local time, and how it is written into an id: with its day only where the log says it."""

    at: datetime
    mark: str


class Calendar:
    """Follows the days of one log from line to line.

    Without any day in the log, days count from 0; ``first`` is then set to what the file's time suggests.
    """

    def __init__(self, first: date | None, *, twelve: bool = False) -> None:
        self.dated = first is not None
        self._first = first or date(2000, 1, 1)
        self._day = 0
        self._last = 0  # minutes after midnight, of a clock of 24 hours
        self._twelve, self._after_noon = twelve, False
        self._floating = date(2000, 1, 1)
        self.passed = 0  # midnights

    def place(self, first: date) -> None:
        """Say on which day a log without any day begins."""
        self._floating = first

    def turn(self, day: date) -> None:
        """Go to the day that a line of the log names."""
        self.dated, self._first, self._day, self._last = True, day, 0, 0
        self._after_noon = False

    def at(self, clock: time) -> Moment:
        """The moment of a line with this time of day, which may lie behind midnight."""
        minutes = clock.hour * 60 + clock.minute
        if self._twelve:
            minutes, clock = self._unfold(minutes % HALF, clock)
        elif minutes < self._last - LATE:
            self._day += 1
            self.passed += 1
            self._last = minutes
        else:
            self._last = max(self._last, minutes)
        return self.moment(clock)

    def _unfold(self, minutes: int, clock: time) -> tuple[int, time]:
        """A clock of 12 hours that does not say which half of the day it is: it starts with the first."""
        last = self._last % HALF
        if minutes < last - LATE:
            self._day += self._after_noon
            self.passed += self._after_noon
            self._after_noon = not self._after_noon
            last = 0
        self._last = max(last, minutes)
        half = HALF if self._after_noon else 0
        return minutes, clock.replace(hour=(minutes + half) // 60)

    def moment(self, clock: time) -> Moment:
        """The moment of a time of this very day."""
        first = self._first if self.dated else self._floating
        try:
            at = datetime.combine(first + timedelta(days=self._day), clock)
        except OverflowError:
            at = datetime.combine(first, clock)
        mark = at.isoformat() if self.dated else f"day {self._day} {clock.isoformat()}"
        return Moment(at, mark)
