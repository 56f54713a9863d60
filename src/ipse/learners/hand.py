"""Telling the owner's hand from that of those they write with, by how things are spelled and punctuated.

A logistic regression of the owner's replies against the turns they answered: nobody else's text is used but
what stands in the owner's own examples. Knows texts, not what answers what.
"""

from collections.abc import Sequence

import numpy as np

from ipse.learners.features import GRAMS, traits
from ipse.learners.matching import Author, rarity_of, weighted

__all__ = ["author_of"]

ENOUGH = 50  # texts of either side from which it is learned at all
MOST = 6_000  # texts of either side
STRENGTH = 10.0  # inverse of the penalty; rows have length one


def author_of(own: Sequence[str], heard: Sequence[str], seed: int) -> Author:
    """Learn from what the owner said and what they heard; doubts nothing where there is too little."""
    from scipy.sparse import vstack
    from sklearn.linear_model import LogisticRegression

    said, others = (_some(texts, seed) for texts in (own, heard))
    others = sorted(set(others) - set(said))
    if min(len(said), len(others)) < ENOUGH:
        blank = np.zeros(GRAMS, dtype=np.float32)
        return Author(blank, blank)
    counts = traits(said), traits(others)
    seen = sum(np.bincount(held.indices, minlength=GRAMS) for held in counts)
    rarity = rarity_of(np.asarray(seen), len(said) + len(others))
    model = LogisticRegression(C=STRENGTH, class_weight="balanced", solver="liblinear", random_state=seed)
    model.fit(
        vstack([weighted(held, rarity) for held in counts], format="csr"),
        np.repeat([1, 0], [len(said), len(others)]),
    )
    return Author(rarity, model.coef_[0].astype(np.float32), float(model.intercept_[0]))


def _some(texts: Sequence[str], seed: int) -> list[str]:
    """At most ``MOST`` of them, each once, in a fixed order."""
    held = sorted({text for text in texts if text.strip()})
    chosen = np.random.default_rng(seed).permutation(len(held))[:MOST]
    return [held[at] for at in sorted(chosen)]
