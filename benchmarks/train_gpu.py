"""QLoRA of seven billion parameters on one GPU: tokens a second, peak memory, the share of what it can do.

The base has the shape of Mistral-7B and random weights, made matrix by matrix straight into NF4 on the
device: nothing is fetched, and no memory ever holds it in 16 bits. What is put on it, the optimizer and the
steps are the project's own (``QloraLearner``, ``Stepper``, the preset ``mistral``), at batch 1 × 2048.

What a token costs, with s tokens in a row and the base frozen (two operations for each weight of a product):

    layers, frozen   3 × 2 N    forward, computed again (checkpointing), backward to the activations alone
    vocabulary       2 × 2 V    forward, backward to the activations
    LoRA             4 × 2 A    forward, again, backward to activations and to its weights
    attention        4 × 2 s d  a layer: forward, again, backward twice; causal, so half of 4 s d

over the rate of a large product in bfloat16, timed in the same run.

    python benchmarks/train_gpu.py [--warmup 3] [--steps 20]
"""

import argparse
import sys
import time
from importlib.util import find_spec
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import msgspec
import numpy as np

from ipse.bases.loading import computes_in_half, device, quiet
from ipse.config import LoraSettings
from ipse.learners.adapters.lora import LoraLearner
from ipse.learners.adapters.packing import Piece
from ipse.learners.adapters.plans import plan
from ipse.learners.adapters.presets import PRESETS
from ipse.learners.adapters.qlora import QloraLearner
from ipse.learners.adapters.run import own_randomness
from ipse.learners.adapters.state import Standing
from ipse.learners.adapters.stepping import Stepper
from ipse.learners.chat import Window

if TYPE_CHECKING:
    import torch

__all__ = ["MISTRAL", "Costs", "Rig", "Shape", "costs", "main", "matmul_rate", "rig", "timed"]

BAR = 8e9  # bytes, at batch 1 × 2048
TOKENS = 2048
TRIED = 64  # tokens of the two rows that packing is tried with; they are never learned from
SIDE, TIMES, ROUNDS = 8192, 10, 5  # of the product that tells the GPU's rate


class Shape(msgspec.Struct, frozen=True):
    """A decoder's sizes."""

    hidden: int = 4096
    layers: int = 32
    heads: int = 32
    kv_heads: int = 8
    intermediate: int = 14336
    vocabulary: int = 32768

    def linears(self) -> list[tuple[int, int]]:
        """Inputs and outputs of the seven projections of a layer."""
        wide, narrow, deep = self.hidden, self.hidden * self.kv_heads // self.heads, self.intermediate
        return [(wide, wide), (wide, narrow), (wide, narrow), (wide, wide), *[(wide, deep)] * 2, (deep, wide)]


MISTRAL = Shape()


class Costs(NamedTuple):
    """Operations a token; ``again`` are those of ``total`` that checkpointing does a second time."""

    total: float
    again: float


class Rig(NamedTuple):
    """A model, what learns on it, and how far it is."""

    base: "torch.nn.Module"
    stepper: Stepper
    standing: Standing

    def step(self) -> float:
        """One step; its loss in nats."""
        loss, _ = self.stepper.step(self.standing)
        self.standing.step += 1
        return loss


