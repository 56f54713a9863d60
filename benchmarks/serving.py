"""Which engine says the next word fastest on this CPU? A small Llama of random weights, in each one's format.

    .venv/bin/python benchmarks/serving.py [--sizes 10 100] [--threads 1 2] [--rounds 5] [--engines ...]

Each engine is a process of its own, in an environment of its own (made on first use; llama.cpp is compiled,
some minutes). Greedy, 64 tokens read, 64 written, in short rounds that go around the engines; the best of
each. `first` is the time to the first token, `tokens/s` what follows, by the clock and by processor time
(of all threads), which other work on the machine lengthens less. `share` is the weights' bytes times
tokens/s, of what this machine copies a second, measured in the same rounds: each token reads all of them
once, so 1 is the limit. With one thread both are by processor time, with more by the clock.
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

READ, WRITTEN = 64, 64
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
    "onnxruntime-genai fp32": (["onnxruntime-genai==0.18.0", "onnx", "onnx-ir", *TORCH], "onnx-fp32"),
    "onnxruntime-genai int8": (["onnxruntime-genai==0.18.0", "onnx", "onnx-ir", *TORCH], "onnx-int8"),
    "onnxruntime-genai int4": (["onnxruntime-genai==0.18.0", "onnx", "onnx-ir", *TORCH], "onnx-int4"),
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
        "onnxruntime-genai fp32": _onnx,
        "onnxruntime-genai int8": _onnx,
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
    """Measure one engine: a line of JSON for each line on stdin."""
    say, size = speaks(engine, place, threads)
    ids = [(7 * n) % 300 + 10 for n in range(READ)]
    say(ids, 2)
    print(json.dumps({"bytes": size}), flush=True)
    for _ in sys.stdin:
        taken = []
        for count in (1, WRITTEN):
            begun, spent = time.perf_counter(), time.process_time()
            say(ids, count)
            taken += [time.perf_counter() - begun, time.process_time() - spent]
        print(json.dumps(taken), flush=True)


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
    elif kind.startswith("onnx"):
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
            kind.removeprefix("onnx-"),
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


def copied() -> tuple[float, float]:
    """Seconds to read and write a byte, one thread: by the clock and by processor time."""
    import numpy as np

    source = np.ones(1 << 25)
    target = np.empty_like(source)
    np.copyto(target, source)
    begun, spent = time.perf_counter(), time.thread_time()
    np.copyto(target, source)
    size = 2 * source.nbytes
    return (time.perf_counter() - begun) / size, (time.thread_time() - spent) / size


def main() -> int:
    """Make the models, measure the engines, print a table."""
    told = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    told.add_argument("--sizes", type=int, nargs="+", default=[10, 100], choices=list(SHAPES))
    told.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    told.add_argument("--engines", nargs="+", default=list(ENGINES), choices=list(ENGINES))
    told.add_argument("--rounds", type=int, default=5)
    told.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    wanted = told.parse_args()
    if wanted.worker:
        engine, place, threads = wanted.worker
        worker(engine, Path(place), int(threads))
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        for size in wanted.sizes:
            folder = Path(scratch) / str(size)
            folder.mkdir()
            make(size, folder)
            for threads in wanted.threads:
                print(f"{size} M parameters, {threads} thread{'s' if threads > 1 else ''}")
                measured(threads, folder, wanted.engines, wanted.rounds)
    return 0


def measured(threads: int, folder: Path, engines: list[str], rounds: int) -> None:
    """One table: a line an engine, each beside transformers in 32 bits."""
    running = {name: begun for name in engines if (begun := started(name, threads, folder)) is not None}
    taken: dict[str, list[list[float]]] = {name: [] for name in running}
    memory = []
    for _ in range(rounds):
        memory.append(copied())
        for name, (process, _) in running.items():
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("go\n")
            process.stdin.flush()
            taken[name].append(json.loads(process.stdout.readline()))
    for process, _ in running.values():
        process.communicate()
    clock, processor = (1 / min(each) for each in zip(*memory, strict=True))
    print(
        f"memory copied a second: {clock / 1e9:.1f} GB by the clock, {processor / 1e9:.1f} by processor time"
    )
    print(
        f"{'engine':<26}{'first ms':>9}{'cpu ms':>8}{'tokens/s':>10}{'by cpu':>8}{'ratio':>8}{'by cpu':>8}"
        f"{'MB':>6}{'share':>7}"
    )
    floor: list[float] = []
    for name, (_, size) in running.items():
        first, first_cpu, whole, whole_cpu = (min(each) for each in zip(*taken[name], strict=True))
        rate, rate_cpu = ((WRITTEN - 1) / max(1e-9, part) for part in (whole - first, whole_cpu - first_cpu))
        floor = floor or [rate, rate_cpu]
        share = size * rate_cpu / processor if threads == 1 else size * rate / clock
        print(
            f"{name:<26}{1e3 * first:>9.1f}{1e3 * first_cpu:>8.1f}{rate:>10.0f}{rate_cpu:>8.0f}"
            f"{rate / floor[0]:>7.1f}×{rate_cpu / floor[1]:>7.1f}×{size / 1e6:>6.0f}{share:>7.2f}",
            flush=True,
        )
    print()


def started(engine: str, threads: int, folder: Path) -> tuple["subprocess.Popen[str]", int] | None:
    """The engine, loaded and warm, and the bytes of its weights; None, and told, where it cannot be had."""
    from peers import python  # type: ignore[import-not-found]

    needs, kind = ENGINES[engine]
    try:
        peer = python(f"serving-{engine.split(maxsplit=1)[0].lower()}", *needs)
        convert(kind, folder, peer)
    except subprocess.CalledProcessError as error:
        said = (error.stderr or b"").decode() if isinstance(error.stderr, bytes) else error.stderr or ""
        print(f"{engine:<26}  not measured: {' '.join(said.split())[-160:]}")
        return None
    process = subprocess.Popen(
        [peer, __file__, "--worker", engine, str(folder / kind), str(threads)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, "OMP_NUM_THREADS": str(threads), "HF_HUB_OFFLINE": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("{"):
            return process, json.loads(line)["bytes"]
    print(f"{engine:<26}  not measured: it ended before it spoke")
    return None


if __name__ == "__main__":
    sys.exit(main())
