"""What is said before training, held against what PyTorch then keeps."""

from pathlib import Path

import msgspec
import pytest

from ipse.bases import preflight
from ipse.bases.folders import tensors
from ipse.bases.loading import quiet
from ipse.bases.preflight import (
    Device,
    Work,
    devices,
    estimate,
    largest_batch,
    rows_at_once,
    speed_of,
    tokens_of,
)

pytestmark = pytest.mark.llm

GB = 10**9
ROOMY = Device("cpu", "a test's", 64 * GB, 64 * GB, "")
MISTRAL = {"hidden": 4096, "inner": 14336, "layers": 32, "keys": 1024, "vocabulary": 32768}


def _kept(folder: Path, *, half: bool, adapter: bool, rows: int, length: int) -> int:
    """Bytes that one forward pass keeps for its backward pass, parameters left out."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16 if half else torch.float32)
    if adapter:
        shape = LoraConfig(r=4, lora_dropout=0.05, target_modules="all-linear", task_type="CAUSAL_LM")
        with quiet():
            model = get_peft_model(model, shape)
    own = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    seen: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            seen[storage.data_ptr()] = storage.nbytes()
        return tensor

    ids = torch.zeros(rows, length, dtype=torch.long)
    with quiet(), torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        held = model.train()(input_ids=ids, labels=ids, use_cache=False)
    del held
    return sum(seen.values())


def _computes(monkeypatch: pytest.MonkeyPatch, *, half: bool) -> None:
    """Whether the machine computes bases of 16 bits in 16 bits, whatever this one does."""
    monkeypatch.setattr(preflight, "stays_half", lambda _kind: half)


@pytest.mark.parametrize(
    ("adapter", "stored", "computed"),
    [(True, True, True), (True, True, False), (True, False, True), (False, False, True)],
)
def test_activations_are_what_torch_keeps(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, adapter: bool, stored: bool,
    computed: bool,
) -> None:  # fmt: skip
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.from_pretrained(tiny_base)
    config.update({"hidden_size": 128, "intermediate_size": 384, "num_hidden_layers": 4, "head_dim": 32})
    made = AutoModelForCausalLM.from_config(config)
    (made.to(torch.bfloat16) if stored else made).save_pretrained(tmp_path / "base")
    _computes(monkeypatch, half=computed)
    kept = _kept(tmp_path / "base", half=stored and computed, adapter=adapter, rows=2, length=64)
    work = Work(method="lora" if adapter else "full", batch=2, tokens=64, rank=4)
    assert estimate(tmp_path / "base", work, ROOMY).memory["activations"] == pytest.approx(kept, rel=0.25)


def _mistral(folder: Path) -> Path:
    """The head of a file with the shapes of Mistral-7B and no weights: only heads are read."""
    from transformers import MistralConfig

    d, inner, keys = MISTRAL["hidden"], MISTRAL["inner"], MISTRAL["keys"]
    layer: dict[str, tuple[int, ...]] = {
        "self_attn.q_proj": (d, d),
        "self_attn.k_proj": (keys, d),
        "self_attn.v_proj": (keys, d),
        "self_attn.o_proj": (d, d),
        "mlp.gate_proj": (inner, d),
        "mlp.up_proj": (inner, d),
        "mlp.down_proj": (d, inner),
    }
    shapes = {
        f"model.layers.{n}.{part}.weight": s for n in range(MISTRAL["layers"]) for part, s in layer.items()
    }
    whole = (MISTRAL["vocabulary"], d)
    shapes |= {"model.embed_tokens.weight": whole, "lm_head.weight": whole, "model.norm.weight": (d,)}
    head = {name: {"dtype": "BF16", "shape": s, "data_offsets": [0, 0]} for name, s in shapes.items()}
    encoded = msgspec.json.encode(head)
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(len(encoded).to_bytes(8, "little") + encoded)
    MistralConfig(vocab_size=MISTRAL["vocabulary"]).save_pretrained(folder)
    return folder


def test_a_base_of_seven_billion_is_counted_without_its_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = _mistral(tmp_path / "mistral")
    _computes(monkeypatch, half=True)
    assert sum(tensor.size for tensor in tensors(folder).values()) == pytest.approx(7.25e9, rel=0.01)
    work = {m: Work(method=m, batch=1, tokens=2048, rank=32) for m in ("lora", "qlora", "full")}
    lora, qlora, full = (estimate(folder, each, ROOMY) for each in work.values())
    assert lora.checkpointing
    assert lora.memory["base"] == pytest.approx(14.5 * GB, rel=0.01)
    assert 3.9 * GB < qlora.memory["base"] < 4.3 * GB
    assert qlora.total < 9 * GB < lora.total < 24 * GB < full.total
    assert full.memory["trained"] == pytest.approx(116 * GB, rel=0.01)
    # Rank 32 on all seven projections: 83.9 million numbers.
    assert lora.memory["trained"] == pytest.approx(83.9e6 * 16, rel=0.01)
    assert [each.fits for each in (lora, qlora, full)] == [True, True, False]
    _computes(monkeypatch, half=False)  # a processor that would only imitate 16 bits
    assert estimate(folder, work["lora"], ROOMY).memory["base"] == pytest.approx(29 * GB, rel=0.01)


def test_the_batch_shrinks_until_it_fits(tmp_path: Path) -> None:
    folder = _mistral(tmp_path / "mistral")
    work = Work(method="qlora", batch=64, tokens=2048)
    small = msgspec.structs.replace(ROOMY, free=int(12 * GB))
    batch = largest_batch(folder, work, small)
    assert 1 <= batch < 64
    assert estimate(folder, msgspec.structs.replace(work, batch=batch), small).fits
    assert not estimate(folder, msgspec.structs.replace(work, batch=2 * batch), small).fits
    assert largest_batch(folder, work, msgspec.structs.replace(ROOMY, free=GB)) == 0


def test_what_is_read_at_once_or_computed_again_decides_on_memory(tiny_base: Path) -> None:
    whole = Work(batch=32, tokens=64)
    kept = estimate(tiny_base, whole, ROOMY).memory["activations"]
    quarter = msgspec.structs.replace(whole, rows=rows_at_once(64, "cpu") // 2)
    assert quarter.rows == 8
    assert estimate(tiny_base, quarter, ROOMY).memory["activations"] == pytest.approx(kept / 4, rel=0.01)
    again = msgspec.structs.replace(whole, checkpointing="on")
    assert estimate(tiny_base, again, ROOMY).memory["activations"] < kept
    large = estimate(tiny_base, whole, msgspec.structs.replace(ROOMY, free=GB // 10))
    assert (large.fits, "0.1 GB are free" in large.why_not) == (False, True)
    assert (tokens_of(tiny_base, 4096), tokens_of(tiny_base, 50)) == (128, 50)


def test_time_follows_from_the_speed_and_the_method(tiny_base: Path) -> None:
    work = Work(method="lora", batch=8, tokens=100, steps=10)
    lora = estimate(tiny_base, work, ROOMY, speed=1e9)
    full = estimate(tiny_base, msgspec.structs.replace(work, method="full"), ROOMY, speed=1e9)
    assert lora.seconds == pytest.approx(8000 / lora.tokens_per_second)
    assert lora.tokens_per_second == pytest.approx(1.5 * full.tokens_per_second)
    assert estimate(tiny_base, work, ROOMY).seconds == 0


def test_this_machine_has_a_device_with_memory_and_a_speed(tiny_base: Path) -> None:
    first, *_ = devices()
    assert 0 < first.free <= first.total
    assert first.why
    assert speed_of(first, tiny_base) > 1e8
