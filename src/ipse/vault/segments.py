"""Records as sealed segments: how they are packed, and how a conversation proves to be whole.

A segment holds at most 256 records or 64 KiB of one conversation (or event stream) under that
conversation's key, bound to its number. A conversation can grow, so no segment is "the last": its sealed
manifest says how many there are. This module knows no table; it turns records into bytes and back.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, timedelta, timezone
from functools import lru_cache
from typing import Literal, TypeVar

import msgspec

from ipse.errors import DamagedVaultError
from ipse.records import Event, Message, Record
from ipse.vault import crypto
from ipse.vault.columns import Part
from ipse.vault.keys import Key

__all__ = ["Family", "Ledger", "Manifest", "Sealer", "pack", "unpack_events", "unpack_messages"]

Family = Literal["messages", "events"]
Row = tuple[bytes, int]  # token and position of a source, a conversation or a stream
S = TypeVar("S", "Manifest", "Ledger")

MAX_RECORDS = 256
MAX_BYTES = 64 * 1024

_encoder = msgspec.msgpack.Encoder()
_messages = msgspec.msgpack.Decoder(tuple[list[int], list[Message]])
_events = msgspec.msgpack.Decoder(tuple[list[int], list[Event]])


class Manifest(msgspec.Struct, array_like=True, frozen=True):
    """What a conversation consists of, or a partition of events: those of one stream and day.

    The blocks of a partition are its ``parts``: rows that a later block has again were replaced by those, so
    it holds ``records`` events and perhaps more rows. Events kept before there were partitions have neither
    a name nor parts. Metrics of a partition are kept by ``every`` seconds, 0: as they came; it has grown
    last at ``grown``, seconds since the epoch.
    """

    name: str
    family: Family
    segments: int = 0  # the number of the next one
    records: int = 0
    size: int = 0  # bytes before sealing
    parts: tuple[Part, ...] = ()
    every: int = 0
    grown: int = 0

    @property
    def day(self) -> int:
        """Of a partition: the UTC day that its events begin on, counted from the epoch."""
        return int(self.name.partition("/")[0])

    @property
    def stream(self) -> str:
        """Of a partition: the stream that its events are of."""
        return self.name.partition("/")[2]

    @property
    def numbers(self) -> Sequence[int]:
        """Of its segments; those of a conversation are without a gap."""
        return [part.number for part in self.parts] if self.parts else range(self.segments)


class Ledger(msgspec.Struct, array_like=True, frozen=True):
    """What a source consists of; ``streams`` counts conversations and event streams."""

    name: str
    streams: int = 0
    conversations: int = 0
    records: int = 0
    size: int = 0
    former: bytes = b""  # id of the source's former key, while not all its streams are under the new one


def pack(records: Sequence[Record]) -> Iterator[bytes]:
    """Cut records of one family into segments; a record above 64 KiB is a segment of its own."""
    held: list[msgspec.Raw] = []
    offsets: list[int] = []
    size = 0
    for record, encoded in zip(records, map(_encoder.encode, records), strict=True):
        if held and (len(held) == MAX_RECORDS or size + len(encoded) > MAX_BYTES):
            yield _encoder.encode((offsets, held))
            held, offsets, size = [], [], 0
        held.append(msgspec.Raw(encoded))
        offsets.append(_offset(record))
        size += len(encoded)
    yield _encoder.encode((offsets, held))


def unpack_messages(plain: bytes) -> list[Message]:
    """The messages of a segment, each time in the zone it was written with (MessagePack keeps only UTC)."""
    offsets, messages = _messages.decode(plain)
    for offset, message in zip(offsets, messages, strict=True):
        if offset:  # frozen for others; this one was made a moment ago and nobody has seen it
            msgspec.structs.force_setattr(message, "at", message.at.astimezone(_zone(offset)))
    return messages


def unpack_events(plain: bytes) -> list[Event]:
    """The events of a segment, as they were kept before there were partitions."""
    return _events.decode(plain)[1]


class Sealer:
    """Seals what belongs to one vault, each thing bound to its place in it."""

    def __init__(self, vault: bytes) -> None:
        self._vault = vault

    def segment(self, key: Key, number: int, plain: bytes) -> bytes:
        """Seal a segment, bound to its number, its conversation and source: its key and the one above."""
        return crypto.seal(key.secret, plain, self._segment(key, number))

    def open_segments(self, key: Key, manifest: Manifest, rows: dict[int, bytes]) -> list[bytes]:
        """Open the segments of a conversation by number; raises unless all are there."""
        numbers = manifest.numbers
        if any(number not in rows for number in numbers):
            raise DamagedVaultError("A conversation in the vault is not complete.", hint="Restore a backup.")
        return [crypto.unseal(key.secret, rows[number], self._segment(key, number)) for number in numbers]

    def summary(self, key: Key, at: Row, of: Manifest | Ledger) -> bytes:
        """Seal a manifest or a ledger under its own key, bound to its row."""
        return crypto.seal(key.secret, _encoder.encode(of), self._summary(key, at))

    def open_summary(self, key: Key, at: Row, sealed: bytes, kind: type[S]) -> S:
        """Open a manifest or a ledger."""
        return msgspec.msgpack.decode(crypto.unseal(key.secret, sealed, self._summary(key, at)), type=kind)

    def _segment(self, key: Key, number: int) -> bytes:
        return crypto.place(self._vault, "segment", key.id, key.parent, number)

    def _summary(self, key: Key, at: Row) -> bytes:
        return crypto.place(self._vault, "summary", key.id, *at)


def _offset(record: Record) -> int:
    """Seconds east of UTC at a message's time; 0 for events, which carry their own."""
    if isinstance(record, Event) or record.at.tzinfo is UTC:
        return 0
    return int((record.at.utcoffset() or timedelta()).total_seconds())


@lru_cache(maxsize=256)
def _zone(offset: int) -> timezone:
    return timezone(timedelta(seconds=offset))
