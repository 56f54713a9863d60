"""What a project's champion says now, and why; kept, to be held against what happens."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from ipse import plugins
from ipse.errors import DatasetError
from ipse.features import Stream, compute, origins_of
from ipse.interfaces import Progress
from ipse.pipeline.days import predictors
from ipse.pipeline.days.alarming import ALARM, say_alarms
from ipse.pipeline.days.columns import streams_named
from ipse.pipeline.days.grouping import say_groups
from ipse.pipeline.days.ordering import say_order
from ipse.pipeline.days.predictions import Prediction, Reason, keep, predictions
from ipse.pipeline.days.predictors import Predictor, feature_set
from ipse.pipeline.days.projecting import say_series
from ipse.pipeline.days.widening import widths
from ipse.pipeline.workspace import Workspace
from ipse.tables import TableModel, contributions

__all__ = ["batch", "catch_up", "predict"]

AT_A_TIME = 200  # moments of a batch between two looks at whether it is to stop
Ints = NDArray[np.int64]
Say = Callable[[Workspace, Predictor, Mapping[str, bytes], Mapping[str, Stream], Ints], list[Prediction]]


def predict(workspace: Workspace, project: str, *, at: int | None = None, keep_it: bool = True) -> Prediction:
    """What the champion says at a moment (µs; None: the newest row), kept unless told otherwise.

    The same function computes the features as in training. Raises ``RegistryError`` where nobody may speak.
    """
    made, held = _ready(workspace, project, "predict")
    if at is None:
        at = max(int(one.ts[-1]) for one in held.values() if len(one))
    say = SAYERS.get(made.task, _say_rows)
    (found,) = say(workspace, made, predictors.files(workspace, made.id), held, np.array([at]))
    return keep(workspace, made, [found])[0] if keep_it else found


def batch(
    workspace: Workspace,
    project: str,
    progress: Progress,
    *,
    since: int | None = None,
    until: int | None = None,
    keep_it: bool = False,
) -> Iterator[Prediction]:
    """What the champion says at every moment of ``(since, until]`` (µs), as if it had been asked then.

    The moments are those of its rows, or of its features for alarms and groups. With ``keep_it`` they are
    kept; of alarms only those that are any.
    """
    made, held = _ready(workspace, project, "batch")
    moments = _moments(made, held)
    moments = moments[
        (moments > (since if since is not None else -(2**62)))
        & (moments <= (until if until is not None else 2**62))
    ]
    say, files = SAYERS.get(made.task, _say_rows), predictors.files(workspace, made.id)
    for place in range(0, len(moments), AT_A_TIME):
        progress(place, len(moments), {})
        found = say(workspace, made, files, held, moments[place : place + AT_A_TIME])
        if keep_it:
            worth = [one for one in found if made.task != "anomaly" or one.label == ALARM]
            ids = {one.origin: one for one in keep(workspace, made, worth)}
            found = [ids.get(one.origin, one) for one in found]
        yield from found
    progress(len(moments), len(moments), {})


def catch_up(workspace: Workspace, project: str, progress: Progress) -> list[Prediction]:
    """What a schedule asks for: the newest moment, and every alarm since the last time; kept."""
    made = predictors.card(workspace, project)
    if made.task != "anomaly":
        return [predict(workspace, project)]
    before = [one.origin for one in predictions(workspace, project) if one.model == made.id]
    since = max([made.last, *before])
    found = batch(workspace, project, progress, since=since, keep_it=True)
    return [one for one in found if one.label == ALARM]


def _ready(workspace: Workspace, project: str, why: str) -> tuple[Predictor, dict[str, Stream]]:
    """The champion and what it sees; raises ``DatasetError`` where there is nothing yet."""
    made = predictors.card(workspace, project)
    workspace.vault.note("model.read", {"model": made.id, "why": why})
    names = dict.fromkeys((*feature_set(made).sources, made.target.stream))
    held = streams_named(workspace, names)
    if not any(len(one) for one in held.values()):
        raise DatasetError(
            f"There is nothing to tell {made.project} from.", hint="Collect or import events first."
        )
    return made, held


def _moments(made: Predictor, held: Mapping[str, Stream]) -> Ints:
    stream = held[made.target.stream]
    if made.task in ("anomaly", "clustering") and made.algorithm != "novelty":
        spans = [(int(one.ts[0]), int((one.ts + one.dur).max())) for one in held.values() if len(one)]
        low, high = min(low for low, _ in spans), max(high for _, high in spans)
        return origins_of(feature_set(made), held, low, high)
    return np.unique(stream.ts)


def _say_rows(
    _workspace: Workspace,
    made: Predictor,
    files: Mapping[str, bytes],
    held: Mapping[str, Stream],
    origins: Ints,
) -> list[Prediction]:
    """Classes and numbers from rows of features."""
    model = TableModel.load(files, plugins=plugins.estimators())
    rows = compute(feature_set(made), held, origins).values
    said = model.predict(rows, widen=widths(made, model, held, origins))
    usual, labels = np.array(made.usual), made.target.labels
    found = []
    for place, origin in enumerate(origins.tolist()):
        value = float(said.value[place])
        chance = said.chance[place] if said.chance is not None else None
        found.append(
            Prediction(
                project=made.project,
                model=made.id,
                features=made.version,
                origin=origin,
                due=origin + round(made.target.ahead * 1e6),
                made_at=datetime.now(UTC),
                value=value,
                label=labels[int(value)] if labels else "",
                chance=float(chance.max()) if chance is not None else None,
                chances=tuple(chance.tolist()) if chance is not None else (),
                low=float(said.low[place]) if said.low is not None else None,
                high=float(said.high[place]) if said.high is not None else None,
                reasons=tuple(Reason.of(*one) for one in contributions(model, rows[place], usual)),
            )
        )
    return found


SAYERS: dict[str, Say] = {
    "anomaly": say_alarms,
    "clustering": say_groups,
    "forecasting": say_series,
    "ranking": say_order,
}
