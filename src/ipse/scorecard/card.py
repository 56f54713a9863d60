"""Puts the metrics together: one card, its verdicts, its self-checks and whether the clone may be promoted.

Knows the rule of promotion, not how a metric is measured.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
import numpy as np

from ipse.config import ScorecardSettings
from ipse.interfaces import LanguageVoice, Progress, Voice
from ipse.scorecard.bootstrap import Plan, holm
from ipse.scorecard.contenders import Judging, Lineup, Rivals, Safety, answered, line_up
from ipse.scorecard.gates.copies import leak_gates
from ipse.scorecard.gates.membership import membership
from ipse.scorecard.gates.secrets import secret_gates, secrets
from ipse.scorecard.measures import Measure, Measured, row
from ipse.scorecard.measuring import FAMILIES, luck, measure
from ipse.scorecard.metrics.authorship import not_above
from ipse.scorecard.products import products
from ipse.scorecard.results import BEFORE, CLONE, ECHO, RANDOM, WRONG, Check, Gate, Row, Sample, Scorecard
from ipse.scorecard.rolling import line_up_rounds, share_of

__all__ = ["evaluate", "table", "told_of", "with_verdicts"]

SIGNIFICANT = 0.05
OF_THE_CEILING = 0.8  # share of the ceiling that metric 1 must reach
RETRIEVAL = "retrieval"
SAMPLES = 6


def evaluate(
    voice: Voice,
    data: Judging,
    *,
    rivals: Rivals,
    safety: Safety,
    settings: ScorecardSettings,
    progress: Progress,
) -> Scorecard:
    """Judge a voice on the owner's held-out text, beside all baselines.

    Raises ``DatasetError`` where there is no held-out text; whatever ``progress`` raises stops it.
    """
    steps = _Steps(progress, voice, data, rivals, settings)
    if data.rounds:
        lineup = line_up_rounds(data, rivals, settings, steps)
        judged = _over_rounds(data)
    else:
        lineup, judged = line_up(voice, data, rivals, settings, steps), data
    measured = measure(luck(lineup, settings, steps), judged, settings, steps.family)
    gates = _gates(voice, lineup, data, safety, settings)
    steps.family()
    checks = (*measured.checks, not_above(measured.sounds))
    rows = with_verdicts([row(each) for each in measured.measures])
    by_id = {each.spec.id: each for each in measured.measures}
    reasons, promotable = _promotion(rows, by_id, gates, checks)
    return Scorecard(
        model=data.model or voice.name, dataset=data.dataset, created_at=datetime.now(UTC), rows=rows,
        gates=gates, self_checks=checks, promotable=promotable, reasons=reasons,
        samples=_samples(lineup, settings.seed), sizes=_sizes(data, lineup), products=products(by_id),
        rounds=len(data.rounds) or 1, seeds=settings.seeds,
    )  # fmt: skip


def _over_rounds(data: Judging) -> Judging:
    """What the judge of a rolling origin sees: the tests of all rounds, and what trained the last."""
    test = tuple(example for each in data.rounds for example in each.test)
    return msgspec.structs.replace(data, train=data.rounds[-1].train, judge=data.round_judge, test=test)


def _gates(
    clone: Voice, lineup: Lineup, data: Judging, safety: Safety, settings: ScorecardSettings
) -> tuple[Gate, ...]:
    """10a to 10e for the clone; the secrets stand in its twin."""

    def plan_of(strata: Sequence[int]) -> Plan:
        return Plan(strata, resamples=settings.resamples, seed=settings.seed)

    return (
        *leak_gates(lineup, _over_rounds(data) if data.rounds else data, safety.pii),
        *secret_gates(safety.twin, secrets(settings.seed), seed=settings.seed),
        membership(clone, data, plan_of),
    )


class _Steps:
    """Progress in answers given, then in families measured, each as much as a twentieth of the answers."""

    def __init__(
        self, progress: Progress, voice: Voice, data: Judging, rivals: Rivals, settings: ScorecardSettings
    ) -> None:
        others = [*rivals.baselines.values(), *rivals.wrong_authors[: settings.wrong_authors]]
        # The base model and its few-shot prompt stand beside a language model, and are asked once.
        once = sum(isinstance(each, LanguageVoice) for each in (voice, *others))
        again = 1 + len(others) - once
        contenders = once + 2 * isinstance(voice, LanguageVoice) + settings.seeds * again
        each = answered(voice, data, settings)
        if data.rounds:
            most = share_of(voice, len(data.rounds), settings)
            each = sum(min(most, len(one.test)) for one in data.rounds)
        answers = contenders * each
        self.progress, self.each = progress, max(1.0, answers / 20)
        self.done, self.total = 0.0, answers + (FAMILIES + 1) * self.each

    def __call__(self, answers: int) -> None:
        self._tell(answers)

    def family(self) -> None:
        """A metric family is measured."""
        self._tell(self.each)

    def _tell(self, more: float) -> None:
        self.done += more
        self.progress(self.done, self.total, {})


def with_verdicts(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Adjust the p-values of the primary rows by Holm; what no longer stands out cannot be told."""
    raw = {each.id: each.p for each in rows if each.primary and each.p is not None}
    adjusted = holm(raw)
    out = []
    for each in rows:
        if each.id in adjusted and adjusted[each.id] >= SIGNIFICANT:
            out.append(msgspec.structs.replace(each, p=adjusted[each.id], verdict="cannot tell"))
        else:
            out.append(msgspec.structs.replace(each, p=adjusted.get(each.id, each.p)))
    return tuple(out)


