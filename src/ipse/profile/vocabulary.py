"""Which words are the owner's: beside everybody else's, at the beginning, at the end, and emoji.

Words are compared by the log-odds ratio with an informative Dirichlet prior (Monroe, Colaresi and Quinn,
"Fightin' Words", 2008), within one language. Whatever stands in a profile was said in conversations with
three different people, groups or oneself: a word known to fewer could tell who they are.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np

from ipse.datasets.words import content_words
from ipse.profile.gathering import Said
from ipse.profile.results import Term, Vocabulary

__all__ = [
    "SHARED", "closers", "emoji", "emoji_in", "log_odds", "more_to", "openers", "richness", "shared_with",
    "vocabularies",
]  # fmt: skip

SHARED = 3  # counterparts that a term was said to, to be shown
FEWEST = 5  # times
PRIOR = 1000.0  # words of the prior, spread over terms as both sides together use them
SURE = 1.96  # standard errors a log-odds ratio must be from nought
LANGUAGE_WORDS = 1000  # of the owner and of others, for a language to be compared
WINDOW = 500  # words in which different ones are counted (Covington and McFall, 2010)
_MOST_WORDS, _MOST_TERMS, _MOST_EACH, _MOST_EMOJI = 18, 12, 5, 16
_MOST_PHRASES = 200  # looked through for a dozen that do not overlap
_LONGEST = 3  # words of an opener, closer or phrase
_SWALLOWS = 0.6  # a longer opener that is most of a shorter one stands for it

_PICTURE = (
    "[\U0001f300-\U0001f3fa\U0001f400-\U0001faff\u2600-\u27bf"
    "\u2b50\u2b55\u231a\u231b\u23e9-\u23f3\u203c\u2049]"
)
_EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}"
    f"|{_PICTURE}[\ufe0f\U0001f3fb-\U0001f3ff]*(?:\u200d{_PICTURE}[\ufe0f\U0001f3fb-\U0001f3ff]*)*"
)
_TONE = re.compile("[\ufe0f\U0001f3fb-\U0001f3ff]")

Tokens = Sequence[str]


def emoji_in(text: str) -> list[str]:
    """The emoji of a text in order, each whole, without the colour of its skin."""
    return [_TONE.sub("", found) for found in _EMOJI.findall(text)]


def shared_with(told: Iterable[tuple[str, Iterable[str]]], wanted: Iterable[str]) -> set[str]:
    """Those of ``wanted`` that were said to at least three; ``told`` is to whom, and what terms."""
    heard: dict[str, set[str]] = {term: set() for term in wanted}
    for to, terms in told:
        for term in terms:
            held = heard.get(term)
            if held is not None and len(held) < SHARED:
                held.add(to)
    return {term for term, held in heard.items() if len(held) >= SHARED}


def log_odds(
    own: Mapping[str, int], others: Mapping[str, int], *, totals: tuple[int, int] | None = None
) -> dict[str, tuple[float, float]]:
    """Log-odds ratio and its z-score of every term of ``own``: above 0 where the owner says it more.

    The prior of a term is its share in both together, times ``PRIOR``; ``totals`` are those of both where
    ``own`` is not all of it.
    """
    here, there = totals or (sum(own.values()), sum(others.values()))
    found = {}
    for term, count in own.items():
        beside = others.get(term, 0)
        prior = PRIOR * (count + beside) / (here + there)
        if count + beside == here + there:  # the only term there is
            found[term] = (0.0, 0.0)
            continue
        up = math.log((count + prior) / (here + PRIOR - count - prior))
        down = math.log((beside + prior) / (there + PRIOR - beside - prior))
        found[term] = (up - down, (up - down) / math.sqrt(1 / (count + prior) + 1 / (beside + prior)))
    return found


def vocabularies(own: Sequence[Said], others: Sequence[Said]) -> tuple[Vocabulary, ...]:
    """The owner's words beside everybody else's, in each language in which both wrote enough."""
    mine, theirs = _by_tongue(own), _by_tongue(others)
    found = []
    for language, held in mine.items():
        beside = theirs.get(language, [])
        counts = [Counter(word for _, said in side for word in said) for side in (held, beside)]
        if min(each.total() for each in counts) >= LANGUAGE_WORDS:
            found.append(_vocabulary(language, (held, beside), (counts[0], counts[1])))
    return tuple(sorted(found, key=lambda each: -each.words))


def _vocabulary(
    language: str,
    sides: tuple[list[tuple[str, Tokens]], list[tuple[str, Tokens]]],
    counts: tuple[Counter[str], Counter[str]],
) -> Vocabulary:
    own, others = counts
    scored = _scored(own, others, sides[0])
    turns = [_told(side) for side in sides]
    mine, theirs = (Counter(phrase for _, said in side for phrase in said) for side in turns)
    sure = [term for term in _scored(mine, theirs, turns[0]) if (term.z or 0) > SURE]
    distinct = _distinct(sure[:_MOST_PHRASES])
    more = [term for term in scored if (term.z or 0) > SURE]
    less = [term for term in reversed(scored) if (term.z or 0) < -SURE]
    return Vocabulary(
        language=language,
        words=own.total(),
        others=others.total(),
        more=tuple(more[:_MOST_WORDS]),
        less=tuple(less[:_MOST_TERMS]),
        phrases=tuple(distinct[:_MOST_TERMS]),
    )


def _told(side: Iterable[tuple[str, Tokens]]) -> list[tuple[str, Tokens]]:
    """Phrases in place of words; of one word none."""
    return [(to, [*_phrases(said)]) for to, said in side if len(said) > 1]


def _scored(own: Counter[str], others: Counter[str], told: Iterable[tuple[str, Tokens]]) -> list[Term]:
    """Terms said often enough and to enough, the most the owner's first."""
    frequent = {term: count for term, count in own.items() if count >= FEWEST}
    shared = shared_with(told, frequent)
    here, there = own.total(), others.total()
    odds = log_odds({term: own[term] for term in shared}, others, totals=(here, there))
    found = [
        Term(term, own[term], 1000 * own[term] / here, 1000 * others[term] / there, round(odds[term][1], 2))
        for term in shared
    ]
    return sorted(found, key=lambda term: (-(term.z or 0), term.text))


