"""Heartbeats: a state that is seen again is one event that lasts longer, by the rule of ActivityWatch.

A heartbeat with the same data that begins no earlier than the last event and no later than ``pulse`` after
its end extends it; any other begins a new event. It knows no vault, and asks no clock.
"""

import hashlib
from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from ipse.records import Event

__all__ = ["Heartbeats", "Pulse", "digest_key", "merged", "own_key", "pulse_of"]

_encoder = msgspec.msgpack.Encoder(order="sorted")


def pulse_of(every: float) -> int:
    """The µs that a state looked for every so many seconds may be unseen: 1.5 looks, or a second more."""
    return int(max(1.5 * every, every + 1.0) * 1_000_000)


def merged(last: Event, beat: Event, pulse: int) -> Event | None:
    """``last`` with ``beat`` in it, or None where that is an event of its own; ``pulse`` is in µs.

    An extended event keeps its key and the ``rx`` and ``tz`` of its beginning.
    """
    if last.data != beat.data or not last.ts <= beat.ts <= last.ts + last.dur + pulse:
        return None
    return replace(last, dur=max(last.dur, beat.ts - last.ts + beat.dur))


def digest_key(stream: str, kind: str, data: Mapping[str, object]) -> str:
    """The part of :func:`own_key` that the content makes, 16 hex digits."""
    told = _encoder.encode((stream, kind, data))
    return hashlib.blake2b(told, digest_size=8).hexdigest()


def own_key(event: Event) -> str:
    """A key for an event that came without one: the same event has the same, 32 hex digits."""
    return f"{event.ts:016x}{digest_key(event.stream, event.kind, event.data)}"


class Pulse(msgspec.Struct, frozen=True):
    """A heartbeat, and the µs that may lie between it and the event that it extends."""

    beat: Event
    pulse: int


class Heartbeats:
    """The last event of each stream, as far as it may still be extended."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], Event] = {}

    def last(self, source: str, stream: str) -> Event | None:
        """The event that is open in a stream."""
        return self._open.get((source, stream))

    def begin(self, event: Event) -> None:
        """``event`` is now the open one of its stream."""
        self._open[event.source, event.stream] = event

    def take(self, pulse: Pulse) -> tuple[Event, bool]:
        """The event that a heartbeat leaves open, and whether it is one that was open before."""
        beat = pulse.beat
        last = self._open.get((beat.source, beat.stream))
        grown = merged(last, beat, pulse.pulse) if last is not None else None
        self.begin(grown or beat)
        return grown or beat, grown is not None

    def close(self) -> None:
        """Extend none of them any more: the clock jumped, the machine slept, or somebody paused."""
        self._open.clear()
