"""A run in bytes, so that it can go on where it was cut off: safetensors and JSON, no pickle.

What it holds was learned from the owner's words: whoever keeps it seals it.
"""

from typing import TYPE_CHECKING

import msgspec

from ipse.errors import LearnerError

if TYPE_CHECKING:
    import torch

__all__ = ["Standing", "packed", "unpacked"]

NOTES = "standing"  # the key of the JSON in the metadata
FORMAT = 1


class Standing(msgspec.Struct, kw_only=True):
    """How far a run is. ``run`` is the hash of all that decides what it does."""

    run: str
    step: int = 0
    looked: int = -1  # the step after which was looked last
    most: int = 0  # tokens in a pass, as far as memory allows
    seconds: float = 0.0
    looking: float = 0.0  # of the seconds
    tokens: int = 0
    loss: float = 0.0
    curve: list[float] = []  # bits per byte of held-out replies, at each look
    membership: list[float] = []  # how well training replies are told from them, at each look
    shift: float = 0.0  # of the membership, by which both kinds differed before all was learned from
    least: list[float] = []  # bits of each held-out reply at the best look
    base: list[float] = []  # bits of each reply looked at, under the base alone
    stopped: str = ""
    numbers: dict[str, float] = {}  # numbers of the optimizer's state that are no tensors
    format: int = FORMAT


def packed(standing: Standing, tensors: "dict[str, torch.Tensor]") -> bytes:
    """Both in one piece."""
    from safetensors.torch import save

    notes = msgspec.json.encode(standing).decode()
    data: bytes = save({name: tensor.contiguous() for name, tensor in tensors.items()}, {NOTES: notes})
    return data


def unpacked(data: bytes, run: str) -> "tuple[Standing, dict[str, torch.Tensor]] | None":
    """What was packed; None where it is of another run. Raises ``LearnerError`` where it is damaged."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        size = int.from_bytes(data[:8], "little")
        notes = msgspec.json.decode(data[8 : 8 + size], type=dict[str, msgspec.Raw])["__metadata__"]
        standing = msgspec.json.decode(
            msgspec.json.decode(notes, type=dict[str, str])[NOTES].encode(), type=Standing
        )
        if standing.run != run or standing.format != FORMAT:
            return None
        return standing, load(data)
    except (SafetensorError, msgspec.DecodeError, KeyError, ValueError) as error:
        raise LearnerError(
            "The checkpoint of this training cannot be read.", hint="Train with --anew."
        ) from error
