"""Writing a backup: what changed since the last one, as of one moment, read again before it counts.

The moment is taken under the vault's lock, in which the keys are copied and a view of the catalog is opened;
after that others write on. The manifest comes last: until it stands, the backups before are all there are.
"""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec
import sqlalchemy as sa
from filelock import FileLock, Timeout

from ipse.errors import DamagedVaultError, VaultError
from ipse.interfaces import Progress
from ipse.vault import catalog as tables
from ipse.vault import crypto
from ipse.vault.backup.manifest import (
    PACKS,
    SNAPSHOTS,
    Index,
    Manifest,
    Sealed,
    Table,
    fresh,
    listing,
    read_manifest,
    signed,
)
from ipse.vault.backup.packs import File, Packs, PackWriter, digest_of, problem, reported
from ipse.vault.backup.pruning import prune
from ipse.vault.backup.tables import save_table
from ipse.vault.files import make_folder, sync_folder, write_durably
from ipse.vault.header import Header
from ipse.vault.keys import WrappedKey, changed_master
from ipse.vault.objects import CHUNK
from ipse.vault.opening import read_header
from ipse.vault.parts import Parts

__all__ = ["Backup", "write_backup"]

WORTH = 0.5  # of a pack; where less is still needed, that part is written anew and the pack can go
SMALL_BYTES, MOST_SMALL = 1024 * 1024, 32  # more packs below that size are joined
TRIES = 3  # a file of the vault replaced meanwhile: begin again, at last with the vault held still


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """A backup made: its name, bytes it needs in all, bytes and packs written now, and what was deleted.

    ``damaged`` names packs that are not what was written; what was in them of this backup is written anew.
    """

    name: str
    directory: str
    size: int
    written: int
    packs: int
    counts: dict[str, int]
    removed: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()


class _Moved(Exception):  # noqa: N818 - no error: the vault went on
    """A file of the vault that the view names is gone."""


