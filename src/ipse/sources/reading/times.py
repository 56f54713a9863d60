"""Moments as exports write them; one that cannot be is a ``ValueError``, so that its row is unreadable."""

import re
from datetime import UTC, datetime, timedelta, tzinfo

__all__ = ["from_iso", "from_ms", "from_seconds"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = 253_402_300_799  # the end of the year 9999, in s since the epoch


def from_seconds(seconds: float) -> datetime:
    """The moment ``seconds`` after the epoch, in UTC."""
    if not -_LAST < seconds < _LAST:
        raise ValueError("a moment that no calendar knows")
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except OverflowError as error:
        raise ValueError("a moment that no calendar knows") from error


def from_ms(milliseconds: float) -> datetime:
    """The moment ``milliseconds`` after the epoch, in UTC."""
    if isinstance(milliseconds, int):
        if not -_LAST < milliseconds // 1000 < _LAST:
            raise ValueError("a moment that no calendar knows")
        try:
            return _EPOCH + timedelta(milliseconds=milliseconds)
        except OverflowError as error:
            raise ValueError("a moment that no calendar knows") from error
    return from_seconds(milliseconds / 1000)


def from_iso(text: str, zone: tzinfo) -> datetime:
    """ISO 8601, with a blank for the T and ` UTC` at the end allowed; without offset it is ``zone``'s."""
    text = re.sub(r" ?(?:UTC|GMT)$", "+00:00", text.strip())
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=zone)
