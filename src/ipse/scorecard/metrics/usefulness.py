"""Metric 11: were its drafts of use? Reads what became of each draft; where there are none it says so.

A draft is what the service puts before the owner: approved as it is, edited, or rejected. Knows no service.
"""

from collections.abc import Sequence

import numpy as np

from ipse.config import ScorecardSettings
from ipse.scorecard.bootstrap import Draws, Plan
from ipse.scorecard.drafts import Draft
from ipse.scorecard.measures import Measure, Measured, Missing, Spec
from ipse.scorecard.results import CLONE

__all__ = ["coverage", "edit_distance", "useful_drafts"]

FEWEST_DRAFTS = 20
WANTED = 0.9  # share of approved drafts at which coverage is told

APPROVED = Spec(
    id="11",
    name="Useful drafts",
    definition="Share of its drafts that you approved as they were.",
    good="rising from month to month",
    unit="share",
    against=None,
)
EDITED = Spec(
    id="11 edit distance",
    name="Edits of those you edited (edit distance)",
    definition="Characters changed in a draft that you edited, as a share of the longer text.",
    good="falling",
    unit="share",
    higher=False,
    against=None,
    primary=False,
)
REJECTED = Spec(
    id="11 rejected",
    name="Drafts that you rejected (rejected)",
    definition="Share of its drafts that you rejected.",
    good="falling",
    unit="share",
    higher=False,
    against=None,
    primary=False,
)
COVERED = Spec(
    id="11 coverage",
    name="Drafts it is sure of (coverage)",
    definition="Largest share of drafts, the surest first, of which nine in ten were approved as they were.",
    good="rising",
    unit="share",
    against=None,
    primary=False,
)


def useful_drafts(drafts: Sequence[Draft], settings: ScorecardSettings) -> list[Measure]:
    """What became of the drafts of the model that is judged, by conversation."""
    if len(drafts) < FEWEST_DRAFTS:
        told = f"{len(drafts)} of this model's drafts were decided on" if drafts else _NONE
        return [Missing(APPROVED, f"{told}; {FEWEST_DRAFTS} are needed.")]
    number = {name: n for n, name in enumerate(dict.fromkeys(each.conversation for each in drafts))}
    clusters = np.array([number[each.conversation] for each in drafts], dtype=np.intp)
    plan = Plan([len(number)], resamples=settings.resamples, seed=settings.seed)
    outcomes = {
        spec: plan.mean([each.outcome == outcome for each in drafts], clusters)
        for spec, outcome in ((APPROVED, "approved"), (REJECTED, "rejected"))
    }
    measures: list[Measure] = [
        Measured(spec=spec, plan=plan, draws={CLONE: draws}, note=f"{len(drafts)} drafts.")
        for spec, draws in outcomes.items()
    ]
    edited = [n for n, each in enumerate(drafts) if each.outcome == "edited" and each.final is not None]
    if edited:
        far = [edit_distance(drafts[n].text, drafts[n].final or "") for n in edited]
        draws = {CLONE: plan.mean(far, clusters[edited])}
        measures.append(Measured(spec=EDITED, plan=plan, draws=draws, note=f"{len(edited)} edited drafts."))
    if all(each.confidence is not None for each in drafts):
        draws = {CLONE: np.full(len(plan.weights), coverage(drafts))}
        measures.append(
            Measured(spec=COVERED, plan=plan, draws=draws, note="Without an interval of its own.")
        )
    return measures


_NONE = "No drafts were put before you yet"


def coverage(drafts: Sequence[Draft]) -> float:
    """The largest share of drafts, the surest first, of which ``WANTED`` were approved as they were."""
    surest = sorted(drafts, key=lambda each: -(each.confidence or 0.0))
    approved = np.cumsum([each.outcome == "approved" for each in surest])
    reached = approved >= WANTED * np.arange(1, len(surest) + 1) - 1e-9
    return float((np.flatnonzero(reached)[-1] + 1) / len(surest)) if reached.any() else 0.0


def edit_distance(draft: str, final: str) -> float:
    """Levenshtein distance as a share of the longer text, 0 to 1; by rows of numpy, exact."""
    if not draft or not final:
        return float(draft != final)
    letters = np.frombuffer(final.encode("utf-32-le", "replace"), dtype=np.uint32)
    places = np.arange(len(letters) + 1)
    row: Draws = places.astype(float)
    for n, letter in enumerate(np.frombuffer(draft.encode("utf-32-le", "replace"), dtype=np.uint32), start=1):
        least = np.concatenate([[n], np.minimum(row[1:] + 1, row[:-1] + (letters != letter))])
        row = np.minimum.accumulate(least - places) + places
    return float(row[-1] / max(len(draft), len(final)))