def write_backup(
    parts: Parts, directory: Path, seed: bytes, *, keep: int | None = None, progress: Progress
) -> Backup:
    """Write a backup into ``directory``; raises ``VaultError`` and leaves the backups before as they were."""
    with reported(directory), _alone(directory):
        found = listing(directory)
        if any(one.vault != parts.vault.hex() for one in found.whole):
            raise VaultError(f"{directory}: holds backups of another vault.", hint="Choose another folder.")
        packs = Packs(directory / PACKS)
        damaged = _sound(packs, progress)
        before = found.whole[-1] if found.whole else None
        writing = _Writing(parts, directory, packs, before)
        manifest, written = writing.run(seed, progress)
        removed = prune(directory, keep) if not found.damaged else ()
        return Backup(
            name=manifest.name,
            directory=str(directory),
            size=manifest.size,
            written=sum(file.size for file in written),
            packs=len(manifest.packs),
            counts=manifest.counts,
            removed=removed,
            damaged=(*damaged, *found.damaged),
        )


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    for folder in (directory, directory / SNAPSHOTS, directory / PACKS):
        make_folder(folder)
    lock = FileLock(directory / "backup.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise VaultError(f"{directory}: a backup is being written there.", hint="Let it finish.") from error
    try:
        yield
    finally:
        lock.release()


def _sound(packs: Packs, progress: Progress) -> tuple[str, ...]:
    """Read every pack that is there; returns the names of those that are not what was written."""
    damaged: list[str] = []
    paths = sorted(packs.folder.glob("*.pack"))
    for done, path in enumerate(paths):
        file = File(path.name, path.stem, path.stat().st_size)
        try:
            if digest_of(path) != file.sha256:
                raise DamagedVaultError(f"{path}: not what was written.")
            packs.add(file)
        except DamagedVaultError:
            damaged.append(path.name)
        progress(done + 1, None, {"checked": done + 1})
    return tuple(damaged)


class _Writing:
    """One backup being written."""

    def __init__(self, parts: Parts, directory: Path, packs: Packs, before: Manifest | None) -> None:
        self._parts = parts
        self._directory = directory
        self._packs = packs
        self._before = before
        self._sealed = Sealed(parts.vault, parts.backup)
        self._old = self._index_before()

    def run(self, seed: bytes, progress: Progress) -> tuple[Manifest, list[File]]:
        """Write it; returns its manifest and every file written."""
        with PackWriter(self._packs) as writer:
            for left in reversed(range(TRIES)):
                writer.used.clear()
                try:
                    index, keys, revision, counts = self._pieces(writer, progress, still=not left)
                except _Moved:
                    continue
                writer.close()
                return self._finish(writer, index, keys, seed=seed, head=(revision, counts))
        raise DamagedVaultError("A file of the vault is missing.", hint="Restore an earlier backup.")

    def _pieces(
        self, writer: PackWriter, progress: Progress, *, still: bool
    ) -> tuple[Index, list[WrappedKey], str, dict[str, int]]:
        """Write what the vault holds at this moment; with ``still``, nobody writes to it meanwhile."""
        saved: dict[str, Table] = {}
        counts: dict[str, int] = {}
        with ExitStack() as held:
            with self._parts.catalog.locked():
                db = held.enter_context(self._parts.catalog.read())
                revision = str(db.execute(sa.text("SELECT version_num FROM alembic_version")).scalar())
                keys = self._parts.keys.rows()
                if still:
                    held.enter_context(self._parts.catalog.locked())
            files = [file for file in db.execute(sa.select(tables.documents.c.object)).scalars() if file]
            total = float(len(tables.METADATA.sorted_tables) + len(files))
            for table in tables.METADATA.sorted_tables:
                name = str(table.name)  # SQLAlchemy's own kind of text otherwise
                saved[name], counts[name] = save_table(
                    db, table, self._sealed, writer=writer, before=partial(self._chunks, name)
                )
                progress(len(saved), total, {"written": sum(one.size for one in writer.written)})
            objects = {}
            for done, file in enumerate(files):
                objects[file.hex()] = tuple(map(writer.put, self._object(file.hex())))
                progress(len(saved) + done + 1, total, {"written": sum(one.size for one in writer.written)})
        self._parts.catalog.scrub()  # the view held the log of what was deleted meanwhile
        for table_ in saved.values():
            writer.used.update(chunk for chunk, _ in table_.chunks)
        return Index(saved, objects), keys, revision, {**counts, "files": len(objects), "keys": len(keys)}

    def _finish(
        self,
        writer: PackWriter,
        index: Index,
        keys: list[WrappedKey],
        *,
        seed: bytes,
        head: tuple[str, dict[str, int]],
    ) -> tuple[Manifest, list[File]]:
        self._repack(writer)
        packs = sorted({self._packs.files[self._packs.pack_of(piece)] for piece in writer.used})
        now = self._now()
        identity, name = fresh(now)
        sealed = self._save(f"{name}.index", self._sealed.seal("index", name, index))
        wrapped = self._save(f"{name}.keys", self._sealed.seal("keys", name, keys))
        before = self._before
        held = self._header()
        manifest = signed(
            Manifest(
                id=identity,
                vault=self._parts.vault.hex(),
                created_at=now,
                revision=head[0],
                recovery=next(slot for slot in held.slots if slot.kind == "recovery"),
                generation=held.generation,
                carried=held.carried,
                index=sealed,
                keys=wrapped,
                packs=tuple(packs),
                counts=head[1],
                previous=before.name if before else None,
                previous_sha256=digest_of(self._manifest(before.name)) if before else None,
            ),
            self._parts.backup,
            seed,
        )
        for file in writer.written:
            _require(self._directory / PACKS, file)
        raw = manifest.raw()
        write_durably(self._manifest(name), [raw])
        sync_folder(self._directory)
        read_manifest(self._manifest(name))
        return manifest, [*writer.written, sealed, wrapped, File(f"{name}.json", "", len(raw))]

    def _now(self) -> datetime:
        """The time; after that of the backup before, even where the clock was put back."""
        now = datetime.now(UTC)
        return max(now, self._before.created_at + timedelta(microseconds=1)) if self._before else now

    def _save(self, name: str, raw: bytes) -> File:
        """Write a file among the snapshots and read it again."""
        folder = self._directory / SNAPSHOTS
        write_durably(folder / name, [raw])
        file = File(name, hashlib.sha256(raw).hexdigest(), len(raw))
        _require(folder, file)
        return file

    def _repack(self, writer: PackWriter) -> None:
        """Write anew what is needed of packs that hold mostly what is not, and of many small ones.

        The packs themselves go with the older backups that need them.
        """
        needed: dict[str, list[bytes]] = {}
        for piece in writer.used:
            needed.setdefault(self._packs.pack_of(piece), []).append(piece)
        sizes = {name: self._packs.files[name].size for name in needed}
        many = sum(size < SMALL_BYTES for size in sizes.values()) > MOST_SMALL
        written = {file.name for file in writer.written}
        for name, pieces in needed.items():
            worth = sum(map(self._packs.size_of, pieces)) >= WORTH * sizes[name]
            if name not in written and (not worth or (many and sizes[name] < SMALL_BYTES)):
                raw = [self._packs.read(piece) for piece in pieces]
                self._packs.forget([name])
                for piece in raw:
                    writer.put(piece)
        writer.close()

    def _object(self, name: str) -> Iterator[bytes]:
        step = CHUNK + crypto.OVERHEAD
        try:
            with (self._parts.folder / "objects" / f"{name}.seal").open("rb") as stream:
                while piece := stream.read(step):
                    yield piece
        except FileNotFoundError as error:
            raise _Moved from error

    def _chunks(self, table: str) -> Iterator[tuple[bytes, bytes]]:
        """The chunks of a table in the backup before, opened; those that cannot be are left out."""
        held = self._old.tables.get(table)
        for name, _ in held.chunks if held else ():
            try:
                yield name, self._sealed.rows(table, self._packs.read(name))
            except DamagedVaultError:
                continue

    def _index_before(self) -> Index:
        """The index of the backup before; empty where its keys are others or it is damaged."""
        before = self._before
        if before is None or not before.written_by(self._parts.backup):
            return Index({}, {})
        try:
            raw = (self._directory / SNAPSHOTS / before.index.name).read_bytes()
            return self._sealed.index(raw, before.name)
        except (FileNotFoundError, DamagedVaultError):
            return Index({}, {})

    def _header(self) -> Header:
        """The header, of the generation of the keys that were copied."""
        held = read_header(self._parts.folder)
        if held.generation != self._parts.keys.generation:
            raise changed_master()
        return held

    def _manifest(self, name: str) -> Path:
        return self._directory / SNAPSHOTS / f"{name}.json"


def _require(folder: Path, file: File) -> None:
    """Read a file again; raises unless it is what was written."""
    found = problem(folder, file)
    if found:
        raise VaultError(f"{folder}: {found}.", hint="The disk lies: take another one.")
