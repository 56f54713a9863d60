"""Exports that were handed over to the service and wait to be imported: sealed as they come, and soon gone.

A sealed document of each holds the names of its files and the key that they are sealed under, so that letting
it go shreds them. What reads an export reads files, from any place in them: so for as long as it is looked
into or imported, and no longer, it lies unsealed among the temporary files of the vault, which are deleted
when the process ends, and by who opens the vault next where it was killed.
"""

import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

import msgspec

from ipse.errors import BusyError, DamagedVaultError, FullDiskError, NotFoundError, SettingsError, SourceError
from ipse.pipeline.finding import Found, look
from ipse.pipeline.workspace import Workspace
from ipse.vault.deposits import Deposit, Deposits, Writer

__all__ = ["KIND", "Arrival", "Seen", "Upload", "Uploads"]

KIND: Final = "upload"
ID: Final = re.compile(r"[0-9a-f]{12}")
DEEPEST, LONGEST = 16, 200  # folders in each other; bytes of a name
MOST_FILES: Final = 10_000
KEPT: Final = timedelta(days=1)
SPARE_BYTES: Final = 200_000_000  # left free on the vault's disk
LOOK_BYTES: Final = 64_000_000  # written between two looks at how much is free


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What is in an upload: exports by name with their sources, what none reads, and why some is closed."""

    exports: tuple[tuple[str, str], ...]
    unknown: tuple[str, ...]
    closed: tuple[str, ...]


class Upload(NamedTuple):
    """One upload: its files by name with their sizes in bytes, and what was seen as it came."""

    id: str
    made_at: datetime
    files: dict[str, int]
    seen: Seen


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """Its document: ``key`` is what the files are sealed under, in the order of ``files``."""

    made_at: datetime
    key: bytes
    files: dict[str, int]
    seen: Seen = Seen(exports=(), unknown=(), closed=())


class Arrival:
    """An upload on its way in, file by file; nothing knows of it until :meth:`Uploads.keep`."""

    def __init__(self, id_: str, deposit: Deposit) -> None:
        self.id, self.deposit = id_, deposit
        self.files: dict[str, int] = {}
        self._name = ""
        self._folders = set[str]()
        self._out: Writer | None = None
        self._unseen = 0

    def begin(self, name: str) -> None:
        """The next file; raises ``SettingsError`` for a name that is none, ``FullDiskError``."""
        path = _relative(name)
        above = {str(one) for one in path.parents}
        if str(path) in self._folders | self.files.keys() or above & self.files.keys():
            raise SettingsError(
                f"`{path.name[:80]}` was sent twice.", hint="Give each file a name of its own."
            )
        self._name = str(path)
        self._folders |= above
        if len(self.files) >= MOST_FILES:
            raise SettingsError(f"More than {MOST_FILES:,} files.", hint="Send them as one zip.")
        with self._writing():
            self._out = self.deposit.write(len(self.files))
        self._look()

    def write(self, data: bytes) -> None:
        """More of it; raises ``FullDiskError``."""
        assert self._out is not None
        self._unseen += len(data)
        if self._unseen > LOOK_BYTES:
            self._look()
        with self._writing():
            self._out.write(data)

    def end(self) -> None:
        """The file is whole; raises ``FullDiskError``."""
        assert self._out is not None
        with self._writing():
            self._out.close()
        self.files[self._name], self._out = self._out.size, None

    def drop(self) -> None:
        """Nothing comes of it."""
        if self._out is not None:
            self._out.abandon()
        self.deposit.remove()

    def _look(self) -> None:
        self._unseen = 0
        if shutil.disk_usage(self.deposit.folder).free < SPARE_BYTES:
            raise FullDiskError("There is no room for the export.", hint="Make room on the vault's disk.")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise FullDiskError(
                "The export cannot be written.", hint="Make room on the vault's disk."
            ) from error


class Uploads:
    """The uploads of a vault, ``service.uploads`` of them at a time."""

    def __init__(self, workspace: Workspace) -> None:
        self._vault = workspace.vault
        self._most = workspace.settings.service.uploads
        self._deposits = Deposits(self._vault.folder, bytes.fromhex(self._vault.id))

    def begin(self) -> Arrival:
        """Let a new one in; raises ``BusyError`` where too many wait."""
        self.tidy()
        if len(self._deposits.names()) >= self._most:
            raise BusyError(
                f"{self._most} exports wait to be imported.", hint="Import or delete some first.", after=60.0
            )
        id_ = secrets.token_hex(6)
        return Arrival(id_, self._deposits.new(id_))

    def keep(self, arrival: Arrival) -> Upload:
        """It is whole: looked into, and from now on it waits. Raises ``FullDiskError``."""
        kept = _Kept(made_at=datetime.now(UTC), key=arrival.deposit.key, files=arrival.files)
        with self._unsealed(arrival.id, kept) as folder:
            kept = msgspec.structs.replace(kept, seen=_seen(look([folder])))
        told = {"upload": arrival.id, "files": len(kept.files), "bytes": sum(kept.files.values())}
        self._vault.put(KIND, arrival.id, msgspec.msgpack.encode(kept), action="upload.add", details=told)
        return self.get(arrival.id)

    def get(self, id_: str) -> Upload:
        """One of them; raises ``NotFoundError``."""
        kept = self._kept(id_)
        return Upload(id_, kept.made_at, kept.files, kept.seen)

    def all(self) -> list[Upload]:
        """Every one that waits, the newest first."""
        return sorted((self.get(id_) for id_ in self._ids()), key=lambda one: one.made_at, reverse=True)

    @contextmanager
    def opened(self, id_: str) -> Iterator[Path]:
        """A folder of that name with its files, for as long as they are read; raises ``NotFoundError``."""
        with self._unsealed(id_, self._kept(id_)) as folder:
            yield folder

    @contextmanager
    def _unsealed(self, id_: str, kept: _Kept) -> Iterator[Path]:
        deposit = self._deposits.of(id_, kept.key)
        with tempfile.TemporaryDirectory(prefix="ipse-") as place:
            folder = Path(place) / id_
            folder.mkdir()
            try:
                for number, name in enumerate(kept.files):
                    _unseal(deposit, number, folder / name)
                    os.utime(folder / name, (kept.made_at.timestamp(),) * 2)
            except DamagedVaultError as error:
                raise SourceError("The upload is not whole any more.", hint="Upload it again.") from error
            except OSError as error:
                raise FullDiskError(
                    "There is no room to read the export.", hint="Make room on the vault's disk."
                ) from error
            yield folder

    def remove(self, id_: str) -> None:
        """Delete one and destroy its key; raises ``NotFoundError``."""
        kept = self._kept(id_)
        self._vault.remove(KIND, id_, action="upload.remove", details={"upload": id_})
        self._deposits.of(id_, kept.key).remove()

    def tidy(self) -> None:
        """Delete what was forgotten for a day."""
        since = datetime.now(UTC) - KEPT
        for one in self.all():
            if one.made_at < since:
                self.remove(one.id)

    def sweep(self, needed: Collection[str]) -> None:
        """Delete every one but those, and what never came to be one."""
        for id_ in set(self._ids()) - set(needed):
            self.remove(id_)
        for name in set(self._deposits.names()) - set(needed):
            self._deposits.of(name, b"").remove()

    def _ids(self) -> list[str]:
        return self._vault.ids(KIND)

    def _kept(self, id_: str) -> _Kept:
        held = self._vault.find(KIND, id_) if ID.fullmatch(id_) else None
        if held is None:
            raise NotFoundError(
                f"There is no upload `{id_[:80]}`.", hint="See /api/uploads; upload it again."
            )
        return msgspec.msgpack.decode(held, type=_Kept)


def _seen(found: Found) -> Seen:
    return Seen(
        exports=tuple((one.path.label, one.source.name) for one in found.exports),
        unknown=tuple(one.label for one in found.unknown),
        closed=tuple(str(error) for error in found.closed),
    )


def _unseal(deposit: Deposit, number: int, file: Path) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with file.open("xb") as out:
        for piece in deposit.read(number):
            out.write(piece)


def _relative(name: str) -> PurePosixPath:
    """A name from outside as a path below a folder; raises ``SettingsError``."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    bad = any(
        part in ("..", ".", "/") or len(part.encode()) > LONGEST or not part.isprintable() for part in parts
    )
    if not parts or bad or len(parts) > DEEPEST:
        raise SettingsError("A file has a name that cannot be used.", hint="Rename it, and upload it again.")
    return PurePosixPath(*parts)
