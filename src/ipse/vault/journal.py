"""The audit log in the catalog: one row in the same transaction as the change it speaks of.

What happened is sealed under the key of its source where it names one, else under the vault's audit key; so
erasing a source takes its details along and leaves the chain whole. The row of the erasure says which rows
those are, so that details which somebody else removed are missed. This module does not know what the other
actions mean.
"""

import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any

import msgspec
import sqlalchemy as sa

from ipse.audit import (
    GENESIS,
    SALT_BYTES,
    AuditRow,
    Checkpoint,
    chain,
    commitment,
    link,
    verify_anchor,
    verify_log,
    verify_open,
)
from ipse.errors import AuditError, DamagedVaultError
from ipse.vault import catalog as tables
from ipse.vault import crypto
from ipse.vault.epochs import Epochs
from ipse.vault.keys import Key
from ipse.vault.parts import Parts, chunks
from ipse.vault.shredding import finish_shredding

__all__ = ["ERASED_ROWS", "AuditEntry", "AuditReport", "Journal"]

PAGE = 1000  # rows read at a time
EPOCH_ROWS = 1000  # after so many, opening the vault makes a checkpoint by itself
EXPORT = "ipse-audit-log"

_NEWEST = sa.select(tables.audit.c.seq, tables.audit.c.mac).order_by(tables.audit.c.seq.desc()).limit(1)

ERASED_ROWS = "erased_rows"
"""The detail of an erasure that says which rows lost theirs, such as `3-18,22`."""


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One row for the owner to read. Of an erased row only ``seq`` is left; its action reads ``erased``."""

    seq: int
    at: datetime | None = None
    action: str = "erased"
    details: dict[str, object] = {}


class AuditReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was verified: ``covered`` rows by a checkpoint in the vault, ``anchored`` ones by one outside.

    ``public_key`` (Ed25519, base64) verifies the first checkpoint and through it all others; note it down.
    """

    rows: int
    checkpoints: int
    covered: int
    anchored: int | None
    public_key: str


class _Body(msgspec.Struct, frozen=True):
    at: datetime
    action: str
    details: dict[str, object]


