"""Where the socket of a vault's agent lies: in the user's run folder, else in the vault, else in temp.

The name comes from the vault's path, so that two vaults, or two copies of one, have two agents. A folder
that is not this user's alone is not used.
"""

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

__all__ = ["LONGEST", "alone", "sockets", "writable"]

SHARED = Path("/tmp")  # noqa: S108 - only a folder there that is this user's alone is used
LONGEST = 100
"""Bytes of a socket's path: Linux takes 107, macOS 103."""


def sockets(folder: Path, environment: Mapping[str, str] | None = None) -> Iterator[Path]:
    """Every place where the agent's socket may be, best first; nothing is looked at or made."""
    resolved = folder.resolve()
    name = f"{hashlib.sha256(os.fsencode(resolved)).hexdigest()[:32]}.sock"
    own = _run_folder(os.environ if environment is None else environment)
    places = [own / "ipse"] if own is not None else []
    for place in (*places, resolved / "run", SHARED / f"ipse-{os.getuid()}"):
        path = place / name
        if len(os.fsencode(path)) <= LONGEST:
            yield path


def writable(folder: Path) -> Path | None:
    """The first place for a socket whose folder is this user's alone; it is made if it is not there."""
    for path in sockets(folder):
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
        except OSError:
            continue
        if alone(path.parent):
            return path
    return None


def alone(place: Path) -> bool:
    """Whether a folder is this user's, and no link, and nobody else may enter it."""
    try:
        found = place.lstat()
    except OSError:
        return False
    mine = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    return mine and not stat.S_IMODE(found.st_mode) & 0o077


def _run_folder(environment: Mapping[str, str]) -> Path | None:
    """What the system makes for the user's sockets, also where the variable is missing (cron)."""
    for path in (environment.get("XDG_RUNTIME_DIR"), f"/run/user/{os.getuid()}"):
        if path and Path(path).is_absolute() and alone(Path(path)):
            return Path(path)
    return None
