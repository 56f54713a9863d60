"""One IRC log, line by line: the first pass learns its clock and who is in it, the second reads it.

Both keep one line at a time, the first also the nicks it met. Knows nothing of records.
"""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Final

import msgspec

from ipse.exports import ExportPath
from ipse.sources.irc import days, lines
from ipse.sources.irc.days import Calendar, Moment
from ipse.sources.irc.lines import Line, Style

__all__ = ["Fault", "Log", "Plan", "is_log", "plan_of"]

LONGEST: Final = 1 << 16  # bytes of a line; IRC sends 512, bouncers some thousands
NICKS: Final = 200_000  # remembered of one log
_MARKER = re.compile(
    r"(?:--- (?:Day changed|Log (?:opened|closed))\b|\*\*\*\* ?(?:BEGIN|ENDING) LOGGING AT"
    r"|Session (?:Start|Time|Close|Ident)\b|\*\*\* Log(?:ging)? (?:file )?(?:opened|started|closed))",
    re.IGNORECASE,
)
_CHANNEL = re.compile(r"(?:^|[\s._(\[-])([#&]{1,3}[^\s,:/()\[\]\"'<>]+)")
_SAYS_CHANNEL = re.compile(
    r"(?:has (?:joined|left)|joined|[Tt]alking (?:on|in)|Topic for|Irssi:|sets mode|Mode) ([#&][^\s,:()\]]+)"
)
_RENAMED_SELF = re.compile(r"You(?:'re|’re| are)? (?:are )?now known as (\S+?)\.?$")


class Fault(msgspec.Struct, frozen=True):
    """Why a line cannot be read."""

    reason: str


class Plan(msgspec.Struct, kw_only=True):
    """What the first pass found out about a log.

    ``spoke`` counts the lines of each nick, ``met`` holds those who were only there. ``first`` is its first
    day, if anything says one; ``passed`` are the midnights seen in it. ``self_nicks`` are names that the log
    says its owner took. ``clock`` is the first time of day.
    """

    style: Style
    channel: str = ""
    spoke: Counter[str]
    met: set[str]
    self_nicks: set[str]
    first: date | None = None
    twelve: bool = False
    passed: int = 0
    turns: int = 0  # lines that name a day
    clock: time = time(0)
    wraps: int = 0  # ends of a year among stamps without one

    @property
    def dated(self) -> bool:
        """Whether anything says on which day its lines were written."""
        return self.style.dated or self.style.stamp == "words" or self.first is not None or self.turns > 0


def _lines(path: ExportPath) -> Iterator[str | None]:
    """Each line without its end; None for one that is too long."""
    with path.open() as file:
        while data := file.readline(LONGEST):
            if len(data) == LONGEST and not data.endswith(b"\n"):
                while (rest := file.readline(LONGEST)) and not rest.endswith(b"\n"):
                    pass
                yield None
            else:
                yield _decoded(data)


def _decoded(data: bytes) -> str:
    data = data.rstrip(b"\r\n")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")  # one channel, many clients: it differs from line to line


def is_log(path: ExportPath) -> Style | None:
    """The style of a file's lines, from its head; None where it is no log."""
    head = path.head
    if not head or b"\0" in head[:1024] or b":" not in head:
        return None
    return lines.learn(_decoded(line).rstrip("\r") for line in head.split(b"\n")[:600])


def plan_of(path: ExportPath, style: Style) -> Plan:
    """Go over the log once."""
    plan = Plan(style=style, spoke=Counter(), met=set(), self_nicks=set(), first=days.day_of(path))
    plan.channel = next(
        (found[1] for name in (path.stem, *days.above(path)[:1]) if (found := _CHANNEL.search(name))), ""
    )
    plan.channel = plan.channel and days.undated_name(plan.channel)
    clock = _Clock()
    for line in _lines(path):
        if line is None:
            continue
        line = lines.plain(line)  # noqa: PLW2901 - the same line
        found = lines.stamp(style, line)
        if found is None:
            if _MARKER.match(line) and days.day_in_line(line):
                plan.turns += 1
                clock.forget()
            one = lines.bare(line)
        else:
            one = lines.parse(style, line[found.end() :])
            clock.see(found, plan)
        if one is not None:
            _meet(one, plan)
    plan.twelve = clock.folded
    plan.channel = (plan.channel or days.undated_stem(path) or "log").casefold()
    return plan


