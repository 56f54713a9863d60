"""Files that are durable or not there: written beside, fsynced, renamed, and the folder fsynced.

A new folder has a name too, which is durable once the folder above it was fsynced.
"""

import os
from collections.abc import Iterable
from pathlib import Path

__all__ = ["make_folder", "sync_folder", "write_durably"]


def make_folder(folder: Path) -> None:
    """Make a folder, the owner's alone, and those above it; durable when this returns."""
    made = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for one in made:
        sync_folder(one.parent)


def write_durably(file: Path, pieces: Iterable[bytes]) -> None:
    """Write a file, readable by its owner alone, in place of an older one; durable when this returns."""
    new = file.with_name(file.name + ".new")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out:
        for piece in pieces:
            out.write(piece)
        out.flush()
        os.fsync(handle)
    new.replace(file)
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename or a new file in ``folder`` durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
