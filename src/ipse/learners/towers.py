"""Two ways to learn from pairs which reply answers which situation, on the CPU, with numpy alone.

Both maximise the likelihood of the true reply among those of a batch (in-batch softmax; Henderson et al.,
2017, arXiv:1705.00652) with Adam: *word weights* say how much it tells when a word of the situation stands
in the reply, and *towers* map situations and replies to vectors that lie close where they belong together.
Knows matrices only.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ipse.learners.features import SIZE, Floats

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = ["TEMPERATURE", "Schedule", "Step", "Towers", "fit_towers", "fit_weights", "unit"]

TEMPERATURE = 0.1  # of the softmax over cosines; .05 to .2 were within a point of each other
BATCH = 256
DROPOUT = 0.2
SHRINK = 1e-4  # weight decay of the towers
HOLD = 1e-3  # pull of a word weight to where it started
PATIENCE = 2  # epochs without a better score on dev

Step = Callable[[int, float], None]
"""Called after each epoch with its number and mean loss; may raise to stop."""


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """How long and how fast to learn."""

    epochs: int
    rate: float
    seed: int


class Towers(msgspec.Struct, frozen=True):
    """Linear maps of a situation and of a reply, (inputs, dimensions) each."""

    ask: Floats
    say: Floats


def unit(rows: Floats) -> Floats:
    """Rows scaled to length one; a row of zeros stays."""
    lengths: Floats = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.float32(1e-6))
    scaled: Floats = rows / lengths
    return scaled


def fit_weights(
    asked: "csr_matrix", said: "csr_matrix", start: Floats, schedule: Schedule, step: Step
) -> Floats:
    """Learn the weight of each feature, (``SIZE``,), from ``start``; weights stay positive.

    ``asked`` and ``said`` are (n, ``SIZE``): the score of a pair is the sum over features of weight × asked ×
    said.
    """
    log_gain = np.zeros(SIZE, dtype=np.float32)
    adam = _Adam(log_gain.shape)
    batches = _Batches(asked.shape[0], schedule)
    for epoch in range(schedule.epochs):
        losses = []
        for at, rate in batches.epoch(epoch):
            ask, say = asked[at], said[at]
            ask.data = ask.data * (start * np.exp(log_gain))[ask.indices]
            push, loss = _softmax(np.asarray((ask @ say.T).todense()), both_ways=False)
            slope = ask.multiply(_sparse(push) @ say).tocsr()
            gradient = np.bincount(slope.indices, weights=slope.data, minlength=SIZE).astype(np.float32)
            log_gain -= adam.step(gradient + np.float32(HOLD) * log_gain, rate)
            losses.append(loss)
        step(epoch, float(np.mean(losses)) if losses else 0.0)
    return start * np.exp(log_gain)


def fit_towers(
    asked: Floats,
    said: Floats,
    *,
    dimensions: int,
    dev: tuple[Floats, Floats],
    schedule: Schedule,
    step: Step,
) -> Towers:
    """Learn two maps from (n, inputs) to ``dimensions``; the best epoch on ``dev`` is returned.

    They begin as one and the same projection, so with little to learn from they stay a plain similarity.
    """
    rng = np.random.default_rng(schedule.seed)
    shape = (asked.shape[1], dimensions)
    maps = [np.eye(*shape, dtype=np.float32) + rng.normal(0, 0.01, shape).astype(np.float32) for _ in "qa"]
    adams = [_Adam(shape), _Adam(shape)]
    batches = _Batches(len(asked), schedule)
    best, best_loss, best_epoch = Towers(*(side.copy() for side in maps)), _dev_loss(maps, dev), -1
    for epoch in range(schedule.epochs):
        losses = []
        for at, rate in batches.epoch(epoch):
            ask, say = (_drop(side[at], rng) for side in (asked, said))
            gradients, loss = _slopes(maps, ask, say)
            for at_side, adam in enumerate(adams):
                pull = gradients[at_side] + np.float32(SHRINK) * maps[at_side]
                maps[at_side] -= adam.step(pull, rate)
            losses.append(loss)
        held_out = _dev_loss(maps, dev)
        if held_out < best_loss or not len(dev[0]):
            best, best_loss, best_epoch = Towers(*(side.copy() for side in maps)), held_out, epoch
        step(epoch, float(np.mean(losses)) if losses else 0.0)
        if epoch - best_epoch >= PATIENCE:
            break
    return best


def _slopes(maps: list[Floats], ask: Floats, say: Floats) -> tuple[tuple[Floats, Floats], float]:
    """The gradients of both maps for one batch, and its loss."""
    asks, says = ask @ maps[0], say @ maps[1]
    ask_size, say_size = (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-6 for rows in (asks, says))
    asks, says = asks / ask_size, says / say_size
    push, loss = _softmax(asks @ says.T / np.float32(TEMPERATURE), both_ways=True)
    push /= np.float32(TEMPERATURE)
    to_ask, to_say = push @ says, push.T @ asks
    to_ask = (to_ask - asks * (to_ask * asks).sum(axis=1, keepdims=True)) / ask_size
    to_say = (to_say - says * (to_say * says).sum(axis=1, keepdims=True)) / say_size
    return (ask.T @ to_ask, say.T @ to_say), loss


def _softmax(scores: Floats, *, both_ways: bool) -> tuple[Floats, float]:
    """The gradient of the mean loss by the scores, where row i belongs to column i; and the loss."""
    right = _chances(scores, axis=1)
    loss = float(-np.log(right.diagonal() + 1e-9).mean())
    push = (right + _chances(scores, axis=0)) / 2 if both_ways else right
    push[np.diag_indices(len(push))] -= 1
    return (push / len(push)).astype(np.float32), loss


def _chances(scores: Floats, *, axis: int) -> Floats:
    powers: Floats = np.exp(scores - scores.max(axis=axis, keepdims=True))
    powers /= powers.sum(axis=axis, keepdims=True)
    return powers


def _dev_loss(maps: list[Floats], dev: tuple[Floats, Floats]) -> float:
    """The mean loss over blocks of at most 100 pairs of ``dev``."""
    losses = []
    for start in range(0, len(dev[0]), 100):
        ask, say = (unit(side[start : start + 100] @ to) for side, to in zip(dev, maps, strict=True))
        losses.append(_softmax(ask @ say.T / np.float32(TEMPERATURE), both_ways=False)[1])
    return float(np.mean(losses)) if losses else 0.0


def _drop(rows: Floats, rng: np.random.Generator) -> Floats:
    kept = rng.random(rows.shape, dtype=np.float32) >= DROPOUT
    return rows * kept / np.float32(1 - DROPOUT)


def _sparse(dense: Floats) -> "csr_matrix":
    from scipy.sparse import csr_matrix

    return csr_matrix(dense)


class _Batches:
    """The rows of each batch with the rate of its step, which falls to zero linearly."""

    def __init__(self, rows: int, schedule: Schedule) -> None:
        # Few pairs make small batches, so that even 100 of them mean a few dozen steps.
        self.size = max(2, min(BATCH, max(32, rows // 16), rows))
        self.count = rows // self.size
        self.rows, self.schedule = rows, schedule
        self.rng = np.random.default_rng(schedule.seed)

    def epoch(self, number: int) -> Iterator[tuple[np.ndarray, float]]:
        order = self.rng.permutation(self.rows)
        for batch in range(self.count):
            done = (number * self.count + batch + 1) / (self.schedule.epochs * self.count)
            yield order[batch * self.size : (batch + 1) * self.size], self.schedule.rate * (1 - done)


class _Adam:
    """Adam (Kingma and Ba, 2015, arXiv:1412.6980) in single precision."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.mean = np.zeros(shape, dtype=np.float32)
        self.square = np.zeros(shape, dtype=np.float32)
        self.steps = 0

    def step(self, gradient: Floats, rate: float) -> Floats:
        """What to subtract."""
        self.steps += 1
        self.mean += np.float32(0.1) * (gradient - self.mean)
        self.square += np.float32(0.001) * (gradient * gradient - self.square)
        size: Floats = np.sqrt(self.square / np.float32(1 - 0.999**self.steps)) + np.float32(1e-8)
        return np.float32(rate / (1 - 0.9**self.steps)) * self.mean / size
