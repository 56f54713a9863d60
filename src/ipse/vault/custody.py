"""Changing what opens a vault: its passphrase, recovery key and keyring slot, and the master key itself.

Each change asks for a secret that opens the vault now, is made under the vault's lock, and stands in the
audit log as begun and as done. A new master key wraps every key anew and touches no content: the new key file
is written beside the old one, then the header (from here on the new one holds), then the file is put in
place; who opens the vault next finishes or takes back what was cut short.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec
import sqlalchemy as sa

from ipse.errors import DamagedVaultError, VaultError, WrongPassphraseError
from ipse.vault import catalog as tables
from ipse.vault import crypto, header, slots
from ipse.vault.crypto import KdfParameters
from ipse.vault.header import Header
from ipse.vault.journal import Journal
from ipse.vault.keys import ROOT
from ipse.vault.opening import Opened, Opener, by_secret, opened, read_header, write_header
from ipse.vault.parts import Parts
from ipse.vault.slots import Slot
from ipse.vault.sources import Sources

__all__ = [
    "KEYRING",
    "add_keyring",
    "change_passphrase",
    "new_recovery",
    "remove_keyring",
    "rotate",
    "used_keys",
]

KEYRING = "keyring"


def change_passphrase(
    folder: Path, secret: str, new: str, *, kdf: KdfParameters | None = None, allow_weak: bool = False
) -> None:
    """Put ``new`` in place of the passphrase; ``secret`` is that or the recovery key, which stays."""
    cost = kdf or KdfParameters()
    if not allow_weak:
        cost.require_strong()

    def change(held: Header, master: bytes) -> Header:
        return _with(held, slots.with_passphrase(held.vault, master, new, cost))

    _change(folder, by_secret(secret), "vault.passphrase", change)


def new_recovery(folder: Path, secret: str) -> str:
    """Put a new recovery key in place of the old one and return it; it is stored nowhere."""
    made: list[str] = []

    def change(held: Header, master: bytes) -> Header:
        slot, recovery = slots.with_recovery(held.vault, master)
        made.append(recovery)
        return _with(held, slot)

    _change(folder, by_secret(secret), "vault.recovery", change)
    return made[0]


def add_keyring(folder: Path, secret: str, key: bytes) -> None:
    """Let ``key``, 32 random bytes that lie in the operating system's keyring, open the vault."""

    def change(held: Header, master: bytes) -> Header:
        return _with(held, slots.with_keyring(held.vault, master, key))

    _change(folder, by_secret(secret), "vault.keyring.add", change)


def remove_keyring(folder: Path, secret: str) -> None:
    """Let nothing in the keyring open the vault any more; raises ``VaultError`` if nothing does."""
    _change(folder, by_secret(secret), "vault.keyring.remove", _without_keyring)


def rotate(folder: Path, passphrase: str, *, keyring: bytes | None = None) -> str | None:
    """Give the vault a new master key; every key is wrapped anew.

    The passphrase stays, and so does the recovery key, unless it is of the first format: then a new one is
    returned. ``keyring`` is the key in the keyring, where the vault has such a slot. Raises ``VaultError``
    where the slot of the passphrase or of the keyring cannot be kept.
    """
    held = opened(folder, by_secret(passphrase))
    try:
        _journal(held.parts).note("vault.rotate.start", {})
        with held.parts.catalog.locked():
            read = read_header(folder)
            header.checked(read, held.master)
            after = crypto.random_bytes(crypto.KEY_BYTES)
            ways, recovery = _ways(read, after, passphrase, keyring)
            changed = header.renewed(read, held.master, after, ways)
            held.parts.keys.prepare(crypto.derive(after, "wrap"), used_keys(held.parts))
            write_header(folder, changed, after)
            held.parts.keys.adopt()
    finally:
        held.parts.catalog.close()
    _noted(opened(folder, by_secret(passphrase)), "vault.rotate")
    return recovery


def used_keys(parts: Parts) -> set[bytes]:
    """The names of all keys that the catalog speaks of, those about to be destroyed among them."""
    found: set[bytes] = set()
    with parts.catalog.read() as db:
        for table in tables.METADATA.tables.values():
            if "key_id" in table.c:
                found.update(name for name in db.execute(sa.select(table.c.key_id)).scalars() if name)
    found |= _former(parts)
    names = parts.keys.names()
    return found | {names[name] for name in found if name in names} - {ROOT}


def _former(parts: Parts) -> set[bytes]:
    """The keys that sources had before they are wholly sealed anew: named in their ledgers alone."""
    sources = Sources(parts)
    with parts.catalog.read() as db:
        rows = db.execute(sa.select(tables.sources)).all()
    found: set[bytes] = set()
    for row in rows:
        try:
            former = sources.open(row).former
        except DamagedVaultError:
            continue  # its key does not open, so nothing under it does
        found |= {former.id} if former else set()
    return found


def _change(folder: Path, opener: Opener, action: str, change: Callable[[Header, bytes], Header]) -> None:
    held = opened(folder, opener)
    try:
        with held.parts.catalog.locked():
            read = read_header(folder)
            changed = change(read, header.checked(read, held.master))
            journal = _journal(held.parts)
            journal.note(f"{action}.start", {})
            write_header(folder, changed, held.master)
            journal.note(action, {})
    finally:
        held.parts.catalog.close()


def _noted(held: Opened, action: str) -> None:
    try:
        _journal(held.parts).note(action, {"generation": held.header.generation})
    finally:
        held.parts.catalog.close()


def _journal(parts: Parts) -> Journal:
    journal = Journal(parts)
    journal.begin()  # in a vault older than epochs
    return journal


def _with(held: Header, slot: Slot) -> Header:
    """The header with ``slot`` in place of the one of its kind."""
    others = tuple(one for one in held.slots if one.kind != slot.kind)
    order = ("passphrase", "recovery", "keyring")
    ways = sorted((*others, slot), key=lambda one: order.index(one.kind))
    return msgspec.structs.replace(held, slots=tuple(ways))


def _without_keyring(held: Header, _: bytes) -> Header:
    left = tuple(one for one in held.slots if one.kind != KEYRING)
    if len(left) == len(held.slots):
        raise VaultError("Nothing in the keyring opens this vault.", hint="See `ipse vault status`.")
    return msgspec.structs.replace(held, slots=left)


def _ways(
    held: Header, after: bytes, passphrase: str, keyring: bytes | None
) -> tuple[tuple[Slot, ...], str | None]:
    """The slots with another master key in them, and a recovery key where a new one had to be made."""
    made: list[Slot] = []
    recovery: str | None = None
    for slot in held.slots:
        if slot.kind == "passphrase":
            if slots.opened(held.vault, slot, passphrase) is None:
                raise WrongPassphraseError(
                    "The recovery key opens the vault, but a new master key needs the passphrase.",
                    hint="If it is lost, set a new one first: `ipse vault passphrase`.",
                )
            made.append(slots.with_passphrase(held.vault, after, passphrase, slot.kdf or KdfParameters()))
        elif slot.kind == "recovery" and slot.public:
            made.append(slots.rewrapped(held.vault, slot, after))
        elif slot.kind == "recovery":
            first, recovery = slots.with_recovery(held.vault, after)
            made.append(first)
        elif keyring is None:
            raise VaultError(
                "The keyring, which opens this vault, cannot be reached.",
                hint="Unlock it, or run `ipse vault keyring remove` first.",
            )
        else:
            made.append(slots.with_keyring(held.vault, after, keyring))
    return tuple(made), recovery
