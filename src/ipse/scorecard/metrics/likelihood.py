"""Metric 6: how many bits a byte of the owner's text costs less than by the base model, for language voices.

Specificity takes away what the same clone gains on other people's text: that part is the channel, not the
owner. Text that the base finds hard has more to gain from any adapter, whoever wrote it; so each reply of
the owner is held against one of somebody else that is as long and as hard for the base. The base alone
chooses it, so no clone can profit from the choice. Knows likelihoods, not answers.
"""

from collections.abc import Mapping, Sequence
from itertools import zip_longest

import numpy as np
import numpy.typing as npt

from ipse.config import ScorecardSettings
from ipse.interfaces import LanguageVoice
from ipse.records import Example
from ipse.scorecard.bootstrap import Draws, Plan
from ipse.scorecard.contenders import Judging, Lineup
from ipse.scorecard.measures import FEWEST_REPLIES, Measure, Measured, Missing, Spec, with_wrong
from ipse.scorecard.results import BASE, CLONE

__all__ = ["likelihood", "matched"]

MOST_EXAMPLES = 200  # of the owner's and as many of other people's
POOL = 2  # other people's replies looked at for each of the owner's

GAIN = Spec(
    id="6",
    name="Bits per byte gained",
    definition="Bits a byte of your held-out text costs the base model, less what it costs the clone.",
    good="above 0",
    unit="bits",
    against="",
)
SPECIFIC = Spec(
    id="6 specificity",
    name="Gained on you alone",
    definition="Bits per byte gained on your held-out text, less those on others' as long and as hard.",
    good="above 0",
    unit="bits",
    against="",
)


def likelihood(lineup: Lineup, data: Judging, settings: ScorecardSettings) -> list[Measure]:
    """Gain over the base on E, and how much of it is specific to the owner."""
    voice = lineup.clone.voice
    own = _thinned(sorted(data.test, key=lambda each: (each.at, each.id)), MOST_EXAMPLES)
    pool = _taking_turns(data.impostors, POOL * MOST_EXAMPLES)
    if not isinstance(voice, LanguageVoice):
        return _missing("this voice has no likelihood")
    if len(own) < FEWEST_REPLIES:
        return _missing(f"{len(own)} held-out replies, {FEWEST_REPLIES} are needed")
    base = voice.base()
    mine, theirs = _bits(base, own), _bits(base, pool)
    chosen = matched(own, pool, mine, theirs) if len(pool) >= FEWEST_REPLIES else []
    others = [pool[at] for at in chosen]
    clusters, sizes = _conversations(own, others)
    plan = Plan(sizes, resamples=settings.resamples, seed=settings.seed)
    ours = _Gains(own, mine, clusters[: len(own)], plan)
    gain = {
        each.name: ours.over(mine if each.name == BASE else _bits(each.voice, own))
        for each in lineup.everyone()
        if isinstance(each.voice, LanguageVoice)
    }
    note = f"{len(own)} replies; the base model needs {mine.sum() / _bytes(own).sum():.2f} bits per byte."
    measured = Measured(spec=GAIN, plan=plan, draws=with_wrong(gain, lineup), note=note)
    if not others:
        return [measured, Missing(SPECIFIC, "Too few replies of other people to compare with.")]
    # Of the clone alone: each rival would read as much again for a figure that nothing is decided by.
    rest = _Gains(others, theirs[chosen], clusters[len(own) :], plan)
    specific = {CLONE: gain[CLONE] - rest.over(_bits(voice, others))}
    note = f"Held against {len(others)} replies of {len(data.impostors)} people, each as long and as hard."
    return [measured, Measured(spec=SPECIFIC, plan=plan, draws=specific, note=note)]


def matched(own: Sequence[Example], pool: Sequence[Example], mine: Draws, theirs: Draws) -> list[int]:
    """For each of ``own`` the nearest of ``pool``, by its place there, each used once.

    Near is by bits per byte of the base (``mine``, ``theirs``: bits per example) and, a quarter as much, by
    doublings of length. The hardest, which have fewest neighbours, choose first.
    """
    sizes, other = _bytes(own), _bytes(pool)
    free = np.zeros(len(pool))
    chosen: list[int] = []
    for place in np.argsort(-mine / sizes, kind="stable")[: len(pool)]:
        away = np.abs(theirs / other - mine[place] / sizes[place])
        away += np.abs(np.log2(other / sizes[place])) / 4 + free
        chosen.append(int(away.argmin()))
        free[chosen[-1]] = np.inf
    return chosen


def _bits(voice: LanguageVoice, examples: Sequence[Example]) -> Draws:
    """Bits per example, shape (examples,)."""
    return np.array([voice.bits(example.context, example.reply) for example in examples], dtype=np.float64)


def _bytes(examples: Sequence[Example]) -> Draws:
    return np.array([len(example.reply.encode()) for example in examples], dtype=np.float64)


class _Gains:
    """What voices save over the base, of whose bits per example ``base`` is, on the same examples."""

    def __init__(
        self, examples: Sequence[Example], base: Draws, clusters: npt.NDArray[np.intp], plan: Plan
    ) -> None:
        self._base, self._clusters, self._plan = base, clusters, plan
        self._bytes = plan.sums(_bytes(examples), clusters)

    def over(self, bits: Draws) -> Draws:
        """Bits per byte gained over the base, as a ratio of sums: a long reply counts for its length."""
        return self._plan.ratio(self._plan.sums(self._base - bits, self._clusters), self._bytes)


def _missing(reason: str) -> list[Measure]:
    return [Missing(spec, f"{reason[0].upper()}{reason[1:]}.") for spec in (GAIN, SPECIFIC)]


def _conversations(
    own: Sequence[Example], others: Sequence[Example]
) -> tuple[npt.NDArray[np.intp], list[int]]:
    """Number the owner's conversations, then the other people's; they are resampled apart."""
    names = [(0, example.conversation) for example in own] + [(1, each.conversation) for each in others]
    number = {name: n for n, name in enumerate(dict.fromkeys(names))}
    first = sum(1 for side, _ in number if side == 0)
    sizes = [first, len(number) - first] if others else [first]
    return np.array([number[name] for name in names], dtype=np.intp), sizes


def _taking_turns(impostors: Mapping[str, Sequence[Example]], most: int) -> list[Example]:
    """Other people's latest replies, one of each in turn, so that none stands for all."""
    latest = [sorted(each, key=lambda e: (e.at, e.id), reverse=True) for _, each in sorted(impostors.items())]
    return [example for turn in zip_longest(*latest) for example in turn if example is not None][:most]


def _thinned(examples: Sequence[Example], most: int) -> list[Example]:
    if len(examples) <= most:
        return list(examples)
    return [examples[n * len(examples) // most] for n in range(most)]
