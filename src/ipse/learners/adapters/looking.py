"""Looking at replies that are held out, and at some that are trained on, to know when to stop.

Two things end a run: the first rise of bits per byte on the held-out replies, and training replies that can
be told from them (membership inference by loss, held against the base's own: Carlini et al. 2022). What a
look costs is counted in tokens and not in seconds, so that the same run always looks at the same steps.
"""

from collections.abc import Sequence
from math import sqrt
from statistics import fmean, stdev
from typing import Final

import msgspec
import numpy as np

from ipse.learners.adapters.packing import Piece

__all__ = ["Looks", "Watched", "membership", "rose", "schedule", "thin", "told_apart"]

MOST_LOOKS: Final = 10
LEAST_LOOKS: Final = 2
SIDE: Final = 100  # replies looked at of each kind, at most
LEAST_SIDE: Final = 8  # at least
ENOUGH: Final = 32  # replies of each kind from which more looks are worth more than more replies
TRAINING: Final = 3  # what a token costs in training, in tokens that are only read
BEYOND_CHANCE: Final = 1.645  # standard errors: 5 % on one side


class Looks(msgspec.Struct, frozen=True):
    """``side`` replies of each kind, every so many steps."""

    side: int
    every: int

    def due(self, step: int, steps: int) -> bool:
        """Whether to look after so many steps."""
        return step % self.every == 0 or step == steps


class Watched(msgspec.Struct, frozen=True):
    """Replies looked at: their pieces (without the end of the turn), and the UTF-8 bytes of each reply."""

    pieces: list[Piece]
    sizes: list[int]

    def by_reply(self, bits: Sequence[float]) -> list[float]:
        """Bits of each reply, from those of its pieces."""
        out = [0.0] * len(self.sizes)
        for piece, spent in zip(self.pieces, bits, strict=True):
            out[piece.example] += spent
        return out


def schedule(share: float, *, steps: int, step_tokens: float, reply_tokens: float, held: int) -> Looks:
    """How much to look at, and how often, so that it is about ``share`` of the work of a run.

    ``reply_tokens`` is what one held-out reply and one trained on take together. A short run looks at few
    replies a few times, which may be more than its share.
    """
    budget = share / (1 - share) * TRAINING * steps * step_tokens / max(1.0, reply_tokens)
    looks = int(min(max(budget // ENOUGH, LEAST_LOOKS), MOST_LOOKS, steps))
    side = int(min(max(budget // (looks + 1), LEAST_SIDE), SIDE, held))
    return Looks(side=side, every=max(1, -(-steps // looks)))


def thin(places: Sequence[int], count: int) -> list[int]:
    """At most ``count`` of them, evenly spread."""
    if len(places) <= count:
        return list(places)
    return [places[int(at)] for at in np.linspace(0, len(places) - 1, count).round()]


def rose(more: Sequence[float]) -> bool:
    """Whether the mean of ``more`` (bits per example) is above 0 by more than its standard error.

    Less than that, over the examples looked at, is noise of the steps.
    """
    error = stdev(more) / sqrt(len(more)) if len(more) > 1 else 0.0
    return fmean(more) > error


def membership(members: Sequence[float], others: Sequence[float]) -> float:
    """How well the gain over the base tells replies trained on from others: AUC, a tie counts half."""
    if not members or not others:
        return 0.5
    ours, theirs = np.array(members)[:, None], np.array(others)[None]
    return float(((ours > theirs) + (ours == theirs) / 2).mean())


def told_apart(auc: float, members: int, others: int, limit: float) -> bool:
    """Whether an AUC is above its limit, and above chance by more than so few replies would give.

    Its standard error is that of Hanley and McNeil (1982).
    """
    if auc <= limit:
        return False
    first, second = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    spread = auc * (1 - auc) + (members - 1) * (first - auc**2) + (others - 1) * (second - auc**2)
    return auc - BEYOND_CHANCE * sqrt(max(0.0, spread) / (members * others)) > 0.5
