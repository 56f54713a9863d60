"""What lies around a vault and decides how safe it is: rights of files, disk, swap, core dumps, SQLite.

It needs no key, so it can be told of a vault that does not open. It knows no content.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from stat import S_ISLNK
from typing import Literal

import msgspec

__all__ = ["Check", "State", "checks", "repair", "there"]

State = Literal["ok", "warning", "wrong"]

RESET = (3, 7, 0), (3, 51, 2)  # SQLite whose log two writing connections can reset under each other
LOW, SCARCE = 500_000_000, 50_000_000  # bytes free; an import of a large export takes some hundred MB
SIDE_FILES = (".new", ".next", ".partial")
PLACES = {"objects", "jobs", "live", "run", "tmp", "uploads"}
FILES = {"vault.json", "keys.db", "catalog.db", "catalog.db-wal", "catalog.db-shm", "vault.lock", "attempts"}
FILES |= {"reserve"}  # room for a full disk
FILES |= {"catalog.json", "catalog.moving"}  # where the catalog lies on a server
SYSTEMD = "systemd-coredump"


class Check(msgspec.Struct, frozen=True):
    """One check: its name, how it came out, what was found, and what to do unless it is ok."""

    name: str
    state: State
    found: str
    todo: str = ""


def checks(folder: Path) -> list[Check]:
    """What can be told without a key."""
    return [_sqlite(sqlite3.sqlite_version), _rights(folder), _left(folder), _disk(folder), _swap(), _cores()]


def repair(folder: Path) -> list[str]:
    """Set rights, and delete files that a killed process left. Hold the vault's lock; tells what was done."""
    done: list[str] = []
    loose = list(_loose(folder))
    for path in loose:
        with suppress(FileNotFoundError):
            path.chmod(0o700 if path.is_dir() else 0o600)
    if loose:
        done.append(f"made {len(loose):,} files and folders yours alone")
    left = [path for path in _left_over(folder) if path.name.endswith(SIDE_FILES)]
    for path in left:
        path.unlink(missing_ok=True)
    if left:
        done.append(f"deleted {len(left):,} half-written files")
    return done


def _sqlite(version: str) -> Check:
    first, last = RESET
    if first <= tuple(int(part) for part in version.split(".")) <= last:
        told = f"{version}: two programs that write at once could damage a log; ipse lets only one"
        return Check("sqlite", "warning", told, "Open catalog.db and keys.db with nothing but ipse.")
    return Check("sqlite", "ok", version)


def _rights(folder: Path) -> Check:
    loose = [str(path.relative_to(folder.parent)) for path in _loose(folder)]
    strange = [path.name for path, stat in there(folder) if stat.st_uid != os.getuid()]
    if strange:
        told = f"not yours: {', '.join(sorted(strange)[:5])}"
        return Check("file rights", "wrong", told, "Find out whose they are; then `chown` them.")
    if loose:
        told = f"others on this machine may read {', '.join(sorted(loose)[:5])}"
        return Check("file rights", "wrong", told, "`ipse vault doctor --repair` makes them yours alone.")
    return Check("file rights", "ok", "every file is yours alone")


def _left(folder: Path) -> Check:
    left = sorted(path.name for path in _left_over(folder))
    if not left:
        return Check("left-over files", "ok", "none")
    todo = "`ipse vault doctor --repair` deletes half-written ones; look at others yourself."
    return Check("left-over files", "warning", f"in the vault's folder: {', '.join(left[:5])}", todo)


def _disk(folder: Path) -> Check:
    free = shutil.disk_usage(folder).free
    told = f"{free / 1e9:,.1f} GB free"
    if free < SCARCE:
        return Check("disk", "wrong", told, "Make room: nothing can be written safely.")
    return Check("disk", "warning", told, "Make room.") if free < LOW else Check("disk", "ok", told)


def _swap(swaps: Path = Path("/proc/swaps"), blocks: Path = Path("/sys/class/block")) -> Check:
    try:
        lines = swaps.read_text(encoding="utf-8").splitlines()[1:]
    except OSError:
        return Check("swap", "ok", "the system encrypts it, or does not tell")
    plain = [device for device in (line.split()[0] for line in lines if line) if not _sealed(device, blocks)]
    if plain:
        told = f"memory may be written in the clear to {', '.join(plain)}"
        return Check("swap", "warning", told, "Encrypt it, or turn it off: `swapoff -a`.")
    return Check("swap", "ok", "none that is in the clear")


def _sealed(device: str, blocks: Path) -> bool:
    """Whether a swap device is memory itself or encrypted."""
    name = Path(device).resolve().name
    if name.startswith("zram"):
        return True
    try:
        return (blocks / name / "dm" / "uuid").read_text(encoding="utf-8").startswith("CRYPT-")
    except OSError:
        return False


def _cores(pattern: Path = Path("/proc/sys/kernel/core_pattern")) -> Check:
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_CORE)
    try:
        piped = pattern.read_text(encoding="utf-8")
    except OSError:
        piped = ""
    if soft:
        return Check("core dumps", "warning", "a crash may write memory to disk", "Run `ulimit -c 0` before.")
    if piped.startswith("|") and SYSTEMD not in piped:
        told = f"a crash hands memory to {piped[1:].split()[0]}, whatever the limit"
        return Check("core dumps", "warning", told, "Turn it off: `sysctl kernel.core_pattern=core`.")
    return Check("core dumps", "ok", "turned off")


def there(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """A folder and all in it; what goes meanwhile is passed over, for others work in a vault too."""
    inside = (Path(top, name) for top, below, files in os.walk(folder) for name in (*below, *files))
    for path in (folder, *inside):
        with suppress(FileNotFoundError):
            yield path, path.lstat()


def _loose(folder: Path) -> Iterator[Path]:
    """What others may read or enter; a link has no rights of its own."""
    for path, stat in there(folder):
        if not S_ISLNK(stat.st_mode) and stat.st_mode & 0o077:
            yield path


def _left_over(folder: Path) -> Iterator[Path]:
    """Files that are no part of a vault."""
    for path in folder.iterdir():
        if path.name not in FILES | PLACES and path.name != "keys.db-journal":
            yield path
    objects = folder / "objects"
    if objects.is_dir():
        yield from (path for path in objects.iterdir() if path.suffix != ".seal")
