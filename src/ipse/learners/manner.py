"""How the owner writes, in a few figures: for a voice that has to be told, since nothing in it was trained.

Counted over training examples alone, so it tells a voice nothing of what it is judged by. No text is in it
but single emoji.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence

import msgspec

from ipse.lengths import Lengths, Quartiles, of_examples
from ipse.records import Example

__all__ = ["Manner", "manner_of"]

EMOJI = re.compile("[\u203c-\u3299\U0001f000-\U0001faff]")
MOST_USED = 5  # emoji
LEAST = 3  # times that an emoji was used at least


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """Shares of replies, but for the lengths in words.

    ``small``: begin with a small letter; ``stopped``: end with a full stop; ``languages``: ISO 639-1 code to
    share, the largest first. ``emoji`` are the most used, the most used first.
    """

    lengths: Lengths
    languages: dict[str, float] = {}
    small: float = 0.0
    stopped: float = 0.0
    with_emoji: float = 0.0
    emoji: tuple[str, ...] = ()


def manner_of(train: Sequence[Example]) -> Manner:
    """Count over the owner's replies; copies of an example with another input count once."""
    own = [example for example in train if example.origin is None] or list(train)
    replies = [example.reply for example in own]
    used = Counter(mark for reply in replies for mark in EMOJI.findall(reply))
    spoken = Counter(example.lang for example in own if example.lang)
    return Manner(
        lengths=of_examples(train) or Lengths(everyone=Quartiles(0, 0, 0, 0)),
        languages={code: round(n / spoken.total(), 3) for code, n in spoken.most_common()},
        small=_share(replies, lambda text: text[:1].islower()),
        stopped=_share(replies, lambda text: text.rstrip().endswith((".", "。"))),
        with_emoji=_share(replies, lambda text: EMOJI.search(text) is not None),
        emoji=tuple(mark for mark, n in used.most_common(MOST_USED) if n >= LEAST),
    )


def _share(replies: Sequence[str], holds: Callable[[str], bool]) -> float:
    return round(sum(map(holds, replies)) / max(1, len(replies)), 3)
