"""Houlsby adapters: a bottleneck behind the attention and behind the MLP of each layer (Houlsby et al. 2019,
https://arxiv.org/abs/1902.00751).

peft has no such adapter, and the package `adapters` needs transformers 4; it is a module of its own here.
"""

import json
from collections.abc import Mapping
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
        from ipse.learners.adapters.modules import Bottlenecked

        ends = settings.target_modules or ENDS
        return Bottlenecked(base, ends, width=settings.bottleneck, dropout=settings.dropout)

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

        from ipse.learners.adapters.modules import Bottlenecked

        try:
            held = json.loads(files[CONFIG])
            model = Bottlenecked(base, tuple(held["ends"]), width=int(held["width"]), dropout=0.0)
            model.bottlenecks.load_state_dict(load(files[ADAPTER]))
        except (SafetensorError, ValueError, TypeError, KeyError, RuntimeError) as error:
            raise LearnerError(
                f"The adapter cannot be put on its base ({type(error).__name__}).", hint="Train it again."
            ) from error
        return model

    @classmethod
    def merged(cls, model: "torch.nn.Module") -> "PreTrainedModel":  # noqa: ARG003  none can
        """Raise ``LearnerError``: what bends cannot be folded into what is straight."""
        raise LearnerError(
            "Houlsby's bottlenecks cannot be merged into their base.", hint="Export them as an adapter."
        )
