"""Exports that were uploaded and wait to be imported: in the vault's folder, and gone afterwards.

They lie in the clear, as the export did where it came from, until they are imported or let go: see
``sweeping.py``, and at most a day.
Ids are made here; names come from outside and become names below the upload's folder, nothing else.
"""

import re
import secrets
import shutil
import time
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final, NamedTuple

from ipse.errors import BusyError, FullDiskError, NotFoundError, SettingsError

__all__ = ["FOLDER", "Upload", "Uploads"]

FOLDER: Final = "uploads"
ID: Final = re.compile(r"[0-9a-f]{12}")
DEEPEST, LONGEST = 16, 200  # folders in each other; bytes of a name
KEPT_SECONDS: Final = 24 * 3600.0
SPARE_BYTES: Final = 200_000_000  # left free on the vault's disk


class Upload(NamedTuple):
    """One upload: its files by name with their sizes in bytes."""

    id: str
    folder: Path
    made_at: datetime
    files: dict[str, int]


class Uploads:
    """The uploads of the vault in ``folder``, ``most`` of them at a time."""

    def __init__(self, folder: Path, most: int) -> None:
        self._folder = folder / FOLDER
        self._most = most

    def add(self, files: Iterable[tuple[str, BinaryIO]]) -> Upload:
        """Keep files under a new id; raises ``SettingsError`` for a name that is none, and ``BusyError``."""
        self.tidy()
        if len(self._ids()) >= self._most:
            raise BusyError(
                f"{self._most} exports wait to be imported.", hint="Import or delete some first.", after=60.0
            )
        id_ = secrets.token_hex(6)
        own = self._folder / id_
        own.mkdir(mode=0o700, parents=True)
        self._folder.chmod(0o700)
        try:
            for name, stream in files:
                self._write(own / _relative(name), stream)
        except BaseException:
            shutil.rmtree(own, ignore_errors=True)
            raise
        return self.get(id_)

    def get(self, id_: str) -> Upload:
        """One of them; raises ``NotFoundError``."""
        own = self._folder / id_
        if not ID.fullmatch(id_) or not own.is_dir():
            raise NotFoundError(
                f"There is no upload `{id_[:80]}`.", hint="See /api/uploads; upload it again."
            )
        files = {
            file.relative_to(own).as_posix(): file.stat().st_size
            for file in sorted(own.rglob("*"))
            if file.is_file()
        }
        return Upload(id_, own, datetime.fromtimestamp(own.stat().st_mtime, UTC), files)

    def all(self) -> list[Upload]:
        """Every one that waits, the newest first."""
        return sorted((self.get(id_) for id_ in self._ids()), key=lambda one: one.made_at, reverse=True)

    def remove(self, id_: str) -> None:
        """Delete one; raises ``NotFoundError``."""
        shutil.rmtree(self.get(id_).folder)

    def tidy(self) -> None:
        """Delete what was forgotten for a day."""
        now = time.time()
        for id_ in self._ids():
            if now - (self._folder / id_).stat().st_mtime > KEPT_SECONDS:
                shutil.rmtree(self._folder / id_, ignore_errors=True)

    def sweep(self, needed: Collection[str]) -> None:
        """Delete every one but those."""
        for id_ in self._ids():
            if id_ not in needed:
                shutil.rmtree(self._folder / id_, ignore_errors=True)

    def _ids(self) -> list[str]:
        if not self._folder.is_dir():
            return []
        return [child.name for child in self._folder.iterdir() if ID.fullmatch(child.name)]

    def _write(self, file: Path, stream: BinaryIO) -> None:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if file.exists():
            raise SettingsError(
                f"`{file.name[:80]}` was sent twice.", hint="Give each file a name of its own."
            )
        if shutil.disk_usage(file.parent).free < SPARE_BYTES:
            raise FullDiskError("There is no room for the export.", hint="Make room on the vault's disk.")
        try:
            with file.open("xb") as out:
                file.chmod(0o600)
                shutil.copyfileobj(stream, out, 1 << 20)
        except OSError as error:
            raise FullDiskError(
                "The export cannot be written.", hint="Make room on the vault's disk."
            ) from error


def _relative(name: str) -> PurePosixPath:
    """A name from outside as a path below a folder; raises ``SettingsError``."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    bad = any(
        part in ("..", ".", "/") or len(part.encode()) > LONGEST or not part.isprintable() for part in parts
    )
    if not parts or bad or len(parts) > DEEPEST:
        raise SettingsError("A file has a name that cannot be used.", hint="Rename it, and upload it again.")
    return PurePosixPath(*parts)