def main() -> None:
    """Measure, or say in one line why not."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--warmup", type=int, default=3)
    parser.add_argument("--steps", type=int, default=20)
    options = parser.parse_args()
    if device() != "cuda":
        sys.exit("train_gpu.py needs a CUDA device, and torch finds none here; train.py measures on a CPU.")
    if find_spec("bitsandbytes") is None:
        sys.exit("train_gpu.py needs bitsandbytes. Run: pip install 'ipse[qlora]'")
    import torch

    rate = matmul_rate(SIDE, torch.bfloat16)
    print(f"{torch.cuda.get_device_name()}: a product in bfloat16 {rate / 1e12:,.0f} TFLOP/s", flush=True)
    with own_randomness(0), quiet():
        made = rig(MISTRAL, steps=options.warmup + options.steps)
        print(f"base and adapter {torch.cuda.memory_allocated() / 1e9:.2f} GB", flush=True)
        for _ in range(options.warmup):
            made.step()
        seconds = [timed(made) for _ in range(options.steps)]
    _tell(made, seconds, rate)


def _tell(made: Rig, seconds: list[float], rate: float) -> None:
    import torch

    speed = TOKENS / median(seconds)
    rank = int(PRESETS["mistral"]["rank"])
    cost = costs(MISTRAL, rank=rank, tokens=TOKENS)
    peak, paged = torch.cuda.max_memory_allocated(), _paged(made.stepper.optimizer)
    print(f"{speed:,.0f} tokens/s (1 × {TOKENS}, rank {rank}, median of {len(seconds)} steps; ", end="")
    print(f"slowest {TOKENS / max(seconds):,.0f}, fastest {TOKENS / min(seconds):,.0f})")
    print(
        f"peak memory {peak / 1e9:.2f} GB (bar {BAR / 1e9:.0f}: {'met' if peak <= BAR else 'not met'}), ",
        end="",
    )
    print(f"reserved {torch.cuda.max_memory_reserved() / 1e9:.2f} GB; ", end="")
    print(f"pages of the optimizer, not among it, {paged / 1e9:.2f} GB")
    print(f"share of the limit {speed * cost.total / rate:.1%} ", end="")
    print(f"({cost.total / 1e9:.1f} GFLOP a token; without what checkpointing computes again ", end="")
    print(f"{speed * (cost.total - cost.again) / rate:.1%})")


def costs(shape: Shape, *, rank: int, tokens: int, causal: bool = True) -> Costs:
    """What the head of this file says, for rows of ``tokens``; where not ``causal`` each sees all."""
    frozen = 2.0 * shape.layers * sum(ins * outs for ins, outs in shape.linears())
    lora = 2.0 * shape.layers * rank * sum(ins + outs for ins, outs in shape.linears())
    attention = 4.0 * shape.layers * shape.hidden * tokens / (2 if causal else 1)
    words = 2.0 * shape.hidden * shape.vocabulary
    return Costs(3 * frozen + 2 * words + 4 * (lora + attention), frozen + lora + attention)


def matmul_rate(side: int, dtype: "torch.dtype") -> float:
    """Operations a second of a square product, the best of some rounds."""
    import torch

    one, other = (torch.randn(side, side, device=device()).to(dtype) for _ in range(2))
    best = 0.0
    for _ in range(ROUNDS + 1):  # in the first the kernel is chosen
        begun = _now()
        for _ in range(TIMES):
            one @ other
        best = max(best, TIMES * 2.0 * side**3 / (_now() - begun))
    return best


def timed(made: Rig) -> float:
    """Seconds of one step."""
    begun = _now()
    made.step()
    return _now() - begun


def rig(shape: Shape, *, steps: int, tokens: int = TOKENS, rows: int = 16, **changed: object) -> Rig:
    """A base of ``shape`` with an adapter, and ``rows`` of random tokens to learn from, one a step.

    ``changed`` are settings other than the preset's. Without bitsandbytes the base stays in 32 bits and the
    method is plain LoRA, which is for tests alone.
    """
    method = QloraLearner if find_spec("bitsandbytes") else LoraLearner
    given = PRESETS["mistral"] | {"batch": 1, "accumulation": 1, "gradient_checkpointing": "on"} | changed
    settings = LoraSettings.model_validate(given | {"max_steps": steps, "epochs": steps})
    base = _base(shape, four=method is QloraLearner)
    planned = plan(settings, examples=10**6, windows=rows)  # many examples: the rank is the preset's
    model = method.put_on(cast("Any", base), planned, settings)
    short = min(TRIED, tokens)
    drawn = np.random.default_rng(0)
    # Of an eighth of the vocabulary, so that there is something to learn.
    ids = [
        drawn.integers(shape.vocabulary // 8, size=size).tolist() for size in (short, short, *[tokens] * rows)
    ]
    texts = _Rows([Piece(Window(row, row)) for row in ids], list(range(2, len(ids))), [])
    standing = Standing(run="", most=tokens)
    return Rig(base, Stepper(method, model, planned, settings, cast("Any", texts)), standing)


class _Rows(NamedTuple):
    """What of ``Texts`` a stepper looks at."""

    pieces: list[Piece]
    general: list[int]
    special: list[int]


def _base(shape: Shape, *, four: bool) -> "torch.nn.Module":
    """A frozen model of random weights, its projections in NF4 if ``four``; the rest as a base is loaded."""
    import torch
    from transformers import MistralConfig, MistralForCausalLM

    dtype = torch.bfloat16 if computes_in_half() else torch.float32
    config = MistralConfig(
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        intermediate_size=shape.intermediate,
        vocab_size=shape.vocabulary,
        max_position_embeddings=32768,
        sliding_window=None,
        attn_implementation="sdpa",
        dtype=dtype,
    )
    with torch.device("meta"):
        model: Any = MistralForCausalLM(config)
    with torch.device(device()):
        model.model.rotary_emb = type(model.model.rotary_emb)(config)  # its angles are no parameters
    for part in list(model.modules()):
        for name, child in list(part.named_children()):
            if four and isinstance(child, torch.nn.Linear) and child is not model.lm_head:
                setattr(part, name, _in_four_bits(child, dtype))
        for name, held in list(part.named_parameters(recurse=False)):
            if held.is_meta:
                fresh = torch.ones_like(held, device=device()) if held.dim() == 1 else _random(held, dtype)
                setattr(part, name, torch.nn.Parameter(fresh, requires_grad=False))
    model.is_loaded_in_4bit = four  # peft asks for it
    return cast("torch.nn.Module", model.eval().requires_grad_(requires_grad=False))


def _random(like: "torch.Tensor", dtype: "torch.dtype") -> "torch.Tensor":
    """As wide as keeps what passes as large as it was."""
    import torch

    return torch.empty(like.shape, dtype=dtype, device=device()).normal_(std=like.shape[1] ** -0.5)


def _in_four_bits(layer: "torch.nn.Linear", dtype: "torch.dtype") -> "torch.nn.Module":
    """Such a layer as ``QloraLearner`` would load it. Its weights are random."""
    import bitsandbytes
    import torch

    told = {"compress_statistics": True, "quant_type": "nf4"}
    with torch.device("meta"):
        made = bitsandbytes.nn.Linear4bit(
            layer.in_features, layer.out_features, bias=False, compute_dtype=dtype, **told
        )
    drawn = _random(layer.weight, dtype)
    made.weight = bitsandbytes.nn.Params4bit(drawn, requires_grad=False, module=made, **told).to(device())
    return cast("torch.nn.Module", made)


def _paged(optimizer: "torch.optim.Optimizer") -> int:
    """Bytes of its state that may leave the GPU, which torch does not count."""
    held = [value for each in optimizer.state.values() for value in each.values()]
    return sum(value.nbytes for value in held if getattr(value, "is_paged", False))


def _now() -> float:
    import torch

    if device() == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


if __name__ == "__main__":
    main()
