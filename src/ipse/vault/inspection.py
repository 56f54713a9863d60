"""Looking a vault's files over: whether they are whole, belong together, and hold nothing left behind.

It opens keys, never what they seal; reading every record is :meth:`Vault.read_all`.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import sqlalchemy as sa

from ipse.errors import DamagedVaultError
from ipse.vault import catalog as tables
from ipse.vault.custody import used_keys
from ipse.vault.keys import ROOT, Key
from ipse.vault.parts import Parts

__all__ = ["Inspection", "drop_orphans", "inspect"]


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """What was found.

    ``revision`` is the catalog's migration; ``faults`` are what is wrong with the files. Of the keys:
    ``keys`` are there, ``orphans`` have nothing in the catalog, ``missing`` are named there and not to be
    found, ``closed`` do not open, ``doomed`` wait to be destroyed. ``objects`` are files that are missing.
    """

    revision: str
    faults: tuple[str, ...]
    keys: int
    orphans: int
    missing: int
    closed: int
    doomed: int
    objects: int


class _Held(NamedTuple):
    names: dict[bytes, bytes]
    used: set[bytes]
    doomed: set[bytes]


def inspect(parts: Parts) -> Inspection:
    """Look everything over while nobody else writes; raises ``DamagedVaultError`` for an unreadable file."""
    with parts.catalog.locked():
        held = _held(parts)
        return Inspection(
            revision=_revision(parts),
            faults=(*_catalog_faults(parts), *(f"keys.db: {fault}" for fault in parts.keys.faults())),
            keys=len(held.names),
            orphans=len(held.names.keys() - held.used),
            missing=len(held.used - held.doomed - held.names.keys()),
            closed=_closed(parts, held.names),
            doomed=len(held.doomed),
            objects=_objects_missing(parts),
        )


def drop_orphans(parts: Parts) -> int:
    """Destroy keys that nothing in the catalog names, as a killed import leaves them; returns how many."""
    with parts.catalog.locked():
        held = _held(parts)
        return parts.keys.shred(held.names.keys() - held.used)


def _held(parts: Parts) -> _Held:
    with parts.catalog.read() as db:
        doomed = set(db.execute(sa.select(tables.shreds.c.key_id)).scalars())
    return _Held(parts.keys.names(), used_keys(parts), doomed)


def _revision(parts: Parts) -> str:
    with parts.catalog.read() as db:
        return str(db.execute(sa.text("SELECT version_num FROM alembic_version")).scalar())


def _catalog_faults(parts: Parts) -> list[str]:
    """What its database finds wrong with its files, and rows whose conversation or source is not there."""
    faults = parts.catalog.faults()
    with parts.catalog.read() as db:
        strays = sum(db.execute(_strays(key)).scalar_one() for key in _foreign_keys())
    return faults + ([f"catalog: {strays} rows belong to nothing"] if strays else [])


def _foreign_keys() -> Iterator[sa.ForeignKey]:
    for table in tables.METADATA.sorted_tables:
        yield from table.foreign_keys


def _strays(key: sa.ForeignKey) -> sa.Select[int]:
    there = sa.select(key.column)
    return sa.select(sa.func.count()).select_from(key.parent.table).where(key.parent.not_in(there))


def _closed(parts: Parts, names: dict[bytes, bytes]) -> int:
    """How many keys do not open; where one does not, neither do those it wraps."""
    under: dict[bytes, list[bytes]] = defaultdict(list)
    for name, parent in names.items():
        under[parent].append(name)
    closed = 0
    for name in under.pop(ROOT, []):
        below = under.pop(name, [])
        closed += _closed_of(parts, [name])
        closed += _closed_of(parts, below, name) if below else 0
    return closed + sum(map(len, under.values()))  # what is left has nothing above it


def _closed_of(parts: Parts, names: list[bytes], above: bytes = ROOT) -> int:
    try:
        parent: Key | None = parts.keys.one(above) if above else None
        parts.keys.get(names, parent)
    except DamagedVaultError:
        return len(names)
    return 0


def _objects_missing(parts: Parts) -> int:
    with parts.catalog.read() as db:
        named = [name for name in db.execute(sa.select(tables.documents.c.object)).scalars() if name]
    return sum(not (parts.folder / "objects" / f"{name.hex()}.seal").is_file() for name in named)
