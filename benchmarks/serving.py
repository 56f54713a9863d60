"""Which engine says the next word fastest on this CPU? A small Llama of random weights, in each one's format.

    .venv/bin/python benchmarks/serving.py [--sizes 10 100] [--threads 1 2] [--engines ...]

Each engine is a process of its own, in an environment of its own (made on first use; llama.cpp is compiled,
some minutes). Greedy, 64 tokens read, 128 written; the best of three. `first` is the time to the first token,
`tokens/s` what follows. `share` is the weights' bytes times tokens/s, of what this machine copies a second:
each token reads all of them once, so 1 is the limit.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

READ, WRITTEN, ROUNDS = 64, 128, 3
SHAPES = {
    10: {"hidden_size": 256, "intermediate_size": 768, "num_hidden_layers": 10, "num_attention_heads": 4},
    100: {"hidden_size": 768, "intermediate_size": 2048, "num_hidden_layers": 12, "num_attention_heads": 12},
}
TORCH = ["torch==2.13.0", "transformers>=5.23,<6", "safetensors"]
# Engine: what its environment needs, and the file or folder that it reads.
ENGINES = {
    "transformers fp32": (TORCH, "hf"),
    "transformers bf16": (TORCH, "hf"),
    "torch int8": (TORCH, "hf"),
    "CTranslate2 int8": (["ctranslate2==4.8.5", *TORCH], "ct2"),
    "OpenVINO GenAI Q8_0": (["openvino-genai==2026.4.1.0"], "q8_0.gguf"),
    "onnxruntime-genai int4": (["onnxruntime-genai==0.18.0", "onnx", "onnx-ir", *TORCH], "onnx"),
    "llama.cpp Q8_0": (["llama-cpp-python==0.3.36"], "q8_0.gguf"),
    "llama.cpp Q4_K_M": (["llama-cpp-python==0.3.36"], "q4.gguf"),
}

Say = Callable[[list[int], int], object]


def make(size: int, folder: Path) -> None:
    """The model as a folder and as GGUF; runs with ipse installed."""
    import random

    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from ipse.bases.gguf import write_gguf
    from ipse.bases.spelling import learn_tokenizer

    dice = random.Random(1)
    words = ["".join(dice.choices("abcdefghijklmnop", k=dice.randint(2, 9))) for _ in range(9000)]
    texts = (" ".join(dice.choices(words, k=60)) for _ in range(3000))
    tokenizer = learn_tokenizer(texts, vocabulary=8192)
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=len(tokenizer), max_position_embeddings=512, bos_token_id=0, eos_token_id=1, **SHAPES[size]
    )
    model = LlamaForCausalLM(config)
    model.save_pretrained(folder / "hf")
    tokenizer.save_pretrained(folder / "hf")
    for precision in ("f16", "q8_0"):
        write_gguf(
            folder / "hf", folder / f"{precision}.gguf", name="random", precision=precision,
            progress=lambda _done, _total, _figures: None,
        )  # fmt: skip


def speaks(engine: str, place: Path, threads: int) -> tuple[Say, int]:
    """How to let an engine say so many tokens after these, and the bytes of its weights."""
    size = sum(path.stat().st_size for path in place.rglob("*")) if place.is_dir() else place.stat().st_size
    size //= {"transformers bf16": 2, "torch int8": 4}.get(engine, 1)  # these read the file of 32 bits
    return {
        "transformers fp32": _transformers,
        "transformers bf16": _transformers,
        "torch int8": _transformers,
        "CTranslate2 int8": _ctranslate2,
        "OpenVINO GenAI Q8_0": _openvino,
        "onnxruntime-genai int4": _onnx,
        "llama.cpp Q8_0": _llama,
        "llama.cpp Q4_K_M": _llama,
    }[engine](engine, place, threads), size


def _transformers(engine: str, place: Path, threads: int) -> Say:
    import torch
    from transformers import AutoModelForCausalLM

    torch.set_num_threads(threads)
    dtype = torch.bfloat16 if "bf16" in engine else torch.float32
    model = AutoModelForCausalLM.from_pretrained(str(place), dtype=dtype).eval()
    if "int8" in engine:
        model = torch.ao.quantization.quantize_dynamic(  # type: ignore[no-untyped-call]
            model, {torch.nn.Linear}, dtype=torch.qint8
        )

    def say(ids: list[int], count: int) -> object:
        with torch.no_grad():
            given = torch.tensor([ids])
            return model.generate(
                given, attention_mask=torch.ones_like(given), do_sample=False, min_new_tokens=count,
                max_new_tokens=count, pad_token_id=0,
            )  # fmt: skip

    return say


def _ctranslate2(_engine: str, place: Path, threads: int) -> Say:
    import ctranslate2  # type: ignore[import-not-found]

    generator = ctranslate2.Generator(str(place), device="cpu", intra_threads=threads, compute_type="int8")
    words = json.loads((place / "vocabulary.json").read_text())

    def say(ids: list[int], count: int) -> object:
        given = [[words[number] for number in ids]]
        return generator.generate_batch(
            given, max_length=count, min_length=count, sampling_topk=1, include_prompt_in_result=False
        )

    return say


def _openvino(_engine: str, place: Path, threads: int) -> Say:
    import numpy as np
    import openvino as ov  # type: ignore[import-not-found]
    import openvino_genai  # type: ignore[import-not-found]

    pipeline = openvino_genai.LLMPipeline(str(place), "CPU", INFERENCE_NUM_THREADS=threads)

    def say(ids: list[int], count: int) -> object:
        given = ov.Tensor(np.array([ids], dtype=np.int64))
        config = openvino_genai.GenerationConfig(
            max_new_tokens=count, min_new_tokens=count, ignore_eos=True, do_sample=False
        )
        return pipeline.generate(given, config)

    return say


def _onnx(_engine: str, place: Path, threads: int) -> Say:
    import onnxruntime_genai as og

    config = og.Config(str(place))
    config.overlay(json.dumps({"model": {"decoder": {"session_options": {"intra_op_num_threads": threads}}}}))
    model = og.Model(config)

    def say(ids: list[int], count: int) -> object:
        parameters = og.GeneratorParams(model)
        parameters.set_search_options(
            max_length=len(ids) + count, min_length=len(ids) + count, do_sample=False
        )
        generator = og.Generator(model, parameters)
        generator.append_tokens(ids)
        for _ in range(count):
            generator.generate_next_token()
        return generator.get_sequence(0)

    return say


def _llama(_engine: str, place: Path, threads: int) -> Say:
    from llama_cpp import Llama

    model = Llama(str(place), n_ctx=512, n_threads=threads, n_threads_batch=threads, verbose=False)

    def say(ids: list[int], count: int) -> object:
        model.reset()
        out = []
        for token in model.generate(ids, temp=0.0, reset=True):
            out.append(token)
            if len(out) == count:
                return out
        return out

    return say


def worker(engine: str, place: Path, threads: int) -> None:
    """Measure one engine; prints JSON."""
    say, size = speaks(engine, place, threads)
    ids = [(7 * n) % 300 + 10 for n in range(READ)]
    say(ids, 2)
    first: list[float] = []
    whole: list[float] = []
    for _ in range(ROUNDS):
        for count, into in ((1, first), (WRITTEN, whole)):
            begun = time.perf_counter()
            say(ids, count)
            into.append(time.perf_counter() - begun)
    rate = (WRITTEN - 1) / (min(whole) - min(first))
    print(json.dumps({"first": min(first), "rate": rate, "bytes": size}))


def convert(kind: str, folder: Path, python: Path) -> None:
    """What an engine reads, made with its own tools in its own environment."""
    out = folder / kind
    if out.exists():
        return
    if kind == "ct2":
        code = (
            "import sys; from ctranslate2.converters import TransformersConverter as C; "
            "C(sys.argv[1]).convert(sys.argv[2], quantization='int8')"
        )
        words = ["-c", code, str(folder / "hf"), str(out)]
    elif kind == "onnx":
        words = [
            "-m",
            "onnxruntime_genai.models.builder",
            "-m",
            "random",
            "-i",
            str(folder / "hf"),
            "-o",
            str(out),
        ]
        words += [
            "-p",
            "int4",
            "-e",
            "cpu",
            "-c",
            str(folder / "cache"),
            "--extra_options",
            "hf_remote=false",
        ]
    else:
        code = (
            "import sys, llama_cpp as l; p = l.llama_model_quantize_default_params(); "
            "p.ftype = l.LLAMA_FTYPE_MOSTLY_Q4_K_M; "
            "sys.exit(l.llama_model_quantize(sys.argv[1].encode(), sys.argv[2].encode(), p))"
        )
        words = ["-c", code, str(folder / "f16.gguf"), str(out)]
    subprocess.run([python, *words], check=True, capture_output=True)


def copied() -> float:
    """Bytes this machine reads and writes a second, one thread."""
    import numpy as np

    source = np.ones(1 << 26)
    target = np.empty_like(source)
    best = 0.0
    for _ in range(5):
        begun = time.perf_counter()
        np.copyto(target, source)
        best = max(best, 2 * source.nbytes / (time.perf_counter() - begun))
    return best


def main() -> int:
    """Make the models, measure the engines, print a table."""
    told = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    told.add_argument("--sizes", type=int, nargs="+", default=[10, 100], choices=list(SHAPES))
    told.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    told.add_argument("--engines", nargs="+", default=list(ENGINES), choices=list(ENGINES))
    told.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    wanted = told.parse_args()
    if wanted.worker:
        engine, place, threads = wanted.worker
        worker(engine, Path(place), int(threads))
        return 0
    from peers import python  # type: ignore[import-not-found]

    limit = copied()
    print(f"This machine copies {limit / 1e9:.1f} GB/s, one thread.\n")
    with tempfile.TemporaryDirectory() as scratch:
        for size in wanted.sizes:
            folder = Path(scratch) / str(size)
            folder.mkdir()
            make(size, folder)
            for threads in wanted.threads:
                measured(size, threads, folder, wanted.engines, limit, python)
    return 0


def measured(
    size: int, threads: int, folder: Path, engines: list[str], limit: float, python: Callable[..., Path]
) -> None:
    """One table: a line an engine, each beside transformers in 32 bits."""
    print(f"{size} M parameters, {threads} thread{'s' if threads > 1 else ''}")
    print(f"{'engine':<26}{'first ms':>10}{'tokens/s':>10}{'ratio':>8}{'MB':>7}{'share':>7}")
    floor = 0.0
    for engine in engines:
        needs, kind = ENGINES[engine]
        try:
            peer = python(f"serving-{engine.split()[0].lower()}", *needs)
            convert(kind, folder, peer)
            environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "HF_HUB_OFFLINE": "1"}
            done = subprocess.run(
                [peer, __file__, "--worker", engine, str(folder / kind), str(threads)],
                check=True, capture_output=True, text=True, env=environment,
            )  # fmt: skip
        except subprocess.CalledProcessError as error:
            said = (error.stderr or b"").decode() if isinstance(error.stderr, bytes) else error.stderr or ""
            print(f"{engine:<26}  not measured: {' '.join(said.split())[-160:]}")
            continue
        found = json.loads(done.stdout.strip().splitlines()[-1])
        floor = floor or found["rate"]
        print(
            f"{engine:<26}{1e3 * found['first']:>10.1f}{found['rate']:>10.1f}{found['rate'] / floor:>7.1f}×"
            f"{found['bytes'] / 1e6:>7.0f}{found['bytes'] * found['rate'] / limit:>7.2f}",
            flush=True,
        )
    print()


if __name__ == "__main__":
    sys.exit(main())
