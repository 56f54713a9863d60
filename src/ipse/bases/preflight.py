"""Before training: what of it fits on this machine, on which device, and how long it will take.

Memory is counted from the shapes of the base's tensors and what PyTorch keeps for a step; time follows from
the speed of this machine's matrix products, measured on the spot. Both are estimates, and are called so. This
module knows a base by its files and loads nothing of it.
"""

import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec

from ipse.bases.folders import Tensor, tensors
from ipse.bases.loading import stays_half
from ipse.errors import BaseModelError

__all__ = [
    "METHODS",
    "PASS",
    "Device",
    "Fit",
    "Method",
    "Work",
    "devices",
    "estimate",
    "largest_batch",
    "rows_at_once",
    "speed_of",
    "tokens_of",
]

Method: TypeAlias = Literal["lora", "qlora", "full"]
METHODS: Final[tuple[Method, ...]] = ("lora", "qlora", "full")
# Bytes that a layer keeps of a token for the backward pass, by (adapter, bytes of a number of the base): for
# each channel of the model, of the MLP, and of the keys. Counted by saved_tensors_hooks on Llamas (torch
# 2.13, transformers 5.23, peft 0.21 with dropout); tests/bases/test_preflight.py counts again.
KEPT: Final = {
    (False, 4): (32.2, 16.0, 8.0),
    (False, 2): (20.2, 8.0, 4.0),
    (True, 4): (67.7, 20.0, 8.0),
    (True, 2): (63.7, 14.0, 4.0),
}
LOGITS: Final = (
    12  # bytes a token and word of the vocabulary: as the model gives them, in 32 bits, their gradient
)
OVERHEAD: Final = {"cpu": 0.7e9, "cuda": 1.2e9}  # bytes that Python, torch, peft and a CUDA context take
SHARE: Final = 0.5  # of the measured speed of large matrix products that training reaches
SPARE: Final = 0.9  # of the free memory that may be used
NF4_BYTES: Final = 0.5 + 1 / 64 + 4 / 64 / 256  # a weight, with its share of the doubly quantised scales
LARGE: Final = 1_000_000_000  # parameters from which activations are computed again rather than kept
FULL_BYTES: Final = 16  # a trained number: weight, gradient, two moments, all in 32 bits
EMBEDDINGS: Final = re.compile(r"embed|wte|wpe|lm_head|output\.weight")
BYTES: Final = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "U8": 1, "I8": 1}
PASS: Final = {"cpu": 1024, "cuda": 4096}  # tokens read at once: more feed the cores no better
MEASURE: Final = 1024  # rows and columns of the product that is timed


class Device(msgspec.Struct, frozen=True):
    """Something to compute on. ``free`` and ``total`` are bytes; ``why`` is for the owner."""

    kind: str
    name: str
    free: int
    total: int
    why: str


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """A training to be judged: ``tokens`` are the longest row, ``steps`` of ``batch`` rows.

    ``rows`` of a batch are read at once (0: all of it). ``checkpointing`` is as in the settings: whether
    activations are computed again rather than kept.
    """

    method: Method = "lora"
    batch: int = 8
    rows: int = 0
    checkpointing: Literal["auto", "on", "off"] = "auto"
    tokens: int = 1024
    rank: int = 16
    steps: int = 0


class _Shape(msgspec.Struct, frozen=True):
    """Sizes of a base that decide what it keeps."""

    hidden: int
    layers: int
    inner: int
    keys: int
    vocabulary: int
    positions: int | None


class Fit(msgspec.Struct, frozen=True, kw_only=True):
    """The estimate of one work: bytes by part, whether it fits, and tokens per second (0: not measured).

    ``why_not`` is for the owner, and empty where it fits.
    """

    work: Work
    memory: dict[str, int]
    total: int
    fits: bool
    checkpointing: bool
    tokens_per_second: float
    seconds: float
    why_not: str = ""


def devices() -> list[Device]:
    """What there is to compute on, the one that is used first."""
    import psutil
    import torch

    memory = psutil.virtual_memory()
    gpus = []
    if torch.cuda.is_available():
        free, total = torch.cuda.mem_get_info()
        gpus.append(Device("cuda", torch.cuda.get_device_name(), free, total, "the first CUDA device"))
    why = "beside the GPU" if gpus else "torch finds no CUDA device"
    threads = torch.get_num_threads()
    return [
        *gpus,
        Device(
            "cpu", f"CPU, {threads} thread{'s' if threads > 1 else ''}", memory.available, memory.total, why
        ),
    ]


def tokens_of(folder: Path, most: int) -> int:
    """Tokens of the longest row: ``most``, but never more than the base was built for."""
    return min(most, _shape(folder).positions or most)


def speed_of(device: Device, folder: Path) -> float:
    """Floating-point operations per second of a matrix product there, the best of three.

    It is computed in the numbers that the base in ``folder`` is computed in on that device.
    """
    import torch

    half = stays_half(device.kind) and _width(tensors(folder)) == 2
    dtype = torch.bfloat16 if half else torch.float32
    left = torch.ones(MEASURE, MEASURE, dtype=dtype, device=device.kind)
    best = float("inf")
    for _ in range(4):  # the first one warms up
        started = time.perf_counter()
        float((left @ left)[0, 0])  # waits for a GPU
        best = min(best, time.perf_counter() - started)
    return 2 * MEASURE**3 / best


