"""A vault again from a backup: by the recovery key, into an empty folder, whole or not at all.

The header is written last, so what is half restored is not a vault; a second try begins anew. What was
erased since is erased again by ``replay`` before there is a header to open it with.
"""

import shutil
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import closing, suppress
from pathlib import Path

import msgspec
import sqlalchemy as sa

from ipse.errors import DamagedVaultError, VaultError, VaultExistsError
from ipse.interfaces import Progress
from ipse.vault import header
from ipse.vault.backup.checking import damage
from ipse.vault.backup.manifest import PACKS, SNAPSHOTS, Manifest, Sealed, Table, newest
from ipse.vault.backup.packs import Packs, reported, room
from ipse.vault.backup.tables import rows_of
from ipse.vault.catalog import Catalog
from ipse.vault.crypto import KdfParameters
from ipse.vault.files import make_folder, sync_folder, write_durably
from ipse.vault.location import Location
from ipse.vault.parts import Parts
from ipse.vault.store import Vault

__all__ = ["Replay", "Restored", "backed_up_documents", "read_back", "restore"]

MARK = "restoring"  # in a folder that a restore has begun to fill
Replay = Callable[[Vault], int]
"""Erases in the vault, not yet readable, what was erased since its backup; returns how much."""


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """A vault restored: where, from which backup, its recovery key (the same), and erasures replayed."""

    folder: Path
    backup: str
    vault: str
    recovery_key: str
    replayed: int


def restore(  # noqa: PLR0913 - what a restore needs to know
    directory: Path,
    target: Path,
    recovery_key: str,
    passphrase: str,
    *,
    name: str | None = None,
    replay: Replay | None = None,
    catalog: str = "",
    kdf: KdfParameters | None = None,
    progress: Progress,
) -> Restored:
    """Restore the newest backup in ``directory``, or the one of that name, under a new passphrase.

    ``catalog`` is the URL of a PostgreSQL server for the catalog, which else is a file in ``target``.
    Raises ``WrongPassphraseError`` for another recovery key, ``DamagedVaultError`` where a byte of the backup
    is not what was written, and ``VaultExistsError`` unless ``target`` is empty.
    """
    with reported(directory):
        manifest = newest(directory, name)
        master = manifest.master(recovery_key)
        vault = bytes.fromhex(manifest.vault)
        raw, key = header.compose(
            vault,
            master,
            passphrase,
            kdf or KdfParameters(),
            recovery_key=recovery_key,
            before=manifest.header,
        )
        faults = damage(directory, manifest)
        if faults:
            raise DamagedVaultError(f"{directory}: {faults[0]}.", hint="Take an earlier one: --backup NAME.")
    where = Location.new(catalog, vault)
    where.engine(target).require()
    with reported(target):
        _begin(target)
        where.write(target)
        parts = Parts.of(target, manifest.header, master, where)
        read_back(directory, manifest, parts, progress=progress)
        with Vault.assembled(parts) as filled:
            replayed = replay(filled) if replay else 0
            filled.note("backup.restore", {"backup": manifest.name, "replayed": replayed})
        write_durably(target / "vault.json", [raw])  # last: from here on it is a vault
        (target / MARK).unlink()
    return Restored(
        folder=target, backup=manifest.name, vault=manifest.vault, recovery_key=key, replayed=replayed
    )


def read_back(
    directory: Path,
    manifest: Manifest,
    parts: Parts,
    *,
    only: Collection[str] | None = None,
    progress: Progress,
) -> None:
    """Write keys, catalog and files of a backup into the folder of ``parts``, which gets no header.

    ``only`` names the tables that are wanted. Raises ``DamagedVaultError``.
    """
    packs = Packs(directory / PACKS)
    for file in manifest.packs:
        packs.add(file)
    sealed = Sealed(parts.vault, parts.backup)
    snapshots = directory / SNAPSHOTS
    index = sealed.index((snapshots / manifest.index.name).read_bytes(), manifest.name)
    parts.keys.create()
    parts.keys.fill(sealed.keys((snapshots / manifest.keys.name).read_bytes(), manifest.name))
    with closing(parts.catalog):
        parts.catalog.create(manifest.revision)
        total = float(len(index.tables) + len(index.objects))
        with parts.catalog.write() as db:
            for done, (name, table) in enumerate(index.tables.items()):
                if only is None or name in only:
                    count = _fill(parts.catalog, db, name, table, packs=packs, sealed=sealed)
                    if count != manifest.counts.get(name):  # pragma: no cover - the manifest is signed
                        raise DamagedVaultError(f"{directory}: the table {name} is not complete.")
                progress(done + 1, total, {})
        # Where only documents are wanted, a file of several MiB is a model, not one of them.
        wanted = {name: pieces for name, pieces in index.objects.items() if only is None or len(pieces) == 1}
        _objects(wanted, packs, parts.folder)
        parts.catalog.check()  # brings an older catalog up to date
    progress(total, total, {})


def backed_up_documents(directory: Path, recovery_key: str, kind: str) -> dict[str, bytes]:
    """The documents of a kind in the newest backup that this recovery key opens; raises like `restore`."""
    manifest = newest(directory)
    master = manifest.master(recovery_key)
    with tempfile.TemporaryDirectory(prefix="ipse-", dir=room(directory)) as held:
        parts = Parts.of(Path(held), manifest.header, master)
        tables = {"documents", "epochs"}
        read_back(directory, manifest, parts, only=tables, progress=lambda _done, _total, _figures: None)
        with Vault.assembled(parts) as vault:
            return {name: vault.get(kind, name) for name in vault.ids(kind)}


def _begin(target: Path) -> None:
    """Make the folder ready; raises ``VaultExistsError`` unless it is empty or a restore broke off in it."""
    make_folder(target)
    there = {path.name for path in target.iterdir()}
    begun = MARK in there or there == {f"{MARK}.new"}  # the mark itself may be half written
    if there and (not begun or "vault.json" in there):
        raise VaultExistsError(f"{target}: is not empty.", hint="Name an empty folder.")
    if there:
        with suppress(VaultError):  # a server that is gone keeps what is useless without the keys
            Location.read(target).engine(target).remove()
        for path in target.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name != MARK:
                path.unlink()
    write_durably(target / MARK, [b""])


def _fill(
    catalog: Catalog, db: sa.Connection, name: str, table: Table, *, packs: Packs, sealed: Sealed
) -> int:
    """Insert the rows of a table; returns how many."""
    there = sa.Table(name, sa.MetaData(), autoload_with=db, resolve_fks=False)  # as it was at that revision
    here = sa.Table(name, sa.MetaData(), *(sa.Column(one, there.c[one].type) for one in table.columns))
    count = 0
    for chunk, _ in table.chunks:
        rows = list(rows_of(sealed.rows(name, packs.read(chunk)), packs))
        catalog.insert(db, here, rows)
        count += len(rows)
    return count


def _objects(files: Mapping[str, Iterable[bytes]], packs: Packs, folder: Path) -> None:
    objects = folder / "objects"
    if files:
        objects.mkdir(mode=0o700, exist_ok=True)
        sync_folder(folder)
    for name, pieces in files.items():
        write_durably(objects / f"{name}.seal", map(packs.read, pieces))
