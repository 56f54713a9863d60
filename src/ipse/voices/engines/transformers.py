"""transformers on this machine: the base with its adapter as it was trained, exactly."""

from collections.abc import Sequence
from inspect import signature
from typing import TYPE_CHECKING, Final, cast

from ipse.bases.loading import inner
from ipse.voices.sampling import Logits
from ipse.voices.seats import LateSeat, Seat

if TYPE_CHECKING:
    import torch
    from transformers import Cache

__all__ = ["TransformersEngine"]


class TransformersEngine:
    """The model of a seat, with its adapter or without; each pass is alone with it."""

    kind: Final = "transformers"

    def __init__(self, seat: Seat | LateSeat, *, adapter: bool) -> None:
        self._seat = seat
        self._adapter = adapter

    @property
    def name(self) -> str:
        """With the number type of its weights, and the device unless it is the CPU."""
        parts = next(cast("torch.nn.Module", self._seat.model).parameters())
        where = "" if parts.device.type == "cpu" else f" on {parts.device.type}"
        return f"transformers {str(parts.dtype).removeprefix('torch.')}{where}"

    @property
    def weights(self) -> int:
        """Bytes of the base and all adapters on it."""
        return self._seat.weights

    def begin(self) -> "_Passage":
        """See :class:`ipse.voices.engines.passages.Engine`."""
        return _Passage(self._seat, adapter=self._adapter)


class _Passage:
    def __init__(self, seat: Seat | LateSeat, *, adapter: bool) -> None:
        self._seat = seat
        self._adapter = adapter
        self._cache: Cache | None = None
        model = inner(cast("torch.nn.Module", seat.model))
        # Of a prompt, the last word alone is asked for what follows, where the model can do so.
        self._more = {"logits_to_keep": 1} if "logits_to_keep" in signature(model.forward).parameters else {}

    def following(self, tokens: Sequence[int]) -> Logits:
        import torch

        model = self._seat.model
        with torch.no_grad(), self._seat.taken(adapter=self._adapter):
            out = model(
                input_ids=torch.tensor([list(tokens)], device=model.device),
                past_key_values=self._cache,
                use_cache=True,
                **self._more,
            )
        self._cache = out.past_key_values
        logits: Logits = out.logits[0, -1].float().cpu().numpy().copy()
        return logits
