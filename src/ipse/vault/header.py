"""``vault.json``: what is readable without the passphrase, and the ways to the master key.

Canonical JSON (sorted keys, no spaces, one newline) with a SHA-256 over itself, checked before any key is
derived: so a damaged header is told apart from a wrong passphrase. Format, version and checksum keep their
meaning in every version. Under the master key lies a MAC over all of it, so that a header which somebody
rewrote with a right checksum is refused too.

Version 2 adds recovery slots with a public key, keyring slots, the generation of the master key, and the keys
that outlive one (:class:`Own`). A header of version 1 is read as it is and written as 2 at its first change.
"""

import hashlib
import hmac

import msgspec

from ipse.errors import DamagedVaultError, UnknownVersionError, WrongPassphraseError
from ipse.vault import crypto, slots
from ipse.vault.crypto import KdfParameters
from ipse.vault.slots import Slot

__all__ = [
    "VERSION",
    "Header",
    "Own",
    "bare_header",
    "checked",
    "compose",
    "own",
    "parse",
    "recovered",
    "renewed",
    "signed",
    "unlock",
    "unlock_by_key",
]

FORMAT = "ipse-vault"
VERSION = 2
MAX_BYTES = 64 * 1024


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The header; ``vault`` is the vault's random id, 16 bytes.

    ``generation`` counts the master keys before this one, and ``keys.db`` bears the same number. ``carried``
    is :class:`Own`, sealed; empty where the first master key still stands, from which they are derived.
    """

    format: str
    version: int
    vault: bytes
    slots: tuple[Slot, ...]
    mac: bytes
    checksum: str
    generation: int = 0
    carried: bytes = b""


class Own(msgspec.Struct, array_like=True, frozen=True):
    """Keys that stay when the master key changes: what they made cannot be made anew.

    ``tokens`` name things in the catalog, ``audit`` seals audit rows that speak of no source, ``chain`` holds
    the first epoch of the audit log together.
    """

    tokens: bytes
    audit: bytes
    chain: bytes


def compose(
    vault: bytes,
    master: bytes,
    passphrase: str,
    kdf: KdfParameters,
    *,
    recovery_key: str | None = None,
    before: Header | None = None,
) -> tuple[bytes, str]:
    """The bytes of a new header, and the recovery key: 13 groups of 4 base32 characters.

    ``recovery_key`` is one that the owner has already; else a new one is made. ``before`` is what is known of
    the header of a vault that is restored: its generation, and the keys carried.
    """
    first = slots.with_passphrase(vault, master, passphrase, kdf)
    second, recovery = slots.with_recovery(vault, master, recovery_key)
    bare = msgspec.structs.replace(before or bare_header(vault), slots=(first, second))
    return signed(bare, master), recovery


def bare_header(vault: bytes, generation: int = 0, carried: bytes = b"") -> Header:
    """A header without slots, MAC and checksum: what is needed beside the master key to open the files."""
    return Header(
        format=FORMAT,
        version=VERSION,
        vault=vault,
        slots=(),
        mac=b"",
        checksum="",
        generation=generation,
        carried=carried,
    )


def signed(header: Header, master: bytes) -> bytes:
    """The bytes of a header, in the newest version, with its MAC and checksum."""
    newest = msgspec.structs.replace(header, version=VERSION, mac=b"", checksum="")
    authentic = msgspec.structs.replace(newest, mac=_mac(newest, master))
    return _canonical(msgspec.structs.replace(authentic, checksum=_checksum(msgspec.to_builtins(authentic))))


def parse(raw: bytes) -> Header:
    """Read a header; raises ``DamagedVaultError``, or ``UnknownVersionError`` if it is whole but newer."""
    try:
        if len(raw) > MAX_BYTES:
            raise ValueError("too long for a header")
        tree = msgspec.json.decode(raw, type=dict[str, object])
        version = tree.get("version")
        if tree.get("format") != FORMAT or _canonical(tree) != raw or tree.get("checksum") != _checksum(tree):
            raise ValueError("not as written")
        if isinstance(version, int) and version > VERSION:
            raise UnknownVersionError(
                f"The vault has format {version}; this ipse knows up to {VERSION}.",
                hint="Open it with a newer ipse.",
            )
        header = msgspec.json.decode(raw, type=Header)
        if not _possible(header) or _canonical(header) != raw:
            raise ValueError("no such version")
    except (msgspec.MsgspecError, ValueError) as error:
        raise _damaged() from error
    return header


def unlock(header: Header, secret: str) -> bytes:
    """The master key by passphrase or recovery key; raises ``WrongPassphraseError``."""
    recovery = slots.recovery_secret(secret)
    for slot in header.slots:
        given = {"passphrase": secret, "recovery": recovery}.get(slot.kind)
        master = slots.opened(header.vault, slot, given) if given is not None else None
        if master is not None:
            return checked(header, master)
    raise WrongPassphraseError(
        "This is neither the passphrase nor the recovery key of the vault.",
        hint="Mind the keyboard layout and try again.",
    )


def recovered(vault: bytes, slot: Slot, secret: str) -> bytes:
    """The master key by the recovery key and its slot alone, as a backup carries it.

    Raises ``WrongPassphraseError``.
    """
    recovery = slots.recovery_secret(secret)
    master = slots.opened(vault, slot, recovery) if recovery is not None else None
    if master is None:
        raise WrongPassphraseError(
            "This is not the recovery key that this backup was made under.",
            hint="Take the one that was shown when the vault was made, or when the key was last changed.",
        )
    return master


def unlock_by_key(header: Header, secret: bytes) -> bytes:
    """The master key by the key that lies in the keyring; raises ``WrongPassphraseError``."""
    for slot in header.slots:
        master = slots.opened(header.vault, slot, secret) if slot.kind == "keyring" else None
        if master is not None:
            return checked(header, master)
    raise WrongPassphraseError(
        "What the keyring holds does not open this vault.",
        hint="Open it by passphrase and run `ipse vault keyring add` again.",
    )


def checked(header: Header, master: bytes) -> bytes:
    """``master``, if the header is what was signed under it; else raises ``DamagedVaultError``."""
    bare = msgspec.structs.replace(header, mac=b"", checksum="")
    if not hmac.compare_digest(_mac(bare, master), header.mac):
        raise _damaged()
    return master


def own(header: Header, master: bytes) -> Own:
    """The keys that outlive a master key."""
    if not header.carried:
        return Own(*(crypto.derive(master, purpose) for purpose in ("tokens", "audit", "audit chain")))
    plain = crypto.unseal(crypto.derive(master, "carried"), header.carried, _carried(header))
    return msgspec.msgpack.decode(plain, type=Own)


def renewed(header: Header, master: bytes, after: bytes, ways: tuple[Slot, ...]) -> Header:
    """The header of the next generation, whose master key is ``after`` and lies in ``ways``."""
    following = msgspec.structs.replace(header, generation=header.generation + 1, slots=ways)
    plain = msgspec.msgpack.encode(own(header, master))
    sealed = crypto.seal(crypto.derive(after, "carried"), plain, _carried(following))
    return msgspec.structs.replace(following, carried=sealed)


def _possible(header: Header) -> bool:
    """Whether a header of its version can look like this."""
    if header.version == 1:
        new = header.generation or header.carried or any(slot.public for slot in header.slots)
        return not new and all(slot.kind != "keyring" for slot in header.slots)
    return header.version == VERSION and header.generation >= 0


def _carried(header: Header) -> bytes:
    return crypto.place(header.vault, "carried", header.generation)


def _mac(bare: Header, master: bytes) -> bytes:
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
