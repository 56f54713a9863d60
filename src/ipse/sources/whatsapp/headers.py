"""How a WhatsApp export marks the start of a message: the style of one file, learned from its first lines.

Every phone writes date and time its own way, but one export is written by one phone at one moment, so all
its headers share one style. A line starts a message only if it is in that style; a pasted chat or a date
inside a message is text. This knows headers and dates, not what a message says, and does no reading.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from datetime import date, time
from functools import lru_cache
from typing import Literal

import msgspec

__all__ = ["LEADS", "MARKS", "SPACES", "Calendar", "Header", "learn", "to_time"]

MARKS = "\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff"
"""Invisible marks of direction, and the byte order mark, as the inside of a character class."""

SPACES = " \\t\u00a0\u2007\u2009\u202f"
"""The spaces that separate parts of a header, as the inside of a character class."""

LEADS = ("\u200e".encode(), "\u200f".encode())
"""The marks that the app puts before what it writes itself."""

# What phones write for the half of a day, in many languages; `am` and `pm` with dots and blanks besides.
_BEFORE_NOON = (
    "上午 凌晨 清晨 早上 午夜 오전 午前 ص ق.ظ ق.د पूर्वाह्न পূর্বাহ্ন পূর্বাহ্ণ முற்பகல் ก่อนเที่ยง"
    ' לפנה״צ לפנה"צ ÖÖ Öö öö de De fm Fm FM SA PG ap dop дп'
)
_AFTER_NOON = (
    "下午 中午 晚上 오후 午後 م ب.ظ ب.د अपराह्न অপরাহ্ন অপরাহ্ণ பிற்பகல் หลังเที่ยง"
    ' אחה״צ אחה"צ ÖS Ös ös du Du em Em EM CH PTG ip odp пп'
)
_WORD = "|".join(re.escape(word) for word in sorted(f"{_BEFORE_NOON} {_AFTER_NOON}".split(), key=len)[::-1])


def _half(space: str) -> str:
    dotted = rf"[aApP]{space}?\.?{space}?[mM](?!\w)\.?|(?:π|μ|Π|Μ)\.?{space}?(?:μ|Μ)\.?"
    return rf"(?:{dotted}|(?:{_WORD})(?![^\W\d])\.?)"


# To learn a style from lines of text.
_S, _SS, _M = f"[{SPACES}]", f"[{SPACES}]{{0,4}}", f"[{MARKS}]{{0,4}}"
_GAP = f"[{SPACES}{MARKS}]{{0,6}}"  # bounded, as the others, so that no line takes long to refuse
_HALF = _half(_S)
_DASH = "[-\u2010-\u2015\u2212]"
_GENERIC = re.compile(
    rf"{_M}(?P<open>\[?){_M}(?P<a>\d{{1,4}}){_M}(?P<s1>{_S}?[-/.年년]{_M}{_S}?)(?P<b>\d{{1,4}}){_M}"
    rf"(?P<s2>{_S}?[-/.月월]{_M}{_S}?)(?P<c>\d{{1,4}})"
    rf"(?P<join>{_M}[,،、.日일]?{_GAP}(?<!\d)(?:(?!{_HALF})[^\W\d_]{{1,6}}\.?,?[{SPACES}{MARKS}]{{1,6}}){{0,2}})"
    rf"(?P<before>{_HALF}{_GAP})?"
    rf"(?P<clock>\d{{1,2}}(?P<dot>[:.]|{_S}?h{_S}?)\d{{2}}(?P<seconds>(?P=dot)\d{{2}})?)"
    rf"(?P<after>{_GAP}{_HALF})?{_M}"
    rf"(?P<close>\]{_SS}(?:(?:{_DASH}|:){_S}{{1,4}})?|{_SS}{_DASH}{_S}{{1,4}}|:{_S}{{1,4}}|{_S}{{1,4}})"
)
_NUMBERS, _HALVES = re.compile(r"\d+"), re.compile(_HALF)
_CLOCK = re.compile(r"(\D*)(\d+)\D+(\d+)(?:\D{1,3}(\d+))?(\D*)")

# To find the headers of that style in bytes: no classes beyond ASCII, for a character is several bytes here.
_ANY_SPACE = "(?:[ \\t]|\u00a0|\u2007|\u2009|\u202f)"
_ANY_MARK = "(?:" + "|".join(chr(code) for code in (
    0x200E, 0x200F, 0x61C, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF
)) + ")"  # fmt: skip
_ANY_DASH = "(?:-|" + "|".join(chr(code) for code in (*range(0x2010, 0x2016), 0x2212)) + ")"


class _Style(msgspec.Struct, frozen=True):
    """What every header of one file has in common, however many digits its days and hours have.

    ``year`` is the place of a year of four digits, or -1 where all three numbers are short; ``close`` is
    what ends the header: ``]``, ``-``, ``:`` or nothing but a space. ``zero`` is the first of its digits.
    """

    opening: bool
    first: str
    second: str
    year: int
    joiner: str
    before: bool
    dot: str
    seconds: bool
    after: bool
    close: str
    zero: str


class Header(msgspec.Struct, frozen=True):
    """The headers of one file: their style, and what its first lines show of how it is written.

    ``marks``: invisible marks may stand anywhere inside, as right-to-left languages write them. ``odd``:
    there are other spaces or dashes than those of ASCII, or two in a row. Where neither is so, headers are
    found faster.
    """

    style: _Style
    marks: bool
    odd: bool

    @property
    def year(self) -> int:
        """The place of a year of four digits, or -1."""
        return self.style.year

    @property
    def close(self) -> str:
        """What ends a header; empty where it is but a space, as in many other files."""
        return self.style.close

    @property
    def iso(self) -> bool:
        """Whether a clock with an hour of two digits is as ISO 8601 writes it."""
        style = self.style
        return style.dot == ":" and style.zero == "0" and not (style.before or style.after)

    def pattern(self, *, groups: bool = True) -> bytes:
        """The regular expression of a header from the start of a line, if wanted with groups: date, clock."""
        style, space = self.style, _ANY_SPACE if self.odd else " "
        m = f"{_ANY_MARK}{{0,4}}" if self.marks else ""
        digit = r"\d"
        if style.zero != "0":
            digit = "(?:" + "|".join(chr(ord(style.zero) + n) for n in range(10)) + ")"
        numbers = [f"{digit}{{4}}" if place == style.year else f"{digit}{digit}?" for place in range(3)]
        first, second = m + _literal(style.first, space) + m, m + _literal(style.second, space) + m
        gap = f"(?:{space}|{_ANY_MARK})" if self.marks else space
        gaps = f"{gap}{{1,6}}" if self.marks or self.odd else " "
        half = _half(space)
        dot = rf"{space}?h{space}?" if style.dot == "h" else re.escape(style.dot)
        clock = rf"{half}{gap}{{0,6}}" if style.before else ""
        clock += f"{digit}{digit}?{dot}{digit}{digit}" + (f"{dot}{digit}{digit}" if style.seconds else "")
        clock += f"{gap}{{0,6}}{half}" if style.after else ""
        opening = rf"\[{m}" if style.opening else ""
        day = f"{numbers[0]}{first}{numbers[1]}{second}{numbers[2]}"
        join = m + gaps.join(re.escape(part) for part in style.joiner.split(" ")) + m
        group = "(" if groups else "(?:"
        lead = f"(?:|{_ANY_MARK}{{1,4}})"  # tried in this order: most lines have none
        return f"{lead}{opening}{group}{day}){join}{group}{clock}){m}{self._end(space)}{m}".encode()

    def _end(self, space: str) -> str:
        dash, some, any_ = (_ANY_DASH, f"{space}{{1,4}}", f"{space}{{0,4}}") if self.odd else ("-", " ", " ?")
        if self.close == "]":
            return rf"\]{any_}(?:(?:{dash}|:){some}|)"
        return f"{any_}{dash}{some}" if self.close == "-" else f"{self.close}{some}"


def learn(lines: Iterable[str]) -> Header | None:
    """Find the dominant style of a file's first lines; None where no line is a header.

    A header that ends with a mere space is believed only where no other kind is found and a sender follows.
    """
    found: Counter[_Style] = Counter()
    marks = odd = False
    for line in lines:
        match = _GENERIC.match(line)
        style = _style(match) if match else None
        if match is None or style is None or (not style.close and ": " not in line[match.end() :]):
            continue
        found[style] += 1
        marks = marks or bool(re.search(f"[{MARKS}]", match[0].lstrip("\u200e\u200f\ufeff")))
        odd = odd or bool(_ODD.search(match[0]))
    clear = [style for style in found if style.close]
    ranked = clear or list(found)
    return Header(max(ranked, key=found.__getitem__), marks, odd) if ranked else None


_ODD = re.compile(rf"(?![ -])(?:{_S}|{_DASH})|  ")


def _style(match: re.Match[str]) -> _Style | None:
    opening, a, first, b, second, c, joiner, before, clock, dot, seconds, after, close = match.groups()
    zero = chr(ord(clock[0]) - unicodedata.digit(clock[0]))
    kind = (bool(before), dot, bool(seconds), bool(after), zero)
    return _style_of((len(a), len(b), len(c)), (opening, first, second, joiner, close), kind)


@lru_cache(maxsize=256)
def _style_of(
    widths: tuple[int, ...], parts: tuple[str, ...], clock: tuple[bool, str, bool, bool, str]
) -> _Style | None:
    opening, first, second, joiner, close = (_spaced(part) for part in parts)
    years = [place for place, width in enumerate(widths) if width == 4]  # a full year
    close = close.strip()[:1]
    if len(years) > 1 or 3 in widths or bool(opening) != (close == "]"):
        return None
    before, dot, seconds, after, zero = clock
    return _Style(
        opening=bool(opening),
        first=first,
        second=second,
        year=years[0] if years else -1,
        joiner=joiner,
        before=before,
        dot="h" if "h" in dot else dot,
        seconds=seconds,
        after=after,
        close="-" if re.fullmatch(_DASH, close) else close,
        zero=zero,
    )


def _literal(separator: str, space: str) -> str:
    """The regular expression of a separator, whatever the kind of its spaces."""
    return "".join(space if char == " " else re.escape(char) for char in separator)


def _spaced(part: str) -> str:
    """A separator without marks, with every run of spaces made one."""
    return re.sub(f"[{SPACES}]+", " ", re.sub(f"[{MARKS}]+", "", part))


def to_time(clock: str) -> time | None:
    """The time of day in a header's clock, of twelve or twenty-four hours; None if there is no such time."""
    match = _CLOCK.fullmatch(clock)
    if match is None:
        return None
    before, hours, minutes, seconds, after = match.groups()
    hour = int(hours)
    if (before or after) and hour <= 12 and (half := _HALVES.search(clock)):
        hour = hour % 12 + 12 * (_letters(half[0]) in _AFTERNOON)
    try:
        return time(hour, int(minutes), int(seconds or 0))
    except ValueError:
        return None


