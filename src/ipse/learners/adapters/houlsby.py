"""Houlsby adapters: a bottleneck behind the attention and behind the MLP of each layer (Houlsby et al. 2019,
https://arxiv.org/abs/1902.00751).

peft has no such adapter, and the package `adapters` needs transformers 4; it is a module of its own here.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, cast

from ipse.config import LoraSettings
from ipse.errors import LearnerError
from ipse.learners.adapters.method import ADAPTER, CONFIG, AdapterLearner
from ipse.learners.adapters.plans import Plan

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

__all__ = ["HoulsbyLearner"]

# What a layer ends its attention and its MLP with, in the families of transformers.
ENDS = ("o_proj", "down_proj", "out_proj", "dense", "dense_4h_to_h", "c_proj", "fc2", "wo", "w2")


class HoulsbyLearner(AdapterLearner):
    """Bottlenecks of ``settings.bottleneck`` channels; at first they add nothing."""

    name: ClassVar[str] = "houlsby"

    @classmethod
    def put_on(cls, base: "PreTrainedModel", plan: Plan, settings: LoraSettings) -> "torch.nn.Module":  # noqa: ARG003
        """See :meth:`AdapterLearner.put_on`; ``LearnerError`` where no layer ends in a known way."""
        ends = settings.target_modules or ENDS
        return bottlenecked(base, width=settings.bottleneck, dropout=settings.dropout, ends=ends)

    @classmethod
    def weights(cls, model: "torch.nn.Module") -> "dict[str, torch.Tensor]":
        """Of the bottlenecks."""
        held: dict[str, torch.Tensor] = cast("Any", model).bottlenecks.state_dict()
        return held

    @classmethod
    def config(cls, model: "torch.nn.Module") -> dict[str, object]:
        """Width and ends."""
        held: dict[str, object] = cast("Any", model).shape
        return held

    @classmethod
    def revived(cls, base: "PreTrainedModel", files: Mapping[str, bytes]) -> "torch.nn.Module":
        """See :meth:`AdapterLearner.revived`."""
        from safetensors import SafetensorError
        from safetensors.torch import load

        try:
            held = json.loads(files[CONFIG])
            model = bottlenecked(base, width=int(held["width"]), dropout=0.0, ends=tuple(held["ends"]))
            cast("Any", model).bottlenecks.load_state_dict(load(files[ADAPTER]))
        except (SafetensorError, ValueError, TypeError, KeyError, RuntimeError) as error:
            raise LearnerError(
                f"The adapter cannot be put on its base ({type(error).__name__}).", hint="Train it again."
            ) from error
        return model


def bottlenecked(
    base: "PreTrainedModel", *, width: int, dropout: float, ends: tuple[str, ...]
) -> "torch.nn.Module":
    """The base with a bottleneck behind each module whose name ends in one of ``ends``."""
    import torch
    from torch.nn import functional

    class Bottleneck(torch.nn.Module):
        """Down, bend, up, and the way around; the identity at the start."""

        def __init__(self, channels: int, like: torch.Tensor) -> None:
            super().__init__()
            self.down = torch.nn.Linear(channels, width, device=like.device, dtype=torch.float32)
            self.up = torch.nn.Linear(width, channels, device=like.device, dtype=torch.float32)
            torch.nn.init.zeros_(self.up.weight)
            torch.nn.init.zeros_(self.up.bias)

        def forward(self, seen: torch.Tensor) -> torch.Tensor:
            bent = functional.gelu(self.down(seen.to(self.down.weight.dtype)))
            added: torch.Tensor = self.up(functional.dropout(bent, dropout, self.training))
            return seen + added.to(seen.dtype)

    class Bottlenecked(torch.nn.Module):
        """The base, whose modules call the bottlenecks by hooks."""

        def __init__(self) -> None:
            super().__init__()
            self.base = base.requires_grad_(requires_grad=False)
            self.shape: dict[str, object] = {"type": "houlsby", "width": width, "ends": list(ends)}
            self.on = True
            self.bottlenecks = torch.nn.ModuleDict()
            for name, module in base.named_modules():
                channels = _channels(module)
                if name.rpartition(".")[2] in ends and channels:
                    one = Bottleneck(channels, next(module.parameters()))
                    self.bottlenecks[name.replace(".", "/")] = one
                    module.register_forward_hook(self._behind(one))

        def _behind(self, one: Bottleneck) -> "Callable[..., Any]":
            return lambda _module, _given, out: one(out) if self.on else out

        def forward(self, **given: Any) -> Any:  # noqa: ANN401  as the base's
            return self.base(**given)

        def get_base_model(self) -> "PreTrainedModel":
            return self.base

        @property
        def device(self) -> torch.device:
            return cast("torch.device", self.base.device)

        @contextmanager
        def disable_adapter(self) -> Iterator[None]:
            self.on = False
            try:
                yield
            finally:
                self.on = True

    made = Bottlenecked()
    if not made.bottlenecks:
        raise LearnerError(
            f"No layer of the base ends in {', '.join(ends)}.",
            hint="Set lora.target_modules to what its attention and its MLP end with.",
        )
    return made


def _channels(module: "torch.nn.Module") -> int:
    """Numbers a linear layer gives a token; 0 where it is none."""
    for name in ("out_features", "nf"):  # GPT-2's Conv1D calls them nf
        found = getattr(module, name, None)
        if isinstance(found, int):
            return found
    return 0
