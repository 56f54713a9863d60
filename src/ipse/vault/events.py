"""Events in the vault: kept by stream and day, each such partition with its own key, in columnar blocks.

A partition is a row of ``conversations`` and its blocks are ``segments``, so erasing, sealing anew, moving
and backing up know them. Every commit adds a block; many small ones are joined into one. An event is known
by its stream, its time and its key: keeping it again changes nothing, unless it is said to be what an event
kept before became, as a state that goes on. A metric that is new to a day whose metrics were downsampled is
counted and not kept, for it could be one of those. Numbers of blocks are never used twice under one key, so
an old block cannot be put in place of a new one.
"""

import time
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

import sqlalchemy as sa
from msgspec.structs import replace

from ipse.records import Event
from ipse.vault import catalog as tables
from ipse.vault.columns import BLOCK_ROWS, DAY, Block, Part, pack_events, partition, unpacked
from ipse.vault.parts import Parts
from ipse.vault.segments import Family, Ledger, Manifest, Sealer, unpack_events
from ipse.vault.sources import Home
from ipse.vault.streams import Stream, Streams, ledger_of

__all__ = ["EventStore", "Written", "events_in", "sealed_blocks"]

MANY = 64  # small blocks at the end of a partition: then they are joined
REMEMBERED = 8 * BLOCK_ROWS  # events whose names are held in memory

Name = tuple[int, str]
"""What an event is known by in its partition: its time and its key."""

Row = tuple[object, ...]


class Written(NamedTuple):
    """What came of a batch: the events that are new, how many were there and were extended, the late ones."""

    ledger: Ledger
    new: list[Event]
    duplicates: int
    extended: int
    late: list[Event]


class _Grown(NamedTuple):
    """A partition after a batch, the rows of its new blocks, and the numbers of those they stand in for."""

    stream: Stream
    new: list[Event]
    extended: int
    rows: list[Row]
    dropped: list[int]
    late: list[Event]


