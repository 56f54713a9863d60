"""LoRA: low-rank updates of linear layers (Hu et al. 2021, https://arxiv.org/abs/2106.09685), by peft.

The files are a plain peft adapter that others read, too.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, cast

from ipse.bases.loading import device, quiet
from ipse.config import LoraSettings
from ipse.errors import LearnerError
from ipse.learners.adapters.dropping import cheaper
from ipse.learners.adapters.method import ADAPTER, CONFIG, AdapterLearner
from ipse.learners.adapters.plans import Plan

if TYPE_CHECKING:
    import torch
    from peft import LoraConfig
    from transformers import PreTrainedModel

__all__ = ["LoraLearner"]


class LoraLearner(AdapterLearner):
    """Low-rank updates of all linear layers, or of those that the settings name."""

    name: ClassVar[str] = "lora"
    shares: ClassVar[bool] = True
    packages: ClassVar[tuple[str, ...]] = (*AdapterLearner.packages, "peft")
    more: ClassVar[Mapping[str, object]] = {}  # what this kind sets in peft's configuration

    @classmethod
    def put_on(cls, base: "PreTrainedModel", plan: Plan, settings: LoraSettings) -> "torch.nn.Module":
        """See :meth:`AdapterLearner.put_on`; ``LearnerError`` where the base has none of the layers named."""
        from peft import LoraConfig, get_peft_model

        config = LoraConfig(
            r=plan.rank,
            lora_alpha=plan.alpha,
            lora_dropout=settings.dropout,
            target_modules=list(settings.target_modules) or "all-linear",
            task_type="CAUSAL_LM",
            **cls.more,
        )
        try:
            model = cast("torch.nn.Module", get_peft_model(base, config))
        except ValueError as error:
            raise LearnerError(
                f"The base has no layers called {', '.join(settings.target_modules) or 'linear'}.",
                hint="Set lora.target_modules to layers of it, or to [] for all.",
            ) from error
        if device() == "cpu":
            cheaper(model)
        return model

    @classmethod
    def weights(cls, model: "torch.nn.Module") -> "dict[str, torch.Tensor]":
        """Peft's names."""
        from peft import get_peft_model_state_dict

        held: dict[str, torch.Tensor] = get_peft_model_state_dict(model)
        return held

    @classmethod
    def config(cls, model: "torch.nn.Module") -> dict[str, object]:
        """Peft's own; whoever keeps it names the base."""
        held: dict[str, object] = cast("Any", model).peft_config["default"].to_dict()
        return held | {"base_model_name_or_path": None, "inference_mode": True}

    @classmethod
    def revived(cls, base: "PreTrainedModel", files: Mapping[str, bytes]) -> "torch.nn.Module":
        """See :meth:`AdapterLearner.revived`."""
        from peft import get_peft_model

        with _fitting(), quiet():
            model = get_peft_model(base, _config(files))
        _fill(model, files, "default")
        return cast("torch.nn.Module", model)

    @classmethod
    def put_beside(cls, model: "torch.nn.Module", files: Mapping[str, bytes], name: str) -> None:
        """See :meth:`AdapterLearner.put_beside`."""
        with _fitting(), quiet():
            model.add_adapter(name, _config(files))  # type: ignore[operator]
        _fill(model, files, name)
        model.eval().requires_grad_(requires_grad=False)  # what is new trains, and drops out

    @classmethod
    def merged(cls, model: "torch.nn.Module") -> "PreTrainedModel":
        """See :meth:`AdapterLearner.merged`."""
        return cast("PreTrainedModel", model.merge_and_unload())  # type: ignore[operator]


@contextmanager
def _fitting() -> Iterator[None]:
    """Turn what peft and safetensors raise into one line."""
    from safetensors import SafetensorError

    try:
        yield
    except (SafetensorError, ValueError, TypeError, KeyError, RuntimeError) as error:
        raise LearnerError(
            f"The adapter cannot be put on its base ({type(error).__name__}).", hint="Train it again."
        ) from error


def _config(files: Mapping[str, bytes]) -> "LoraConfig":
    from peft import LoraConfig

    held = cast("dict[str, object]", json.loads(files[CONFIG]))
    # The base is settled by its hash; its name would only make peft warn that the folder moved.
    return cast("LoraConfig", LoraConfig.from_peft_type(**held | {"base_model_name_or_path": None}))


def _fill(model: "torch.nn.Module", files: Mapping[str, bytes], name: str) -> None:
    from peft import set_peft_model_state_dict
    from safetensors.torch import load

    with _fitting(), quiet():
        found = set_peft_model_state_dict(model, load(files[ADAPTER]), adapter_name=name)
    missing = [key for key in found.missing_keys if "lora_" in key and f".{name}." in key]
    if found.unexpected_keys or missing:
        raise LearnerError("The adapter does not fit its base.", hint="Train it again.")
