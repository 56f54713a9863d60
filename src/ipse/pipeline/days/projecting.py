"""Models that foretell a series step by step: one field of a stream, up to a horizon."""

from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from ipse.errors import DatasetError
from ipse.features import Stream, seconds
from ipse.interfaces import Progress
from ipse.pipeline.days.contending import MOMENTS, held_against
from ipse.pipeline.days.designing import design, step_of
from ipse.pipeline.days.framing import framed, named_streams
from ipse.pipeline.days.predictions import Prediction, Reason, Step
from ipse.pipeline.days.predictors import Predictor, Target
from ipse.pipeline.days.settling import Beside
from ipse.pipeline.days.wanting import Wanted
from ipse.pipeline.workspace import Workspace
from ipse.tables import SeriesModel, even, judge_series, wrong_by

__all__ = ["fit_series", "say_series", "series_of"]

TRIED = ("seasonal", "theta", "mixed")
DAY, WEEK = 86_400.0, 604_800.0
JUDGED, TUNED = 0.8, 0.64  # shares of the steps before what judges, and before what chooses
STEPS = 24  # that are foretold unless `params: {horizon: …}` says otherwise


def fit_series(
    workspace: Workspace, wanted: Wanted, progress: Progress
) -> tuple[Predictor, dict[str, bytes], Beside | None]:
    """Choose, judge on the last fifth of the steps, keep how wrong it was; raises ``DatasetError``."""
    main = named_streams(workspace, [wanted.stream])[wanted.stream]
    step = seconds(wanted.params.get("step", step_of(main)), "params.step")
    at, values = series_of(main, wanted.field, step)
    horizon = max(1, round(seconds(wanted.params.get("horizon", STEPS * step), "params.horizon") / step))
    season = round(seconds(wanted.params.get("season", _season(step)), "params.season") / step)
    progress(1, 4, {"rows": len(values)})
    first, tuned = round(len(values) * JUDGED), round(len(values) * TUNED)

    def model(algorithm: str) -> SeriesModel:
        return SeriesModel(algorithm, season=max(1, season), horizon=horizon)

    tried: dict[str, float] = {}
    if wanted.algorithm == "auto":
        for name in TRIED if season > 1 else ("naive", *TRIED[1:]):
            off = wrong_by(model(name).point, values[:first], tuned, horizon)
            tried[name] = float(off.mean()) if len(off) else float("inf")
    algorithm = min(tried, key=lambda one: tried[one]) if tried else wanted.algorithm
    progress(2, 4, {})
    verdict = judge_series(model(algorithm).fit(values[:first]), values, first, seed=wanted.seed)
    progress(3, 4, {})
    final = model(algorithm).fit(values)
    target = Target(stream=wanted.stream, field=wanted.field, ahead=horizon * step, step=step)
    made = framed(
        workspace,
        wanted,
        features=design(wanted.project, main, target, tz=wanted.tz),
        streams=(wanted.stream,),
        task="forecasting",
        algorithm=algorithm,
        target=target,
        columns=(wanted.field,),
        usual=(float(np.median(values)),),
        spread=(float(np.subtract(*np.quantile(values, [0.95, 0.05]))),),
        rows=len(values),
        first=int(at[0]),
        last=int(at[-1]),
        verdict=verdict,
        tried=tried,
    )

    def wrong(now: Predictor, files: Mapping[str, bytes]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        start = max(first, int(np.searchsorted(at, now.last, side="right")))
        if start > len(values) - horizon:
            return np.empty(0), np.empty(0)
        theirs, mine = (
            wrong_by(one.point, values, start, horizon, moments=MOMENTS)
            for one in (SeriesModel.load(files), final)
        )
        return theirs, mine

    return made, final.files(), held_against(workspace, made, wrong)


def series_of(stream: Stream, field: str, step: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """A field as a series of whole steps, the last of them whole; raises ``DatasetError`` for none."""
    if field not in stream.data:
        raise DatasetError(f"There is no field `{field}`.", hint=f"There are: {', '.join(stream.data)}.")
    at, values = even(stream.ts, stream.numbers(field), round(step * 1e6))
    if not len(at):
        raise DatasetError(f"`{field}` holds no numbers.", hint="Name another field.")
    return at, values


def say_series(
    _workspace: Workspace,
    made: Predictor,
    files: Mapping[str, bytes],
    held: Mapping[str, Stream],
    origins: NDArray[np.int64],
) -> list[Prediction]:
    """The steps after each moment, from what was known then."""
    model, target = SeriesModel.load(files), made.target
    stream, step = held[target.stream], round(target.step * 1e6)
    found = []
    for origin in origins.tolist():
        known = stream.take((stream.ts <= origin) & (stream.rx <= origin))
        at, values = series_of(known, target.field, target.step)
        said = model.predict(values)
        path = tuple(
            Step(int(at[-1]) + (number + 1) * step, value, low, high)
            for number, (value, low, high) in enumerate(
                zip(said.value.tolist(), said.low.tolist(), said.high.tolist(), strict=True)
            )
        )
        found.append(
            Prediction(
                project=made.project,
                model=made.id,
                features=made.version,
                origin=origin,
                due=path[-1].due,
                made_at=datetime.now(UTC),
                value=path[-1].value,
                low=path[-1].low,
                high=path[-1].high,
                reasons=tuple(Reason.of(*one) for one in model.why(values)),
                path=path,
            )
        )
    return found


def _season(step: float) -> float:
    """A day for what has hours, a week for days, none for longer."""
    return DAY if step < DAY / 2 else WEEK if step < WEEK / 2 else step