class EventStore:
    """Writes the events of one vault; who calls holds its lock and a transaction."""

    def __init__(self, parts: Parts, streams: Streams) -> None:
        self._parts = parts
        self._streams = streams
        self._sealer = Sealer(parts.vault)
        self._names: OrderedDict[tuple[bytes, int], frozenset[Name]] = OrderedDict()
        self._held = 0  # names in there, in all

    def write(
        self, db: sa.Connection, home: Home, added: Iterable[Event], became: Iterable[Event]
    ) -> Written:
        """Keep those ``added`` that are not there yet, and what others ``became``.

        The ledger it returns is yet to be saved.
        """
        days: dict[tuple[int, str], tuple[list[Event], list[Event]]] = {}
        count = 0
        for which, some in enumerate((added, became)):
            for event in some:
                count += 1
                at = (event.ts // DAY, event.stream)
                group = days.get(at) or days.setdefault(at, ([], []))
                group[which].append(event)
        groups: dict[tuple[Family, str], tuple[list[Event], list[Event]]] = {
            ("events", partition(*at)): group for at, group in days.items()
        }
        before = self._streams.of(db, home, groups)
        grown = [self._grow(db, one, *group) for one, group in zip(before, groups.values(), strict=True)]
        old = [one for one, now in zip(before, grown, strict=True) if now.rows]
        after = [now.stream for now in grown if now.rows]
        self._streams.save(db, home, old, after)
        self._insert(db, grown)
        new = [event for one in grown for event in one.new]
        late = [event for one in grown for event in one.late]
        extended = sum(one.extended for one in grown)
        there = count - len(new) - extended - len(late)
        return Written(ledger_of(home.ledger, old, after), new, there, extended, late)

    def _grow(self, db: sa.Connection, stream: Stream, added: list[Event], became: list[Event]) -> _Grown:
        known = self._known(db, stream, sorted({event.ts for some in (added, became) for event in some}))
        rows: dict[Name, Event] = {}
        for event in added:
            rows.setdefault((event.ts, event.key), event)
        for name in rows.keys() & known:
            del rows[name]
        rows.update((_name(event), event) for event in became)
        late = [event for event in rows.values() if event.kind == "metric"] if stream.manifest.every else []
        for event in late:
            del rows[_name(event)]
        if not rows:
            return _Grown(stream, [], 0, [], [], late)
        new = [event for name, event in rows.items() if name not in known] if known else [*rows.values()]
        held, tail = stream.manifest, _tail(stream.manifest.parts)
        if len(tail) >= MANY:
            held = replace(held, parts=held.parts[: -len(tail)])
            joined = {_name(event): event for event in self._events(db, stream, tail)}
            rows = {**joined, **rows}
        else:
            tail = ()
        manifest, sealed = sealed_blocks(
            self._sealer, stream._replace(manifest=held), sorted(rows.values(), key=attrgetter("ts"))
        )
        if len(sealed) == 1:
            self._remember((stream.key.id, manifest.parts[-1].number), frozenset(rows))
        grown = replace(manifest, records=held.records + len(new), grown=int(time.time()))
        return _Grown(
            stream._replace(manifest=grown),
            new,
            len(rows.keys() & known & {_name(event) for event in became}),
            sealed,
            [part.number for part in tail],
            late,
        )

    def _insert(self, db: sa.Connection, grown: Sequence[_Grown]) -> None:
        columns = tables.segments.c
        for one in grown:
            if one.dropped:
                mine = (columns.conversation == one.stream.position) & columns.number.in_(one.dropped)
                db.execute(sa.delete(tables.segments).where(mine))
        rows = [row for one in grown for row in one.rows]
        if rows:
            self._parts.catalog.insert(db, tables.segments, rows)

    def _known(self, db: sa.Connection, stream: Stream, times: Sequence[int]) -> set[Name]:
        """The names in those blocks that could have events of such times."""
        found: set[Name] = set()
        for part in stream.manifest.parts:
            if bisect_left(times, part.first) < bisect_right(times, part.last):
                found |= self._names_in(db, stream, part)
        return found

    def _names_in(self, db: sa.Connection, stream: Stream, part: Part) -> frozenset[Name]:
        at = (stream.key.id, part.number)
        names = self._names.get(at)
        if names is None:
            (block,) = self._blocks(db, stream, [part])
            names = frozenset(zip(block.times(), block.names(), strict=True))
        self._remember(at, names)
        return names

    def _remember(self, at: tuple[bytes, int], names: frozenset[Name]) -> None:
        """Hold the names of a block in memory, and forget those asked for longest ago."""
        self._held += len(names) - len(self._names.get(at, ()))
        self._names[at] = names
        self._names.move_to_end(at)
        while self._held > REMEMBERED:
            _, gone = self._names.popitem(last=False)
            self._held -= len(gone)

    def _blocks(self, db: sa.Connection, stream: Stream, parts: Sequence[Part]) -> list[Block]:
        columns = tables.segments.c
        numbers = [part.number for part in parts]
        mine = (columns.conversation == stream.position) & columns.number.in_(numbers)
        rows = {row.number: row.sealed for row in db.execute(sa.select(tables.segments).where(mine))}
        some = replace(stream.manifest, parts=tuple(parts))
        return [unpacked(plain) for plain in self._sealer.open_segments(stream.key, some, rows)]

    def _events(self, db: sa.Connection, stream: Stream, parts: Sequence[Part]) -> Iterator[Event]:
        """The events of these blocks in the order kept; sources and streams are told by where they lie."""
        for block in self._blocks(db, stream, parts):
            yield from block.records("", "")


def events_in(manifest: Manifest, source: str, plains: Sequence[bytes]) -> list[Event]:
    """The events of an opened stream: of a partition as they are now and by time, else as kept."""
    if not manifest.parts:
        return [event for plain in plains for event in unpack_events(plain)]
    rows = [event for plain in plains for event in unpacked(plain).records(source, manifest.stream)]
    return sorted({_name(event): event for event in rows}.values(), key=attrgetter("ts"))


def sealed_blocks(sealer: Sealer, stream: Stream, events: Sequence[Event]) -> tuple[Manifest, list[Row]]:
    """Events by time as the next blocks of a partition: its manifest but for ``records``, rows to insert."""
    held = stream.manifest
    made = list(pack_events(events, held.segments))
    parts = (*held.parts, *(part for part, _ in made))
    rows: list[Row] = [
        (stream.position, part.number, sealer.segment(stream.key, part.number, plain)) for part, plain in made
    ]
    size = sum(part.size for part in parts)
    return replace(held, segments=held.segments + len(made), parts=parts, size=size), rows


def _tail(parts: Sequence[Part]) -> Sequence[Part]:
    """The small blocks behind the last full one: older ones must not come behind what replaced their rows."""
    full = [at for at, part in enumerate(parts, start=1) if part.rows >= BLOCK_ROWS]
    return parts[full[-1] if full else 0 :]


def _name(event: Event) -> Name:
    return event.ts, event.key
