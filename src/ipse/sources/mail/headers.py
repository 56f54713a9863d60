"""The headers of mail as text: encoded words, charsets, people and dates, however broken.

Nothing here raises, whatever the bytes: an unknown charset or a broken escape is decoded with replacement.
"""

import binascii
import codecs
import quopri
import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final

from ipse.records import Person

__all__ = ["addresses", "date", "decode", "words"]

LONGEST_HEADER: Final = 1 << 16  # characters of a header that are looked at
SHORT_HEADER: Final = 300  # characters of one whose people are remembered

# encoded-word = "=?" charset ["*" language] "?" encoding "?" text "?="  (RFC 2047, 2231)
_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*)\?=")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")
_ADDRESS_TOKEN = re.compile(
    r'=\?[^?\s]{1,80}\?[bBqQ]\?[^?]*\?=|"(?:[^"\\]|\\.)*"|<[^<>]*>|[,;:()<>"]|[^,;:()<>"=]+|=', re.DOTALL
)

_USUAL_DATE = re.compile(
    r"\s{0,3}(?:[A-Z][a-z]{2}, )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4})"
    r" (\d\d):(\d\d):(\d\d) ([+-])(\d\d)([0-5]\d)\b"
)
_MONTHS: Final = {
    "Jan": 1, "Feb": 2, "Mar": 3, "Apr": 4, "May": 5, "Jun": 6,
    "Jul": 7, "Aug": 8, "Sep": 9, "Oct": 10, "Nov": 11, "Dec": 12,
}  # fmt: skip

# Names that Python does not know, and subsets that are in truth used for the larger set.
_CHARSETS: Final = {
    "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "x-sjis": "cp932", "shift_jis": "cp932",
    "iso-8859-8-i": "iso-8859-8", "utf8mb4": "utf-8", "unicode-1-1-utf-7": "utf-7", "x-big5": "big5",
    "ansi_x3.4-1968": "ascii", "cp-850": "cp850", "x-mac-roman": "mac_roman", "ks_c_5601": "cp949",
}  # fmt: skip
# Codecs that are no charset of a mail: slow, or made for source code.
_NEVER = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "mbcs", "oem"})


def decode(data: bytes, charset: str | None) -> str:
    """Decode text of a charset that may be wrong, unknown or missing."""
    name = (charset or "ascii").strip("\"' ").lower().partition("*")[0]
    name = _CHARSETS.get(name, name)
    if name.replace("_", "-") in _NEVER:
        name = "utf-8"
    try:
        codec = codecs.lookup(name).name
        if codec in ("ascii", "utf-8", "iso8859-1"):
            return _western(data, codec)
        return data.decode(codec, "replace")
    except (LookupError, ValueError, AssertionError):  # unknown, not a charset, or broken beyond replacement
        return data.decode("utf-8", "replace")


def _western(data: bytes, codec: str) -> str:
    """The three that are declared without being meant: undeclared UTF-8, and Windows text called Latin 1."""
    if data.isascii():
        return data.decode("ascii")
    if codec != "iso8859-1":
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            if codec == "utf-8":
                return data.decode("utf-8", "replace")
    return data.decode("cp1252", "replace")


def words(value: str) -> str:
    """Decode the encoded words of a header; the blank between two goes, a split character is joined."""
    if len(value) > LONGEST_HEADER or "\n" in value or "\r" in value:
        value = re.sub(r"[\r\n]+", "", value[:LONGEST_HEADER])
    if "=?" not in value:
        return value
    out: list[str] = []
    charset, pending, end = "", b"", 0
    for match in _WORD.finditer(value):
        gap = value[end : match.start()]
        near = bool(pending) and not gap.strip(" \t")
        if not near or match[1].lower() != charset:
            out.append(decode(pending, charset) if pending else "")
            out.append("" if near else gap)
            pending = b""
        charset, end = match[1].lower(), match.end()
        pending += _unpacked(match[3], match[2].lower())
    out.append(decode(pending, charset) if pending else "")
    return "".join(out) + value[end:]


