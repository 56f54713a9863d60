"""How well a reply fits a situation: three scores, and their mix.

``bm25`` and ``words`` look at what both share (the first with fixed weights, the second with learned ones),
``encoder`` at what the owner's own pairs taught about what answers what. Knows no person, no file and no
training; the learner makes a :class:`Matcher`, the voice uses it.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import numpy.typing as npt

from ipse.learners.features import SIZE, Floats, bags, marks, situations
from ipse.learners.towers import TEMPERATURE, Towers, unit

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = [
    "Basis",
    "Matcher",
    "Replies",
    "Situations",
    "Statistics",
    "normal",
    "saturated",
    "weighted",
]

K1, B = 1.2, 0.6  # BM25's saturation and length norm; Robertson and Zaragoza (2009) give 1.2–2 and .5–.8
MARK_SCALE = np.float32(0.3)  # the marks of a text beside its projection, whose leading entries are near one


class Statistics(msgspec.Struct, frozen=True):
    """What the training texts tell about features: inverse document frequencies, and the mean length."""

    rarity: Floats  # (SIZE,) over situations and replies
    reply_rarity: Floats  # (SIZE,) over replies alone
    mean_length: float

    @classmethod
    def of(cls, asked: "csr_matrix", said: "csr_matrix") -> "Statistics":
        """Count the rows of situations and replies."""
        in_replies, in_asked = (np.bincount(held.indices, minlength=SIZE) for held in (said, asked))
        count = said.shape[0]
        mean = float(said.sum()) / max(1, count)
        return cls(_rarity(in_replies + in_asked, 2 * count), _rarity(in_replies, count), max(mean, 1.0))


class Basis(msgspec.Struct, frozen=True):
    """A projection: row i of ``directions`` (kept, K), already scaled, is for feature ``kept[i]``."""

    kept: npt.NDArray[np.int32]
    directions: Floats

    def project(self, counts: "csr_matrix", rarity: Floats) -> Floats:
        """(n, K): the features of each text, weighted and scaled to length one, in these directions."""
        projected: Floats = weighted(counts, rarity)[:, self.kept] @ self.directions
        return projected


class Situations(msgspec.Struct, frozen=True):
    """Encoded contexts: feature weights (n, ``SIZE``) and unit vectors (n, d)."""

    words: "csr_matrix"
    vectors: Floats


class Replies(msgspec.Struct, frozen=True):
    """Encoded replies: two weightings of the same features (n, ``SIZE``), and unit vectors (n, d)."""

    bm25: "csr_matrix"
    words: "csr_matrix"
    vectors: Floats

    def rows(self, at: npt.NDArray[np.int64]) -> "Replies":
        """Some of them, in the order of ``at``."""
        return Replies(self.bm25[at], self.words[at], self.vectors[at])


class Matcher(msgspec.Struct, frozen=True, kw_only=True):
    """Everything learned that scoring needs."""

    statistics: Statistics
    weights: Floats  # (SIZE,), of a word that situation and reply share
    basis: Basis
    towers: Towers
    mix: tuple[float, float, float] = (0.0, 1.0, 1.0)  # of bm25, words and encoder

    def situations(self, contexts: Sequence[Sequence[str]], words: "csr_matrix | None" = None) -> Situations:
        """Encode contexts, each its turns, the newest last; ``words`` are their features if known."""
        held = situations(contexts) if words is None else words
        inputs = self.inputs(held, [context[-1] for context in contexts])
        return Situations(held, unit(inputs @ self.towers.ask))

    def replies(self, texts: Sequence[str], counts: "csr_matrix | None" = None) -> Replies:
        """Encode replies; ``counts`` are their features where they are known already."""
        held = bags(texts) if counts is None else counts
        return Replies(
            saturated(held, self.statistics.mean_length),
            normal(held, self.statistics.rarity),
            unit(self.inputs(held, texts) @ self.towers.say),
        )

    def inputs(self, counts: "csr_matrix", texts: Sequence[str]) -> Floats:
        """What the towers see: the projection and the marks of each text, (n, K + ``MARKS``)."""
        return np.hstack([self.basis.project(counts, self.statistics.rarity), MARK_SCALE * marks(texts)])

    def scores(self, situations: Situations, at: int, replies: Replies) -> Floats:
        """The three scores (replies, 3) for the situation in row ``at``."""
        words = situations.words
        ids, shares = (part[words.indptr[at] : words.indptr[at + 1]] for part in (words.indices, words.data))
        by_bm25, by_words = np.zeros(SIZE, dtype=np.float32), np.zeros(SIZE, dtype=np.float32)
        by_bm25[ids] = shares * self.statistics.reply_rarity[ids]
        by_words[ids] = shares * self.weights[ids]
        fit = replies.vectors @ situations.vectors[at] / np.float32(TEMPERATURE)
        return np.stack([replies.bm25 @ by_bm25, replies.words @ by_words, fit], axis=1)

    def shared(self, counts: "csr_matrix") -> "csr_matrix":
        """What each feature of a reply adds to the mixed score where the situation holds it too."""
        bm25, words, _ = self.mix
        held = saturated(counts, self.statistics.mean_length)
        learned = normal(counts, self.statistics.rarity).data * self.weights[counts.indices]
        held.data = bm25 * held.data * self.statistics.reply_rarity[counts.indices] + words * learned
        return held

    def by_vectors(self, replies: Floats, situation: Floats) -> Floats:
        """What the encoder adds to the mixed score of each reply, (n,)."""
        return replies @ situation * np.float32(self.mix[2] / TEMPERATURE)

    def weighted(self, counts: "csr_matrix") -> "csr_matrix":
        """Rows of length one whose products are cosines: rare features weigh more."""
        return weighted(counts, self.statistics.rarity)

    def mixed(self, scores: Floats) -> Floats:
        """One score each, in log odds of being the true reply among equals."""
        return scores @ np.array(self.mix, dtype=np.float32)

    def arrays(self) -> dict[str, np.ndarray]:
        """The matcher as plain arrays by name; large ones in half precision."""
        return {
            "rarity": self.statistics.rarity,
            "reply_rarity": self.statistics.reply_rarity,
            "mean_length": np.array([self.statistics.mean_length]),
            "weights": self.weights,
            "kept": self.basis.kept,
            "basis": self.basis.directions.astype(np.float16),
            "ask": self.towers.ask.astype(np.float16),
            "say": self.towers.say.astype(np.float16),
            "mix": np.array(self.mix),
        }

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray]) -> "Matcher":
        """What :meth:`arrays` gave. Raises ``KeyError`` where one is missing."""
        held = {name: arrays[name].astype(np.float32) for name in ("basis", "ask", "say")}
        bm25, words, encoder = (float(weight) for weight in arrays["mix"])
        return cls(
            statistics=Statistics(arrays["rarity"], arrays["reply_rarity"], float(arrays["mean_length"][0])),
            weights=arrays["weights"],
            basis=Basis(arrays["kept"], held["basis"]),
            towers=Towers(held["ask"], held["say"]),
            mix=(bm25, words, encoder),
        )


def normal(counts: "csr_matrix", rarity: Floats) -> "csr_matrix":
    """1 + ln of counts (weights below one as they are), over the row's length when weighted by ``rarity``."""
    held = counts.copy()
    held.data = np.where(counts.data >= 1, 1 + np.log(np.maximum(counts.data, 1)), counts.data)
    rows = _rows(held)
    squares = np.bincount(rows, weights=(held.data * rarity[held.indices]) ** 2, minlength=held.shape[0])
    held.data = (held.data / np.maximum(np.sqrt(squares), 1e-6)[rows]).astype(np.float32)
    return held


def weighted(counts: "csr_matrix", rarity: Floats) -> "csr_matrix":
    """Rows of length one, by TF-IDF."""
    held = normal(counts, rarity)
    held.data *= rarity[held.indices]
    return held


def saturated(counts: "csr_matrix", mean_length: float) -> "csr_matrix":
    """BM25's term weights, without the rarity that the query brings."""
    held = counts.copy()
    rows = _rows(held)
    lengths = np.bincount(rows, weights=held.data, minlength=held.shape[0])
    brake = (K1 * (1 - B + B * lengths / mean_length))[rows]
    held.data = (held.data * (K1 + 1) / (held.data + brake)).astype(np.float32)
    return held


def _rows(held: "csr_matrix") -> npt.NDArray[np.int64]:
    return np.repeat(np.arange(held.shape[0]), np.diff(held.indptr))


def _rarity(frequency: npt.NDArray[np.int64], count: int) -> Floats:
    rarity: Floats = np.log(1 + (count - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)
    return rarity
