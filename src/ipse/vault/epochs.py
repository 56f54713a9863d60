"""The epochs of the audit log: the secret of the open one in the key ring, the checkpoints of the others.

Closing one writes its checkpoint, opens the next and dooms the old secret in one transaction. Checkpoints
are readable: they hold a count, a time and hashes. This module does not know what a row says.
"""

from types import NoneType

import sqlalchemy as sa

from ipse.audit import Checkpoint, EpochSecret, Log, sign, verify_checkpoints
from ipse.errors import AuditError
from ipse.vault import catalog as tables
from ipse.vault.parts import Parts, last

__all__ = ["Epochs"]


class Epochs:
    """Opens, reads and closes the epochs of one vault."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._known: tuple[bytes, EpochSecret] | None = None  # the open epoch, as last read

    def begin(self) -> None:
        """Open the first epoch where there is none yet: in a new vault, and in one older than epochs.

        Rows that are there already stay under the key they were written with; the first checkpoint signs
        them with the others.
        """
        with self._parts.catalog.locked():
            with self._parts.catalog.read() as db:
                if last(db, tables.epochs.c.number):
                    return
            (key,) = self._parts.keys.make(1)
            with self._parts.catalog.write() as db:
                row = {"number": 1, "first": last(db, tables.audit.c.seq) + 1, "key_id": key.id}
                db.execute(sa.insert(tables.epochs).values(**row))

    def secret(self, db: sa.Connection) -> EpochSecret:
        """The secret of the open epoch, under which rows are chained now."""
        columns = tables.epochs.c
        open_ = sa.select(columns.key_id).order_by(columns.number.desc()).limit(1)
        key_id: bytes = db.execute(open_).scalar() or b""
        if self._known is None or self._known[0] != key_id:
            self._known = key_id, EpochSecret(self._parts.keys.one(key_id).secret)
        return self._known[1]

    def length(self, db: sa.Connection) -> int:
        """How many rows the open epoch has; a hint, for nothing vouches for where it began."""
        first: object = db.execute(sa.select(sa.func.max(tables.epochs.c.first))).scalar()
        return last(db, tables.audit.c.seq) + 1 - first if isinstance(first, int) else 0

    def log(self, db: sa.Connection) -> Log:
        """What to verify the log with; raises ``AuditError`` if the epochs are not as written.

        Hold the vault's lock from here to the end of verifying, for a checkpoint destroys the secret.
        """
        rows = db.execute(sa.select(tables.epochs).order_by(tables.epochs.c.number)).all()
        kinds = [(type(row.first), type(row.key_id), type(row.checkpoint)) for row in rows]
        if kinds != [(int, NoneType, bytes)] * (len(rows) - 1) + [(int, bytes, NoneType)]:
            raise AuditError(
                "The epochs of the audit log are not as written.",
                hint="Somebody changed the log: compare it with a backup.",
            )
        *closed, now = rows
        key = self._parts.keys.get([now.key_id]).get(now.key_id)
        if key is None:
            raise AuditError(
                "The key of the audit log's last epoch is gone: the catalog is older than the keys.",
                hint="An older catalog was put in place of the newer one: restore both from one backup.",
            )
        checkpoints = verify_checkpoints((row.checkpoint for row in closed), self._parts.vault.hex())
        return Log(checkpoints, EpochSecret(key.secret), rows[0].first, self._parts.chain)

    def close(self, db: sa.Connection, log: Log, seq: int, head: bytes) -> Checkpoint:
        """End the open epoch at row ``seq`` and open the next; its secret is gone once shredding is done."""
        (after,) = self._parts.keys.make(1)
        before = log.checkpoints[-1] if log.checkpoints else None
        secret = EpochSecret(after.secret)
        made = sign(log.secret, secret, vault=self._parts.vault.hex(), seq=seq, head=head, before=before)
        old = tables.epochs.c.number == made.epoch
        key_id = db.execute(sa.select(tables.epochs.c.key_id).where(old)).scalar_one()
        db.execute(sa.update(tables.epochs).where(old).values(key_id=None, checkpoint=made.line()))
        row = {"number": made.epoch + 1, "first": seq + 1, "key_id": after.id}
        db.execute(sa.insert(tables.epochs).values(**row))
        db.execute(sa.insert(tables.shreds).values(key_id=key_id))
        return made
