"""``catalog.db``, a file of SQLite in the vault's folder.

One writing connection at a time, across processes: each write transaction and the checkpoint of closing is
taken under a lock file, for SQLite 3.7.0 to 3.51.2 can lose data when two connections write and one resets
the log. Reading never takes the lock.
"""

import mmap
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock, RLock

import sqlalchemy as sa
from filelock import FileLock, Timeout
from sqlalchemy import event

from ipse.errors import VaultError
from ipse.vault.engines import interface
from ipse.vault.faults import translated

__all__ = ["FILE", "SQLite"]

FILE = "catalog.db"

BUSY_MS = 10_000
TRUNCATE_MS = 1000  # views are short; for the longer one of a backup nobody waits
FREE_SHARE = 4  # one page in so many unused: worth writing the catalog anew
COMPACT_BYTES = 1024 * 1024 * 1024
_TURNS: dict[str, RLock] = {}
"""By folder: threads that write to one vault take turns."""

HEAD_BYTES = 48  # https://sqlite.org/walformat.html: the first copy of the header, a count of changes in it
_MAPPED: dict[tuple[int, int], mmap.mmap] = {}
"""By device and inode, and never closed: closing any handle of a file lets go of SQLite's locks on it."""

LOG_PAGES = 4096  # the write-ahead log is written back at 16 MiB: hot index pages move once, not per batch


class SQLite:
    """The file in ``folder``."""

    name = FILE
    near = True

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._turn = _TURNS.setdefault(str(folder.resolve()), RLock())
        self._lock = FileLock(folder / "vault.lock", timeout=interface.LOCK_SECONDS, mode=0o600)
        self._engine = sa.create_engine(sa.URL.create("sqlite", database=str(self._file)))
        self._looking = Lock()
        self._looks: sqlite3.Connection | None = None
        self._head: mmap.mmap | None = None
        self._inserts: dict[str, str] = {}
        event.listen(self._engine, "connect", _prepare)
        event.listen(self._engine, "begin", _begin)

    def exists(self) -> bool:
        """Whether there is such a file."""
        return self._file.is_file()

    def require(self) -> None:
        """A folder that can be written needs nothing more."""

    @contextmanager
    def new(self) -> Iterator[sa.Connection]:
        """Make the file, the owner's alone."""
        self._file.touch(mode=0o600)
        with self.write() as db:
            yield db

    def remove(self) -> None:
        """Delete the file and its logs: a new file of that name must not find one."""
        self._look_no_more()
        self._engine.dispose()
        for end in ("", "-journal", "-wal", "-shm"):
            self._file.with_name(FILE + end).unlink(missing_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the vault's lock file; among the threads of this process without waiting between looks."""
        if not self._turn.acquire(timeout=interface.LOCK_SECONDS):
            raise VaultError(interface.busy(), hint="Let it finish and try again.")
        try:
            try:
                self._lock.acquire()
            except Timeout as error:
                raise VaultError(interface.busy(), hint="Let it finish and try again.") from error
            try:
                yield
            finally:
                self._lock.release()
        finally:
            self._turn.release()

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Keep it short, for the log cannot be truncated meanwhile."""
        with translated(), self._engine.connect() as db:
            yield db

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """``synchronous=FULL``: durable means after a power loss too."""
        with self.locked(), translated(), self._engine.begin() as db:
            yield db

    def version(self) -> str:
        """The head of the log's index, which every commit changes: by it SQLite knows a view as stale."""
        head = self._head
        if head is None:
            with self._looking, translated():
                head = self._head = self._head or self._mapped()
        return head[:HEAD_BYTES].hex()

    def _mapped(self) -> mmap.mmap:
        """The shared memory of the log's index; it stays as long as a connection that has read is open."""
        where = f"{self._file.resolve().as_uri()}?mode=rw"
        self._looks = sqlite3.connect(where, uri=True, check_same_thread=False, isolation_level=None)
        self._looks.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return _shared(self._file.with_name(f"{FILE}-shm"))

    def insert(self, db: sa.Connection, table: sa.Table, rows: Sequence[tuple[object, ...]]) -> None:
        """Pass by SQLAlchemy's handling of each value, which costs 3 µs a row."""
        statement = self._inserts.get(table.name)
        if statement is None:
            statement = self._inserts[table.name] = str(sa.insert(table).compile(dialect=db.dialect))
        db.exec_driver_sql(statement, list(rows))

    def scrub(self) -> bool:
        """Empty the write-ahead log, so that deleted ciphertext is in no file."""
        with self.locked(), translated():
            raw = self._engine.raw_connection()
            try:
                cursor = raw.cursor()
                cursor.execute(f"PRAGMA busy_timeout={TRUNCATE_MS}")
                held: int = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")
            finally:
                raw.close()
        return not held

    def compact(self) -> bool:
        """Write the file anew where a quarter of it is free.

        What was deleted is zeros already. SQLite makes the copy in memory (``temp_store``), so that nothing
        lies outside the vault; a catalog too large for that keeps its room for what comes.
        """
        with self.locked(), translated():
            raw = self._engine.raw_connection()
            try:
                cursor = raw.cursor()
                free, pages, size = (
                    cursor.execute(f"PRAGMA {name}").fetchone()[0]
                    for name in ("freelist_count", "page_count", "page_size")
                )
                worth = bool(free * FREE_SHARE >= pages and (pages - free) * size <= COMPACT_BYTES)
                if worth:
                    cursor.execute("VACUUM")
                    cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                raw.close()
        return worth

    def faults(self) -> list[str]:
        """What ``integrity_check`` says."""
        with self.read() as db:
            found = [str(fault) for fault in db.exec_driver_sql("PRAGMA integrity_check").scalars()]
        return [f"{FILE}: {fault}" for fault in found if fault != "ok"]

    def close(self) -> None:
        """The last connection to a file writes the log back, hence the lock."""
        with self.locked(), translated():
            self._look_no_more()
            self._engine.dispose()

    def _look_no_more(self) -> None:
        with self._looking:
            if self._looks is not None:
                self._looks.close()
            self._looks = self._head = None


def _shared(file: Path) -> mmap.mmap:
    """A mapping of that file; an inode that is held open is nobody else's number."""
    found = file.stat()
    name = (found.st_dev, found.st_ino)
    if name not in _MAPPED:
        _MAPPED[name] = mmap.mmap(os.open(file, os.O_RDONLY | os.O_CLOEXEC), HEAD_BYTES, prot=mmap.PROT_READ)
    return _MAPPED[name]


def _prepare(connection: sa.engine.interfaces.DBAPIConnection, _: object) -> None:
    """Per connection. `isolation_level` None: transactions begin where we say, so two reads are one view."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "secure_delete=ON",
        "foreign_keys=ON",
        "cell_size_check=ON",
        "temp_store=MEMORY",
        f"wal_autocheckpoint={LOG_PAGES}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN")
