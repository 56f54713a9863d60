"""Every metric over a line-up, and over the same with other luck, whose draws are averaged.

Knows which metrics there are and which of them chance has a part in; not how one is measured.
"""

from collections.abc import Callable, Sequence

import msgspec

from ipse.apart import Apart
from ipse.config import ScorecardSettings
from ipse.scorecard.bootstrap import Plan
from ipse.scorecard.contenders import Contender, Judging, Lineup, drawn_anew
from ipse.scorecard.measures import Measure, over_seeds
from ipse.scorecard.metrics.authorship import own_against_own, sounds_like_me, two_sample
from ipse.scorecard.metrics.choice import reply_choice
from ipse.scorecard.metrics.claims import inventions
from ipse.scorecard.metrics.content import content_lift
from ipse.scorecard.metrics.cost import costs
from ipse.scorecard.metrics.delta import delta
from ipse.scorecard.metrics.habits import habits
from ipse.scorecard.metrics.labels import decision_match, emotional_agreement
from ipse.scorecard.metrics.likelihood import likelihood
from ipse.scorecard.metrics.usefulness import useful_drafts
from ipse.scorecard.results import Check

__all__ = ["FAMILIES", "Taken", "luck", "measure"]

FAMILIES = 7  # of metrics, for the progress bar
DRAWS = 10_000  # between the seeds of two draws: more than the contexts that each gives one of its own
WORTH = 500  # answers of the draws to repeat, from which another process gains more than its start costs


class Taken(msgspec.Struct, frozen=True):
    """Every metric measured on a line-up, metric 1 by itself once more, and the checks made on the way."""

    measures: tuple[Measure, ...]
    sounds: Measure
    checks: tuple[Check, ...]


def luck(lineup: Lineup, settings: ScorecardSettings, progress: Callable[[int], None]) -> tuple[Lineup, ...]:
    """The line-up, and the same with whatever is drawn by chance drawn anew, ``settings.seeds`` in all."""
    seeds = (settings.seed + DRAWS * n for n in range(1, settings.seeds))
    return (lineup, *(drawn_anew(lineup, seed=seed, progress=progress) for seed in seeds))


def measure(
    lineups: Sequence[Lineup], data: Judging, settings: ScorecardSettings, family: Callable[[], None]
) -> Taken:
    """Every metric over line-ups that differ by chance alone, whose draws are averaged.

    ``family`` is told as each of the ``FAMILIES`` is done. The repetitions need no voice, only what was
    said, so they are measured in another process where there is enough of them.
    """
    lineup, *others = lineups
    plan = Plan([lineup.conversations], resamples=settings.resamples, seed=settings.seed)
    # What was said, without who can say more, and without what only voices are judged by.
    said = msgspec.structs.replace(data, rounds=(), drafts=())
    mute = [_mute(other) for other in others]
    few = sum(len(other.examples) for other in others) < WORTH
    with Apart(_repeated, mute, said, settings, plan, alone=few) as repeated:
        first = _by_chance(lineup, data, settings, plan, family)
        choice = reply_choice(lineup, data, settings, plan)
        family()
        rest: list[Measure] = [*choice, *likelihood(lineup, data, settings)]
        family()
        rest += [*useful_drafts(data.drafts, settings), *costs(lineup, data.made, plan)]
        family()
        drawn = repeated.result()
    by_chance = {each.spec.id: over_seeds(each, drawn) for each in first.measures}
    ordered = sorted([*by_chance.values(), *rest], key=lambda each: int(each.spec.id.split()[0].rstrip("ab")))
    return Taken(tuple(ordered), by_chance["1"], first.checks)


def _by_chance(
    lineup: Lineup, data: Judging, settings: ScorecardSettings, plan: Plan, family: Callable[[], None]
) -> Taken:
    """What chance has a part in: the words of a voice, a random reply, the folds of a classifier."""
    sounds = sounds_like_me(lineup, data, settings, plan)
    family()
    far = delta(lineup, data, settings.block_words, plan)
    own_check, own = own_against_own(lineup, settings, plan)
    told = two_sample(lineup, settings, plan, own)
    family()
    measures: list[Measure] = [sounds.measure, far, told, habits(lineup, data, plan)]
    family()
    measures += content_lift(lineup, settings, plan)
    measures += [decision_match(lineup, plan), emotional_agreement(lineup, plan)]
    measures += inventions(lineup, data, plan)
    family()
    return Taken(tuple(measures), sounds.measure, (own_check, sounds.check))


def _repeated(
    lineups: Sequence[Lineup], data: Judging, settings: ScorecardSettings, plan: Plan
) -> list[tuple[Measure, ...]]:
    """The measures of each line-up of another draw."""
    return [
        _by_chance(
            lineup, data, settings.model_copy(update={"seed": settings.seed + n}), plan, _untold
        ).measures
        for n, lineup in enumerate(lineups, start=1)
    ]  # fmt: skip


def _untold() -> None:
    """A repetition is no family of its own."""


def _mute(lineup: Lineup) -> Lineup:
    """The line-up with what was said, and nobody to say more."""

    def without(one: Contender) -> Contender:
        return msgspec.structs.replace(one, voice=None)

    return msgspec.structs.replace(
        lineup, clone=without(lineup.clone), baselines=tuple(map(without, lineup.baselines)),
        wrong=tuple(map(without, lineup.wrong)),
    )  # fmt: skip
