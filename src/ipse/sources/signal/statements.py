"""The SQL in a backup, read as data: which table has which columns, and which row goes into which table.

No statement of the file is ever run. ``CREATE TABLE`` and ``INSERT … VALUES (?, …)`` are taken apart here,
everything else (indices, triggers, search tables) is passed over. Knows no table of Signal's.
"""

import re
import struct
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from ipse.sources.signal.wire import fields, first

__all__ = ["Created", "Inserted", "Value", "statement"]

Value: TypeAlias = str | int | float | bytes | None
_LONGEST: Final = 1 << 17  # characters of a statement; the longest CREATE TABLE of the app has 4,000
_NAME = r"""["'`\[]?(\w+)["'`\]]?"""
_CREATE = re.compile(
    rf"CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?{_NAME}\s*\((.*)\)[^()]*", re.IGNORECASE | re.DOTALL
)
_INSERT = re.compile(
    rf"INSERT\s+(?:OR\s+\w+\s+)?INTO\s+{_NAME}\s*(?:\(([^()]*)\)\s*)?VALUES\s*\(([?,\s]*)\)[;\s]*",
    re.IGNORECASE,
)
_WORD = re.compile(
    r"""--[^\n]*|/\*.*?\*/|"[^"]*"|'[^']*'|`[^`]*`|\[[^\]]*\]|[(),]|[^\s(),"'`\[]+""",
    re.DOTALL,
)
_CONSTRAINTS: Final = {"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"}
_NULL: Final = 5


class Created(NamedTuple):
    """A table and its columns."""

    table: str
    columns: tuple[str, ...]


class Inserted(NamedTuple):
    """A row; ``columns`` is empty where it has one value for each column of its table."""

    table: str
    columns: tuple[str, ...]
    values: list[Value]


def statement(body: bytes) -> Created | Inserted | None:
    """What a statement frame says, None if it is of no interest; raises ``ValueError`` for a broken one."""
    sql, values = b"", []
    for number, content in fields(body):
        if not isinstance(content, bytes):
            raise ValueError("a statement of numbers")
        if number == 1:
            sql = content
        elif number == 2:
            values.append(_value(content))
    found = _parsed(sql.decode("utf-8", "replace")) if len(sql) <= _LONGEST else None
    if found is None or isinstance(found, Created):
        return found
    table, columns, places = found
    if places != len(values) or (columns and len(columns) != places):
        raise ValueError("a row with more or fewer values than places")
    return Inserted(table, columns, values)


@lru_cache(maxsize=512)
def _parsed(sql: str) -> Created | tuple[str, tuple[str, ...], int] | None:
    """A table's columns, or where a row goes: the same few hundred statements come again for every row."""
    sql = sql.strip()
    if match := _INSERT.fullmatch(sql):
        names = tuple(name.strip(" \t\r\n\"'`[]").lower() for name in (match[2] or "").split(",") if name)
        return match[1].lower(), names, match[3].count("?")
    if match := _CREATE.fullmatch(sql):
        return Created(match[1].lower(), _columns(match[2]))
    return None


def _columns(inside: str) -> tuple[str, ...]:
    """The first word of each part between the outer commas, unless a constraint of the table starts there."""
    names, depth, fresh = [], 0, True
    for word in _WORD.findall(inside):
        if word.startswith(("--", "/*")):
            continue
        if word in "()":
            depth += 1 if word == "(" else -1
        elif depth == 0 and word == ",":
            fresh = True
        elif depth == 0 and fresh:
            fresh = False
            if word.upper() not in _CONSTRAINTS:
                names.append(word.strip("\"'`[]").lower())
    return tuple(names)


def _value(content: bytes) -> Value:
    """One parameter; the app writes its signed numbers as unsigned ones."""
    for number, value in first(content).items():
        if number == _NULL:
            return None
        if number == 1 and isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        if number == 2 and isinstance(value, int):
            return value - (1 << 64) if value >= 1 << 63 else value
        if number == 3 and isinstance(value, bytes) and len(value) == 8:
            return float(struct.unpack("<d", value)[0])
        if number == 4 and isinstance(value, bytes):
            return value
    raise ValueError("a parameter of no known kind")
