"""Vaults over both kinds of catalog: what somebody without a key can do to either, and copies of vaults."""

import re
import shutil
import sqlite3
from contextlib import closing
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from ipse.vault.catalog import METADATA
from ipse.vault.location import Location

from ..soak import rounds

Rows = list[tuple[Any, ...]]

SQLITE_ONLY = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
"""On a test about the file of SQLite itself, or about what its tables alone can hold; the test says which."""

POSTGRESQL_ONLY = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)


def seeds(quick: int, soak: int) -> pytest.MarkDecorator:
    """For a test that takes seconds: quick, a third as many over PostgreSQL as over SQLite."""
    counts = {"sqlite": rounds(quick, soak), "postgresql": rounds(-(-quick // 3), soak)}
    each = [(engine, seed) for engine, count in counts.items() for seed in range(count)]
    return pytest.mark.parametrize(("engine", "seed"), each, indirect=["engine"])


# What SQLite has and PostgreSQL has not, so that one attack reads the same for both.
_LIKE_SQLITE = """
CREATE FUNCTION public.zeroblob(size int) RETURNS bytea IMMUTABLE LANGUAGE sql
    AS $$ SELECT decode(repeat('00', size), 'hex') $$;
CREATE FUNCTION public.later(a bytea, b bytea) RETURNS bytea IMMUTABLE LANGUAGE sql
    AS $$ SELECT greatest(a, b) $$;
CREATE AGGREGATE public.max(bytea) (SFUNC = public.later, STYPE = bytea);
SET session_replication_role = replica;  -- rows are changed without a look at what refers to them
"""


@cache
def connected(url: str) -> "psycopg.Connection[Any]":
    """One connection for all tests of a process."""
    bare = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    made = psycopg.connect(bare, autocommit=True)
    there = made.execute("SELECT to_regproc('public.zeroblob') IS NOT NULL").fetchone()
    made.execute("SET session_replication_role = replica" if there == (True,) else _LIKE_SQLITE)
    return made


def run_sql(folder: Path, statement: str, *values: object, file: str = "catalog.db") -> Rows:
    """Run a statement of SQLite's dialect in the catalog of a vault, or in one of its files."""
    stored = Location.read(folder).stored
    if stored is None or file != "catalog.db":
        with closing(sqlite3.connect(folder / file)) as db, db:
            return db.execute(statement, values).fetchall()
    translated = re.sub(r"x'([0-9a-f]*)'", r"'\\x\1'::bytea", statement.replace("?", "%s"))
    db_ = connected(stored.url)
    db_.execute(f"SET search_path = {stored.schema}, public".encode())
    found = db_.execute(translated.encode(), values or None)
    return found.fetchall() if found.description else []


@cache
def _tables() -> str:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    made: list[str] = []
    for table in METADATA.sorted_tables:
        made.append(str(CreateTable(table).compile(dialect=dialect)))
        made += [str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes]
    made.append("CREATE TABLE alembic_version (version_num varchar(32) NOT NULL PRIMARY KEY)")
    return ";\n".join(made)


def copied(folder: Path, to: Path) -> Path:
    """A copy of a vault's folder, with a catalog of its own."""
    shutil.copytree(folder, to)
    part(to)
    return to


def part(folder: Path) -> None:
    """Give a copied folder a catalog of its own; nothing to do where that is in the folder."""
    stored = Location.read(folder).stored
    if stored is None:
        return
    schema = re.sub("_[^_]*$", f"_{next(_numbers):08x}", stored.schema)
    rows = "; ".join(f"INSERT INTO {schema}.{name} SELECT * FROM {stored.schema}.{name}" for name in _names())
    script = f"BEGIN; CREATE SCHEMA {schema}; SET search_path = {schema}; {_tables()}; {rows}; COMMIT"
    connected(stored.url).execute(script.encode())
    Location(replace(stored, schema=schema)).write(folder)


def catalog_bytes(folder: Path) -> bytes:
    """All that a catalog holds, as somebody sees it who copies its file or dumps its schema."""
    stored = Location.read(folder).stored
    if stored is None:
        return (folder / "catalog.db").read_bytes()
    found = [run_sql(folder, f"SELECT * FROM {name} ORDER BY 1") for name in _names()]
    return repr(found).encode()


def _names() -> list[str]:
    return [*(str(table.name) for table in METADATA.sorted_tables), "alembic_version"]


_numbers = count(1)
