"""Taking single records out: what is left of a conversation is sealed anew, and its old key is destroyed.

All that goes from one source goes in one transaction; the keys are destroyed after it, by whoever opens the
vault next if this process is killed. Where messages go from the midst of a conversation a mark stays that
holds neither who nor what, for the reply to what is gone must not seem to answer the message before it.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeVar

import msgspec
import sqlalchemy as sa
from msgspec.structs import replace

from ipse.records import Event, Message, Person, Record
from ipse.vault import catalog as tables
from ipse.vault import crypto
from ipse.vault.events import events_in, sealed_blocks
from ipse.vault.journal import Journal
from ipse.vault.parts import Parts, chunks
from ipse.vault.segments import Ledger, Manifest, Sealer, pack, unpack_messages
from ipse.vault.shredding import finish_shredding
from ipse.vault.sources import Home, Sources
from ipse.vault.streams import Stream, Streams

__all__ = ["Cut", "Eraser", "Removed"]

T = TypeVar("T")
NOBODY = Person("")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """What is to go from one source; what any of these names goes.

    ``conversations`` go whole, by their names behind the gate; ``messages`` by id; ``people`` are pseudonyms:
    what they wrote goes, and they are left out of who took part, was mentioned or reacted. Of the ``streams``
    that are named here events go by a time of their own (None: none do), of others by ``events_before``; of
    ``metrics`` go those of such a stream before that.
    """

    source: str
    conversations: frozenset[str] = frozenset()
    messages: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    messages_before: datetime | None = None
    events_before: datetime | None = None
    streams: dict[str, datetime | None] = {}
    metrics: dict[str, datetime] = {}

    def since(self, stream: str) -> tuple[int, int]:
        """From which µs on events of a stream stay, and metrics; 0 where none go."""
        before = self.streams.get(stream, self.events_before)
        events, metrics = (_micros(at) if at else 0 for at in (before, self.metrics.get(stream)))
        return events, max(events, metrics)


class Removed(msgspec.Struct, frozen=True, kw_only=True):
    """What went, or would go: ``conversations`` whole; ``rewritten`` ones and event ``streams`` in part."""

    messages: int = 0
    events: int = 0
    conversations: int = 0
    rewritten: int = 0
    size: int = 0
    names: frozenset[str] = frozenset()
    streams: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Whether anything did."""
        return bool(self.conversations or self.rewritten or self.events)


class _Change(NamedTuple):
    """A stream, what stays of it, and the records that go."""

    stream: Stream
    kept: Sequence[Record]
    gone: Sequence[Record]


