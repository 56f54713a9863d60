"""Keeping and erasing records, each in one transaction with its audit row.

Keys are durable before the rows that need them: a key without a row is harmless, a row without a key cannot
come about. Erasing deletes the rows first and leaves word in the catalog which keys are to be destroyed;
whoever opens the vault next finishes that if it was cut short.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec
import sqlalchemy as sa

from ipse.errors import DamagedVaultError
from ipse.records import Event, Message, Record
from ipse.vault import catalog as tables
from ipse.vault import crypto
from ipse.vault.events import EventStore
from ipse.vault.journal import ERASED_ROWS, Journal
from ipse.vault.parts import Parts, chunks
from ipse.vault.reserve import spare
from ipse.vault.segments import Family, Ledger, Sealer, pack
from ipse.vault.shredding import finish_shredding
from ipse.vault.sources import Home, Sources
from ipse.vault.streams import Stream, Streams, ledger_of

__all__ = ["Keeper", "Kept"]

FEW = 4  # segments of at most 64 KiB


class Kept(NamedTuple):
    """How many records of a batch are new, how many were there before, and the ids of the new messages.

    ``extended`` events took the place of those of the same time and key; ``late_events`` came for a day whose
    metrics were downsampled, and were not kept.
    """

    kept: int
    duplicates: int
    new: frozenset[str] = frozenset()
    extended: int = 0
    new_events: Sequence[Event] = ()
    late_events: Sequence[Event] = ()

    @property
    def late(self) -> int:
        """How many came too late."""
        return len(self.late_events)


class Keeper:
    """Writes the records of one vault."""

    def __init__(self, parts: Parts, sources: Sources, streams: Streams, journal: Journal) -> None:
        self._parts = parts
        self._sources = sources
        self._streams = streams
        self._journal = journal
        self._events = EventStore(parts, streams)
        self._sealer = Sealer(parts.vault)

    def keep(self, records: Sequence[Record], source: str) -> Kept:
        """Keep those that are not there yet; durable when this returns."""
        spare(self._parts.folder)
        with self._parts.catalog.write() as db:
            home = self._sources.find(db, source) or self._sources.add(db, source)
            messages = [record for record in records if isinstance(record, Message)]
            fresh = self._marked(db, messages, source, home)
            if fresh:
                home = home._replace(ledger=self._grow(db, home, list(fresh.values())))
            events = [record for record in records if isinstance(record, Event)]
            written = self._events.write(db, home, events, ())
            if fresh or written.new:
                self._sources.save(db, home._replace(ledger=written.ledger))
            new = frozenset(record.id for record in fresh.values())
            count = len(fresh) + len(written.new)
            there = len(records) - count - len(written.late)
            kept = Kept(count, there, new, new_events=written.new, late_events=written.late)
            details = {"source": source, "kept": kept.kept, "duplicates": kept.duplicates}
            self._journal.append(db, "import.keep", details, source=home.key)
        return kept

    def keep_events(
        self,
        added: Sequence[Event],
        became: Sequence[Event],
        source: str,
        *,
        told: Mapping[str, object] | None = None,
    ) -> Kept:
        """Keep events; the audit log is told of it with ``told``, or nothing where that is None."""
        spare(self._parts.folder)
        with self._parts.catalog.write() as db:
            home = self._sources.find(db, source) or self._sources.add(db, source)
            written = self._events.write(db, home, added, became)
            if written.ledger != home.ledger:
                self._sources.save(db, home._replace(ledger=written.ledger))
            kept = Kept(
                len(written.new),
                written.duplicates,
                extended=written.extended,
                new_events=written.new,
                late_events=written.late,
            )
            if told is not None:
                details = {"source": source, "kept": kept.kept, "duplicates": kept.duplicates, **told}
                self._journal.append(db, "events.keep", details, source=home.key)
        return kept

    def erase(self, source: str) -> int:
        """Delete all of a source and destroy its keys; returns how many records went.

        It needs to open nothing of the source, so it works on damaged ciphertext too.
        """
        with self._parts.catalog.write() as db:
            here = tables.sources.c.token == self._parts.token("source", source)
            found = sa.select(tables.sources.c.position, tables.sources.c.key_id).where(here)
            row = db.execute(found).mappings().one_or_none()
            records = self._deleted(db, source, row) if row is not None else 0
        finish_shredding(self._parts)
        return records

    def thin(self, source: str) -> None:
        """Delete the segments of a source a few at a time, each time emptying the log."""
        token = self._parts.token("source", source)
        mine = (
            sa.select(tables.segments.c.conversation, tables.segments.c.number)
            .join(tables.conversations, tables.conversations.c.position == tables.segments.c.conversation)
            .join(tables.sources, tables.sources.c.position == tables.conversations.c.source)
            .where(tables.sources.c.token == token)
            .limit(FEW)
        )
        here = sa.tuple_(tables.segments.c.conversation, tables.segments.c.number)
        left = 1
        while left:
            with self._parts.catalog.write() as db:
                some = [tuple(row) for row in db.execute(mine)]
                left = db.execute(sa.delete(tables.segments).where(here.in_(some))).rowcount
            self._parts.catalog.scrub()

    def _deleted(self, db: sa.Connection, source: str, row: sa.RowMapping) -> int:
        """Delete the rows of a source and doom its keys; returns how many records went."""
        mine = sa.select(tables.conversations.c.position).where(
            tables.conversations.c.source == row["position"]
        )
        doomed = self._above(db, row["position"]) | {row["key_id"]}
        events = self._events_of(db, source)
        db.execute(sa.delete(tables.segments).where(tables.segments.c.conversation.in_(mine)))
        db.execute(sa.delete(tables.conversations).where(tables.conversations.c.source == row["position"]))
        records = db.execute(sa.delete(tables.seen).where(tables.seen.c.source == row["position"])).rowcount
        records += events
        db.execute(sa.delete(tables.sources).where(tables.sources.c.position == row["position"]))
        gone = self._journal.forget(db, row["key_id"])
        db.execute(sa.insert(tables.shreds), [{"key_id": key_id} for key_id in doomed])
        self._journal.append(db, "erase", {"source": source, "records": records, ERASED_ROWS: gone})
        return records

    def _events_of(self, db: sa.Connection, source: str) -> int:
        """How many events are in the partitions of a source, as far as that can be opened."""
        try:
            home = self._sources.find(db, source)
            streams = self._streams.opened(home, self._streams.rows(db, home)) if home else []
        except DamagedVaultError:
            return 0
        return sum(stream.manifest.records for stream in streams if stream.manifest.parts)

    def _above(self, db: sa.Connection, source: int) -> set[bytes]:
        """The keys above the streams of a source: two while it is being given a new one."""
        names = self._parts.keys.names()
        mine = sa.select(tables.conversations.c.key_id).where(tables.conversations.c.source == source)
        return {names[key_id] for key_id in db.execute(mine).scalars() if key_id in names}

    def known(self, names: Sequence[str], source: str) -> frozenset[str]:
        """Those of the ids that are kept already."""
        tokens = crypto.tokens(self._parts.tokens, ("record", source), list(names))
        with self._parts.catalog.read() as db:
            held = self._there(db, tokens)
        return frozenset(name for name, token in zip(names, tokens, strict=True) if token in held)

    def _marked(
        self, db: sa.Connection, records: Sequence[Message], source: str, home: Home
    ) -> dict[bytes, Message]:
        """The messages that are new, by token, and marked as seen; the first of equal ones."""
        tokens = crypto.tokens(self._parts.tokens, ("record", source), [record.id for record in records])
        fresh: dict[bytes, Message] = {}
        for token, record in zip(tokens, records, strict=True):
            fresh.setdefault(token, record)
        try:  # mostly all are new, and asking for each would take as long as writing them
            self._mark(db, fresh, home)
        except sa.exc.IntegrityError:
            for token in self._there(db, [*fresh]):
                del fresh[token]
            self._mark(db, fresh, home)
        return fresh

    def _mark(self, db: sa.Connection, tokens: Iterable[bytes], home: Home) -> None:
        """All or none; in the order of the index, whose pages are then each written once."""
        rows = [(token, home.position) for token in sorted(tokens)]
        if rows:
            with db.begin_nested():
                self._parts.catalog.insert(db, tables.seen, rows)

    def _there(self, db: sa.Connection, tokens: Sequence[bytes]) -> set[bytes]:
        """Those of the tokens that are marked as seen."""
        column = tables.seen.c.token
        there = sa.select(column).where(column.in_(sa.bindparam("some", expanding=True)))
        return {token for some in chunks(tokens) for token in db.execute(there, {"some": some}).scalars()}

    def _grow(self, db: sa.Connection, home: Home, records: Sequence[Message]) -> Ledger:
        """Add messages to their conversations; returns the ledger of their source with them."""
        groups: dict[tuple[Family, str], list[Message]] = {}
        for record in records:
            groups.setdefault(("messages", record.conversation), []).append(record)
        before = self._streams.of(db, home, groups)
        rows: list[tuple[object, ...]] = []
        after = [
            self._extend(stream, group, rows) for stream, group in zip(before, groups.values(), strict=True)
        ]
        self._streams.save(db, home, before, after)
        self._parts.catalog.insert(db, tables.segments, rows)
        return ledger_of(home.ledger, before, after)

    def _extend(self, stream: Stream, records: Sequence[Message], rows: list[tuple[object, ...]]) -> Stream:
        """Seal records as the next segments of a stream into ``rows``; returns the stream with them."""
        held = stream.manifest
        number, size = held.segments, held.size
        for plain in pack(records):
            sealed = self._sealer.segment(stream.key, number, plain)
            rows.append((stream.position, number, sealed))
            number, size = number + 1, size + len(plain)
        grown = msgspec.structs.replace(held, segments=number, records=held.records + len(records), size=size)
        return stream._replace(manifest=grown)
