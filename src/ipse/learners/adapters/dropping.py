"""Dropout for a CPU: eight numbers from each draw, where torch draws for each.

On small models the drawing alone takes a sixth of a step. The probability is one in 256 exact.
"""

from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    import torch

__all__ = ["cheaper"]

BYTES: Final = 8  # of a draw
SIDES: Final = 256


def cheaper(model: "torch.nn.Module") -> None:
    """Put it in place of torch's dropout wherever peft keeps one. Draws from torch's own random numbers."""
    import torch

    class Dropout(torch.nn.Module):
        """As ``torch.nn.Dropout``."""

        def __init__(self, p: float) -> None:
            super().__init__()
            self.bar = round(p * SIDES)

        def forward(self, seen: torch.Tensor) -> torch.Tensor:
            if not self.training or not self.bar:
                return seen
            draws = torch.empty(-(-seen.numel() // BYTES), dtype=torch.int64).random_(-(2**63), None)
            kept = (draws.view(torch.uint8)[: seen.numel()] >= self.bar).view(seen.shape)
            return seen * kept.to(seen.dtype).mul_(SIDES / (SIDES - self.bar))

    for module in model.modules():
        for name, dropout in cast("Any", getattr(module, "lora_dropout", {})).items():
            if isinstance(dropout, torch.nn.Dropout):
                cast("Any", module).lora_dropout[name] = Dropout(dropout.p)
