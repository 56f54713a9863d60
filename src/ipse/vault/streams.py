"""The conversations and event streams of a source, each with its own key and a sealed manifest."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from msgspec.structs import replace

from ipse.errors import DamagedVaultError
from ipse.vault import catalog as tables
from ipse.vault import crypto
from ipse.vault.keys import Key
from ipse.vault.parts import Parts, chunks, last
from ipse.vault.segments import Family, Ledger, Manifest, Sealer
from ipse.vault.sources import Home, Sources

__all__ = ["Stream", "Streams", "ledger_of"]


class Stream(NamedTuple):
    """A conversation or event stream: its place in the catalog, its key, and what it consists of."""

    position: int
    key: Key
    token: bytes
    manifest: Manifest


class Streams:
    """Finds, adds and updates the streams of one vault."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._sealer = Sealer(parts.vault)
        self._sources = Sources(parts)

    def of(self, db: sa.Connection, home: Home, groups: Collection[tuple[Family, str]]) -> list[Stream]:
        """The streams of these families and names, in their order; a new one has a key and no segment yet."""
        names = [f"{family} {name}" for family, name in groups]
        tokens = crypto.tokens(self._parts.tokens, ("stream", home.ledger.name), names)
        by_token = dict(zip(tokens, groups, strict=True))
        rows: list[sa.Row[tuple[object, ...]]] = []
        there = tables.conversations.c.token.in_(sa.bindparam("some", expanding=True))
        for some in chunks(list(by_token)):
            rows += db.execute(sa.select(tables.conversations).where(there), {"some": some})
        known = {stream.token: stream for stream in self.opened(home, rows)}
        absent = [token for token in by_token if token not in known]
        keys = self._parts.keys.make(len(absent), home.key) if absent else []
        first = last(db, tables.conversations.c.position) + 1
        for position, (token, key) in enumerate(zip(absent, keys, strict=True), start=first):
            family, name = by_token[token]
            known[token] = Stream(position, key, token, Manifest(name, family))
        return [known[token] for token in by_token]

    def save(self, db: sa.Connection, home: Home, before: Sequence[Stream], after: Sequence[Stream]) -> None:
        """Write the manifests of ``after``; a stream without segments ``before`` is a new row."""
        added: list[tuple[object, ...]] = []
        changed: list[dict[str, object]] = []
        for old, stream in zip(before, after, strict=True):
            sealed = self._sealer.summary(stream.key, (stream.token, stream.position), stream.manifest)
            if old.manifest.segments:
                changed.append({"at": stream.position, "key": stream.key.id, "sealed": sealed})
            else:
                added.append((stream.position, home.position, stream.token, stream.key.id, sealed))
        if added:
            self._parts.catalog.insert(db, tables.conversations, added)
        if changed:
            here = tables.conversations.c.position == sa.bindparam("at")
            values: dict[str, sa.BindParameter[bytes]] = {
                "key_id": sa.bindparam("key"),
                "sealed": sa.bindparam("sealed"),
            }
            db.execute(sa.update(tables.conversations).where(here).values(**values), changed)

    def rows(self, db: sa.Connection, home: Home) -> Sequence[sa.Row[tuple[object, ...]]]:
        """The rows of all streams of a source, in order of first appearance; raises if one is missing."""
        mine = sa.select(tables.conversations).where(tables.conversations.c.source == home.position)
        rows = db.execute(mine).all()
        # A damaged page can show one row twice, hide another and change their order, so the rows themselves
        # are counted and sorted; each position is bound to its manifest.
        by_position = {row.position: row for row in rows if isinstance(row.position, int)}
        if not len(rows) == len(by_position) == home.ledger.streams:
            raise DamagedVaultError("A source in the vault is not complete.", hint="Restore a backup.")
        return [by_position[position] for position in sorted(by_position)]

    def opened(self, home: Home, rows: Sequence[sa.Row[tuple[object, ...]]]) -> list[Stream]:
        """Open rows of the catalog; raises ``DamagedVaultError``."""
        keys = self._parts.keys.get((row.key_id for row in rows), home.key, home.former)
        if any(row.key_id not in keys for row in rows):
            raise DamagedVaultError("A key of the vault is missing.", hint="Restore keys.db from a backup.")
        return [self._stream(row, keys[row.key_id]) for row in rows]

    def now(self, home: Home, rows: Sequence[sa.Row[tuple[object, ...]]]) -> list[Stream]:
        """Open rows read a moment ago; those whose stream was written anew or erased since, as it is now."""
        try:
            return self.opened(home, rows)
        except DamagedVaultError:
            here = tables.conversations.c.position.in_([row.position for row in rows])
            with self._parts.catalog.read() as db:
                fresh = db.execute(sa.select(tables.conversations).where(here)).all()
                source = self._sources.at(db, home)
            if source is None:
                raise
            current = self._sources.open(source)
            moved = (current.key, current.former) != (home.key, home.former)
            if not moved and {row.key_id for row in fresh} == {row.key_id for row in rows}:
                raise
            order = {row.position: row for row in fresh if row.source == home.position}
            return self.now(current, [order[row.position] for row in rows if row.position in order])

    def again(self, home: Home, position: int) -> list[Stream]:
        """The stream at that place as it is now, or none."""
        here = tables.conversations.c.position == position
        with self._parts.catalog.read() as db:
            rows = db.execute(sa.select(tables.conversations).where(here)).all()
        return self.now(home, [row for row in rows if row.source == home.position])

    def _stream(self, row: sa.Row[tuple[object, ...]], key: Key) -> Stream:
        return Stream(
            row.position,
            key,
            row.token,
            self._sealer.open_summary(key, (row.token, row.position), row.sealed, Manifest),
        )


def ledger_of(ledger: Ledger, before: Sequence[Stream], after: Sequence[Stream]) -> Ledger:
    """The ledger of a source once its streams grew from ``before`` to ``after``."""
    new = [stream.manifest for stream in before if not stream.manifest.segments]
    pairs = [(old.manifest, stream.manifest) for old, stream in zip(before, after, strict=True)]
    return replace(
        ledger,
        streams=ledger.streams + len(new),
        conversations=ledger.conversations + sum(manifest.family == "messages" for manifest in new),
        records=ledger.records + sum(now.records - then.records for then, now in pairs),
        size=ledger.size + sum(now.size - then.size for then, now in pairs),
    )
