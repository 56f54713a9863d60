"""Models that put moments into groups, such as kinds of working hours, from features at their origins."""

from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from ipse.features import Stream, compute
from ipse.interfaces import Progress
from ipse.pipeline.days.framing import framed, rows_of
from ipse.pipeline.days.predictions import Prediction, Reason
from ipse.pipeline.days.predictors import Predictor, Target, feature_set
from ipse.pipeline.days.wanting import Wanted
from ipse.pipeline.workspace import Workspace
from ipse.tables import GroupModel, judge_groups, time_split

__all__ = ["fit_groups", "say_groups"]


def fit_groups(
    workspace: Workspace, wanted: Wanted, progress: Progress
) -> tuple[Predictor, dict[str, bytes], None]:
    """Find groups, and judge them on the last fifth of the time; raises ``DatasetError`` for too little.

    Groups of two models are no answers to one question: they are held against each other by verdict alone.
    """
    table, features, streams = rows_of(workspace, wanted)
    progress(1, 3, {"rows": len(table)})
    algorithm = "kmeans" if wanted.algorithm == "auto" else wanted.algorithm
    many = int(str(wanted.params.get("groups", 0)))
    learned, judged = time_split(table.origins, embargo=round(features.reach * 1e6))
    early = GroupModel(algorithm, many=many, seed=wanted.seed).fit(table.values[learned], table.columns)
    verdict = judge_groups(table.values, learned, judged, model=early, seed=wanted.seed)
    progress(2, 3, {})
    model = GroupModel(algorithm, many=many, seed=wanted.seed).fit(table.values, table.columns)
    low, middle, high = np.nan_to_num(np.nanquantile(_known(table.values), [0.05, 0.5, 0.95], axis=0))
    made = framed(
        workspace,
        wanted,
        features=features,
        streams=streams,
        task="clustering",
        algorithm=algorithm,
        target=Target(stream=wanted.stream, field=wanted.field, labels=model.labels),
        columns=table.columns,
        usual=tuple(middle.tolist()),
        spread=tuple((high - low).tolist()),
        rows=len(table),
        first=int(table.origins[0]),
        last=int(table.origins[-1]),
        verdict=verdict,
    )
    return made, model.files(), None


def say_groups(
    _workspace: Workspace,
    made: Predictor,
    files: Mapping[str, bytes],
    held: Mapping[str, Stream],
    origins: NDArray[np.int64],
) -> list[Prediction]:
    """The group of each moment, how surely, and by which columns."""
    model = GroupModel.load(files)
    rows = compute(feature_set(made), held, origins).values
    said = model.predict(rows)
    assert said.chance is not None
    return [
        Prediction(
            project=made.project,
            model=made.id,
            features=made.version,
            origin=int(origin),
            due=int(origin),
            made_at=datetime.now(UTC),
            value=value,
            label=model.labels[int(value)],
            chance=float(chance[int(value)]),
            chances=tuple(chance.tolist()),
            reasons=tuple(Reason.of(*one) for one in model.why(row)),
        )
        for origin, value, chance, row in zip(
            origins.tolist(), said.value.tolist(), said.chance, rows, strict=True
        )
    ]


def _known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isnan(values).all(axis=0), 0.0, values)
