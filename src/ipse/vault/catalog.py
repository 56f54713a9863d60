"""``catalog.db``: the tables of the vault, whose every human-readable value is sealed, and who may write.

One writing connection at a time, across processes: each write transaction and the checkpoint of closing is
taken under a lock file, for SQLite 3.7.0 to 3.51.2 can lose data when two connections write and one resets
the log. Reading never takes the lock. This module knows no key and opens no value.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from filelock import FileLock, Timeout
from sqlalchemy import event

from ipse.errors import DamagedVaultError, UnknownVersionError, VaultError
from ipse.vault.faults import translated

__all__ = [
    "METADATA",
    "REVISION",
    "Catalog",
    "audit",
    "conversations",
    "documents",
    "epochs",
    "seen",
    "segments",
    "shreds",
    "sources",
]

REVISION = "0002"
"""The newest migration; a test holds it to the scripts."""

LOCK_SECONDS = 60.0  # a write takes milliseconds; the longest is the shredding of a large vault
BUSY_MS = 10_000
TRUNCATE_MS = 1000  # views are short; for the longer one of a backup nobody waits
FREE_SHARE = 4  # one page in so many unused: worth writing the catalog anew
COMPACT_BYTES = 1024 * 1024 * 1024

LOG_PAGES = 4096  # the write-ahead log is written back at 16 MiB: hot index pages move once, not per batch


class _Blob(sa.LargeBinary):
    """Bytes as they are: the drivers take and give them, so the wrapping of each value can be spared."""

    def bind_processor(self, dialect: sa.Dialect) -> None:
        """Hand the value over unchanged."""

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> None:
        """Take the value unchanged."""


METADATA = sa.MetaData()
_ID = _Blob(16)

# `position` counts from 1 in order of first appearance; `key_id` names a record of keys.db.
sources = sa.Table(
    "sources",
    METADATA,
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("token", _ID, nullable=False, unique=True),
    sa.Column("key_id", _ID, nullable=False, unique=True),
    sa.Column("sealed", _Blob, nullable=False),
)
conversations = sa.Table(
    "conversations",
    METADATA,
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("source", sa.Integer, sa.ForeignKey("sources.position"), nullable=False, index=True),
    sa.Column("token", _ID, nullable=False, unique=True),
    sa.Column("key_id", _ID, nullable=False),
    sa.Column("sealed", _Blob, nullable=False),
)
segments = sa.Table(
    "segments",
    METADATA,
    sa.Column("conversation", sa.Integer, sa.ForeignKey("conversations.position"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("sealed", _Blob, nullable=False),
)
seen = sa.Table(
    "seen",
    METADATA,
    sa.Column("token", _ID, primary_key=True),
    sa.Column("source", sa.Integer, sa.ForeignKey("sources.position"), nullable=False),
    sqlite_with_rowid=False,
)
documents = sa.Table(
    "documents",
    METADATA,
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("token", _ID, nullable=False, unique=True),
    sa.Column("key_id", _ID, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("label", _Blob, nullable=False),
    sa.Column("sealed", _Blob),
    sa.Column("object", _ID),
)
audit = sa.Table(
    "audit",
    METADATA,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("key_id", _ID, index=True),
    sa.Column("sealed", _Blob),
    sa.Column("commitment", _Blob(32), nullable=False),
    sa.Column("mac", _Blob(32), nullable=False),
)
# Of the audit log. The last has a key and no checkpoint yet; `first` is the first row of each.
epochs = sa.Table(
    "epochs",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("first", sa.Integer, nullable=False),
    sa.Column("key_id", _ID),
    sa.Column("checkpoint", _Blob),
)
# Keys whose sealed data is gone and which are to be destroyed: written with the deletion, removed when done.
shreds = sa.Table("shreds", METADATA, sa.Column("key_id", _ID, primary_key=True))


class Catalog:
    """The catalog of one vault in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "catalog.db"
        self._lock = FileLock(folder / "vault.lock", timeout=LOCK_SECONDS, mode=0o600)
        self._engine = sa.create_engine(sa.URL.create("sqlite", database=str(self._file)))
        event.listen(self._engine, "connect", _prepare)
        event.listen(self._engine, "begin", _begin)

    def create(self, revision: str = "head") -> None:
        """Write the empty catalog, as it was at ``revision``; raises ``UnknownVersionError``."""
        self._file.touch(mode=0o600)
        with self.write() as db:
            _migrate(db, revision)

    def check(self) -> None:
        """Bring an older catalog up to date; raises ``DamagedVaultError`` or ``UnknownVersionError``."""
        if not self._file.is_file():
            raise DamagedVaultError("The catalog (catalog.db) is missing.", hint="Restore it from a backup.")
        if self._revision() != REVISION:
            with self.write() as db:
                _migrate(db)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the vault's lock; holding it twice in one thread is fine."""
        try:
            self._lock.acquire()
        except Timeout as error:
            raise VaultError(
                "Another ipse has been writing to this vault for a minute.",
                hint="Let it finish and try again.",
            ) from error
        try:
            yield
        finally:
            self._lock.release()

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """One consistent view; keep it short, for the log cannot be truncated meanwhile."""
        with translated(), self._engine.connect() as db:
            yield db

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction under the lock: durable when this returns, or nothing of it happened."""
        with self.locked(), translated(), self._engine.begin() as db:
            yield db

    def truncate(self) -> bool:
        """Empty the write-ahead log, so that deleted ciphertext is in no file; False if a reader holds it."""
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
        """Give the room of what was deleted back where it is a quarter of the file; tells whether it did.

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

    def close(self) -> None:
        """Close all connections; the last one of a vault writes the log back, hence the lock."""
        with self.locked(), translated():
            self._engine.dispose()

    def _revision(self) -> str | None:
        with self.read() as db:
            return db.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


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


def _migrate(db: sa.Connection, to: str = "head") -> None:
    """Run the migrations that are missing, inside the transaction of ``db``."""
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    folder = Path(__file__).with_name("migrations")
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["connection"] = db
    try:
        command.upgrade(config, to)
    except CommandError as error:
        raise UnknownVersionError(
            "The catalog was written by a newer ipse.", hint="Open the vault with that version."
        ) from error
