"""What comes first, learned from pairs of which one was more urgent (Bradley and Terry)."""

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ipse.errors import LearnerError

__all__ = ["PairwiseRanker"]

Floats = NDArray[np.float64]
Pair = tuple[int, int]


class PairwiseRanker:
    """A weight a column, from pairs of rows whose first came first; logistic, held back by ``alpha``."""

    def __init__(self, *, alpha: float = 1.0) -> None:
        self.alpha = alpha
        self.weights_: Floats = np.empty(0)
        self._middle: Floats = np.empty(0)
        self._scale: Floats = np.empty(0)

    def fit(self, x: Floats, pairs: Sequence[Pair]) -> Self:
        """Learn from pairs of row numbers; raises ``LearnerError`` for none."""
        if not pairs:
            raise LearnerError(
                "There are no decisions to learn an order from.", hint="Say which of two comes first."
            )
        self._middle = np.nan_to_num(np.nanmean(np.where(np.isnan(x).all(axis=0), 0.0, x), axis=0))
        self._scale = np.maximum(
            np.nan_to_num(np.nanstd(np.where(np.isnan(x).all(axis=0), 0.0, x), axis=0)), 1e-9
        )
        z = self._scaled(x)
        first, second = np.array(pairs).T
        off = z[first] - z[second]
        weights = np.zeros(x.shape[1])
        for _ in range(100):  # Newton; the loss is convex
            chance = 1 / (1 + np.exp(-np.clip(off @ weights, -50, 50)))
            slope = off.T @ (chance - 1) + self.alpha * weights
            bend = (off * (chance * (1 - chance))[:, None]).T @ off + self.alpha * np.eye(len(weights))
            step = np.linalg.solve(bend, slope)
            weights = weights - step
            if float(np.abs(step).max(initial=0)) < 1e-9:
                break
        self.weights_ = weights
        return self

    def score(self, x: Floats) -> Floats:
        """How urgent each row is; only the order, and differences of it, mean something."""
        return np.asarray(self._scaled(x) @ self.weights_)

    def parts(self, x: Floats) -> Floats:
        """What each column adds to the score of each row; of its shape."""
        return np.asarray(self._scaled(x) * self.weights_)

    def arrays(self) -> dict[str, Floats]:
        """What it learned."""
        return {"weights": self.weights_, "middle": self._middle, "scale": self._scale}

    def restore(self, arrays: Mapping[str, Floats]) -> Self:
        """Be what :meth:`arrays` gave."""
        self.weights_, self._middle, self._scale = arrays["weights"], arrays["middle"], arrays["scale"]
        return self

    def chance(self, x: Floats, pairs: Sequence[Pair]) -> Floats:
        """How likely the first of each pair comes first."""
        scores = self.score(x)
        first, second = np.array(pairs).T
        return np.asarray(1 / (1 + np.exp(scores[second] - scores[first])))

    def _scaled(self, x: Floats) -> Floats:
        return np.nan_to_num((x - self._middle) / self._scale)
