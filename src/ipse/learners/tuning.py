"""The few numbers of a memory that are set on held-out pairs: the mix of scores, and the blend.

Knows a memory and pairs it has not seen; nothing of how the memory was trained.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ipse.learners.features import Floats, bags
from ipse.learners.matching import PLAIN, SEARCH, VIEWS, Matcher
from ipse.learners.memory import LEANING, STRETCH, Memory, Past

__all__ = ["best_blend", "best_mix", "best_search", "crowds", "likeliest", "ranks", "strangers", "thinned"]

HELD_OUT = 1000  # pairs looked at, at most: enough to steady four numbers
ENOUGH = 20  # pairs from which they are set at all
CROWD = 100  # replies that the true one is ranked among
PRIOR = 1e-2  # pull of the mix towards its default, in standard deviations of each view
HALF_TRUSTED = 200  # pairs that teach an encoder to be half as telling as shared words
MEANING = 4.0  # of the cosine of embeddings, where nothing else is known
TRIALS = 100  # held-out situations answered to choose the blend
LEANINGS = (4.0, 8.0, 16.0)
STRETCHES = (-1.5, -1.25, -1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0)
BLENDS = tuple((leaning, stretch) for leaning in LEANINGS for stretch in STRETCHES)


def thinned(held: Sequence[Past], seed: int) -> list[Past]:
    """At most ``HELD_OUT`` pairs, in their order."""
    chosen = np.random.default_rng(seed).permutation(len(held))[:HELD_OUT]
    return [held[at] for at in sorted(chosen)]


def crowds(matcher: Matcher, held: Sequence[Past], seed: int) -> Floats:
    """Views of each true reply (first) and of other held-out replies that read otherwise.

    (pairs, at most ``CROWD``, views); the middle axis is shorter where there are fewer, down to the true one.
    """
    return _crowds(matcher, held, [pair.reply for pair in held], seed)


def strangers(matcher: Matcher, held: Sequence[Past], seed: int) -> Floats:
    """The same among what others said in the held-out situations, each in another one."""
    heard = {turn.text for pair in held for turn in pair.context if turn.role == "partner" and turn.text}
    chosen = np.random.default_rng(seed).permutation(sorted(heard))[:HELD_OUT]
    return _crowds(matcher, held, [str(text) for text in chosen], seed)


def _crowds(matcher: Matcher, held: Sequence[Past], texts: Sequence[str], seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    pool = matcher.replies([*texts, *(pair.reply for pair in held)])
    rows = []
    for at, pair in enumerate(held):
        taken = {pair.reply, *(turn.text for turn in pair.context)}
        others = [other for other in rng.permutation(len(texts))[: 2 * CROWD] if texts[other] not in taken]
        chosen = pool.rows(np.array([len(texts) + at, *others[: CROWD - 1]]))
        rows.append(matcher.views(matcher.query(pair.context), chosen))
    width = min((len(row) for row in rows), default=0)
    views = len(matcher.mix)
    return np.stack([row[:width] for row in rows]) if rows else np.zeros((0, 0, views), dtype=np.float32)


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


def best_search(crowd: Floats, *, pairs: int) -> tuple[float, ...]:
    """The weights of the ``SEARCH`` views alone."""
    return likeliest(crowd[:, :, list(SEARCH)], _sound(pairs)[list(SEARCH)])


def best_mix(*crowds: Floats, pairs: int) -> tuple[float, ...]:
    """The weights of the ``VIEWS`` under which the true replies are likeliest; never negative.

    Each of the ``crowds`` counts alike; those too narrow to tell anything are left out.
    """
    wide = [crowd for crowd in crowds if crowd.shape[1] > 1] or [crowds[0]]
    width = min(crowd.shape[1] for crowd in wide)
    together = np.concatenate([crowd[:, :width] for crowd in wide])
    return likeliest(together, _sound(pairs, together.shape[2]))


def _sound(pairs: int, views: int = len(VIEWS)) -> npt.NDArray[np.float64]:
    """What is sound where nothing else is known: an encoder counts by how many pairs taught it."""
    mix = np.array(PLAIN)
    mix[-1] = pairs / (pairs + HALF_TRUSTED)
    return np.append(mix.round(4), [MEANING] * (views - len(VIEWS)))


def likeliest(crowd: Floats, prior: npt.NDArray[np.float64]) -> tuple[float, ...]:
    """A conditional logit of the true replies, drawn to ``prior``, or that where too little is held out."""
    from scipy.optimize import minimize

    if len(crowd) < ENOUGH or crowd.shape[1] < 2:
        return _rounded(prior)
    scale = crowd.std(axis=(0, 1)).astype(np.float64)
    views = (crowd / np.maximum(scale, 1e-6).astype(np.float32)).astype(np.float32)
    start = prior * scale

    def loss(mix: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        scores = views @ mix.astype(np.float32)
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        slope = np.einsum("nc,ncf->f", chances, views) - views[:, 0].sum(axis=0)
        pull = mix - start
        value = -np.log(chances[:, 0] + 1e-12).mean() + PRIOR * (pull @ pull)
        return float(value), (slope / len(crowd) + 2 * PRIOR * pull).astype(np.float64)

    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(start)).x
    return _rounded(np.where(scale > 1e-6, found / np.maximum(scale, 1e-6), 0.0))


def _rounded(mix: npt.NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(round(float(weight), 4) for weight in mix)


def best_blend(memory: Memory, held: Sequence[Past]) -> tuple[float, float]:
    """The leaning and stretch of a memory, by what the owner really said in held-out situations.

    For each leaning, the stretch under which picks are as long as the true replies on average (of logs), once
    every view has looked at them, for shared words alone would have long replies win; of these, the one
    whose picks share most with the true replies (mean cosine of words).
    """
    if len(held) < ENOUGH:
        return LEANING, STRETCH
    tried = held[:: -(-len(held) // TRIALS)]
    matcher, lengths = memory.matcher, memory.lengths
    said = bags([pair.reply for pair in tried])
    truth, true_length = matcher.weighted(said), float(np.log1p(np.asarray(said.sum(axis=1))).mean())
    gains, length = np.zeros(len(BLENDS)), np.zeros(len(BLENDS))
    for at, pair in enumerate(tried):
        query = matcher.query(pair.context)
        fit, likeness = memory.fit(query.asked, 0), memory.likeness(query.asked, 0)
        first = memory.blend(fit, likeness, leaning=LEANING, stretch=STRETCH)
        found, closer = memory.shortlisted(query, first)
        scores = (closer + lean * likeness[found] + pull * lengths[found] for lean, pull in BLENDS)
        picks = [int(found[np.argmax(score)]) for score in scores]
        gains += (matcher.weighted(memory.said.counts[picks]) @ truth[at].T).toarray()[:, 0]
        length += lengths[picks] / len(tried)
    off = np.abs(length - true_length).reshape(len(LEANINGS), -1)
    fair = [row * len(STRETCHES) + int(np.argmin(misses)) for row, misses in enumerate(off)]
    return BLENDS[max(fair, key=lambda blend: gains[blend])]


def _share(hits: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    count: npt.NDArray[np.float64] = hits.sum(axis=1).astype(np.float64)
    return count