class Eraser:
    """Takes records out of one vault."""

    def __init__(self, parts: Parts, sources: Sources, streams: Streams, journal: Journal) -> None:
        self._parts = parts
        self._sources = sources
        self._streams = streams
        self._journal = journal
        self._sealer = Sealer(parts.vault)

    def measure(self, cut: Cut) -> Removed:
        """What :meth:`remove` would take out."""
        found = Removed()
        with self._parts.catalog.read() as db:
            home = self._sources.find(db, cut.source)
            for changes in self._changes(db, home, cut) if home else ():
                found = _counted(found, changes)
        return found

    def remove(self, cut: Cut, action: str) -> Removed:
        """Take it out; durable when this returns, and the old keys are destroyed."""
        removed = Removed()
        with self._parts.catalog.write() as db:
            home = self._sources.find(db, cut.source)
            for changes in self._changes(db, home, cut) if home else ():
                assert home is not None
                removed = _counted(removed, changes)
                home = home._replace(ledger=self._write(db, home, changes))
            if home is not None and removed:
                self._sources.save(db, home)
                details = {"source": cut.source, "messages": removed.messages, "events": removed.events}
                self._journal.append(db, action, details, source=home.key)
        finish_shredding(self._parts)
        return removed

    def _changes(self, db: sa.Connection, home: Home, cut: Cut) -> Iterator[list[_Change]]:
        """What changes, some hundred conversations at a time."""
        for rows in chunks(self._streams.rows(db, home)):
            found = []
            for stream in self._streams.opened(home, rows):
                records = self._records(db, home, stream) if _may_touch(cut, stream.manifest) else []
                kept, gone = _parted(cut, stream.manifest, records)
                if gone or list(kept) != records:
                    found.append(_Change(stream, kept, gone))
            if found:
                yield found

    def _records(self, db: sa.Connection, home: Home, stream: Stream) -> list[Record]:
        columns = tables.segments.c
        mine = sa.select(columns.number, columns.sealed).where(columns.conversation == stream.position)
        rows = {row.number: row.sealed for row in db.execute(mine)}
        plains = self._sealer.open_segments(stream.key, stream.manifest, rows)
        if stream.manifest.family == "events":
            return list(events_in(stream.manifest, home.ledger.name, plains))
        messages = [message for plain in plains for message in unpack_messages(plain)]
        messages.sort(key=lambda one: one.at)  # as they are read: those of one moment in the order kept
        return list(messages)

    def _write(self, db: sa.Connection, home: Home, changes: Sequence[_Change]) -> Ledger:
        """Put what stays in place of what was; returns the ledger of the source after it."""
        stay = [change for change in changes if change.kept]
        keys = iter(self._parts.keys.make(len(stay), home.key))
        ledger = home.ledger
        for change in changes:
            stream = change.stream
            self._delete(db, home, change)
            after = self._rewrite(db, stream._replace(key=next(keys)), change.kept) if change.kept else None
            ledger = _less(ledger, stream.manifest, after)
        return ledger

    def _delete(self, db: sa.Connection, home: Home, change: _Change) -> None:
        stream = change.stream
        db.execute(sa.delete(tables.segments).where(tables.segments.c.conversation == stream.position))
        if not change.kept:
            db.execute(
                sa.delete(tables.conversations).where(tables.conversations.c.position == stream.position)
            )
        names = [one.id if isinstance(one, Message) else one.key for one in change.gone]
        tokens = crypto.tokens(self._parts.tokens, ("record", home.ledger.name), names)
        for some in chunks(tokens):
            db.execute(sa.delete(tables.seen).where(tables.seen.c.token.in_(some)))
        db.execute(sa.insert(tables.shreds).values(key_id=stream.key.id))

    def _rewrite(self, db: sa.Connection, stream: Stream, records: Sequence[Record]) -> Manifest:
        """Seal the records under the new key of ``stream`` in the place of the old ones."""
        manifest, sealed = self._sealed(stream, records)
        self._parts.catalog.insert(db, tables.segments, sealed)
        summary = self._sealer.summary(stream.key, (stream.token, stream.position), manifest)
        here = tables.conversations.c.position == stream.position
        db.execute(sa.update(tables.conversations).where(here).values(key_id=stream.key.id, sealed=summary))
        return manifest

    def _sealed(self, stream: Stream, records: Sequence[Record]) -> tuple[Manifest, list[tuple[object, ...]]]:
        held = replace(stream.manifest, records=len(records))
        if held.parts:
            events = [one for one in records if isinstance(one, Event)]
            bare = stream._replace(manifest=replace(held, segments=0, parts=()))
            return sealed_blocks(self._sealer, bare, events)
        plains = list(pack(records))
        sealed: list[tuple[object, ...]] = [
            (stream.position, number, self._sealer.segment(stream.key, number, plain))
            for number, plain in enumerate(plains)
        ]
        return replace(held, segments=len(plains), size=sum(map(len, plains))), sealed


def _may_touch(cut: Cut, manifest: Manifest) -> bool:
    """Whether a stream has to be opened at all."""
    if manifest.family == "events":
        first = min((part.first for part in manifest.parts), default=0)
        return first < max(cut.since(manifest.stream))
    return bool(manifest.name in cut.conversations or cut.messages or cut.people or cut.messages_before)


