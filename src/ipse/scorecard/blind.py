"""The human test: forty pairs of replies, the real one and the clone's. Who wrote this?

The order of each pair is drawn by a seed and the reader is told nothing until the end. Half right is chance:
the reader cannot tell. Knows no vault and no terminal.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec

from ipse.errors import DatasetError
from ipse.interfaces import Voice
from ipse.records import Example, Turn
from ipse.scorecard.blocks import key
from ipse.scorecard.results import Figure, Human

__all__ = ["PAIRS", "BlindPair", "BlindTest", "Side", "blind_test", "wilson"]

PAIRS = 40
FEWEST_PAIRS = 10

Side = Literal["first", "second"]


class BlindPair(msgspec.Struct, frozen=True, kw_only=True):
    """A situation with two replies; ``real`` says which of them the owner wrote."""

    context: tuple[Turn, ...]
    first: str
    second: str
    real: Side


class BlindTest(msgspec.Struct, frozen=True, kw_only=True):
    """A test of one model by one reader, as far as it has come; ``answers`` by the pair's place."""

    model: str
    judge: str
    seed: int
    pairs: tuple[BlindPair, ...]
    answers: dict[int, Side] = {}
    ended_at: datetime | None = None

    @property
    def left(self) -> list[int]:
        """The places of the pairs that wait for an answer."""
        return [n for n in range(len(self.pairs)) if n not in self.answers]

    def answered(self, answers: Mapping[int, Side]) -> "BlindTest":
        """With more answers; an answer stands once it is given. Raises ``DatasetError`` for a wrong place."""
        wrong = [n for n in answers if not 0 <= n < len(self.pairs)]
        if wrong:
            raise DatasetError(
                f"There is no pair {wrong[0] + 1}.", hint=f"The test has pairs 1 to {len(self.pairs)}."
            )
        held = {**answers, **self.answers}
        ended = self.ended_at or (datetime.now(UTC) if len(held) == len(self.pairs) else None)
        return msgspec.structs.replace(self, answers=held, ended_at=ended)

    def result(self) -> Human | None:
        """How often the reader was right, once every pair has an answer."""
        if self.ended_at is None:
            return None
        right = sum(self.pairs[n].real == said for n, said in self.answers.items())
        return Human(
            judge=self.judge, pairs=len(self.pairs), right=right, figure=wilson(right, len(self.pairs)),
            at=self.ended_at,
        )  # fmt: skip


def blind_test(
    voice: Voice,
    test: Sequence[Example],
    *,
    model: str,
    judge: str,
    seed: int,
    progress: Callable[[int], None],
) -> BlindTest:
    """Draw situations from as many conversations as there are, and let the clone answer them.

    ``progress`` is told how many of the ``PAIRS`` are there.

    A pair whose replies are the same tells nothing and is passed over. Raises ``DatasetError`` where there
    are fewer than ten pairs.
    """
    rng = random.Random(seed)  # noqa: S311 - a sample, not a secret
    pairs: list[BlindPair] = []
    for n, example in enumerate(_spread(test, rng)):
        if len(pairs) == PAIRS:
            break
        said = "".join(voice.stream(example.context, contact=example.contact, seed=seed + n)).strip()
        progress(len(pairs))
        if said and key(said) != key(example.reply):
            real: Side = rng.choice(("first", "second"))
            first, second = (example.reply, said) if real == "first" else (said, example.reply)
            pairs.append(BlindPair(context=example.context, first=first, second=second, real=real))
    if len(pairs) < FEWEST_PAIRS:
        raise DatasetError(
            f"Only {len(pairs)} pairs can be made of what was held out; {FEWEST_PAIRS} are needed.",
            hint="Import more, then `ipse prepare` and `ipse train`.",
        )
    return BlindTest(model=model, judge=judge, seed=seed, pairs=tuple(pairs))


def _spread(test: Sequence[Example], rng: random.Random) -> list[Example]:
    """One of each conversation in turn, conversations in random order."""
    talks: dict[str, list[Example]] = {}
    for example in rng.sample(sorted(test, key=lambda each: each.id), len(test)):
        talks.setdefault(example.conversation, []).append(example)
    turns = max((len(held) for held in talks.values()), default=0)
    return [held[turn] for turn in range(turns) for held in talks.values() if turn < len(held)]


def wilson(right: int, count: int, *, z: float = 1.959964) -> Figure:
    """A share with Wilson's interval (1927), 95 % by default."""
    share = right / count
    spread = 1 + z**2 / count
    middle = (share + z**2 / (2 * count)) / spread
    half = z * (share * (1 - share) / count + z**2 / (4 * count**2)) ** 0.5 / spread
    return Figure(share, max(0.0, middle - half), min(1.0, middle + half))
