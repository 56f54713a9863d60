"""Rows of the catalog as pieces of a backup: what stood there before is named again, not written again.

Rows are cut into chunks, and a chunk all of whose rows still stand is used again; large values (segments,
documents) are pieces of their own. So a backup costs what changed, whichever table it is in and in whatever
order its rows lie. Chunks are sealed: they tell nothing of a vault that its ciphertext does not.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from ipse.vault.backup.manifest import Sealed, Table
from ipse.vault.backup.packs import Packs, PackWriter

__all__ = ["Cell", "Row", "rows_of", "save_table"]

Cell = int | str | bytes | None
Row = tuple[Cell, ...]

CHUNK_ROWS = 4096
FETCHED = 1000
APART_BYTES = 512  # a value that long is a piece of its own, kept once for all backups
SMALL_ROWS = 1024
MOST_SMALL = 16  # small chunks above that many are written anew as few
APART = 1  # the code of MessagePack's extension: the SHA-256 of a piece


def save_table(
    db: sa.Connection,
    table: sa.Table,
    sealed: Sealed,
    *,
    writer: PackWriter,
    before: Callable[[], Iterator[tuple[bytes, bytes]]],
) -> tuple[Table, int]:
    """Write the rows of a table as ``db`` sees it; returns how it is put together, and how many rows.

    ``before`` yields the chunks of the last backup, each with its opened content.
    """
    standing: set[bytes] = set()
    count = 0
    for row in _encoded(db, table, writer):
        standing.add(_digest(row))
        count += 1
    kept = _kept(standing, before())
    for _, digests in kept:
        standing.difference_update(digests)
    chunks = [(name, len(digests)) for name, digests in kept]
    held: list[msgspec.Raw] = []
    for row in _encoded(db, table, writer):
        if _digest(row) in standing:
            held.append(msgspec.Raw(row))
            if len(held) == CHUNK_ROWS:
                chunks.append((_chunk(str(table.name), held, sealed, writer), len(held)))
                held = []
    if held:
        chunks.append((_chunk(str(table.name), held, sealed, writer), len(held)))
    return Table(tuple(map(str, table.columns.keys())), tuple(chunks)), count


def rows_of(plain: bytes, packs: Packs) -> Iterator[Row]:
    """The rows of an opened chunk, with their large values read; raises ``DamagedVaultError``."""
    for row in msgspec.msgpack.decode(plain, type=list[list[Any]]):  # sealed, so it is what was written
        yield tuple(
            packs.read(bytes(cell.data)) if isinstance(cell, msgspec.msgpack.Ext) else cell for cell in row
        )


def _kept(standing: set[bytes], before: Iterator[tuple[bytes, bytes]]) -> list[tuple[bytes, list[bytes]]]:
    """The chunks that can be used again; of many small ones none, for they are better written as one."""
    found: list[tuple[bytes, list[bytes]]] = []
    for name, plain in before:
        digests = [_digest(bytes(row)) for row in msgspec.msgpack.decode(plain, type=list[msgspec.Raw])]
        if standing.issuperset(digests):
            found.append((name, digests))
    small = sum(len(digests) < SMALL_ROWS for _, digests in found)
    return found if small <= MOST_SMALL else [one for one in found if len(one[1]) >= SMALL_ROWS]


def _encoded(db: sa.Connection, table: sa.Table, writer: PackWriter) -> Iterator[bytes]:
    """Each row encoded, in the order of its key; a large value is put among the pieces."""
    statement = sa.select(table).order_by(*table.primary_key.columns)
    for some in db.execute(statement).yield_per(FETCHED).partitions():
        for row in some:
            yield msgspec.msgpack.encode([_apart(cell, writer) for cell in row])


def _apart(cell: Cell, writer: PackWriter) -> Cell | msgspec.msgpack.Ext:
    if isinstance(cell, bytes) and len(cell) >= APART_BYTES:
        return msgspec.msgpack.Ext(APART, writer.put(cell))
    return cell


def _chunk(table: str, rows: Sequence[msgspec.Raw], sealed: Sealed, writer: PackWriter) -> bytes:
    return writer.put(sealed.seal_rows(table, msgspec.msgpack.encode(rows)))


def _digest(row: bytes) -> bytes:
    return hashlib.blake2b(row, digest_size=16).digest()
