"""Rows of a query to the owner's own PostgreSQL server, named by a YAML file, in constant memory.

The file says where and what; the password comes from where PostgreSQL's programs look for it (PGPASSWORD,
`~/.pgpass`, a service file) and need not stand in it. Knows queries, and nothing of what they are about.
"""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.sources.reading.yamls import yaml_in

if TYPE_CHECKING:
    import psycopg

__all__ = ["BATCH", "Query", "is_query", "query_in", "result"]

BATCH: Final = 1000  # rows fetched at a time
_KEYS: Final = ("url", "service", "query")
_EXAMPLE: Final = "Write postgresql: {url: postgresql://you@localhost/journal, query: SELECT …}."
_TEXTUAL: Final = ("date", "timestamp", "timestamptz", "json", "jsonb", "uuid", "numeric", "time", "interval")


class Query(msgspec.Struct, frozen=True):
    """Where to connect, as libpq understands it, and what to ask."""

    conninfo: str
    query: str


def is_query(path: ExportPath) -> bool:
    """Whether this is a YAML file that names a server and a query; by its head.

    One that came in an archive is not: it was hardly the owner who wrote where to connect.
    """
    if path.suffix not in (".yaml", ".yml") or path.path is None:
        return False
    return all(re.search(key, path.head, re.MULTILINE) for key in (rb"^postgresql:", rb"\bquery:"))


def query_in(path: ExportPath) -> Query:
    """Read the file; raises ``SourceError`` naming the key at fault and what to write."""
    document = yaml_in(path, _EXAMPLE)
    found = document.get("postgresql") if isinstance(document, dict) else None
    if not isinstance(found, dict):
        raise SourceError(f"{path.label}: `postgresql` names no server.", hint=_EXAMPLE)
    for key in found:
        if key not in _KEYS:
            raise SourceError(
                f"{path.label}: `postgresql.{str(key)[:40]}` is no key.",
                hint=f"Known are {', '.join(_KEYS)}.",
            )
    for key, value in found.items():
        if not isinstance(value, str) or not value.strip():
            raise SourceError(f"{path.label}: `postgresql.{key}` is no text.", hint=_EXAMPLE)
    if ("url" in found) == ("service" in found):
        raise SourceError(f"{path.label}: name either `url` or `service`.", hint=_EXAMPLE)
    if "query" not in found:
        raise SourceError(f"{path.label}: `postgresql.query` is missing.", hint=_EXAMPLE)
    if "service" in found and not re.fullmatch(r"[\w.-]+", found["service"]):
        raise SourceError(
            f"{path.label}: `postgresql.service` is no name of a service.",
            hint="Write the name in brackets in ~/.pg_service.conf.",
        )
    where = found["url"] if "url" in found else f"service={found['service']}"
    return Query(where, found["query"])


@contextmanager
def result(path: ExportPath) -> Iterator[tuple[tuple[str, ...], Iterator[tuple[str, list[Any] | str]]]]:
    """The columns of what the query gives, and its rows with their positions; nothing can be changed by it.

    Raises ``SourceError`` where the server cannot be reached or refuses the query.
    """
    query = query_in(path)
    with closing(_connected(path, query)) as connection, connection.cursor("ipse") as cursor:
        cursor.itersize = BATCH
        try:
            cursor.execute(query.query.encode())
            names = tuple(column.name for column in cursor.description or ())
        except _psycopg().Error as error:
            raise _refused(path, error) from error
        yield names, _rows(cursor)


def _rows(cursor: "psycopg.ServerCursor[Any]") -> Iterator[tuple[str, list[Any] | str]]:
    number = 0
    try:
        for cells in cursor:
            number += 1
            yield f"row {number}", list(cells)
    except _psycopg().Error:
        yield f"row {number + 1}", "the server gives no more from here on"


def _psycopg() -> ModuleType:
    try:
        import psycopg
    except ImportError as error:
        raise SourceError(
            "Reading from PostgreSQL needs the package psycopg.", hint="Run: pip install 'ipse[postgresql]'"
        ) from error
    return psycopg


def _connected(path: ExportPath, query: Query) -> "psycopg.Connection[Any]":
    library = _psycopg()
    from psycopg.types.string import TextLoader

    try:
        connection: psycopg.Connection[Any] = library.connect(
            query.conninfo, connect_timeout=10, application_name="ipse", client_encoding="utf8"
        )
    except library.Error as error:
        raise _refused(path, error) from error
    try:
        connection.execute("SET datestyle TO ISO; SET timezone TO 'UTC'")
        connection.commit()
        connection.read_only = True
    except library.Error as error:
        connection.close()
        raise _refused(path, error) from error
    for name in _TEXTUAL:  # as text, one cell that Python cannot hold costs its row and not the query
        connection.adapters.register_loader(name, TextLoader)
    return connection


def _refused(path: ExportPath, error: Exception) -> SourceError:
    """The server's own words where it has answered: they are about the query. Others may hold the address."""
    said = getattr(getattr(error, "diag", None), "message_primary", None)
    if said:
        line = "".join(letter if letter.isprintable() else " " for letter in str(said))[:200]
        return SourceError(f"{path.label}: the server says: {line}.", hint="Check `query` with psql.")
    return SourceError(
        f"{path.label}: the server cannot be reached ({type(error).__name__}).",
        hint="Check `url` with psql; the password comes from PGPASSWORD or ~/.pgpass.",
    )
