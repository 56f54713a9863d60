"""Files that are durable or not there: written beside, fsynced, renamed, and the folder fsynced."""

import os
from collections.abc import Iterable
from pathlib import Path

__all__ = ["sync_folder", "write_durably"]


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
