"""Metric 5: does the clone find the owner's real reply among a hundred?

(a) among other people's replies it is enough to know the owner; (b) among the owner's own other replies only
the context tells. Ties count as if broken at random. Knows scores, not texts.
"""

import random
from collections import Counter
from collections.abc import Iterable

import msgspec
import numpy as np
import numpy.typing as npt

from ipse.config import ScorecardSettings
from ipse.interfaces import LanguageVoice, Voice
from ipse.records import Example
from ipse.scorecard.blocks import key
from ipse.scorecard.bootstrap import Draws, Plan
from ipse.scorecard.contenders import Judging, Lineup
from ipse.scorecard.measures import Measure, Measured, Missing, Spec, with_wrong
from ipse.scorecard.results import CEILING, FREQUENT, RANDOM

__all__ = ["reply_choice"]

CANDIDATES = 100  # the true reply and 99 others
MOST_CONTEXTS = 150
MOST_IN_POOL = 2000
MOST_CONTEXTS_LANGUAGE = 20  # a likelihood of 199 replies each takes its time
READ = 100  # characters of each: who writes long would otherwise be judged for an hour
MOST_IN_POOL_LANGUAGE = 500  # and what each is without a context is asked for once

_FROM = {
    "5a": "99 replies of other people",
    "5b": "99 other replies of yours",
}


def _spec(which: str, figure: str) -> Spec:
    names = {"first": "R@1", "among the first ten": "R@10", "mean reciprocal rank": "MRR"}
    return Spec(
        id=which if figure == "first" else f"{which} {names[figure]}",
        name=f"Picks your reply from {'others’' if which == '5a' else 'your own'} ({names[figure]})",
        definition=f"How often your real reply is ranked {figure} among it and {_FROM[which]}."
        if figure != "mean reciprocal rank"
        else f"Mean of 1 / rank of your real reply among it and {_FROM[which]}.",
        good="above ranking by how often you say it",
        unit="share",
        against=FREQUENT,
        primary=figure == "first",
    )


FIGURES = ("first", "among the first ten", "mean reciprocal rank")


class _Case(msgspec.Struct, frozen=True):
    """One context: the true reply stands first, then the others of (a), then those of (b)."""

    example: Example
    cluster: int
    round: int
    replies: list[str]


def reply_choice(lineup: Lineup, data: Judging, settings: ScorecardSettings, plan: Plan) -> list[Measure]:
    """Rank the true reply with every voice; both sets of candidates are scored in one call."""
    slow = any(isinstance(contender.voice, LanguageVoice) for contender in lineup.everyone())
    others = (e.reply for several in data.impostors.values() for e in several)
    own = [*lineup.real, *(example.reply for example in data.judge)]
    pools = {name: _pool(said, settings.seed, slow=slow) for name, said in (("5a", others), ("5b", own))}
    cases = _cases(lineup, pools, settings.seed, slow=slow)
    scores = {
        contender.name: [_scores(contender.voice, case) for case in cases]
        for contender in lineup.everyone()
        if contender.voice is not None
    }
    said = [Counter(key(example.reply) for example in taught) for taught in lineup.taught]
    scores[FREQUENT] = [
        np.array([said[case.round][key(reply)] for reply in case.replies], float) for case in cases
    ]
    scores[RANDOM] = [np.zeros(len(case.replies)) for case in cases]
    clusters = np.array([case.cluster for case in cases], dtype=np.intp)
    out: list[Measure] = []
    start = 1
    for which, pool in pools.items():
        if not _enough(pool):
            out.append(Missing(_spec(which, "first"), _too_few(which, pool)))
            continue
        places = [0, *range(start, start + CANDIDATES - 1)]
        start += CANDIDATES - 1
        ranks = {name: [_rank(each[places]) for each in several] for name, several in scores.items()}
        out += _measures(which, ranks, clusters, lineup, plan)
    return out


def _measures(
    which: str,
    ranks: dict[str, list[tuple[int, int]]],
    clusters: npt.NDArray[np.intp],
    lineup: Lineup,
    plan: Plan,
) -> list[Measure]:
    note = f"{len(clusters)} contexts. Yourself is always right, by definition."
    if any(isinstance(contender.voice, LanguageVoice) for contender in lineup.everyone()):
        note += f" Language models read the first {READ} characters of each reply."
    out: list[Measure] = []
    for figure in FIGURES:
        draws = {
            name: plan.mean([_credit(figure, *rank) for rank in several], clusters)
            for name, several in ranks.items()
        }
        draws[CEILING] = np.ones(len(plan.weights))
        out.append(Measured(spec=_spec(which, figure), plan=plan, draws=with_wrong(draws, lineup), note=note))
    return out


def _cases(lineup: Lineup, pools: dict[str, list[tuple[str, str]]], seed: int, *, slow: bool) -> list[_Case]:
    """The same candidates for every contender; a candidate equal to the true reply is none."""
    rng = random.Random(seed)  # noqa: S311 - a sample, not a secret
    most = MOST_CONTEXTS_LANGUAGE if slow else MOST_CONTEXTS
    chosen = sorted(rng.sample(range(len(lineup.examples)), min(most, len(lineup.examples))))
    usable = [pool for pool in pools.values() if _enough(pool)]
    out = []
    for n in chosen:
        replies = [lineup.examples[n].reply]
        true = key(replies[0])
        for pool in usable:
            # As often as they are said, each once: were rare ones as likely, the frequent would stand out.
            drawn = {k: reply for k, reply in rng.sample(pool, len(pool)) if k != true}
            replies += list(drawn.values())[: CANDIDATES - 1]
        out.append(_Case(lineup.examples[n], int(lineup.clusters[n]), int(lineup.rounds[n]), replies))
    return out


def _scores(voice: Voice, case: _Case) -> Draws:
    slow = isinstance(voice, LanguageVoice)
    replies = [_beginning(reply) for reply in case.replies] if slow else case.replies
    return np.asarray(voice.score(case.example.context, replies), dtype=np.float64)


def _beginning(reply: str) -> str:
    """A reply as far as a language voice reads it here, up to the end of a word where there is one."""
    return reply if len(reply) <= READ else reply[:READ].rsplit(" ", 1)[0]


def _rank(scores: Draws) -> tuple[int, int]:
    """How many candidates are scored above the true reply, and how many the same."""
    return int((scores[1:] > scores[0]).sum()), int((scores[1:] == scores[0]).sum())


def _credit(figure: str, above: int, ties: int) -> float:
    """The expected figure when ties are broken at random."""
    places = np.arange(above + 1, above + ties + 2)
    if figure == "mean reciprocal rank":
        return float((1 / places).mean())
    return float((places <= (1 if figure == "first" else 10)).mean())


def _pool(replies: Iterable[str], seed: int, *, slow: bool) -> list[tuple[str, str]]:
    """Replies to draw others from, repeated as they are said, with their keys."""
    told = [(key(reply), reply) for reply in replies if key(reply)]
    most = MOST_IN_POOL_LANGUAGE if slow else MOST_IN_POOL
    return random.Random(seed).sample(told, min(len(told), most))  # noqa: S311


def _enough(pool: list[tuple[str, str]]) -> bool:
    return len({k for k, _ in pool}) >= CANDIDATES


def _too_few(which: str, pool: list[tuple[str, str]]) -> str:
    whose = "of other people" if which == "5a" else "of yours outside the training set"
    found = len({k for k, _ in pool})
    return f"{found} different replies {whose}, {CANDIDATES} are needed."
