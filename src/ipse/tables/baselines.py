"""What any model must beat: saying what mostly is, what was, or what was a season ago."""

from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from ipse.tables.intervals import block_interval, calibration_error, coverage
from ipse.tables.models import Forecasts

__all__ = ["Verdict", "judge_classes", "judge_numbers", "no_change", "seasonal"]

Floats = NDArray[np.float64]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """A model beside its baseline on rows that neither had seen.

    ``better`` is by how much the model is better in ``metric`` with its 95 % interval; only where that lies
    above 0 it has ``earned`` its place, unless ``but`` says what is against it, such as too many alarms.
    ``figures`` are others, such as calibration and coverage.
    """

    metric: Literal["accuracy", "mae", "smape", "silhouette", "score", "found"]
    value: float
    baseline: str
    baseline_value: float
    better: float
    low: float
    high: float
    rows: int
    figures: dict[str, float] = {}
    but: str = ""

    @property
    def earned(self) -> bool:
        """Whether it is better than the baseline by its interval, and nothing is against it."""
        return self.low > 0 and not self.but


def judge_classes(said: Forecasts, y: Floats, *, baselines: dict[str, Floats], seed: int) -> Verdict:
    """By accuracy, beside the best of the baselines (name to what each says)."""
    right = (said.value == y).astype(np.float64)
    name, value, rights = max(
        (
            (name, float((each == y).mean()), (each == y).astype(np.float64))
            for name, each in baselines.items()
        ),
        key=lambda one: one[1],
    )
    low, high = block_interval(right - rights, seed=seed)
    assert said.chance is not None
    sure = said.chance.max(axis=1)
    known = np.clip(y.astype(np.intp), 0, said.chance.shape[1] - 1)
    chance = np.clip(said.chance[np.arange(len(y)), known], 1e-9, 1)
    return Verdict(
        metric="accuracy",
        value=float(right.mean()),
        baseline=name,
        baseline_value=value,
        better=float(right.mean()) - value,
        low=low,
        high=high,
        rows=len(y),
        figures={
            "calibration_error": calibration_error(sure, right.astype(bool)),
            "log_loss": float(-np.log(chance).mean()),
        },
    )


def judge_numbers(said: Forecasts, y: Floats, *, baselines: dict[str, Floats], seed: int) -> Verdict:
    """By mean absolute error, beside the best of the baselines."""
    off = np.abs(said.value - y)
    name, value, offs = min(
        ((name, float(np.abs(each - y).mean()), np.abs(each - y)) for name, each in baselines.items()),
        key=lambda one: one[1],
    )
    low, high = block_interval(offs - off, seed=seed)
    figures = {"rmse": float(np.sqrt((off**2).mean()))}
    if said.low is not None and said.high is not None:
        figures |= {
            "coverage_90": coverage(said.low, said.high, y),
            "width": float(np.mean(said.high - said.low)),
        }
    return Verdict(
        metric="mae",
        value=float(off.mean()),
        baseline=name,
        baseline_value=value,
        better=value - float(off.mean()),
        low=low,
        high=high,
        rows=len(y),
        figures=figures,
    )


def no_change(y: Floats, first: Floats, *, by: int = 1) -> Floats:
    """What was ``by`` rows before; ``first`` are those before the first row of ``y``."""
    return np.concatenate([first[len(first) - by :], y])[: len(y)]


def seasonal(values: Floats, season: int) -> Floats:
    """What was a season ago; NaN in the first season."""
    out = np.full(len(values), np.nan)
    out[season:] = values[: len(values) - season]
    return out
