"""DoRA: LoRA for the direction of a weight, and a magnitude a channel (Liu et al. 2024,
https://arxiv.org/abs/2402.09353), by peft. Slower than LoRA, and closer to full training at a low rank."""

from collections.abc import Mapping
from typing import ClassVar

from ipse.learners.adapters.lora import LoraLearner

__all__ = ["DoraLearner"]


class DoraLearner(LoraLearner):
    """LoRA with weights decomposed."""

    name: ClassVar[str] = "dora"
    more: ClassVar[Mapping[str, object]] = {"use_dora": True}
