"""Sealing everything anew: each source, conversation, event stream and document under a new random key.

For who fears that keys, not only the master key, became known. It goes step by step, each one transaction
after the new keys are durable: a source gets its new key and keeps the former one until the last of its
streams has moved under the new; a document is sealed anew in one step. Killed at any moment, every record is
under the one or the other, and the next run goes on: a sealed document remembers what was there at first.
Tokens, the audit log's own key and its chain stay: what they made cannot be made anew.
"""

from collections.abc import Iterator, Sequence

import msgspec
import sqlalchemy as sa

from ipse.interfaces import Progress
from ipse.vault import catalog as tables
from ipse.vault.documents import Change, Documents
from ipse.vault.journal import Journal
from ipse.vault.keys import Key
from ipse.vault.parts import Parts, chunks
from ipse.vault.segments import Ledger, Sealer
from ipse.vault.shredding import finish_shredding
from ipse.vault.sources import Home, Sources
from ipse.vault.streams import Stream, Streams

__all__ = ["Rekeyer"]

BATCH_BYTES = 4 * 1024 * 1024  # sealed anew in one transaction: others wait for milliseconds, not minutes
_STATE = ("rekeying", "rekeying")


class Rekeyer:
    """Seals the content of one vault anew."""

    def __init__(self, parts: Parts, sources: Sources, streams: Streams, journal: Journal) -> None:
        self._parts = parts
        self._sources = sources
        self._streams = streams
        self._journal = journal
        self._documents = Documents(parts, sources, journal)
        self._sealer = Sealer(parts.vault)

    @property
    def unfinished(self) -> bool:
        """Whether a run was cut short."""
        return bool(self._documents.states(_STATE[0]))

    def run(self, progress: Progress) -> int:
        """Seal everything anew, or go on where a run was cut short; returns how many pieces were sealed.

        A piece is a stream or a document. ``progress`` may raise to stop; what is done is done.
        """
        before = self._begun()
        with self._parts.catalog.read() as db:
            streams = db.execute(sa.select(sa.func.count()).select_from(tables.conversations)).scalar_one()
            rows = sa.select(tables.documents.c.key_id)
            documents = [key_id for key_id in db.execute(rows).scalars() if key_id in before]
        done, total = 0, streams + len(documents)
        for home in self._sources.all():
            moved = home if home.former or home.key.id not in before else self._renew(home)
            done += moved.ledger.streams if moved and moved.former is None else 0  # those of a run before
            for batch in self._moves(moved) if moved and moved.former else ():
                done += batch
                progress(done, total, {})
        for key_id in documents:
            self._documents.rekey(key_id)
            done += 1
            progress(done, total, {})
        self._documents.remove(*_STATE, Change("vault.reencrypt", {"pieces": total}))
        return total

    def _begun(self) -> frozenset[bytes]:
        """The keys of sources and documents that were there when this began."""
        if not self.unfinished:
            columns = (tables.sources.c.key_id, tables.documents.c.key_id)
            with self._parts.catalog.read() as db:
                held = [key_id for column in columns for key_id in db.execute(sa.select(column)).scalars()]
            change = Change("vault.reencrypt.start", {})
            self._documents.put(*_STATE, msgspec.msgpack.encode(held), change, state="")
        return frozenset(msgspec.msgpack.decode(self._documents.get(*_STATE), type=list[bytes]))

    def _renew(self, home: Home) -> Home | None:
        """Give a source a new key, under which its streams are yet to come; None if it was erased."""
        with self._parts.catalog.write() as db:
            row = self._sources.at(db, home)
            if row is None:
                return None
            now = self._sources.open(row)
            (key,) = self._parts.keys.make(1)
            former = now.key if now.ledger.streams else None
            renewed = now._replace(key=key, former=former, ledger=_under(now, former))
            self._sources.save(db, renewed)
            self._journal.reseal(db, now.key, key)
            if former is None:
                db.execute(sa.insert(tables.shreds).values(key_id=now.key.id))
        return renewed

    def _moves(self, home: Home) -> Iterator[int]:
        """Move the streams of a source under its new key, some megabytes at a time; yields how many."""
        with self._parts.catalog.read() as db:
            row = self._sources.at(db, home)
            rows = self._streams.rows(db, self._sources.open(row)) if row is not None else []
        for some in chunks(rows):
            for batch in _batches(self._streams.now(home, some)):
                self._move(home, [stream.position for stream in batch])
                yield len(batch)
        self._end(home)

    def _move(self, home: Home, positions: Sequence[int]) -> None:
        with self._parts.catalog.write() as db:
            row = self._sources.at(db, home)
            if row is None:
                return
            now = self._sources.open(row)
            here = tables.conversations.c.position.in_(positions)
            mine = here & (tables.conversations.c.source == now.position)
            rows = db.execute(sa.select(tables.conversations).where(mine)).all()
            old = [one for one in self._streams.opened(now, rows) if one.key.parent != now.key.id]
            keys = self._parts.keys.make(len(old), now.key)
            new = [stream._replace(key=key) for stream, key in zip(old, keys, strict=True)]
            for stream, key in zip(old, keys, strict=True):
                self._seal(db, stream, key)
            self._streams.save(db, now, old, new)

    def _seal(self, db: sa.Connection, stream: Stream, key: Key) -> None:
        columns = tables.segments.c
        mine = columns.conversation == stream.position
        held = {row.number: row.sealed for row in db.execute(sa.select(tables.segments).where(mine))}
        plains = self._sealer.open_segments(stream.key, stream.manifest, held)
        here = (columns.conversation == stream.position) & (columns.number == sa.bindparam("at"))
        sealed = [
            {"at": number, "now": self._sealer.segment(key, number, plain)}
            for number, plain in zip(stream.manifest.numbers, plains, strict=True)
        ]
        db.execute(sa.update(tables.segments).where(here).values(sealed=sa.bindparam("now")), sealed)

    def _end(self, home: Home) -> None:
        """Destroy the former key of a source, and with it the former keys of its streams."""
        with self._parts.catalog.write() as db:
            row = self._sources.at(db, home)
            now = self._sources.open(row) if row is not None else home
            if row is not None and now.former is not None:
                self._sources.save(db, now._replace(former=None, ledger=_under(now, None)))
                db.execute(sa.insert(tables.shreds).values(key_id=now.former.id))
        finish_shredding(self._parts)


def _under(home: Home, former: Key | None) -> Ledger:
    return msgspec.structs.replace(home.ledger, former=former.id if former else b"")


def _batches(streams: Sequence[Stream]) -> Iterator[list[Stream]]:
    """Some megabytes at a time; a larger stream is a batch of its own."""
    batch: list[Stream] = []
    size = 0
    for stream in streams:
        if batch and size + stream.manifest.size > BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(stream)
        size += stream.manifest.size
    yield batch
