"""Which of several candidate replies is said: a weighted sum of what each of the two voices makes of them.

The weights are learned on held-out contexts: which candidate is most like what the owner really said there,
and sounds no less like them than most that they say? What the memory makes of its own candidates is where
they start from; the rest has to earn its weight, and none but length and origin may count against what it
stands for. They are kept where what they choose is more like what was said: by its sound alone, the likeliest
choice is a caricature. Knows no voice, only figures.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from ipse.learners.tuning import likeliest

__all__ = ["FEATURES", "Candidate", "Ranking", "Told", "Weights", "fit_ranking", "fit_weights", "worth"]

FEATURES = ("order", "fit", "likelihood", "mutual", "style", "length", "proposed")
MEMORY = ("order", "fit")  # what the embedded voice alone would go by
MEMORY_ALONE = np.array([1.0, 0.0])  # of a ranking
EITHER_WAY = ("length", "proposed")  # may count for or against
LEAST = 1e-3  # of a worth: what the memory's order weighs at least, so that it decides between equals
SOUND = 0.1  # what a text that surely is the owner's is worth beside one with exactly their words
SURE = 1.0  # standard errors by which what was learned has to choose better, where it was not learned
FOLDS = 5
ALIKE = 1e-9
RIDGE = 3.0  # in candidates: a hundred contexts settle the weights, five do not

Floats = npt.NDArray[np.float64]
Told: TypeAlias = "tuple[Sequence[Candidate], Sequence[float]]"
"""Candidates of a context, and how much more each is like the real reply than like replies anywhere."""


class Candidate(NamedTuple):
    """A reply and what is made of it.

    ``order``: less the natural log of its place among what the memory would say, 0 for the first, and past
    the last for what is proposed. ``fit``: log odds by the memory. ``likelihood``: mean natural log by byte
    under the adapter, and ``mutual`` how much likelier it is here than anywhere, as the adapter's ``score``
    has it. ``style``: log odds to be the owner's, as the style judge caps them. ``length``: natural log of
    characters. ``proposed``: 1 where the adapter wrote it, 0 where it is recalled.
    """

    text: str
    order: float
    fit: float
    likelihood: float
    mutual: float
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

    def heed(self, *names: str) -> bool:
        """Whether any of these features counts."""
        return any(self.weights.get(name) for name in names)

    def of(self, candidates: Sequence[Candidate]) -> Floats:
        """The sum of each; larger is better, comparable within one call."""
        by_name = np.array([self.weights.get(name, 0.0) for name in FEATURES])
        return np.array([candidate.figures @ by_name for candidate in candidates])


class Ranking(msgspec.Struct, frozen=True, kw_only=True):
    """How any replies are ranked: what the memory makes of each, and the adapter, in log odds."""

    fit: float = 1.0
    mutual: float = 0.0

    def of(self, fit: float, mutual: float) -> float:
        """The sum of both."""
        return self.fit * fit + self.mutual * mutual


def fit_ranking(crowds: Sequence[Sequence[tuple[float, float]]]) -> Ranking:
    """The sum under which the first of each of the ``crowds``, all as large, is likeliest.

    The adapter has its say where the first then stands higher in crowds that were not learned from, by its
    reciprocal rank and more than a standard error; else the memory ranks alone.
    """
    views = np.array(crowds, dtype=np.float32)
    if not views.size:
        return Ranking()
    gains: list[float] = []
    for fold in range(FOLDS):
        held = np.arange(len(views)) % FOLDS == fold
        if held.any() and not held.all():
            mix = likeliest(views[~held], MEMORY_ALONE)
            gains += list(_reciprocal(views[held] @ np.array(mix)) - _reciprocal(views[held][:, :, 0]))
    if not _sure(gains):
        return Ranking()
    fit, mutual = likeliest(views, MEMORY_ALONE)
    return Ranking(fit=fit, mutual=mutual)


def _reciprocal(scores: Floats) -> Floats:
    """1 / the rank of the first of each row; a tie counts half."""
    others, first = scores[:, 1:], scores[:, :1]
    return np.asarray(1 / (1 + (others > first).sum(axis=1) + (others == first).sum(axis=1) / 2))


def _sure(gains: Sequence[float]) -> bool:
    return len(gains) >= FOLDS and bool(np.mean(gains) > SURE * np.std(gains) / np.sqrt(len(gains)))


def fit_weights(told: Sequence[Told]) -> Weights:
    """Weights of the candidates in held-out contexts, where they choose what is more like the real reply.

    They have to do so in contexts that they were not learned from, by more than a standard error.
    """
    useful = [each for each in told if len(each[0]) > 1]
    gains = []
    for fold in range(FOLDS):
        learned = _solved([each for n, each in enumerate(useful) if n % FOLDS != fold])
        for candidates, likeness in useful[fold::FOLDS]:
            picked, plain = (int(weights.of(candidates).argmax()) for weights in (learned, Weights.plain()))
            gains.append(likeness[picked] - likeness[plain])
    if not _sure(gains):
        return msgspec.structs.replace(Weights.plain(), contexts=len(useful))
    return _solved(useful)


def _solved(told: Sequence[Told]) -> Weights:
    """Least squares with a ridge towards the memory's own, each context for itself."""
    from scipy.optimize import lsq_linear

    rows, targets = [], []
    for candidates, likeness in told:
        held = np.stack([candidate.figures for candidate in candidates])
        values = worth(candidates, likeness)
        rows.append(held - held.mean(axis=0))
        targets.append(values - values.mean())
    if not rows:
        return Weights.plain()
    inputs, values = np.concatenate(rows), np.concatenate(targets)
    spread = inputs.std(axis=0)
    scale = np.where(spread > ALIKE, spread, np.inf)  # what does not differ tells nothing
    scaled = inputs / scale
    known = [FEATURES.index(name) for name in MEMORY]
    start = np.zeros(len(FEATURES))
    start[known] = np.maximum(lsq_linear(scaled[:, known], values, bounds=(0, np.inf)).x, LEAST)
    pull = np.sqrt(RIDGE * len(FEATURES))
    lowest = np.where([name in EITHER_WAY for name in FEATURES], -np.inf, 0.0)
    solved = lsq_linear(
        np.vstack([scaled, pull * np.eye(len(FEATURES))]), np.concatenate([values, pull * start]),
        bounds=(lowest, np.inf),
    )  # fmt: skip
    found = solved.x / scale
    return Weights(
        weights={name: float(value) for name, value in zip(FEATURES, found, strict=True)}, contexts=len(rows)
    )


def worth(candidates: Sequence[Candidate], likeness: Sequence[float]) -> Floats:
    """What each candidate was worth in a held-out context: its likeness to the real reply, and its sound."""
    style = np.array([each.style for each in candidates], dtype=np.float64)
    return np.asarray(likeness) + SOUND / (1 + np.exp(-style))
