"""Room for the day when the disk is full: a file that holds nothing, and is given back then.

SQLite writes its log before it deletes anything, so on a full disk nothing could be opened or erased. It is
given back for opening and erasing alone: as long as it is, and the disk is full, no record is kept.
"""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from ipse.errors import FullDiskError

__all__ = ["BYTES", "PLENTY", "RESERVE", "hold", "in_need", "spare"]

T = TypeVar("T")
RESERVE = "reserve"
BYTES = 1024 * 1024  # the log of erasing a contact takes some 100 KiB
PLENTY = 64  # it is made where the disk has so many times its size left


def hold(folder: Path) -> None:
    """Take up the room, where there is plenty and it is not taken yet."""
    file = folder / RESERVE
    if file.exists() or shutil.disk_usage(folder).free < PLENTY * BYTES:
        return
    with suppress(OSError):  # no reserve, then: nothing of the vault depends on it
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(handle, bytes(BYTES))
        finally:
            os.close(handle)


def spare(folder: Path) -> None:
    """Raise ``FullDiskError`` where the room that is left was given back for erasing."""
    if not (folder / RESERVE).exists() and shutil.disk_usage(folder).free < BYTES:
        raise FullDiskError(
            "The disk is full; what room is left is for erasing.", hint="Make room and try again."
        )


def in_need(folder: Path, act: Callable[[], T], then: Callable[[], T] | None = None) -> T:
    """Do it; where the disk is too full for that, give the room back and do ``then``, or the same again."""
    try:
        return act()
    except FullDiskError:
        if not (folder / RESERVE).exists() and then is None:
            raise
        (folder / RESERVE).unlink(missing_ok=True)
    return (then or act)()
