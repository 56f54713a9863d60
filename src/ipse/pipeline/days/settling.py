"""Who speaks for a project: a new model only by the rule, and each move of it in the log.

The rule: better than its baseline by its interval, on time it never saw. Where somebody speaks already, also
better than that one by its interval, on rows that neither had learned from; where there are too few of those,
by the figures that both were judged by.
"""

import msgspec
import numpy as np
from numpy.typing import NDArray

from ipse.pipeline.days import predictors
from ipse.pipeline.days.predictors import Predictor
from ipse.pipeline.workspace import Workspace
from ipse.tables import block_interval

__all__ = ["LEAST_ROWS", "Beside", "Learned", "beside", "settle"]

LEAST_ROWS = 50  # that neither had learned from
LESS_IS_BETTER = ("mae", "smape")


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """Two models on the same rows: how wrong each is, and by how much the challenger is better (95 %)."""

    champion: str
    challenger: str
    rows: int
    champion_wrong: float
    challenger_wrong: float
    better: float
    low: float
    high: float


class Learned(msgspec.Struct, frozen=True, kw_only=True):
    """A model and what became of it; ``reason`` says why it is champion or not."""

    card: Predictor
    champion: str
    promoted: bool
    reason: str
    beside: Beside | None = None


def beside(
    names: tuple[str, str], champion: NDArray[np.float64], challenger: NDArray[np.float64], *, seed: int
) -> Beside:
    """Of how wrong each was, row by row in order of time; ``names`` are the champion's and the other's."""
    better = champion - challenger
    low, high = block_interval(better, seed=seed)
    return Beside(
        champion=names[0],
        challenger=names[1],
        rows=len(better),
        champion_wrong=float(champion.mean()),
        challenger_wrong=float(challenger.mean()),
        better=float(better.mean()),
        low=low,
        high=high,
    )


def settle(workspace: Workspace, made: Predictor, found: Beside | None = None) -> Learned:
    """Promote a new version where the rule lets it, and say why or why not."""
    held = predictors.project(workspace, made.project)
    why = _against(workspace, made, held.champion, found)
    if why:
        return Learned(card=made, champion=held.champion, promoted=False, reason=why, beside=found)
    verdict = made.verdict
    why = f"better than {verdict.baseline} by {verdict.better:.4g} ({verdict.low:.3g} to {verdict.high:.3g})"
    if found is not None and found.rows >= LEAST_ROWS:
        why += f", and than {found.champion} by {found.better:.4g} ({found.low:.3g} to {found.high:.3g})"
    predictors.promote(workspace, made.id, reason=why)
    return Learned(card=made, champion=made.id, promoted=True, reason=why, beside=found)


def _against(workspace: Workspace, made: Predictor, champion: str, found: Beside | None) -> str:
    verdict = made.verdict
    if not verdict.earned:
        return verdict.but or (
            f"not better than {verdict.baseline} by its interval ({verdict.low:.3g} to {verdict.high:.3g})"
        )
    if not champion:
        return ""
    if found is not None and found.rows >= LEAST_ROWS:
        if found.low > 0:
            return ""
        return (
            f"{champion} speaks: on {found.rows:,} rows that neither had seen it is "
            f"{found.champion_wrong:.4g} wrong, this one {found.challenger_wrong:.4g}, "
            "not better by its interval"
        )
    now = predictors.card(workspace, champion).verdict
    less = verdict.metric in LESS_IS_BETTER
    if verdict.metric != now.metric or (verdict.value < now.value if less else verdict.value > now.value):
        return ""
    return f"{champion} speaks: {now.metric} {now.value:.4g}, this one {verdict.value:.4g}"
