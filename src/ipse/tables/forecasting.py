"""What comes next in a series: by its season, by Theta, by what many series have in common, or all three.

A series is an array of values at equal steps; ``season`` is its period in steps (1: none). Intervals are
conformal: as wide as it was wrong when it foretold the end of what it knows.
"""

from collections.abc import Callable, Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ipse.errors import LearnerError, MissingExtraError
from ipse.tables.intervals import conformal_radius

__all__ = [
    "FORECASTERS",
    "SharedForecaster",
    "forecast",
    "intervals",
    "seasonal_naive",
    "shifted_season",
    "smape",
    "theta",
]

Floats = NDArray[np.float64]
FORECASTERS = ("naive", "seasonal", "theta", "shared", "mixed", "statsforecast")
THETA_ROWS = 5  # seasons that Theta looks at, or 260 steps


def smape(said: Floats, y: Floats) -> float:
    """Symmetric mean absolute percentage error as M4 has it, 0 to 200."""
    below = np.abs(said) + np.abs(y)
    return float(200 * np.mean(np.where(below > 0, np.abs(said - y) / np.where(below > 0, below, 1), 0)))


def seasonal_naive(values: Floats, season: int, horizon: int) -> Floats:
    """What was a season ago; what was last where there was no season yet."""
    if season < 2 or len(values) < season:
        return np.repeat(values[-1:], horizon)
    return np.resize(values[-season:], horizon)


def shifted_season(values: Floats, season: int, horizon: int) -> Floats:
    """A season ago, at the level of today: the ratio of now to the same time then, where both are above 0."""
    if season < 2 or len(values) < season + 2:
        return np.repeat(values[-1:], horizon)
    then = float(values[-season - 1 : -season + 1].mean())
    before = seasonal_naive(values, season, horizon)
    now = float(values[-1])
    if min(then, now, float(before.min())) <= 0:
        return np.asarray(before + (now - then))
    return np.asarray(before * (now / then))


def theta(values: Floats, season: int, horizon: int) -> Floats:
    """Theta (Assimakopoulos, Nikolopoulos): half a line, half smoothing of twice its bends.

    Where a season is clearly there (its autocorrelation), it is divided out and put back.
    """
    recent: Floats = values[-max(260, THETA_ROWS * season) :]
    factors = _factors(recent, season)
    flat = recent / np.resize(factors, len(recent))
    steps = np.arange(len(flat), dtype=np.float64)
    slope, start = map(float, np.polyfit(steps, flat, 1)) if len(flat) > 1 else (0.0, float(flat[-1]))
    level = _smoothed(2 * flat - (start + slope * steps))
    ahead = np.arange(len(flat), len(flat) + horizon)
    turned = np.resize(np.roll(factors, -(len(recent) % len(factors))), horizon)
    return np.asarray((0.5 * level + 0.5 * (start + slope * ahead)) * turned)


def _factors(values: Floats, season: int) -> Floats:
    """Multiplicative seasonal factors from the first value on; one of 1 where there is no clear season."""
    none = np.ones(1)
    if season < 2 or season > 24 or len(values) < 3 * season or values.min() <= 0:
        return none
    off = values - values.mean()
    total = float(off @ off)
    if total <= 0:
        return none
    found = np.array([float(off[k:] @ off[:-k]) / total for k in range(1, season + 1)])
    limit = 1.645 * np.sqrt((1 + 2 * np.sum(found[:-1] ** 2)) / len(values))
    if abs(found[-1]) <= limit:
        return none
    kernel = np.ones(season) / season if season % 2 else np.r_[0.5, np.ones(season - 1), 0.5] / season
    trend = np.convolve(values, kernel, mode="valid")
    first = (len(kernel) - 1) // 2
    ratio = values[first : first + len(trend)] / trend
    where = (np.arange(len(ratio)) + first) % season
    factors = np.array([np.median(ratio[where == one]) for one in range(season)])
    return np.asarray(factors * season / factors.sum())


def _smoothed(values: Floats) -> float:
    """The last level of simple exponential smoothing, with the rate that foretold the past best."""
    best, least = float(values[-1]), np.inf
    for rate in (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.999):
        level, wrong = float(values[0]), 0.0
        for each in values[1:].tolist():
            off = each - level
            wrong += off * off
            level += rate * off
        if wrong < least:
            best, least = level, wrong
    return best


