"""The audit log in the catalog: one row in the same transaction as the change it speaks of.

What happened is sealed under the key of its source where it names one, else under the vault's audit key; so
erasing a source takes its details along and leaves the chain whole. This module does not know what the
actions mean.
"""

import hmac
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import msgspec
import sqlalchemy as sa

from ipse.audit import GENESIS, SALT_BYTES, AuditRow, chain, commitment, verify_chain
from ipse.errors import AuditError, DamagedVaultError
from ipse.vault import catalog as tables
from ipse.vault import crypto
from ipse.vault.keys import Key
from ipse.vault.parts import Parts

__all__ = ["AuditEntry", "Journal"]

PAGE = 1000  # rows read at a time


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One row for the owner to read. Of an erased row only ``seq`` is left; its action reads ``erased``."""

    seq: int
    at: datetime | None = None
    action: str = "erased"
    details: dict[str, object] = {}


class _Body(msgspec.Struct, frozen=True):
    at: datetime
    action: str
    details: dict[str, object]


class Journal:
    """Writes and reads the log of one vault."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._own = Key(b"", parts.audit)

    def append(
        self, db: sa.Connection, action: str, details: Mapping[str, object], *, source: Key | None = None
    ) -> None:
        """Add a row within the transaction of ``db``; ``source`` is the key that seals it."""
        newest = (
            sa.select(tables.audit.c.seq, tables.audit.c.mac).order_by(tables.audit.c.seq.desc()).limit(1)
        )
        last = db.execute(newest).one_or_none()
        seq, before = (last.seq + 1, last.mac) if last else (1, GENESIS)
        key = source or self._own
        body = msgspec.json.encode(_Body(datetime.now(UTC), action, dict(details)))
        salt = crypto.random_bytes(SALT_BYTES)
        committed = commitment(salt, body)
        db.execute(
            sa.insert(tables.audit).values(
                seq=seq,
                key_id=key.id or None,
                sealed=crypto.seal(key.secret, salt + body, self._place(seq, key)),
                commitment=committed,
                mac=chain(self._parts.chain, before, seq, committed),
            )
        )

    def entries(self) -> Iterator[AuditEntry]:
        """Every row, oldest first; raises ``AuditError`` at one that is not what was written."""
        keys: dict[bytes, Key] = {}
        for row, key_id in self._rows():
            if row.sealed is None:
                yield AuditEntry(seq=row.seq)
                continue
            body = self._open(row, self._key(key_id, keys))
            yield AuditEntry(seq=row.seq, at=body.at, action=body.action, details=body.details)

    def verify(self) -> int:
        """Check chain and contents of every row and return how many; raises ``AuditError``."""
        count = verify_chain(self._parts.chain, (row for row, _ in self._rows()))
        for _ in self.entries():
            pass
        return count

    def _rows(self) -> Iterator[tuple[AuditRow, bytes | None]]:
        """Rows with the id of their sealing key, a page at a time, so that no view is held for long."""
        last = 0
        while True:
            page = (
                sa.select(tables.audit)
                .where(tables.audit.c.seq > last)
                .order_by(tables.audit.c.seq)
                .limit(PAGE)
            )
            with self._parts.catalog.read() as db:
                rows = db.execute(page).all()
            for row in rows:
                yield AuditRow(row.seq, row.sealed, row.commitment, row.mac), row.key_id
            if len(rows) < PAGE:
                return
            last = rows[-1].seq

    def _key(self, key_id: bytes | None, known: dict[bytes, Key]) -> Key:
        if key_id is None:
            return self._own
        if key_id not in known:
            known[key_id] = self._parts.keys.one(key_id)
        return known[key_id]

    def _open(self, row: AuditRow, key: Key) -> _Body:
        try:
            plain = crypto.unseal(key.secret, row.sealed or b"", self._place(row.seq, key))
        except DamagedVaultError as error:
            raise _changed(row.seq) from error
        salt, body = plain[:SALT_BYTES], plain[SALT_BYTES:]
        if not hmac.compare_digest(commitment(salt, body), row.commitment):
            raise _changed(row.seq)
        return msgspec.json.decode(body, type=_Body)

    def _place(self, seq: int, key: Key) -> bytes:
        return crypto.place(self._parts.vault, "audit", seq, key.id)


def _changed(seq: int) -> AuditError:
    return AuditError(
        f"The details of audit row {seq} are not what was written.",
        hint="Somebody changed the log: compare it with a backup.",
    )
