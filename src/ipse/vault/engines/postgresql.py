"""A schema on a PostgreSQL server: the same tables, and every value that says anything sealed by us before.

One writer at a time, whatever machine it is on, by an advisory lock. The connection that holds the lock is
the one that writes: should it break, the lock and the transaction go together. Each view and each transaction
is REPEATABLE READ, so two questions in one have one answer.
"""

import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from hashlib import blake2b
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from ipse.errors import VaultError
from ipse.vault.engines import interface
from ipse.vault.engines.reports import connection_lost, refused, reported

__all__ = ["PostgreSQL"]

CONNECT_SECONDS = 10
SILENCE_MS = 60_000  # how long a server may leave what was sent to it unanswered on the network
ROWS = 500  # inserted by one statement; the largest segment takes 64 KiB
COMPACT_LOCK_MS = 1000  # writing the tables anew keeps readers out, so it waits for them only so long
FREE_SHARE = 4  # one byte in so many unused: worth writing the tables anew
COMPACT_BYTES = 1024 * 1024 * 1024
SMALL_BYTES = 1024 * 1024  # of all tables together; nothing to be gained below
ROW_BYTES = 64  # of a row beside its sealed value: header, ids, line pointer

_VIEWS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND backend_xmin IS NOT NULL"
)


class _Held(threading.local):
    """How often this thread holds the lock, and the connection that has it."""

    times = 0
    db: sa.Connection


