"""Asking a causal language model for what follows in packed rows. Knows rows and a model, no text.

Only the places that are learned pass the vocabulary: most of a chat is context. Packing is tried before it is
trusted, for not every architecture can keep pieces apart; where it leaks, each piece has a row of its own.
"""

from collections.abc import Callable, Iterator, Sequence
from inspect import signature
from typing import TYPE_CHECKING, Any

from ipse.bases.loading import computes_in_half, inner
from ipse.learners.adapters.blocks import BLOCKS, offer_blocks
from ipse.learners.adapters.packing import Pass, Piece, in_passes, in_rows, laid_out
from ipse.learners.likelihood import token_bits

if TYPE_CHECKING:
    import torch

__all__ = ["Reader"]

# Part of the spread of the logits that packing may change: rounding stays far below, a leak is above.
NOISE, HALF_NOISE = 1e-3, 0.1
EXACT = ("torch.float32", "torch.float64")


class Reader:
    """How one model is asked. ``ask`` is what is called: the model, or what torch.compile made of it."""

    def __init__(self, model: "torch.nn.Module", ask: "Callable[..., Any] | None" = None) -> None:
        self.model = model
        self.ask = ask or model
        base = inner(model)
        self._selects = "logits_to_keep" in signature(base.forward).parameters
        self._attention = str(getattr(base.config.get_text_config(), "_attn_implementation", "eager"))
        self._half = computes_in_half()
        self.packs = True
        self._blocks = False

    def logits(self, batch: Pass) -> "torch.Tensor":
        """What follows each place of ``batch.where``: (places, vocabulary)."""
        import torch

        device = next(self.model.parameters()).device
        where = torch.from_numpy(batch.where).to(device)
        more: dict[str, object] = {"logits_to_keep": where} if self._selects else {}
        if self._blocks:
            more["block_sizes"] = batch.sizes()
        with torch.autocast(device.type, torch.bfloat16, enabled=self._half):
            out = self.ask(
                input_ids=torch.from_numpy(batch.ids).to(device),
                position_ids=torch.from_numpy(batch.positions).to(device),
                attention_mask=self._mask(batch, device),
                use_cache=False,
                **more,
            )
        logits: torch.Tensor = out.logits
        return logits if logits.dim() == 2 else logits[where]

    def bits(self, pieces: Sequence[Piece], most: int, alive: Callable[[], None]) -> list[float]:
        """-log2 p of the labelled tokens of each piece; ``alive`` is called after each pass."""
        import torch

        spent = [0.0] * len(pieces)
        with torch.no_grad():
            for batch in self.passes(pieces, most):
                if batch.where.any():
                    found = token_bits(self.logits(batch)[None], self.labels(batch)[None])[0]
                    for bits, place in zip(found.tolist(), batch.owner.tolist(), strict=True):
                        spent[place] += bits
                alive()
        return spent

    def passes(self, pieces: Sequence[Piece], most: int) -> Iterator[Pass]:
        """The pieces laid out, at most ``most`` tokens in a pass; by blocks a pass is one row."""
        if self._blocks:
            yield from (laid_out(pieces, [row]) for row in in_rows(pieces, most))
        else:
            yield from (laid_out(pieces, rows) for rows in in_passes(pieces, most, packs=self.packs))

    def labels(self, batch: Pass) -> "torch.Tensor":
        """The tokens that follow the places that are learned."""
        import torch

        return torch.from_numpy(batch.labels).to(next(self.model.parameters()).device)

    def try_packing(self, pieces: Sequence[Piece], longest: int) -> None:
        """Pack from now on in the way that is exact with this model: by blocks, else by a mask, else not.

        ``pieces`` are two to try it with; ``longest`` is what the longest one of all will have.
        """
        base = inner(self.model)
        sliding = getattr(base.config.get_text_config(), "sliding_window", None) or longest
        if len(pieces) < 2 or sliding < longest:
            self.packs = len(pieces) < 2
            return
        alone = self._tried(pieces, [[(0,)], [(1,)]])
        if self._attention == "sdpa" and self.ask is self.model:
            offer_blocks()
            base.set_attn_implementation(BLOCKS)
            self._blocks = True
            if self._same(alone, self._tried(pieces, [[(0, 1)]])):
                return
            self._blocks = False
            base.set_attn_implementation(self._attention)
        self.packs = self._same(alone, self._tried(pieces, [[(0, 1)]]))

    def _tried(self, pieces: Sequence[Piece], passes: list[list[tuple[int, ...]]]) -> "torch.Tensor":
        import torch

        training = self.model.training
        self.model.eval()
        with torch.no_grad():
            found = [self.logits(laid_out(pieces, rows)).float() for rows in passes]
        self.model.train(training)
        return torch.cat(found)

    def _same(self, alone: "torch.Tensor", together: "torch.Tensor") -> bool:
        exact = str(next(inner(self.model).parameters()).dtype) in EXACT and alone.device.type == "cpu"
        noise = NOISE if exact else HALF_NOISE
        return bool((together - alone).abs().max() <= noise * alone.std())

    def _mask(self, batch: Pass, device: "torch.device") -> "torch.Tensor | None":
        """Who sees whom, as this model's attention wants it; flash attention goes by the positions."""
        import torch

        seen = None if self._blocks or "flash" in self._attention else batch.mask()
        if seen is None:
            return None
        mask = torch.from_numpy(seen)[:, None].to(device)
        if self._attention == "sdpa":
            return mask
        dtype = next(inner(self.model).parameters()).dtype
        return torch.zeros(mask.shape, dtype=dtype, device=device).masked_fill(~mask, torch.finfo(dtype).min)
