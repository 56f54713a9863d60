"""Events as columns: how a block of them is packed, and read again without making an object of each.

A block holds at most 8,192 events of one stream and day, by time. Numbers are little-endian arrays, times as
differences, what the events carry as JSON, each distinct one once; all of it deflated. Nothing here needs
numpy, so who only writes (a collector) does without. This module knows no key and no table.
"""

import sys
import zlib
from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate
from operator import sub
from typing import get_args

import msgspec

from ipse.errors import DamagedVaultError
from ipse.records import Event, EventKind

__all__ = ["BLOCK_ROWS", "DAY", "KINDS", "Block", "Part", "pack_events", "partition", "time_key", "unpacked"]

DAY = 86_400_000_000
"""Of a day, in µs: what a partition holds by the UTC day that its events begin on."""

BLOCK_ROWS = 8192
LEVEL = 1  # of zlib: three times quicker than the default for a tenth more bytes
KINDS: tuple[EventKind, ...] = get_args(EventKind)
_KIND = {kind: number for number, kind in enumerate(KINDS)}
_SWAP = sys.byteorder == "big"

_encoder = msgspec.msgpack.Encoder()
_json = msgspec.json.Encoder()
_data = msgspec.json.Decoder(dict[str, str | int | float | bool | None])


class Part(msgspec.Struct, array_like=True, frozen=True):
    """A block: its number, rows, the µs that its events begin first and last, and end; bytes unsealed."""

    number: int
    rows: int
    first: int
    last: int
    end: int
    size: int


class Block(msgspec.Struct, array_like=True, frozen=True):
    """The columns of a block.

    ``ts``, ``dur`` and ``rx`` are int64: the first time and then differences; as they are; ``rx - ts``.
    ``tz`` is int16, ``kind`` uint8, an index into :data:`KINDS`. ``keys`` is None where each key is its time
    in 16 hex digits. ``codes`` is uint32, an index into ``data``, distinct JSON objects.
    """

    rows: int
    ts: bytes
    dur: bytes
    rx: bytes
    tz: bytes
    kind: bytes
    keys: list[str] | None
    data: list[str]
    codes: bytes

    def times(self) -> list[int]:
        """When each event begins."""
        return list(accumulate(_ints("q", self.ts)))

    def names(self) -> list[str]:
        """The key of each event."""
        return self.keys if self.keys is not None else [time_key(ts) for ts in self.times()]

    def records(self, source: str, stream: str) -> Iterator[Event]:
        """The events, as records."""
        objects = [_data.decode(one) for one in self.data]
        columns = (self.times(), _ints("q", self.dur), _ints("q", self.rx), _ints("h", self.tz), self.kind)
        for ts, dur, rx, tz, kind, key, code in zip(
            *columns, self.names(), _ints("I", self.codes), strict=True
        ):
            yield Event(
                source=source,
                stream=stream,
                kind=KINDS[kind],
                ts=ts,
                dur=dur,
                rx=ts + rx,
                tz=tz,
                key=key,
                data=dict(objects[code]),
            )


def time_key(ts: int) -> str:
    """The key of an event that needs none but its time."""
    return f"{ts:016x}"


def partition(day: int, stream: str) -> str:
    """The name of the partition that holds the events of a stream on a day, counted from the epoch."""
    return f"{day}/{stream}"


def pack_events(events: Sequence[Event], number: int) -> Iterator[tuple[Part, bytes]]:
    """Cut events of one partition, by time, into blocks, numbered from there on."""
    for at in range(0, len(events), BLOCK_ROWS):
        some = events[at : at + BLOCK_ROWS]
        plain = _packed(some)
        end = max(event.ts + event.dur for event in some)
        yield Part(number, len(some), some[0].ts, some[-1].ts, end, len(plain)), plain
        number += 1


def unpacked(plain: bytes) -> Block:
    """The columns of a block that :func:`pack_events` made; raises ``DamagedVaultError``."""
    try:
        return msgspec.msgpack.decode(zlib.decompress(plain), type=Block)
    except (zlib.error, msgspec.DecodeError) as error:  # sealed, so it is what was written: by a newer ipse
        raise DamagedVaultError("Events are packed in an unknown way.", hint="Update ipse.") from error


def _packed(events: Sequence[Event]) -> bytes:
    times = [event.ts for event in events]
    distinct: dict[str, int] = {}
    known: dict[int, int] = {}  # what several events share is written once
    codes: list[int] = []
    for event in events:
        code = known.get(id(event.data))
        if code is None:
            code = distinct.setdefault(_json.encode(event.data).decode(), len(distinct))
            known[id(event.data)] = code
        codes.append(code)
    keys = [event.key for event in events]
    timely = keys[0] == time_key(times[0]) and keys == [time_key(ts) for ts in times]
    block = Block(
        rows=len(events),
        ts=_bytes("q", [times[0], *map(sub, times[1:], times)]),
        dur=_bytes("q", [event.dur for event in events]),
        rx=_bytes("q", [event.rx - event.ts for event in events]),
        tz=_bytes("h", [event.tz for event in events]),
        kind=bytes([_KIND[event.kind] for event in events]),
        keys=None if timely else keys,
        data=list(distinct),
        codes=_bytes("I", codes),
    )
    return zlib.compress(_encoder.encode(block), LEVEL)


def _bytes(code: str, values: Sequence[int]) -> bytes:
    made = array(code, values)
    if _SWAP:  # pragma: no cover - no machine of ours
        made.byteswap()
    return made.tobytes()


def _ints(code: str, raw: bytes) -> "array[int]":
    made: array[int] = array(code)
    made.frombytes(raw)
    if _SWAP:  # pragma: no cover - no machine of ours
        made.byteswap()
    return made
