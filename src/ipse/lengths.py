"""How long the owner's messages are, to each contact: what a voice matches its answers to.

See :func:`lengths`, :meth:`Lengths.to` for one contact; :meth:`Lengths.ending` and :meth:`Lengths.suits` are
how voices follow them. Knows texts and pseudonyms, nothing else.
"""

import re
from collections.abc import Iterable
from math import erfc, log, log1p, sqrt

import msgspec
import numpy as np

from ipse.records import Example

__all__ = [
    "FEWEST", "Lengths", "Quartiles", "count_words", "lengths", "of_examples", "quartiles", "spaced",
]  # fmt: skip

FEWEST = 20  # messages to somebody below which their lengths say no more than those to everybody
# Scripts that set no spaces between words count every character as one word.
_UNSPACED = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_WORD = re.compile(
    rf"[{_UNSPACED}]|[^\W_{_UNSPACED}](?:[^\s{_UNSPACED}]*[^\W_{_UNSPACED}])?|<[A-Z]+(?:_\d+)?>"
)

_APART = re.compile(f"([{_UNSPACED}])")


NORMAL = 1.349  # standard deviations between the quartiles of a normal distribution
NARROWEST = 0.35  # of the logarithm of words: lengths that are all but one would else decide alone
STRONGEST = 2.0  # log odds by which a length counts at most


class Quartiles(msgspec.Struct, frozen=True):
    """A quarter of the values lies up to ``low``, half up to ``median``, three quarters up to ``high``.

    Nineteen of twenty lie up to ``most``.
    """

    low: float
    median: float
    high: float
    count: int
    most: float = 0.0

    def log_density(self, words: int) -> float:
        """Of a message with so many words, by a log-normal curve through the quartiles; up to a constant."""
        centre, spread = self._curve()
        z = (log1p(words) - centre) / spread
        return -z * z / 2 - log(spread)

    def log_hazard(self, words: int) -> float:
        """How likely a message that has so many words ends there, by the same curve; up to a constant."""
        centre, spread = self._curve()
        z = min(8.0, (log1p(words) - centre) / spread)
        return -z * z / 2 - log(spread) - log(erfc(z / sqrt(2)) / 2)

    def _curve(self) -> tuple[float, float]:
        """Centre and spread of the logarithm of one and the number of words."""
        spread = (log1p(self.high) - log1p(self.low)) / NORMAL
        return log1p(self.median), max(NARROWEST, spread)


class Lengths(msgspec.Struct, frozen=True, kw_only=True):
    """Words a message of the owner, in all and by the pseudonym (or group) it was written to."""

    everyone: Quartiles
    contacts: dict[str, Quartiles] = {}

    def to(self, contact: str | None) -> Quartiles:
        """Those to ``contact``; those to everybody where too little was written to them."""
        return self.contacts.get(contact or "", self.everyone)

    def ending(self, contact: str | None, words: int) -> float:
        """What to add to the log odds of ending a message after so many words; 0 where nothing is known of
        the contact.

        The owner's own habit of ending a message there to this contact, over that to everybody, which is what
        a model has learned.
        """
        if contact not in self.contacts:
            return 0.0
        return _bounded(self.contacts[contact].log_hazard(words) - self.everyone.log_hazard(words))

    def suits(self, contact: str | None, words: int) -> float:
        """The log odds of a message with so many words to be one to this contact rather than to anybody."""
        if contact not in self.contacts:
            return 0.0
        return _bounded(self.contacts[contact].log_density(words) - self.everyone.log_density(words))

    def told(self, contact: str | None) -> str:
        """One line for a system prompt."""
        found = self.to(contact)
        low, median, high = (round(each) for each in (found.low, found.median, found.high))
        if low == high:
            return f"Your messages here usually have {median} word{'s' if median != 1 else ''}."
        return f"Your messages here usually have {low} to {high} words, {median} in the middle."


def count_words(text: str) -> int:
    """Words, each with the marks inside it; a placeholder is one, an emoji or a mark alone is none."""
    return len(_WORD.findall(text))


def spaced(text: str) -> str:
    """The text with spaces around each character of a script that sets none."""
    return text if text.isascii() else _APART.sub(r" \1 ", text)


def quartiles(values: Iterable[float]) -> Quartiles | None:
    """The quartiles of any values, or None where there are none."""
    held = np.fromiter(values, dtype=np.float64)
    if not len(held):
        return None
    low, median, high, most = (float(each) for each in np.quantile(held, (0.25, 0.5, 0.75, 0.95)))
    return Quartiles(low, median, high, len(held), most)


def lengths(said: Iterable[tuple[str, str]], *, fewest: int = FEWEST) -> Lengths | None:
    """The lengths of what the owner said, given as contact and text; None where that is nothing."""
    by: dict[str, list[int]] = {}
    for contact, text in said:
        by.setdefault(contact, []).append(count_words(text))
    everyone = quartiles(count for counts in by.values() for count in counts)
    if everyone is None:
        return None
    found = {contact: quartiles(counts) for contact, counts in sorted(by.items()) if len(counts) >= fewest}
    return Lengths(everyone=everyone, contacts={name: each for name, each in found.items() if each})


def of_examples(examples: Iterable[Example], *, fewest: int = FEWEST) -> Lengths | None:
    """The lengths of replies: turns, which may be several messages; copies with other inputs count once."""
    said = ((each.contact, each.reply) for each in examples if each.origin is None)
    return lengths(said, fewest=fewest)


def _bounded(odds: float) -> float:
    return max(-STRONGEST, min(STRONGEST, odds))
