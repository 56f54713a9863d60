"""The chain of what was kept, used and erased, and the signed checkpoints that can leave the machine.

Each row's MAC covers the row before it: ``mac(n) = HMAC-SHA256(key, mac(n-1) || n || commitment(n))`` with
``commitment = SHA-256(salt || payload)``. What happened is sealed apart, with its salt; erasing that leaves
the commitment, which reveals nothing, and the chain still verifies.

The log is cut into epochs. Each has a random secret of its own, from which its MAC key and an Ed25519 key
come. A checkpoint ends an epoch: it signs ``head(n) = SHA-256(head(n-1) || n || commitment(n) || mac(n))``
over all rows so far and names the public key of the next epoch; then the secret is destroyed. So whoever
takes every key later can neither sign nor chain anew what a checkpoint covers, and one public key, that of
the first epoch, verifies all that follow. The first row of an epoch is chained to the checkpoint before it.

What a chain alone cannot show: rows cut off its end, or an older copy of all of it. A checkpoint kept
elsewhere shows both, up to that checkpoint. This module knows neither the vault nor the cipher.
"""

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, final

import msgspec

from ipse import signing
from ipse.errors import AuditError

__all__ = [
    "GENESIS",
    "SALT_BYTES",
    "AuditRow",
    "Checkpoint",
    "EpochSecret",
    "Log",
    "chain",
    "commitment",
    "extend",
    "link",
    "sign",
    "verify_anchor",
    "verify_checkpoints",
    "verify_log",
    "verify_open",
]

GENESIS = bytes(32)
"""The MAC and the head before the first row."""

SALT_BYTES = 16  # 128 bit: guessing details from their commitment is as hard as guessing a key
PURPOSE = "audit checkpoint"
CHANGED = "Somebody changed the log: compare it with a backup."


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row: ``seq`` from 1 without gaps; ``sealed`` is the ciphertext, None once it was erased."""

    seq: int
    sealed: bytes | None
    commitment: bytes
    mac: bytes


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is signed: ``head`` over rows 1 to ``seq``. No content, and no hint of it.

    ``public`` verifies ``signature`` and was named as ``next`` by the checkpoint before, whose line has the
    SHA-256 ``previous``. ``epoch`` counts checkpoints from 1. Hashes are hex, keys and signatures base64.
    """

    vault: str
    epoch: int
    seq: int
    head: str
    at: datetime
    previous: str
    public: str
    next: str
    signature: str = ""
    kind: Literal["checkpoint"] = "checkpoint"
    version: Literal[1] = 1

    def line(self) -> bytes:
        """Canonical JSON, one line without its end: sorted keys, no spaces."""
        return msgspec.json.encode(self, order="sorted")

    def check(self) -> None:
        """Raise ``AuditError`` unless ``public`` signed it, and the signature is written in its one way."""
        signed = signing.is_signed(self.public, PURPOSE, _unsigned(self), self.signature)
        if not signed or b64encode(b64decode(self.signature)).decode() != self.signature:
            raise AuditError(f"Checkpoint {self.epoch} is not what was signed.", hint=CHANGED)


@final
class EpochSecret:
    """The secret of an epoch, 32 random bytes, as the two keys made from it."""

    def __init__(self, secret: bytes) -> None:
        self.chain = hmac.digest(secret, b"ipse audit chain", "sha256")
        self._seed = hmac.digest(secret, b"ipse audit checkpoint", "sha256")

    @property
    def public(self) -> str:
        """The public key of its checkpoint, base64."""
        return signing.public_key(self._seed)

    def signature(self, data: bytes) -> str:
        """Sign, base64."""
        return signing.signature(self._seed, PURPOSE, data)


@dataclass(frozen=True, slots=True)
class Log:
    """What a log is verified with.

    ``checkpoints`` are verified ones, oldest first; ``secret`` is that of the epoch after them; rows before
    ``first`` were written before there were epochs, under the key ``early``.
    """

    checkpoints: Sequence[Checkpoint]
    secret: EpochSecret
    first: int = 1
    early: bytes = b""

    @property
    def covered(self) -> int:
        """The last row that a checkpoint covers."""
        return self.checkpoints[-1].seq if self.checkpoints else 0


def commitment(salt: bytes, details: bytes) -> bytes:
    """SHA-256 over salt and details; the salt has a fixed length, so the two cannot be shifted."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes")
    return hashlib.sha256(salt + details).digest()


def chain(key: bytes, before: bytes, seq: int, committed: bytes) -> bytes:
    """The MAC of row ``seq`` (8 bytes, big-endian) with that commitment, after a row with MAC ``before``."""
    return hmac.digest(key, before + seq.to_bytes(8, "big") + committed, "sha256")


def extend(head: bytes, row: AuditRow) -> bytes:
    """The head after ``row``."""
    return hashlib.sha256(head + row.seq.to_bytes(8, "big") + row.commitment + row.mac).digest()


def link(line: bytes) -> bytes:
    """What the first row after a checkpoint, and the next checkpoint, are chained to."""
    return hashlib.sha256(line).digest()


def sign(
    secret: EpochSecret, after: EpochSecret, *, vault: str, seq: int, head: bytes, before: Checkpoint | None
) -> Checkpoint:
    """The checkpoint that ends the epoch of ``secret`` at row ``seq``; ``after`` is the next epoch's."""
    bare = Checkpoint(
        vault=vault,
        epoch=before.epoch + 1 if before else 1,
        seq=seq,
        head=head.hex(),
        at=datetime.now(UTC).replace(microsecond=0),
        previous=(link(before.line()) if before else GENESIS).hex(),
        public=secret.public,
        next=after.public,
    )
    return msgspec.structs.replace(bare, signature=secret.signature(_unsigned(bare)))


