"""What a project's champion says now, why, and whether it was right: logged, joined with outcomes later."""

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
import numpy as np

from ipse import plugins
from ipse.errors import DatasetError
from ipse.features import FeatureSet, compute
from ipse.pipeline.days import predictors
from ipse.pipeline.days.columns import streams_named
from ipse.pipeline.days.foretelling import outcome_of
from ipse.pipeline.days.predictors import Predictor
from ipse.pipeline.derived import Origin, get_made, keep_made
from ipse.pipeline.workspace import Workspace
from ipse.tables import TableModel, contributions

__all__ = ["Outcomes", "Prediction", "Reason", "feature_set", "outcomes", "predict", "predictions"]

KIND = "prediction"


class Reason(msgspec.Struct, frozen=True):
    """A feature, its value, and how far it moves what is said from what its usual value would."""

    feature: str
    value: float
    moves: float


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """What was said at ``origin`` of ``due``, both µs; by which model and which version of its features.

    ``label`` and ``chance`` are of a class, ``low`` and ``high`` of a number.
    """

    id: str = ""
    project: str
    model: str
    features: str
    origin: int
    due: int
    made_at: datetime
    value: float
    label: str = ""
    chance: float | None = None
    low: float | None = None
    high: float | None = None
    reasons: tuple[Reason, ...] = ()


class Outcomes(msgspec.Struct, frozen=True, kw_only=True):
    """Predictions whose outcome is known by now; ``expected`` is what the model did when it was judged."""

    project: str
    rows: int
    waiting: int
    metric: str
    value: float | None
    expected: float
    covered: float | None = None
    sure: float | None = None


def feature_set(made: Predictor) -> FeatureSet:
    """The features of a model, as they were defined when it learned."""
    return FeatureSet(name=made.set_name, features=made.features, origins=made.origins, tz=made.tz)


def predict(workspace: Workspace, project: str, *, at: int | None = None, keep: bool = True) -> Prediction:
    """What the champion says at a moment (µs; None: the newest row), kept unless told otherwise.

    The same function computes the features as in training. Raises ``RegistryError`` where nobody may speak.
    """
    made = predictors.card(workspace, project)
    workspace.vault.note("model.read", {"model": made.id, "why": "predict"})
    features = feature_set(made)
    held = streams_named(workspace, features.sources or (made.target.stream,))
    newest = max((int(one.ts[-1]) for one in held.values() if len(one)), default=None)
    if newest is None:
        raise DatasetError(
            f"There is nothing to tell {made.project} from.", hint="Collect or import events first."
        )
    origin = newest if at is None else at
    row = compute(features, held, np.array([origin])).values
    model = TableModel.load(predictors.files(workspace, made.id), plugins=plugins.estimators())
    said = model.predict(row)
    value = float(said.value[0])
    found = Prediction(
        project=made.project,
        model=made.id,
        features=made.version,
        origin=origin,
        due=origin + round(made.target.ahead * 1e6),
        made_at=datetime.now(UTC),
        value=value,
        label=made.target.labels[int(value)] if made.target.labels else "",
        chance=float(said.chance[0].max()) if said.chance is not None else None,
        low=float(said.low[0]) if said.low is not None else None,
        high=float(said.high[0]) if said.high is not None else None,
        reasons=tuple(Reason(*one) for one in contributions(model, row[0], np.array(made.usual))),
    )
    if not keep:
        return found
    number = sum(1 for one in workspace.vault.ids(KIND) if one.startswith(f"{made.id}-")) + 1
    named = msgspec.structs.replace(found, id=f"{made.id}-{number}")
    origin_of = Origin(sources=frozenset(made.consents), documents=frozenset({("predictor", made.id)}))
    keep_made(workspace, (KIND, named.id), msgspec.json.encode(named), origin_of)
    return named


def predictions(workspace: Workspace, project: str) -> Iterator[Prediction]:
    """Every prediction kept of a project, oldest first."""
    for name in workspace.vault.ids(KIND):
        if name.rpartition("-v")[0] == project:
            yield msgspec.json.decode(get_made(workspace, (KIND, name)), type=Prediction)


def outcomes(workspace: Workspace, project: str) -> Outcomes:
    """How right the champion's predictions turned out; each joined with the row of the moment it spoke of."""
    made = predictors.card(workspace, project)
    workspace.vault.note("read", {"sources": ", ".join(made.consents), "why": "outcomes"})
    said = [one for one in predictions(workspace, project) if one.model == made.id]
    target = made.target
    stream = streams_named(workspace, [target.stream])[target.stream]
    due = np.array([one.due for one in said], dtype=np.int64)
    was = outcome_of(stream, target, due, slack=target.ahead) if len(stream) else np.full(len(due), np.nan)
    known = ~np.isnan(was)
    pairs = [
        (one, each) for one, each, there in zip(said, was.tolist(), known.tolist(), strict=True) if there
    ]
    classes = made.task == "classification"
    off = [float(one.value == each) if classes else abs(one.value - each) for one, each in pairs]
    inside = [
        one.low <= each <= one.high for one, each in pairs if one.low is not None and one.high is not None
    ]
    chances = [one.chance for one, _ in pairs if one.chance is not None]
    return Outcomes(
        project=project,
        rows=len(pairs),
        waiting=int((~known).sum()),
        metric=made.verdict.metric,
        value=float(np.mean(off)) if off else None,
        expected=made.verdict.value,
        covered=float(np.mean(inside)) if inside else None,
        sure=float(np.mean(chances)) if chances else None,
    )
