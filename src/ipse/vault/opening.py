"""Opening a vault: the header, one of its slots, the files that belong to it; and changing the header.

What a killed process left undone between header and key file is settled here. This module does not know what
is in the catalog.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ipse.errors import DamagedVaultError, VaultMissingError
from ipse.vault import header, relocation
from ipse.vault.files import write_durably
from ipse.vault.header import Header
from ipse.vault.parts import Parts

__all__ = [
    "HEADER",
    "Opened",
    "Opener",
    "by_key",
    "by_master",
    "by_secret",
    "opened",
    "read_header",
    "write_header",
]

HEADER = "vault.json"

Opener = Callable[[Header], bytes]
"""Finds the master key in a header; raises ``WrongPassphraseError`` or ``DamagedVaultError``."""


class Opened(NamedTuple):
    """An open vault, before anything works in it."""

    header: Header
    master: bytes
    parts: Parts


def by_secret(secret: str) -> Opener:
    """By the passphrase or the recovery key."""
    return lambda read: header.unlock(read, secret)


def by_key(secret: bytes) -> Opener:
    """By the key that lies in the keyring."""
    return lambda read: header.unlock_by_key(read, secret)


def by_master(master: bytes) -> Opener:
    """By the master key itself, from a session."""
    return lambda read: header.checked(read, master)


def opened(folder: Path, opener: Opener) -> Opened:
    """Open the files of a vault and finish what was cut short: a new master key, a move of its catalog.

    Raises ``VaultMissingError``, ``WrongPassphraseError``, ``DamagedVaultError`` or ``UnknownVersionError``.
    """
    read = read_header(folder)
    master = opener(read)
    relocation.settle(folder)
    parts = Parts.of(folder, read, master)
    if not parts.keys.settled:
        with parts.catalog.locked():
            same = read_header(folder) == read
            whole = same and parts.keys.settle()
        if not same:  # it was being changed a moment ago
            return opened(folder, opener)
        if not whole and (folder / "keys.db").is_file():
            raise DamagedVaultError(
                "The header (vault.json) and the key file (keys.db) do not belong together.",
                hint="Restore both from one backup.",
            )
    parts.keys.check()
    parts.catalog.check()
    return Opened(read, master, parts)


def read_header(folder: Path) -> Header:
    """The header of the vault in ``folder``; raises like :func:`opened`."""
    try:
        raw = (folder / HEADER).read_bytes()
    except FileNotFoundError as error:
        raise VaultMissingError(
            f"There is no vault in {folder}.", hint="Make one with `ipse init`."
        ) from error
    return header.parse(raw)


def write_header(folder: Path, changed: Header, master: bytes) -> None:
    """Put a header in place of the one that is there; durable when this returns."""
    write_durably(folder / HEADER, [header.signed(changed, master)])
