"""A model of one series at equal steps: what comes next, step by step, each with its interval, and why.

It is judged from many moments of a time that it never saw, each beside no change and the season before.
"""

from collections.abc import Callable, Mapping
from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from ipse.errors import LearnerError
from ipse.tables.baselines import Verdict
from ipse.tables.forecasting import FORECASTERS, forecast, intervals
from ipse.tables.intervals import block_interval
from ipse.tables.persistence import dump_arrays, load_arrays

__all__ = ["Ahead", "SeriesModel", "even", "judge_series", "wrong_by"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOMENTS = 40  # of the judged time that are foretold from
PARTS = ("naive", "seasonal", "theta")
KEPT = 4000  # newest steps that a forecast looks at


class Ahead(msgspec.Struct, frozen=True, kw_only=True):
    """The next values with the ends of their 90 % intervals, one a step."""

    value: Floats
    low: Floats
    high: Floats


class _Facts(msgspec.Struct, frozen=True, kw_only=True):
    task: str = "forecasting"
    algorithm: str = "mixed"
    season: int = 1
    horizon: int = 1
    least: float | None = None


class SeriesModel:
    """``season`` and ``horizon`` are in steps. What it keeps is how wrong it was, for each step ahead."""

    def __init__(self, algorithm: str = "mixed", *, season: int = 1, horizon: int = 1) -> None:
        if algorithm not in FORECASTERS:
            raise LearnerError(
                f"There is no forecaster `{algorithm}`.", hint=f"There are: {', '.join(FORECASTERS)}."
            )
        self._facts = _Facts(algorithm=algorithm, season=season, horizon=horizon)
        self._radius: Floats = np.empty(0)

    @property
    def season(self) -> int:
        """Its period in steps; 1: none."""
        return self._facts.season

    @property
    def horizon(self) -> int:
        """How many steps it foretells."""
        return self._facts.horizon

    def fit(self, values: Floats) -> Self:
        """Learn how wrong it is on what is known; raises ``LearnerError`` for too few steps."""
        if len(values) < 4 * self._facts.horizon + 20:
            raise LearnerError(
                f"{len(values)} steps are too few to foretell {self._facts.horizon}.",
                hint=f"Collect {4 * self._facts.horizon + 20}, or foretell less far.",
            )
        least = 0.0 if float(values.min()) >= 0 else None
        self._facts = msgspec.structs.replace(self._facts, least=least)
        self._radius = intervals(self.point, values[-KEPT:], self._facts.horizon)
        return self

    def predict(self, values: Floats) -> Ahead:
        """The next ``horizon`` values after these; what was never below 0 is not foretold below it."""
        value = self.point(values[-KEPT:])
        low, high = value - self._radius, value + self._radius
        if self._facts.least is not None:
            low = np.maximum(low, self._facts.least)
        return Ahead(value=value, low=low, high=high)

    def why(self, values: Floats) -> list[tuple[str, float, float]]:
        """What plain methods say of the last step, and how far this lies from each."""
        facts, recent = self._facts, values[-KEPT:]
        said = float(self.point(recent)[-1])
        names = {"naive": "no change", "seasonal": "a season before", "theta": "trend (Theta)"}
        told = [
            (names[one], float(forecast(one, recent, facts.season, facts.horizon)[-1]))
            for one in PARTS
            if one != "seasonal" or facts.season > 1
        ]
        return [(name, value, said - value) for name, value in told]

    def files(self) -> dict[str, bytes]:
        """The model as files by name."""
        return {
            "model.json": msgspec.json.encode(self._facts),
            "arrays.npz": dump_arrays({"radius": self._radius}),
        }

    @classmethod
    def load(cls, files: Mapping[str, bytes]) -> Self:
        """A model of its files; raises ``LearnerError``."""
        try:
            facts = msgspec.json.decode(files["model.json"], type=_Facts)
        except (KeyError, msgspec.DecodeError) as error:
            raise LearnerError("These are no files of a model.", hint="Train it again.") from error
        made = cls(facts.algorithm, season=facts.season, horizon=facts.horizon)
        made._facts, made._radius = facts, load_arrays(files["arrays.npz"])["radius"]
        return made

    def point(self, values: Floats) -> Floats:
        """The next values alone."""
        facts = self._facts
        said = forecast(facts.algorithm, values, facts.season, facts.horizon)
        return np.maximum(said, facts.least) if facts.least is not None else said


def wrong_by(
    point: Callable[[Floats], Floats], values: Floats, start: int, horizon: int, *, moments: int = MOMENTS
) -> Floats:
    """How far off on average, from each of some moments from ``start`` on; one a moment."""
    ends = np.unique(np.linspace(start, len(values) - horizon, moments).astype(int))
    return np.array(
        [np.abs(point(values[:end]) - values[end : end + horizon]).mean() for end in ends[ends >= start]]
    )


def judge_series(model: SeriesModel, values: Floats, start: int, *, seed: int) -> Verdict:
    """From moments of the steps from ``start`` on, which ``model`` has not seen, beside the best plain."""
    season, horizon = model.season, model.horizon
    ends = np.unique(np.linspace(start, len(values) - horizon, MOMENTS).astype(int))
    if len(ends) < 5 or ends[0] < start:
        raise LearnerError(
            f"{len(values) - start} steps are too few to judge {horizon} steps ahead by.",
            hint="Collect for longer, or foretell less far.",
        )
    off, inside = [], []
    for end in ends:
        said, was = model.predict(values[:end]), values[end : end + horizon]
        off.append(float(np.abs(said.value - was).mean()))
        inside.append(float(np.mean((was >= said.low) & (was <= said.high))))
    plain = {
        name: wrong_by(
            lambda known, name=name: forecast(name, known[-KEPT:], season, horizon),  # type: ignore[misc]
            values,
            start,
            horizon,
        )
        for name in ("naive", "seasonal")
    }
    best = min(plain, key=lambda one: float(plain[one].mean()))
    wrong = np.array(off)
    low, high = block_interval(plain[best] - wrong, seed=seed)
    return Verdict(
        metric="mae",
        value=float(wrong.mean()),
        baseline={"naive": "no change", "seasonal": "a season before"}[best],
        baseline_value=float(plain[best].mean()),
        better=float((plain[best] - wrong).mean()),
        low=low,
        high=high,
        rows=len(ends),
        figures={"coverage_90": float(np.mean(inside)), "steps_ahead": float(horizon)},
    )


def even(ts: Ints, values: Floats, step: int) -> tuple[Ints, Floats]:
    """Rows as a series of whole steps (µs): the mean of each, the one before where there was none."""
    known = ~np.isnan(values)
    at, values = ts[known] // step, values[known]
    if not len(at):
        return np.empty(0, dtype=np.int64), np.empty(0)
    places = np.arange(at[0], at[-1] + 1)
    total = np.bincount(at - at[0], weights=values, minlength=len(places))
    many = np.bincount(at - at[0], minlength=len(places))
    last = np.maximum.accumulate(np.where(many > 0, np.arange(len(places)), 0))
    return places * step, (total / np.maximum(many, 1))[last]