class PostgreSQL:
    """The schema ``schema`` on the server of ``url``, which may hold a password."""

    near = False

    def __init__(self, url: sa.URL, schema: str) -> None:
        self._where = url._replace(password=None).render_as_string(hide_password=False)
        self.name = f"schema {schema} of {self._where}"
        self._schema = schema
        self._lock = int.from_bytes(blake2b(schema.encode(), digest_size=8).digest(), "big", signed=True)
        self._held = _Held()
        self._driver = _driver()
        self._engine = sa.create_engine(
            _with_defaults(url),
            isolation_level="REPEATABLE READ",
            pool_pre_ping=True,  # after a restart of the server the first question is answered too
            hide_parameters=True,
        )
        weakref.finalize(self, self._engine.dispose)  # where opening a vault failed halfway
        event.listen(self._engine, "do_connect", partial(_connected, self._where, schema))

    def exists(self) -> bool:
        """Whether there is such a schema."""
        with self.read() as db:
            there = db.execute(sa.text("SELECT to_regnamespace(:name) IS NOT NULL"), {"name": self._schema})
            return bool(there.scalar())

    def require(self) -> None:
        """Raise ``VaultError`` unless the server answers and lets us make a schema."""
        with self.read() as db:
            may = "SELECT has_database_privilege(current_database(), 'CREATE'), current_user"
            allowed, user = db.execute(sa.text(may)).one()
        if not allowed:
            raise VaultError(
                f"{user} may make no schema in that database ({self._where}).",
                hint=f"Let its owner run: GRANT CREATE ON DATABASE … TO {user};",
            )

    @contextmanager
    def new(self) -> Iterator[sa.Connection]:
        """The schema is made in the transaction of its tables: a process killed before leaves nothing."""
        with self.write() as db:
            db.exec_driver_sql(f"CREATE SCHEMA {self._schema}")
            yield db

    def remove(self) -> None:
        """Drop the schema."""
        with self.write() as db:
            db.exec_driver_sql(f"DROP SCHEMA IF EXISTS {self._schema} CASCADE")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the advisory lock of the schema; who took it first need not be the last to let it go."""
        held = self._held
        if not held.times:
            with self._told():
                held.db = self._acquired()
        held.times += 1
        try:
            yield
        finally:
            held.times -= 1
            if not held.times:
                self._release(held.db)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Keep it short, for the server cannot clear away what is deleted meanwhile."""
        with self._told(), self._engine.connect() as db:
            yield db

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """``synchronous_commit=on``: durable means in the server's log on its disk."""
        with self.locked(), self._told():
            db = self._mine()
            with db.begin():
                yield db

    def version(self) -> str:
        """Which transactions have ended: every one that writes has a number of its own."""
        with self.read() as db:
            return str(db.execute(sa.text("SELECT pg_current_snapshot()")).scalar_one())

    def insert(self, db: sa.Connection, table: sa.Table, rows: Sequence[tuple[object, ...]]) -> None:
        """Some hundred rows by one statement, each column an array."""
        arrays = ", ".join(f"%b::{column.type.compile(dialect=db.dialect)}[]" for column in table.columns)
        quoted = db.dialect.identifier_preparer
        into = f"{quoted.format_table(table)} ({', '.join(map(quoted.format_column, table.columns))})"
        statement = f"INSERT INTO {into} SELECT * FROM unnest({arrays})"  # noqa: S608 - our tables
        for at in range(0, len(rows), ROWS):
            db.exec_driver_sql(statement, tuple(map(list, zip(*rows[at : at + ROWS], strict=True))))

    def scrub(self) -> bool:
        """VACUUM; while anybody reads in this database, the server keeps what they might still ask for."""
        with self.locked(), self._told():
            held = self._outside(_VIEWS)
            self._outside(f"VACUUM (INDEX_CLEANUP ON) {', '.join(self._tables())}")
        return not held

    def compact(self) -> bool:
        """VACUUM FULL where a quarter is free: the tables move to new files of the server."""
        with self.locked(), self._told():
            sizes = " + ".join(f"pg_table_size('{one}')" for one in self._tables())
            size, used = int(self._outside(f"SELECT {sizes}")), self._used()
            if size < SMALL_BYTES or used > COMPACT_BYTES or (size - used) * FREE_SHARE < size:
                return False
            self._outside(f"SET lock_timeout = {COMPACT_LOCK_MS}")
            try:
                self._outside(f"VACUUM FULL {', '.join(self._tables())}")
            except self._driver.errors.LockNotAvailable:
                return False
            finally:
                self._outside(_lock_timeout())
        return True

    def faults(self) -> list[str]:
        """Its files are the server's business: checksums, and whatever its keeper runs."""
        return []

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _acquired(self) -> sa.Connection:
        db = self._engine.connect()
        try:
            _outside(db, "SELECT pg_advisory_lock(%s)", self._lock)
        except self._driver.Error:
            db.invalidate()
            db.close()
            raise
        return db

    def _release(self, db: sa.Connection) -> None:
        """A connection that is lost has lost the lock too; what was committed before is no less so."""
        try:
            if not db.invalidated:
                _outside(db, "SELECT pg_advisory_unlock(%s)", self._lock)
        except self._driver.Error:
            db.invalidate()
        db.close()

    def _mine(self) -> sa.Connection:
        """The connection with the lock; one that was lost would come back without it."""
        db = self._held.db
        if db.invalidated:
            raise connection_lost(self._where)
        return db

    def _outside(self, sql: str, *values: object) -> Any:  # noqa: ANN401 - whatever was asked for
        return _outside(self._mine(), sql, *values)

    def _tables(self, having: str = "%") -> list[str]:
        """The tables of the schema with a column named so."""
        found: list[str] = self._outside(
            "SELECT array_agg(DISTINCT format('%%I.%%I', table_schema, table_name))"
            " FROM information_schema.columns WHERE table_schema = %s AND column_name LIKE %s",
            self._schema,
            having,
        )
        return found

    def _used(self) -> int:
        """About how many bytes of the tables are used: those that grow have sealed values."""
        each = (
            f"coalesce((SELECT sum(octet_length(sealed) + {ROW_BYTES}) FROM {one}), 0)"  # noqa: S608 - our tables
            for one in self._tables("sealed")
        )
        return int(self._outside(f"SELECT {' + '.join(each)}"))

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Errors of the server and its driver as errors of ours."""
        try:
            yield
        except (DBAPIError, self._driver.Error) as error:
            said = error.orig if isinstance(error, DBAPIError) else error
            raise reported(said, self._where) from error


def _connected(
    where: str, schema: str, _dialect: object, _record: object, _args: object, given: dict[str, Any]
) -> object:
    """A new connection; what is set stands outside of a transaction, for in one it would end with it."""
    driver = _driver()
    try:
        connection = driver.connect(**given, autocommit=True)
    except driver.Error as error:
        raise refused(error, where) from error
    connection.execute(f"SET search_path = {schema}; SET synchronous_commit = on; {_lock_timeout()}")
    connection.autocommit = False
    return connection


def _outside(db: sa.Connection, sql: str, *values: object) -> Any:  # noqa: ANN401 - whatever was asked for
    """Run a statement outside of a transaction; the first value of its answer, if it gives one."""
    raw: Any = db.connection.driver_connection
    raw.autocommit = True
    try:
        cursor = raw.execute(sql, values or None)
        return cursor.fetchone()[0] if cursor.description else None
    finally:
        if not raw.closed:
            raw.autocommit = False


def _lock_timeout() -> str:
    return f"SET lock_timeout = '{interface.LOCK_SECONDS * 1000:.0f}ms'"


def _with_defaults(url: sa.URL) -> sa.URL:
    defaults = {
        "connect_timeout": str(CONNECT_SECONDS),
        "tcp_user_timeout": str(SILENCE_MS),
        "application_name": "ipse",
        "client_encoding": "utf8",
    }
    return url.update_query_dict({name: value for name, value in defaults.items() if name not in url.query})


def _driver() -> ModuleType:
    try:
        import psycopg
    except ImportError as error:
        raise VaultError(
            "A catalog on PostgreSQL needs the package psycopg.", hint="Run: pip install 'ipse[postgresql]'"
        ) from error
    return psycopg
