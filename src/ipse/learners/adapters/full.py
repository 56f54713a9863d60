"""Full training: every weight of the base. For tiny bases; the result is as large as the base itself."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from ipse.bases.folders import tensors
from ipse.bases.preflight import Method
from ipse.config import LoraSettings
from ipse.errors import LearnerError
from ipse.learners.adapters.method import ADAPTER, CONFIG, AdapterLearner
from ipse.learners.adapters.plans import Plan

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

__all__ = ["FullLearner"]

MOST: Final = 50_000_000  # parameters; above, an adapter does as well and forgets less


class FullLearner(AdapterLearner):
    """Every weight in 32 bits."""

    name: ClassVar[str] = "full"
    like: ClassVar[Method] = "full"

    @classmethod
    def check_machine(cls, folder: Path) -> None:
        """Raise ``LearnerError`` for a base that is not tiny."""
        size = sum(tensor.size for tensor in tensors(folder).values())
        if size > MOST:
            raise LearnerError(
                f"full trains bases up to {MOST / 1e6:.0f} million parameters, and this one has "
                f"{size / 1e6:,.0f} million.",
                hint="Use --method lora.",
            )

    @classmethod
    def put_on(cls, base: "PreTrainedModel", plan: Plan, settings: LoraSettings) -> "torch.nn.Module":  # noqa: ARG003
        """See :meth:`AdapterLearner.put_on`; the base itself stays beside a copy."""
        from ipse.learners.adapters.modules import Beside

        return Beside(base)

    @classmethod
    def weights(cls, model: "torch.nn.Module") -> "dict[str, torch.Tensor]":
        """All of them; tied ones once."""
        return dict(cast("Any", model).tuned.named_parameters())

    @classmethod
    def config(cls, model: "torch.nn.Module") -> dict[str, object]:  # noqa: ARG003  the base's own tells
        """Nothing more is needed."""
        return {"type": "full"}

    @classmethod
    def revived(cls, base: "PreTrainedModel", files: Mapping[str, bytes]) -> "torch.nn.Module":
        """See :meth:`AdapterLearner.revived`."""
        import torch
        from safetensors import SafetensorError
        from safetensors.torch import load

        from ipse.learners.adapters.modules import Beside

        try:
            if json.loads(files[CONFIG])["type"] != "full":
                raise KeyError(CONFIG)
            model, held = Beside(base), load(files[ADAPTER])
            with torch.no_grad():
                own = cls.weights(model)
                if own.keys() != held.keys():
                    raise LearnerError("The weights do not fit their base.", hint="Train it again.")
                for name, parameter in own.items():
                    parameter.copy_(held[name])
        except (SafetensorError, ValueError, TypeError, KeyError, RuntimeError) as error:
            raise LearnerError(
                f"The adapter cannot be put on its base ({type(error).__name__}).", hint="Train it again."
            ) from error
        return model

    @classmethod
    def merged(cls, model: "torch.nn.Module") -> "PreTrainedModel":
        """See :meth:`AdapterLearner.merged`."""
        return cast("PreTrainedModel", model.tuned)
