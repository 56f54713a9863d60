"""What a base model's folder holds, read without loading it: shapes, licence, tokenizer, fingerprint.

A base is a folder in the Hugging Face layout. Only safetensors are taken (pickle runs code when it is
opened), and no code of the model's own is run. This module knows no other folder, no network and no torch.
"""

import hashlib
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import msgspec
import yaml

from ipse.errors import BaseModelError

__all__ = ["GGUF", "PAPERS", "PARTS", "Base", "Tensor", "check_folder", "described", "fingerprint", "tensors"]

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
PAPERS = ("README.md", "MODEL_CARD.md", "LICENSE*", "generation_config.json")  # kept with a base, not hashed
GGUF = ".gguf"  # weights packed for llama.cpp
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.pickle")
LONGEST_HEADER = 100_000_000  # bytes, as the format itself has it
UNSTATED = "not stated"


class Tensor(msgspec.Struct, frozen=True):
    """How one tensor is stored."""

    dtype: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Its numbers."""
        return math.prod(self.shape)


class Base(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a base model. ``sha256`` is its :func:`fingerprint`, ``window`` its positions.

    ``template`` tells where the chat format comes from: the model's own (``marked`` where it marks what the
    model says), or ipse's ``fallback``. ``linked`` bases stay in a folder of the owner's.
    """

    name: str
    folder: str
    origin: str
    sha256: str
    parameters: int
    bytes: int
    dtype: str
    architecture: str
    window: int | None
    licence: str
    tokenizer: str
    vocabulary: int
    template: str
    revision: str = ""
    linked: bool = False


def check_folder(folder: Path) -> None:
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
        pickles = sorted(path.name for pattern in PICKLES for path in folder.glob(pattern))
        instead = f" but {pickles[0]}" if pickles else ""
        raise BaseModelError(
            f"{folder} holds no safetensors{instead}; other weight files can run code and are not opened.",
            hint="Save it again with save_pretrained(), which writes safetensors.",
        )


def fingerprint(folder: Path) -> str:
    """SHA-256 (hex) over the names and contents of weights, configuration, tokenizer and chat template."""
    whole = hashlib.sha256()
    for path in sorted({path for pattern in PARTS for path in folder.glob(pattern)}):
        with path.open("rb") as file:
            whole.update(f"{path.name}\0{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return whole.hexdigest()


def tensors(folder: Path) -> dict[str, Tensor]:
    """Type and shape of every tensor, from the heads of the files; ``BaseModelError`` for a damaged one."""
    found: dict[str, Tensor] = {}
    for path in sorted(folder.glob("*.safetensors")):
        try:
            with path.open("rb") as file:
                size = int.from_bytes(file.read(8), "little")
                if size > LONGEST_HEADER:
                    raise ValueError(size)
                head = msgspec.json.decode(file.read(size), type=dict[str, dict[str, object]])
            head.pop("__metadata__", None)
            found |= {name: msgspec.convert(entry, Tensor) for name, entry in head.items()}
        except (OSError, ValueError, msgspec.DecodeError) as error:
            raise BaseModelError(
                f"{path} is no safetensors file, or it is damaged.", hint="Get it again."
            ) from error
    return found


def described(folder: Path, *, name: str, origin: str) -> Base:
    """Read all there is to know of the base in ``folder``; checks it first."""
    check_folder(folder)
    config, tokenizer = _json(folder, "config.json"), _json(folder, "tokenizer_config.json")
    held = tensors(folder)
    types = {tensor.dtype: 0 for tensor in held.values()}
    for tensor in held.values():
        types[tensor.dtype] += tensor.size
    text = config.get("text_config")
    shape = cast("Mapping[str, object]", text) if isinstance(text, Mapping) else config
    window, vocabulary = shape.get("max_position_embeddings"), shape.get("vocab_size")
    architectures = config.get("architectures")
    return Base(
        name=name,
        folder=str(folder.resolve()),
        origin=origin,
        sha256=fingerprint(folder),
        parameters=sum(types.values()),
        bytes=sum(path.stat().st_size for path in folder.glob("*.safetensors")),
        dtype=max(types, key=lambda dtype: types[dtype], default="none"),
        architecture=str(architectures[0] if isinstance(architectures, list) and architectures else "none"),
        window=window if isinstance(window, int) else None,
        licence=_licence(folder),
        tokenizer=str(tokenizer.get("tokenizer_class", "none")),
        vocabulary=vocabulary if isinstance(vocabulary, int) else 0,
        template=_template(folder, tokenizer),
    )


def _template(folder: Path, tokenizer: Mapping[str, object]) -> str:
    file = folder / "chat_template.jinja"
    held = file.read_text(encoding="utf-8") if file.is_file() else tokenizer.get("chat_template")
    if not held:
        return "fallback"
    return "own, marked" if "generation %}" in str(held).replace("-%}", " %}") else "own"


def _licence(folder: Path) -> str:
    """What the model's card says in its head, else the first line of a licence file."""
    for name in PAPERS[:2]:
        for head in _heads(folder / name):
            said = head.get("license_name") if head.get("license") == "other" else head.get("license")
            if said:
                return str(said)
    for path in sorted(folder.glob(PAPERS[2])):
        first = path.read_text(encoding="utf-8", errors="replace").strip().partition("\n")[0].strip()
        if first:
            return first[:60]
    return UNSTATED


def _heads(file: Path) -> Iterator[Mapping[str, object]]:
    """The YAML between the two lines of dashes at the start of a model card, if there is any."""
    if not file.is_file():
        return
    text = file.read_text(encoding="utf-8", errors="replace")
    parts = text.split("---\n", 2)
    if len(parts) == 3 and not parts[0].strip():
        try:
            head = yaml.safe_load(parts[1])
        except yaml.YAMLError:
            return  # somebody else's card; it only fails to tell its licence
        if isinstance(head, Mapping):
            yield head


def _json(folder: Path, name: str) -> dict[str, object]:
    file = folder / name
    if not file.is_file():
        return {}
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BaseModelError(f"{file} is no JSON object.", hint="Get the model again.") from error