class Journal:
    """Writes and reads the log of one vault."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._own = Key(b"", parts.audit)
        self._epochs = Epochs(parts)
        self.by = ""
        """Who asks, where several may: told with each row, as ``by``."""

    def begin(self) -> None:
        """Make ready for the first row of a session; a long epoch is ended first, if it verifies."""
        self._epochs.begin()
        with self._parts.catalog.read() as db:
            long = self._epochs.length(db) >= EPOCH_ROWS
        if long:
            try:
                self.checkpoint()
            except AuditError:
                return  # nothing false is signed, and the owner gets at their data; `audit verify` tells

    def append(
        self, db: sa.Connection, action: str, details: Mapping[str, object], *, source: Key | None = None
    ) -> None:
        """Add a row within the transaction of ``db``; ``source`` is the key that seals it."""
        self.append_all(db, [(action, details, source)])

    def append_all(
        self, db: sa.Connection, told: Sequence[tuple[str, Mapping[str, object], Key | None]]
    ) -> int:
        """Several rows, each what was done, its details and the key that seals it; the newest's number."""
        last = db.execute(_NEWEST).one_or_none()
        seq, before = (last.seq, last.mac) if last else (0, GENESIS)
        now, rows, secret = datetime.now(UTC), list[dict[str, Any]](), self._epochs.secret(db).chain
        for action, details, source in told:
            seq += 1
            rows.append(
                self._row(secret, seq, before, _Body(now, action, self._told(details)), source or self._own)
            )
            before = rows[-1]["mac"]
        if rows:
            db.execute(sa.insert(tables.audit), rows)
        return seq

    def _told(self, details: Mapping[str, object]) -> dict[str, object]:
        return {"by": self.by, **details} if self.by else dict(details)

    def head(self) -> tuple[int, str]:
        """The number of the newest row, and its MAC in hex."""
        with self._parts.catalog.read() as db:
            row = db.execute(_NEWEST).one()
        return row.seq, row.mac.hex()

    def forget(self, db: sa.Connection, key_id: bytes) -> str:
        """Delete the details sealed under a key that is to be destroyed; returns the rows they were of.

        The caller appends a row with them as :data:`ERASED_ROWS`, in the same transaction.
        """
        mine = tables.audit.c.key_id == key_id
        rows = db.execute(sa.select(tables.audit.c.seq).where(mine).order_by(tables.audit.c.seq)).scalars()
        gone = _ranges(rows)
        db.execute(sa.update(tables.audit).where(mine).values(sealed=None, key_id=None))
        return gone

    def older(self, at: datetime, kept: tuple[str, ...]) -> list[int]:
        """Rows before ``at`` that still say something, but for actions that begin with one of ``kept``."""
        return [
            entry.seq
            for entry in self.entries()
            if entry.at is not None
            and entry.at < at
            and not entry.action.startswith(kept)
            and ERASED_ROWS not in entry.details
        ]

    def forget_before(self, at: datetime, kept: tuple[str, ...], *, action: str) -> int:
        """Delete what those rows say; the chain stays whole, and a row of ``action`` says which. How many.

        Raises ``AuditError`` where details were taken by somebody else before.
        """
        with self._parts.catalog.locked():
            _verify_erasures(self.entries())
            old = self.older(at, kept)
            if old:
                with self._parts.catalog.write() as db:
                    for some in chunks(old):
                        here = tables.audit.c.seq.in_(some)
                        db.execute(sa.update(tables.audit).where(here).values(sealed=None, key_id=None))
                    self.append(db, action, {"rows": len(old), ERASED_ROWS: _ranges(old)})
                self._parts.catalog.scrub()
        return len(old)

    def reseal(self, db: sa.Connection, old: Key, new: Key) -> None:
        """Seal the rows under the key of a source anew; the chain covers commitments, so it holds."""
        mine = sa.select(tables.audit.c.seq, tables.audit.c.sealed).where(tables.audit.c.key_id == old.id)
        for seq, sealed in db.execute(mine).all():
            plain = crypto.unseal(old.secret, sealed, self._place(seq, old))
            values = {"key_id": new.id, "sealed": crypto.seal(new.secret, plain, self._place(seq, new))}
            db.execute(sa.update(tables.audit).where(tables.audit.c.seq == seq).values(**values))

    def note(self, action: str, details: Mapping[str, object]) -> None:
        """Add a row that speaks of no source, in a transaction of its own."""
        with self._parts.catalog.write() as db:
            self.append(db, action, details)

    def entries(self, last: int = 0) -> Iterator[AuditEntry]:
        """Every row after ``last``, oldest first; raises ``AuditError`` at one that was changed."""
        keys: dict[bytes, Key] = {}
        for row, key_id in self._rows(last):
            yield self._entry(row, key_id, keys)

    def verify(self, anchor: Iterable[bytes] | None = None) -> AuditReport:
        """Check chain, checkpoints and details of every row; raises ``AuditError``.

        ``anchor``: the lines of checkpoints kept elsewhere. Nobody writes meanwhile, for a checkpoint of
        another process would destroy the key that this verifies with.
        """
        with self._parts.catalog.locked():
            with self._parts.catalog.read() as db:
                log = self._epochs.log(db)
            last = None
            if anchor is not None:
                last = verify_anchor(anchor, log.checkpoints, self._parts.vault.hex())
            rows = verify_log(log, (row for row, _ in self._rows()))
            _verify_erasures(self.entries())
        return AuditReport(
            rows=rows,
            checkpoints=len(log.checkpoints),
            covered=log.covered,
            anchored=last.seq if last else None,
            public_key=log.checkpoints[0].public if log.checkpoints else log.secret.public,
        )

    def checkpoint(self) -> Checkpoint:
        """Sign all rows so far and begin a new epoch; the old one's key is destroyed when this returns.

        Raises ``AuditError`` and signs nothing if the rows since the last checkpoint do not verify.
        """
        with self._parts.catalog.locked():
            with self._parts.catalog.write() as db:
                log = self._epochs.log(db)
                seq, head = verify_open(log, (row for row, _ in self._rows(log.covered)))
                made = self._epochs.close(db, log, seq, head)
                body = _Body(datetime.now(UTC), "audit.checkpoint", {"epoch": made.epoch, "rows": made.seq})
                row = self._row(self._epochs.secret(db).chain, seq + 1, link(made.line()), body, self._own)
                db.execute(sa.insert(tables.audit), [row])
            finish_shredding(self._parts)
        return made

    def checkpoints(self) -> list[Checkpoint]:
        """Every checkpoint, oldest first; raises ``AuditError`` at one that is not what was signed."""
        with self._parts.catalog.locked(), self._parts.catalog.read() as db:
            return list(self._epochs.log(db).checkpoints)

    def export(self) -> Iterator[bytes]:
        """The log without what it says, for a verifier elsewhere; a checkpoint is made to end it.

        JSON lines: a header, each row's commitment and MAC, and each checkpoint behind the last row it
        covers.
        """
        self.checkpoint()
        checkpoints = self.checkpoints()
        ends = {checkpoint.seq: checkpoint for checkpoint in checkpoints}
        whose = {"vault": self._parts.vault.hex(), "public_key": checkpoints[0].public}
        yield _line({"kind": EXPORT, "version": 1, **whose})
        for row, _ in takewhile(lambda held: held[0].seq <= checkpoints[-1].seq, self._rows()):
            shown = {"seq": row.seq, "commitment": row.commitment.hex(), "mac": row.mac.hex()}
            yield _line({"kind": "row", **shown})
            if row.seq in ends:
                yield ends[row.seq].line() + b"\n"

    def _row(self, secret: bytes, seq: int, before: bytes, body: _Body, key: Key) -> dict[str, Any]:
        plain = msgspec.json.encode(body)
        salt = crypto.random_bytes(SALT_BYTES)
        committed = commitment(salt, plain)
        return {
            "seq": seq,
            "key_id": key.id or None,
            "sealed": crypto.seal(key.secret, salt + plain, self._place(seq, key)),
            "commitment": committed,
            "mac": chain(secret, before, seq, committed),
        }

    def _rows(self, last: int = 0) -> Iterator[tuple[AuditRow, bytes | None]]:
        """Rows after ``last`` with the id of their sealing key, a page at a time: no view is held long."""
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
                yield _typed(row), row.key_id
            if len(rows) < PAGE:
                return
            last = rows[-1].seq

    def _entry(self, row: AuditRow, key_id: bytes | None, known: dict[bytes, Key]) -> AuditEntry:
        if row.sealed is None:
            return AuditEntry(seq=row.seq)
        if key_id is not None and key_id not in known:
            known.update(self._parts.keys.get([key_id]))
        key = self._own if key_id is None else known.get(key_id)
        if key is None:
            return self._gone(row)
        body = self._open(row, row.sealed, key)
        return AuditEntry(seq=row.seq, at=body.at, action=body.action, details=body.details)

    def _gone(self, row: AuditRow) -> AuditEntry:
        """A row whose key is not there: erased since it was read, or changed."""
        with self._parts.catalog.read() as db:
            sealed = sa.select(tables.audit.c.sealed).where(tables.audit.c.seq == row.seq)
            if db.execute(sealed).scalar() is None:
                return AuditEntry(seq=row.seq)
        raise _changed(row.seq)

    def _open(self, row: AuditRow, sealed: bytes, key: Key) -> _Body:
        try:
            plain = crypto.unseal(key.secret, sealed, self._place(row.seq, key))
        except DamagedVaultError as error:
            raise _changed(row.seq) from error
        salt, body = plain[:SALT_BYTES], plain[SALT_BYTES:]
        if not hmac.compare_digest(commitment(salt, body), row.commitment):
            raise _changed(row.seq)
        return msgspec.json.decode(body, type=_Body)

    def _place(self, seq: int, key: Key) -> bytes:
        return crypto.place(self._parts.vault, "audit", seq, key.id)


