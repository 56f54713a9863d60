"""The cipher, and the only module of the vault that imports one.

AES-256-GCM with random nonces (NIST SP 800-38D), HKDF-SHA256 (RFC 5869), Argon2id (RFC 9106), HMAC-SHA256,
HPKE (RFC 9180; X25519, HKDF-SHA256, AES-256-GCM).
Everything sealed is bound to its place: :func:`place` writes the associated data without ambiguity. This
module knows no file, no table and no record.
"""

import hmac
import os
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated

import msgspec
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ipse.errors import DamagedVaultError, VaultError

__all__ = [
    "FLOOR_ITERATIONS",
    "FLOOR_KIB",
    "FORMAT_VERSION",
    "ID_BYTES",
    "KEY_BYTES",
    "OVERHEAD",
    "KdfParameters",
    "derive",
    "mac",
    "place",
    "public_key",
    "random_bytes",
    "seal",
    "seal_for",
    "sealer",
    "stretch",
    "token",
    "tokens",
    "unseal",
    "unseal_by",
]

FORMAT_VERSION = 1
"""Part of every place, so that of everything sealed; the header counts its own versions."""

KEY_BYTES = 32
ID_BYTES = 16
NONCE_BYTES = 12
OVERHEAD = NONCE_BYTES + 16  # nonce before, tag behind

FLOOR_KIB, FLOOR_ITERATIONS = 64 * 1024, 3  # second recommended option of RFC 9106, section 4

Part = bytes | str | int | bool

_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)

random_bytes = os.urandom


class KdfParameters(msgspec.Struct, frozen=True, kw_only=True):
    """Cost of Argon2id: memory in KiB, passes, lanes.

    The upper bounds hold when a header is read, so that one written by somebody else cannot exhaust this
    machine; the strong defaults are also the floor of :meth:`require_strong`.
    """

    memory_kib: Annotated[int, msgspec.Meta(ge=64, le=1024 * 1024)] = FLOOR_KIB
    iterations: Annotated[int, msgspec.Meta(ge=1, le=16)] = FLOOR_ITERATIONS
    lanes: Annotated[int, msgspec.Meta(ge=1, le=8)] = 4

    def require_strong(self) -> None:
        """Raise ``VaultError`` for less than 64 MiB and 3 passes."""
        if self.memory_kib < FLOOR_KIB or self.iterations < FLOOR_ITERATIONS:
            raise VaultError(
                "These Argon2id parameters are too weak for a vault.",
                hint=f"Use at least {FLOOR_KIB} KiB and {FLOOR_ITERATIONS} iterations.",
            )


def stretch(passphrase: str, salt: bytes, cost: KdfParameters) -> bytes:
    """Argon2id: a key of 32 bytes from a passphrase."""
    return hash_secret_raw(
        passphrase.encode(), salt, cost.iterations, cost.memory_kib, cost.lanes, KEY_BYTES, Type.ID
    )


def derive(secret: bytes, purpose: str, salt: bytes = b"") -> bytes:
    """HKDF-SHA256: a key of 32 bytes for one purpose from a secret that is already uniformly random."""
    return HKDF(SHA256(), KEY_BYTES, salt or None, f"ipse {purpose}".encode()).derive(secret)


def mac(key: bytes, data: bytes) -> bytes:
    """HMAC-SHA256."""
    return hmac.digest(key, data, "sha256")


def token(key: bytes, *parts: str) -> bytes:
    """A name as 16 bytes that say nothing without the key; the same name gives the same token."""
    return hmac.digest(key, place(*parts), "sha256")[:ID_BYTES]


def tokens(key: bytes, context: Sequence[str], names: Iterable[str]) -> list[bytes]:
    """:func:`token` of ``(*context, name)`` for each name; a loop of its own, for imports have many."""
    encode, digest = msgspec.msgpack.encode, hmac.digest
    head = (FORMAT_VERSION, *context)
    return [digest(key, encode((*head, name)), "sha256")[:ID_BYTES] for name in names]


def place(*parts: Part) -> bytes:
    """Associated data: the parts as one MessagePack array, so no two lists of parts look alike."""
    return msgspec.msgpack.encode((FORMAT_VERSION, *parts))


def seal(key: bytes, plain: bytes, where: bytes) -> bytes:
    """Encrypt and bind to ``where``: nonce (12 bytes) || ciphertext || tag (16 bytes)."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, where)


def sealer(key: bytes) -> Callable[[bytes, bytes], bytes]:
    """:func:`seal` with one key for many: sets the cipher up once."""
    cipher = AESGCM(key)

    def run(plain: bytes, where: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + cipher.encrypt(nonce, plain, where)

    return run


def unseal(key: bytes, sealed: bytes, where: bytes) -> bytes:
    """Decrypt; raises ``DamagedVaultError`` when a byte, the key or the place is not that of sealing."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], where)
    except (InvalidTag, TypeError, ValueError) as error:
        raise _changed() from error


def public_key(secret: bytes) -> bytes:
    """The X25519 public key, 32 bytes, of a secret of 32 bytes."""
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def seal_for(public: bytes, plain: bytes, where: bytes) -> bytes:
    """Encrypt to the holder of a secret by their public key, bound to ``where``: HPKE, base mode."""
    return _SUITE.encrypt(plain, X25519PublicKey.from_public_bytes(public), where)


def unseal_by(secret: bytes, sealed: bytes, where: bytes) -> bytes:
    """Decrypt what :func:`seal_for` made; raises ``DamagedVaultError`` like :func:`unseal`."""
    try:
        return _SUITE.decrypt(sealed, X25519PrivateKey.from_private_bytes(secret), where)
    except InvalidTag as error:
        raise _changed() from error


def _changed() -> DamagedVaultError:
    return DamagedVaultError(
        "Something in the vault is not what was written.",
        hint="Stop writing to it and restore a backup.",
    )