def _parted(
    cut: Cut, manifest: Manifest, records: Sequence[Record]
) -> tuple[Sequence[Record], Sequence[Record]]:
    """What stays, with marks where something was, and what goes."""
    events = [one for one in records if isinstance(one, Event)]
    if events:
        since, metrics = cut.since(manifest.stream)
        stays = [one.ts >= (metrics if one.kind == "metric" else since) for one in events]
        goes = [one for one, stay in zip(events, stays, strict=True) if not stay]
        return [one for one, stay in zip(events, stays, strict=True) if stay], goes
    messages = [one for one in records if isinstance(one, Message)]
    if manifest.name in cut.conversations:
        return [], messages
    gone = {one.id for one in messages if _goes(cut, one)}
    kept = _marked([_bare(cut, one) for one in messages], gone)
    if gone and not any(one.sender.name or one.text for one in kept):
        return [], messages  # nothing but marks would stay
    return kept, [one for one in messages if one.id in gone]


def _micros(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)


def _goes(cut: Cut, message: Message) -> bool:
    old = cut.messages_before is not None and message.at < cut.messages_before
    theirs = message.direction != "outbound" and message.sender.name in cut.people
    return old or theirs or message.id in cut.messages


def _bare(cut: Cut, message: Message) -> Message:
    """A message that stays, without the people who go."""
    if not cut.people:
        return message
    reactions = tuple(one for one in message.reactions if one.by.name not in cut.people)
    participants, mentions = _others(cut, message.participants), _others(cut, message.mentions)
    held = message.participants, message.mentions, message.reactions
    if (participants, mentions, reactions) == held:
        return message
    return replace(message, participants=participants, mentions=mentions, reactions=reactions)


def _others(cut: Cut, people: Sequence[Person]) -> tuple[Person, ...]:
    return tuple(person for person in people if person.name not in cut.people)


def _marked(messages: Sequence[Message], gone: set[str]) -> list[Message]:
    """Those that stay; a mark for each run that goes, with the time of the message before it.

    What answers a message that is gone answers its mark, for without one it would seem to answer another.
    """
    if not gone:
        return list(messages)
    kept: list[Message] = []
    marks: dict[str, str] = {}
    name = ""
    for message in messages:
        if message.id in gone:
            name = name or crypto.random_bytes(crypto.ID_BYTES).hex()
            marks[message.id] = name
            continue
        if name and kept:
            kept.append(_mark(name, kept[-1]))
        name = ""
        kept.append(message)
    return [replace(one, reply_to=marks[one.reply_to]) if one.reply_to in marks else one for one in kept]


def _mark(name: str, before: Message) -> Message:
    return Message(
        id=name,
        conversation=before.conversation,
        platform=before.platform,
        at=before.at,
        sender=NOBODY,
        text="",
        group=before.group,
        content_type="deleted",
    )


def _counted(sum_: Removed, changes: Sequence[_Change]) -> Removed:
    """``sum_`` and these."""
    talks = [change for change in changes if change.stream.manifest.family == "messages"]
    events = [change for change in changes if change.stream.manifest.family == "events"]
    whole = sum(not change.kept for change in talks)
    return Removed(
        messages=sum_.messages + sum(len(change.gone) for change in talks),
        events=sum_.events + sum(len(change.gone) for change in events),
        conversations=sum_.conversations + whole,
        rewritten=sum_.rewritten + len(talks) - whole,
        size=sum_.size + sum(change.stream.manifest.size for change in changes),
        names=sum_.names | {change.stream.manifest.name for change in talks},
        streams=sum_.streams | {change.stream.manifest.stream for change in events},
    )


def _less(ledger: Ledger, before: Manifest, after: Manifest | None) -> Ledger:
    whole = after is None
    now = after or replace(before, records=0, size=0)
    return replace(
        ledger,
        streams=ledger.streams - whole,
        conversations=ledger.conversations - (whole and before.family == "messages"),
        records=ledger.records - before.records + now.records,
        size=ledger.size - before.size + now.size,
    )
