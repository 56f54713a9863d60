"""Rows of CSV, JSON lines and SQLite by what their columns mean, in constant memory.

Tables come from spreadsheets, apps and scripts: with byte order marks, in UTF-16 or Windows-1252, with any
delimiter, with rows cut short. Knows the form of a table and nothing of what it is about.
"""

import csv
import io
import re
import sqlite3
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final, Self, TextIO, TypeAlias

import msgspec

from ipse.errors import SourceError
from ipse.exports import ExportPath

__all__ = ["ABSENT", "Cells", "Columns", "csv_rows", "headers", "rows", "unsaved"]

ABSENT: Final = None
"""The cell of a column that the table does not have; a cell without a value is ``""``."""
Cells: TypeAlias = list[object]
"""The cells of a row in the order of the columns asked for: text, numbers, or whatever JSON held."""

_SQLITE = b"SQLite format 3\0"
# What SQLite says of a damaged schema quotes it, and may so be no UTF-8.
_DAMAGED = (sqlite3.Error, UnicodeDecodeError)
_LONGEST = 1 << 22  # characters of a line; more is not a row
_DELIMITERS = ",;\t|"
_BOM = "\ufeff"


class Columns:
    """The columns looked for, each with the names it goes by, and those without which there is no table."""

    def __init__(self, names: Mapping[str, tuple[str, ...]], *, needed: Sequence[str]) -> None:
        self.names = tuple(names)
        self._aliases = tuple(names.values())
        self._needed = [self.names.index(name) for name in needed]

    def layout(self, header: tuple[str, ...]) -> tuple[int | None, ...]:
        """For each column, where it stands in a table with this header."""
        return _layout(header, self._aliases)

    def known(self, header: tuple[str, ...]) -> int:
        """How many of the columns such a table has."""
        return sum(place is not None for place in self.layout(header))

    def usable(self, header: tuple[str, ...]) -> bool:
        """Whether those that are needed are there."""
        layout = self.layout(header)
        return all(layout[place] is not None for place in self._needed)

    def pick(self, cells: Sequence[object], header: tuple[str, ...]) -> Cells:
        """The cells of these columns, in their order, of a row under this header."""
        return _pick(cells, self.layout(header))

    def hinted(self, head: bytes) -> bool:
        """Whether the head of a database, where its tables are named, has a name of each needed column."""
        plain = re.sub(rb"[\s\-]+", b"_", head.lower())
        return all(any(name.encode() in plain for name in self._aliases[place]) for place in self._needed)

    def missing(self, path: ExportPath, tables: Sequence[tuple[str, ...]]) -> SourceError:
        """The error that names the columns found, which are the table's form and none of its content."""
        found = "; ".join(", ".join(name[:40] for name in names[:20]) for names in tables[:5])
        needed = " and ".join(self.names[place] for place in self._needed)
        return SourceError(
            f"{path.label}: no columns for {needed}; found: {_printable(found) or 'none'}.",
            hint=f"Name the columns {', '.join(self.names)}.",
        )


@lru_cache(maxsize=256)
def _layout(header: tuple[str, ...], aliases: tuple[tuple[str, ...], ...]) -> tuple[int | None, ...]:
    """Letter case, blanks and hyphens do not matter; a name listed earlier wins over one listed later."""
    plain = [re.sub(r"[\s\-]+", "_", name.strip(_BOM + " \t\r\n\"'").casefold()) for name in header]
    found = ([plain.index(alias) for alias in names if alias in plain] for names in aliases)
    return tuple(places[0] if places else None for places in found)


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _pick(cells: Sequence[object], layout: tuple[int | None, ...]) -> Cells:
    return [ABSENT if place is None else "" if cells[place] is None else cells[place] for place in layout]


def rows(path: ExportPath, columns: Columns) -> Iterator[tuple[str, Cells | str]]:
    """Yield each row's position with its cells, or with the reason why there are none.

    Raises ``SourceError`` where the file is no table or lacks a needed column.
    """
    kind = _kind(path)
    if kind == "sqlite":
        return _sqlite_rows(path, columns)
    return _jsonl_rows(path, columns) if kind == "jsonl" else _csv_rows(path, columns)


def headers(path: ExportPath, columns: Columns) -> list[tuple[str, ...]]:
    """The column names of each table in the file, from its head."""
    kind = _kind(path)
    if kind == "sqlite":
        if path.path is None and not columns.hinted(path.head):
            return []  # only reading it whole, out of its archive, would tell more
        with path.local() as file, closing(_connect(file)) as database:
            return [names for _, names in _tables(database, path)]
    with _decoding(io.BytesIO(path.head), path) as text:
        lines = _Lines(text)
        return [_header(lines, path, columns)[1] if kind == "csv" else _keys(lines)]


