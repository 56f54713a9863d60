"""The benchmark of a GPU, on a CPU with a tiny shape: it learns, and its count is torch's own."""

import sys
from math import log
from pathlib import Path

import pytest

from ipse.bases.loading import quiet
from ipse.learners.adapters.run import own_randomness

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import train_gpu  # type: ignore[import-not-found]

pytestmark = pytest.mark.llm

TINY = train_gpu.Shape(hidden=64, layers=3, heads=4, kv_heads=2, intermediate=192, vocabulary=256)
TOKENS, RANK, STEPS = 32, 8, 60


def tiny(monkeypatch: pytest.MonkeyPatch, *, four: bool) -> train_gpu.Rig:
    if four:
        pytest.importorskip("bitsandbytes")
    else:
        monkeypatch.setattr(train_gpu, "find_spec", lambda _name: None)
    with own_randomness(0), quiet():
        return train_gpu.rig(
            TINY, steps=STEPS, tokens=TOKENS, rows=4, rank=RANK, alpha=2 * RANK, warmup=0, learning_rate=5e-3
        )


@pytest.mark.parametrize("four", [False, True])
def test_it_learns_and_nothing_but_the_adapter(monkeypatch: pytest.MonkeyPatch, *, four: bool) -> None:
    made = tiny(monkeypatch, four=four)
    trained = sum(p.numel() for p in made.base.parameters() if p.requires_grad)
    assert trained == TINY.layers * RANK * sum(ins + outs for ins, outs in TINY.linears())
    with own_randomness(0):
        losses = [made.step() for _ in range(STEPS)]
    assert losses[0] == pytest.approx(
        log(TINY.vocabulary) + 0.5, rel=0.1
    )  # logits of random weights vary by 1
    assert sum(losses[-4:]) / 4 < losses[0] - 1


def test_the_projections_are_as_qlora_loads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    bitsandbytes = pytest.importorskip("bitsandbytes")
    made = tiny(monkeypatch, four=True)
    four = [part for part in made.base.modules() if isinstance(part, bitsandbytes.nn.Linear4bit)]
    four = [part for part in four if not hasattr(part, "base_layer")]  # peft's are of that kind, too
    assert len(four) == 7 * TINY.layers
    assert all(part.weight.quant_type == "nf4" and part.weight.quant_state.nested for part in four)


def test_what_a_token_costs_is_what_torch_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over 32 bits, for it does not look into products over NF4; attention is made of plain ones."""
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    made = tiny(monkeypatch, four=False)
    with own_randomness(0), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counted:
        made.step()
    all_seen = train_gpu.costs(TINY, rank=RANK, tokens=TOKENS, causal=False)
    assert counted.get_total_flops() / TOKENS == pytest.approx(all_seen.total, rel=0.02)
    half = train_gpu.costs(TINY, rank=RANK, tokens=TOKENS)
    none = train_gpu.costs(TINY, rank=RANK, tokens=0)
    assert all_seen.total - half.total == half.total - none.total > 0.03 * half.total


def test_a_product_has_a_rate() -> None:
    import torch

    assert train_gpu.matmul_rate(64, torch.float32) > 1e6


def test_without_a_gpu_it_ends_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train_gpu, "device", lambda: "cpu")
    monkeypatch.setattr(sys, "argv", ["train_gpu.py"])
    with pytest.raises(SystemExit, match="needs a CUDA device, and torch finds none here"):
        train_gpu.main()
