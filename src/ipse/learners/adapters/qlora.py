"""QLoRA: LoRA over a base in four bits (Dettmers et al. 2023, https://arxiv.org/abs/2305.14314).

NF4 with its scales quantised again, bfloat16 for computing (float16 on a GPU that has no bfloat16), an
optimizer whose state moves to the CPU when the GPU runs short. By bitsandbytes; needs a CUDA device, for on a
CPU four bits save memory and cost time.
"""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, cast

from ipse.bases.loading import computes_in_half, device, load_base
from ipse.bases.preflight import Method
from ipse.config import LoraSettings
from ipse.errors import LearnerError
from ipse.learners.adapters.lora import LoraLearner
from ipse.learners.adapters.plans import Plan

if TYPE_CHECKING:
    from collections.abc import Iterable

    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

__all__ = ["QloraLearner"]

AVX: Final = "support_avx512bf16_for_cpu"


class QloraLearner(LoraLearner):
    """LoRA on a base in NF4."""

    name: ClassVar[str] = "qlora"
    like: ClassVar[Method] = "qlora"
    packages: ClassVar[tuple[str, ...]] = (*LoraLearner.packages, "bitsandbytes", "accelerate")

    @classmethod
    def check_machine(cls, folder: Path) -> None:  # noqa: ARG003  any base will do
        """Raise ``LearnerError`` without a CUDA device."""
        if device() != "cuda":
            raise LearnerError(
                "qlora needs a CUDA device, and torch finds none here.",
                hint="Use --method lora, or a smaller base.",
            )

    @classmethod
    def open_base(cls, folder: Path) -> "tuple[PreTrainedModel, PreTrainedTokenizerBase]":
        """The base in NF4 where there is a CUDA device; else, to speak with, as it lies in its folder."""
        import torch
        from transformers import BitsAndBytesConfig

        if device() != "cuda":
            return load_base(folder)
        four = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16 if computes_in_half() else torch.float16,
        )
        return load_base(folder, quantization=four)

    @classmethod
    def put_on(cls, base: "PreTrainedModel", plan: Plan, settings: LoraSettings) -> "torch.nn.Module":
        """See :meth:`LoraLearner.put_on`."""
        _exact(base)
        return super().put_on(base, plan, settings)

    @classmethod
    def optimizer(cls, parameters: "Iterable[torch.nn.Parameter]", rate: float) -> "torch.optim.Optimizer":
        """AdamW whose state is paged, where there is a GPU to page from.

        What a run takes up from a checkpoint lies on the GPU: bitsandbytes puts it there.
        """
        if device() != "cuda":
            return super().optimizer(parameters, rate)
        import bitsandbytes

        return cast(
            "torch.optim.Optimizer", bitsandbytes.optim.PagedAdamW32bit(parameters, lr=rate, weight_decay=0.0)
        )


def _exact(base: "torch.nn.Module") -> None:
    """Keep bitsandbytes 0.50 from packing weights anew in an evaluation on a CPU: gradients of a later step
    would be wrong by two thirds while the loss looks as usual."""
    for module in base.modules():
        if hasattr(module, AVX):
            setattr(module, AVX, False)