def _promotion(
    rows: Sequence[Row], measures: dict[str, Measure], gates: Sequence[Gate], checks: Sequence[Check]
) -> tuple[tuple[str, ...], bool]:
    """The rule: metric 1 ≥ 80 % of the ceiling, 5b and 7 above retrieval and random, all gates green."""
    against = [f"A check fails: “{check.name}”." for check in checks if check.passed is False]
    against += [
        f"The gate “{gate.name}” is broken: {told_of(gate)}." for gate in gates if gate.passed is False
    ]
    untried = [gate for gate in gates if gate.passed is None and gate.applies]
    against += [f"The gate “{gate.name}” was not tried: {gate.note}" for gate in untried]
    good: list[str] = []
    first = next(each for each in rows if each.id == "1")
    if first.value is None or first.ceiling is None:
        against.append("How much it sounds like you was not measured.")
    else:
        share = first.value / first.ceiling.value if first.ceiling.value else 0.0
        told = f"It sounds like you at {100 * share:.0f} % of your own text; "
        told += f"{100 * OF_THE_CEILING:.0f} % are needed."
        if share > 1 and BEFORE in first.baselines:
            before = first.baselines[BEFORE].value / first.ceiling.value
            told += f" What you wrote before does so at {100 * before:.0f} %."
        (good if share >= OF_THE_CEILING else against).append(told)
    for id_, name in (("5b", "Picking your reply"), ("7", "Saying what you said")):
        for rival in (RETRIEVAL, RANDOM):
            told, passed = _above(measures.get(id_), name, rival)
            if told:
                (good if passed else against).append(told)
    said = tuple(dict.fromkeys(against or good))  # what was not measured is missed against each rival
    return said, not against


def told_of(gate: Gate) -> str:
    """What a gate found, in words: a figure where it is a limit, else a count."""
    if gate.figure is not None:
        return f"{gate.figure.value:.2f}"
    return f"{gate.found} of {gate.answers} answers"


def _above(measure: Measure | None, name: str, rival: str) -> tuple[str, bool]:
    """Whether the clone beats a rival with the whole interval; says nothing of a rival that is not there."""
    if not isinstance(measure, Measured):
        return f"{name} was not measured.", False
    if rival not in measure.draws:
        return "", True
    figure = measure.plan.difference(measure.draws[CLONE] - measure.draws[rival])
    if figure.low is not None and figure.low > 0:
        return f"{name} is above {rival}.", True
    if figure.high is not None and figure.high < 0:
        return f"{name} is below {rival}.", False
    return f"{name}: cannot tell it from {rival}.", False


def _samples(lineup: Lineup, seed: int) -> tuple[Sample, ...]:
    """A few situations from different conversations, drawn and not chosen."""
    rng = np.random.default_rng(seed)
    out: dict[int, int] = {}
    for n in rng.permutation(len(lineup.examples)):
        out.setdefault(int(lineup.clusters[n]), int(n))
    told = (lineup.clone, *(one for one in lineup.baselines if one.name != ECHO), *lineup.wrong[:1])
    return tuple(
        Sample(
            contact=lineup.examples[n].contact, context=lineup.examples[n].context,
            reply=lineup.examples[n].reply,
            answers={WRONG if each in lineup.wrong else each.name: each.answers[n] for each in told},
        )
        for n in list(out.values())[:SAMPLES]
    )  # fmt: skip


def _sizes(data: Judging, lineup: Lineup) -> dict[str, int]:
    folded = {"clones taught anew, each on more (rolling origin)": len(data.rounds)} if data.rounds else {}
    return {
        **folded,
        "examples that train the clone (T)": len(data.train),
        "examples that train the judge (J)": len(data.round_judge if data.rounds else data.judge),
        "held-out examples answered (E)": len(lineup.examples),
        "held-out conversations": lineup.conversations,
        "other people": len(data.impostors),
        "wrong authors": len(lineup.wrong),
    }


def table(card: Scorecard) -> list[dict[str, str]]:
    """The primary rows as text for a terminal, one mapping of column to cell each."""
    return [
        {
            "metric": f"{each.id}  {each.name}",
            "clone": _shown(each.value, each.low, each.high),
            "wrong author": _figure(each, WRONG),
            "random own": _figure(each, RANDOM),
            "yourself": _shown(each.ceiling.value) if each.ceiling else "–",
            "of the way": f"{100 * each.headline.value:.0f} %" if each.headline else "–",
            "verdict": each.verdict,
            "good": each.good,
        }
        for each in card.rows
        if each.primary
    ]


def _figure(each: Row, name: str) -> str:
    return _shown(each.baselines[name].value) if name in each.baselines else "–"


def _shown(value: float | None, low: float | None = None, high: float | None = None) -> str:
    if value is None:
        return "–"
    if low is None or high is None:
        return f"{value:.2f}"
    return f"{value:.2f} [{low:.2f}, {high:.2f}]"
