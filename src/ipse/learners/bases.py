"""Base models: found, checked, fingerprinted and loaded without running or fetching anything unasked.

A base is a folder in the Hugging Face layout. Only safetensors are read (pickle runs code when it is
opened), no code of the model's own is run, and a Hub id is fetched only where the settings allow it.
This module does not know examples, adapters or the vault.
"""

import hashlib
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ipse.errors import BaseModelError, MissingExtraError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

__all__ = ["device", "find_base", "fingerprint", "load_base", "quiet", "require_llm", "window_of"]

HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
# What decides how a base behaves; everything else in the folder (a readme, other formats) may change.
PARTS = (
    "*.safetensors",
    "*.safetensors.index.json",
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "vocab.json",
    "merges.txt",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
)
UNBOUNDED = 10**9  # texts are cut to the window by ChatFormat; the tokenizer need not warn of their length
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


def find_base(name: str, *, allow_network: bool = False) -> Path:
    """Return the folder of a base given as a folder or as a Hub id.

    A Hub id is looked up among what was fetched before; only ``allow_network`` fetches it. Raises
    ``BaseModelError`` where there is no such base, or none that is safe to open.
    """
    if not name:
        raise BaseModelError(
            "No base model is named.", hint="Set lora.base to the folder of a causal language model."
        )
    folder = Path(name).expanduser()
    if not folder.is_dir() and HUB_ID.fullmatch(name):
        folder = _from_hub(name, allow_network=allow_network)
    _check(folder)
    return folder.resolve()


def _from_hub(name: str, *, allow_network: bool) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, allow_patterns=list(PARTS), local_files_only=not allow_network))
    except LocalEntryNotFoundError as error:
        hint = (
            "Check the connection and HF_HUB_OFFLINE."
            if allow_network
            else "Set lora.allow_network: true to fetch it once, or name a local folder."
        )
        raise BaseModelError(f"The base model {name} is not on this machine.", hint=hint) from error
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        raise BaseModelError(
            f"The base model {name} could not be fetched.", hint="Check the id, or name a local folder."
        ) from error


def _check(folder: Path) -> None:
    """Refuse what is no base, and what could only be opened by running code from it."""
    if not (folder / "config.json").is_file():
        raise BaseModelError(
            f"There is no base model in {folder}.", hint="Name a folder with config.json and safetensors."
        )
    if (folder / "adapter_config.json").exists():
        # transformers would follow it to another base, wherever it points.
        raise BaseModelError(
            f"{folder} holds an adapter, not a base model.", hint="Merge it, or name the base itself."
        )
    if not any(folder.glob("*.safetensors")):
        raise BaseModelError(
            f"{folder} holds no safetensors; other weight files can run code and are not opened.",
            hint="Save it again with save_pretrained(), which writes safetensors.",
        )


def fingerprint(folder: Path) -> str:
    """SHA-256 (hex) over the names and contents of weights, configuration, tokenizer and chat template."""
    whole = hashlib.sha256()
    for path in sorted({path for pattern in PARTS for path in folder.glob(pattern)}):
        with path.open("rb") as file:
            whole.update(f"{path.name}\0{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return whole.hexdigest()


def device() -> str:
    """The device a model runs on: the first CUDA device, else the CPU."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


@contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers' progress bars and its warnings about itself from the owner's terminal."""
    from transformers.utils import logging

    logging.disable_progress_bar()
    with warnings.catch_warnings():
        for message in THEIR_OWN:
            warnings.filterwarnings("ignore", message=re.escape(message), category=FutureWarning)
        yield


def load_base(folder: Path) -> tuple["PreTrainedModel", "PreTrainedTokenizerBase"]:
    """Load the frozen model, in evaluation mode on :func:`device`, and its tokenizer.

    Never connects, never runs code of the folder. Raises ``BaseModelError`` where transformers cannot
    read it or the tokenizer cannot say where a turn ends.
    """
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM, AutoTokenizer

    local = {"local_files_only": True, "trust_remote_code": False}
    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(str(folder), **local)
            model = AutoModelForCausalLM.from_pretrained(
                str(folder), use_safetensors=True, dtype="auto", **local
            )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise BaseModelError(
            f"transformers cannot load the base model in {folder} ({type(error).__name__}).",
            hint="Check that it is a whole causal language model that needs no code of its own.",
        ) from error
    if not tokenizer.is_fast or tokenizer.eos_token_id is None:
        raise BaseModelError(
            f"The tokenizer in {folder} has no tokenizer.json or no end-of-sequence token.",
            hint="Use a base with a fast tokenizer.",
        )
    tokenizer.model_max_length = UNBOUNDED
    model.to(device()).eval().requires_grad_(requires_grad=False)
    return model, tokenizer


def window_of(model: "PreTrainedModel", max_tokens: int) -> int:
    """Positions used at a time: ``max_tokens``, but never more than the model was built for."""
    positions = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    return min(max_tokens, positions or max_tokens)
