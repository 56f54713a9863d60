"""Metric 2: cosine Delta (Smith & Aldridge 2011; Evert et al. 2017), how far its little words are from yours.

The rates of the 150 most frequent words and marks are z-scored by how they vary over people; the distance of
two texts is one less the cosine between their scores. A short text lies farther than a long one, so the clone
and your own held-out text are cut to as many words. Knows no meaning.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ipse.scorecard.blocks import blocks
from ipse.scorecard.bootstrap import Draws, Plan
from ipse.scorecard.contenders import Judging, Lineup
from ipse.scorecard.measures import FEWEST_REPLIES, Measure, Measured, Missing, Spec, with_wrong
from ipse.scorecard.results import CEILING

if TYPE_CHECKING:
    from ipse.records import Example

__all__ = ["delta", "tokens"]

FREQUENT_TOKENS = 150
FEWEST_TEXTS = 10  # blocks of the channel, from which a rate's spread is taken
MOST_BLOCKS_EACH = 40  # of one person, so that none stands for all

DELTA = Spec(
    id="2",
    name="Cosine Delta",
    definition="Distance of its rates of the 150 most frequent words and marks from yours, less the distance "
    "of your own held-out text cut to as many words.",
    good="about 0: at most .05 farther than you are from yourself",
    unit="distance",
    higher=False,
    meets=(-2.0, 0.05),
)
_TOKEN = re.compile(r"<[A-Z]+(?:_\d+)?>|[^\W\d_]+(?:['’][^\W\d_]+)*|\d+|[^\w\s]")


def tokens(text: str) -> list[str]:
    """Words in lower case and single marks; a number is ``0`` and a placeholder ``<>``, whichever it is."""
    return [_plain(found) for found in _TOKEN.findall(text)]


def _plain(token: str) -> str:
    if token[0] == "<" and len(token) > 1:
        return "<>"
    return "0" if token.isdigit() else token.casefold().replace("’", "'")


def delta(lineup: Lineup, data: Judging, size: int, plan: Plan) -> Measure:
    """The distance of every contender from J, less that of the owner's own E at equal numbers of words."""
    own = [example.reply for example in data.judge]
    if min(len(own), len(lineup.examples)) < FEWEST_REPLIES:
        return Missing(DELTA, f"J and E need {FEWEST_REPLIES} replies each.")
    channel = _texts(data, size)
    if len(channel) < FEWEST_TEXTS or not data.impostors:
        return Missing(DELTA, "Too little text of other people to say how much these rates vary.")
    told = {each.name: [tokens(answer) for answer in each.answers] for each in lineup.everyone()}
    real = [tokens(reply) for reply in lineup.real]
    budget = min(_count(real), _count(told[lineup.clone.name]))
    if not budget:
        return Missing(DELTA, "The clone says nothing.")
    space = _Space([tokens(text) for text in channel], [tokens(text) for text in own])
    ceiling = space.draws(_cut(real, budget), plan, lineup)
    draws = {CEILING: ceiling - ceiling}
    for name, several in told.items():
        draws[name] = space.draws(_cut(several, budget), plan, lineup) - ceiling
    note = f"{budget:,} words and marks of each; your own held-out text is {ceiling[0]:.2f} away."
    return Measured(spec=DELTA, plan=plan, draws=with_wrong(draws, lineup), note=note)


class _Space:
    """Where texts lie: z-scored rates, and the direction in which the owner's J lies."""

    def __init__(self, channel: Sequence[Sequence[str]], own: Sequence[Sequence[str]]) -> None:
        common = Counter(token for text in channel for token in text).most_common(FREQUENT_TOKENS)
        self.places = {token: n for n, (token, _) in enumerate(common)}
        rates = np.array([self._count([text]) / max(1, len(text)) for text in channel])
        self.mean, spread = rates.mean(axis=0), rates.std(axis=0)
        self.spread = np.where(spread > 0, spread, np.inf)  # what never varies tells nobody apart
        self.own = (self._count(own) / max(1, _count(own)) - self.mean) / self.spread

    def _count(self, texts: Sequence[Sequence[str]]) -> Draws:
        out = np.zeros(len(self.places))
        for text in texts:
            for token in text:
                if (place := self.places.get(token)) is not None:
                    out[place] += 1
        return out

    def draws(self, answers: Sequence[Sequence[str]], plan: Plan, lineup: Lineup) -> Draws:
        """One less the cosine between the scores of these answers and of J, on every resample."""
        counts = plan.sums(np.array([self._count([answer]) for answer in answers]), lineup.clusters)
        sizes = plan.sums(np.array([len(answer) for answer in answers], dtype=float), lineup.clusters)
        top, bottom = plan.weights @ counts, plan.weights @ sizes
        rates = np.divide(top, bottom[:, None], out=np.zeros_like(top), where=bottom[:, None] > 0)
        scores = (rates - self.mean) / self.spread
        length = np.linalg.norm(scores, axis=1) * np.linalg.norm(self.own)
        return np.asarray(
            1 - np.divide(scores @ self.own, length, out=np.zeros(len(scores)), where=length > 0)
        )


def _texts(data: Judging, size: int) -> list[str]:
    """Blocks of J and of other people, as many of one as of any other at most."""
    several: Mapping[str, Sequence[Example]] = {"": data.judge, **data.impostors}
    out: list[str] = []
    for _, examples in sorted(several.items()):
        found = [block.text for block in blocks([example.reply for example in examples], size)]
        step = max(1, -(-len(found) // MOST_BLOCKS_EACH))
        out += found[::step]
    return out


def _cut(answers: Sequence[Sequence[str]], budget: int) -> list[Sequence[str]]:
    """The beginning of every answer, so that all together hold about ``budget`` tokens."""
    every = _count(answers)
    if every <= budget:
        return list(answers)
    due, out = 0.0, []
    for answer in answers:
        due += len(answer) * budget / every
        taken = min(len(answer), round(due))
        out.append(answer[:taken])
        due -= taken
    return out


def _count(answers: Sequence[Sequence[str]]) -> int:
    return sum(map(len, answers))
