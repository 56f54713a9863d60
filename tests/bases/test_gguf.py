"""GGUF files, read back with the package of the format's makers."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gguf import GGUFReader, quants
from safetensors.torch import load_file

from ipse.bases.gguf import write_gguf
from ipse.errors import BaseModelError, CancelledError


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


@pytest.fixture
def copy(grown: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "copy"
    folder.mkdir()
    for path in grown.iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    return folder


def changed(folder: Path, file: str, **values: Any) -> Path:
    held = json.loads((folder / file).read_text())
    (folder / file).write_text(json.dumps(held | values))
    return folder


def written(folder: Path, file: Path, precision: Any = "f16") -> GGUFReader:
    write_gguf(folder, file, name="small", precision=precision, progress=quiet)
    return GGUFReader(file)


def field(reader: GGUFReader, name: str) -> Any:
    found = reader.get_field(name)
    assert found is not None, name
    return found.contents()


def test_what_the_model_is_stands_in_it(grown: Path, tmp_path: Path) -> None:
    reader = written(grown, tmp_path / "small.gguf")
    config = json.loads((grown / "config.json").read_text())
    assert field(reader, "general.architecture") == "llama"
    assert field(reader, "general.name") == "small"
    assert field(reader, "llama.block_count") == 2
    assert field(reader, "llama.context_length") == 64
    assert field(reader, "llama.attention.head_count") == 2
    assert field(reader, "llama.attention.head_count_kv") == 1
    assert field(reader, "llama.rope.dimension_count") == config["head_dim"]
    assert field(reader, "llama.attention.layer_norm_rms_epsilon") == pytest.approx(config["rms_norm_eps"])
    assert field(reader, "tokenizer.ggml.model") == "gpt2"
    assert field(reader, "tokenizer.ggml.pre") == "smollm"
    tokenizer = json.loads((grown / "tokenizer.json").read_text())
    tokens = field(reader, "tokenizer.ggml.tokens")
    assert {word: tokens[number] for word, number in tokenizer["model"]["vocab"].items()} == {
        word: word for word in tokenizer["model"]["vocab"]
    }
    assert field(reader, "tokenizer.ggml.token_type")[:6] == [3, 3, 3, 3, 3, 1]  # control tokens, then words
    assert len(field(reader, "tokenizer.ggml.merges")) == len(tokenizer["model"]["merges"])
    assert (field(reader, "tokenizer.ggml.bos_token_id"), field(reader, "tokenizer.ggml.eos_token_id")) == (
        0,
        1,
    )
    template = field(reader, "tokenizer.chat_template")
    assert "<|them|>" in template
    assert "generation %}" not in template  # a mark for training that llama.cpp does not know


def test_weights_are_those_of_the_model_and_heads_are_turned(grown: Path, tmp_path: Path) -> None:
    reader = written(grown, tmp_path / "small.gguf")
    held = load_file(grown / "model.safetensors")
    found = {tensor.name: tensor for tensor in reader.tensors}
    plain = held["model.layers.1.mlp.down_proj.weight"].float().numpy()
    assert np.allclose(found["blk.1.ffn_down.weight"].data, plain, atol=1e-3)
    assert np.array_equal(found["output_norm.weight"].data, held["model.norm.weight"].float().numpy())
    query = held["model.layers.0.self_attn.q_proj.weight"].float().numpy()
    width = query.shape[0] // 2
    turned = found["blk.0.attn_q.weight"].data.astype(np.float32)
    for head in (0, 1):  # pair n of a head: rows n and n + half of it, now side by side
        rows = query[head * width : (head + 1) * width]
        pairs = turned[head * width : (head + 1) * width]
        assert np.allclose(pairs[0::2], rows[: width // 2], atol=1e-3)
        assert np.allclose(pairs[1::2], rows[width // 2 :], atol=1e-3)


@pytest.mark.parametrize("precision", ["bf16", "q8_0"])
def test_matrices_can_be_smaller(grown: Path, tmp_path: Path, precision: str) -> None:
    reader = written(grown, tmp_path / "small.gguf", precision)
    tensor = next(each for each in reader.tensors if each.name == "token_embd.weight")
    values = quants.dequantize(tensor.data, tensor.tensor_type)
    real = load_file(grown / "model.safetensors")["model.embed_tokens.weight"].float().numpy()
    assert np.abs(values - real).max() < 0.01 * np.abs(real).max() + 1e-4
    assert tensor.n_bytes < (2.1 if precision == "bf16" else 1.2) * real.size
    norm = next(each for each in reader.tensors if each.name == "output_norm.weight")
    assert norm.data.dtype == np.float32


def test_rows_that_do_not_divide_into_blocks_stay_halves(copy: Path, tmp_path: Path) -> None:
    from safetensors.torch import save_file

    held = load_file(copy / "model.safetensors")
    held["model.embed_tokens.weight"] = held["model.embed_tokens.weight"][:, :20].contiguous()
    save_file(held, copy / "model.safetensors", metadata={"format": "pt"})
    reader = written(copy, tmp_path / "small.gguf", "q8_0")
    assert next(each for each in reader.tensors if each.name == "token_embd.weight").tensor_type.name == "F16"


def test_what_is_not_known_is_refused_not_guessed(copy: Path, tmp_path: Path) -> None:
    file = tmp_path / "small.gguf"

    def refusal(match: str) -> None:
        with pytest.raises(BaseModelError, match=match) as caught:
            written(copy, file)
        assert "merged" in caught.value.hint or "again" in caught.value.hint

    config = (copy / "config.json").read_text()
    changed(copy, "config.json", model_type="mamba")
    refusal("GGUF files of mamba models")
    (copy / "config.json").write_text(config)
    changed(copy, "config.json", rope_parameters={"rope_type": "llama3", "rope_theta": 5e5})
    refusal("positions are scaled")
    (copy / "config.json").write_text(config)
    changed(copy, "config.json", hidden_size="wide")
    refusal(r"config\.json")
    (copy / "config.json").write_text(config)
    (copy / "config.json").write_bytes(b'{"model_type": "\xe1"}')
    refusal("no JSON object")
    (copy / "config.json").write_text(config)
    changed(copy, "tokenizer.json", pre_tokenizer={"type": "Whitespace"})
    refusal("cuts a text")
    changed(copy, "tokenizer.json", model={"type": "Unigram"})
    refusal("tokenizer")


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        ([{"type": "ByteLevel", "use_regex": True}], "gpt-2"),
        (
            [
                {
                    "type": "Split",
                    "pattern": {
                        "Regex": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
                        r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
                    },
                },
                {"type": "ByteLevel", "use_regex": False},
            ],
            "qwen2",
        ),
    ],
)
def test_families_are_told_by_how_they_cut_a_text(
    copy: Path, tmp_path: Path, parts: list[dict[str, Any]], name: str
) -> None:
    whole = parts[0] if len(parts) == 1 else {"type": "Sequence", "pretokenizers": parts}
    changed(copy, "tokenizer.json", pre_tokenizer=whole)
    assert field(written(copy, tmp_path / "small.gguf"), "tokenizer.ggml.pre") == name


def test_it_can_be_stopped(grown: Path, tmp_path: Path) -> None:
    def stop(done: float, _total: float | None, _figures: object) -> None:
        if done >= 3:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        write_gguf(grown, tmp_path / "small.gguf", name="small", precision="f16", progress=stop)


@pytest.mark.shared
def test_a_vocabulary_with_bytes_to_fall_back_on(shared: Path, tmp_path: Path) -> None:
    reader = written(shared / "models" / "stories260K", tmp_path / "stories.gguf")
    assert field(reader, "tokenizer.ggml.model") == "llama"
    tokens, kinds = field(reader, "tokenizer.ggml.tokens"), field(reader, "tokenizer.ggml.token_type")
    assert kinds[tokens.index("<0x0A>")] == 6
    assert "▁the" in tokens
    assert len(tokens) == field(reader, "llama.vocab_size") == 512
