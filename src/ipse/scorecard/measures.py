"""What a metric family hands to the card: the draws of each contender, or why there are none.

Knows how two contenders compare, not what is measured.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import msgspec
import numpy as np

from ipse.scorecard.bootstrap import Draws, Plan
from ipse.scorecard.contenders import Lineup
from ipse.scorecard.results import CEILING, CLONE, WRONG, Figure, Row, Unit, Verdict

__all__ = [
    "FEWEST_REPLIES",
    "Measure",
    "Measured",
    "Missing",
    "Spec",
    "averaged",
    "over_seeds",
    "row",
    "with_wrong",
]


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """A metric in words: ``against`` names the contender that a good clone must beat, 0 where
    it is empty, and nobody where it is None."""

    id: str
    name: str
    definition: str
    good: str
    unit: Unit
    higher: bool = True
    against: str | None = WRONG
    primary: bool = True
    meets: tuple[float, float] | None = None  # the range that ``good`` asks for, where it is a range


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """Draws by contender, all of one plan."""

    spec: Spec
    plan: Plan
    draws: Mapping[str, Draws]
    note: str = ""


class Missing(msgspec.Struct, frozen=True):
    """A metric that these data cannot support, and why."""

    spec: Spec
    reason: str


Measure: TypeAlias = Measured | Missing

FEWEST_REPLIES = 20  # of a side, below which nothing is measured on them


def averaged(several: Sequence[Draws]) -> Draws:
    """The mean of several contenders' draws, draw by draw."""
    return np.asarray(np.mean(np.stack(several), axis=0))


def over_seeds(measure: Measure, more: Sequence[Sequence[Measure]]) -> Measure:
    """A metric, its draws averaged with those of the same in ``more``, which differ by chance alone."""
    if isinstance(measure, Missing):
        return measure
    same = [
        each
        for measures in more
        for each in measures
        if isinstance(each, Measured)
        and each.spec.id == measure.spec.id
        and each.draws.keys() == measure.draws.keys()
    ]
    draws = {name: averaged([each.draws[name] for each in (measure, *same)]) for name in measure.draws}
    return msgspec.structs.replace(measure, draws=draws)


def with_wrong(draws: Mapping[str, Draws], lineup: Lineup) -> dict[str, Draws]:
    """Put the mean of the wrong authors in the place of each of them."""
    single = {contender.name for contender in lineup.wrong}
    out = {name: each for name, each in draws.items() if name not in single}
    wrong = [each for name, each in draws.items() if name in single]
    return {**out, WRONG: averaged(wrong)} if wrong else out


def row(measure: Measure) -> Row:
    """One row of the card; ``p`` is not adjusted yet and the verdict rests on the interval alone."""
    spec = measure.spec
    if isinstance(measure, Missing):
        return Row(
            id=spec.id, name=spec.name, definition=spec.definition, good=spec.good, unit=spec.unit,
            higher_is_better=spec.higher, primary=spec.primary, against=spec.against or "",
            verdict="not measured", note=measure.reason,
        )  # fmt: skip
    plan, draws = measure.plan, measure.draws
    own = plan.figure(draws[CLONE])
    gain = _gain(measure, spec.against)
    difference = plan.difference(gain) if gain is not None else None
    headline, why_not = _headline(measure)
    return Row(
        id=spec.id, name=spec.name, definition=spec.definition, good=spec.good, unit=spec.unit,
        higher_is_better=spec.higher, primary=spec.primary, against=spec.against or "",
        value=own.value, low=own.low, high=own.high,
        baselines={name: plan.figure(each) for name, each in draws.items() if name not in (CLONE, CEILING)},
        ceiling=plan.figure(draws[CEILING]) if CEILING in draws else None,
        headline=headline, difference=difference, p=plan.p(gain) if gain is not None else None,
        verdict="measured" if spec.against is None else _verdict(difference), met=_met(own, spec),
        note=" ".join(part for part in (measure.note, why_not) if part),
    )  # fmt: skip


def _gain(measure: Measured, against: str | None) -> Draws | None:
    """How much better the clone is, draw by draw; None where the other was not measured."""
    if against is None:
        return None
    other = measure.draws.get(against) if against else np.zeros_like(measure.draws[CLONE])
    if other is None:
        return None
    return np.asarray((measure.draws[CLONE] - other) * (1 if measure.spec.higher else -1))


def _headline(measure: Measured) -> tuple[Figure | None, str]:
    """(clone − wrong author) / (ceiling − wrong author), and why there is none."""
    clone, wrong, ceiling = (measure.draws.get(name) for name in (CLONE, WRONG, CEILING))
    if clone is None or wrong is None or ceiling is None:
        return None, ""
    room = measure.plan.figure((ceiling - wrong) * (1 if measure.spec.higher else -1))
    if room.low is None or room.low <= 0:
        return None, "Yourself and the wrong author cannot be told apart here, so there is no share to give."
    with np.errstate(invalid="ignore", divide="ignore"):
        return measure.plan.figure((clone - wrong) / (ceiling - wrong)), ""


def _verdict(difference: Figure | None) -> Verdict:
    if difference is None or difference.low is None or difference.high is None:
        return "cannot tell"
    if difference.low > 0:
        return "better"
    return "worse" if difference.high < 0 else "cannot tell"


def _met(own: Figure, spec: Spec) -> bool | None:
    if spec.meets is None:
        return None
    return spec.meets[0] <= own.value <= spec.meets[1]
