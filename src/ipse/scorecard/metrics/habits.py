"""Metric 4: the owner's small habits as some forty rates, and how far a contender's rates are from them.

Distance is Mahalanobis with a Ledoit–Wolf covariance over conversations; its scale is the owner's own spread
between J and E. Knows no meaning and no language but the owner's own frequent words.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from ipse.scorecard.blocks import words
from ipse.scorecard.bootstrap import Draws, Plan
from ipse.scorecard.contenders import Judging, Lineup
from ipse.scorecard.measures import FEWEST_REPLIES, Measure, Measured, Missing, Spec, with_wrong
from ipse.scorecard.results import CEILING

__all__ = ["Habits", "habits"]

FARTHEST = 10.0  # standard deviations one rate counts at most, so that none drowns the rest
OWN_SPREAD = 0.95  # of resamples of E, held against J, lie within a distance of 1
OWN_WORDS, OWN_OPENERS, OWN_CLOSERS = 8, 5, 5

HABITS = Spec(
    id="4",
    name="Habits",
    definition="Distance of its rates of length, case, punctuation, emoji, openers, closers and little words "
    "from yours; 1 is as far as your own text goes in 19 of 20 samples.",
    good="at most 1",
    unit="distance",
    higher=False,
    meets=(0.0, 1.0),
)

_PLACEHOLDER = re.compile(r"<[A-Z]+(?:_\d+)?>")
_EMOJI = "[\U0001f300-\U0001faff\u2600-\u27bf\u2b50]"

# Share of replies in which the pattern is found.
_SEEN = {
    name: re.compile(pattern)
    for name, pattern in {
        "holds several lines": r"\n",
        "ends with a full stop": r"(?<![.])[.]$",
        "ends with a question mark": r"[?？؟]$",
        "ends with an exclamation mark": r"[!！]$",
        "ends with an emoji": _EMOJI + "\ufe0f?$",
        "ends without a mark": r"\w$",
        "holds an emoji": _EMOJI,
        # An eye that could be a number, a word or a sign ("8)", "83", "(x)", "XP", "= 3") needs more.
        "holds an emoticon": r"(?<!\w)(?:[:;][-'^]?[)(DPp/|\\oO3*]+|=[-']?[)(DPp]+|8-[)D]+|[xX]D+)(?!\w)"
        r"|\^\^|<3(?!\d)",
        "holds a question mark": r"[?？؟]",
        "holds an exclamation mark": r"[!！]",
        "doubles marks": r"[!?]{2}",
        "trails off": r"\.\.\.|…",
        "laughs": r"(?i)\b(?:(?:ha|he|hi|ja|je|ah){2,}h?|lo+l|lmao|rofl|xd|k{3,}|(?:ха){2,})\b",
        "stretches letters": r"([^\W\d_])\1\1",
        "holds a link": r"https?://|www\.|<URL_",
        "holds a number": r"\d",
    }.items()
}
# How many there are for each word, letter or reply.
_TALLIED = {
    name: (re.compile(pattern), unit)
    for name, (pattern, unit) in {
        "commas a word": ("[,，]", "word"),
        "dashes a word": (r"\s-\s|[–—]", "word"),
        "brackets a word": (r"\(", "word"),
        "quotes a word": ('["“„«»”]', "word"),
        "apostrophes a word": ("['’]", "word"),
        "emoji a word": (_EMOJI, "word"),
        "letters a word": (r"[^\W\d_]", "word"),
        "letters beyond a–z a letter": (r"[^\W\d_a-zA-Z]", "letter"),
        "sentences a reply": (r"[.!?…]+(?=\s|$)", "reply"),
        "lines a reply": (r"(?m)^", "reply"),
    }.items()
}


class Habits:
    """Counts the habits of a text; the owner's frequent words, openers and closers are learned from J."""

    def __init__(self, own: Sequence[str]) -> None:
        told = [[word for word in map(_bare, words(text)) if word] for text in own]
        self.words = _most(Counter(word for said in told for word in said), OWN_WORDS)
        self.openers = _most(Counter(said[0] for said in told if said), OWN_OPENERS)
        self.closers = _most(Counter(said[-1] for said in told if said), OWN_CLOSERS)
        self.names = list(self._rates(""))

    def count(self, texts: Sequence[str]) -> tuple[Draws, Draws]:
        """Counts and what they are out of, each of shape (texts, habits)."""
        rows = [list(self._rates(_PLACEHOLDER.sub("X", text.strip())).values()) for text in texts]
        table = np.array(rows, dtype=np.float64).reshape(len(rows), len(self.names), 2)
        return table[:, :, 0], table[:, :, 1]

    def _rates(self, text: str) -> dict[str, tuple[float, float]]:
        said = words(text)
        bare = [word for word in map(_bare, said) if word]
        letters = [c for c in text if c.isalpha()]
        units = {"word": len(said), "letter": len(letters), "reply": 1}
        shouted = any(len(word) > 2 and word.isalpha() and word.isupper() for word in said)
        return {
            "words a reply, as a logarithm": (math.log1p(len(said)), 1),
            "says one to three words": (len(said) <= 3, 1),
            "says thirty words or more": (len(said) >= 30, 1),
            "starts in lower case": (text[:1].islower(), 1),
            "starts in upper case": (text[:1].isupper(), 1),
            "shouts a word": (shouted, 1),
            "capitals a letter": (sum(c.isupper() for c in letters), len(letters)),
            **{name: (bool(pattern.search(text)), 1) for name, pattern in _SEEN.items()},
            **{name: (len(each.findall(text)), units[unit]) for name, (each, unit) in _TALLIED.items()},
            **{f"“{word}” a word": (bare.count(word), len(bare)) for word in self.words},
            **{f"opens with “{word}”": (bare[:1] == [word], 1) for word in self.openers},
            **{f"closes with “{word}”": (bare[-1:] == [word], 1) for word in self.closers},
        }


