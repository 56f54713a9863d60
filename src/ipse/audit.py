"""The chain of what was kept, used and erased: each row's MAC covers the row before it.

``mac(n) = HMAC-SHA256(key, mac(n-1) || n || commitment(n))`` and ``commitment = SHA-256(salt || payload)``.
What happened is sealed apart, with its salt; erasing that leaves the commitment, which reveals nothing, and
the chain still verifies. What a chain alone cannot show: rows cut off its end, or an older copy of all of it.
This module knows neither the vault nor the cipher; keys come in as bytes.
"""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from ipse.errors import AuditError

__all__ = ["GENESIS", "SALT_BYTES", "AuditRow", "chain", "commitment", "verify_chain"]

GENESIS = bytes(32)
"""The MAC before the first row."""

SALT_BYTES = 16  # 128 bit: guessing details from their commitment is as hard as guessing a key


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row: ``seq`` from 1 without gaps; ``sealed`` is the ciphertext, None once it was erased."""

    seq: int
    sealed: bytes | None
    commitment: bytes
    mac: bytes


def commitment(salt: bytes, details: bytes) -> bytes:
    """SHA-256 over salt and details; the salt has a fixed length, so the two cannot be shifted."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes")
    return hashlib.sha256(salt + details).digest()


def chain(key: bytes, before: bytes, seq: int, committed: bytes) -> bytes:
    """The MAC of row ``seq`` (8 bytes, big-endian) with that commitment, after a row with MAC ``before``."""
    return hmac.digest(key, before + seq.to_bytes(8, "big") + committed, "sha256")


def verify_chain(key: bytes, rows: Iterable[AuditRow]) -> int:
    """Check rows in order and return how many; raises ``AuditError`` that names the first bad row."""
    before, count = GENESIS, 0
    for count, row in enumerate(rows, start=1):
        if row.seq != count:
            raise AuditError(
                f"Audit row {count} is missing; row {row.seq} stands in its place.",
                hint="Somebody changed the log: compare it with a backup.",
            )
        if not hmac.compare_digest(row.mac, chain(key, before, count, row.commitment)):
            raise AuditError(
                f"Audit row {count} is not what was written.",
                hint="Somebody changed the log: compare it with a backup.",
            )
        before = row.mac
    return count
