"""How the next word is drawn from what a model makes of every word. Knows figures, no model and no text."""

from collections.abc import Collection, Iterable
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from ipse.config import VoiceSettings

__all__ = ["Drawing", "Logits", "Sampling"]

Logits = npt.NDArray[np.float32]
"""One value a token of the vocabulary."""

NEVER: Final = np.float32(-np.inf)


class Sampling(msgspec.Struct, frozen=True):
    """How the next token is drawn: usual values for chat."""

    temperature: float = 0.7
    top_k: int = 50
    top_p: float = 0.9
    max_new_tokens: int = 256
    repetition_penalty: float = 1.1  # of what stands in the prompt or was said, as transformers has it

    @classmethod
    def of(cls, settings: VoiceSettings) -> "Sampling":
        """As the settings have it."""
        told = settings
        return cls(told.temperature, told.top_k, told.top_p, told.max_new_tokens, told.repetition_penalty)


class Drawing:
    """The words of one answer, drawn one after the other.

    ``stops`` end it and are not drawn first; ``forbidden`` are never drawn. The same seed and the same logits
    give the same tokens, whatever computed them.
    """

    def __init__(
        self,
        sampling: Sampling,
        *,
        seed: int,
        prompt: Iterable[int],
        stops: Collection[int],
        forbidden: Iterable[int],
    ) -> None:
        self._sampling = sampling
        self._dice = np.random.default_rng(seed)
        self._stops = np.array(sorted(stops), dtype=np.intp)
        self._forbidden = np.array(sorted(set(forbidden) - set(stops)), dtype=np.intp)
        self._ends = frozenset(stops)
        self._seen = list(dict.fromkeys(token for token in prompt if token not in self._ends))
        self._met = set(self._seen)
        self._first = True

    def next(self, logits: Logits, *, ending: float = 0.0) -> int:
        """Draw a token; ``logits`` are changed, ``ending`` is added to those of an end."""
        self._penalize(logits)
        logits[self._stops] += np.float32(ending)
        logits[self._forbidden] = NEVER
        if self._first:
            logits[self._stops] = NEVER
        self._first = False
        token = self._pick(logits)
        if token not in self._met and token not in self._ends:
            self._met.add(token)
            self._seen.append(token)
        return token

    def _penalize(self, logits: Logits) -> None:
        """Make what was said already less likely (Keskar et al. 2019), but the end of a turn."""
        places = np.array(self._seen, dtype=np.intp)
        held, penalty = logits[places], np.float32(self._sampling.repetition_penalty)
        logits[places] = np.where(held > 0, held / penalty, held * penalty)

    def _pick(self, logits: Logits) -> int:
        """Draw from the ``top_k`` likeliest tokens, of these the fewest that hold ``top_p`` of the mass."""
        count = min(self._sampling.top_k, len(logits))
        best = np.argpartition(logits, len(logits) - count)[-count:]
        best = best[np.lexsort((best, -logits[best]))]  # among equals the lower number, everywhere
        held = logits[best].astype(np.float64) / self._sampling.temperature
        chances = np.exp(held - held[0])
        chances /= chances.sum()
        mass = chances.cumsum()
        within = mass - chances <= self._sampling.top_p
        mass = mass[: int(within.sum())]
        return int(best[int(np.searchsorted(mass, self._dice.random() * mass[-1], side="right"))])
