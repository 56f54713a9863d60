"""What a growth does and where it stands: the plan, its schedule, and checkpoints that hold everything.

A checkpoint is safetensors (weights in 32 bits, both moments of the optimizer, the state of the random
numbers) and JSON (plan, place, figures so far, hash of the text). No pickle. It is written beside the old
one and takes its place in one step, so a run that is killed goes on from the one or the other.
"""

from math import cos, pi
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ipse.errors import BaseModelError

if TYPE_CHECKING:
    import torch

__all__ = ["FILE", "Checkpoint", "Plan", "Standing", "load_checkpoint", "save_checkpoint"]

FILE = "state.safetensors"
NOTES = "standing"  # the key of the JSON in the metadata of the file
FORMAT = 1
FLOOR = 0.05  # share of the peak at which the learning rate of a cycle ends
LONG_FROM = 0.75  # share of a cycle from which rows have the full context: short ones are faster


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The shape of the model and how it is grown; 5.3 million parameters by default.

    ``cycles`` are steps: each one warms up and falls along a cosine. A finished growth may be given another
    one, and the one that is running made shorter or longer: it then goes on along the new curve.
    """

    vocabulary: int = 6144
    hidden: int = 256
    layers: int = 5
    heads: int = 4
    key_heads: int = 2
    inner: int = 704
    context: int = 512
    batch: int = 4096  # tokens
    micro: int = 2048  # tokens of a pass; a batch is several
    learning_rate: float = 2e-3
    warmup: int = 200
    weight_decay: float = 0.1
    clip: float = 1.0
    half: bool = True  # matrix products in bfloat16
    cycles: tuple[int, ...] = (5000,)
    look_every: int = 500  # steps between measurements
    save_every: int = 100  # steps between checkpoints
    seed: int = 7

    @property
    def steps(self) -> int:
        """Steps of all cycles."""
        return sum(self.cycles)

    def over(self, step: int) -> tuple[int, ...]:
        """The cycles that are over by ``step``; what follows may still be changed."""
        ends = [sum(self.cycles[: count + 1]) for count in range(len(self.cycles))]
        return self.cycles[: sum(end <= step for end in ends)]

    def rate(self, step: int) -> float:
        """The learning rate of a step (counted from 0)."""
        done, cycle = self._place(step)
        warm = min(self.warmup, cycle // 2)
        if done < warm:
            return self.learning_rate * (done + 1) / warm
        share = (done - warm) / max(1, cycle - warm)
        return self.learning_rate * (FLOOR + (1 - FLOOR) * (1 + cos(pi * share)) / 2)

    def length(self, step: int) -> int:
        """Tokens in a row at a step: half of the context, and all of it in the last quarter of a cycle."""
        done, cycle = self._place(step)
        return self.context if done >= LONG_FROM * cycle else self.context // 2

    def _place(self, step: int) -> tuple[int, int]:
        for cycle in self.cycles:
            if step < cycle:
                return step, cycle
            step -= cycle
        raise ValueError(step)


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How far a growth is. ``held`` is bits per byte by corpus at each step it was measured."""

    plan: Plan
    step: int
    text: str  # SHA-256 of the text grown from
    seconds: float = 0.0
    held: dict[int, dict[str, float]] = {}
    format: int = FORMAT


class Checkpoint(msgspec.Struct, frozen=True):
    """A standing and its tensors by name: ``weight/…``, ``mean/…``, ``square/…``, ``random``."""

    standing: Standing
    tensors: "dict[str, torch.Tensor]"


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write it durably in place of the one before."""
    import os

    from safetensors.torch import save

    folder.mkdir(parents=True, exist_ok=True)
    notes = msgspec.json.encode(checkpoint.standing).decode()
    part = folder / f"{FILE}.part"
    with part.open("wb") as file:
        file.write(save(checkpoint.tensors, metadata={NOTES: notes}))
        file.flush()
        os.fsync(file.fileno())
    part.replace(folder / FILE)


def load_checkpoint(folder: Path) -> Checkpoint | None:
    """The checkpoint in a folder, or None; ``BaseModelError`` where it cannot be read."""
    from safetensors import SafetensorError, safe_open

    path = folder / FILE
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as held:
            standing = msgspec.json.decode((held.metadata() or {})[NOTES], type=Standing)
            tensors = {name: held.get_tensor(name) for name in held.keys()}  # noqa: SIM118  no mapping
    except (SafetensorError, OSError, KeyError, msgspec.DecodeError) as error:
        raise BaseModelError(
            f"{path} is no checkpoint, or it is damaged.", hint="Remove it to grow from the start."
        ) from error
    if standing.format != FORMAT:
        raise BaseModelError(f"{path} has format {standing.format}.", hint="Update ipse.")
    return Checkpoint(standing, tensors)
