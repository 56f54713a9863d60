"""How one client writes a line of an IRC log: the stamp, then who says it, or what happened.

Every client has its own form, but one file is written in one: it is learned from the file's first lines.
Knows lines, not days, and nothing of records.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, tzinfo
from typing import Final, Literal

import msgspec

__all__ = [
    "Line",
    "Style",
    "bare",
    "change_in",
    "clock_of",
    "day_of_stamp",
    "learn",
    "left_in",
    "nicks_in",
    "parse",
    "plain",
    "stamp",
    "zone_of",
]

Kind = Literal["said", "action", "notice", "system"]

_CLOCK = r"(?P<h>\d{1,2}):(?P<mi>\d\d)(?::(?P<s>\d\d))?(?:\.\d+)?(?: ?(?P<half>[aApP][mM]))?"
_DAY = r"(?P<y>\d{4})[-/](?P<mo>\d\d)[-/](?P<d>\d\d)"
_ZONE = r"(?P<z>Z|[+-]\d\d:?\d\d)?"
STAMPS: Final = {
    "iso": rf"{_DAY}[ T]{_CLOCK}{_ZONE}[ \t]+",
    "[iso]": rf"\[{_DAY}[ T]{_CLOCK}{_ZONE}\][ \t]",
    "words": r"(?P<month>[^\W\d_]{3,10})\.? +(?P<d>\d{1,2}) " + _CLOCK + r"[ \t]",
    "[day] [clock]": rf"\[(?P<words>[^\]\d][^\]]{{6,40}})\] \[{_CLOCK}\][ \t]",
    "[clock]": rf"\[{_CLOCK}\][ \t]?",
    "(clock)": rf"\({_CLOCK}\)[ \t]",
    "clock": rf"{_CLOCK}[ \t]",
}
_NICK = (
    r"[^\s<>\[\](){}:,#@+%&~!*.\d-][^\s<>:,!*@]{0,39}|[\[\]{}_`|^\\][^\s<>:,!*@]{0,39}|\d[^\s<>:,!*@]{1,39}"
)
# Some loggers put a blank behind every `]`, in a nick too: `<[kim] >`.
_SAID = re.compile(
    rf"<[ @+%&~!]{{0,3}}(?P<nick>\*\*\*|(?:{_NICK})(?:(?<=\]) [^\s<>:,!*@]{{0,39}}){{0,3}})"
    r"(?:[:@][^\s<>]{1,60})?>(?:[ \t](?P<text>.*)|$)"
)
_TABBED = re.compile(rf"[ @+%&~!]{{0,3}}(?P<nick>{_NICK})\t(?P<text>.*)")
_ACTION = re.compile(rf" ?(?:\* ?|-\*- )[\t ]?[@+%&~]?(?P<nick>{_NICK})(?: (?P<text>.*)|$)")
_NOTICE = re.compile(
    rf"(?:-(?P<nick>{_NICK})(?:[:/][#&][^\s-]+)?(?:\([^\s)]*\))?-|>[^\s<]+<|-!?[\w-]*[.*][\w.*-]*-)[ \t]"
    r"(?P<text>.*)"
)
_SYSTEM = re.compile(
    r" ?(?:\*\*\*+|===+|-!-|-->|<--|<->|---?|-=-|=!=|\*!\*|>>>|\* ?(?=\t))[ \t]*(?P<text>.*)"
)
_BARE_SYSTEM = re.compile(r"(?:===|\*\*\*|-!-|-->|<--|---)[ \t]+(?P<text>.*)")
# What `* nick …` says when it is no action: mIRC and XChat write what happened like what somebody does.
_HAPPENED = re.compile(
    r"(?:Joins|Parts|Quits|Retrieving|Now talking|Topic(?: is|:| for)|Set by|Disconnected|Attempting to"
    r"|Rejoined|You (?:have been|are now|were) |Users on|Channel mode|No such)\b"
    r"|\S+ [\[(]\S*@\S*[\])]\s+has (?:joined|left|quit)\b"
    r"|\S+ (?:has (?:joined|left) [#&]|has (?:left|quit)(?: IRC)? ?[\[(]|has quit$|sets mode:"
    r"|is now known as \S+$|was kicked (?:by|from) |changes topic to |has changed the topic to|has kicked "
    r"|(?:gives|removes) (?:channel operator status|voice)|sets ban on |has joined \()"
)
_CODES = re.compile(
    r"\x03(?:\d{1,2}(?:,\d{1,2})?)?|\x04(?:[0-9a-fA-F]{6}(?:,[0-9a-fA-F]{6})?)?|[\x00-\x08\x0b-\x1f\x7f\ufeff]"
)
_LEVELS = frozenset(
    {"info", "warn", "warning", "error", "debug", "notice", "trace", "critical", "fatal", "alert", "err"}
)
_HALVES = {"am": 0, "pm": 12}


class Style(msgspec.Struct, frozen=True):
    """The form of one file's lines: the name of its stamp, and whether nicks end with a tab as in WeeChat."""

    stamp: str
    tabbed: bool

    @property
    def dated(self) -> bool:
        """Whether each line says its day; XChat's leave the year out."""
        return self.stamp in ("iso", "[iso]", "[day] [clock]")