def _by_tongue(said: Sequence[Said]) -> dict[str, list[tuple[str, Tokens]]]:
    found: dict[str, list[tuple[str, Tokens]]] = defaultdict(list)
    for each in said:
        if each.tongue:
            found[each.tongue].append((each.to, each.words))
    return dict(sorted(found.items()))


def _phrases(said: Tokens) -> Iterator[str]:
    for size in range(2, _LONGEST + 1):
        for at in range(len(said) - size + 1):
            yield " ".join(said[at : at + size])


def _distinct(terms: Iterable[Term]) -> list[Term]:
    """Turns of phrase that say something, one of those that overlap: the longer where it is most of both."""
    held = list(terms)
    kept: list[Term] = []
    for term in held:
        whole = [one for one in held if _within(term, one) and one.count >= _SWALLOWS * term.count]
        best = max(whole, key=lambda one: (one.count, one.text), default=term)
        if content_words(best.text) and not any(
            _within(best, one) or _within(one, best) or one == best for one in kept
        ):
            kept.append(best)
    return kept


def _within(term: Term, other: Term) -> bool:
    return term != other and f" {term.text} " in f" {other.text} "


def openers(own: Sequence[Said]) -> tuple[Term, ...]:
    """How messages begin, in one to three words."""
    return _edges(own, lambda said, size: said[:size])


def closers(own: Sequence[Said]) -> tuple[Term, ...]:
    """How messages end."""
    return _edges(own, lambda said, size: said[-size:])


def _edges(own: Sequence[Said], cut: Callable[[Tokens, int], Tokens]) -> tuple[Term, ...]:
    told = [(each.to, _edge(each.words, cut)) for each in own]
    told = [pair for pair in told if pair[1]]
    counts = Counter(term for _, terms in told for term in terms)
    shared = shared_with(told, (term for term, count in counts.items() if count >= FEWEST))
    kept = sorted(_standing(counts, shared, cut), key=lambda term: (-counts[term], term))
    return tuple(Term(term, counts[term], 1000 * counts[term] / len(own)) for term in kept[:_MOST_TERMS])


def _standing(counts: Counter[str], shared: set[str], cut: Callable[[Tokens, int], Tokens]) -> set[str]:
    """Each by the longest that is still most of it: "oh well" where "oh" mostly means that."""

    def shorter(term: str) -> list[str]:
        parts = term.split(" ")
        return [" ".join(cut(parts, size)) for size in range(1, len(parts))]

    replaced = {
        before[-1]
        for term in shared
        if (before := shorter(term)) and counts[term] >= _SWALLOWS * counts[before[-1]]
    }
    return {term for term in shared - replaced if replaced.issuperset(shorter(term))}


def _edge(said: Tokens, cut: Callable[[Tokens, int], Tokens]) -> list[str]:
    return [" ".join(cut(said, size)) for size in range(1, min(_LONGEST, len(said)) + 1)]


def emoji(own: Sequence[Said], *, shown: set[str] | None = None, most: int = _MOST_EMOJI) -> tuple[Term, ...]:
    """The owner's emoji by number; of those in ``shown`` where it is given, else of those shared by three."""
    told = [(each.to, found) for each in own if (found := emoji_in(each.text))]
    counts = Counter(one for _, found in told for one in found)
    known = shared_with(told, counts) if shown is None else shown
    ranked = sorted(counts.keys() & known, key=lambda one: (-counts[one], one))
    return tuple(Term(one, counts[one], 1000 * counts[one] / len(own)) for one in ranked[:most])


def more_to(here: Counter[str], every: Counter[str], shown: set[str]) -> tuple[Term, ...]:
    """Words of ``shown`` said to one contact (``here``) more than to the rest of ``every``."""
    frequent = {term: count for term, count in here.items() if count >= FEWEST and term in shown}
    there = {term: every[term] - count for term, count in frequent.items()}
    total, beside = here.total(), every.total() - here.total()
    if not beside:
        return ()
    odds = log_odds(frequent, there, totals=(total, beside))
    ranked = sorted(
        (term for term in frequent if odds[term][1] > SURE), key=lambda term: (-odds[term][1], term)
    )
    return tuple(
        Term(t, here[t], 1000 * here[t] / total, 1000 * there[t] / beside, round(odds[t][1], 2))
        for t in ranked[:_MOST_EACH]
    )


def richness(said: Iterable[str]) -> float | None:
    """Different words in 500, as the mean over every 500 words in a row (MATTR); None for less text.

    A word is new to the windows that begin after it was last said, so each counts for so many of them.
    """
    met: dict[str, int] = {}
    last: list[int] = []
    for at, word in enumerate(said):
        last.append(met.get(word, -1))
        met[word] = at
    windows = len(last) - WINDOW + 1
    if windows < 1:
        return None
    places = np.arange(len(last))
    first = np.maximum(np.array(last) + 1, places - WINDOW + 1)
    new = np.minimum(places, windows - 1) - np.maximum(first, 0) + 1
    return float(np.maximum(new, 0).sum() / windows)
