"""Predictions held against what happened: how right, how sure, and how that goes week by week."""

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from ipse.pipeline.days import predictors
from ipse.pipeline.days.columns import streams_named
from ipse.pipeline.days.contending import contended
from ipse.pipeline.days.corrections import corrected, labels_of
from ipse.pipeline.days.judging import Judgement, judgement, judgements
from ipse.pipeline.days.outcome_rows import outcome_of
from ipse.pipeline.days.predictions import Prediction, names, of_ids, predictions
from ipse.pipeline.days.predictors import Predictor
from ipse.pipeline.days.settling import Beside
from ipse.pipeline.workspace import Workspace
from ipse.tables import even

__all__ = ["Bin", "Held", "Outcomes", "Week", "happened", "history", "outcomes", "was"]

TABLES = ("classification", "regression")
BINS = 10
WEEK = 7 * 86_400_000_000
FIRST_MONDAY = 4 * 86_400_000_000  # 5 January 1970


class Bin(msgspec.Struct, frozen=True, kw_only=True):
    """Predictions that were this sure: how sure on average, and the share of them that was right."""

    low: float
    high: float
    rows: int
    sure: float
    right: float


class Week(msgspec.Struct, frozen=True, kw_only=True):
    """A week from ``start`` (µs, Monday UTC); ``brier`` is of classes, ``covered`` of intervals."""

    start: int
    rows: int
    value: float
    brier: float | None = None
    covered: float | None = None


class Outcomes(msgspec.Struct, frozen=True, kw_only=True):
    """The champion's predictions whose outcome is known by now; ``waiting`` are the others.

    ``expected`` is what the model did when it was judged. ``covered`` is the share of outcomes within the
    90 % interval; ``sure`` how sure it was on average; ``brier`` the mean squared distance of its chances
    from what was so (0: perfect, 2: sure and wrong). ``right`` and ``wrong`` are the owner's words.
    ``beside`` is the challenger on the same outcomes, those after what either learned from.
    """

    project: str
    model: str
    rows: int
    waiting: int
    metric: str
    value: float | None
    expected: float
    covered: float | None = None
    sure: float | None = None
    brier: float | None = None
    bins: tuple[Bin, ...] = ()
    weeks: tuple[Week, ...] = ()
    right: int = 0
    wrong: int = 0
    not_an_anomaly: int = 0
    beside: Beside | None = None


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A prediction, what happened, and the owner's word on it."""

    said: Prediction
    was: float | str | None
    word: Judgement | None


class _Pair(msgspec.Struct, frozen=True, kw_only=True):
    """A prediction whose outcome is known: 1 or 0 for a class, else how far off; and how sure it was."""

    due: int
    figure: float
    chance: float | None = None
    brier: float | None = None
    covered: float | None = None


def happened(workspace: Workspace, made: Predictor, due: NDArray[np.int64]) -> NDArray[np.float64]:
    """What a target was at each moment (µs), or what the owner said it was; NaN where unknown.

    Of alarms, groups and orders nothing is known but the owner's word.
    """
    target = made.target
    if not len(due) or made.task not in (*TABLES, "forecasting"):
        return np.full(len(due), np.nan)
    if made.task == "forecasting":
        known = _steps(workspace, made, int(due.min()), int(due.max()))
        return np.array([known.get(one, np.nan) for one in due.tolist()])
    slack = round(target.ahead * 1e6)
    since, until = int(due.min()), int(due.max()) + slack + 1
    stream = streams_named(workspace, [target.stream], since=since, until=until)[target.stream]
    if target.field not in stream.data:
        return np.full(len(due), np.nan)
    found = outcome_of(stream, target, due, slack=target.ahead)
    return corrected(found, due, target, labels_of(workspace, target))


def _steps(workspace: Workspace, made: Predictor, first: int, last: int) -> dict[int, float]:
    """The series that a forecast is of, by the start of each step that is over."""
    target = made.target
    step = round(target.step * 1e6)
    stream = streams_named(workspace, [target.stream], since=first, until=last + step)[target.stream]
    if target.field not in stream.data:
        return {}
    at, values = even(stream.ts, stream.numbers(target.field), step)
    return dict(zip(at.tolist(), values.tolist(), strict=True))


def _pairs(
    workspace: Workspace, made: Predictor, said: Sequence[Prediction]
) -> tuple[list[_Pair], Beside | None]:
    if made.task == "forecasting":
        return _forecast_pairs(workspace, made, said), None
    y = happened(workspace, made, np.array([one.due for one in said], dtype=np.int64))
    classes = made.task == "classification"
    known = [(one, each) for one, each in zip(said, y.tolist(), strict=True) if each == each]
    pairs = [_pair(one, each, classes=classes) for one, each in known]
    challenger = predictors.project(workspace, made.project).challenger
    if not challenger or not known:
        return pairs, None
    known.sort(key=lambda one: one[0].origin)
    origins = np.array([one.origin for one, _ in known], dtype=np.int64)
    both = (made, predictors.card(workspace, challenger))
    return pairs, contended(workspace, both, origins, np.array([each for _, each in known]))


