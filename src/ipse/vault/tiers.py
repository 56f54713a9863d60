"""Tiers of metrics: what was kept each second is kept by the minute, then by the hour, as it grows old.

A partition, a stream's day, is written anew under a new key and the old key is destroyed, some megabytes in
one transaction with their row in the audit log. Killed at any moment, a partition is as it was or as it is
to be, and the next run goes on where this one ended. A partition says how finely it is kept; what comes for
it later than that is not kept, and counted.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from msgspec.structs import replace

from ipse.vault import catalog as tables
from ipse.vault.downsampling import downsampled
from ipse.vault.events import events_in, sealed_blocks
from ipse.vault.journal import Journal
from ipse.vault.parts import Parts
from ipse.vault.segments import Ledger, Manifest, Sealer
from ipse.vault.shredding import finish_shredding
from ipse.vault.sources import Home, Sources
from ipse.vault.streams import Stream, Streams

__all__ = ["Due", "Thinned", "Tiers"]

AT_A_TIME = 4 * 1024 * 1024  # bytes before sealing in one transaction: others wait for a second or two

Due = Callable[[Manifest], int]
"""Of a partition: by how many seconds its metrics are to be kept; 0: as they came."""


class Thinned(NamedTuple):
    """What a step did, or all would: to how many partitions, and their events before and after it."""

    partitions: int = 0
    before: int = 0
    after: int = 0


class Tiers:
    """Downsamples the metrics of one vault."""

    def __init__(self, parts: Parts, sources: Sources, streams: Streams, journal: Journal) -> None:
        self._parts = parts
        self._sources = sources
        self._streams = streams
        self._journal = journal
        self._sealer = Sealer(parts.vault)

    def waiting(self, source: str, due: Due) -> Thinned:
        """The partitions and events that :meth:`step` would look at; how many are left is not known."""
        with self._parts.catalog.read() as db:
            home = self._sources.find(db, source)
            found = [one for one, _ in self._found(db, home, due)] if home else []
        return Thinned(len(found), sum(one.manifest.records for one in found))

    def step(self, source: str, due: Due) -> Thinned | None:
        """Downsample some of what is due; durable when this returns. None where nothing is due."""
        with self._parts.catalog.write() as db:
            home = self._sources.find(db, source)
            chosen = _some(self._found(db, home, due)) if home else []
            if home is None or not chosen:
                return None
            keys = self._parts.keys.make(len(chosen), home.key)
            ledger, done = home.ledger, Thinned()
            for (stream, every), key in zip(chosen, keys, strict=True):
                after = self._rewrite(db, stream, stream._replace(key=key), every)
                done = _sum(done, stream.manifest, after)
                ledger = _changed(ledger, stream.manifest, after)
            self._sources.save(db, home._replace(ledger=ledger))
            details = {"source": source, "days": done.partitions, "before": done.before, "after": done.after}
            self._journal.append(db, "events.downsample", details, source=home.key)
        finish_shredding(self._parts)
        return done

    def _found(self, db: sa.Connection, home: Home, due: Due) -> Iterator[tuple[Stream, int]]:
        """The partitions that are to be kept by more seconds than they are."""
        for stream in self._streams.opened(home, self._streams.rows(db, home)):
            every = due(stream.manifest) if stream.manifest.parts else 0
            if every > stream.manifest.every:
                yield stream, every

    def _rewrite(self, db: sa.Connection, old: Stream, new: Stream, every: int) -> Manifest:
        """Put the downsampled events of ``old`` in its place, under the key of ``new``."""
        columns = tables.segments.c
        mine = columns.conversation == old.position
        held = {row.number: row.sealed for row in db.execute(sa.select(tables.segments).where(mine))}
        plains = self._sealer.open_segments(old.key, old.manifest, held)
        left = downsampled(events_in(old.manifest, "", plains), every)
        bare = replace(old.manifest, segments=0, parts=(), records=len(left), every=every)
        manifest, rows = sealed_blocks(self._sealer, new._replace(manifest=bare), left)
        db.execute(sa.delete(tables.segments).where(mine))
        self._parts.catalog.insert(db, tables.segments, rows)
        summary = self._sealer.summary(new.key, (new.token, new.position), manifest)
        here = tables.conversations.c.position == new.position
        db.execute(sa.update(tables.conversations).where(here).values(key_id=new.key.id, sealed=summary))
        db.execute(sa.insert(tables.shreds).values(key_id=old.key.id))
        return manifest


def _some(found: Iterator[tuple[Stream, int]]) -> Sequence[tuple[Stream, int]]:
    """Some megabytes of them, one at least."""
    chosen: list[tuple[Stream, int]] = []
    size = 0
    for one in found:
        size += one[0].manifest.size
        if chosen and size > AT_A_TIME:
            break
        chosen.append(one)
    return chosen


def _sum(done: Thinned, before: Manifest, after: Manifest) -> Thinned:
    return Thinned(done.partitions + 1, done.before + before.records, done.after + after.records)


def _changed(ledger: Ledger, before: Manifest, after: Manifest) -> Ledger:
    return replace(
        ledger,
        records=ledger.records - before.records + after.records,
        size=ledger.size - before.size + after.size,
    )
