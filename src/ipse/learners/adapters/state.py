"""A run in bytes, so that it can go on where it was cut off: safetensors and JSON, no pickle.

What it holds was learned from the owner's words: whoever keeps it seals it.
"""

from typing import TYPE_CHECKING

import msgspec

from ipse.errors import LearnerError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

__all__ = ["Standing", "gathered", "packed", "put_back", "random_state", "set_random_state", "unpacked"]

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


def gathered(
    trained: "Mapping[str, torch.nn.Parameter]", optimizer: "torch.optim.Optimizer"
) -> "tuple[dict[str, torch.Tensor], dict[str, float]]":
    """What a checkpoint needs: weights, the optimizer's state, random numbers."""
    import torch

    tensors = {f"weight/{name}": p.detach() for name, p in trained.items()}
    numbers: dict[str, float] = {}
    for place, held in optimizer.state_dict()["state"].items():
        for key, value in held.items():
            if isinstance(value, torch.Tensor):
                tensors[f"optimizer/{place}/{key}"] = value
            else:
                numbers[f"{place}/{key}"] = value
    return tensors | random_state(), numbers


def put_back(
    trained: "Mapping[str, torch.nn.Parameter]",
    optimizer: "torch.optim.Optimizer",
    tensors: "dict[str, torch.Tensor]",
    numbers: dict[str, float],
) -> None:
    """Take up what :func:`gathered` gave."""
    import torch

    state: dict[int, dict[str, object]] = {}
    # Checkpoints know floats alone; bitsandbytes counts its steps in an int, and takes nothing else.
    counts = {f"optimizer/{name}": int(n) if n.is_integer() else n for name, n in numbers.items()}
    for name, value in [*tensors.items(), *counts.items()]:
        kind, _, rest = name.partition("/")
        if kind == "optimizer":
            place, _, key = rest.partition("/")
            state.setdefault(int(place), {})[key] = value
    optimizer.load_state_dict(optimizer.state_dict() | {"state": state})
    with torch.no_grad():
        for name, parameter in trained.items():
            parameter.copy_(tensors[f"weight/{name}"])
    set_random_state(tensors)


def random_state() -> "dict[str, torch.Tensor]":
    """Where torch's random numbers are, by the names that a checkpoint has for them."""
    import torch

    state = {"random/cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        state["random/cuda"] = torch.cuda.get_rng_state()
    return state


def set_random_state(state: "dict[str, torch.Tensor]") -> None:
    """Go on from where they were; ``state`` may hold more."""
    import torch

    torch.set_rng_state(state["random/cpu"])
    if "random/cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["random/cuda"])


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
