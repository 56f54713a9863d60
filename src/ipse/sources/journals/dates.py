"""Days and moments as people write them into names, headings and front matter. Knows no files."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final, Literal

import msgspec

__all__ = ["NOON", "When", "in_heading", "in_name", "in_value"]

NOON: Final = time(12)
"""The time of day of what has a day alone, so that no zone moves it to another."""

_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_MONTH = {name[:length]: n for n, name in enumerate(_MONTHS, 1) for length in (3, len(name))} | {"sept": 9}
_ISO = r"(?P<y>(?:19|20)\d\d)(?P<sep>[-_.]?)(?P<m>0[1-9]|1[0-2])(?P=sep)(?P<d>0[1-9]|[12]\d|3[01])"
_CLOCK = (
    r"(?P<h>[01]?\d|2[0-3])(?P<dot>[:.h-])(?P<mi>[0-5]\d)(?:(?P=dot)(?P<s>[0-5]\d))?"
    r"(?:\s?(?P<half>[AaPp]\.?[Mm]\.?))?"
)
_WEEKDAY = r"(?:[^\W\d_]{2,12}\.?,? +)?"
_NAME = re.compile(rf"(?<!\d){_ISO}(?!\d)(?:(?:[T_]|\s+(?:at )?)(?:{_CLOCK})(?!\d))?")
_ZETTEL = re.compile(rf"(?<!\d){_ISO}[T_]?(?P<h>[01]\d|2[0-3])(?P<mi>[0-5]\d)(?P<s>[0-5]\d)?(?!\d)")
_SHORT = re.compile(r"(?P<d>\d{1,2})(?P<sep>[./])(?P<m>\d{1,2})(?P=sep)(?P<y>(?:19|20)\d\d)(?!\d)")
_LONG = re.compile(
    r"(?P<month>[A-Za-z]{3,9})\.? (?P<d>\d{1,2})(?:st|nd|rd|th)?,? (?P<y>(?:19|20)\d\d)(?!\d)"
    r"|(?P<d2>\d{1,2})(?:st|nd|rd|th)?\.? (?P<month2>[A-Za-z]{3,9})\.?,? (?P<y2>(?:19|20)\d\d)(?!\d)"
)
_AFTER = re.compile(rf"(?:,|T| at| um| -)?\s*\[?{_CLOCK}\]?")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_MS: Final = 1e11  # seconds stay below it until the year 5138

Order = Literal["auto", "dmy", "mdy"]


class When(msgspec.Struct, frozen=True):
    """A day, the time of day if one is said, its offset if that is, and what stands behind it."""

    day: date
    clock: time | None = None
    zone: tzinfo | None = None
    rest: str = ""

    def at(self, zone: tzinfo) -> datetime:
        """The moment; in ``zone`` where it does not say its own."""
        return datetime.combine(self.day, self.clock or NOON, self.zone or zone)


def in_name(name: str) -> When | None:
    """The day in a file's name: `2024-01-02`, `2024_01_02`, `2024-01-02 title`, `202401021030 title`."""
    found = _ZETTEL.search(name) or _NAME.search(name)
    if found is None:
        return None
    day = _day(int(found["y"]), int(found["m"]), int(found["d"]))
    rest = (name[: found.start()] + " " + name[found.end() :]).strip(" -_.,")
    return When(day, _clock(found), rest=rest) if day else None


def in_heading(text: str, order: Order = "auto") -> When | None:
    """The day that a heading begins with, behind a day of the week or not; its title is the ``rest``."""
    text = text.strip().strip("*_[]").strip()
    start = re.match(_WEEKDAY, text)
    for place in {start.end() if start else 0, 0}:
        for pattern in (re.compile(_ISO + r"(?!\d)"), _SHORT, _LONG):
            found = pattern.match(text, place)
            if found and (day := _written(found, order)):
                return _behind(day, text[found.end() :])
    return None


def _behind(day: date, rest: str) -> When:
    after = _AFTER.match(rest)
    clock = _clock(after) if after else None
    tail = rest[after.end() :] if after else rest
    return When(day, clock, rest=tail.strip(" ]*_-–—:,|"))


def _written(found: re.Match[str], order: Order) -> date | None:
    groups = found.groupdict()
    if "month" in groups:
        word = (found["month"] or found["month2"]).lower()
        return _day(int(found["y"] or found["y2"]), _MONTH.get(word, 0), int(found["d"] or found["d2"]))
    first, second = int(found["d"]), int(found["m"])
    if groups["sep"] == "/" and (order == "mdy" or (order == "auto" and second > 12)):
        first, second = second, first
    return _day(int(found["y"]), second, first)


def in_value(value: str, order: Order = "auto") -> When | None:
    """The moment in a value of front matter: ISO 8601, an epoch, or as in a heading."""
    value = value.strip().strip("\"'").strip()
    if re.fullmatch(r"\d{9,13}", value):
        at = _EPOCH + timedelta(seconds=int(value) / (1000 if int(value) > _EPOCH_MS else 1))
        return When(at.date(), at.time(), UTC)
    try:
        at = datetime.fromisoformat(re.sub(r" (?=[+-]\d\d:?\d\d$)", "", value))
    except ValueError:
        return in_heading(value, order)
    alone = len(value) <= 10
    return When(at.date(), None if alone else at.time(), at.tzinfo)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _clock(found: re.Match[str]) -> time | None:
    groups: dict[str, str | None] = found.groupdict()
    if not groups.get("h"):
        return None
    hour, half = int(groups["h"] or 0), (groups.get("half") or "").lower()
    if half and hour <= 12:
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    return time(hour, int(groups["mi"] or 0), int(groups.get("s") or 0))
