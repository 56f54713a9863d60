"""A model that puts rows into groups, says how surely each belongs there, and why there.

It is judged on time it never saw: how well the groups are told apart (silhouette) beside those found in the
same columns shuffled, and whether two halves of the time give the same groups.
"""

from collections.abc import Mapping, Sequence
from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from ipse.errors import LearnerError
from ipse.tables.baselines import Verdict
from ipse.tables.clustering import group, grouped_apart
from ipse.tables.intervals import block_interval
from ipse.tables.models import Forecasts
from ipse.tables.persistence import dump_arrays, load_arrays

__all__ = ["GROUPS", "GroupModel", "judge_groups"]

Floats = NDArray[np.float64]

GROUPS = ("kmeans", "hdbscan")
AGAIN = 19  # groupings of other halves that vote on where a row belongs
LEAST_STABLE = 0.5
SEEN = 2000  # rows that the silhouette looks at


class _Facts(msgspec.Struct, frozen=True, kw_only=True):
    task: str = "clustering"
    algorithm: str = "kmeans"
    columns: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    many: int = 0
    seed: int = 7


class GroupModel:
    """Centres in standardized columns; ``many`` 0 takes the best number from 2 to 8."""

    def __init__(self, algorithm: str = "kmeans", *, many: int = 0, seed: int = 7) -> None:
        if algorithm not in GROUPS:
            raise LearnerError(
                f"There is no algorithm `{algorithm}` for clustering.",
                hint=f"There are: {', '.join(GROUPS)}.",
            )
        self._facts = _Facts(algorithm=algorithm, many=many, seed=seed)
        self._middle: Floats = np.empty(0)
        self._scale: Floats = np.empty(0)
        self._centres: Floats = np.empty((0, 0))
        self._others: Floats = np.empty((0, 0, 0))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it was fitted on."""
        return self._facts.columns

    @property
    def labels(self) -> tuple[str, ...]:
        """The groups, named by what they have more or less of than all."""
        return self._facts.labels

    def fit(self, x: Floats, columns: Sequence[str]) -> Self:
        """Find groups; raises ``LearnerError`` for fewer than 20 rows, or where there is one group only."""
        if len(x) < 20:
            raise LearnerError(f"{len(x)} rows are too few to group.", hint="Collect at least 20.")
        known = np.where(np.isnan(x).all(axis=0), 0.0, x)
        self._middle = np.nan_to_num(np.nanmean(known, axis=0))
        self._scale = np.maximum(np.nan_to_num(np.nanstd(known, axis=0)), 1e-9)
        z = self.scaled(x)
        labels = group(z, algorithm=self._facts.algorithm, many=self._facts.many, seed=self._facts.seed)
        self._centres = _centres(z, labels)
        if len(self._centres) < 2:
            raise LearnerError("All rows are of one group.", hint="Take other features, or `kmeans`.")
        self._others = self._grouped_again(z)
        names = tuple(
            f"{number + 1}: {_told(centre, columns)}" for number, centre in enumerate(self._centres)
        )
        self._facts = msgspec.structs.replace(self._facts, columns=tuple(columns), labels=names)
        return self

    def predict(self, x: Floats) -> Forecasts:
        """The group of each row; its chance is the share of groupings of other halves that agree."""
        z = self.scaled(x)
        value = _nearest(z, self._centres)
        votes = np.zeros((len(z), len(self._centres)))
        for centres in (self._centres, *self._others):
            votes[np.arange(len(z)), _nearest(z, centres)] += 1
        chance = (votes + 1 / len(self._centres)) / (1 + len(self._others) + 1)
        return Forecasts(value=value.astype(np.float64), chance=chance)

    def why(self, row: Floats, *, top: int = 3) -> list[tuple[str, float, float]]:
        """The columns by which a row is nearer to its group than to the next: squared distances, a sum."""
        z = self.scaled(row[None, :])[0]
        far = ((self._centres - z) ** 2).sum(axis=1)
        first, second = np.argsort(far, kind="stable")[:2]
        moves = (z - self._centres[second]) ** 2 - (z - self._centres[first]) ** 2
        order = np.argsort(-np.abs(moves), kind="stable")[:top]
        return [(self.columns[int(one)], float(row[one]), float(moves[one])) for one in order if moves[one]]

    def files(self) -> dict[str, bytes]:
        """The model as files by name."""
        held = {
            "middle": self._middle,
            "scale": self._scale,
            "centres": self._centres,
            "others": self._others,
        }
        return {"model.json": msgspec.json.encode(self._facts), "arrays.npz": dump_arrays(held)}

    @classmethod
    def load(cls, files: Mapping[str, bytes]) -> Self:
        """A model of its files; raises ``LearnerError``."""
        try:
            facts = msgspec.json.decode(files["model.json"], type=_Facts)
        except (KeyError, msgspec.DecodeError) as error:
            raise LearnerError("These are no files of a model.", hint="Train it again.") from error
        made, held = cls(facts.algorithm, many=facts.many, seed=facts.seed), load_arrays(files["arrays.npz"])
        made._facts = facts
        made._middle, made._scale = held["middle"], held["scale"]
        made._centres, made._others = held["centres"], held["others"]
        return made

    def scaled(self, x: Floats) -> Floats:
        """Rows as it sees them: standardized, gaps in the middle."""
        return np.nan_to_num((x - self._middle) / self._scale)

    def _grouped_again(self, z: Floats) -> Floats:
        """Centres found on random halves, in the order of those that they are nearest to."""
        rng, found = np.random.default_rng(self._facts.seed), []
        for turn in range(AGAIN):
            half = z[rng.permutation(len(z))[: len(z) // 2]]
            labels = group(half, algorithm="kmeans", many=len(self._centres), seed=self._facts.seed + turn)
            found.append(_matched(self._centres, _centres(half, labels)))
        return np.array(found)


def judge_groups(
    x: Floats, learned: NDArray[np.intp], judged: NDArray[np.intp], *, model: GroupModel, seed: int
) -> Verdict:
    """By silhouette on ``judged`` rows, beside the same columns shuffled; ``model`` knows ``learned``."""
    from sklearn.metrics import adjusted_rand_score

    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(judged, min(SEEN, len(judged)), replace=False))
    names, many = model.columns, len(model.labels)
    mixed = np.column_stack([rng.permutation(one) for one in x.T])
    chance = GroupModel(many=many, seed=seed).fit(mixed[learned], names)
    real = grouped_apart(model.scaled(x[rows]), model.predict(x[rows]).value)
    shuffled = grouped_apart(chance.scaled(mixed[rows]), chance.predict(mixed[rows]).value)
    halves = [GroupModel(many=many, seed=seed).fit(x[half], names) for half in np.array_split(learned, 2)]
    stable = float(adjusted_rand_score(*(one.predict(x[rows]).value for one in halves)))
    low, high = block_interval(real - shuffled.mean(), seed=seed)
    against = ""
    if stable <= LEAST_STABLE:
        against = (
            f"two halves of the time agree by {stable:.2g} (adjusted Rand), above {LEAST_STABLE} is needed"
        )
    return Verdict(
        metric="silhouette",
        value=float(real.mean()),
        baseline="shuffled columns",
        baseline_value=float(shuffled.mean()),
        better=float(real.mean() - shuffled.mean()),
        low=low,
        high=high,
        rows=len(rows),
        figures={"groups": float(many), "stability": stable},
        but=against,
    )


def _centres(z: Floats, labels: NDArray[np.int64]) -> Floats:
    return np.array([z[labels == one].mean(axis=0) for one in np.unique(labels) if one >= 0])


def _nearest(z: Floats, centres: Floats) -> NDArray[np.intp]:
    far = np.stack([((z - one) ** 2).sum(axis=1) for one in centres], axis=1)
    return np.asarray(far.argmin(axis=1), dtype=np.intp)


def _matched(centres: Floats, others: Floats) -> Floats:
    """Each of the others in the place of the centre that it stands for; where one is missing, the centre."""
    from scipy.optimize import linear_sum_assignment

    far = ((centres[:, None] - others[None]) ** 2).sum(axis=2)
    out = centres.copy()
    for place, other in zip(*linear_sum_assignment(far), strict=True):
        out[place] = others[other]
    return out


def _told(centre: Floats, columns: Sequence[str]) -> str:
    """The two columns that it differs in most from all rows."""
    order = [int(one) for one in np.argsort(-np.abs(centre), kind="stable")[:2] if abs(centre[one]) > 0.25]
    told = ", ".join(f"{'high' if centre[one] > 0 else 'low'} {columns[one]}" for one in order)
    return told or "as usual"