def _letters(half: str) -> str:
    return "".join(char for char in half.lower() if char.isalpha())


_AFTERNOON = frozenset({"pm", "μμ", *map(_letters, _AFTER_NOON.split())})


_Order = Literal["dmy", "mdy", "ymd", "ydm"]
_WORDS = {"dmy": "day first", "mdy": "month first", "ymd": "year, month, day", "ydm": "year, day, month"}


class Calendar:
    """Decides the order of day and month for a whole file, then turns its dates into days.

    ``see`` takes the dates in the order of the file; ``decide`` chooses the order in which most of them
    are dates at all (a number above 12 settles that), then the one that goes backwards least often, then
    what the owner said, then the day first.
    """

    def __init__(self, header: Header) -> None:
        if header.year == 0:
            self._orders: tuple[_Order, ...] = ("ymd", "ydm")
        else:
            self._orders = ("dmy", "mdy") if header.year > 0 else ("dmy", "mdy", "ymd")
        self._year = header.year
        self._order: _Order = self._orders[0]
        self._impossible = dict.fromkeys(self._orders, 0)
        self._backwards = dict.fromkeys(self._orders, 0)
        self._last: dict[_Order, date] = {}
        self._written = ""

    @property
    def settled(self) -> bool:
        """Whether some number above 12 has already decided, so that no more dates need to be seen."""
        usual, other = self._orders[:2]
        return self._impossible[usual] != self._impossible[other]

    def see(self, written: str) -> None:
        """Weigh the next date of the file."""
        if written == self._written:
            return
        self._written = written
        for order in self._orders:
            day = self._date(written, order)
            if day is None:
                self._impossible[order] += 1
                continue
            self._backwards[order] += day < self._last.get(order, date.min)
            self._last[order] = day

    def decide(self, wish: Literal["auto", "dmy", "mdy"]) -> str:
        """Choose the order and say in one line which one and what settled it."""
        usual: tuple[_Order, ...] = self._orders[::-1] if self._wished(wish) else self._orders
        ranks = {order: (self._impossible[order], self._backwards[order]) for order in usual}
        self._order = min(usual, key=lambda order: (ranks[order], order == "ymd" and self._year < 0))
        others = [rank for order, rank in ranks.items() if order not in (self._order, "ymd")]
        if self._order == "ymd":
            why = "the year stands first"
        elif not others or ranks[self._order][0] < min(others)[0]:
            why = "a number above 12 settles it"
        elif ranks[self._order] < min(others):
            why = "so the messages stay in the order of time"
        elif self._wished(wish) or wish == self._order:
            why = "as you said, the file leaves it open"
        else:
            why = "the file leaves it open; set imports.date_order to mdy if the month stands first"
        return f"Dates are read {_WORDS[self._order]}: {why}."

    def day(self, written: str) -> date | None:
        """The day of a header's date in the chosen order; None if there is no such day."""
        return self._date(written, self._order)

    def _wished(self, wish: str) -> bool:
        return wish == "mdy" and self._year != 0

    def _date(self, written: str, order: _Order) -> date | None:
        numbers = [int(number) for number in _NUMBERS.findall(written)]
        if self._year == 1:  # 06/2018/13: the year in the middle, so take it out first
            numbers = [numbers[0], numbers[2], numbers[1]]
        first, second, third = numbers
        if order in ("ymd", "ydm"):
            year, month, day = (first, second, third) if order == "ymd" else (first, third, second)
        else:
            year, month, day = (third, second, first) if order == "dmy" else (third, first, second)
        if self._year < 0:
            year += 2000
        elif year > 2500:  # Thai phones count years 543 later
            year -= 543
        try:
            return date(year, month, day)
        except ValueError:
            return None
