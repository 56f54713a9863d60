"""From a stream to a model that may speak: features, algorithms, a verdict on time it never saw."""

from collections.abc import Callable

import msgspec
import numpy as np
from numpy.typing import NDArray

from ipse import plugins
from ipse.errors import DatasetError
from ipse.features import FeatureSet, FeatureTable, Stream, compute
from ipse.interfaces import Progress
from ipse.pipeline.days import predictors
from ipse.pipeline.days.alarming import fit_alarms
from ipse.pipeline.days.columns import streams_named
from ipse.pipeline.days.contending import rival, wrong, wrong_of
from ipse.pipeline.days.corrections import corrected, labels_of
from ipse.pipeline.days.designing import design, step_of
from ipse.pipeline.days.framing import framed, named_streams
from ipse.pipeline.days.grouping import fit_groups
from ipse.pipeline.days.ordering import fit_order
from ipse.pipeline.days.outcome_rows import label_of, outcome_of, outcome_rows
from ipse.pipeline.days.predictors import Predictor, Target
from ipse.pipeline.days.projecting import fit_series
from ipse.pipeline.days.settling import LEAST_ROWS, Beside, Learned, beside, settle
from ipse.pipeline.days.wanting import Wanted
from ipse.pipeline.days.widening import widths_by
from ipse.pipeline.workspace import Workspace
from ipse.tables import TableModel, Task, Verdict, judge_classes, judge_numbers, time_split

__all__ = ["learn"]

Floats = NDArray[np.float64]
FEW_VALUES = 10  # a target of whole numbers with no more is a class
TRIED: dict[str, tuple[str, ...]] = {
    "classification": ("logistic", "boosting"),
    "regression": ("ridge", "boosting"),
}
Fitted = tuple[Predictor, dict[str, bytes], Beside | None]
FITTERS: dict[str, Callable[[Workspace, Wanted, Progress], Fitted]] = {
    "anomaly": fit_alarms,
    "clustering": fit_groups,
    "forecasting": fit_series,
    "ranking": fit_order,
}
MOST = 200_000  # rows, the newest


class _Rows(msgspec.Struct, frozen=True):
    """A row an origin; ``now`` is what the target was then, ``day`` what it was a day before ``y``.

    ``known`` is when ``y`` was known (µs).
    """

    table: FeatureTable
    y: Floats
    known: NDArray[np.int64]
    now: Floats
    day: Floats


class _Work(msgspec.Struct, frozen=True):
    """All that fitting and judging one model needs; ``embargo`` in µs."""

    wanted: Wanted
    task: Task
    target: Target
    rows: _Rows
    embargo: int


def learn(workspace: Workspace, wanted: Wanted, progress: Progress) -> Learned:
    """Learn, judge on the last fifth of the time, keep, and promote what earned it.

    Raises ``ConsentError`` without leave for events of the source, ``DatasetError`` for too little.
    """
    workspace.permit(wanted.stream.split(".")[0], "events")
    progress(0, 4, {})
    made, files, found = FITTERS.get(wanted.task, _table)(workspace, wanted, progress)
    kept = predictors.add(workspace, made, files)
    progress(4, 4, {})
    return settle(workspace, kept, found)


