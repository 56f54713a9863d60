"""Classes from rules and a few corrections: logistic regression whose prior is what the rules say.

The rule of a row is a vote for its class, held by a trust that is learned too; what corrections have in
common (an app, a word of a title, a part of the day) moves it. Nothing corrected yet: the rules speak alone,
and where they say nothing, every class is as likely. After Bishop, Pattern Recognition and Machine Learning,
4.3.4 (maximum a posteriori, Gaussian priors).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["SPREADS", "FewLabels", "Seen"]

Floats = NDArray[np.float64]

SPREADS: Final[Mapping[str, float]] = {"app": 3.2, "both": 3.2, "shown": 1.3, "word": 1.6, "part": 1.6}
"""How far a trait of each kind may move a class (standard deviation of its weight), chosen on made-up people
other than those of the figures; see benchmarks/days.py."""
TRUST: Final = 3.2  # what a rule's vote is worth before anybody corrected any
TRUST_SPREAD: Final = 1.0


class Seen(NamedTuple):
    """A row: its traits as ``(kind, value)``, kinds as in :data:`SPREADS`, and what the rule says, if any."""

    traits: frozenset[tuple[str, str]]
    rule: str


class FewLabels:
    """Fitted on corrected rows; ``classes`` are those there are besides the labels given."""

    def __init__(self, classes: Iterable[str]) -> None:
        self.classes = tuple(dict.fromkeys(classes))
        self.classes_: tuple[str, ...] = self.classes
        self.trust_ = TRUST
        self._place: dict[tuple[str, str], int] = {}
        self._weights: Floats = np.zeros((0, len(self.classes)))

    def fit(self, rows: Sequence[Seen], labels: Sequence[str]) -> Self:
        """Learn from corrections; none of them leaves the rules as they are."""
        self.classes_ = tuple(dict.fromkeys((*self.classes, *labels)))
        self._place = {
            one: at for at, one in enumerate(dict.fromkeys(t for row in rows for t in sorted(row.traits)))
        }
        self._weights, self.trust_ = np.zeros((len(self._place), len(self.classes_))), TRUST
        if not rows:
            return self
        from scipy.optimize import minimize

        x, votes = self._columns(rows)
        y = np.array([self.classes_.index(one) for one in labels])
        spread = np.array([SPREADS[kind] for kind, _ in self._place])[:, None]
        shape = self._weights.shape

        def loss(flat: Floats) -> tuple[float, Floats]:
            weights, trust = flat[:-1].reshape(shape), flat[-1]
            logits = x @ weights + trust * votes
            chances = _softmax(logits)
            off = chances.copy()
            off[np.arange(len(y)), y] -= 1
            told = -np.log(np.maximum(chances[np.arange(len(y)), y], 1e-300)).sum()
            told += 0.5 * ((weights / spread) ** 2).sum() + 0.5 * ((trust - TRUST) / TRUST_SPREAD) ** 2
            slope = x.T @ off + weights / spread**2
            of_trust = float((off * votes).sum() + (trust - TRUST) / TRUST_SPREAD**2)
            return float(told), np.append(slope.ravel(), of_trust)

        start = np.append(self._weights.ravel(), TRUST)
        found = minimize(loss, start, jac=True, method="L-BFGS-B")
        self._weights, self.trust_ = found.x[:-1].reshape(shape), float(found.x[-1])
        return self

    def chances(self, rows: Sequence[Seen]) -> Floats:
        """How likely each of ``classes_`` is: shape ``(rows, classes)``, rows sum to 1."""
        x, votes = self._columns(rows)
        return _softmax(x @ self._weights + self.trust_ * votes)

    def _columns(self, rows: Sequence[Seen]) -> tuple[Floats, Floats]:
        x = np.zeros((len(rows), len(self._place)))
        votes = np.zeros((len(rows), len(self.classes_)))
        known = {name: at for at, name in enumerate(self.classes_)}
        for at, row in enumerate(rows):
            for one in row.traits:
                if one in self._place:
                    x[at, self._place[one]] = 1.0
            if row.rule in known:
                votes[at, known[row.rule]] = 1.0
        return x, votes


def _softmax(logits: Floats) -> Floats:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
