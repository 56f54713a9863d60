"""How the owner writes, in a few figures, and those as the sentences of a persona card.

For a voice that has to be told, since nothing in it was trained. Counted over training examples alone, so it
tells a voice nothing of what it is judged by. No text is in it but single emoji.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import msgspec

from ipse.lengths import Lengths, Quartiles, of_examples
from ipse.records import Example

__all__ = ["Manner", "card_of", "manner_of"]

EMOJI = re.compile("[\u203c-\u3299\U0001f000-\U0001faff]")
MOST_USED = 5  # emoji
LEAST = 3  # times that an emoji was used at least
NAMED = 0.1  # share of replies from which a language is told
OFTEN, RARELY = 0.6, 0.15
THEMES, TERMS, VALUES = 4, 4, 5


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


def card_of(
    manner: Manner, lengths: Quartiles, *, themes: Sequence[Sequence[str]] = (), values: Sequence[str] = ()
) -> list[str]:
    """The persona card, a sentence a line: how long, in which habits and languages, about what."""
    low, high, most = (round(each) for each in (lengths.low, lengths.high, lengths.most))
    usual = f"Half of their messages here have {low} to {high} words"
    lines = [f"{usual}, and hardly any more than {most}.", _habits(manner)]
    if spoken := _shares(manner.languages, NAMED):
        lines.append(f"They write {spoken}; answer in the language of the conversation.")
    if themes:
        told = "; ".join(", ".join(terms[:TERMS]) for terms in themes[:THEMES])
        lines.append(f"They often write about: {told}.")
    if values:
        lines.append(f"They hold dear: {', '.join(values[:VALUES])}.")
    return [line for line in lines if line]


def _habits(manner: Manner) -> str:
    habits = []
    if manner.small >= OFTEN:
        habits.append("begin with a small letter")
    elif manner.small <= RARELY:
        habits.append("begin with a capital")
    if manner.stopped >= OFTEN:
        habits.append("end with a full stop")
    elif manner.stopped <= RARELY:
        habits.append("leave out the full stop at the end")
    if manner.emoji and manner.with_emoji >= NAMED:
        habits.append(f"use emoji in {manner.with_emoji:.0%} of messages, mostly {' '.join(manner.emoji)}")
    elif manner.with_emoji <= 0.02:
        habits.append("use hardly any emoji")
    return f"They {_listed(habits)}." if habits else ""


def _shares(shares: Mapping[str, float], least: float) -> str:
    return _listed([f"`{code}` ({share:.0%})" for code, share in shares.items() if share >= least])


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def _share(replies: Sequence[str], holds: Callable[[str], bool]) -> float:
    return round(sum(map(holds, replies)) / max(1, len(replies)), 3)
