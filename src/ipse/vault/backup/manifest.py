"""What a backup says of itself: a manifest, signed, that lists every file it needs with its hash and size.

Anyone can check it; who has the recovery key can also tell that the vault itself wrote it, for a MAC under
the vault's backup key covers the public key of the signature. The index in it is sealed. This module knows
neither the catalog nor how a pack is made.
"""

import hmac
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from ipse.errors import DamagedVaultError, UnknownVersionError, VaultError
from ipse.signing import is_signed, public_key, signature
from ipse.vault import crypto, header
from ipse.vault.backup.packs import File
from ipse.vault.header import Header
from ipse.vault.keys import WrappedKey
from ipse.vault.slots import Slot

__all__ = [
    "PACKS",
    "SNAPSHOTS",
    "Index",
    "Listing",
    "Manifest",
    "Sealed",
    "Table",
    "fresh",
    "listing",
    "named",
    "newest",
    "read_manifest",
    "signed",
]

SNAPSHOTS, PACKS = "snapshots", "packs"
PURPOSE = "backup"
VERSION = 1
MAX_BYTES = 64 * 1024 * 1024  # a manifest lists a line for each 16 MiB

T = TypeVar("T")


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One backup. ``vault`` is the vault's id; ``recovery`` is the way from the recovery key to its keys.

    ``generation`` and ``carried`` are those of the vault's header. ``revision`` is the catalog's migration;
    ``previous`` names the backup before and ``previous_sha256`` is that of its manifest. ``counts`` are rows
    by table, and files.
    """

    format: Literal["ipse-backup"] = "ipse-backup"
    version: int = VERSION
    id: str
    vault: str
    created_at: datetime
    revision: str
    recovery: Slot
    generation: int
    carried: bytes
    index: File
    keys: File
    packs: tuple[File, ...]
    counts: dict[str, int]
    previous: str | None = None
    previous_sha256: str | None = None
    public_key: str = ""
    mac: bytes = b""
    signature: str = ""

    @property
    def name(self) -> str:
        """Of the backup: its time in UTC and a random id; names sort by time."""
        return named(self.created_at, self.id)

    def raw(self) -> bytes:
        """Canonical JSON: sorted keys, no spaces, one newline."""
        return msgspec.json.encode(self, order="sorted") + b"\n"

    @property
    def size(self) -> int:
        """Bytes of all files it needs."""
        return sum(file.size for file in (self.index, self.keys, *self.packs))

    def master(self, recovery_key: str) -> bytes:
        """The vault's master key of that time; raises ``WrongPassphraseError``, ``DamagedVaultError``."""
        master = header.recovered(bytes.fromhex(self.vault), self.recovery, recovery_key)
        if not self.written_by(crypto.derive(master, "backup")):
            raise DamagedVaultError(
                f"The backup {self.name} was not written by its vault.", hint="Take an earlier one."
            )
        return master

    @property
    def header(self) -> Header:
        """What it says of the vault's header."""
        return header.bare_header(bytes.fromhex(self.vault), self.generation, self.carried)

    def written_by(self, key: bytes) -> bool:
        """Whether the vault with that backup key wrote it."""
        return hmac.compare_digest(self.mac, _mac(self, key))


class Table(msgspec.Struct, array_like=True, frozen=True):
    """The rows of a table: in chunks, each named by its SHA-256, with how many rows it has."""

    columns: tuple[str, ...]
    chunks: tuple[tuple[bytes, int], ...]


class Index(msgspec.Struct, array_like=True, frozen=True):
    """What stood in the vault: tables by name, and object files by name with their pieces."""

    tables: dict[str, Table]
    objects: dict[str, tuple[bytes, ...]]


