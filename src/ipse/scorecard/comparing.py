"""Any models beside each other: the same contexts, the same metrics, and paired differences.

Each pair's difference has an interval by the same resamples of conversations; p-values are adjusted by Holm
over all pairs and metrics. Knows no promotion: a model earns that by its own card.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import combinations

import msgspec
import numpy as np

from ipse.config import ScorecardSettings
from ipse.errors import DatasetError
from ipse.interfaces import LanguageVoice, Progress, Voice
from ipse.scorecard.bootstrap import Draws, holm
from ipse.scorecard.card import SIGNIFICANT
from ipse.scorecard.contenders import Judging, answered, line_up_models
from ipse.scorecard.measures import Measured, Missing
from ipse.scorecard.measuring import FAMILIES, luck, measure
from ipse.scorecard.results import CEILING, CLONE, RANDOM, Check, Figure, Unit

__all__ = ["Compared", "Comparison", "Difference", "compare"]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """``one`` less ``other``, signed so that more is better for ``one``; ``better`` is empty: cannot tell."""

    one: str
    other: str
    figure: Figure
    p: float
    better: str = ""


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """One metric over all models, beside a random own reply and yourself where they have one."""

    id: str
    name: str
    unit: Unit
    higher_is_better: bool
    figures: dict[str, Figure]
    differences: tuple[Difference, ...] = ()
    note: str = ""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Models on the same contexts; ``self_checks`` are those of the judge."""

    models: tuple[str, ...]
    contexts: int
    conversations: int
    created_at: datetime
    rows: tuple[Compared, ...]
    self_checks: tuple[Check, ...]


def compare(
    voices: Mapping[str, Voice], data: Judging, *, settings: ScorecardSettings, progress: Progress
) -> Comparison:
    """Measure every voice on ``data.test``; raises ``DatasetError`` for fewer than two of them."""
    if len(voices) < 2:
        raise DatasetError("One model alone cannot be compared.", hint="Name two or more, as v1 v2.")
    # A voice with a likelihood stands first: metric 6 takes its base as the measure for all.
    ordered = dict(sorted(voices.items(), key=lambda item: not isinstance(item[1], LanguageVoice)))
    times = [1 if isinstance(voice, LanguageVoice) else settings.seeds for voice in ordered.values()]
    each = min(answered(voice, data, settings) for voice in ordered.values()) * sum(times)
    done, total = 0.0, each * (1 + FAMILIES / 20)

    def told(more: float) -> None:
        nonlocal done
        done += more
        progress(done, total, {})

    lineup = line_up_models(ordered, data, settings, told)
    taken = measure(luck(lineup, settings, told), data, settings, lambda: told(each / 20))
    first = next(iter(ordered))
    held = [_Held(one, first, tuple(voices)) for one in taken.measures if not _aside(one)]
    return Comparison(
        models=tuple(voices), contexts=len(lineup.examples), conversations=lineup.conversations,
        created_at=datetime.now(UTC), rows=_rows(held), self_checks=taken.checks,
    )  # fmt: skip


def _aside(one: Measured | Missing) -> bool:
    """Drafts belong to one model alone, and further figures of a metric to its card."""
    return not one.spec.primary or one.spec.id == "11"


class _Held:
    """One metric with the draws of each model under its own name."""

    def __init__(self, one: Measured | Missing, first: str, models: tuple[str, ...]) -> None:
        self.one, self.models = one, models
        draws: dict[str, Draws] = {}
        if isinstance(one, Measured):
            draws = {first if name == CLONE else name: each for name, each in one.draws.items()}
        self.draws = {name: draws[name] for name in (*models, RANDOM, CEILING) if name in draws}

    def differences(self) -> Iterator[tuple[str, str, Draws]]:
        sign = 1 if self.one.spec.higher else -1
        for one, other in combinations(self.models, 2):
            if one in self.draws and other in self.draws:
                yield one, other, np.asarray(sign * (self.draws[one] - self.draws[other]))


def _rows(held: list[_Held]) -> tuple[Compared, ...]:
    raw = {
        f"{n} {one} {other}": each.one.plan.p(draws)
        for n, each in enumerate(held)
        if isinstance(each.one, Measured)
        for one, other, draws in each.differences()
    }
    adjusted = holm(raw)
    return tuple(_row(n, each, adjusted) for n, each in enumerate(held))


def _row(n: int, held: _Held, adjusted: Mapping[str, float]) -> Compared:
    spec = held.one.spec
    if isinstance(held.one, Missing):
        return Compared(
            id=spec.id, name=spec.name, unit=spec.unit, higher_is_better=spec.higher, figures={},
            note=held.one.reason,
        )  # fmt: skip
    plan = held.one.plan
    differences = []
    for one, other, draws in held.differences():
        figure, p = plan.difference(draws), adjusted[f"{n} {one} {other}"]
        better = ""
        if p < SIGNIFICANT and figure.low is not None and figure.high is not None:
            better = one if figure.low > 0 else other if figure.high < 0 else ""
        differences.append(Difference(one=one, other=other, figure=figure, p=p, better=better))
    return Compared(
        id=spec.id, name=spec.name, unit=spec.unit, higher_is_better=spec.higher,
        figures={name: plan.figure(each) for name, each in held.draws.items()},
        differences=tuple(differences), note=held.one.note,
    )  # fmt: skip
