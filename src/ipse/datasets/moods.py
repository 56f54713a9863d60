"""Whether the mood of a text is steady: a small lexicon of emotion words in English and German.

A reflection that is glad in one sentence, desperate in the next and so on to its end is rarely one. Words are
matched by stem; a negation shortly before turns one over. Texts in other languages are taken for steady.
"""

from itertools import pairwise

from ipse.datasets.coherence import sentences
from ipse.datasets.words import lexicon, words

__all__ = ["mood", "steadiness"]

FEWEST = 4  # sentences with a mood, below which nothing is said about its turns
REACH = 3  # words over which a negation reaches

_GLAD = lexicon("glad")
_SAD = lexicon("sad")
_NOT = lexicon("not")
# "hopeless" is sad though "hope" is glad: the longest stem that a word begins with decides.
_STEMS = dict.fromkeys(_GLAD, 1) | dict.fromkeys(_SAD, -1)
_LONGEST = max(map(len, _STEMS))
# Common words that begin with a stem and mean something else.
_OTHER = lexicon("moodless")
_EXACT = lexicon("mood_words")


def mood(sentence: str) -> int:
    """1 for a glad sentence, -1 for a sad one, 0 where neither has more words."""
    said = words(sentence)
    total = 0
    for at, word in enumerate(said):
        value = _value(word)
        if value and _NOT.intersection(said[max(0, at - REACH) : at]):
            value = -value
        total += value
    return (total > 0) - (total < 0)


def steadiness(text: str) -> float:
    """1 minus the share of turns between neighbouring sentences that have a mood; 1 where few have one."""
    moods = [found for sentence in sentences(text) if (found := mood(sentence))]
    if len(moods) < FEWEST:
        return 1.0
    return 1.0 - sum(one != other for one, other in pairwise(moods)) / (len(moods) - 1)


def _value(word: str) -> int:
    if word in _OTHER:
        return 0
    for size in range(min(len(word), _LONGEST), 2, -1):
        stem = word[:size]
        if stem in _STEMS and (stem not in _EXACT or len(word) - size <= 2):
            return _STEMS[stem]
    return 0
