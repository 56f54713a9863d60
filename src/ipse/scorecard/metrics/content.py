"""Metric 7: does it say what the owner said? chrF++ and ROUGE-L, less what the same answers score elsewhere.

chrF++ is Popović 2017 as sacreBLEU computes it for one sentence (6 character and 2 word orders, beta 2);
ROUGE-L is the F-measure of Lin 2004 over words of any script. Knows no style.
"""

import re
import string
from collections import Counter
from collections.abc import Callable, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from ipse.config import ScorecardSettings
from ipse.scorecard.bootstrap import Draws, Plan
from ipse.scorecard.contenders import Lineup
from ipse.scorecard.measures import FEWEST_REPLIES, Measure, Measured, Missing, Spec, with_wrong
from ipse.scorecard.results import CEILING, RANDOM

__all__ = ["chrf", "content_lift", "rouge_l"]

CHARACTER_ORDER, WORD_ORDER, BETA = 6, 2, 2.0
SHUFFLES = 3
MOST_CHARACTERS = 1000  # of a text, so that one long reply does not take the time of a hundred
_PUNCTUATION = frozenset(string.punctuation)
_WORDS = re.compile(r"\w+")

CHRF = Spec(
    id="7",
    name="Says what you said (chrF++)",
    definition="chrF++ of its answer to your real reply, less the same with the contexts shuffled, in points "
    "of 100.",
    good="above a random own reply",
    unit="points",
    against=RANDOM,
)
ROUGE = Spec(
    id="7 ROUGE-L",
    name="Says what you said (ROUGE-L)",
    definition="ROUGE-L of its answer to your real reply, less the same with the contexts shuffled, in "
    "points of 100.",
    good="above a random own reply",
    unit="points",
    against=RANDOM,
    primary=False,
)


class _Grams(msgspec.Struct, frozen=True):
    """A text counted once: n-grams by order (characters, then words), and its words as bits by position."""

    orders: tuple[Counter[str], ...]
    tokens: tuple[str, ...]
    places: dict[str, int]


def chrf(answer: str, reply: str) -> float:
    """chrF++ of one answer, 0 to 100."""
    return _chrf(_grams(answer), _grams(reply))


def rouge_l(answer: str, reply: str) -> float:
    """ROUGE-L F-measure of one answer, 0 to 100: the longest common run of words, with gaps."""
    return _rouge_l(_grams(answer), _grams(reply))


def content_lift(lineup: Lineup, settings: ScorecardSettings, plan: Plan) -> list[Measure]:
    """Lift of every contender by both measures."""
    if len(lineup.examples) < FEWEST_REPLIES:
        reason = f"{len(lineup.examples)} held-out replies, {FEWEST_REPLIES} are needed."
        return [Missing(CHRF, reason)]
    elsewhere = _elsewhere(lineup, settings.seed)
    real = [_grams(reply) for reply in lineup.real]
    told = {CEILING: real}
    for contender in lineup.everyone():
        counted = {text: _grams(text) for text in set(contender.answers)}
        told[contender.name] = [counted[text] for text in contender.answers]
    note = "Yourself is an exact copy, which nobody reaches: read it against the baselines."
    out: list[Measure] = []
    for spec, alike in ((CHRF, _chrf), (ROUGE, _rouge_l)):
        draws = {
            name: plan.mean(_lift(alike, answers, real, elsewhere), lineup.clusters)
            for name, answers in told.items()
        }
        out.append(Measured(spec=spec, plan=plan, draws=with_wrong(draws, lineup), note=note))
    return out


def _lift(
    alike: Callable[[_Grams, _Grams], float],
    answers: Sequence[_Grams],
    real: Sequence[_Grams],
    elsewhere: Sequence[npt.NDArray[np.intp]],
) -> Draws:
    """Per context: likeness to its real reply less the mean likeness of answers given elsewhere to it."""
    here = np.array([alike(answer, reply) for answer, reply in zip(answers, real, strict=True)])
    there = [[alike(answers[m], real[n]) for n, m in enumerate(order)] for order in elsewhere]
    return np.asarray((here - np.mean(there, axis=0)).round(9))  # what is equal differs by nothing


def _elsewhere(lineup: Lineup, seed: int) -> list[npt.NDArray[np.intp]]:
    """Shuffled contexts, none in its own place: turns of one random round."""
    count = len(lineup.examples)
    ring = np.random.default_rng(seed).permutation(count)
    out = []
    for turn in range(1, SHUFFLES + 1):
        order = np.empty(count, dtype=np.intp)
        order[ring] = np.roll(ring, turn * max(1, count // (SHUFFLES + 1)))
        out.append(order)
    return out


def _grams(text: str) -> _Grams:
    text = text[:MOST_CHARACTERS]
    joined = "".join(text.split())
    spoken = _split(text)
    orders = [_windows(joined, n) for n in range(1, CHARACTER_ORDER + 1)]
    orders += [
        Counter(" ".join(spoken[i : i + n]) for i in range(len(spoken) - n + 1))
        for n in range(1, WORD_ORDER + 1)
    ]
    tokens = tuple(_WORDS.findall(text.casefold()))
    places: dict[str, int] = {}
    for n, token in enumerate(tokens):
        places[token] = places.get(token, 0) | 1 << n
    return _Grams(tuple(orders), tokens, places)


def _windows(text: str, size: int) -> Counter[str]:
    return Counter(text[i : i + size] for i in range(len(text) - size + 1))


def _split(text: str) -> list[str]:
    """Words with one mark of punctuation at an end taken off, as chrF++ is defined."""
    out: list[str] = []
    for word in text.split():
        if len(word) > 1 and word[-1] in _PUNCTUATION:
            out += [word[:-1], word[-1]]
        elif len(word) > 1 and word[0] in _PUNCTUATION:
            out += [word[0], word[1:]]
        else:
            out.append(word)
    return out


def _chrf(answer: _Grams, reply: _Grams) -> float:
    precisions, recalls = [], []
    for found, wanted in zip(answer.orders, reply.orders, strict=True):
        if not found or not wanted:
            continue  # an order that one of them is too short for says nothing
        few, many = (found, wanted) if len(found) < len(wanted) else (wanted, found)
        matched = sum(min(n, many[gram]) for gram, n in few.items() if gram in many)
        precisions.append(matched / found.total())
        recalls.append(matched / wanted.total())
    if not precisions:
        return 0.0
    precision, recall = sum(precisions) / len(precisions), sum(recalls) / len(recalls)
    weighted = BETA**2 * precision + recall
    return 100 * (1 + BETA**2) * precision * recall / weighted if weighted else 0.0


def _rouge_l(answer: _Grams, reply: _Grams) -> float:
    """The longest common subsequence by bits (Hyyrö 2004): one addition for each word of the answer."""
    if not answer.tokens or not reply.tokens:
        return 0.0
    everywhere = (1 << len(reply.tokens)) - 1
    row = everywhere
    for token in answer.tokens:
        met = row & reply.places.get(token, 0)
        row = (row + met | row - met) & everywhere
    common = len(reply.tokens) - row.bit_count()
    return 200 * common / (len(answer.tokens) + len(reply.tokens))
