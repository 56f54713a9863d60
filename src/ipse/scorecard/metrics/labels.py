"""Metric 8, does it decide as the owner does, and whether its mood is the owner's: agreement of labels.

Both give every reply one label by rules and compare the clone's with that of the real reply. Rules err: what
they cost is measured against labels by hand (docs/concepts/quality.md). Knows no meaning beyond the labels.
"""

import re
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from ipse.datasets.moods import mood
from ipse.records import Example
from ipse.scorecard.acts import ACTS, act
from ipse.scorecard.bootstrap import Draws, Plan
from ipse.scorecard.contenders import Lineup
from ipse.scorecard.measures import FEWEST_REPLIES, Measure, Measured, Missing, Spec, with_wrong
from ipse.scorecard.results import CEILING, RANDOM

__all__ = ["MOODS", "decision_match", "emotion", "emotional_agreement"]

FEWEST_OF_A_KIND = 5  # real replies of an act, below which its F1 is left out of the mean
MOODS = ("glad", "unhappy", "neither")

DECISION = Spec(
    id="8",
    name="Decides as you do",
    definition="Mean F1 over accept, decline, ask, answer, defer and acknowledge, between what its reply "
    "does and what yours did.",
    good="above a random own reply, as far towards yourself as it goes",
    unit="share",
    against=RANDOM,
)
EMOTION = Spec(
    id="8 emotion",
    name="Feels as you do (emotion)",
    definition="Mean F1 over glad, unhappy and neither, between its reply and yours.",
    good="above a random own reply",
    unit="share",
    against=RANDOM,
    primary=False,
)

_GLAD = re.compile(
    r"(?<!\w)[:;=8xX]-?[)Dp3*]+(?!\w)|\^\^|<3|[\U0001f600-\U0001f60d\U0001f60e\U0001f617-\U0001f61d\U0001f642\U0001f917"
    r"\U0001f929\U0001f970\U0001f973\U0001f389\U0001f44d\U0001f495-\U0001f49f\u2764\U0001f602\U0001f923]"
    r"|(?i:\b(?:ha|he|hi|ja|je){2,}h?\b|\blo+l\b|\blmao\b|\brofl\b|\bmdr\b|\byay+\b)"
)
_SAD = re.compile(
    r"(?<![\w])[:;=]['’]?-?[(/|]+(?!\w)|[\U0001f61e-\U0001f62b\U0001f62d\U0001f630-\U0001f631\U0001f641\U0001f622-\U0001f625"
    r"\U0001f620-\U0001f621\U0001f614\U0001f494\U0001f44e\u2639]|(?i:\bugh+\b|\bargh+\b|\bsigh\b|\bdamn\b|\bmist\b)"
)


def emotion(text: str) -> int:
    """0 glad, 1 unhappy, 2 neither: by words of mood in English and German, emoji, emoticons and laughter."""
    signs = bool(_GLAD.search(text)) - bool(_SAD.search(text))
    value = signs or mood(text)
    return 0 if value > 0 else 1 if value < 0 else 2


def decision_match(lineup: Lineup, plan: Plan) -> Measure:
    """Macro-F1 of acts, over those that the owner did at least five times."""

    def label(text: str, example: Example) -> int:
        return ACTS.index(act(text, lang=example.lang))

    return _agreement(DECISION, lineup, plan, label, ACTS)


def emotional_agreement(lineup: Lineup, plan: Plan) -> Measure:
    """Macro-F1 of moods: plain agreement would reward having none, as most replies have none."""
    return _agreement(EMOTION, lineup, plan, lambda text, _example: emotion(text), MOODS)


def _agreement(
    spec: Spec, lineup: Lineup, plan: Plan, label: Callable[[str, Example], int], names: Sequence[str]
) -> Measure:
    if len(lineup.examples) < FEWEST_REPLIES:
        return Missing(spec, f"{len(lineup.examples)} held-out replies, {FEWEST_REPLIES} are needed.")
    told = {CEILING: lineup.real} | {each.name: each.answers for each in lineup.everyone()}
    labels = {
        name: np.array([label(text, each) for text, each in zip(answers, lineup.examples, strict=True)])
        for name, answers in told.items()
    }
    counts = np.bincount(labels[CEILING], minlength=len(names))
    usual = [n for n in range(len(names)) if counts[n] >= FEWEST_OF_A_KIND]
    if len(usual) < 2:
        return Missing(
            spec, f"Nearly all of your held-out replies are of one kind ({names[int(counts.argmax())]})."
        )
    draws = {
        name: _macro_f1(labels[CEILING], found, usual, lineup.clusters, plan)
        for name, found in labels.items()
    }
    mean = ", ".join(f"{names[n]} {counts[n]}" for n in usual)
    same = float((labels[lineup.clone.name] == labels[CEILING]).mean())
    note = (
        f"Your replies by kind: {mean}. The same label in {100 * same:.0f} % of replies. Rules, not people."
    )
    return Measured(spec=spec, plan=plan, draws=with_wrong(draws, lineup), note=note)


def _macro_f1(
    real: npt.NDArray[np.intp],
    found: npt.NDArray[np.intp],
    usual: Sequence[int],
    clusters: npt.NDArray[np.intp],
    plan: Plan,
) -> Draws:
    """Mean over the usual labels of 2 hits / (said + meant), on every resample."""
    scores = []
    for n in usual:
        hits = plan.weights @ plan.sums((real == n) & (found == n), clusters)
        either = plan.weights @ plan.sums((real == n).astype(float) + (found == n), clusters)
        scores.append(2 * np.divide(hits, either, out=np.zeros_like(hits), where=either > 0))
    return np.asarray(np.mean(scores, axis=0))
