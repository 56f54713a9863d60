"""Reading records back. Views of the catalog are short (a page of conversations), so a scan holds up nobody.

A source erased while it is being read simply ends, and a conversation erased meanwhile is left out or read as
it is now; anything else that is missing is damage.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

import msgspec
import sqlalchemy as sa

from ipse.errors import DamagedVaultError
from ipse.records import Event, Message
from ipse.vault import catalog as tables
from ipse.vault.columns import Block, unpacked
from ipse.vault.events import events_in
from ipse.vault.parts import Parts, chunks
from ipse.vault.segments import Manifest, Sealer, unpack_messages
from ipse.vault.sources import Home, Sources
from ipse.vault.streams import Stream, Streams

__all__ = ["Blocks", "Conversation", "Period", "Scanner"]

PAGE_BYTES = 4 * 1024 * 1024


class Conversation(msgspec.Struct, frozen=True):
    """One conversation, whole: its messages by time, those of one moment in the order kept.

    ``id`` is the name it has behind the gate.
    """

    id: str
    source: str
    messages: list[Message]


class Period(NamedTuple):
    """A source, one stream of it or all (None), and the µs from and until which its events are asked for."""

    source: str
    stream: str | None = None
    since: int | None = None
    until: int | None = None

    def meets(self, manifest: Manifest) -> bool:
        """Whether a partition has events in it; one that begins before and lasts into it is in it."""
        if not manifest.parts or (self.stream is not None and manifest.stream != self.stream):
            return False
        first, end = min(part.first for part in manifest.parts), max(part.end for part in manifest.parts)
        return (self.until is None or first < self.until) and (self.since is None or end >= self.since)


class Blocks(NamedTuple):
    """The blocks of a partition in the order kept; not ``whole``: a later row stands in for one before."""

    stream: str
    blocks: list[Block]
    whole: bool


class Scanner:
    """Reads the records of one vault."""

    def __init__(self, parts: Parts, sources: Sources, streams: Streams) -> None:
        self._parts = parts
        self._sources = sources
        self._streams = streams
        self._sealer = Sealer(parts.vault)

    def conversations(self, names: Collection[str] | None) -> Iterator[Conversation]:
        """Each conversation of these sources (None: of all), in order of first appearance."""
        for home, stream, plains in self._all(names, _is_messages):
            messages = [message for plain in plains for message in unpack_messages(plain)]
            # Stable: some exports have no seconds, and there the order kept is the order said.
            messages.sort(key=lambda message: message.at)
            yield Conversation(stream.manifest.name, home.ledger.name, messages)

    def events(self, names: Collection[str] | None) -> Iterator[Event]:
        """Each event of these sources: by the order in which partitions came about, in each by time."""
        for home, stream, plains in self._all(names, _is_events):
            yield from events_in(stream.manifest, home.ledger.name, plains)

    def blocks(self, span: Period) -> Iterator[Blocks]:
        """The partitions of a source, or of one stream of it, that have events in a span of time."""
        for _, stream, plains in self._all({span.source}, span.meets):
            yield Blocks(
                stream.manifest.stream,
                [unpacked(plain) for plain in plains],
                whole=sum(part.rows for part in stream.manifest.parts) == stream.manifest.records,
            )

    def partitions(self) -> Iterator[tuple[str, Manifest]]:
        """The source and the manifest of every partition of events; opens none of their blocks."""
        for home in self._sources.all():
            with self._parts.catalog.read() as db:
                now = self._sources.at(db, home) if home.ledger.streams > home.ledger.conversations else None
                rows = self._streams.rows(db, self._sources.open(now)) if now is not None else []
            for some in chunks(rows):
                held = [stream.manifest for stream in self._streams.now(home, some)]
                yield from [(home.ledger.name, one) for one in held if one.parts]

    def _all(
        self, names: Collection[str] | None, wanted: Callable[[Manifest], bool]
    ) -> Iterator[tuple[Home, Stream, list[bytes]]]:
        for home in self._sources.all():
            if names is not None and home.ledger.name not in names:
                continue
            try:
                for stream, plains in self._source(home, wanted):
                    yield home, stream, plains
            except DamagedVaultError:
                if not self._sources.gone(home):
                    raise

    def _source(self, home: Home, wanted: Callable[[Manifest], bool]) -> Iterator[tuple[Stream, list[bytes]]]:
        with self._parts.catalog.read() as db:
            now = self._sources.at(db, home)
            rows = self._streams.rows(db, self._sources.open(now)) if now is not None else []
        for some in chunks(rows):
            opened = self._streams.now(home, some)
            for page in _pages([stream for stream in opened if wanted(stream.manifest)]):
                yield from self._page(home, page)

    def _page(self, home: Home, page: Sequence[Stream]) -> Iterator[tuple[Stream, list[bytes]]]:
        """The streams with their opened segments; those added since the manifest was read do not count."""
        positions = [stream.position for stream in page]
        held: dict[int, dict[int, bytes]] = {position: {} for position in positions}
        here = tables.segments.c.conversation.in_(positions)
        columns = tables.segments.c
        with self._parts.catalog.read() as db:
            for at, number, sealed in db.execute(
                sa.select(columns.conversation, columns.number, columns.sealed).where(here)
            ):
                held.setdefault(at, {})[number] = sealed
        for stream in page:
            rows = held[stream.position]
            try:
                plains = self._sealer.open_segments(stream.key, stream.manifest, rows)
            except DamagedVaultError:
                changed = self._streams.again(home, stream.position)
                if [(one.key, one.manifest) for one in changed] == [(stream.key, stream.manifest)]:
                    raise
                yield from self._page(home, changed)
                continue
            yield stream, plains


def _pages(streams: Sequence[Stream]) -> Iterator[list[Stream]]:
    """Some megabytes at a time; a larger conversation is a page of its own."""
    page: list[Stream] = []
    size = 0
    for stream in streams:
        if page and size + stream.manifest.size > PAGE_BYTES:
            yield page
            page, size = [], 0
        page.append(stream)
        size += stream.manifest.size
    if page:
        yield page


def _is_messages(manifest: Manifest) -> bool:
    return manifest.family == "messages"


def _is_events(manifest: Manifest) -> bool:
    return manifest.family == "events"
