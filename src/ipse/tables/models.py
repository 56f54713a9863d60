"""A model of a table: what it foretells, how sure it is, what it is held against, and its files.

Classes are whole numbers from 0; ``labels`` are what they are called. Nothing of the rows is kept.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from ipse.errors import LearnerError
from ipse.tables import persistence
from ipse.tables.estimators import Task, estimator
from ipse.tables.intervals import conformal_radius, temperature
from ipse.tables.splitting import time_split

__all__ = ["LEVEL", "Forecasts", "TableModel"]

Floats = NDArray[np.float64]
LEVEL = 0.9


class Forecasts(msgspec.Struct, frozen=True, kw_only=True):
    """What a model says of some rows: ``value`` is a number or the index of a class.

    ``chance`` is how likely each class is, shape ``(rows, classes)``; ``low`` and ``high`` are the ends of
    the interval of a number.
    """

    value: Floats
    chance: Floats | None = None
    low: Floats | None = None
    high: Floats | None = None


class _Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What stands beside the estimators in a model's files."""

    task: Task
    algorithm: str
    columns: tuple[str, ...]
    labels: tuple[str, ...] = ()
    seed: int = 7
    log: bool = False
    level: float = LEVEL
    temperature: float = 1.0
    radius: float = 0.0
    params: dict[str, object] = {}


