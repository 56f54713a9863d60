"""The card of a dataset: what it was made of, by which settings and consents, and the hash that proves it.

Holds counts and pseudonyms, never content, and no clock: the same vault and settings give the same card.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime

import msgspec

__all__ = ["FORMAT", "READABLE", "Card", "SetSummary", "canonical", "content_hash"]

FORMAT = 2
READABLE = (1, 2)
"""Format 1 had no rates, means and weights; what it lacks is filled in by defaults."""

_Setting = float | int | str | bool | list[str] | None


class SetSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One of the sets: how much, of how many, from when to when."""

    examples: int
    conversations: int
    contacts: int
    first: datetime | None = None
    last: datetime | None = None


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What a dataset is. ``hash`` is SHA-256 over the canonical JSON lines of all examples in order.

    ``consents``: source to the id of the consent it was used under. ``filters``: what was left out, by
    reason; messages by kind, turns of the owner by ``unanswering | length | echo``, examples by ``between``
    (the gap), ``purged`` (near-duplicates of the test set) and the rules of cleaning; ``special`` counts
    messages of special categories that no consent allows, in all and by category. ``special`` beside it is
    what was let in: source to category to the id of the consent that allows it. ``rates``: short replies
    among all in the training set, ``true`` and ``kept``. ``means``: what judged what. ``languages`` counts
    examples (``und``: undetermined), ``contacts`` and ``platforms`` likewise.
    """

    hash: str
    settings: dict[str, _Setting]
    consents: dict[str, str]
    counts: dict[str, int]
    filters: dict[str, int]
    sets: dict[str, SetSummary]
    contacts: dict[str, int]
    languages: dict[str, int]
    platforms: dict[str, int]
    gap_hours: float
    rates: dict[str, float] = {}
    means: dict[str, str] = {}
    special: dict[str, dict[str, str]] = {}
    persona_hash: str = ""
    format: int = FORMAT

    @property
    def id(self) -> str:
        """A short name for the dataset."""
        return self.hash[:16]


def canonical(value: object) -> bytes:
    """JSON with sorted keys, no spaces, UTF-8: one text for one value."""
    return msgspec.json.encode(value, order="sorted")


def content_hash(lines: Iterable[bytes]) -> str:
    """SHA-256 of lines, each ended by a newline: that of a dataset's file after its first line."""
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line)
        digest.update(b"\n")
    return digest.hexdigest()
