"""The SQL in a backup, read as data: which table has which columns, and which row goes into which table.

No statement of the file is ever run. ``CREATE TABLE`` and ``INSERT … VALUES (?, …)`` are taken apart here,
everything else (indices, triggers, search tables) is passed over. Knows no table of Signal's.
"""

import re
import struct
from collections.abc import Container
from typing import Final, NamedTuple, TypeAlias

from ipse.sources.signal.wire import fields

__all__ = ["Created", "Inserted", "Statements", "Value"]

Value: TypeAlias = str | int | float | bytes | None
_LONGEST: Final = 1 << 17  # characters of a statement; the longest CREATE TABLE of the app has 4,000
_MOST: Final = 1 << 10  # texts remembered
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


class Statements:
    """Reads the statements of one backup; rows of tables other than ``tables`` are not even decoded.

    The same few hundred texts come again for every row, so what they say is kept, for as long as this is.
    """

    def __init__(self, tables: Container[str]) -> None:
        self._tables = tables
        self._known: dict[bytes, Created | _Row | None] = {}

    def read(self, body: bytes) -> Created | Inserted | None:
        """What a frame says, None if it is of no interest; raises ``ValueError`` for a broken one."""
        sql, contents = b"", []
        for number, content in fields(body):
            if number == 1 and isinstance(content, bytes):
                sql = content
            elif number == 2 and isinstance(content, bytes):
                contents.append(content)
        found = self._said(sql)
        if not isinstance(found, _Row):
            return found
        if found.places != len(contents) or (found.columns and len(found.columns) != found.places):
            raise ValueError("a row with more or fewer values than places")
        return Inserted(found.table, found.columns, [_value(content) for content in contents])

    def _said(self, sql: bytes) -> "Created | _Row | None":
        if sql in self._known:
            return self._known[sql]
        found = _parsed(sql.decode("utf-8", "replace").strip()) if len(sql) <= _LONGEST else None
        found = found if found is not None and found.table in self._tables else None
        if len(self._known) < _MOST and len(sql) <= _LONGEST:
            self._known[sql] = found
        return found


class _Row(NamedTuple):
    """Where a row goes and how many values it has."""

    table: str
    columns: tuple[str, ...]
    places: int


def _parsed(sql: str) -> Created | _Row | None:
    if match := _INSERT.fullmatch(sql):
        names = tuple(name.strip(" \t\r\n\"'`[]").lower() for name in (match[2] or "").split(",") if name)
        return _Row(match[1].lower(), names, match[3].count("?"))
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
    for number, value in fields(content):
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
