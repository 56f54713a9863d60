"""The ways to the master key: each slot of the header holds it, wrapped under one secret.

A passphrase is stretched by Argon2id. A recovery key makes an X25519 key pair, to whose public half the
master key is sealed by HPKE (RFC 9180): so a new master key, or a backup, can be sealed to it by who does not
know it. The slot of the operating system's keyring is wrapped under a random key that lies there. This module
knows neither the file nor the keyring.
"""

import base64
import binascii
import unicodedata
from typing import Literal

import msgspec

from ipse.errors import DamagedVaultError, VaultError
from ipse.vault import crypto
from ipse.vault.crypto import KdfParameters

__all__ = [
    "Kind",
    "Slot",
    "opened",
    "recovery_secret",
    "rewrapped",
    "with_keyring",
    "with_passphrase",
    "with_recovery",
]

Kind = Literal["passphrase", "recovery", "keyring"]

RECOVERY_CHARS = 52  # 256 bit in base32
_MISREAD = str.maketrans({"0": "O", "1": "I", "8": "B", "-": "", " ": ""})


class Slot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The master key, wrapped under one secret.

    ``kdf`` is None where the secret is itself a random key; ``public`` is that of a recovery key, and empty
    in those of the first format, which wrapped symmetrically.
    """

    kind: Kind
    kdf: KdfParameters | None
    salt: bytes
    wrapped: bytes
    public: bytes = b""


def with_passphrase(vault: bytes, master: bytes, passphrase: str, kdf: KdfParameters) -> Slot:
    """A slot for a passphrase; raises ``VaultError`` for a blank one."""
    if not passphrase.strip():
        raise VaultError(
            "A vault needs a passphrase.", hint="Choose a long one that you do not use elsewhere."
        )
    return _wrap(vault, master, _empty("passphrase", kdf), passphrase)


def with_recovery(vault: bytes, master: bytes, known: str | None = None) -> tuple[Slot, str]:
    """A slot for a recovery key, and that key: 13 groups of 4 base32 characters; new unless ``known``."""
    secret = recovery_secret(known or "") or crypto.random_bytes(crypto.KEY_BYTES)
    bare = _empty("recovery", None)
    slot = msgspec.structs.replace(bare, public=crypto.public_key(_private(bare, secret)))
    text = base64.b32encode(secret).decode().rstrip("=")
    return rewrapped(vault, slot, master), "-".join(text[at : at + 4] for at in range(0, RECOVERY_CHARS, 4))


def with_keyring(vault: bytes, master: bytes, secret: bytes) -> Slot:
    """A slot for a random key that lies in the operating system's keyring."""
    return _wrap(vault, master, _empty("keyring", None), secret)


def rewrapped(vault: bytes, slot: Slot, master: bytes) -> Slot:
    """The slot of a recovery key, holding another master key; its secret need not be known."""
    sealed = crypto.seal_for(slot.public, master, _place(vault, slot))
    return msgspec.structs.replace(slot, wrapped=sealed)


def opened(vault: bytes, slot: Slot, secret: str | bytes) -> bytes | None:
    """The master key in a slot, by a passphrase (str) or a key (bytes); None if the secret is another one."""
    try:
        if slot.public:
            assert isinstance(secret, bytes)
            return crypto.unseal_by(_private(slot, secret), slot.wrapped, _place(vault, slot))
        return crypto.unseal(_kek(slot, secret), slot.wrapped, _place(vault, slot))
    except DamagedVaultError:
        return None


def recovery_secret(text: str) -> bytes | None:
    """A recovery key in any spelling: lower case, without groups, 0 for O, 1 for I, 8 for B."""
    text = text.strip().upper().translate(_MISREAD)
    if len(text) != RECOVERY_CHARS:
        return None
    try:
        return base64.b32decode(text + "====")
    except binascii.Error:
        return None


def _empty(kind: Kind, kdf: KdfParameters | None) -> Slot:
    return Slot(kind=kind, kdf=kdf, salt=crypto.random_bytes(16), wrapped=b"")


def _wrap(vault: bytes, master: bytes, slot: Slot, secret: str | bytes) -> Slot:
    return msgspec.structs.replace(slot, wrapped=crypto.seal(_kek(slot, secret), master, _place(vault, slot)))


def _kek(slot: Slot, secret: str | bytes) -> bytes:
    """The key that wraps the master key. Passphrases are compared as NFC: keyboards differ in accents."""
    if isinstance(secret, str):
        return crypto.stretch(unicodedata.normalize("NFC", secret), slot.salt, slot.kdf or KdfParameters())
    return crypto.derive(secret, slot.kind, slot.salt)


def _private(slot: Slot, secret: bytes) -> bytes:
    return crypto.derive(secret, "recovery pair", slot.salt)


def _place(vault: bytes, slot: Slot) -> bytes:
    cost = slot.kdf
    costs = (cost.memory_kib, cost.iterations, cost.lanes) if cost else ()
    public = (slot.public,) if slot.public else ()
    return crypto.place(vault, "master", slot.kind, slot.salt, *costs, *public)
