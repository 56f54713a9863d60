"""What every engine can do: read on, and say what every token is worth next. Knows tokens, no text."""

from collections.abc import Sequence
from typing import Protocol

from ipse.voices.sampling import Logits

__all__ = ["Engine", "Passage", "threads"]


class Passage(Protocol):
    """One text being read and written; several may be at once."""

    def following(self, tokens: Sequence[int]) -> Logits:
        """Read ``tokens`` (one at least) after all before: what follows, a fresh array that may be changed.

        Raises ``LearnerError`` where the engine fails.
        """


class Engine(Protocol):
    """Something that runs a model; safe to use from several threads."""

    @property
    def kind(self) -> str:
        """As ``voice.engine`` names it."""

    @property
    def name(self) -> str:
        """With the precision of its weights, for the owner."""

    @property
    def weights(self) -> int:
        """Bytes of them, which every token reads."""

    def begin(self) -> Passage:
        """A passage with nothing in it yet."""


def threads() -> int:
    """How many an engine may use: as many as PyTorch would, which goes by the cores and OMP_NUM_THREADS."""
    import torch

    return torch.get_num_threads()
