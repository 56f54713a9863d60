"""Which pieces a step learns from: a place in an endless stream of shuffled epochs, stage by stage.

Nothing but the number of the step needs remembering.
"""

from collections.abc import Sequence

import numpy as np

__all__ = ["Feed"]


class Feed:
    """``stages`` are, in order, up to which step one goes and the places of the pieces it learns from."""

    def __init__(self, stages: Sequence[tuple[int, Sequence[int]]], *, batch: int, seed: int) -> None:
        self._stages = [(until, np.array(places, dtype=np.int64)) for until, places in stages]
        self._batch = batch
        self._seed = seed
        self._order: tuple[tuple[int, int], np.ndarray[tuple[int], np.dtype[np.int64]]] | None = None

    def at(self, step: int) -> list[int]:
        """The places of the pieces of that step (counted from 0); every epoch holds each place once."""
        start = 0
        for number, (until, places) in enumerate(self._stages):
            if step < until:
                first = (step - start) * self._batch
                return [self._place(number, places, first + each) for each in range(self._batch)]
            start = until
        raise ValueError(step)

    def _place(self, stage: int, places: "np.ndarray[tuple[int], np.dtype[np.int64]]", at: int) -> int:
        epoch, offset = divmod(at, len(places))
        if self._order is None or self._order[0] != (stage, epoch):
            order = np.random.default_rng([self._seed, stage, epoch]).permutation(len(places))
            self._order = ((stage, epoch), order)
        return int(places[self._order[1][offset]])
