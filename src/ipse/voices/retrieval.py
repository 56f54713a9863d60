"""A clone that answers with what its owner once said in a like situation. Needs no weights and no network.

Knows the owner's past only as the memory it was given; it never says anything they did not write.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, Self

import numpy as np

from ipse.errors import LearnerError
from ipse.learners.features import SIZE, bags
from ipse.learners.memory import Memory
from ipse.records import Turn

__all__ = ["Recalled", "RetrievalVoice"]

NEAR = 0.7  # log odds below the best reply within which another is as good, and the seed chooses
CHOICE = 5  # replies to choose from, at most
KNOWN = 8192  # replies remembered between calls of score, about

_PIECE = re.compile(r"\S{1,16}\s*|\s+")


class Recalled(NamedTuple):
    """A past situation (its turns, one a line), the owner's reply, how like it is (up to 1), and where."""

    context: str
    reply: str
    similarity: float
    platform: str = ""


class _Reply(NamedTuple):
    """An encoded reply: its features, what each adds when the situation holds it too, and its vector."""

    ids: np.ndarray
    gains: np.ndarray
    vector: np.ndarray


class RetrievalVoice:
    """The embedded voice: answers in milliseconds from the owner's own past replies."""

    name = "retrieval"

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._known: dict[str, _Reply] = {}
        self._unwanted: Callable[[str, str], bool] = lambda _platform, _reply: False

    @classmethod
    def load(cls, files: Mapping[str, bytes]) -> Self:
        """Make a voice of the learner's artefact; raises ``LearnerError`` where it is damaged."""
        return cls(Memory.loads(files))

    def leave_out(self, unwanted: Callable[[str, str], bool]) -> None:
        """Say nothing any more of what is ``unwanted``, by its platform and text."""
        self._unwanted = unwanted

    def stream(self, context: Sequence[Turn], *, contact: str | None, seed: int) -> Iterator[str]:
        """Yield one of the owner's own replies, word by word; the seed chooses among equally good ones.

        What was said to ``contact`` goes before an equal said to others; nothing is said twice in one
        conversation while there is something else to say. Raises ``LearnerError`` if there is nothing to say.
        """
        scores = self._weighed(context, contact)
        best = self._distinct(scores, CHOICE)
        if not best:
            raise LearnerError("There is nothing it may say.", hint="Run `ipse prepare` and `ipse train`.")
        yield from _PIECE.findall(self._memory.past[_chosen(scores, best, seed)].reply)

    def replies(self) -> list[str]:
        """Every reply it knows."""
        return [pair.reply for pair in self._memory.past]

    def best(self, context: Sequence[Turn], *, contact: str | None, k: int) -> list[str]:
        """The ``k`` replies it would rather give than any other, the best first, none of them twice."""
        return [self._memory.past[at].reply for at in self._distinct(self._weighed(context, contact), k)]

    def score(self, context: Sequence[Turn], replies: Sequence[str]) -> Sequence[float]:
        """Log odds of each reply to be the one given, up to a constant of the context."""
        if not replies:
            return []
        matcher = self._memory.matcher
        now = matcher.situations([_texts(context)])
        held = self._encoded(replies)
        shares = np.zeros(SIZE, dtype=np.float32)
        shares[now.words.indices] = now.words.data
        rows = np.repeat(np.arange(len(held)), [len(each.ids) for each in held])
        gains = shares[np.concatenate([each.ids for each in held])] * np.concatenate(
            [each.gains for each in held]
        )
        shared = np.bincount(rows, weights=gains, minlength=len(held))
        fitting = matcher.by_vectors(np.stack([each.vector for each in held]), now.vectors[0])
        return [float(score) for score in shared + fitting]

    def nearest(self, context: Sequence[Turn], k: int) -> list[Recalled]:
        """The ``k`` most similar past situations, the most similar first: what an answer is based on."""
        _, likeness = self._memory.weigh(_texts(context), None)
        found = np.argsort(-likeness, kind="stable")[:k]
        pairs = [(self._memory.past[at], float(likeness[at])) for at in found]
        return [
            Recalled("\n".join(pair.context), pair.reply, likeness, pair.platform) for pair, likeness in pairs
        ]

    def _encoded(self, replies: Sequence[str]) -> list["_Reply"]:
        """What is known of each reply; the same candidates come again and again while a clone is judged."""
        if len(self._known) > KNOWN:
            self._known.clear()
        fresh = [reply for reply in dict.fromkeys(replies) if reply not in self._known]
        if fresh:
            counts, matcher = bags(fresh), self._memory.matcher
            shared, vectors = matcher.shared(counts), matcher.replies(fresh, counts).vectors
            for at, reply in enumerate(fresh):
                span = slice(shared.indptr[at], shared.indptr[at + 1])
                self._known[reply] = _Reply(shared.indices[span], shared.data[span], vectors[at])
        return [self._known[reply] for reply in replies]

    def _weighed(self, context: Sequence[Turn], contact: str | None) -> np.ndarray:
        """The scores of all past replies; those the owner gave in this conversation go last."""
        scores, _ = self._memory.weigh(_texts(context), contact)
        said = {turn.text for turn in context if turn.role == "owner"}
        again = [at for at, pair in enumerate(self._memory.past) if pair.reply in said]
        if len(again) < len(scores):
            scores[again] = -np.inf
        return scores

    def _distinct(self, scores: np.ndarray, count: int) -> list[int]:
        """The ``count`` best rows, the best first, no reply twice and none that is unwanted."""
        best: dict[str, int] = {}
        for looked, at in enumerate(np.argsort(-scores, kind="stable")):
            if len(best) == count or (best and looked >= 4 * count):
                break
            pair = self._memory.past[at]
            if pair.reply not in best and not self._unwanted(pair.platform, pair.reply):
                best[pair.reply] = int(at)
        return list(best.values())


def _texts(context: Sequence[Turn]) -> list[str]:
    return [turn.text for turn in context] or [""]


def _chosen(scores: np.ndarray, best: Sequence[int], seed: int) -> int:
    near = [at for at in best if scores[at] >= scores[best[0]] - NEAR]
    chances = np.exp(scores[near] - scores[near[0]]).astype(np.float64)
    return int(np.random.default_rng(seed).choice(near, p=chances / chances.sum()))