def verify_checkpoints(lines: Iterable[bytes], vault: str) -> list[Checkpoint]:
    """Check every checkpoint of a log and that each follows from the one before; raises ``AuditError``."""
    found: list[Checkpoint] = []
    for number, line in enumerate(lines, start=1):
        checkpoint = _read(line, f"Checkpoint {number}")
        checkpoint.check()
        before = found[-1] if found else None
        follows = (
            checkpoint.epoch == number
            and checkpoint.vault == vault
            and checkpoint.seq > (before.seq if before else 0)
            and checkpoint.previous == (link(before.line()) if before else GENESIS).hex()
            and checkpoint.public == (before.next if before else checkpoint.public)
        )
        if not follows:
            raise AuditError(f"Checkpoint {number} does not follow from the one before.", hint=CHANGED)
        found.append(checkpoint)
    return found


def verify_log(log: Log, rows: Iterable[AuditRow]) -> int:
    """Check rows in order and return how many; raises ``AuditError`` that names where it first fails.

    A row that a checkpoint covers is held against that: its MAC key is gone. So the rows of one epoch are
    named together.
    """
    _verify_epoch(log)
    before, head, count = GENESIS, GENESIS, 0
    ends = {checkpoint.seq: checkpoint for checkpoint in log.checkpoints}
    for count, row in enumerate(rows, start=1):
        if row.seq != count:
            raise AuditError(
                f"Audit row {count} is missing; row {row.seq} stands in its place.", hint=CHANGED
            )
        key = log.early if count < log.first else log.secret.chain if count > log.covered else None
        if key is not None and not hmac.compare_digest(row.mac, chain(key, before, count, row.commitment)):
            raise AuditError(f"Audit row {count} is not what was written.", hint=CHANGED)
        before, head = row.mac, extend(head, row)
        if (end := ends.get(count)) is not None:
            _signed(end, head, log)
            before = link(end.line())
    _not_cut(log, count)
    return count


def verify_open(log: Log, rows: Iterable[AuditRow]) -> tuple[int, bytes]:
    """Check the rows after the last checkpoint alone; returns the last one's number and head."""
    _verify_epoch(log)
    last = log.checkpoints[-1] if log.checkpoints else None
    before, head = (link(last.line()), bytes.fromhex(last.head)) if last else (GENESIS, GENESIS)
    count = log.covered
    for row in rows:
        count += 1
        key = log.early if count < log.first else log.secret.chain
        expected = chain(key, before, count, row.commitment)
        if row.seq != count or not hmac.compare_digest(row.mac, expected):
            raise AuditError(f"Audit row {count} is not what was written.", hint=CHANGED)
        before, head = row.mac, extend(head, row)
    _not_cut(log, count)
    return count, head


def verify_anchor(lines: Iterable[bytes], checkpoints: Sequence[Checkpoint], vault: str) -> Checkpoint:
    """Hold checkpoints kept elsewhere against those of the log; returns the last one kept.

    ``lines`` is the anchor, line by line. Raises ``AuditError`` that names the line.
    """
    last: Checkpoint | None = None
    for number, line in enumerate(lines, start=1):
        kept = _read(line.rstrip(b"\n"), f"Line {number} of the anchor")
        if kept.vault != vault:
            raise AuditError(
                f"Line {number} of the anchor is of another vault ({kept.vault[:8]}).",
                hint="Give the anchor of this one.",
            )
        kept.check()
        if last is not None and kept.epoch <= last.epoch:
            raise AuditError(f"Line {number} of the anchor is out of order.", hint="Restore the anchor.")
        if kept.epoch > len(checkpoints):
            raise AuditError(
                f"The anchor knows checkpoint {kept.epoch} over {kept.seq} rows ({kept.at:%Y-%m-%d}); the log"
                f" only {len(checkpoints)}: rows were cut off, or an older copy was put in its place.",
                hint="If you restored a backup yourself, begin a new anchor; else look for who did.",
            )
        if checkpoints[kept.epoch - 1] != kept:
            raise AuditError(
                f"Checkpoint {kept.epoch} of the log is not the one that the anchor holds.",
                hint="One of the two was replaced: compare both with a backup.",
            )
        last = kept
    if last is None:
        raise AuditError("The anchor holds no checkpoint.", hint="Make one: ipse audit checkpoint --to FILE")
    return last


def _verify_epoch(log: Log) -> None:
    if log.checkpoints and log.checkpoints[-1].next != log.secret.public:
        raise AuditError("The last checkpoint does not lead to the log's present key.", hint=CHANGED)


def _not_cut(log: Log, count: int) -> None:
    """Raise if rows are missing that must have been: a vault has a first row, and so has an epoch."""
    if count < max(log.covered + 1, log.first - 1):
        raise AuditError(f"The log ends at row {count}: rows were cut off its end.", hint=CHANGED)


def _signed(end: Checkpoint, head: bytes, log: Log) -> None:
    if head.hex() != end.head:
        since = log.checkpoints[end.epoch - 2].seq + 1 if end.epoch > 1 else 1
        raise AuditError(
            f"Audit rows {since} to {end.seq} are not those that checkpoint {end.epoch} signed.", hint=CHANGED
        )


def _unsigned(checkpoint: Checkpoint) -> bytes:
    return msgspec.structs.replace(checkpoint, signature="").line()


def _read(line: bytes, what: str) -> Checkpoint:
    try:
        checkpoint = msgspec.json.decode(line, type=Checkpoint)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise AuditError(f"{what} is no checkpoint.", hint=CHANGED) from error
    if checkpoint.line() != line:
        raise AuditError(f"{what} is not written as a checkpoint is.", hint=CHANGED)
    return checkpoint
