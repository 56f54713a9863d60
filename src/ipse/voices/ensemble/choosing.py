"""Which of several candidate replies is said: a weighted sum of what each of the two voices makes of them.

The weights are learned on held-out contexts: which candidate is most like what the owner really said there,
and sounds like them? What the memory makes of its own candidates is where they start from; the rest has to
earn its weight, and none but length and origin may count against what it stands for. Knows no voice, only
figures.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

__all__ = ["FEATURES", "Candidate", "Weights", "fit_weights", "worth"]

FEATURES = ("order", "fit", "likelihood", "pointwise", "style", "length", "proposed")
MEMORY = ("order", "fit")  # what the embedded voice alone would go by
EITHER_WAY = ("length", "proposed")  # may count for or against
LEAST = 1e-3  # of a worth: what the memory's order weighs at least, so that it decides between equals
SOUND = 0.1  # what a text that surely is the owner's is worth beside one with exactly their words
RIDGE = 3.0  # in candidates: a hundred contexts settle the weights, five do not

Floats = npt.NDArray[np.float64]


class Candidate(NamedTuple):
    """A reply and what is made of it.

    ``order``: less the natural log of its place among what the memory would say, 0 for the first, and past
    the last for what is proposed. ``fit``: log odds by the memory. ``likelihood``: mean natural log by byte
    under the adapter, and ``pointwise`` the same less its value without a context. ``style``: log odds to be
    the owner's. ``length``: natural log of characters. ``proposed``: 1 where the adapter wrote it, 0 where it
    is recalled.
    """

    text: str
    order: float
    fit: float
    likelihood: float
    pointwise: float
    style: float
    length: float
    proposed: float

    @property
    def figures(self) -> Floats:
        """In the order of ``FEATURES``."""
        return np.array(self[1:], dtype=np.float64)


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """Of each feature; ``contexts`` is how many they were learned from."""

    weights: dict[str, float]
    contexts: int = 0

    @classmethod
    def plain(cls) -> "Weights":
        """Before anything is learned: the memory's own order, and nothing that the adapter proposes."""
        return cls(weights=dict.fromkeys(FEATURES, 0.0) | {"order": 1.0, "fit": LEAST, "proposed": -1e3})

    def of(self, candidates: Sequence[Candidate]) -> Floats:
        """The sum of each; larger is better, comparable within one call."""
        by_name = np.array([self.weights.get(name, 0.0) for name in FEATURES])
        return np.array([candidate.figures @ by_name for candidate in candidates])


def fit_weights(told: Sequence[tuple[Sequence[Candidate], Sequence[float]]]) -> Weights:
    """Least squares with a ridge towards the memory's own, each context for itself.

    ``told`` are candidates and their worth.
    """
    from scipy.optimize import lsq_linear

    rows, worth = [], []
    for candidates, values in told:
        if len(candidates) > 1:
            held = np.stack([candidate.figures for candidate in candidates])
            rows.append(held - held.mean(axis=0))
            worth.append(np.asarray(values) - np.mean(values))
    if not rows:
        return Weights.plain()
    inputs, targets = np.concatenate(rows), np.concatenate(worth)
    scale = np.maximum(inputs.std(axis=0), 1e-9)
    scaled = inputs / scale
    known = [FEATURES.index(name) for name in MEMORY]
    start = np.zeros(len(FEATURES))
    start[known] = np.maximum(lsq_linear(scaled[:, known], targets, bounds=(0, np.inf)).x, LEAST)
    pull = np.sqrt(RIDGE * len(FEATURES))
    lowest = np.where([name in EITHER_WAY for name in FEATURES], -np.inf, 0.0)
    solved = lsq_linear(
        np.vstack([scaled, pull * np.eye(len(FEATURES))]), np.concatenate([targets, pull * start]),
        bounds=(lowest, np.inf),
    )  # fmt: skip
    found = solved.x / scale
    return Weights(
        weights={name: float(value) for name, value in zip(FEATURES, found, strict=True)}, contexts=len(rows)
    )


def worth(likeness: Sequence[float], style: Sequence[float]) -> list[float]:
    """What each candidate was worth in a held-out context: its likeness to the real reply, and its sound."""
    sound = SOUND / (1 + np.exp(-np.asarray(style, dtype=np.float64)))
    return [float(each) for each in np.asarray(likeness) + sound]
