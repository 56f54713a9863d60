"""How the owner writes, in a few figures: for a voice that has to be told, since nothing in it was trained.

Counted over training examples alone, so it tells a voice nothing of what it is judged by. No text is in it
but single emoji.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from ipse.records import Example

__all__ = ["Lengths", "Manner", "manner_of"]

FEWEST = 8  # replies to somebody, below which their length says little
EMOJI = re.compile("[\u203c-\u3299\U0001f000-\U0001faff]")
MOST_USED = 5  # emoji
LEAST = 3  # times that an emoji was used at least


class Lengths(msgspec.Struct, frozen=True):
    """Characters of replies: their quartiles, and what 19 of 20 stay below."""

    lower: int
    median: int
    upper: int
    most: int


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """``contacts``: lengths by pseudonym, where there are enough replies. The rest are shares of replies.

    ``small``: begin with a small letter; ``stopped``: end with a full stop; ``languages``: ISO 639-1 code to
    share, the largest first. ``emoji`` are the most used, the most used first.
    """

    lengths: Lengths
    contacts: dict[str, Lengths] = {}
    languages: dict[str, float] = {}
    small: float = 0.0
    stopped: float = 0.0
    with_emoji: float = 0.0
    emoji: tuple[str, ...] = ()

    def towards(self, contact: str | None) -> Lengths:
        """The lengths of replies to somebody, or to everybody where too few are known."""
        return self.contacts.get(contact or "", self.lengths)


def manner_of(train: Sequence[Example]) -> Manner:
    """Count over the owner's replies; copies of an example with another input count once."""
    own = [example for example in train if example.origin is None] or list(train)
    replies = [example.reply for example in own]
    by_contact = defaultdict(list)
    for example in own:
        by_contact[example.contact].append(example.reply)
    used = Counter(mark for reply in replies for mark in EMOJI.findall(reply))
    spoken = Counter(example.lang for example in own if example.lang)
    return Manner(
        lengths=_lengths(replies),
        contacts={name: _lengths(held) for name, held in sorted(by_contact.items()) if len(held) >= FEWEST},
        languages={code: round(n / spoken.total(), 3) for code, n in spoken.most_common()},
        small=_share(replies, lambda text: text[:1].islower()),
        stopped=_share(replies, lambda text: text.rstrip().endswith((".", "。"))),
        with_emoji=_share(replies, lambda text: EMOJI.search(text) is not None),
        emoji=tuple(mark for mark, n in used.most_common(MOST_USED) if n >= LEAST),
    )


def _lengths(replies: Sequence[str]) -> Lengths:
    found = np.quantile([len(reply) for reply in replies] or [0], (0.25, 0.5, 0.75, 0.95))
    return Lengths(*(round(float(value)) for value in found))


def _share(replies: Sequence[str], holds: Callable[[str], bool]) -> float:
    return round(sum(map(holds, replies)) / max(1, len(replies)), 3)
