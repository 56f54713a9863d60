"""How many bits a causal language model needs for the labelled tokens of windows.

Used while training (to stop early) and by the voice (to judge), so both mean the same figure. This module
knows tensors, but no text.
"""

from collections.abc import Iterator, Sequence
from inspect import signature
from typing import TYPE_CHECKING

from ipse.bases.loading import inner
from ipse.learners.chat import IGNORED, Window

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

__all__ = ["bits_of_windows", "token_bits"]

BATCH_TOKENS = 2048  # the logits of a 128,000-word vocabulary then take about 1 GB
NATS_PER_BIT = 0.6931471805599453


def bits_of_windows(model: "PreTrainedModel", windows: Sequence[Window]) -> list[float]:
    """-log2 p of the labelled tokens of each window, summed per window, in the order given."""
    import torch

    out = [0.0] * len(windows)
    fewer = "logits_to_keep" in signature(inner(model).forward).parameters
    with torch.no_grad():
        for batch in _batches(windows):
            several = [windows[place] for place in batch]
            ids, labels, mask = _pad(several, model.device)
            # What comes before the first label is read, but nobody asks what would follow it.
            start = max(1, min(map(_first_label, several)))
            kept = {"logits_to_keep": ids.shape[1] - start + 1} if fewer else {}
            logits = model(input_ids=ids, attention_mask=mask, use_cache=False, **kept).logits
            logits = logits[:, start - 1 - ids.shape[1] : -1]
            spent = token_bits(logits, labels[:, start:]).sum(dim=1).tolist()
            for place, bits in zip(batch, spent, strict=True):
                out[place] = bits
    return out


def token_bits(logits: "torch.Tensor", labels: "torch.Tensor") -> "torch.Tensor":
    """-log2 p of each label under the logits that predict it; 0 where the label is ``IGNORED``.

    ``logits`` is (rows, tokens, vocabulary), ``labels`` (rows, tokens); the result is float64 of that shape.
    """
    import torch

    # One row a token: with the vocabulary in the middle dimension it takes three times as long.
    nats = torch.nn.functional.cross_entropy(
        logits.float().flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="none"
    )
    return nats.view(labels.shape).double() / NATS_PER_BIT


def _first_label(window: Window) -> int:
    labelled = (place for place, label in enumerate(window.labels) if label != IGNORED)
    return next(labelled, len(window.labels))


def _batches(windows: Sequence[Window]) -> Iterator[list[int]]:
    """Places of windows of like length together, within ``BATCH_TOKENS`` with padding."""
    batch: list[int] = []
    for place in sorted(range(len(windows)), key=lambda place: len(windows[place].ids)):
        if batch and (len(batch) + 1) * len(windows[place].ids) > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _pad(
    windows: Sequence[Window], device: "torch.device"
) -> tuple["torch.Tensor", "torch.Tensor", "torch.Tensor"]:
    """Ids, labels and attention mask, padded on the right (padding is masked, so its id does not matter)."""
    import torch

    longest = max(len(window.ids) for window in windows)
    ids = torch.zeros(len(windows), longest, dtype=torch.long)
    labels = torch.full((len(windows), longest), IGNORED)
    mask = torch.zeros(len(windows), longest, dtype=torch.long)
    for row, window in enumerate(windows):
        length = len(window.ids)
        ids[row, :length] = torch.tensor(window.ids)
        labels[row, :length] = torch.tensor(window.labels)
        mask[row, :length] = 1
    return ids.to(device), labels.to(device), mask.to(device)
