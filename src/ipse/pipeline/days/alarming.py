"""Models that raise alarms: over features at their origins, or along one field of a stream."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec
import numpy as np
from numpy.typing import NDArray

from ipse.errors import DatasetError
from ipse.features import FeatureSet, Stream, compute
from ipse.interfaces import Progress
from ipse.pipeline.days import suppressions
from ipse.pipeline.days.contending import held_against
from ipse.pipeline.days.designing import design
from ipse.pipeline.days.framing import framed, named_streams, rows_of
from ipse.pipeline.days.predictions import Prediction, Reason
from ipse.pipeline.days.predictors import Predictor, Target, feature_set
from ipse.pipeline.days.settling import Beside
from ipse.pipeline.days.suppressions import Suppression
from ipse.pipeline.days.wanting import Wanted
from ipse.pipeline.workspace import Workspace
from ipse.tables import AlarmModel, judge_alarms, time_split
from ipse.tables.alarms import missed

__all__ = ["ALARM", "fit_alarms", "say_alarms"]

ALARM, USUAL = "anomaly", "usual"
MOST = 5.0  # alarms a week that an owner bears, unless `params: {alarms_per_week: …}` says otherwise
TRIED = ("pca", "isolation")
LOOKED_BACK = 20_000  # rows of one series, as the detector remembers
WEEK = 7 * 86_400_000_000
Ints = NDArray[np.int64]


class _Known(msgspec.Struct, frozen=True):
    """What is learned from: rows in order, the moment of each, and where they come from."""

    x: NDArray[np.float64]
    times: Ints
    columns: tuple[str, ...]
    features: FeatureSet
    streams: tuple[str, ...]
    embargo: int


def fit_alarms(
    workspace: Workspace, wanted: Wanted, progress: Progress
) -> tuple[Predictor, dict[str, bytes], Beside | None]:
    """Learn what is usual, judge it on the last fifth of the time; raises ``DatasetError`` for too little."""
    along = wanted.features is None and wanted.field != "*" and wanted.algorithm in ("auto", "novelty")
    known = _series(workspace, wanted) if along else _table(workspace, wanted)
    progress(1, 4, {"rows": len(known.x)})
    learned, judged = time_split(known.times, embargo=known.embargo)
    params = {name: float(str(value)) for name, value in wanted.params.items()}
    most = params.pop("alarms_per_week", MOST)
    weeks = max(float(known.times[-1] - known.times[0]) / WEEK, 1e-9)
    rate = float(np.clip(most * weeks / len(known.x) / 8, 1e-6, 0.05))  # two statistics, and room to err

    def fitted(algorithm: str, at: NDArray[np.intp]) -> AlarmModel:
        model = AlarmModel(algorithm, rate=rate, seed=wanted.seed, params=params)
        return model.fit(known.x[at], known.columns, known.times[at])

    tried: dict[str, float] = {}
    algorithm = "novelty" if along else wanted.algorithm
    if algorithm == "auto":
        before, late = (learned[one] for one in time_split(known.times[learned], embargo=known.embargo))
        for name in TRIED:
            verdict = judge_alarms(
                fitted(name, before), known.x, known.times, late, most=most, seed=wanted.seed
            )
            tried[name] = 1 - verdict.value
        algorithm = min(tried, key=lambda one: tried[one])
    progress(2, 4, {})
    early = fitted(algorithm, learned)
    verdict = judge_alarms(early, known.x, known.times, judged, most=most, seed=wanted.seed)
    model = fitted(algorithm, np.arange(len(known.x)))
    progress(3, 4, {})
    made = framed(
        workspace,
        wanted,
        features=known.features,
        streams=known.streams,
        task="anomaly",
        algorithm=algorithm,
        target=Target(stream=wanted.stream, field=wanted.field),
        columns=model.columns,
        usual=tuple(model.usual_.tolist()),
        spread=tuple(model.spread_.tolist()),
        rows=len(known.x),
        first=int(known.times[0]),
        last=int(known.times[-1]),
        verdict=verdict,
        tried=tried,
    )

    def wrong(now: Predictor, files: Mapping[str, bytes]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        fresh = judged[known.times[judged] > now.last]
        if not len(fresh):
            return np.empty(0), np.empty(0)
        both = (AlarmModel.load(files), early)
        theirs, mine = (missed(one, known.x, known.times, fresh, seed=wanted.seed) for one in both)
        return theirs, mine

    return made, model.files(), held_against(workspace, made, wrong)


def say_alarms(
    workspace: Workspace,
    made: Predictor,
    files: Mapping[str, bytes],
    held: Mapping[str, Stream],
    origins: Ints,
) -> list[Prediction]:
    """What the model says at each moment; alarms that a rule keeps silent bear its id."""
    model = AlarmModel.load(files)
    rules = suppressions.in_force(workspace, made.project)
    if made.algorithm != "novelty":
        rows = compute(feature_set(made), held, origins).values
        told = model.tell(rows, origins)
        pick = range(len(origins))
    else:
        stream = held[made.target.stream]
        until = stream.take((stream.ts <= origins[-1]) & (stream.rx <= origins[-1]))
        start = max(0, int(np.searchsorted(until.ts, origins[0])) - LOOKED_BACK)
        near = until.take(np.arange(start, len(until)))
        told = model.tell(near.numbers(made.target.field)[:, None], near.ts)
        pick = np.maximum(np.searchsorted(near.ts, origins, side="right") - 1, 0).tolist()
    return [
        _prediction(made, int(origin), rules, (float(told.score[row]), float(told.rare[row]), told.why[row]))
        for origin, row in zip(origins.tolist(), pick, strict=True)
    ]


def _prediction(
    made: Predictor,
    origin: int,
    rules: Sequence[Suppression],
    told: tuple[float, float, list[tuple[str, float, float]]],
) -> Prediction:
    score, rare, why = told
    alarm = score >= 1
    rule = suppressions.matching(rules, why[0][0], why[0][1]) if alarm and why else None
    return Prediction(
        project=made.project,
        model=made.id,
        features=made.version,
        origin=origin,
        due=origin,
        made_at=datetime.now(UTC),
        value=score,
        label=ALARM if alarm else USUAL,
        chance=rare,
        reasons=tuple(Reason.of(*one) for one in why) if alarm else (),
        suppressed=rule.id if rule else "",
    )


def _series(workspace: Workspace, wanted: Wanted) -> _Known:
    main = named_streams(workspace, [wanted.stream])[wanted.stream]
    if wanted.field not in main.data:
        known = ", ".join(main.data) or "none"
        raise DatasetError(f"{wanted.stream} has no field `{wanted.field}`.", hint=f"There are: {known}.")
    numbers = main.numbers(wanted.field)
    there = ~np.isnan(numbers)
    target = Target(stream=wanted.stream, field=wanted.field)
    return _Known(
        x=numbers[there][:, None],
        times=main.ts[there],
        columns=(wanted.field,),
        features=design(wanted.project, main, target, tz=wanted.tz),
        streams=(wanted.stream,),
        embargo=0,
    )


def _table(workspace: Workspace, wanted: Wanted) -> _Known:
    table, features, streams = rows_of(workspace, wanted)
    return _Known(
        x=table.values,
        times=table.origins,
        columns=table.columns,
        features=features,
        streams=streams,
        embargo=round(features.reach * 1e6),
    )
