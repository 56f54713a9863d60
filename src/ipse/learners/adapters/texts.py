"""The examples of a run as pieces of tokens: what is trained on, in which stage, and what is looked at."""

import random
from collections.abc import Sequence
from statistics import fmean
from typing import Final

import msgspec

from ipse.config import LoraSettings
from ipse.learners.adapters.looking import SIDE, Watched, thin
from ipse.learners.adapters.packing import Piece
from ipse.learners.chat import ChatFormat, Window
from ipse.records import Example

__all__ = ["Sides", "Texts"]

NEWEST: Final = 100
SAMPLE: Final = 100  # of the examples that are read by chance, and of those that are not


class Sides(msgspec.Struct, frozen=True):
    """Replies looked at: held out, and learned from."""

    held: Watched
    learned: Watched


class Texts:
    """All pieces; ``general`` and ``special`` are the places of those for the first and the second stage.

    Where a number of tokens ends a run of one stage before it has seen everything, ``read`` are the examples
    that it comes to, and the rest is not written down at all: the newest, and others drawn by chance.
    ``share`` is how many of all they are. ``sample`` are ids of some that were drawn and of some that were
    not: who can tell these apart knows what was read, for nothing else is different (gate 10e).
    """

    def __init__(
        self, chat: ChatFormat, settings: LoraSettings, train: Sequence[Example], dev: Sequence[Example]
    ) -> None:
        self._chat = chat
        self.dev = sorted(dev, key=_age)[-SIDE:]
        self.sample: tuple[list[str], list[str]] = ([], [])
        special = _special(train, settings) if settings.stages == 2 else frozenset()
        self.two_stages = bool(special)
        self.pieces: list[Piece] = []
        self.general: list[int] = []
        self.special: list[int] = []
        # Where the second stage learns from what was varied in the first, the first has both.
        varied = any(one.origin is not None for one in train) and special == _unvaried(train)
        written = self._written(train, settings)
        self.read = [train[number] for number in written]
        self.share = len(written) / max(1, len(train))
        for number, windows in written.items():
            example = train[number]
            for window in windows:
                if number in special:
                    self.special.append(len(self.pieces))
                if number not in special or varied:
                    self.general.append(len(self.pieces))
                self.pieces.append(Piece(window, example.weight, number))
        self.replayed = 0
        self.mean_piece = fmean(map(len, self.pieces))
        self.mean_watched = 2 * fmean(map(len, self._watched(self.dev).pieces)) if self.dev else 0.0

    def _written(self, train: Sequence[Example], settings: LoraSettings) -> dict[int, list[Window]]:
        """The windows of each example that is come to, by its number, in order."""
        # What is private counts on everything being drawn from, and stages on each having its part.
        most = 0 if self.two_stages or settings.epsilon else settings.total_tokens
        order = sorted(range(len(train)), key=lambda number: _age(train[number]), reverse=True)
        if most:
            rest = order[NEWEST:]
            random.Random(settings.seed).shuffle(rest)  # noqa: S311
            order[NEWEST:] = rest
        out: dict[int, list[Window]] = {}
        tokens = 0
        for number in order:
            out[number] = self._chat.windows(train[number].context, train[number].reply)
            tokens += sum(len(window.ids) for window in out[number])
            if most and tokens >= most + settings.batch * settings.accumulation * tokens / len(out):
                break
        # A reply that was varied may be read in one form and left in another.
        if NEWEST < len(out) < len(train) and all(one.origin is None for one in train):
            ids = [train[number].id for number in order]
            self.sample = (ids[NEWEST : len(out)][:SAMPLE], ids[len(out) :][:SAMPLE])
        return dict(sorted(out.items()))

    def add_replay(self, pieces: Sequence[Piece]) -> None:
        """Learn these too, in every stage."""
        places = range(len(self.pieces), len(self.pieces) + len(pieces))
        self.pieces += pieces
        self.general += places
        self.special += places if self.two_stages else ()
        self.replayed = len(pieces)

    def watched(self, side: int) -> Sides:
        """``side`` replies of each kind, evenly over time; those learned from are among the newest."""
        if not self.dev:
            return Sides(Watched([], []), Watched([], []))
        said = sorted((one for one in self.read if one.origin is None), key=_age)
        held = thin(range(len(self.dev)), side)
        learned = thin(range(max(0, len(said) - 3 * side), len(said)), side)
        return Sides(
            self._watched([self.dev[place] for place in held]),
            self._watched([said[place] for place in learned]),
        )

    def _watched(self, examples: Sequence[Example]) -> Watched:
        pieces = [
            Piece(window, 1.0, number)
            for number, example in enumerate(examples)
            for window in self._chat.windows(example.context, example.reply, closed=False)
        ]
        return Watched(pieces, [len(example.reply.encode()) for example in examples])


def _special(train: Sequence[Example], settings: LoraSettings) -> frozenset[int]:
    """The examples of the second stage: of the platforms and contacts named, or, where that leaves none or
    nothing else, those that were not varied. Empty where there is nothing to tell apart."""
    named = set(settings.specialised)
    some = frozenset(at for at, one in enumerate(train) if named & {one.platform, one.contact})
    if not 0 < len(some) < len(train):
        some = _unvaried(train)
    return some if 0 < len(some) < len(train) else frozenset()


def _unvaried(train: Sequence[Example]) -> frozenset[int]:
    return frozenset(at for at, one in enumerate(train) if one.origin is None)


def _age(example: Example) -> tuple[object, ...]:
    return (example.at, example.id)
