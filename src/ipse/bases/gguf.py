"""A model's folder as one GGUF file, which llama.cpp, Ollama, LM Studio and others run.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md; written with the package of its makers.
Architectures and tokenizers that are not known here are refused, never guessed: a file that loads and speaks
nonsense is worse than none. Knows no adapter and no vault.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from ipse.bases.folders import check_folder
from ipse.errors import BaseModelError, MissingExtraError

if TYPE_CHECKING:
    import numpy as np
    from gguf import GGUFWriter

    from ipse.interfaces import Progress

__all__ = ["Precision", "write_gguf"]

Precision = Literal["f16", "bf16", "q8_0"]

ARCHITECTURES = {"llama": "LLAMA", "mistral": "LLAMA", "qwen2": "QWEN2", "qwen3": "QWEN3"}
_ANY_CASE = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
# How a tokenizer cuts a text before it looks for pairs, and what llama.cpp calls that.
CUTS = {
    _ANY_CASE + r"\p{N}{1,3}" + _REST: "llama-bpe",
    _ANY_CASE + r"\p{N}" + _REST: "qwen2",
}
GENERATION = re.compile(r"\{%-?\s*(?:end)?generation\s*-?%\}")  # marks for training; llama.cpp knows none


class _Rope(msgspec.Struct, frozen=True):
    rope_theta: float = 10000.0
    rope_type: str = "default"


class _Config(msgspec.Struct, frozen=True, kw_only=True):
    """What of ``config.json`` the format asks for."""

    model_type: str
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int | None = None
    head_dim: int | None = None
    max_position_embeddings: int
    rms_norm_eps: float
    vocab_size: int
    rope_theta: float | None = None
    rope_parameters: _Rope | None = None
    rope_scaling: _Rope | None = None

    @property
    def heads(self) -> tuple[int, int]:
        """Of queries and of keys."""
        return self.num_attention_heads, self.num_key_value_heads or self.num_attention_heads

    @property
    def width(self) -> int:
        """Of a head."""
        return self.head_dim or self.hidden_size // self.num_attention_heads


def write_gguf(folder: Path, file: Path, *, name: str, precision: Precision, progress: "Progress") -> None:
    """Write the model in ``folder`` as ``file``; matrices in ``precision``, the rest as 32-bit floats.

    Raises ``BaseModelError`` for what is not known here, ``MissingExtraError`` without the package ``gguf``.
    """
    try:
        import gguf
    except ImportError as error:
        raise MissingExtraError(
            "Writing GGUF needs one more package.", hint="pip install 'ipse[export]'"
        ) from error
    check_folder(folder)
    config = _config(folder)
    arch = getattr(gguf.MODEL_ARCH, ARCHITECTURES[config.model_type])
    with _hushed():
        writer = gguf.GGUFWriter(file, gguf.MODEL_ARCH_NAMES[arch])
        writer.add_name(name)
        _describe(writer, config, precision)
        _spell(writer, folder, config)
        names = gguf.get_tensor_name_map(arch, config.num_hidden_layers)
        held = list(_tensors(folder))
        for done, (label, values) in enumerate(held):
            known = names.get_name(label, try_suffixes=(".weight", ".bias"))
            if known is None:
                raise BaseModelError(f"{folder}: GGUF has no place for {label}.", hint="Export it as merged.")
            _add(writer, known, _turned(label, values, config), precision)
            progress(done + 1, len(held), {})
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()


def _config(folder: Path) -> _Config:
    raw = (folder / "config.json").read_bytes()
    try:
        kind = msgspec.json.decode(raw, type=dict[str, Any]).get("model_type")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BaseModelError(
            f"{folder}/config.json is no JSON object.", hint="Get the model again."
        ) from error
    if kind not in ARCHITECTURES:
        raise BaseModelError(
            f"{folder}: GGUF files of {kind} models are not written here.",
            hint="Export it as merged, and use llama.cpp's convert_hf_to_gguf.py.",
        )
    try:
        config = msgspec.json.decode(raw, type=_Config)
    except msgspec.ValidationError as error:
        raise BaseModelError(f"{folder}/config.json: {error}.", hint="Get the model again.") from error
    for rope in (config.rope_parameters, config.rope_scaling):
        if rope is not None and rope.rope_type != "default":
            raise BaseModelError(
                f"{folder}: its positions are scaled ({rope.rope_type}), which is not written here.",
                hint="Export it as merged, and use llama.cpp's convert_hf_to_gguf.py.",
            )
    return config


def _describe(writer: "GGUFWriter", config: _Config, precision: Precision) -> None:
    import gguf

    heads, keys = config.heads
    rope = config.rope_parameters or _Rope(rope_theta=config.rope_theta or 10000.0)
    kinds = {"f16": "MOSTLY_F16", "bf16": "MOSTLY_BF16", "q8_0": "MOSTLY_Q8_0"}
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(heads)
    writer.add_head_count_kv(keys)
    writer.add_key_length(config.width)
    writer.add_value_length(config.width)
    writer.add_rope_dimension_count(config.width)
    writer.add_rope_freq_base(rope.rope_theta)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)
    writer.add_file_type(getattr(gguf.LlamaFileType, kinds[precision]))


def _spell(writer: "GGUFWriter", folder: Path, config: _Config) -> None:
    """The tokenizer: byte-level pairs, or SentencePiece's with bytes to fall back on."""
    import gguf

    held = msgspec.json.decode((folder / "tokenizer.json").read_bytes(), type=dict[str, Any])
    model = held.get("model", {})
    if model.get("type") != "BPE":
        raise BaseModelError(
            f"{folder}: its tokenizer ({model.get('type')}) is not written here.", hint="Export it as merged."
        )
    if model.get("byte_fallback"):
        words = gguf.LlamaHfVocab(folder)
        tokens, scores, kinds = zip(*words.all_tokens(), strict=True)
        writer.add_tokenizer_model("llama")
        writer.add_tokenizer_pre("default")
        writer.add_token_scores(list(scores))
        texts, types = list(tokens), [int(kind) for kind in kinds]
    else:
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre(_cut(folder, held.get("pre_tokenizer")))
        texts, types = _words(model["vocab"], held.get("added_tokens", []))
    missing = config.vocab_size - len(texts)
    texts += [f"[PAD{number}]" for number in range(missing)]
    types += [int(gguf.TokenType.UNUSED)] * missing
    writer.add_token_list(texts)
    writer.add_token_types(types)
    special = gguf.SpecialVocab(folder, load_merges=not model.get("byte_fallback"), n_vocab=len(texts))
    if isinstance(special.chat_template, str):
        special.chat_template = GENERATION.sub("", special.chat_template)
    special.add_to_gguf(writer, quiet=True)


