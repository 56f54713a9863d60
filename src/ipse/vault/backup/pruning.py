"""Deleting old backups, and packs that none needs. A manifest goes first: half deleted, it is no backup.

Deleting a backup destroys its copy of the keys; this module opens nothing.
"""

from pathlib import Path

from ipse.errors import VaultError
from ipse.vault.backup.manifest import PACKS, SNAPSHOTS, listing
from ipse.vault.files import sync_folder

__all__ = ["prune"]


def prune(directory: Path, keep: int | None) -> tuple[str, ...]:
    """Keep the newest ``keep`` backups (None: all) and what they need; returns the names of those deleted."""
    if keep is not None and keep < 1:
        raise VaultError("At least one backup is kept.", hint="Give --keep a number from 1.")
    folder = directory / SNAPSHOTS
    found = listing(directory)
    doomed = found.whole[: max(0, len(found.whole) - keep)] if keep is not None else ()
    for manifest in doomed:
        (folder / f"{manifest.name}.json").unlink()
    sync_folder(folder)
    left = [one for one in found.whole if one not in doomed]
    needed = {file.name for one in left for file in (one.index, one.keys, *one.packs)}
    names = {f"{one.name}.json" for one in left} | {f"{name}.json" for name in found.damaged}
    for path in [*folder.iterdir(), *(directory / PACKS).iterdir()]:
        if path.is_file() and path.name not in needed | names:
            path.unlink()
    return tuple(one.name for one in doomed)