def _pair(said: Prediction, was_: float, *, classes: bool) -> _Pair:
    brier = covered = None
    if classes and said.chances:
        off = np.array(said.chances)
        off[int(was_)] -= 1
        brier = float((off**2).sum())
    if said.low is not None and said.high is not None:
        covered = float(said.low <= was_ <= said.high)
    figure = float(said.value == was_) if classes else abs(said.value - was_)
    return _Pair(due=said.due, figure=figure, chance=said.chance, brier=brier, covered=covered)


def _forecast_pairs(workspace: Workspace, made: Predictor, said: Sequence[Prediction]) -> list[_Pair]:
    """Forecasts all of whose steps are over: how far off on average, and the share of steps covered."""
    if not said:
        return []
    first, last = min(one.path[0].due for one in said), max(one.due for one in said)
    known = _steps(workspace, made, first, last)
    found = []
    for one in said:
        steps = [(step, known.get(step.due)) for step in one.path]
        pairs = [(step, each) for step, each in steps if each is not None]
        if len(pairs) == len(steps):
            off = [abs(step.value - each) for step, each in pairs]
            inside = [float(step.low <= each <= step.high) for step, each in pairs]
            found.append(_Pair(due=one.due, figure=float(np.mean(off)), covered=float(np.mean(inside))))
    return found


def was(workspace: Workspace, said: Sequence[Prediction]) -> list[float | str | None]:
    """What happened at each prediction's moment: a number, or the name of a class; None where unknown.

    Also where the source may not be learned from any more.
    """
    found: dict[str, float | str | None] = {}
    for model in dict.fromkeys(one.model for one in said):
        made = predictors.card(workspace, model)
        ours = [one for one in said if one.model == model]
        if not workspace.allows(made.target.stream.split(".")[0], "events"):
            continue
        due = np.array([one.due for one in ours], dtype=np.int64)
        for one, each in zip(ours, happened(workspace, made, due).tolist(), strict=True):
            if each == each:
                found[one.id] = made.target.labels[int(each)] if made.target.labels else each
    return [found.get(one.id) for one in said]


def history(workspace: Workspace, project: str, rows: int) -> list[Held]:
    """The newest predictions of a project with what happened and the owner's word, the newest first."""
    predictors.project(workspace, project)
    sources = predictors.versions(workspace, project)
    told = ", ".join(dict.fromkeys(name for one in sources for name in one.consents))
    workspace.vault.note("read", {"sources": told, "why": "predictions"})
    said = of_ids(workspace, names(workspace, project)[::-1][:rows])
    return [
        Held(said=one, was=each, word=judgement(workspace, one.id))
        for one, each in zip(said, was(workspace, said), strict=True)
    ]


def outcomes(workspace: Workspace, project: str) -> Outcomes:
    """How right the champion's predictions turned out; each joined with the row of the moment it spoke of."""
    made = predictors.card(workspace, project)
    workspace.vault.note("read", {"sources": ", ".join(made.consents), "why": "outcomes"})
    said = [one for one in predictions(workspace, project) if one.model == made.id]
    pairs, found = _pairs(workspace, made, said)
    told = [one.verdict for one in judgements(workspace, project)]
    return Outcomes(
        project=project,
        model=made.id,
        rows=len(pairs),
        waiting=len(said) - len(pairs),
        metric=made.verdict.metric,
        value=_mean([one.figure for one in pairs]),
        expected=made.verdict.value,
        covered=_mean([one.covered for one in pairs]),
        sure=_mean([one.chance for one in pairs]),
        brier=_mean([one.brier for one in pairs]),
        bins=_bins(pairs) if made.task == "classification" else (),
        weeks=_weeks(pairs),
        beside=found,
        right=told.count("right"),
        wrong=told.count("wrong"),
        not_an_anomaly=told.count("not_an_anomaly"),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [one for one in values if one is not None]
    return float(np.mean(known)) if known else None


def _grouped(pairs: Sequence[_Pair], key: Callable[[_Pair], int]) -> list[tuple[int, list[_Pair]]]:
    found: dict[int, list[_Pair]] = {}
    for one in pairs:
        found.setdefault(key(one), []).append(one)
    return sorted(found.items())


def _bins(pairs: Sequence[_Pair]) -> tuple[Bin, ...]:
    """Tenths of the chance that was said; empty ones are left out."""
    sure = [one for one in pairs if one.chance is not None]
    grouped = _grouped(sure, lambda one: min(int((one.chance or 0) * BINS), BINS - 1))
    return tuple(
        Bin(
            low=place / BINS,
            high=(place + 1) / BINS,
            rows=len(some),
            sure=float(np.mean([one.chance for one in some if one.chance is not None])),
            right=float(np.mean([one.figure for one in some])),
        )
        for place, some in grouped
    )


def _weeks(pairs: Sequence[_Pair]) -> tuple[Week, ...]:
    grouped = _grouped(pairs, lambda one: (one.due - FIRST_MONDAY) // WEEK)
    return tuple(
        Week(
            start=place * WEEK + FIRST_MONDAY,
            rows=len(some),
            value=float(np.mean([one.figure for one in some])),
            brier=_mean([one.brier for one in some]),
            covered=_mean([one.covered for one in some]),
        )
        for place, some in grouped
    )