def _cut(folder: Path, parts: Mapping[str, Any] | None) -> str:
    """llama.cpp's name for how the text is cut first; raises ``BaseModelError`` for a way not known here."""
    steps = (parts or {}).get("pretokenizers", [parts or {}])
    kinds = [step.get("type") for step in steps]
    if kinds == ["ByteLevel"] and steps[0].get("use_regex", True):
        return "gpt-2"
    if kinds == ["Digits", "ByteLevel"] and steps[0].get("individual_digits"):
        return "smollm"
    pattern = steps[0].get("pattern", {}).get("Regex", "") if kinds == ["Split", "ByteLevel"] else ""
    if pattern not in CUTS:
        raise BaseModelError(
            f"{folder}: how its tokenizer cuts a text is not known here.",
            hint="Export it as merged, and use llama.cpp's convert_hf_to_gguf.py.",
        )
    return CUTS[pattern]


def _words(vocabulary: Mapping[str, int], added: list[dict[str, Any]]) -> tuple[list[str], list[int]]:
    """Tokens by number, and what kind each is."""
    import gguf

    named = {number: word for word, number in vocabulary.items()} | {
        each["id"]: each["content"] for each in added
    }
    control = {each["id"] for each in added if each.get("special")}
    own = {each["id"] for each in added} - control
    texts, types = [], []
    for number in range(max(named) + 1):
        texts.append(named.get(number, f"[PAD{number}]"))
        kind = gguf.TokenType.NORMAL if number in named else gguf.TokenType.UNUSED
        kind = gguf.TokenType.CONTROL if number in control else kind
        types.append(int(gguf.TokenType.USER_DEFINED if number in own else kind))
    return texts, types


def _tensors(folder: Path) -> "Iterator[tuple[str, np.ndarray]]":
    """Every tensor as 32-bit floats."""
    from safetensors import safe_open

    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, framework="pt") as file:  # NumPy has no bfloat16
            for label in file.keys():  # noqa: SIM118 - not a mapping
                yield label, file.get_tensor(label).float().numpy()


def _turned(label: str, values: "np.ndarray", config: _Config) -> "np.ndarray":
    """Rows of queries and keys as llama.cpp rotates them: pairs side by side, not half a head apart."""
    turned = re.search(r"\.(q|k)_proj\.(weight|bias)$", label)
    if turned is None or ARCHITECTURES[config.model_type] != "LLAMA":
        return values
    heads = config.heads[turned[1] == "k"]
    halves = values.reshape(heads, 2, values.shape[0] // heads // 2, *values.shape[1:])
    swapped: np.ndarray = halves.swapaxes(1, 2).reshape(values.shape)
    return swapped


def _add(writer: "GGUFWriter", name: str, values: "np.ndarray", precision: Precision) -> None:
    import gguf

    if values.ndim < 2:
        writer.add_tensor(name, values)
        return
    wanted = getattr(gguf.GGMLQuantizationType, precision.upper())
    if precision == "q8_0" and values.shape[-1] % gguf.GGML_QUANT_SIZES[wanted][0]:
        wanted = gguf.GGMLQuantizationType.F16  # rows that do not divide into blocks
    packed = gguf.quants.quantize(values, wanted)
    writer.add_tensor(name, packed, raw_dtype=wanted)


@contextmanager
def _hushed() -> Iterator[None]:
    """Keep the package's own log from the owner's terminal."""
    log = logging.getLogger("gguf")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)
