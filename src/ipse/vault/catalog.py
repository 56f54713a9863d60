"""The catalog: the tables of the vault, whose every human-readable value is sealed, wherever they lie.

One writer at a time, across processes and machines; reading never waits for it. This module knows no key,
opens no value and speaks no dialect: see ``engines/``.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from ipse.errors import DamagedVaultError, UnknownVersionError, VaultError
from ipse.vault.faults import reported
from ipse.vault.location import Location

__all__ = [
    "METADATA",
    "REVISION",
    "Catalog",
    "audit",
    "conversations",
    "documents",
    "epochs",
    "migrate",
    "seen",
    "segments",
    "shreds",
    "sources",
]

REVISION = "0002"
"""The newest migration; a test holds it to the scripts."""


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
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("token", _ID, nullable=False, unique=True),
    sa.Column("key_id", _ID, nullable=False, unique=True),
    sa.Column("sealed", _Blob, nullable=False),
)
conversations = sa.Table(
    "conversations",
    METADATA,
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
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
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
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
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("key_id", _ID, index=True),
    sa.Column("sealed", _Blob),
    sa.Column("commitment", _Blob(32), nullable=False),
    sa.Column("mac", _Blob(32), nullable=False),
)
# Of the audit log. The last has a key and no checkpoint yet; `first` is the first row of each.
epochs = sa.Table(
    "epochs",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("first", sa.Integer, nullable=False),
    sa.Column("key_id", _ID),
    sa.Column("checkpoint", _Blob),
)
# Keys whose sealed data is gone and which are to be destroyed: written with the deletion, removed when done.
shreds = sa.Table("shreds", METADATA, sa.Column("key_id", _ID, primary_key=True))


class Catalog:
    """The catalog of the vault in ``folder``, where that says that it is."""

    def __init__(self, folder: Path, where: Location | None = None) -> None:
        self._folder = folder
        self._where = where or Location.read(folder)
        self._engine = self._where.engine(folder)

    def create(self, revision: str = "head") -> None:
        """Make the empty catalog, as it was at ``revision``; raises ``UnknownVersionError``."""
        with self._engine.new() as db:
            migrate(db, revision)

    def check(self) -> None:
        """Bring an older catalog up to date; raises ``DamagedVaultError`` or ``UnknownVersionError``."""
        if not self._engine.exists():
            raise DamagedVaultError(
                f"The catalog ({self._engine.name}) is missing.", hint="Restore it from a backup."
            )
        if self._revision() != REVISION:
            with self.write() as db:
                migrate(db)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the vault's lock; holding it twice in one thread is fine."""
        with self._engine.locked(), reported():  # of what is written under the lock beside the catalog
            self._require_here()
            yield

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """One consistent view; keep it short, for what is deleted stays on disk meanwhile."""
        self._require_here()
        with self._engine.read() as db:
            yield db

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction under the lock: durable when this returns, or nothing of it happened."""
        with self.locked(), self._engine.write() as db:
            yield db

    def insert(self, db: sa.Connection, table: sa.Table, rows: Sequence[tuple[object, ...]]) -> None:
        """Insert rows, each the values of all columns in their order."""
        self._engine.insert(db, table, rows)

    def scrub(self) -> bool:
        """See that deleted ciphertext is kept no longer than it must be; False if a reader still holds it."""
        with self.locked():
            return self._engine.scrub()

    def compact(self) -> bool:
        """Give the room of what was deleted back where it is much; tells whether it did."""
        with self.locked():
            return self._engine.compact()

    def version(self) -> str:
        """Another text as soon as anybody has written; that the catalog was moved is told by reading."""
        return self._engine.version()

    @property
    def near(self) -> bool:
        """Whether that is told without asking another process."""
        return self._engine.near

    def faults(self) -> list[str]:
        """What the database finds wrong with its own files."""
        self._require_here()
        return self._engine.faults()

    def close(self) -> None:
        """Close all connections."""
        self._engine.close()

    def _require_here(self) -> None:
        """Raise if another process moved the catalog since: what is written here would be lost."""
        if Location.read(self._folder) != self._where:
            raise VaultError("The catalog of the vault has been moved.", hint="Open the vault again.")

    def _revision(self) -> str | None:
        with self.read() as db:
            return db.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def migrate(db: sa.Connection, to: str = "head") -> None:
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
