"""Anomalies in many metrics at once, learned from rows in order: PCA (T² and Q), and isolation trees.

Each says what is anomalous and why: which columns. A score of 1 is the limit that a share ``rate`` of
held-out rows of the training time exceeds, so scores of all methods can be told together.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ipse.errors import LearnerError, MissingExtraError
from ipse.tables.persistence import dump, dump_arrays, load, load_arrays
from ipse.tables.splitting import LEAST_ROWS

__all__ = ["MANY", "ManyMetrics"]

Floats = NDArray[np.float64]
MANY = ("pca", "isolation", "pyod")
KEPT = 0.9  # of the variance


class ManyMetrics:
    """Fitted on rows in order of time; the last fifth of them sets the limit.

    No column is taken to vary by less than ``least``: one that never moved would make any move immense.
    """

    def __init__(
        self, algorithm: str = "pca", *, rate: float = 0.01, least: float = 1e-9, seed: int = 7
    ) -> None:
        if algorithm not in MANY:
            raise LearnerError(
                f"There is no algorithm `{algorithm}` for anomalies.", hint=f"There are: {', '.join(MANY)}."
            )
        self.algorithm, self.rate, self.least, self.seed = algorithm, rate, least, seed
        self.columns_: tuple[str, ...] = ()
        self._middle: Floats = np.empty(0)
        self._scale: Floats = np.empty(0)
        self._model: Any = None
        self._axes: Floats = np.empty((0, 0))
        self._spread: Floats = np.empty(0)
        self._limit = (1.0, 1.0)

    def fit(self, x: Floats, columns: Sequence[str]) -> Self:
        """Learn what is usual; raises ``LearnerError`` for too few rows."""
        if len(x) < 3 * LEAST_ROWS:
            raise LearnerError(
                f"{len(x)} rows are too few to know what is usual.", hint=f"Collect {3 * LEAST_ROWS}."
            )
        self.columns_ = tuple(columns)
        self._middle = np.nan_to_num(np.nanmedian(np.where(np.isnan(x).all(axis=0), 0.0, x), axis=0))
        self._scale = np.maximum(
            np.nan_to_num(np.nanstd(np.where(np.isnan(x).all(axis=0), 0.0, x), axis=0)), self.least
        )
        z = self._scaled(x)
        first = round(len(z) * 0.8)
        self._learn(z[:first])
        parts = self._raw(z[first:])
        self._limit = tuple(max(float(np.quantile(each, 1 - self.rate)), 1e-12) for each in parts)  # type: ignore[assignment]
        return self

    def files(self) -> dict[str, bytes]:
        """What it learned, by name; raises ``LearnerError`` for PyOD, whose models no safe format holds."""
        if self.algorithm == "pyod":
            raise LearnerError("A detector of PyOD cannot be kept.", hint="Use `pca` or `isolation`.")
        arrays = {
            "middle": self._middle,
            "scale": self._scale,
            "axes": self._axes,
            "spread": self._spread,
            "limit": np.array(self._limit),
        }
        trees = {"trees.skops": dump(self._model)} if self._model is not None else {}
        return {"arrays.npz": dump_arrays(arrays), **trees}

    def restore(self, files: Mapping[str, bytes], columns: Sequence[str]) -> Self:
        """Be what :meth:`files` gave; raises ``LearnerError``."""
        held = load_arrays(files["arrays.npz"])
        self.columns_ = tuple(columns)
        self._middle, self._scale = held["middle"], held["scale"]
        self._axes, self._spread = held["axes"], held["spread"]
        first, second = held["limit"].tolist()
        self._limit = (first, second)
        self._model = load(files["trees.skops"]) if "trees.skops" in files else None
        return self

    def score(self, x: Floats) -> Floats:
        """How anomalous each row is; from 1 on it is an anomaly."""
        found = self._raw(self._scaled(x))
        return np.asarray(
            np.max([each / limit for each, limit in zip(found, self._limit, strict=True)], axis=0)
        )

    def why(self, x: Floats) -> list[list[tuple[str, float]]]:
        """The columns of each row by their share in what is unusual of it, largest first."""
        z = self._scaled(x)
        part = (
            z**2 if self.algorithm != "pca" else (z - z @ self._axes.T @ self._axes) ** 2 + self._in_plane(z)
        )
        total = np.maximum(part.sum(axis=1, keepdims=True), 1e-12)
        shares = part / total
        return [
            [(self.columns_[int(one)], float(row[one])) for one in np.argsort(-row, kind="stable")]
            for row in shares
        ]

    def _scaled(self, x: Floats) -> Floats:
        return np.nan_to_num((x - self._middle) / self._scale)

    def _learn(self, z: Floats) -> None:
        if self.algorithm == "pca":
            centred = z - z.mean(axis=0)
            _, spread, axes = np.linalg.svd(centred, full_matrices=False)
            variance = spread**2 / max(len(z) - 1, 1)
            keep = int(np.searchsorted(np.cumsum(variance) / max(variance.sum(), 1e-12), KEPT)) + 1
            self._axes, self._spread = axes[:keep], np.maximum(variance[:keep], 1e-9)
            return
        if self.algorithm == "isolation":
            from sklearn.ensemble import IsolationForest

            self._model = IsolationForest(n_estimators=200, random_state=self.seed).fit(z)
            return
        try:
            from pyod.models.ecod import ECOD
        except ImportError:
            raise MissingExtraError("PyOD is not installed.", hint="pip install 'ipse[pyod]'") from None
        self._model = ECOD().fit(z)

    def _raw(self, z: Floats) -> tuple[Floats, Floats]:
        """Two statistics, each the larger the stranger."""
        if self.algorithm == "pca":
            scores = z @ self._axes.T
            return (scores**2 / self._spread).sum(axis=1), ((z - scores @ self._axes) ** 2).sum(axis=1)
        if self.algorithm == "isolation":
            found = -np.asarray(self._model.score_samples(z), dtype=np.float64)
        else:
            found = np.asarray(self._model.decision_function(z), dtype=np.float64)
        return found, found

    def _in_plane(self, z: Floats) -> Floats:
        """What each column adds to T² (contributions after Nomikos)."""
        scores = z @ self._axes.T
        parts: Floats = np.abs((scores / self._spread) @ self._axes * z)
        return parts
