"""Times of events in µs, and as they stand in JSON."""

from datetime import UTC, datetime, timedelta
from typing import Final

__all__ = ["from_micros", "micros"]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def micros(at: datetime) -> int:
    """µs since the epoch."""
    return (at - EPOCH) // timedelta(microseconds=1)


def from_micros(at: int) -> datetime:
    """The time that these µs are."""
    return EPOCH + timedelta(microseconds=at)
