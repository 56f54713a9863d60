"""What a move of the catalog leaves behind: ``catalog.moving`` names both places, one of which is in force.

``catalog.json`` decides which. The other is half filled or no longer needed, and is deleted by whoever opens
the vault next. This module copies nothing.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ipse.errors import VaultError
from ipse.vault.files import sync_folder, write_durably
from ipse.vault.location import LOCATION, Location

__all__ = ["MARK", "begin", "settle"]

MARK = "catalog.moving"


def begin(folder: Path, places: Sequence[Location]) -> None:
    """Note both places before anything is written to the new one, beside those not settled yet."""
    before = (folder / MARK).read_bytes() if (folder / MARK).exists() else b""
    write_durably(folder / MARK, [before, *(place.raw() for place in places)])


def settle(folder: Path, known: Sequence[Location] = ()) -> None:
    """Delete the catalog that is not in force; waits while another process is moving it.

    ``known`` are places with the passwords that the folder does not hold. A server that cannot be reached now
    is asked again by the next opening.
    """
    if not (folder / MARK).exists():
        _sweep(folder, known)
        return
    now = Location.read(folder)
    with _here(known, now).engine(folder).locked():
        if Location.read(folder) == now:
            with suppress(VaultError, FileNotFoundError):
                _delete(folder, now, known)
            return
    settle(folder, known)


def _sweep(folder: Path, known: Sequence[Location]) -> None:
    """Delete a mark that was cut off before it was whole, unless somebody is writing it."""
    unfinished = folder / f"{MARK}.new"
    if unfinished.exists():
        with _here(known, Location.read(folder)).engine(folder).locked():
            unfinished.unlink(missing_ok=True)


def _delete(folder: Path, now: Location, known: Sequence[Location]) -> None:
    for line in (folder / MARK).read_bytes().splitlines():
        place = Location.parsed(line)
        if place != now:
            _here(known, place).engine(folder).remove()
    (folder / f"{LOCATION}.new").unlink(missing_ok=True)  # cut off while it was written
    (folder / MARK).unlink()
    sync_folder(folder)


def _here(known: Sequence[Location], place: Location) -> Location:
    """The place with its password, where it is known."""
    return next((one for one in known if one == place), place)
