"""What is put on a base without peft: bottlenecks behind its modules, or a copy of it that is trained.

Imports torch: import it where it is needed.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import TYPE_CHECKING, Any, cast

import torch
from torch.nn import functional

from ipse.errors import LearnerError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["Beside", "Bottlenecked"]


class _Bottleneck(torch.nn.Module):
    """Down, bend, up, and the way around; the identity at the start."""

    def __init__(self, channels: int, width: int, *, dropout: float, device: torch.device) -> None:
        super().__init__()
        self.dropout = dropout
        self.down = torch.nn.Linear(channels, width, device=device, dtype=torch.float32)
        self.up = torch.nn.Linear(width, channels, device=device, dtype=torch.float32)
        torch.nn.init.zeros_(self.up.weight)
        torch.nn.init.zeros_(self.up.bias)

    def forward(self, seen: torch.Tensor) -> torch.Tensor:
        """What a module gave, and what the bottleneck adds."""
        bent = functional.gelu(self.down(seen.to(self.down.weight.dtype)))
        added: torch.Tensor = self.up(functional.dropout(bent, self.dropout, self.training))
        return seen + added.to(seen.dtype)


class _Switched(torch.nn.Module):
    """A frozen base, and something on it that can be taken off for a while."""

    def __init__(self, base: "PreTrainedModel") -> None:
        super().__init__()
        self.base = base.requires_grad_(requires_grad=False)
        self.on = True

    @property
    def device(self) -> torch.device:
        """Where it is computed."""
        return cast("torch.device", self.base.device)

    @contextmanager
    def disable_adapter(self) -> Iterator[None]:
        """The base alone, for a while."""
        self.on = False
        try:
            yield
        finally:
            self.on = True


class Beside(_Switched):
    """A copy of the base that is trained, in 32 bits, and the base itself for whoever asks for it."""

    def __init__(self, base: "PreTrainedModel") -> None:
        super().__init__(base)
        self.tuned = deepcopy(base).float().requires_grad_(requires_grad=True)

    def forward(self, **given: Any) -> Any:  # noqa: ANN401  as the base's
        """What the one that is on gives."""
        ask: Callable[..., Any] = self.tuned if self.on else self.base
        return ask(**given)

    def get_base_model(self) -> "PreTrainedModel":
        """The transformers model that is trained."""
        return self.tuned


class Bottlenecked(_Switched):
    """The base with a bottleneck behind each linear layer whose name ends in one of ``ends``.

    Raises ``LearnerError`` where there is none.
    """

    def __init__(self, base: "PreTrainedModel", ends: Sequence[str], *, width: int, dropout: float) -> None:
        super().__init__(base)
        self.shape: dict[str, object] = {"type": "houlsby", "width": width, "ends": list(ends)}
        self.bottlenecks = torch.nn.ModuleDict()
        for name, module in list(base.named_modules()):
            channels = _channels(module)
            if name.rpartition(".")[2] in ends and channels:
                place = next(module.parameters()).device
                one = _Bottleneck(channels, width, dropout=dropout, device=place)
                self.bottlenecks[name.replace(".", "/")] = one
                module.register_forward_hook(self._behind(one))
        if not self.bottlenecks:
            raise LearnerError(
                f"No layer of the base ends in {', '.join(ends)}.",
                hint="Set lora.target_modules to what its attention and its MLP end with.",
            )

    def forward(self, **given: Any) -> Any:  # noqa: ANN401  as the base's
        """What the base gives."""
        return self.base(**given)

    def get_base_model(self) -> "PreTrainedModel":
        """The transformers model inside."""
        return self.base

    def _behind(self, one: _Bottleneck) -> Callable[..., Any]:
        return lambda _module, _given, out: one(out) if self.on else out


def _channels(module: torch.nn.Module) -> int:
    """Numbers a linear layer gives a token; 0 where it is none."""
    for name in ("out_features", "nf"):  # GPT-2's Conv1D calls them nf
        found = getattr(module, name, None)
        if isinstance(found, int):
            return found
    return 0