class Line(msgspec.Struct, frozen=True):
    """What stands behind the stamp."""

    kind: Kind
    nick: str
    text: str


def plain(text: str) -> str:
    """Without the codes for colour and weight that IRC sends along."""
    return text if text.isprintable() else _CODES.sub("", text)


_COMPILED = {name: re.compile(pattern) for name, pattern in STAMPS.items()}


def stamp(style: Style, line: str) -> re.Match[str] | None:
    """The stamp at the start of a line, if it is in this style."""
    return _COMPILED[style.stamp].match(line)


def learn(lines: Iterable[str]) -> Style | None:
    """The dominant style of a file's first lines; None where they are no log of people talking."""
    said: Counter[Style] = Counter()
    stamped: Counter[Style] = Counter()
    nicks: set[str] = set()
    total = 0
    for line in map(plain, lines):
        if not line.strip() or _BARE_SYSTEM.match(line):
            continue
        total += 1
        for name, pattern in _COMPILED.items():
            if found := pattern.match(line):
                body = line[found.end() :]
                for style in (Style(name, False), Style(name, True)):  # noqa: FBT003 - a field
                    one = parse(style, body)
                    stamped[style] += one is not None
                    if one is not None and one.kind != "system":
                        said[style] += 1
                        nicks.add(one.nick.casefold())
                break
    best = max(stamped, key=lambda style: (stamped[style], not style.tabbed), default=None)
    if best is None or not said[best] or stamped[best] * 2 < total or nicks <= _LEVELS:
        return None
    return best


def parse(style: Style, body: str) -> Line | None:
    """What a line says behind its stamp; None where it is in another form."""
    if style.tabbed:
        if found := _TABBED.fullmatch(body):
            return Line("said", found["nick"], found["text"])
    elif found := _SAID.fullmatch(body):
        if found["nick"] == "***":
            return Line("system", "", found["text"] or "")
        return Line("said", found["nick"].replace("] ", "]").strip(), found["text"] or "")
    if found := _ACTION.fullmatch(body):
        what = body.lstrip(" *\t")
        if _HAPPENED.match(what):
            return Line("system", "", what)
        return Line("action", found["nick"], found["text"] or "")
    if body.startswith("* ") and _HAPPENED.match(body[2:].lstrip()):
        return Line("system", "", body[2:].lstrip())
    if found := _NOTICE.fullmatch(body):
        return Line("notice", found["nick"] or "", found["text"])
    if found := _SYSTEM.fullmatch(body):
        return Line("system", "", found["text"])
    return None


def bare(line: str) -> Line | None:
    """What happened, in a line without stamp, as the Ubuntu logs have them."""
    found = _BARE_SYSTEM.fullmatch(line)
    return Line("system", "", found["text"]) if found else None


def clock_of(found: re.Match[str]) -> time:
    """The time of day in a stamp; ``ValueError`` if there is none such."""
    hour = int(found["h"])
    if half := found["half"]:
        if not 1 <= hour <= 12:
            raise ValueError("no such hour")
        hour = hour % 12 + _HALVES[half.lower()]
    return time(hour, int(found["mi"]), min(int(found["s"] or 0), 59))


def day_of_stamp(found: re.Match[str]) -> date | None:
    """The day in a stamp that names it in figures; ``ValueError`` if no such day."""
    groups = found.groupdict()
    return date(int(groups["y"]), int(groups["mo"]), int(groups["d"])) if groups.get("y") else None


def zone_of(found: re.Match[str]) -> tzinfo | None:
    """The offset in a stamp, if it has one."""
    offset = found.groupdict().get("z")
    return datetime.fromisoformat(f"2000-01-01T00:00:00{offset}").tzinfo if offset else None


def nicks_in(text: str) -> Sequence[str]:
    """Those whom a line of what happened is about: who joined, or two names of one who changed it."""
    if found := _CHANGED.match(text):
        return found[1], found[2]
    found = _JOINED.match(text)
    return (found[1] or found[2],) if found else ()


_CHANGED = re.compile(rf"({_NICK}) is now known as ({_NICK})\.?$")
_JOINED = re.compile(rf"Joins: ({_NICK})|({_NICK})\s+(?:[\[(]\S*[\])]\s+)?(?:has joined|joined|entered)\b")
_LEFT = re.compile(
    rf"(?:Parts|Quits): ({_NICK})|({_NICK})\s+(?:[\[(]\S*[\])]\s+)?(?:has left|has quit|left)\b"
)


def change_in(text: str) -> tuple[str, str] | None:
    """The old and the new name of one who changed it."""
    found = _CHANGED.match(text)
    return (found[1], found[2]) if found else None


def left_in(text: str) -> str:
    """Who left, if somebody did."""
    found = _LEFT.match(text)
    return (found[1] or found[2]) if found else ""