def unsaved(path: ExportPath) -> Iterator[str]:
    """Notes for the owner: SQLite keeps fresh changes beside the file, where an immutable reader is blind."""
    for ending in ("-wal", "-journal"):
        name = path.name + ending
        beside = path.path.with_name(name) if path.path else None
        if beside is not None and beside.is_file() and beside.stat().st_size:
            yield f"{name} holds changes that are not read: close the program that writes it first."


def _kind(path: ExportPath) -> str:
    head = path.head
    if not head:
        path.open().close()  # says so if it is not empty but cannot be read
        raise SourceError(f"{path.label} is empty.", hint="Export it again.")
    if head.startswith(_SQLITE):
        return "sqlite"
    letters = head[:4096].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return "jsonl" if letters.startswith((b"{", b"[")) else "csv"


# --- text ---


class _Lines:
    """Lines of bounded length; those that csv wrongly took into one row can be put back."""

    def __init__(self, file: TextIO) -> None:
        self.taken: list[str] = []
        self._file = file
        self._back: deque[str] = deque()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else self._line()
        if not line:
            raise StopIteration
        self.taken.append(line)
        return line

    def put_back(self) -> None:
        """Give all but the first of the lines taken once more."""
        self._back.extendleft(reversed(self.taken[1:]))

    def _line(self) -> str:
        line = self._file.readline(_LONGEST)
        if len(line) == _LONGEST:
            while (rest := self._file.readline(_LONGEST)) and not rest.endswith(("\n", "\r")):
                pass
            return "\0\n"  # refused as a row, and counted as one
        return line if line.isascii() else _ESCAPED.sub(_mend, line)


_ESCAPED = re.compile("[\udc80-\udcff]+")


def _mend(match: re.Match[str]) -> str:
    """Bytes that are no UTF-8 come from a spreadsheet on Windows."""
    return match[0].encode("ascii", "surrogateescape").decode("cp1252", "replace")


def _open(path: ExportPath) -> TextIO:
    return _decoding(path.open(), path)


def _decoding(file: BinaryIO, path: ExportPath) -> TextIO:
    head = path.head[:512]
    encoding = "utf-8-sig"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif head[1::2].count(0) * 3 > len(head):
        encoding = "utf-16-le"
    elif head[::2].count(0) * 3 > len(head):
        encoding = "utf-16-be"
    errors = "replace" if "16" in encoding else "surrogateescape"
    return io.TextIOWrapper(file, encoding=encoding, errors=errors, newline="")


def _header(lines: _Lines, path: ExportPath, columns: Columns) -> tuple[str, tuple[str, ...]]:
    """The delimiter that yields the most known columns, and the columns."""
    for line in lines:
        if line.strip() and not line.startswith("sep="):
            options = [(mark, _split(line, mark)) for mark in _DELIMITERS]
            return max(options, key=lambda option: columns.known(option[1]))
    raise SourceError(f"{path.label} holds no rows.", hint="Export it again.")


def _split(line: str, delimiter: str) -> tuple[str, ...]:
    try:
        return tuple(next(csv.reader([line], delimiter=delimiter)))
    except csv.Error:
        return ()


def csv_rows(
    file: TextIO, label: str, delimiter: str = ""
) -> tuple[tuple[str, ...], Iterator[tuple[str, list[str] | str]]]:
    """The header of a CSV that no one knows the columns of, and its rows as :func:`rows` gives them.

    Without a ``delimiter`` it is the one that the header has most of. Raises ``SourceError`` without rows.
    """
    lines = _Lines(file)
    first = next((line for line in lines if line.strip() and not line.startswith("sep=")), None)
    if first is None:
        raise SourceError(f"{label} holds no rows.", hint="Export it again.")
    mark = delimiter or max(_DELIMITERS, key=first.count)
    names = tuple(name.strip(_BOM + " \t\r\n") for name in _split(first, mark))
    return names, _cells(lines, mark, len(names))


def _csv_rows(path: ExportPath, columns: Columns) -> Iterator[tuple[str, Cells | str]]:
    with _open(path) as file:
        lines = _Lines(file)
        delimiter, names = _header(lines, path, columns)
        if not columns.usable(names):
            raise columns.missing(path, [names])
        layout = columns.layout(names)
        for position, cells in _cells(lines, delimiter, len(names)):
            yield position, cells if isinstance(cells, str) else _pick(cells, layout)