class TableModel:
    """Classification or regression by one algorithm, with calibrated uncertainty.

    The last fifth of what it is given, by time, tells how sure it may be; then it learns from all of it.
    """

    def __init__(
        self,
        task: Task,
        algorithm: str = "boosting",
        *,
        seed: int = 7,
        params: Mapping[str, object] | None = None,
        plugins: Mapping[str, type] | None = None,
    ) -> None:
        self._facts = _Facts(task=task, algorithm=algorithm, columns=(), seed=seed, params=dict(params or {}))
        self._plugins = dict(plugins or {})
        self._point: Any = None
        self._ends: tuple[Any, Any] | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it was fitted on."""
        return self._facts.columns

    @property
    def labels(self) -> tuple[str, ...]:
        """What the classes are called."""
        return self._facts.labels

    def fit(
        self,
        x: Floats,
        y: Floats,
        *,
        times: NDArray[np.int64],
        columns: Sequence[str],
        labels: Sequence[str] = (),
        embargo: int = 0,
    ) -> Self:
        """Learn from rows; ``times`` and ``embargo`` in µs. Raises ``LearnerError`` for one class alone."""
        classes = self._facts.task == "classification"
        if classes and len(np.unique(y)) < 2:
            raise LearnerError("All rows are of one class.", hint="Collect or label something else too.")
        log = not classes and bool(len(y) and y.min() >= 0 and _skewed(y))
        self._facts = msgspec.structs.replace(
            self._facts, columns=tuple(columns), labels=tuple(labels), log=log
        )
        learned, judged = time_split(times, embargo=embargo)
        try:
            if classes:
                self._calibrate_classes(x, y, learned, judged)
            else:
                self._calibrate_interval(x, y, learned, judged)
            self._point = self._fitted(x, y)
        except ValueError as error:
            raise LearnerError(
                f"{self._facts.algorithm}: {error}", hint="Choose another algorithm."
            ) from error
        return self

    def predict(self, x: Floats, *, widen: Floats | float = 1.0) -> Forecasts:
        """What it says of rows of the same columns; raises ``LearnerError`` for others.

        ``widen`` is what to stretch intervals by, row by row.
        """
        if x.shape[1] != len(self._facts.columns):
            raise LearnerError(
                f"The model knows {len(self._facts.columns)} columns, not {x.shape[1]}.",
                hint="Compute the features with the definition it was trained with.",
            )
        if self._facts.task == "classification":
            logits = self._logits(self._point, x) / self._facts.temperature
            shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
            chance = shifted / shifted.sum(axis=1, keepdims=True)
            return Forecasts(value=chance.argmax(axis=1).astype(np.float64), chance=chance)
        middle, low, high = self._interval(x)
        ends = (self._back(middle - widen * (middle - low)), self._back(middle + widen * (high - middle)))
        return Forecasts(value=self._back(middle), low=ends[0], high=ends[1])

    def needed(self, x: Floats, y: Floats) -> Floats:
        """What intervals of rows would have to be stretched by to hold what was so; NaN where that is."""
        middle, low, high = self._interval(x)
        off = self._forth(y) - middle
        return np.abs(off) / np.maximum(np.where(off < 0, middle - low, high - middle), 1e-12)

    def files(self) -> dict[str, bytes]:
        """The model as files by name."""
        ends = {
            f"{name}.skops": persistence.dump(one)
            for name, one in zip(("low", "high"), self._ends or (), strict=False)
        }
        return {
            "model.json": msgspec.json.encode(self._facts),
            "model.skops": persistence.dump(self._point),
            **ends,
        }

    @classmethod
    def load(cls, files: Mapping[str, bytes], *, plugins: Mapping[str, type] | None = None) -> Self:
        """A model of its files; raises ``LearnerError``."""
        try:
            facts = msgspec.json.decode(files["model.json"], type=_Facts)
        except (KeyError, msgspec.DecodeError, json.JSONDecodeError) as error:
            raise LearnerError("These are no files of a model.", hint="Train it again.") from error
        made = cls(facts.task, facts.algorithm, seed=facts.seed, params=facts.params, plugins=plugins)
        trusted = {f"{one.__module__}.{one.__qualname__}" for one in made._plugins.values()}
        made._facts = facts
        made._point = persistence.load(files["model.skops"], plugins=trusted)
        if "low.skops" in files:
            low, high = (persistence.load(files[f"{one}.skops"], plugins=trusted) for one in ("low", "high"))
            made._ends = low, high
        return made

    def onnx(self) -> bytes:
        """The point model for other runtimes; raises ``LearnerError`` where it does not convert."""
        return persistence.to_onnx(self._point, len(self._facts.columns))

    def _fitted(self, x: Floats, y: Floats, **more: object) -> Any:  # noqa: ANN401 - an estimator
        facts = self._facts
        made = estimator(
            facts.task, facts.algorithm, seed=facts.seed, plugins=self._plugins, **(facts.params | more)
        )
        target = y.astype(np.intp) if facts.task == "classification" else self._forth(y)
        made.fit(x, target)
        return made

    def _calibrate_classes(
        self, x: Floats, y: Floats, learned: NDArray[np.intp], judged: NDArray[np.intp]
    ) -> None:
        if len(np.unique(y[learned])) < 2:
            return
        early = self._fitted(x[learned], y[learned])
        known = np.isin(y[judged], np.asarray(early.classes_))
        logits = self._logits(early, x[judged][known])
        found = temperature(logits, y[judged][known].astype(np.intp)) if known.any() else 1.0
        self._facts = msgspec.structs.replace(self._facts, temperature=found)

    def _logits(self, model: Any, x: Floats) -> Floats:  # noqa: ANN401
        """Logarithms of chances over all classes, those that the model never met far down."""
        width = max(len(self._facts.labels), int(max(model.classes_)) + 1)
        out = np.full((len(x), width), np.log(1e-9))
        if hasattr(model, "predict_proba"):
            found = np.log(np.clip(np.asarray(model.predict_proba(x)), 1e-9, 1))
        else:
            found = np.log(np.where(np.asarray(model.predict(x))[:, None] == model.classes_, 0.98, 0.02))
        out[:, np.asarray(model.classes_, dtype=np.intp)] = found
        return out

    def _calibrate_interval(
        self, x: Floats, y: Floats, learned: NDArray[np.intp], judged: NDArray[np.intp]
    ) -> None:
        """Conformalized quantile regression (Romano et al.) for boosting; else residuals of one size."""
        level = self._facts.level
        if self._facts.algorithm != "boosting":
            early = self._fitted(x[learned], y[learned])
            off = np.abs(self._forth(y[judged]) - self._numbers(early, x[judged]))
            self._facts = msgspec.structs.replace(self._facts, radius=conformal_radius(off, level))
            return
        low, high = ((1 - level) / 2, (1 + level) / 2)
        ends = [self._quantile(x[learned], y[learned], each) for each in (low, high)]
        below, above = (self._numbers(one, x[judged]) for one in ends)
        target = self._forth(y[judged])
        radius = conformal_radius(np.maximum(below - target, target - above), level)
        self._facts = msgspec.structs.replace(self._facts, radius=radius)
        self._ends = self._quantile(x, y, low), self._quantile(x, y, high)

    def _quantile(self, x: Floats, y: Floats, share: float) -> Any:  # noqa: ANN401
        return self._fitted(x, y, loss="quantile", quantile=share, max_iter=200)

    def _interval(self, x: Floats) -> tuple[Floats, Floats, Floats]:
        """The middle and both ends, as it computes with them (a logarithm, where that is less lopsided)."""
        middle, radius = self._numbers(self._point, x), self._facts.radius
        if self._ends is None:
            return middle, middle - radius, middle + radius
        low, high = (self._numbers(one, x) for one in self._ends)
        return middle, np.minimum(low - radius, middle), np.maximum(high + radius, middle)

    @staticmethod
    def _numbers(model: Any, x: Floats) -> Floats:  # noqa: ANN401
        return np.asarray(model.predict(x), dtype=np.float64)

    def _forth(self, y: Floats) -> Floats:
        return np.log1p(y) if self._facts.log else y

    def _back(self, y: Floats) -> Floats:
        return np.maximum(np.expm1(np.minimum(y, 700)), 0) if self._facts.log else y


def _skewed(y: Floats) -> bool:
    """Whether a logarithm makes it less lopsided: a long tail above, such as counts and sizes have."""
    spread = y.std()
    return bool(spread > 0 and np.mean(((y - y.mean()) / spread) ** 3) > 1)
