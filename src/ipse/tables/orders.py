"""A model of what comes first, learned from decisions between two, and judged by later decisions.

Beside it stand the plainest orders: what came first stays first, and what came last.
"""

from collections.abc import Mapping, Sequence
from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from ipse.errors import DatasetError, LearnerError
from ipse.tables.baselines import Verdict
from ipse.tables.intervals import block_interval, calibration_error, temperature
from ipse.tables.persistence import dump_arrays, load_arrays
from ipse.tables.ranking import PairwiseRanker

__all__ = ["JUDGED", "LEAST_PAIRS", "OrderModel", "Pairs", "judge_orders", "misordered"]

Floats = NDArray[np.float64]

LEAST_PAIRS = 50  # decisions: 30 to learn from and 20 to judge by
JUDGED = 0.4


class Pairs(msgspec.Struct, frozen=True, kw_only=True):
    """Decisions in order of time: a row of ``better`` and of ``worse`` each, as they were known then."""

    better: Floats
    worse: Floats

    def __len__(self) -> int:
        """How many."""
        return len(self.better)

    def take(self, rows: slice) -> "Pairs":
        """Some of them."""
        return Pairs(better=self.better[rows], worse=self.worse[rows])


class _Facts(msgspec.Struct, frozen=True, kw_only=True):
    task: str = "ranking"
    algorithm: str = "pairwise"
    columns: tuple[str, ...] = ()
    temperature: float = 1.0


class OrderModel:
    """Pairwise logistic ranking; how sure it may be is set by its last decisions."""

    def __init__(self) -> None:
        self._facts = _Facts()
        self._ranker = PairwiseRanker()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it was fitted on."""
        return self._facts.columns

    def fit(self, pairs: Pairs, columns: Sequence[str]) -> Self:
        """Learn from decisions; raises ``LearnerError`` for none."""
        first = max(1, round(len(pairs) * 0.8))
        early = _ranker(pairs.take(slice(None, first)))
        late = pairs.take(slice(first, None))
        hot = 1.0
        if len(late) >= 5:
            gap = early.score(late.better) - early.score(late.worse)
            logits = np.column_stack([gap / 2, -gap / 2])
            hot = temperature(logits, np.zeros(len(gap), dtype=np.intp))
        self._ranker = _ranker(pairs)
        self._facts = _Facts(columns=tuple(columns), temperature=hot)
        return self

    def score(self, x: Floats) -> Floats:
        """How urgent each row is."""
        return self._ranker.score(x)

    def chance(self, gap: Floats) -> Floats:
        """How likely what scores so much higher comes first."""
        return np.asarray(1 / (1 + np.exp(-np.clip(gap / self._facts.temperature, -50, 50))))

    def why(self, row: Floats, *, top: int = 3) -> list[tuple[str, float, float]]:
        """The columns by what each adds to the score of a row, beside a usual one."""
        parts = self._ranker.parts(row[None, :])[0]
        order = np.argsort(-np.abs(parts), kind="stable")[:top]
        return [(self.columns[int(one)], float(row[one]), float(parts[one])) for one in order if parts[one]]

    def files(self) -> dict[str, bytes]:
        """The model as files by name."""
        return {
            "model.json": msgspec.json.encode(self._facts),
            "arrays.npz": dump_arrays(self._ranker.arrays()),
        }

    @classmethod
    def load(cls, files: Mapping[str, bytes]) -> Self:
        """A model of its files; raises ``LearnerError``."""
        try:
            facts = msgspec.json.decode(files["model.json"], type=_Facts)
        except (KeyError, msgspec.DecodeError) as error:
            raise LearnerError("These are no files of a model.", hint="Train it again.") from error
        made = cls()
        made._facts = facts
        made._ranker = PairwiseRanker().restore(load_arrays(files["arrays.npz"]))
        return made


def misordered(model: OrderModel, pairs: Pairs) -> Floats:
    """How wrong at each decision: 1 for the other way round, a half where it cannot tell."""
    gap = model.score(pairs.better) - model.score(pairs.worse)
    return np.asarray((gap < 0) + 0.5 * (gap == 0))


def judge_orders(pairs: Pairs, columns: Sequence[str], *, age: int, seed: int) -> Verdict:
    """By the share of later decisions that are ordered rightly; ``age`` is the column of how old a row is.

    Raises ``DatasetError`` for too few decisions.
    """
    if len(pairs) < LEAST_PAIRS:
        raise DatasetError(
            f"There are {len(pairs)} decisions to learn an order from.", hint=f"Give {LEAST_PAIRS}."
        )
    first = round(len(pairs) * (1 - JUDGED))
    model = OrderModel().fit(pairs.take(slice(None, first)), columns)
    late = pairs.take(slice(first, None))
    gap = model.score(late.better) - model.score(late.worse)
    right = (gap > 0) + 0.5 * (gap == 0)
    older = np.sign(late.better[:, age] - late.worse[:, age]) / 2 + 0.5
    plain = {"oldest first": older, "newest first": 1 - older, "chance": np.full(len(late), 0.5)}
    best = max(plain, key=lambda one: float(plain[one].mean()))
    low, high = block_interval(right - plain[best], seed=seed)
    sure = model.chance(np.abs(gap))
    return Verdict(
        metric="accuracy",
        value=float(right.mean()),
        baseline=best,
        baseline_value=float(plain[best].mean()),
        better=float((right - plain[best]).mean()),
        low=low,
        high=high,
        rows=len(late),
        figures={"calibration_error": calibration_error(sure, gap > 0)},
    )


def _ranker(pairs: Pairs) -> PairwiseRanker:
    many = len(pairs)
    rows = np.concatenate([pairs.better, pairs.worse])
    return PairwiseRanker().fit(rows, [(one, many + one) for one in range(many)])