class SharedForecaster:
    """One linear model for many series (or many moments of one): ratios to today, by their own liveliness.

    What it sees of a series: the last ``season + 1`` ratios to the last value, and how it went on from the
    same place in each of three seasons before. ``alpha`` is how much it is held back (ridge).
    """

    def __init__(
        self, season: int, horizon: int, *, alpha: float = 1000.0, step: int = 4, most: int = 400
    ) -> None:
        self.season, self.horizon, self.alpha = max(season, 2), horizon, alpha
        self._step, self._most = step, most
        self.weights_: Floats = np.empty((0, 0))

    def fit(self, series: Sequence[Floats]) -> Self:
        """Learn from all moments of all series that have a future; raises ``LearnerError`` for none."""
        rows, ahead = [], []
        for values in series:
            logs = _logs(values)
            last = len(values) - self.horizon
            for end in range(last, max(self.season + 1, last - self._most), -self._step):
                seen, lively = self._seen(logs, end)
                rows.append(seen)
                ahead.append(np.clip((logs[end : end + self.horizon] - logs[end - 1]) / lively, -30, 30))
        if len(rows) < self.horizon:
            raise LearnerError(
                f"The series are too short to foretell {self.horizon} steps.",
                hint=f"{self.season + 1 + self.horizon} steps are needed.",
            )
        x, y = np.array(rows), np.array(ahead)
        self.weights_ = np.linalg.solve(x.T @ x + self.alpha * np.eye(x.shape[1]), x.T @ y)
        return self

    def predict(self, values: Floats) -> Floats:
        """The next ``horizon`` values of a series."""
        logs = _logs(values)
        seen, lively = self._seen(logs, len(logs))
        return np.asarray(np.exp(np.clip(logs[-1] + (seen @ self.weights_) * lively, -700, 700)))

    def _seen(self, logs: Floats, end: int) -> tuple[Floats, float]:
        width = self.season + 1
        past = logs[max(0, end - width) : end]
        past = np.concatenate([np.full(width - len(past), past[0]), past])
        lively = float(np.std(np.diff(past))) + 1e-4
        parts = [past[:-1] - past[-1]]
        for back in (1, 2, 3):
            start = end - back * self.season
            known = start >= 1 and start + self.horizon <= end
            parts.append(
                logs[start : start + self.horizon] - logs[start - 1] if known else np.zeros(self.horizon)
            )
        return np.clip(np.concatenate(parts) / lively, -30, 30), lively


def _logs(values: Floats) -> Floats:
    return np.log(np.maximum(values, 1e-6))


def forecast(
    method: str, values: Floats, season: int, horizon: int, shared: SharedForecaster | None = None
) -> Floats:
    """The next values by the method of that name; raises ``LearnerError``.

    ``mixed`` is the mean of the shifted season, Theta and the shared model. The shared model is fitted on the
    series itself where none is handed in; series that reach below 0 have none.
    """
    if method not in FORECASTERS:
        raise LearnerError(
            f"There is no forecaster `{method}`.", hint=f"There are: {', '.join(FORECASTERS)}."
        )
    if method == "naive":
        return np.repeat(values[-1:], horizon)
    if method == "seasonal":
        return seasonal_naive(values, season, horizon)
    if method == "theta":
        return theta(values, season, horizon)
    if method == "statsforecast":
        return _statsforecast(values, season, horizon)
    if method == "shared":
        return (shared or SharedForecaster(season, horizon).fit([values])).predict(values)
    parts = [shifted_season(values, season, horizon), theta(values, season, horizon)]
    if shared is not None or (values.min() > 0 and len(values) > 4 * max(season, 2) + 2 * horizon):
        parts.append((shared or SharedForecaster(season, horizon).fit([values])).predict(values))
    return np.asarray(np.mean(parts, axis=0))


def intervals(
    method: Callable[[Floats], Floats], values: Floats, horizon: int, *, level: float = 0.9, origins: int = 40
) -> Floats:
    """How wide to each side, for each step ahead: conformal, from forecasts of the past; inf: unknown."""
    least = max(2 * horizon, len(values) // 3)
    ends = np.unique(np.linspace(least, len(values) - 1, origins).astype(int))
    wrong: list[list[float]] = [[] for _ in range(horizon)]
    for end in ends[ends >= 2]:
        said = method(values[:end])
        for step, (each, was) in enumerate(zip(said, values[end : end + horizon], strict=False)):
            wrong[step].append(abs(float(each - was)))
    radius = np.array([conformal_radius(np.array(one), level) for one in wrong])
    return np.maximum.accumulate(radius)


def _statsforecast(values: Floats, season: int, horizon: int) -> Floats:
    try:
        from statsforecast.models import AutoETS
    except ImportError:
        raise MissingExtraError(
            "statsforecast is not installed.", hint="pip install 'ipse[forecast]', or use `mixed`."
        ) from None
    return np.asarray(AutoETS(season_length=season).forecast(values, horizon)["mean"], dtype=np.float64)
