"""Champion and challenger on the same moments, each from features as they were known then."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ipse import plugins
from ipse.features import compute
from ipse.pipeline.days import predictors
from ipse.pipeline.days.columns import streams_named
from ipse.pipeline.days.predictors import Predictor, feature_set
from ipse.pipeline.days.settling import LEAST_ROWS, Beside, beside
from ipse.pipeline.workspace import Workspace
from ipse.tables import Forecasts, TableModel

__all__ = ["MOMENTS", "contended", "held_against", "rival", "wrong", "wrong_of"]

Floats = NDArray[np.float64]
TABLES = ("classification", "regression")
SAME_COLUMNS = ("anomaly", "ranking")  # are held against each other only where they see the same
MOMENTS = 60  # that forecasts are held against each other from


def wrong(said: Forecasts, y: Floats, *, classes: bool) -> Floats:
    """1 or 0 for a class, how far off for a number, row by row."""
    return (said.value != y).astype(np.float64) if classes else np.abs(said.value - y)


def rival(workspace: Workspace, made: Predictor) -> Predictor | None:
    """The champion that a new model has to be better than, where both tell the same thing."""
    if made.project not in [one.name for one in predictors.projects(workspace)]:
        return None
    name = predictors.project(workspace, made.project).champion
    now = predictors.card(workspace, name) if name else None
    return now if now is not None and _same(now, made) else None


def contended(
    workspace: Workspace, pair: Sequence[Predictor], origins: NDArray[np.int64], y: Floats
) -> Beside | None:
    """Champion and challenger at moments whose outcome is ``y``; of those that neither learned from.

    None where there are none, or where they tell different things.
    """
    champion, challenger = pair
    if champion.task not in TABLES:
        return None
    fresh = origins > max(champion.last, challenger.last)
    if not _same(champion, challenger) or not fresh.any():
        return None
    both = [wrong_of(workspace, one, origins[fresh], y[fresh]) for one in pair]
    return beside((champion.id, challenger.id), both[0], both[1], seed=challenger.seed)


def wrong_of(workspace: Workspace, made: Predictor, origins: NDArray[np.int64], y: Floats) -> Floats:
    """How wrong a model is at these moments."""
    features = feature_set(made)
    held = streams_named(workspace, features.sources)
    model = TableModel.load(predictors.files(workspace, made.id), plugins=plugins.estimators())
    said = model.predict(compute(features, held, origins).values)
    return wrong(said, y, classes=made.task == "classification")


def held_against(
    workspace: Workspace,
    made: Predictor,
    wrong: Callable[[Predictor, dict[str, bytes]], tuple[Floats, Floats]],
) -> Beside | None:
    """A new model beside its champion, where there are enough rows that neither had learned from.

    ``wrong`` is told the champion and its files, and tells how wrong that is and the new one, row by row.
    """
    now = rival(workspace, made)
    if now is None:
        return None
    theirs, mine = wrong(now, predictors.files(workspace, now.id))
    if len(mine) < LEAST_ROWS:
        return None
    return beside((now.id, "this one"), theirs, mine, seed=made.seed)


def _same(one: Predictor, other: Predictor) -> bool:
    if one.task in SAME_COLUMNS and (one.columns, one.version) != (other.columns, other.version):
        return False
    return one.task != "clustering" and (one.task, one.target) == (other.task, other.target)
