"""Is a backup what was written? Without a key: signatures, hashes, sizes. With it: who wrote it.

With the recovery key every sealed part is opened; deep, each backup is put together as a restore would, in a
folder that goes again, and every record, document and audit row in it is read.
"""

import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec

from ipse.errors import AuditError, DamagedVaultError, WrongPassphraseError
from ipse.interfaces import Progress
from ipse.vault import crypto
from ipse.vault.backup.manifest import PACKS, SNAPSHOTS, Manifest, Sealed, listing
from ipse.vault.backup.packs import Packs, digest_of, problem, reported, room
from ipse.vault.backup.tables import rows_of

__all__ = ["Checked", "check", "damage"]


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of one backup: nothing in ``faults`` where it is whole.

    ``opened`` tells whether the recovery key opened it; ``records`` were read, where all of it was.
    """

    name: str
    size: int = 0
    faults: tuple[str, ...] = ()
    opened: bool = False
    records: int | None = None


def damage(directory: Path, manifest: Manifest) -> list[str]:
    """What is wrong with the files of a backup, in words; reads each of them."""
    files = [(directory / SNAPSHOTS, manifest.index), (directory / SNAPSHOTS, manifest.keys)]
    files += [(directory / PACKS, pack) for pack in manifest.packs]
    return [found for folder, file in files if (found := problem(folder, file))]


def check(
    directory: Path, *, recovery_key: str | None = None, deep: bool = False, progress: Progress
) -> list[Checked]:
    """Check every backup in ``directory``, oldest first; damaged manifests are told too.

    Raises ``WrongPassphraseError`` for a recovery key that opens not even the newest, ``VaultError`` where
    there is no backup at all.
    """
    with reported(directory):
        found = listing(directory)
        if recovery_key is not None and found.whole:
            found.whole[-1].master(recovery_key)
        told = [
            Checked(name=name, faults=("the manifest is not what was signed, or of a newer ipse",))
            for name in found.damaged
        ]
        whole = {one.name for one in found.whole}
        for done, manifest in enumerate(found.whole):
            one = _checked(directory, manifest, recovery_key, deep=deep)
            told.append(
                msgspec.structs.replace(one, faults=(*one.faults, *_chained(directory, manifest, whole)))
            )
            progress(done + 1, len(found.whole), {"faults": sum(len(one.faults) for one in told)})
    return sorted(told, key=lambda one: one.name)


def _checked(directory: Path, manifest: Manifest, recovery_key: str | None, *, deep: bool) -> Checked:
    faults = damage(directory, manifest)
    opened, records = False, None
    if recovery_key is not None and not faults:
        try:
            master = manifest.master(recovery_key)
            opened = True
            _open(directory, manifest, master)
            records = _read(directory, manifest, master) if deep else None
        except WrongPassphraseError:
            pass  # made under another recovery key: no fault of the backup, and told by `opened`
        except (DamagedVaultError, AuditError) as error:
            faults.append(error.message)
    return Checked(
        name=manifest.name, size=manifest.size, faults=tuple(faults), opened=opened, records=records
    )


def _chained(directory: Path, manifest: Manifest, whole: Collection[str]) -> Iterator[str]:
    """Whether the backup before, where it is there and whole, is the one that this one followed."""
    if manifest.previous in whole:
        before = directory / SNAPSHOTS / f"{manifest.previous}.json"
        if digest_of(before) != manifest.previous_sha256:
            yield f"{manifest.previous} is not the backup that this one followed"


def _open(directory: Path, manifest: Manifest, master: bytes) -> None:
    """Open every sealed part and find every piece; raises ``DamagedVaultError``."""
    sealed = Sealed(bytes.fromhex(manifest.vault), crypto.derive(master, "backup"))
    packs = Packs(directory / PACKS)
    for file in manifest.packs:
        packs.add(file)
    index = sealed.index((directory / SNAPSHOTS / manifest.index.name).read_bytes(), manifest.name)
    sealed.keys((directory / SNAPSHOTS / manifest.keys.name).read_bytes(), manifest.name)
    for name, table in index.tables.items():
        for chunk, _ in table.chunks:
            for _ in rows_of(sealed.rows(name, packs.read(chunk)), packs):
                pass
    for pieces in index.objects.values():
        for piece in pieces:
            packs.read(piece)


def _read(directory: Path, manifest: Manifest, master: bytes) -> int:
    """Put the vault together in a folder of its own and read all of it; returns how many records."""
    from ipse.vault.backup.restoring import read_back
    from ipse.vault.parts import Parts
    from ipse.vault.store import Vault

    with tempfile.TemporaryDirectory(prefix="ipse-", dir=room(directory)) as held:
        parts = Parts.of(Path(held), manifest.header, master)
        read_back(directory, manifest, parts, progress=lambda _done, _total, _figures: None)
        with Vault.assembled(parts) as vault:
            return vault.read_all()
