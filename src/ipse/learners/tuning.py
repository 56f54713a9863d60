"""The few numbers of a memory that are set on held-out pairs: the mix of scores, and the blend.

Knows a memory and pairs it has not seen; nothing of how the memory was trained.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ipse.learners.features import Floats, bags
from ipse.learners.matching import Matcher
from ipse.learners.memory import LEANING, STRETCH, Memory, Past

__all__ = ["best_blend", "best_mix", "crowds", "ranks", "thinned"]

HELD_OUT = 1000  # pairs looked at, at most: enough to steady four numbers
ENOUGH = 20  # pairs from which they are set at all
CROWD = 100  # replies that the true one is ranked among
PRIOR = 1e-2  # pull of the mix towards its default
HALF_TRUSTED = 200  # pairs that teach an encoder to be half as telling as shared words
TRIALS = 200  # held-out situations answered to choose the blend
LEANINGS = (4.0, 8.0, 16.0)
STRETCHES = (-0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0)
BLENDS = tuple((leaning, stretch) for leaning in LEANINGS for stretch in STRETCHES)


def thinned(held: Sequence[Past], seed: int) -> list[Past]:
    """At most ``HELD_OUT`` pairs, in their order."""
    chosen = np.random.default_rng(seed).permutation(len(held))[:HELD_OUT]
    return [held[at] for at in sorted(chosen)]


def crowds(matcher: Matcher, held: Sequence[Past], seed: int) -> Floats:
    """Scores of each true reply (first) and of other held-out replies that read otherwise.

    (pairs, at most ``CROWD``, 3); the middle axis is shorter where there are fewer, down to the true one.
    """
    rng = np.random.default_rng(seed)
    replies = [pair.reply for pair in held]
    asked, said = matcher.situations([pair.context for pair in held]), matcher.replies(replies)
    rows = []
    for at, reply in enumerate(replies):
        others = [other for other in rng.permutation(len(held))[: 2 * CROWD] if replies[other] != reply]
        rows.append(matcher.scores(asked, at, said.rows(np.array([at, *others[: CROWD - 1]]))))
    width = min((len(row) for row in rows), default=0)
    return np.stack([row[:width] for row in rows]) if rows else np.zeros((0, 0, 3), dtype=np.float32)


def ranks(matcher: Matcher, crowd: Floats) -> dict[str, float]:
    """R@1, R@10 and mean reciprocal rank of the true reply; a tie counts half. Empty without a crowd."""
    if crowd.shape[1] < 2:
        return {}
    mixed = matcher.mixed(crowd)
    rank = 1 + _share(mixed[:, 1:] > mixed[:, :1]) + _share(mixed[:, 1:] == mixed[:, :1]) / 2
    return {
        "dev_r1": float(np.mean(rank < 1.5)),
        "dev_r10": float(np.mean(rank <= 10)),
        "dev_mrr": float(np.mean(1 / rank)),
    }


def best_mix(crowd: Floats, *, pairs: int) -> tuple[float, float, float]:
    """The weights of the three scores under which the true replies are likeliest; never negative.

    They are drawn to, and with too little held out they are, what is sound for an encoder taught by ``pairs``
    examples: words alone where there are few, more and more of it where there are hundreds.
    """
    from scipy.optimize import minimize

    prior = np.array([0.0, 1.0, round(pairs / (pairs + HALF_TRUSTED), 4)])
    if len(crowd) < ENOUGH or crowd.shape[1] < 2:
        return _three(prior)

    def loss(mix: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        scores = crowd @ mix
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        slope = np.einsum("nc,ncf->f", chances, crowd) - crowd[:, 0].sum(axis=0)
        pull = mix - prior
        value = -np.log(chances[:, 0] + 1e-12).mean() + PRIOR * (pull @ pull)
        return float(value), slope / len(crowd) + 2 * PRIOR * pull

    return _three(minimize(loss, prior, jac=True, method="L-BFGS-B", bounds=[(0, None)] * 3).x)


def _three(mix: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    bm25, words, encoder = (round(float(weight), 4) for weight in mix)
    return bm25, words, encoder


def best_blend(memory: Memory, held: Sequence[Past]) -> tuple[float, float]:
    """The leaning and stretch of a memory, by what the owner really said in held-out situations.

    For each leaning, the stretch under which picks are as long as the true replies on average (of logs); of
    these, the one whose picks share most with the true replies (mean cosine of words).
    """
    if len(held) < ENOUGH:
        return LEANING, STRETCH
    tried = held[:: -(-len(held) // TRIALS)]
    matcher, lengths = memory.matcher, memory.lengths
    now = matcher.situations([pair.context for pair in tried])
    said = bags([pair.reply for pair in tried])
    truth, true_length = matcher.weighted(said), float(np.log1p(np.asarray(said.sum(axis=1))).mean())
    gains, length = np.zeros(len(BLENDS)), np.zeros(len(BLENDS))
    for at in range(len(tried)):
        fit, likeness = memory.fit(now, at), memory.likeness(now, at)
        scores = (memory.blend(fit, likeness, leaning=lean, stretch=pull) for lean, pull in BLENDS)
        picks = [int(np.argmax(score)) for score in scores]
        gains += (matcher.weighted(memory.counts[picks]) @ truth[at].T).toarray()[:, 0]
        length += lengths[picks] / len(tried)
    off = np.abs(length - true_length).reshape(len(LEANINGS), -1)
    fair = [row * len(STRETCHES) + int(np.argmin(misses)) for row, misses in enumerate(off)]
    return BLENDS[max(fair, key=lambda blend: gains[blend])]


def _share(hits: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    count: npt.NDArray[np.float64] = hits.sum(axis=1).astype(np.float64)
    return count