def _table(
    workspace: Workspace, wanted: Wanted, progress: Progress
) -> tuple[Predictor, dict[str, bytes], Beside | None]:
    """Classes or numbers from rows of features; also how it does beside the champion."""
    main = named_streams(workspace, [wanted.stream])[wanted.stream]
    task, target = _target(wanted, main)
    chosen = wanted.features or design(wanted.project, main, target, tz=wanted.tz)
    others = [one for one in chosen.sources if one != wanted.stream]
    said = labels_of(workspace, target)
    rows = _rows(chosen, streams_named(workspace, others) | {wanted.stream: main}, target, said)
    progress(1, 4, {"rows": len(rows.y)})
    reach = chosen.reach if target.ahead else 0.0
    work = _Work(wanted, task, target, rows, round(max(reach, target.ahead) * 1e6))
    learned, judged = time_split(rows.table.origins, embargo=work.embargo)
    if task == "classification" and len(np.unique(rows.y[learned])) < 2:
        only = target.labels[int(rows.y[learned][0])]
        raise DatasetError(
            f"`{target.field}` was always {only} in the first four fifths of the time.",
            hint="Collect or label more of something else.",
        )
    algorithm, tried = _best(work, learned)
    progress(2, 4, {})
    try:
        early = _fitted(work, algorithm, learned)
    except DatasetError:
        raise DatasetError(
            f"{len(rows.y)} times with an outcome are too few: some judge, some tell how sure it may be, "
            f"and none nearer to these than {work.embargo / 3.6e9:.3g} hours is learned from.",
            hint="At least 20 of each are needed: collect for longer, or look back less far.",
        ) from None
    verdict = _judged(early, work, learned, judged)
    final = _fitted(work, algorithm, np.arange(len(rows.y)))
    progress(3, 4, {})
    made = framed(
        workspace,
        wanted,
        features=chosen,
        streams=(wanted.stream, *others),
        task=task,
        algorithm=algorithm,
        target=target,
        columns=rows.table.columns,
        usual=_quantile(rows.table.values, 0.5),
        spread=_spread(rows.table.values),
        rows=len(rows.y),
        first=int(rows.table.origins[0]),
        last=int(rows.table.origins[-1]),
        verdict=verdict,
        tried=tried,
    )
    return made, final.files(), _beside_champion(workspace, made, work, early, judged)


def _beside_champion(
    workspace: Workspace, made: Predictor, work: _Work, early: TableModel, judged: NDArray[np.intp]
) -> Beside | None:
    """On rows that judge this one and that came after all that the champion learned from."""
    now = rival(workspace, made)
    if now is None:
        return None
    rows = work.rows
    fresh = judged[rows.table.origins[judged] > now.last]
    if len(fresh) < LEAST_ROWS:
        return None
    y, classes = rows.y[fresh], work.task == "classification"
    mine = wrong(early.predict(rows.table.values[fresh]), y, classes=classes)
    theirs = wrong_of(workspace, now, rows.table.origins[fresh], y)
    return beside((now.id, "this one"), theirs, mine, seed=work.wanted.seed)


def _target(wanted: Wanted, stream: Stream) -> tuple[Task, Target]:
    if wanted.field not in stream.data:
        known = ", ".join(stream.data) or "none"
        raise DatasetError(f"{wanted.stream} has no field `{wanted.field}`.", hint=f"There are: {known}.")
    column = stream.data[wanted.field]
    numeric = column.dtype != object
    known_ = ~np.isnan(column) if numeric else np.array([one is not None for one in column], dtype=bool)
    values = np.unique(column[known_].astype(np.float64 if numeric else np.str_))
    few = not numeric or bool(len(values) <= FEW_VALUES and (values == np.round(values)).all())
    classes = wanted.task == "classification" or (wanted.task == "auto" and few)
    if len(values) < 2:
        said = f"always {label_of(values[0])}" if len(values) else "empty"
        raise DatasetError(
            f"`{wanted.field}` is {said}: there is nothing to foretell.", hint="Name another field."
        )
    if not classes and not numeric:
        raise DatasetError(f"`{wanted.field}` holds text, no numbers.", hint="Use --task classification.")
    if classes and len(values) > 100:
        raise DatasetError(f"`{wanted.field}` has {len(values)} values, too many.", hint="Group them first.")
    target = Target(
        stream=wanted.stream,
        field=wanted.field,
        ahead=step_of(stream) if wanted.when == "next" else 0.0,
        labels=tuple(label_of(one) for one in values.tolist()) if classes else (),
    )
    return "classification" if classes else "regression", target


