"""A clone that answers with what its owner once said in a like situation. Needs no weights and no network.

Knows the owner's past only as the memory it was given; it never says anything they did not write.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, Self

import numpy as np

from ipse.errors import LearnerError
from ipse.learners.features import Floats
from ipse.learners.matching import Replies
from ipse.learners.memory import SHORTLIST, Memory
from ipse.records import Turn

__all__ = ["Recalled", "RetrievalVoice"]

NEAR = 0.7  # log odds below the best reply within which another is as good, and the seed chooses
CHOICE = 5  # replies to choose from, at most
LOOKED_AT = 4 * CHOICE  # replies that these are chosen from
ALIKE = 1.5
"""Log odds that a reply loses for being word for word one that is chosen already: maximal marginal relevance
(Carbonell and Goldstein, SIGIR 1998), so that another seed means another thing said, not another wording."""

KNOWN = 8192  # replies remembered between calls of score, about
WEIGHED = 5_000_000  # scores remembered between answers: 20 MB

_WORD = re.compile(r"\w+")
_PIECE = re.compile(r"\S{1,16}\s*|\s+")


class Recalled(NamedTuple):
    """A past situation (its turns, one a line), the owner's reply, how like it is (up to 1), and where."""

    context: str
    reply: str
    similarity: float
    platform: str = ""


class RetrievalVoice:
    """The embedded voice: answers in milliseconds from the owner's own past replies."""

    name = "retrieval"

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._known: dict[str, int] = {}  # rows of what is encoded, by reply
        self._encoded: Replies | None = None
        self._unwanted: Callable[[str, str], bool] = lambda _platform, _reply: False
        # Another seed, or the drafting of another answer, asks for the same again.
        self._weigh = lru_cache(maxsize=max(1, WEIGHED // len(memory.past)))(memory.weigh)

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
        scores = self._weigh(tuple(context), contact)
        fresh, again = self._distinct(scores, context, LOOKED_AT)
        best = fresh or again
        if not best:
            raise LearnerError("There is nothing it may say.", hint="Run `ipse prepare` and `ipse train`.")
        yield from _PIECE.findall(self._memory.past[_chosen(self._diverse(scores, best), seed)].reply)

    def replies(self) -> list[str]:
        """Every reply it knows."""
        return [pair.reply for pair in self._memory.past]

    def best(self, context: Sequence[Turn], *, contact: str | None, k: int) -> list[str]:
        """The ``k`` replies it would rather give than any other, the best first, none of them twice.

        What the owner said in this conversation comes last.
        """
        fresh, again = self._distinct(self._weigh(tuple(context), contact), context, k)
        return [self._memory.past[at].reply for at in (fresh + again)[:k]]

    def score(self, context: Sequence[Turn], replies: Sequence[str]) -> Sequence[float]:
        """Log odds of each reply to be the one given, up to a constant of the context."""
        if not replies:
            return []
        matcher = self._memory.matcher
        views = matcher.views(matcher.query(context), self._replies(replies))
        return [float(score) for score in matcher.mixed(views)]

    def nearest(self, context: Sequence[Turn], k: int) -> list[Recalled]:
        """The ``k`` most similar past situations, the most similar first: what an answer is based on."""
        likeness = self._memory.alike_to(context)
        found = np.argsort(-likeness, kind="stable")[:k]
        pairs = [(self._memory.past[at], float(likeness[at])) for at in found]
        return [
            Recalled("\n".join(pair.texts), pair.reply, likeness, pair.platform) for pair, likeness in pairs
        ]

    def _replies(self, replies: Sequence[str]) -> Replies:
        """Encode replies; the same candidates come again and again while a clone is judged."""
        if self._encoded is not None and self._encoded.vectors.shape[0] > KNOWN:
            self._known, self._encoded = {}, None
        fresh = [reply for reply in dict.fromkeys(replies) if reply not in self._known]
        if fresh or self._encoded is None:
            more = self._memory.matcher.replies(fresh)
            self._known |= {reply: len(self._known) + at for at, reply in enumerate(fresh)}
            self._encoded = more if self._encoded is None else self._encoded.and_also(more)
        return self._encoded.rows(np.array([self._known[reply] for reply in replies], dtype=np.int64))

    def _distinct(self, scores: Floats, context: Sequence[Turn], count: int) -> tuple[list[int], list[int]]:
        """The ``count`` best rows, the best first, no reply twice and none that is unwanted.

        Apart from them, those of replies that the owner gave in this conversation already.
        """
        said = {_bare(turn.text) for turn in context if turn.role == "owner"}
        fresh: dict[str, int] = {}
        again: dict[str, int] = {}
        for looked, at in enumerate(_best_first(scores)):
            if len(fresh) == count or (fresh and looked >= max(SHORTLIST, 4 * count)):
                break
            pair = self._memory.past[at]
            bare = _bare(pair.reply)
            rows = again if bare in said else fresh
            if bare not in rows and not self._unwanted(pair.platform, pair.reply):
                rows[bare] = at
        return list(fresh.values()), list(again.values())

    def _diverse(self, scores: Floats, best: Sequence[int]) -> dict[int, float]:
        """At most ``CHOICE`` of the rows in ``best`` that say different things, and their scores."""
        features = self._memory.matcher.weighted(self._memory.said.counts[best])
        alike = (features @ features.T).toarray()
        left = scores[best].astype(np.float64)
        taken: dict[int, float] = {}
        nearest = np.zeros(len(best))
        for _ in range(min(CHOICE, len(best))):
            at = int(np.argmax(left - ALIKE * nearest))
            taken[best[at]] = float(left[at] - ALIKE * nearest[at])
            left[at] = -np.inf
            nearest = np.maximum(nearest, alike[at])
        return taken


def _bare(text: str) -> str:
    """What two replies have in common that differ in case, blanks and punctuation alone."""
    return " ".join(_WORD.findall(text.casefold())) or text


def _best_first(scores: Floats) -> Iterator[int]:
    """Rows by their scores; all of them are sorted only where the first do not do."""
    first = (
        np.argpartition(-scores, SHORTLIST)[:SHORTLIST] if len(scores) > SHORTLIST else np.arange(len(scores))
    )
    first = first[np.lexsort((first, -scores[first]))]
    yield from (int(at) for at in first)
    if len(scores) > len(first):
        behind = scores.copy()
        behind[first] = -np.inf
        yield from (int(at) for at in np.argsort(-behind, kind="stable")[: len(scores) - len(first)])


def _chosen(scores: Mapping[int, float], seed: int) -> int:
    """One of the rows within ``NEAR`` of the best; a likelier one more often."""
    best = max(scores.values())
    near = {at: score for at, score in scores.items() if score >= best - NEAR}
    chances = np.exp(np.array(list(near.values())) - best)
    return int(np.random.default_rng(seed).choice(list(near), p=chances / chances.sum()))