def habits(lineup: Lineup, data: Judging, plan: Plan) -> Measure:
    """Hold every contender's rates against those of J, in units of the owner's own spread."""
    own = [example.reply for example in data.judge]
    if min(len(own), len(lineup.examples)) < FEWEST_REPLIES:
        return Missing(HABITS, f"J and E need {FEWEST_REPLIES} replies each.")
    kept = Habits(own)
    distance = _Distance(kept, data, lineup)
    real = distance.draws(lineup.real, plan)
    scale = float(np.quantile(real[1 + plan.clusters :], OWN_SPREAD))
    draws = {CEILING: real / scale}
    for contender in lineup.everyone():
        draws[contender.name] = distance.draws(contender.answers, plan) / scale
    note = f"{len(kept.names)} rates. {distance.farthest(lineup.clone.answers)}"
    return Measured(spec=HABITS, plan=plan, draws=with_wrong(draws, lineup), note=note)


class _Distance:
    """Mahalanobis distance from the rates of J, for samples of the size of the test."""

    def __init__(self, kept: Habits, data: Judging, lineup: Lineup) -> None:
        self.kept, self.lineup = kept, lineup
        top, bottom = kept.count([example.reply for example in data.judge])
        self.total = np.maximum(bottom.sum(axis=0), 1.0)
        self.centre = top.sum(axis=0) / self.total
        names = [example.conversation for example in data.judge]
        number = {name: n for n, name in enumerate(dict.fromkeys(names))}
        residual = np.zeros((len(number), len(kept.names)))
        np.add.at(residual, [number[name] for name in names], top - self.centre * bottom)
        # The variance of a ratio of sums over conversations, for J less a sample of the size of the test.
        # A habit that J does not show at all could still have turned up once: no rate is surer than that.
        variance = np.maximum((residual**2).sum(axis=0), 1.0) / self.total**2
        self.spread = np.sqrt(variance * (1 + len(names) / len(lineup.examples)))
        self.inverse = np.linalg.inv(_correlation(residual))

    def draws(self, answers: Sequence[str], plan: Plan) -> Draws:
        """The distance per rate, on every resample."""
        z = self._standardised(answers, plan.weights, plan)
        return np.asarray(np.sqrt(((z @ self.inverse) * z).sum(axis=1) / z.shape[1]))

    def farthest(self, answers: Sequence[str]) -> str:
        """The three rates that are farthest off, in words."""
        top, bottom = (table.sum(axis=0) for table in self.kept.count(answers))
        rates = top / np.maximum(bottom, 1.0)
        order = np.argsort(-np.abs(rates - self.centre) / self.spread)[:3]
        told = (f"{self.kept.names[n]} {rates[n]:.2g} (you {self.centre[n]:.2g})" for n in order)
        return f"Farthest off: {'; '.join(told)}."

    def _standardised(self, answers: Sequence[str], weights: Draws, plan: Plan) -> Draws:
        top, bottom = (weights @ plan.sums(each, self.lineup.clusters) for each in self.kept.count(answers))
        rates = np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0)
        return np.asarray(np.clip((rates - self.centre) / self.spread, -FARTHEST, FARTHEST))


def _correlation(residual: Draws) -> Draws:
    """Correlation of the rates over conversations, shrunk towards none by Ledoit and Wolf."""
    from sklearn.covariance import LedoitWolf

    scale = np.sqrt((residual**2).mean(axis=0))
    shrunk = LedoitWolf(assume_centered=True).fit(residual / np.where(scale > 0, scale, 1.0)).covariance_
    diagonal = np.sqrt(np.diag(shrunk))
    out = np.asarray(shrunk / np.outer(diagonal, diagonal))
    still = scale == 0  # a rate that never varies goes with no other
    out[still, :] = out[:, still] = 0.0
    np.fill_diagonal(out, 1.0)
    return out


def _bare(word: str) -> str:
    return word.strip(".,;:!?…\"'“”„()[]<>-–—*_").casefold()


def _most(counts: Counter[str], most: int) -> list[str]:
    """The most frequent, in an order that does not hang on who came first."""
    return [word for word, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most]]