def _unpacked(text: str, encoding: str) -> bytes:
    if encoding == "q":
        return quopri.decodestring(text.replace("_", "=20").encode("utf-8", "replace"), header=False)
    text = _NOT_BASE64.sub("", text)
    try:
        return binascii.a2b_base64(text + "=" * (-len(text) % 4))
    except binascii.Error:
        return b""


def addresses(value: str) -> tuple[tuple[Person, str], ...]:
    """The people of an address header, each with the comment beside them, once the place of names."""
    return _remembered(value) if len(value) < SHORT_HEADER else _addresses(value)


@lru_cache(maxsize=4096)
def _remembered(value: str) -> tuple[tuple[Person, str], ...]:
    """The same few people write and are written to over and over."""
    return _addresses(value)


def _addresses(value: str) -> tuple[tuple[Person, str], ...]:
    reader = _Addresses()
    for token in _ADDRESS_TOKEN.findall(re.sub(r"[\r\n]+", "", value[:LONGEST_HEADER])):
        reader.take(token)
    reader.end()
    return tuple(reader.found)


class _Addresses:
    """Reads tokens of an address header; nothing is ever looked at twice."""

    def __init__(self) -> None:
        self.found: list[tuple[Person, str]] = []
        self.phrase: list[str] = []
        self.angle: str | None = None
        self.comment: list[str] = []
        self.depth = 0
        self.family = ""  # of "Family, Given <address>", written without quotes

    def take(self, part: str) -> None:
        if part in ("(", ")"):
            self.depth = max(self.depth + (1 if part == "(" else -1), 0)
        elif self.depth:
            self.comment.append(part)
        elif part in (",", ";"):
            self.finish()
        elif part == ":":
            self.phrase.clear()  # what stood before names a group
        elif len(part) > 1 and part[0] == "<":
            self.angle = part[1:-1].strip()
        else:
            self.phrase.append(part)

    def finish(self) -> None:
        quoted = any(part.startswith('"') for part in self.phrase)
        name = " ".join("".join(_unquoted(part) for part in self.phrase).split())
        address = self.angle
        if address is None and "@" in name:
            local, _, domain = name.rpartition("@")
            address = f'"{local}"@{domain}' if " " in local else name
            name = ""
        if address is not None:
            name = words(f"{self.family}, {name}" if self.family else name).strip()
            comment = words("".join(self.comment)).strip()
            self.found.append(
                (Person(name, address.replace(" ", "") if '"' not in address else address), comment)
            )
            self.family = ""
        elif name:
            if self.family:
                self.found.append((Person(words(self.family).strip()), ""))
            self.family = name if not quoted else ""
            if quoted:
                self.found.append((Person(words(name).strip()), ""))
        self.phrase, self.angle, self.comment, self.depth = [], None, [], 0

    def end(self) -> None:
        self.finish()
        if self.family:
            self.found.append((Person(words(self.family).strip()), ""))


def _unquoted(part: str) -> str:
    return re.sub(r"\\(.)", r"\1", part[1:-1]) if len(part) > 1 and part[0] == '"' else part


def date(value: str, zone: tzinfo) -> datetime | None:
    """Read a date of a header, or None. ``zone`` is for one without offset; -0000 is UTC (RFC 5322)."""
    usual = _USUAL_DATE.match(value)
    try:
        at = _usual(usual) if usual else parsedate_to_datetime(value[:200])
        if at.tzinfo is None:
            at = at.replace(tzinfo=UTC if "-0000" in value else zone)
        at.astimezone(UTC) - timedelta(days=1)  # a moment that exists in every zone
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return at


def _usual(match: re.Match[str]) -> datetime:
    """A date as nearly every program writes it; the standard library reads all others, and is slower."""
    day, month, year, hour, minute, second, sign, hours, minutes = match.groups()
    east = 3600 * int(hours) + 60 * int(minutes)
    zone = _offset(-east if sign == "-" else east) if east or sign == "+" else None
    return datetime(
        int(year), _MONTHS.get(month, 0), int(day), int(hour), int(minute), int(second), tzinfo=zone
    )


@lru_cache(maxsize=256)
def _offset(east: int) -> timezone:
    return timezone(timedelta(seconds=east)) if east else UTC
