"""``vault.json``: what is readable without the passphrase, and the two ways to the master key.

Canonical JSON (sorted keys, no spaces, one newline) with a SHA-256 over itself, checked before any key is
derived: so a damaged header is told apart from a wrong passphrase. Format, version and checksum keep their
meaning in every version. Under the master key lies a MAC over all of it, so that a header which somebody
rewrote with a right checksum is refused too.
"""

import base64
import binascii
import hashlib
import hmac
import unicodedata
from typing import Literal

import msgspec

from ipse.errors import DamagedVaultError, UnknownVersionError, VaultError, WrongPassphraseError
from ipse.vault import crypto
from ipse.vault.crypto import KdfParameters

__all__ = ["Header", "Slot", "compose", "parse", "recovered", "unlock"]

FORMAT = "ipse-vault"
MAX_BYTES = 64 * 1024
RECOVERY_CHARS = 52  # 256 bit in base32
_MISREAD = str.maketrans({"0": "O", "1": "I", "8": "B", "-": "", " ": ""})


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """The master key, wrapped under one secret. ``kdf`` is None where the secret is itself a random key."""

    kind: Literal["passphrase", "recovery"]
    kdf: KdfParameters | None
    salt: bytes
    wrapped: bytes


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The header; ``vault`` is the vault's random id, 16 bytes."""

    format: str
    version: int
    vault: bytes
    slots: tuple[Slot, ...]
    mac: bytes = b""
    checksum: str = ""


def compose(
    vault: bytes, master: bytes, passphrase: str, kdf: KdfParameters, *, recovery_key: str | None = None
) -> tuple[bytes, str]:
    """The bytes of a new header, and the recovery key: 13 groups of 4 base32 characters.

    ``recovery_key`` is one that the owner has already; else a new one is made.
    """
    if not passphrase.strip():
        raise VaultError(
            "A vault needs a passphrase.", hint="Choose a long one that you do not use elsewhere."
        )
    recovery = _recovery(recovery_key or "") or crypto.random_bytes(crypto.KEY_BYTES)
    slots = (
        _wrap(
            vault,
            master,
            Slot(kind="passphrase", kdf=kdf, salt=crypto.random_bytes(16), wrapped=b""),
            passphrase,
        ),
        _wrap(
            vault,
            master,
            Slot(kind="recovery", kdf=None, salt=crypto.random_bytes(16), wrapped=b""),
            recovery,
        ),
    )
    header = Header(format=FORMAT, version=crypto.FORMAT_VERSION, vault=vault, slots=slots)
    signed = msgspec.structs.replace(header, mac=_mac(header, master))
    whole = msgspec.structs.replace(signed, checksum=_checksum(msgspec.to_builtins(signed)))
    text = base64.b32encode(recovery).decode().rstrip("=")
    return _canonical(whole), "-".join(text[at : at + 4] for at in range(0, RECOVERY_CHARS, 4))


def parse(raw: bytes) -> Header:
    """Read a header; raises ``DamagedVaultError``, or ``UnknownVersionError`` if it is whole but newer."""
    try:
        if len(raw) > MAX_BYTES:
            raise ValueError("too long for a header")
        tree = msgspec.json.decode(raw, type=dict[str, object])
        version = tree.get("version")
        if tree.get("format") != FORMAT or _canonical(tree) != raw or tree.get("checksum") != _checksum(tree):
            raise ValueError("not as written")
        if isinstance(version, int) and version > crypto.FORMAT_VERSION:
            raise UnknownVersionError(
                f"The vault has format {version}; this ipse knows up to {crypto.FORMAT_VERSION}.",
                hint="Open it with a newer ipse.",
            )
        header = msgspec.json.decode(raw, type=Header)
        if header.version != crypto.FORMAT_VERSION or _canonical(header) != raw:
            raise ValueError("no such version")
    except (msgspec.MsgspecError, ValueError) as error:
        raise _damaged() from error
    return header


def unlock(header: Header, secret: str) -> bytes:
    """The master key by passphrase or recovery key; raises ``WrongPassphraseError``."""
    recovery = _recovery(secret)
    for slot in header.slots:
        given: str | bytes | None = secret if slot.kind == "passphrase" else recovery
        if given is None:
            continue
        try:
            master = crypto.unseal(_kek(slot, given), slot.wrapped, _place(header.vault, slot))
        except DamagedVaultError:
            continue
        if not hmac.compare_digest(_mac(header, master), header.mac):
            raise _damaged()
        return master
    raise WrongPassphraseError(
        "This is neither the passphrase nor the recovery key of the vault.",
        hint="Mind the keyboard layout and try again.",
    )


def recovered(vault: bytes, slot: Slot, secret: str) -> bytes:
    """The master key by the recovery key and its slot alone, as a backup carries it.

    Raises ``WrongPassphraseError``.
    """
    recovery = _recovery(secret)
    if recovery is not None:
        try:
            return crypto.unseal(_kek(slot, recovery), slot.wrapped, _place(vault, slot))
        except DamagedVaultError:
            pass
    raise WrongPassphraseError(
        "This is not the recovery key that this backup was made under.",
        hint="Take the one that was shown when the vault was made, or when the key was last changed.",
    )


def _wrap(vault: bytes, master: bytes, slot: Slot, secret: str | bytes) -> Slot:
    return msgspec.structs.replace(slot, wrapped=crypto.seal(_kek(slot, secret), master, _place(vault, slot)))


def _kek(slot: Slot, secret: str | bytes) -> bytes:
    """The key that wraps the master key. Passphrases are compared as NFC: keyboards differ in accents."""
    if isinstance(secret, str):
        return crypto.stretch(unicodedata.normalize("NFC", secret), slot.salt, slot.kdf or KdfParameters())
    return crypto.derive(secret, "recovery", slot.salt)


def _place(vault: bytes, slot: Slot) -> bytes:
    cost = slot.kdf
    costs = (cost.memory_kib, cost.iterations, cost.lanes) if cost else ()
    return crypto.place(vault, "master", slot.kind, slot.salt, *costs)


def _recovery(secret: str) -> bytes | None:
    """A recovery key in any spelling: lower case, without groups, 0 for O, 1 for I, 8 for B."""
    text = secret.strip().upper().translate(_MISREAD)
    if len(text) != RECOVERY_CHARS:
        return None
    try:
        return base64.b32decode(text + "====")
    except binascii.Error:
        return None


def _mac(header: Header, master: bytes) -> bytes:
    bare = msgspec.structs.replace(header, mac=b"", checksum="")
    return crypto.mac(crypto.derive(master, "header"), _canonical(bare))


def _checksum(tree: object) -> str:
    assert isinstance(tree, dict)
    return hashlib.sha256(_canonical({**tree, "checksum": ""})).hexdigest()


def _canonical(tree: object) -> bytes:
    return msgspec.json.encode(tree, order="sorted") + b"\n"


def _damaged() -> DamagedVaultError:
    return DamagedVaultError(
        "The header of the vault (vault.json) is damaged.", hint="Restore that file from a backup."
    )
