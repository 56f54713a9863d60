"""Rows in files that other programs read: JSON lines, CSV or Parquet; the same columns, nothing lost.

A column has one of six kinds. In CSV, ``text`` and ``time`` stand as they are and every other cell is JSON;
in Parquet, ``json`` columns are strings of JSON. This module does not know what a row means.
"""

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec

from ipse.errors import DamagedVaultError

__all__ = ["Column", "ColumnKind", "ExportFormat", "columns_of", "read_rows", "write_rows"]

ExportFormat = Literal["jsonl", "csv", "parquet"]
ColumnKind = Literal["text", "integer", "number", "boolean", "time", "json"]
ROWS_AT_A_TIME = 4096
_KINDS: dict[object, ColumnKind] = {
    str: "text",
    int: "integer",
    float: "number",
    bool: "boolean",
    datetime: "time",
}
_PLAIN = ("text", "time")  # stand in CSV as they are

Row = Mapping[str, Any]


class Column(msgspec.Struct, frozen=True):
    """One column of a table."""

    name: str
    kind: ColumnKind


def columns_of(row: type[msgspec.Struct]) -> tuple[Column, ...]:
    """The columns of a type of row; whatever is not one plain value is ``json``."""
    return tuple(Column(field.name, _kind(field.type)) for field in msgspec.structs.fields(row))


def _kind(type_: object) -> ColumnKind:
    if get_origin(type_) is Literal:
        return "text" if all(isinstance(one, str) for one in get_args(type_)) else "json"
    return _KINDS.get(type_, "json")


def write_rows(file: Path, columns: tuple[Column, ...], rows: Iterable[Row]) -> int:
    """Write rows of plain values (as ``msgspec.to_builtins`` makes them); the suffix says how. How many."""
    if file.suffix == ".parquet":
        return _write_parquet(file, columns, rows)
    if file.suffix == ".csv":
        return _write_csv(file, columns, rows)
    with file.open("wb") as stream:
        return sum(1 for row in rows if stream.write(msgspec.json.encode(row) + b"\n"))


def read_rows(file: Path, columns: tuple[Column, ...]) -> Iterator[dict[str, Any]]:
    """The rows of a file that :func:`write_rows` wrote; raises ``DamagedVaultError`` for one that is none."""
    try:
        if file.suffix == ".parquet":
            yield from _read_parquet(file, columns)
        elif file.suffix == ".csv":
            yield from _read_csv(file, columns)
        else:
            with file.open("rb") as stream:
                for line in stream:
                    yield msgspec.json.decode(line, type=dict[str, Any])
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise DamagedVaultError(
            f"{file}: a row is not one of this table.", hint="Export it again with this ipse."
        ) from error


def _write_csv(file: Path, columns: tuple[Column, ...], rows: Iterable[Row]) -> int:
    written = 0
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(column.name for column in columns)
        for row in rows:
            writer.writerow(_cell(column, row) for column in columns)
            written += 1
    return written


def _cell(column: Column, row: Row) -> str:
    if column.name not in row:
        return ""  # what the row leaves out has its default
    value = row[column.name]
    return str(value) if column.kind in _PLAIN else msgspec.json.encode(value).decode()


def _read_csv(file: Path, columns: tuple[Column, ...]) -> Iterator[dict[str, Any]]:
    kinds = {column.name: column.kind for column in columns}
    # A long text is one field. The limit is the whole process's, and sources rely on it: it is put back.
    before = csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream, strict=True):
                yield {
                    name: cell if kinds[name] in _PLAIN else msgspec.json.decode(cell)
                    for name, cell in row.items()
                    if cell or kinds[name] == "text"
                }
    finally:
        csv.field_size_limit(before)


def _write_parquet(file: Path, columns: tuple[Column, ...], rows: Iterable[Row]) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}
    schema = pa.schema([(column.name, kinds.get(column.kind, pa.string())) for column in columns])
    written, left = 0, iter(rows)
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        while batch := list(islice(left, ROWS_AT_A_TIME)):
            plain = [{one.name: _value(one, row) for one in columns} for row in batch]
            writer.write_table(pa.Table.from_pylist(plain, schema=schema))
            written += len(batch)
    return written


def _value(column: Column, row: Row) -> Any:  # noqa: ANN401 - whatever a row holds
    if column.name not in row:
        return None
    value = row[column.name]
    return msgspec.json.encode(value).decode() if column.kind == "json" else value


def _read_parquet(file: Path, columns: tuple[Column, ...]) -> Iterator[dict[str, Any]]:
    import pyarrow.parquet as pq

    kinds = {column.name: column.kind for column in columns}
    with pq.ParquetFile(file) as table:
        for batch in table.iter_batches(batch_size=ROWS_AT_A_TIME):
            for row in batch.to_pylist():
                yield {
                    name: msgspec.json.decode(value) if kinds[name] == "json" else value
                    for name, value in row.items()
                    if value is not None
                }