def _typed(row: sa.Row[tuple[object, ...]]) -> AuditRow:
    """A row of the catalog; a flipped bit can make text of bytes there."""
    held = (row.commitment, row.mac)
    maybe = (row.sealed, row.key_id)
    if not all(isinstance(value, bytes) for value in (*held, *(one for one in maybe if one is not None))):
        raise AuditError(
            f"Audit row {row.seq} is not what was written.",
            hint="Somebody changed the log: compare it with a backup.",
        )
    return AuditRow(row.seq, row.sealed, row.commitment, row.mac)


def _verify_erasures(entries: Iterable[AuditEntry]) -> None:
    """Raise ``AuditError`` for a row whose details are gone though no later erasure took them."""
    bare: set[int] = set()
    for entry in entries:
        if entry.at is None:
            bare.add(entry.seq)
        elif ERASED_ROWS in entry.details:
            bare -= _numbers(str(entry.details[ERASED_ROWS]))
        elif entry.action == "erase":  # of a version that did not say which
            bare.clear()
    if bare:
        raise AuditError(
            f"The details of audit row {min(bare)} are gone, and no erasure took them.",
            hint="Somebody changed the log: compare it with a backup.",
        )


def _ranges(rows: Iterable[int]) -> str:
    """Ascending numbers as text: `3-5,9`."""
    runs: list[list[int]] = []
    for row in rows:
        if runs and row == runs[-1][1] + 1:
            runs[-1][1] = row
        else:
            runs.append([row, row])
    return ",".join(str(first) if first == end else f"{first}-{end}" for first, end in runs)


def _numbers(text: str) -> set[int]:
    found: set[int] = set()
    for run in filter(None, text.split(",")):
        first, _, end = run.partition("-")
        found.update(range(int(first), int(end or first) + 1))
    return found


def _line(tree: dict[str, object]) -> bytes:
    return msgspec.json.encode(tree, order="sorted") + b"\n"


def _changed(seq: int) -> AuditError:
    return AuditError(
        f"The details of audit row {seq} are not what was written.",
        hint="Somebody changed the log: compare it with a backup.",
    )
