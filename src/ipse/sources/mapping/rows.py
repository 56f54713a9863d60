"""Rows of any table as a dict by column: CSV, JSON, Parquet and SQLite. Knows tables, not what they mean."""

import io
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.sources.reading.jsons import elements
from ipse.sources.reading.tables import csv_rows

__all__ = ["Row", "rows"]

Row = dict[str, Any]
"""Cells by the name of their column; of JSON they may be nested."""

LONGEST: Final = 1 << 24  # characters of a line
# What SQLite says of a damaged schema quotes it, and may so be no UTF-8.
_DAMAGED: Final = (sqlite3.Error, UnicodeDecodeError)
BATCH: Final = 1000  # rows of Parquet held at once


def rows(
    path: ExportPath, *, delimiter: str = "", encoding: str = "", table: str = ""
) -> Iterator[tuple[str, Row | str]]:
    """Yield each row's position with the row, or with the reason why there is none.

    Raises ``SourceError`` where the file is no table.
    """
    head = path.head
    if not head:
        path.open().close()
        raise SourceError(f"{path.label} is empty.", hint="Export it again.")
    if head.startswith(b"PAR1"):
        return _parquet(path)
    if head.startswith(b"SQLite format 3\0"):
        return _sqlite(path, table)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"[":
        return _json(path)
    return _jsonl(path) if start == b"{" else _csv(path, delimiter, encoding)


def _text(path: ExportPath, encoding: str) -> io.TextIOWrapper:
    if not encoding:
        utf16 = path.head.startswith((b"\xff\xfe", b"\xfe\xff"))
        encoding = "utf-16" if utf16 else _guessed(path.head)
    return io.TextIOWrapper(path.open(), encoding=encoding, errors="replace", newline="")


def _guessed(head: bytes) -> str:
    """UTF-8, or what a spreadsheet on Windows writes; the head may end within a letter."""
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return "utf-8-sig" if error.start > len(head) - 4 else "cp1252"
    return "utf-8-sig"


class _Lines:
    """Lines of bounded length."""

    def __init__(self, file: io.TextIOWrapper) -> None:
        self._file = file

    def __iter__(self) -> Iterator[str]:
        while line := self._file.readline(LONGEST):
            if len(line) == LONGEST:
                while (rest := self._file.readline(LONGEST)) and not rest.endswith(("\n", "\r")):
                    pass
                line = "\0\n"
            yield line


def _csv(path: ExportPath, delimiter: str, encoding: str) -> Iterator[tuple[str, Row | str]]:
    with _text(path, encoding) as file:
        header, found = csv_rows(file, path.label, delimiter)
        for position, cells in found:
            yield position, cells if isinstance(cells, str) else dict(zip(header, cells, strict=False))


def _jsonl(path: ExportPath) -> Iterator[tuple[str, Row | str]]:
    with _text(path, "utf-8-sig") as file:
        for number, line in enumerate(_Lines(file), 1):
            if line.isspace():
                continue
            try:
                value = msgspec.json.decode(line)
            except (msgspec.DecodeError, UnicodeError, RecursionError):
                yield f"row {number}", "it is not valid JSON"
                continue
            yield f"row {number}", value if isinstance(value, dict) else "it is not a JSON object"


def _json(path: ExportPath) -> Iterator[tuple[str, Row | str]]:
    number = 0
    try:
        for place, value in elements(path):
            number = place + 1
            yield f"row {number}", value if isinstance(value, dict) else "it is not a JSON object"
    except SourceError:
        if not number:
            raise
        yield f"row {number + 1}", "the list breaks off or is damaged from here on"


def _parquet(path: ExportPath) -> Iterator[tuple[str, Row | str]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    with path.local() as file:
        try:
            with pq.ParquetFile(file) as table:
                for batch in table.iter_batches(batch_size=BATCH):
                    for row in _unpacked(batch):
                        number += 1
                        yield f"row {number}", row
        except (pa.ArrowException, OSError, ValueError) as error:
            if not number:
                raise SourceError(
                    f"{path.label}: damaged, or no Parquet.", hint="Export it again."
                ) from error
            yield f"row {number + 1}", "the file is damaged from here on"


def _unpacked(batch: Any) -> Iterator[Row | str]:  # noqa: ANN401 - pyarrow ships no types
    """The rows of a batch; moments finer than Python's are cut to µs, and one beyond them costs its row."""
    import pyarrow as pa

    columns = [
        column.cast(pa.timestamp("us", tz=column.type.tz), safe=False)
        if pa.types.is_timestamp(column.type)
        else column
        for column in batch.columns
    ]
    batch = pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
    for place in range(batch.num_rows):
        try:
            yield batch.slice(place, 1).to_pylist()[0]
        except (ValueError, OverflowError):
            yield "a cell in it is beyond what can be read"


def _sqlite(path: ExportPath, table: str) -> Iterator[tuple[str, Row | str]]:
    with path.local() as file, closing(_connected(file)) as database:
        chosen = _table(database, path, table)
        number = 0
        try:
            cursor = database.execute(f"SELECT * FROM {_quoted(chosen)}")  # noqa: S608 - the name is quoted
            names = [str(column[0]) for column in cursor.description]
            for cells in cursor:
                number += 1
                yield f"row {number} of {chosen}", dict(zip(names, cells, strict=True))
        except _DAMAGED:
            yield f"row {number + 1} of {chosen}", "the database is damaged from here on"


def _connected(file: Path) -> sqlite3.Connection:
    """Immutable: nothing is locked or written beside the file."""
    database = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    database.execute("PRAGMA trusted_schema = OFF")
    database.text_factory = lambda data: data.decode("utf-8", "replace")
    return database


def _table(database: sqlite3.Connection, path: ExportPath, wanted: str) -> str:
    """The table wanted, or the only one; views could run code of the file's author."""
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE TABLE%' ORDER BY name"
    try:
        names = [str(name) for (name,) in database.execute(query)]
    except _DAMAGED as error:
        raise SourceError(f"{path.label} is damaged or encrypted.", hint="Export it again.") from error
    if wanted in names:
        return wanted
    if not wanted and len(names) == 1:
        return names[0]
    shown = ", ".join(name[:40] for name in islice(names, 20)) or "none"
    raise SourceError(
        f"{path.label}: it has the tables {shown}.", hint="Name one in the mapping: table: NAME."
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
