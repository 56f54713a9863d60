"""Moving the catalog: from the vault's folder to a PostgreSQL server, back, or from one server to another.

Nobody else writes meanwhile. The new catalog is filled in one transaction, read again and compared; then
``catalog.json`` is replaced, and from there on the new one holds. Killed before that, the old one does; the
other is deleted either way. Keys and large documents stay in the folder, and nothing is sealed anew.
"""

import dataclasses
import hashlib
from collections.abc import Iterator, Sequence

import msgspec
import sqlalchemy as sa

from ipse.errors import VaultError
from ipse.interfaces import Progress
from ipse.vault import relocation
from ipse.vault.catalog import METADATA, Catalog, migrate
from ipse.vault.engines.interface import Engine
from ipse.vault.journal import Journal
from ipse.vault.location import Location
from ipse.vault.parts import Parts

__all__ = ["Moved", "move_catalog"]

ROWS = 500  # at a time; a segment takes 64 KiB at most


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """Where the catalog was and is, and how many rows it has."""

    before: str
    after: str
    rows: int


def move_catalog(parts: Parts, url: str, progress: Progress) -> Moved:
    """Move it to the server of ``url``, or into the folder for ``sqlite``; the vault is to be opened again.

    ``progress`` may raise to stop; then nothing has changed. Raises ``VaultError`` where it is already.
    """
    before, after = Location.read(parts.folder), Location.new(url, parts.vault)
    if str(before) == str(after):
        raise VaultError(f"The catalog is there already ({after}).", hint="See `ipse vault doctor`.")
    engine = after.engine(parts.folder)
    engine.require()
    relocation.settle(parts.folder, [before])
    try:
        with parts.catalog.locked():
            relocation.begin(parts.folder, [before, after])
            moved = Moved(before=str(before), after=str(after), rows=_rows(parts.catalog))
            _fill(parts, after, engine, moved, progress)
            after.write(parts.folder)
    finally:
        engine.close()
        parts.catalog.close()
        relocation.settle(parts.folder, [before, after])
    return moved


def _fill(parts: Parts, after: Location, engine: Engine, moved: Moved, progress: Progress) -> None:
    """Copy every row in one transaction, which ends with the row of the audit log that tells of it."""
    done = 0
    with parts.catalog.read() as source, engine.new() as target:
        migrate(target)
        for table in METADATA.sorted_tables:
            written = hashlib.sha256()
            for rows in _read(source, table):
                engine.insert(target, table, rows)
                written.update(msgspec.msgpack.encode(rows))
                done += len(rows)
                progress(done, moved.rows, {})
            found = hashlib.sha256()
            for rows in _read(target, table):
                found.update(msgspec.msgpack.encode(rows))
            if found.digest() != written.digest():  # pragma: no cover - a server or a disk that lies
                raise VaultError(
                    f"{after} gave back something else than was written.", hint="Choose another."
                )
        journal = Journal(dataclasses.replace(parts, catalog=Catalog(parts.folder, after)))
        details = {"before": moved.before, "after": moved.after, "rows": moved.rows}
        journal.append(target, "vault.catalog.move", details)


def _read(db: sa.Connection, table: sa.Table) -> Iterator[Sequence[tuple[object, ...]]]:
    """The rows in the order of their key."""
    everything = sa.select(table).order_by(*table.primary_key.columns)
    for some in db.execute(everything).yield_per(ROWS).partitions():
        yield [tuple(row) for row in some]


def _rows(catalog: Catalog) -> int:
    with catalog.read() as db:
        tables = METADATA.sorted_tables
        return sum(db.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() for table in tables)