def _cells(lines: _Lines, delimiter: str, width: int) -> Iterator[tuple[str, list[str] | str]]:
    """Rows are numbered as a spreadsheet does: the header is row 1, and lines without a cell are skipped."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number = 1
    while (cells := _next_row(reader, lines)) is not None:
        number += any(cells) or not lines.taken[0].isspace()
        if len(cells) >= width and not any(cells[width:]):
            if any(cells):
                yield f"row {number}", cells
        elif not lines.taken[0].isspace():
            # A quote that nobody closed runs into the rows below: only its own line is given up.
            lines.put_back()
            yield f"row {number}", _CELLS if cells else _QUOTES


def _next_row(reader: Iterator[list[str]], lines: _Lines) -> list[str] | None:
    lines.taken.clear()
    try:
        return next(reader, None)
    except csv.Error:
        return []


_CELLS = "it has more or fewer cells than the header"
_QUOTES = "its quotes do not match"


def _keys(lines: _Lines) -> tuple[str, ...]:
    """The keys of the first objects, together."""
    found: dict[str, None] = {}
    for line in islice(lines, 100):
        value = _object(line)
        found |= dict.fromkeys(value if isinstance(value, dict) else ())
    return tuple(found)


def _object(line: str) -> dict[str, object] | str:
    try:
        value = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return "it is not valid JSON"
    return value if isinstance(value, dict) else "it is not a JSON object"


def _jsonl_rows(path: ExportPath, columns: Columns) -> Iterator[tuple[str, Cells | str]]:
    with _open(path) as file:
        names = _keys(_Lines(file))
    if not columns.usable(names):
        raise columns.missing(path, [names])
    # What this row alone lacks is an empty cell; what no row has is absent.
    empty = [ABSENT if place is None else "" for place in columns.layout(names)]
    with _open(path) as file:
        lines = _Lines(file)
        for number, line in enumerate(lines, 1):
            lines.taken.clear()
            if not line.isspace():
                value = _object(line)
                if isinstance(value, dict):
                    cells = _pick(list(value.values()), columns.layout(tuple(value)))
                    yield (
                        f"row {number}",
                        [e if c is ABSENT else c for c, e in zip(cells, empty, strict=True)],
                    )
                else:
                    yield f"row {number}", value


# --- SQLite ---


def _connect(file: Path) -> sqlite3.Connection:
    """Immutable: nothing is locked or written beside the file, so it may lie on a read-only medium."""
    database = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    database.execute("PRAGMA trusted_schema = OFF")
    database.text_factory = lambda data: data.decode("utf-8", "replace")
    return database


def _tables(database: sqlite3.Connection, path: ExportPath) -> list[tuple[str, tuple[str, ...]]]:
    """Plain tables and their columns; views and virtual tables could run code of the file's author."""
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE TABLE%' ORDER BY name"
    columns = "SELECT name FROM pragma_table_info(?)"
    try:
        tables = [str(table) for (table,) in database.execute(query)]
        return [
            (table, tuple(str(name) for (name,) in database.execute(columns, (table,)))) for table in tables
        ]
    except _DAMAGED as error:
        raise SourceError(f"{path.label} is damaged or encrypted.", hint="Export it again.") from error


def _sqlite_rows(path: ExportPath, columns: Columns) -> Iterator[tuple[str, Cells | str]]:
    with path.local() as file, closing(_connect(file)) as database:
        tables = _tables(database, path)
        chosen = [(table, names) for table, names in tables if columns.usable(names)]
        if not chosen:
            raise columns.missing(path, [names for _, names in tables])
        for table, names in chosen:
            yield from _table_rows(database, table, names, columns.layout(names))


def _table_rows(
    database: sqlite3.Connection, table: str, names: tuple[str, ...], layout: tuple[int | None, ...]
) -> Iterator[tuple[str, Cells | str]]:
    wanted = [place for place in layout if place is not None]
    among = tuple(None if place is None else wanted.index(place) for place in layout)
    selected = ", ".join(_quoted(names[place]) for place in wanted)
    number = 0
    try:
        for cells in database.execute(f"SELECT {selected} FROM {_quoted(table)}"):  # noqa: S608 names are quoted
            number += 1
            yield f"row {number} of {table}", _pick(cells, among)
    except _DAMAGED:
        yield f"row {number + 1} of {table}", "the database is damaged from here on"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
