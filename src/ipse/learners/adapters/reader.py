"""Asking a causal language model for what follows in packed rows. Knows rows and a model, no text.

Only the places that are learned pass the vocabulary: most of a chat is context. Packing is tried before it is
trusted, for not every architecture can keep pieces apart; where it leaks, each piece is a row of its own.
"""

from collections.abc import Callable, Sequence
from inspect import signature
from typing import TYPE_CHECKING, Any

from ipse.learners.adapters.packing import Piece, Row, in_rows, laid_out
from ipse.learners.likelihood import token_bits

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

__all__ = ["Reader", "inner"]

# Part of the spread of the logits that packing may change: rounding stays far below, a leak is above.
NOISE = {"torch.float32": 1e-3, "torch.float64": 1e-3}
HALF_NOISE = 0.1


def inner(model: "torch.nn.Module") -> "PreTrainedModel":
    """The transformers model inside one that an adapter is put on."""
    unwrap: Callable[[], PreTrainedModel] | None = getattr(model, "get_base_model", None)
    return unwrap() if unwrap is not None else model


class Reader:
    """How one model is asked. ``ask`` is what is called: the model, or what torch.compile made of it."""

    def __init__(self, model: "torch.nn.Module", ask: "Callable[..., Any] | None" = None) -> None:
        self.model = model
        self.ask = ask or model
        base = inner(model)
        self._selects = "logits_to_keep" in signature(base.forward).parameters
        self._attention = str(getattr(base.config.get_text_config(), "_attn_implementation", "eager"))
        self.packs = True

    def logits(self, row: Row) -> "torch.Tensor":
        """What follows each place of ``row.where``: (places, vocabulary)."""
        import torch

        device = next(self.model.parameters()).device
        where = torch.from_numpy(row.where).to(device)
        more = {"logits_to_keep": where} if self._selects else {}
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            out = self.ask(
                input_ids=torch.from_numpy(row.ids)[None].to(device),
                position_ids=torch.from_numpy(row.positions)[None].to(device),
                attention_mask=self._mask(row, device),
                use_cache=False,
                **more,
            )
        logits: torch.Tensor = out.logits[0]
        return logits if self._selects else logits[where]

    def bits(self, pieces: Sequence[Piece], most: int, alive: Callable[[], None]) -> list[float]:
        """-log2 p of the labelled tokens of each piece; ``alive`` is called after each row."""
        import torch

        spent = [0.0] * len(pieces)
        with torch.no_grad():
            for places in self.rows(pieces, most):
                row = laid_out(pieces, places)
                found = token_bits(self.logits(row)[None], self.labels(row)[None])[0].cpu()
                for bits, at in zip(found.tolist(), row.document[row.where].tolist(), strict=True):
                    spent[places[at]] += bits
                alive()
        return spent

    def labels(self, row: Row) -> "torch.Tensor":
        """The tokens that follow the places that are learned."""
        import torch

        return torch.from_numpy(row.labels).to(next(self.model.parameters()).device)

    def rows(self, pieces: Sequence[Piece], most: int) -> list[tuple[int, ...]]:
        """Places of the pieces by row, at most ``most`` tokens in one."""
        return in_rows(pieces, most) if self.packs else [(place,) for place in range(len(pieces))]

    def try_packing(self, pieces: Sequence[Piece]) -> None:
        """Pack from now on only if two pieces in a row give what each gives alone."""
        import torch

        if len(pieces) < 2:
            return
        training = self.model.training
        self.model.eval()
        with torch.no_grad():
            together = self.logits(laid_out(pieces, (0, 1))).float()
            alone = torch.cat([self.logits(laid_out(pieces, (place,))).float() for place in (0, 1)])
        self.model.train(training)
        noise = NOISE.get(str(next(inner(self.model).parameters()).dtype), HALF_NOISE)
        if str(together.device.type) == "cuda":
            noise = HALF_NOISE
        self.packs = bool((together - alone).abs().max() <= noise * alone.std())

    def _mask(self, row: Row, device: "torch.device") -> "torch.Tensor | None":
        """Who sees whom, as this model's attention wants it; flash attention goes by the positions."""
        import torch

        seen = None if "flash" in self._attention else row.mask()
        if seen is None:
            return None
        mask = torch.from_numpy(seen)[None, None].to(device)
        if self._attention == "sdpa":
            return mask
        dtype = next(inner(self.model).parameters()).dtype
        return torch.zeros(mask.shape, dtype=dtype, device=device).masked_fill(~mask, torch.finfo(dtype).min)