def _meet(one: Line, plan: Plan) -> None:
    if one.kind != "system":
        plan.spoke[one.nick] += 1
        return
    if not plan.channel and (found := _SAYS_CHANNEL.search(one.text)):
        plan.channel = found[1].rstrip(".")
    if found := _RENAMED_SELF.match(one.text):
        plan.self_nicks.add(found[1])
    if len(plan.met) < NICKS:
        plan.met.update(lines.nicks_in(one.text))


class _Clock:
    """Watches the times of day: a clock of 12 hours shows in its leaps of half a day."""

    def __init__(self) -> None:
        self._last = -1
        self._month = 0
        self._leaps: list[int] = []
        self._above = False
        self._any = False

    def forget(self) -> None:
        """A new day begins: what goes back now is no leap."""
        self._last = -1

    @property
    def folded(self) -> bool:
        """Whether it goes back by half a day, never by a whole one, and never shows an hour above 12."""
        return bool(self._leaps) and not self._above and all(600 < leap <= 780 for leap in self._leaps)

    def see(self, found: re.Match[str], plan: Plan) -> None:
        """Take note of the next stamp."""
        try:
            clock = lines.clock_of(found)
        except ValueError:
            return
        if not self._any:
            plan.clock, self._any = clock, True
        if month := found.groupdict().get("month"):
            number = days.month_of(month)
            plan.wraps += number < self._month - 6
            self._month = number
        minutes = clock.hour * 60 + clock.minute
        self._above |= clock.hour > 12 or bool(found["half"])
        if minutes < self._last - days.LATE:
            self._leaps.append(self._last - minutes)
            plan.passed += 1
        self._last = minutes


class Log:
    """The second pass: iterate to get the number of each line, its moment and what it says."""

    def __init__(self, path: ExportPath, plan: Plan) -> None:
        self._path, self._plan, self._style = path, plan, plan.style
        self._calendar = Calendar(plan.first, twelve=plan.twelve)
        modified = path.modified.date()
        self._year = modified.year - plan.wraps
        self._month = 0
        if not plan.dated:
            passed = plan.passed // 2 if plan.twelve else plan.passed
            self._calendar.place(modified - timedelta(days=passed))
        self._now = self._calendar.moment(plan.clock)
        self.zone_of = lines.zone_of

    def __iter__(self) -> Iterator[tuple[int, Moment, Line | Fault]]:
        """Yield what is said and what happened; lines that only name a day are followed and not yielded."""
        for number, raw in enumerate(_lines(self._path), 1):
            if raw is None:
                yield number, self._now, Fault("longer than any line of IRC")
                continue
            line = lines.plain(raw)
            found = lines.stamp(self._style, line)
            if found is not None:
                yield number, *self._stamped(line, found)
            elif _MARKER.match(line):
                self._turn(line)
            elif one := lines.bare(line):
                yield number, self._now, one
            elif line.strip():
                yield number, self._now, Fault("a line without a time")

    def _stamped(self, line: str, found: re.Match[str]) -> tuple[Moment, Line | Fault]:
        try:
            self._now = self._moment(found)
        except ValueError:
            return self._now, Fault("no such date or time")
        one = lines.parse(self._style, line[found.end() :])
        return self._now, one or Fault("neither said by anybody nor a known kind of line")

    def _moment(self, found: re.Match[str]) -> Moment:
        clock = lines.clock_of(found)
        if self._style.stamp == "[day] [clock]":
            day = days.day_in_line(found["words"])
            if day is None:
                raise ValueError("no day")
        elif self._style.stamp == "words":
            month = days.month_of(found["month"])
            self._year += month < self._month - 6
            self._month = month or self._month
            day = date(self._year, month, int(found["d"]))
        else:
            day = lines.day_of_stamp(found)
        if day is None:
            return self._calendar.at(clock)
        zone = lines.zone_of(found)
        at = days.combined(day, clock, zone)
        return Moment(at, at.isoformat())

    def _turn(self, line: str) -> None:
        day = days.day_in_line(line)
        if day is None:
            return
        if self._style.stamp == "words":
            self._year, self._month = day.year, day.month
        else:
            self._calendar.turn(day)
