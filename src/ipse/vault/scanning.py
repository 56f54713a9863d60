"""Reading records back. Views of the catalog are short (a page of conversations), so a scan holds up nobody.

A source erased while it is being read simply ends, and a conversation erased meanwhile is left out or read as
it is now; anything else that is missing is damage.
"""

from collections.abc import Collection, Iterator, Sequence

import msgspec
import sqlalchemy as sa

from ipse.errors import DamagedVaultError
from ipse.records import Event, Message
from ipse.vault import catalog as tables
from ipse.vault.parts import Parts, chunks
from ipse.vault.segments import Family, Sealer, unpack_events, unpack_messages
from ipse.vault.sources import Home, Sources
from ipse.vault.streams import Stream, Streams

__all__ = ["Conversation", "Scanner"]

PAGE_BYTES = 4 * 1024 * 1024


class Conversation(msgspec.Struct, frozen=True):
    """One conversation, whole: its messages by time, those of one moment in the order kept.

    ``id`` is the name it has behind the gate.
    """

    id: str
    source: str
    messages: list[Message]


class Scanner:
    """Reads the records of one vault."""

    def __init__(self, parts: Parts, sources: Sources, streams: Streams) -> None:
        self._parts = parts
        self._sources = sources
        self._streams = streams
        self._sealer = Sealer(parts.vault)

    def conversations(self, names: Collection[str] | None) -> Iterator[Conversation]:
        """Each conversation of these sources (None: of all), in order of first appearance."""
        for home, stream, plains in self._all(names, "messages"):
            messages = [message for plain in plains for message in unpack_messages(plain)]
            # Stable: some exports have no seconds, and there the order kept is the order said.
            messages.sort(key=lambda message: message.at)
            yield Conversation(stream.manifest.name, home.ledger.name, messages)

    def events(self, names: Collection[str] | None) -> Iterator[Event]:
        """Each event of these sources, in the order kept."""
        for _, _, plains in self._all(names, "events"):
            for plain in plains:
                yield from unpack_events(plain)

    def _all(
        self, names: Collection[str] | None, family: Family
    ) -> Iterator[tuple[Home, Stream, list[bytes]]]:
        for home in self._sources.all():
            if names is not None and home.ledger.name not in names:
                continue
            try:
                for stream, plains in self._source(home, family):
                    yield home, stream, plains
            except DamagedVaultError:
                if not self._sources.gone(home):
                    raise

    def _source(self, home: Home, family: Family) -> Iterator[tuple[Stream, list[bytes]]]:
        with self._parts.catalog.read() as db:
            now = self._sources.at(db, home)
            rows = self._streams.rows(db, self._sources.open(now)) if now is not None else []
        for some in chunks(rows):
            opened = self._streams.now(home, some)
            for page in _pages([stream for stream in opened if stream.manifest.family == family]):
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
                if [one.key for one in changed] == [stream.key]:
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
