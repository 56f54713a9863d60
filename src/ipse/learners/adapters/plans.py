"""What a run will do, settled before it starts: sizes, steps, learning rate. Knows no model and no text."""

from collections.abc import Set as AbstractSet
from math import ceil, cos, pi

import msgspec

from ipse.config import LoraSettings

__all__ = ["Plan", "plan"]

FEW = 200  # examples; below this the recipe halves rank and epochs
FEW_EPOCHS = 2.0
SHORT = 100  # steps; below this the recipe doubles the learning rate
SPECIAL = 0.2  # share of the steps that the second stage takes


class Plan(msgspec.Struct, frozen=True):
    """``steps`` of all stages, each of ``batch`` windows; ``general`` of them before the second stage.

    ``whole`` are the steps of all epochs, however few of them are taken.
    """

    rank: int
    alpha: int
    epochs: float
    steps: int
    learning_rate: float
    batch: int
    warmup: int
    general: int
    whole: int

    def rate(self, step: int) -> float:
        """The learning rate of a step (counted from 0): it warms up, then falls along a cosine to 0."""
        if step < self.warmup:
            return self.learning_rate * (step + 1) / self.warmup
        share = (step - self.warmup) / max(1, self.steps - self.warmup)
        return self.learning_rate * (1 + cos(pi * share)) / 2


def plan(
    settings: LoraSettings,
    *,
    examples: int,
    windows: int,
    tokens: int = 0,
    specialised: bool = False,
    own: AbstractSet[str] = frozenset(),
) -> Plan:
    """Fit the settings to the number of examples, and of ``tokens`` in all windows, as the recipe has it.

    Below 200 examples the rank is at most 8 (alpha shrinks with it, so the update keeps its scale) and the
    epochs are 2, unless others than the default were asked for. Below 100 steps the learning rate doubles.
    ``own`` are the settings that the owner set: their rank and learning rate stay as they are.
    ``specialised``: there is a second stage.
    """
    rank, epochs = settings.rank, settings.epochs
    if examples < FEW:
        rank = rank if "rank" in own else min(rank, 8)
        epochs = FEW_EPOCHS if epochs == LoraSettings.model_fields["epochs"].default else epochs
    batch = settings.batch * settings.accumulation
    steps = whole = max(1, ceil(ceil(windows / batch) * epochs))
    if settings.total_tokens and tokens:
        steps = min(steps, ceil(settings.total_tokens * windows / tokens / batch))
    if settings.max_steps:
        steps = min(steps, settings.max_steps)
    return Plan(
        rank=rank,
        alpha=max(1, settings.alpha * rank // settings.rank),
        epochs=epochs,
        steps=steps,
        learning_rate=settings.learning_rate * (2 if steps < SHORT and "learning_rate" not in own else 1),
        batch=batch,
        warmup=min(settings.warmup, steps // 10),
        general=steps - round(SPECIAL * steps) if specialised else steps,
        whole=whole,
    )