def _rows(chosen: FeatureSet, streams: dict[str, Stream], target: Target, said: dict[int, str]) -> _Rows:
    """A row an origin; outcomes are the owner's where corrected, what the target was before never is."""
    stream = streams[target.stream]
    origins = np.unique(stream.ts)[-MOST:]
    ahead = round(target.ahead * 1e6)
    due = origins + ahead
    y, known = outcome_rows(stream, target, due, slack=target.ahead)
    y = corrected(y, due, target, said)
    day = outcome_of(stream, target, origins + ahead - 86_400_000_000, slack=target.ahead)
    now = outcome_of(stream, target, origins, slack=0.0)
    keep = ~np.isnan(y)
    if keep.sum() < 100:
        raise DatasetError(
            f"There are {int(keep.sum())} rows with an outcome.", hint="At least 100 are needed."
        )
    table = compute(chosen, streams, origins[keep])
    return _Rows(table, y[keep], known[keep], now[keep], day[keep])


def _fitted(work: _Work, algorithm: str, at: NDArray[np.intp]) -> TableModel:
    wanted, rows = work.wanted, work.rows
    found = plugins.estimators()
    model = TableModel(work.task, algorithm, seed=wanted.seed, params=wanted.params, plugins=found)
    return model.fit(
        rows.table.values[at],
        rows.y[at],
        times=rows.table.origins[at],
        columns=rows.table.columns,
        labels=work.target.labels,
        embargo=work.embargo,
    )


def _best(work: _Work, learned: NDArray[np.intp]) -> tuple[str, dict[str, float]]:
    """The algorithm that does best on the end of what is learned from, never on what judges.

    Where that is too little to choose by: the plainer one.
    """
    if work.wanted.algorithm != "auto":
        return work.wanted.algorithm, {}
    try:
        tried = _tried(work, learned)
    except DatasetError:
        return TRIED[work.task][0], {}
    return min(tried, key=lambda one: tried[one]), tried


def _tried(work: _Work, learned: NDArray[np.intp]) -> dict[str, float]:
    """How wrong each algorithm is; raises ``DatasetError`` for too little."""
    rows, tried, classes = work.rows, dict[str, float](), work.task == "classification"
    early, late = (learned[one] for one in time_split(rows.table.origins[learned], embargo=work.embargo))
    if classes and len(np.unique(rows.y[early])) < 2:
        raise DatasetError("There is one class alone to choose by.", hint="Name an algorithm.")
    for name in TRIED[work.task]:
        said = _fitted(work, name, early).predict(rows.table.values[late])
        tried[name] = float(np.mean(wrong(said, rows.y[late], classes=classes)))
    return tried


def _judged(model: TableModel, work: _Work, learned: NDArray[np.intp], judged: NDArray[np.intp]) -> Verdict:
    rows, target = work.rows, work.target
    y, before = rows.y[judged], rows.y[learned]
    classes = work.task == "classification"
    usual = float(np.bincount(before.astype(np.intp)).argmax()) if classes else float(np.median(before))
    baselines = {"majority" if classes else "median": np.full(len(y), usual)}
    if target.ahead:
        baselines["no change"] = np.where(np.isnan(rows.now[judged]), usual, rows.now[judged])
        if target.ahead < 86_400:
            baselines["a day before"] = np.where(np.isnan(rows.day[judged]), usual, rows.day[judged])
    x, at = rows.table.values[judged], rows.table.origins[judged]
    if classes:
        return judge_classes(model.predict(x), y, baselines=baselines, seed=work.wanted.seed)
    widen = widths_by(at, rows.known[judged], model.needed(x, y), at)
    return judge_numbers(model.predict(x, widen=widen), y, baselines=baselines, seed=work.wanted.seed)


def _quantile(values: Floats, share: float) -> tuple[float, ...]:
    known = np.where(np.isnan(values).all(axis=0), 0.0, values)
    return tuple(float(one) for one in np.nan_to_num(np.nanquantile(known, share, axis=0)))


def _spread(values: Floats) -> tuple[float, ...]:
    low, high = (_quantile(values, share) for share in (0.05, 0.95))
    return tuple(above - below for below, above in zip(low, high, strict=True))
