"""Does a text sound like the owner? Told from their own replies and from what others wrote to them.

Character n-grams of 2 to 5, case kept, and a balanced logistic regression, as the scorecard's own judge has
it (metric 1), but learned from the training set alone. There are two, each of one half of the owner's
replies: a reply of the past is judged by the one that has not read it, or it would always sound right.
Nothing sounds better than what the owner usually says: whoever picks what is most typical of somebody draws a
caricature of them.
"""

import hashlib
import io
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Self
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from ipse.errors import LearnerError

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import HashingVectorizer

__all__ = ["StyleJudge", "alike", "grams", "likeness_to", "usual_grams"]

FILE = "judge.npz"
FEATURES = 1 << 16
MOST = 4000  # texts of either side that it learns from
USUAL = 2000  # texts that tell what is usual, about
FEWEST = 10  # of either side, in each half; below, it has no opinion
USUALLY = 0.25  # of the owner's own replies sound less like them than what can count for a text

Floats = npt.NDArray[np.float32]


class StyleJudge:
    """``weights``: (2, ``FEATURES`` + 1), intercept last; row ``n`` has not read replies of half ``n``.

    ``most``: the log odds above which a text is as surely the owner's as their own are.
    """

    def __init__(
        self, weights: Floats, known: frozenset[str] = frozenset(), most: float = float("inf")
    ) -> None:
        self.weights = weights
        self.most = most
        self._known = known

    @classmethod
    def fit(cls, own: Sequence[str], others: Sequence[str], seed: int) -> Self:
        """Learn from texts of the owner and of others; the same texts and seed give the same weights."""
        from sklearn.linear_model import LogisticRegression

        dice = np.random.default_rng(seed)
        mine, theirs = _drawn(own, dice), _drawn(others, dice)
        weights = np.zeros((2, FEATURES + 1), dtype=np.float32)
        for half in (0, 1):
            right = [text for text in mine if _half(text) != half]
            wrong = [text for text in theirs if _half(text) != half]
            if min(len(right), len(wrong)) < FEWEST:
                continue
            fitted = LogisticRegression(class_weight="balanced", max_iter=300, C=4.0)
            fitted.fit(grams([*right, *wrong]), [1] * len(right) + [0] * len(wrong))
            weights[half] = np.append(fitted.coef_[0], fitted.intercept_[0])
        unbound = cls(weights, frozenset(own))
        return cls(weights, frozenset(own), float(np.quantile(unbound.odds(mine), USUALLY)) if mine else 0.0)

    def odds(self, texts: Sequence[str]) -> list[float]:
        """Log odds of each text to be the owner's, ``most`` at most; 0 where too little was learned from."""
        if not texts:
            return []
        both = np.asarray(grams(texts) @ self.weights[:, :-1].T) + self.weights[:, -1]
        return [
            min(self.most, float(row[_half(text)] if text in self._known else row.mean()))
            for row, text in zip(both, texts, strict=True)
        ]

    def dumps(self) -> bytes:
        """As npz; who knows the past gives it to :meth:`loads` again."""
        out = io.BytesIO()
        np.savez_compressed(out, weights=self.weights.astype(np.float16), most=np.float32(self.most))
        return out.getvalue()

    @classmethod
    def loads(cls, data: bytes, own: Sequence[str]) -> Self:
        """Raises ``LearnerError`` where the bytes are not what ``dumps`` wrote."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as held:
                weights = held["weights"].astype(np.float32)
                most = float(held["most"]) if "most" in held else float("inf")  # of before there was one
        except (ValueError, KeyError, OSError, EOFError, BadZipFile) as error:
            raise LearnerError("The style judge of this model is damaged.", hint="Train it again.") from error
        return cls(weights, frozenset(own), most)


def grams(texts: Sequence[str]) -> "csr_matrix":
    """Rows of unit length: counted character n-grams, dampened."""
    counts = _counter().transform(list(texts))
    counts.data = np.log1p(counts.data)
    norms = np.sqrt(np.asarray(counts.multiply(counts).sum(axis=1)).ravel())
    return counts.multiply(1 / np.maximum(norms, 1e-9)[:, None]).tocsr()


def alike(texts: Sequence[str], real: str) -> list[float]:
    """How alike each text is to ``real``, from 0 to 1: the cosine of their n-grams."""
    held = grams([*texts, real])
    found = held[:-1] @ held[-1].T
    return [float(each) for each in found.toarray().ravel()]


def usual_grams(texts: Sequence[str]) -> Floats:
    """The mean of the n-grams of texts, (``FEATURES``,): what they have in common whatever they are about."""
    held = grams(texts[:: max(1, len(texts) // USUAL)])
    mean: Floats = np.asarray(held.mean(axis=0), dtype=np.float32).ravel()
    return mean


def likeness_to(texts: Sequence[str], usual: Floats) -> list[float]:
    """How alike each text is, on the whole, to those of which ``usual`` is the mean."""
    return [float(each) for each in grams(texts) @ usual]


@cache
def _counter() -> "HashingVectorizer":
    from sklearn.feature_extraction.text import HashingVectorizer

    return HashingVectorizer(
        analyzer="char", ngram_range=(2, 5), lowercase=False, n_features=FEATURES, norm=None,
        alternate_sign=False, dtype=np.float32,
    )  # fmt: skip


def _half(text: str) -> int:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()[0] % 2


def _drawn(texts: Sequence[str], dice: np.random.Generator) -> list[str]:
    known = sorted({text for text in texts if text.strip()})
    if len(known) <= MOST:
        return known
    return [known[at] for at in np.sort(dice.permutation(len(known))[:MOST])]
