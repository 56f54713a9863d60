"""Groups of rows that are alike, how well they are told apart, and whether they would be found again."""

from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from ipse.errors import LearnerError

__all__ = ["Clusters", "cluster", "group", "grouped_apart"]

Floats = NDArray[np.float64]
SEEN = 5000  # rows that the silhouette looks at
AGAIN = 5  # times that it is tried on other halves


class Clusters(msgspec.Struct, frozen=True, kw_only=True):
    """``labels`` by row (-1: in none). ``silhouette`` is from -1 to 1, beside that of shuffled columns.

    ``stability`` is how alike two groupings are that were found on halves of the rows (adjusted Rand index:
    0 by chance, 1 the same).
    """

    labels: NDArray[np.int64]
    many: int
    silhouette: float
    shuffled: float
    stability: float

    @property
    def earned(self) -> bool:
        """Whether the groups are more than chance makes of the same columns."""
        return self.silhouette > self.shuffled and self.stability > 0.5


def cluster(
    x: Floats, *, algorithm: Literal["kmeans", "hdbscan"] = "kmeans", many: int = 0, seed: int = 7
) -> Clusters:
    """Group rows; ``many`` 0 takes the best number from 2 to 8. Raises ``LearnerError``."""
    from sklearn.metrics import adjusted_rand_score
    from sklearn.preprocessing import StandardScaler

    if len(x) < 20:
        raise LearnerError(f"{len(x)} rows are too few to group.", hint="Collect at least 20.")
    z = np.nan_to_num(StandardScaler().fit_transform(x))
    tried = [many] if many or algorithm == "hdbscan" else list(range(2, 9))
    found = [(_silhouette(z, labels), labels) for labels in (_labels(z, algorithm, k, seed) for k in tried)]
    best, labels = max(found, key=lambda one: one[0])
    groups = len(set(labels.tolist()) - {-1})
    rng = np.random.default_rng(seed)
    mixed = np.column_stack([rng.permutation(one) for one in z.T])
    again = []
    for turn in range(AGAIN):
        halves = np.array_split(rng.permutation(len(z)), 2)
        both = [_assigned(z, half, _labels(z[half], algorithm, groups, seed + turn)) for half in halves]
        again.append(float(adjusted_rand_score(*both)))
    return Clusters(
        labels=labels,
        many=groups,
        silhouette=best,
        shuffled=_silhouette(mixed, _labels(mixed, algorithm, groups, seed)),
        stability=float(np.mean(again)),
    )


def group(z: Floats, *, algorithm: str, many: int, seed: int) -> NDArray[np.int64]:
    """The group of each standardized row (-1: none); ``many`` 0 takes the best number from 2 to 8."""
    tried = [many] if many or algorithm == "hdbscan" else list(range(2, 9))
    found = [_labels(z, algorithm, k, seed) for k in tried]
    return max(found, key=lambda one: _silhouette(z, one)) if len(found) > 1 else found[0]


def grouped_apart(z: Floats, labels: Floats) -> Floats:
    """The silhouette of each row; 0 of all where they are of one group."""
    from sklearn.metrics import silhouette_samples

    if not 1 < len(np.unique(labels)) < len(labels):
        return np.zeros(len(labels))
    return np.asarray(silhouette_samples(z, labels), dtype=np.float64)


def _labels(z: Floats, algorithm: str, many: int, seed: int) -> NDArray[np.int64]:
    made: Any
    if algorithm == "hdbscan":
        from sklearn.cluster import HDBSCAN

        made = HDBSCAN(min_cluster_size=max(5, len(z) // 50), copy=True)
    elif algorithm == "kmeans":
        from sklearn.cluster import MiniBatchKMeans

        made = MiniBatchKMeans(n_clusters=max(2, many), random_state=seed, n_init=5, batch_size=1024)
    else:
        raise LearnerError(
            f"There is no algorithm `{algorithm}` for clustering.", hint="There are: kmeans, hdbscan."
        )
    return np.asarray(made.fit_predict(z), dtype=np.int64)


def _silhouette(z: Floats, labels: NDArray[np.int64]) -> float:
    from sklearn.metrics import silhouette_score

    told = labels >= 0
    if len(np.unique(labels[told])) < 2 or told.sum() <= len(np.unique(labels[told])):
        return -1.0
    size = min(SEEN, int(told.sum()))
    return float(silhouette_score(z[told], labels[told], sample_size=size, random_state=0))


def _assigned(z: Floats, rows: NDArray[np.int64], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Every row to the nearest centre that was found on some."""
    known = [one for one in np.unique(labels) if one >= 0]
    if not known:
        return np.zeros(len(z), dtype=np.int64)
    centres = np.array([z[rows[labels == one]].mean(axis=0) for one in known])
    return np.asarray(((z[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1), dtype=np.int64)