def rows_at_once(tokens: int, kind: str) -> int:
    """How many rows of so many tokens a training reads at once on such a device, memory permitting."""
    return -(-PASS[kind] // tokens)


def estimate(folder: Path, work: Work, device: Device, *, speed: float = 0.0) -> Fit:
    """Memory and time of ``work`` on ``device``; ``speed`` is that of :func:`speed_of`."""
    held = tensors(folder)
    size = sum(tensor.size for tensor in held.values())
    checkpointing = work.checkpointing == "on" or (work.checkpointing == "auto" and size > LARGE)
    half = stays_half(device.kind)
    width = 4 if work.method == "full" or not half else _width(held)
    memory = {
        "base": _weights(held, work.method, half=half),
        "trained": _trained(held, work),
        "activations": _activations(_shape(folder), work, width, checkpointing=checkpointing),
        "overhead": int(OVERHEAD[device.kind]),
    }
    total = sum(memory.values())
    # Forward and backward are 2 + 4 operations a weight; a frozen one needs no gradient of its own; what is
    # computed again costs a forward more.
    operations = size * ((6 if work.method == "full" else 4) + (2 if checkpointing else 0))
    rate = SHARE * speed / operations if size else 0.0
    fits = total <= SPARE * device.free
    return Fit(
        work=work,
        memory=memory,
        total=total,
        fits=fits,
        checkpointing=checkpointing,
        tokens_per_second=rate,
        seconds=work.steps * work.batch * work.tokens / rate if rate else 0.0,
        why_not="" if fits else _short(work.method, total, device),
    )


def largest_batch(folder: Path, work: Work, device: Device) -> int:
    """The most rows at once, up to those of ``work``, which fit, halving; 0 where not even one does."""
    rows = work.rows or work.batch
    while rows and not estimate(folder, msgspec.structs.replace(work, rows=rows), device).fits:
        rows //= 2
    return rows


def _short(method: str, total: int, device: Device) -> str:
    return f"{method} needs about {total / 1e9:.1f} GB of memory, and {device.free / 1e9:.1f} GB are free."


def _linear(name: str, tensor: Tensor) -> bool:
    """Whether adapters and quantisation apply to it."""
    return len(tensor.shape) == 2 and not EMBEDDINGS.search(name)


def _weights(held: Mapping[str, Tensor], method: Method, *, half: bool) -> int:
    """The base in memory; where all of it is trained, it is counted as trained."""
    if method == "full":
        return 0
    out = 0.0
    for name, tensor in held.items():
        small = method == "qlora" and _linear(name, tensor)
        size = BYTES.get(tensor.dtype, 4) if half else max(4, BYTES.get(tensor.dtype, 4))
        out += tensor.size * (NF4_BYTES if small else size)
    return int(out)


def _trained(held: Mapping[str, Tensor], work: Work) -> int:
    if work.method == "full":
        return FULL_BYTES * sum(tensor.size for tensor in held.values())
    pairs = (sum(tensor.shape) for name, tensor in held.items() if _linear(name, tensor))
    return FULL_BYTES * work.rank * sum(pairs)


def _activations(shape: _Shape, work: Work, width: int, *, checkpointing: bool) -> int:
    """What a step keeps for its backward pass, with the logits.

    Where it is computed again: the inputs of the layers, and one layer.
    """
    channel, inner, keys = KEPT[work.method != "full", width]
    layer = channel * shape.hidden + inner * shape.inner + keys * shape.keys
    layers = layer + shape.layers * shape.hidden * width if checkpointing else shape.layers * layer
    return int((work.rows or work.batch) * work.tokens * (layers + LOGITS * shape.vocabulary))


def _width(held: Mapping[str, Tensor]) -> int:
    """Bytes of a number of the base as it is computed with: 2 or 4."""
    return 2 if any(tensor.dtype in ("F16", "BF16") for tensor in held.values()) else 4


def _shape(folder: Path) -> _Shape:
    """The sizes, as transformers knows them under every family's own names."""
    from transformers import AutoConfig

    try:
        whole = AutoConfig.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
        config = whole.get_text_config()
        hidden, heads = int(config.hidden_size), int(config.num_attention_heads)
        head = getattr(config, "head_dim", None) or hidden // heads
        return _Shape(
            hidden=hidden,
            layers=int(config.num_hidden_layers),
            inner=int(getattr(config, "intermediate_size", None) or 4 * hidden),
            keys=head * int(getattr(config, "num_key_value_heads", None) or heads),
            vocabulary=int(config.vocab_size),
            positions=getattr(config, "max_position_embeddings", None),
        )
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise BaseModelError(
            f"transformers does not know the kind of model in {folder}.", hint="Use a causal language model."
        ) from error