class Sealed:
    """Opens and seals the parts of a backup under the vault's backup key."""

    def __init__(self, vault: bytes, key: bytes) -> None:
        self._vault = vault
        self._key = key

    def seal(self, what: str, name: str, value: Index | list[WrappedKey]) -> bytes:
        """Seal the index or the keys of the backup ``name``."""
        return crypto.seal(self._key, msgspec.msgpack.encode(value), self._place(what, name))

    def index(self, raw: bytes, name: str) -> Index:
        """Open an index; raises ``DamagedVaultError``."""
        return msgspec.msgpack.decode(crypto.unseal(self._key, raw, self._place("index", name)), type=Index)

    def keys(self, raw: bytes, name: str) -> list[WrappedKey]:
        """Open the keys, which are still wrapped; raises ``DamagedVaultError``."""
        plain = crypto.unseal(self._key, raw, self._place("keys", name))
        return msgspec.msgpack.decode(plain, type=list[WrappedKey])

    def seal_rows(self, table: str, plain: bytes) -> bytes:
        """Seal rows of a table."""
        return crypto.seal(self._key, plain, self._place("rows", table))

    def rows(self, table: str, raw: bytes) -> bytes:
        """Open rows of a table; raises ``DamagedVaultError``."""
        return crypto.unseal(self._key, raw, self._place("rows", table))

    def _place(self, what: str, name: str) -> bytes:
        return crypto.place(self._vault, "backup", what, name)


class Listing(msgspec.Struct, frozen=True):
    """The backups in a folder, oldest first, and the names of unreadable ones: damaged, or newer."""

    whole: tuple[Manifest, ...]
    damaged: tuple[str, ...] = ()


def named(at: datetime, identity: str) -> str:
    """The name of a backup."""
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%S%fZ}-{identity}"


def fresh(now: datetime) -> tuple[str, str]:
    """A new id and the name that goes with it."""
    identity = secrets.token_hex(4)
    return identity, named(now, identity)


def signed(manifest: Manifest, key: bytes, seed: bytes) -> Manifest:
    """With its MAC under the backup key and its signature under the vault's seed."""
    own = msgspec.structs.replace(manifest, public_key=public_key(seed))
    sealed = msgspec.structs.replace(own, mac=_mac(own, key))
    return msgspec.structs.replace(sealed, signature=signature(seed, PURPOSE, _unsigned(sealed)))


def read_manifest(path: Path) -> Manifest:
    """Read one; raises ``DamagedVaultError`` unless every byte is what was signed, under its own name."""
    damaged = DamagedVaultError(
        f"{path}: not what was signed.", hint="Take an earlier backup; delete this one."
    )
    if path.stat().st_size > MAX_BYTES:
        raise damaged
    raw = path.read_bytes()
    try:
        version = msgspec.json.decode(raw, type=dict[str, object]).get("version")
        if isinstance(version, int) and version > VERSION:
            raise UnknownVersionError(f"{path}: written by a newer ipse.", hint="Use that version.")
        manifest = msgspec.json.decode(raw, type=Manifest)
        bytes.fromhex(manifest.vault)
    except (msgspec.MsgspecError, ValueError) as error:
        raise damaged from error
    whole = manifest.raw() == raw and manifest.name == path.stem and manifest.recovery.kind == "recovery"
    if not whole or not is_signed(manifest.public_key, PURPOSE, _unsigned(manifest), manifest.signature):
        raise damaged
    return manifest


def listing(directory: Path) -> Listing:
    """The backups in ``directory``; raises ``VaultError`` where there is no folder of backups."""
    folder = directory / SNAPSHOTS
    if not folder.is_dir():
        raise VaultError(f"{directory}: there are no backups.", hint="Make one with `ipse backup DIR`.")
    whole: list[Manifest] = []
    damaged: list[str] = []
    for path in sorted(folder.glob("*.json")):
        try:
            whole.append(read_manifest(path))
        except (DamagedVaultError, UnknownVersionError):
            damaged.append(path.stem)
    return Listing(tuple(whole), tuple(damaged))


def newest(directory: Path, name: str | None = None) -> Manifest:
    """The newest backup, or the one whose name begins so or has that id; raises ``VaultError``."""
    found = [
        one for one in listing(directory).whole if name is None or one.name.startswith(name) or one.id == name
    ]
    if not found:
        raise VaultError(
            f"{directory}: there is no whole backup{f' `{name}`' if name else ''}.",
            hint="See `ipse backup list`.",
        )
    return found[-1]


def _mac(manifest: Manifest, key: bytes) -> bytes:
    bare = msgspec.structs.replace(manifest, mac=b"", signature="")
    return crypto.mac(crypto.derive(key, "backup manifest"), bare.raw())


def _unsigned(manifest: Manifest) -> bytes:
    return msgspec.structs.replace(manifest, signature="").raw()
