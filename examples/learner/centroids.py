"""A learner of one's own: each class is the mean of its rows. In your package's pyproject.toml::

    [project.entry-points."ipse.estimators"]
    centroids = "my_package:Centroids"

Then `ipse learn table.csv --target column --algorithm centroids`; in your tests: `check_learner(Centroids)`.
"""

from typing import Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Centroids"]


class Centroids:
    """scikit-learn's contract: `fit` returns self, what is learned ends in `_`, no row is kept."""

    def fit(self, x: NDArray[np.float64], y: NDArray[np.intp]) -> Self:
        """Remember the usual size of each column and the middle of each class."""
        self.scale_ = np.maximum(np.nanstd(x, axis=0), 1e-9)
        self.classes_ = np.unique(y)
        self.middles_ = np.array([np.nanmean(x[y == one], axis=0) for one in self.classes_])
        return self

    def predict(self, x: NDArray[np.float64]) -> NDArray[np.intp]:
        """The class whose middle is nearest; a missing value counts nothing."""
        apart = (x[:, None] - self.middles_) / self.scale_
        return np.asarray(self.classes_[np.nansum(apart**2, axis=2).argmin(axis=1)])
