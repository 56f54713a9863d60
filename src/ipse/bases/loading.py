"""Base models, loaded without running or fetching anything unasked.

What the shelf holds is compared with its recorded hash first. This module does not know examples, adapters or
the vault.
"""

import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ipse.bases.folders import tensors
from ipse.bases.heap import keep_freed
from ipse.bases.shelf import verify
from ipse.errors import BaseModelError, MissingExtraError

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase
    from transformers.utils.quantization_config import QuantizationConfigMixin

__all__ = [
    "computes_in_half",
    "device",
    "inner",
    "load_base",
    "load_tokenizer",
    "on_threads",
    "quiet",
    "require_llm",
    "stays_half",
    "window_of",
]

# What processors call bfloat16 in hardware, as torch.cpu.get_capabilities() has it: x86, then Arm.
BFLOAT16 = ("avx512_bf16", "amx_bf16", "avx10_2", "bf16", "sve_bf16")
UNBOUNDED = 10**9  # texts are cut to the window by ChatFormat; the tokenizer need not warn of their length
LOCAL: dict[str, object] = {"local_files_only": True, "trust_remote_code": False}
# Warnings that transformers 5.23 and trl 1.16 raise against themselves; nothing a caller could act on.
THEIR_OWN = (
    "`is_gradient_checkpointing` is deprecated",
    "`gradient_checkpointing` is deprecated",
)


def require_llm(*packages: str) -> None:
    """Raise ``MissingExtraError`` unless torch, transformers and ``packages`` are installed."""
    missing = [name for name in ("torch", "transformers", *packages) if find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"A language model needs {', '.join(missing)}.", hint="Run: pip install 'ipse[llm]'"
        )


def device() -> str:
    """The device a model runs on: the first CUDA device, else the CPU."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def computes_in_half() -> bool:
    """Whether bfloat16 pays here: a GPU that has it in hardware; others would only imitate it."""
    import torch

    return torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)


def stays_half(kind: str) -> bool:
    """Whether weights of 16 bits are computed with in 16 bits on such a device.

    A GPU has the means; a CPU may have bfloat16 in hardware. One that has not would have to imitate it.
    """
    import torch

    return kind != "cpu" or any(torch.cpu.get_capabilities().get(name) for name in BFLOAT16)


@contextmanager
def on_threads(count: int) -> Iterator[None]:
    """Compute on so many processor threads meanwhile: beside others, more only wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers' progress bars and its warnings about itself from the owner's terminal."""
    from transformers.utils import logging

    logging.disable_progress_bar()
    with warnings.catch_warnings():
        for message in THEIR_OWN:
            warnings.filterwarnings("ignore", message=re.escape(message), category=FutureWarning)
        yield


def load_base(
    folder: Path, *, quantization: "QuantizationConfigMixin | None" = None
) -> tuple["PreTrainedModel", "PreTrainedTokenizerBase"]:
    """Load the frozen model, in evaluation mode on :func:`device`, and its tokenizer.

    ``quantization`` is transformers' own configuration of one, such as ``BitsAndBytesConfig``.

    Never connects, never runs code of the folder. Raises ``BaseModelError`` where the folder is not what the
    shelf recorded, transformers cannot read it, or the tokenizer cannot say where a turn ends.
    """
    verify(folder)
    keep_freed()
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM

    placed = {"quantization_config": quantization, "device_map": device()} if quantization else {}
    dtype = "auto" if quantization else _dtype(folder)
    try:
        with quiet():
            model = AutoModelForCausalLM.from_pretrained(
                str(folder), use_safetensors=True, dtype=dtype, **LOCAL, **placed
            )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise BaseModelError(
            f"transformers cannot load the base model in {folder} ({type(error).__name__}).",
            hint="Check that it is a whole causal language model that needs no code of its own.",
        ) from error
    tokenizer = load_tokenizer(folder)
    if not placed:
        model.to(device())
    model.eval().requires_grad_(requires_grad=False)
    return model, tokenizer


def _dtype(folder: Path) -> "torch.dtype | Literal['auto']":
    """What a base is computed with: as it is stored, where the device computes in that."""
    import torch

    stored = {tensor.dtype for tensor in tensors(folder).values()}
    if device() != "cpu" or not stored & {"BF16", "F16"}:
        return "auto"
    return torch.bfloat16 if stays_half("cpu") else torch.float32


def load_tokenizer(folder: Path) -> "PreTrainedTokenizerBase":
    """The tokenizer alone; raises ``BaseModelError`` where it cannot be read or say where a turn ends."""
    from transformers import AutoTokenizer

    try:
        with quiet():
            tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(str(folder), **LOCAL)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise BaseModelError(
            f"transformers cannot load the tokenizer in {folder} ({type(error).__name__}).",
            hint="Check that it is a whole causal language model that needs no code of its own.",
        ) from error
    if not tokenizer.is_fast or tokenizer.eos_token_id is None:
        raise BaseModelError(
            f"The tokenizer in {folder} has no tokenizer.json or no end-of-sequence token.",
            hint="Use a base with a fast tokenizer.",
        )
    tokenizer.model_max_length = UNBOUNDED
    return tokenizer


def window_of(model: "PreTrainedModel", max_tokens: int) -> int:
    """Positions used at a time: ``max_tokens``, but never more than the model was built for."""
    positions = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    return min(max_tokens, positions or max_tokens)


def inner(model: "torch.nn.Module") -> "PreTrainedModel":
    """The transformers model inside one that an adapter is put on."""
    unwrap: Callable[[], PreTrainedModel] | None = getattr(model, "get_base_model", None)
    return unwrap() if unwrap is not None else model
