"""Attention block by block: each piece of a row by itself, at the cost of its own length and no more.

A kind of attention for transformers' own interface. It is told the sizes of the pieces by the call of the
model; without them a row is one piece.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import torch

__all__ = ["BLOCKS", "offer_blocks"]

BLOCKS: Final = "ipse_blocks"


def offer_blocks() -> None:
    """Let models be set to it."""
    from transformers import AttentionInterface

    AttentionInterface.register(BLOCKS, _attend)


def _attend(
    module: "torch.nn.Module",
    query: "torch.Tensor",  # (rows, heads, tokens, channels)
    key: "torch.Tensor",
    value: "torch.Tensor",
    attention_mask: "torch.Tensor | None",  # noqa: ARG001  a block is causal
    block_sizes: Sequence[int] = (),
    **more: Any,  # noqa: ANN401  dropout, scale
) -> "tuple[torch.Tensor, None]":
    import torch
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    sizes = list(block_sizes) or [query.shape[2]]
    parts = zip(*(torch.split(whole, sizes, dim=2) for whole in (query, key, value)), strict=True)
    told = {name: more[name] for name in ("dropout", "scaling") if name in more}
    seen = [sdpa_attention_forward(module, *part, None, is_causal=True, **told)[0] for part in parts]
    return torch.cat(seen, dim=1), None  # (rows, tokens, heads, channels)
