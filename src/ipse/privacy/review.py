"""What recognizers were not sure of, kept for the owner to decide.

A queue of words, not of messages: the same find is counted, and shown in three places at most. What surrounds
it is shown as it was cleared. It is bounded, and leaves the vault only sealed.
"""

from collections.abc import Container, Iterator
from typing import Self

import msgspec

from ipse.errors import PrivacyError
from ipse.privacy.names import name_key

__all__ = ["Context", "Doubt", "Review"]

CONTEXTS = 3
AROUND = 60  # characters of context on each side


class Context(msgspec.Struct, frozen=True):
    """Where a find stood: ``before`` and ``after`` as cleared, ``message`` is the id it is kept under."""

    before: str
    after: str
    message: str


class Doubt(msgspec.Struct, frozen=True, kw_only=True):
    """A word or phrase that may be personal. ``replaced``: whether the gate replaced it all the same."""

    kind: str
    value: str
    score: float
    replaced: bool
    count: int
    contexts: tuple[Context, ...] = ()


class _State(msgspec.Struct, kw_only=True):
    version: int = 1
    doubts: list[Doubt] = []
    left_out: int = 0


class Review:
    """The queue; ``limit`` words at most, those met first. ``left_out`` counts the finds beyond it."""

    def __init__(self, limit: int = 1000) -> None:
        self.limit = limit
        self.left_out = 0
        self.changed = False
        self._doubts: dict[str, Doubt] = {}

    @classmethod
    def loads(cls, data: bytes, limit: int = 1000) -> Self:
        """Read what :meth:`dumps` wrote; raises ``PrivacyError`` for anything else."""
        try:
            state = msgspec.json.decode(data, type=_State)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise PrivacyError("The review queue is damaged.", hint="Restore a backup.") from error
        review = cls(limit)
        review.left_out = state.left_out
        review._doubts = {_key(one.value): one for one in state.doubts}
        return review

    def dumps(self) -> bytes:
        """Everything, as JSON in UTF-8. To be sealed."""
        return msgspec.json.encode(_State(doubts=list(self), left_out=self.left_out))

    def __len__(self) -> int:
        """How many words wait."""
        return len(self._doubts)

    def __iter__(self) -> Iterator[Doubt]:
        """The words, most frequent first."""
        return iter(sorted(self._doubts.values(), key=lambda one: -one.count))

    def add(self, found: Doubt) -> None:
        """Count a find, and keep where it stood if it was seen in few places so far."""
        key = _key(found.value)
        held = self._doubts.get(key)
        if held is None and len(self._doubts) >= self.limit:
            self.left_out += 1
        elif held is None:
            self._doubts[key] = found
        else:
            fresh = tuple(one for one in found.contexts if one not in held.contexts)
            self._doubts[key] = msgspec.structs.replace(
                held,
                count=held.count + found.count,
                score=max(held.score, found.score),
                replaced=held.replaced and found.replaced,
                contexts=(*held.contexts, *fresh)[:CONTEXTS],
            )
        self.changed = True

    def settle(self, value: str) -> Doubt | None:
        """Take a word off the queue, since the owner decided about it; None if it was not there."""
        gone = self._doubts.pop(_key(value), None)
        self.changed = self.changed or gone is not None
        return gone

    def keep_only(self, messages: Container[str]) -> int:
        """Drop what stood in messages that are kept no more; how many words went altogether."""
        before = len(self._doubts)
        for key, one in list(self._doubts.items()):
            contexts = tuple(context for context in one.contexts if context.message in messages)
            if not contexts:
                del self._doubts[key]
            elif contexts != one.contexts:
                self._doubts[key] = msgspec.structs.replace(one, contexts=contexts)
                self.changed = True
        gone = before - len(self._doubts)
        self.changed = self.changed or gone > 0
        return gone


def _key(value: str) -> str:
    return name_key(value)
