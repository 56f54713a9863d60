"""Training an adapter: tokens a second of ours beside TRL's SFTTrainer, on the same model, data and LoRA.

Three ways of TRL: as it comes (its defaults: padding, activations computed again), with padding and nothing
else, and with its own packing. Real tokens are counted, never padding. On a CPU a thread's own time is taken,
so other work on the machine weighs little; the first step of each is left out, the rounds alternate, and the
best of each counts.

    python benchmarks/train.py [--data ../shared/data] [--base FOLDER] [--steps 12] [--rounds 3]
"""

import argparse
import os
import re
import tarfile
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from ipse.bases.loading import device, load_base, quiet, window_of
from ipse.config import LoraSettings
from ipse.learners.adapters.lora import LoraLearner
from ipse.learners.chat import ChatFormat, Window
from ipse.records import Example, Turn

__all__ = ["main"]

CHAT = "chat/ubuntu-irc-disentanglement.tar.gz"
BASE = "models/babyllama-361"
LINE = re.compile(r"^\[\d\d:\d\d\] <([^>]+)> (.+)$")
BATCH = 8

Speed = Callable[[Sequence[Example], LoraSettings], float]


def main() -> None:
    """Measure each way in turn."""
    options = _options()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    examples = _examples(options.data / CHAT, BATCH * options.steps, options.context)
    settings = LoraSettings(
        base=str(options.base), preset="none", batch=BATCH, max_steps=options.steps, epochs=10, replay=0
    )
    sizes = np.array([len(window.ids) for window in _windows(examples, settings)])
    print(f"{len(sizes)} replies of a chat, tokens each: mean {sizes.mean():.0f}, ", end="")
    print("tenths " + " ".join(f"{size:.0f}" for size in np.percentile(sizes, [10, 50, 90, 100])), flush=True)
    ways: dict[str, Speed] = {
        "ours": _ours,
        "TRL, its defaults": _trl,
        "TRL, padding": lambda some, how: _trl(some, how, gradient_checkpointing=False, bf16=False),
        "TRL, its packing": lambda some, how: _trl(
            some, how, gradient_checkpointing=False, bf16=False, packing=True
        ),
    }
    best = dict.fromkeys(ways, 0.0)
    for _ in range(options.rounds):
        for name, measure in ways.items():
            best[name] = max(best[name], measure(examples, settings))
    for name, speed in best.items():
        print(f"{name:20} {speed:9,.0f} tokens/s   ours is {best['ours'] / speed:.2f} ×")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--base", type=Path, help=f"default: {BASE} of the data")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--context", type=int, default=2, help="turns before a reply")
    options = parser.parse_args()
    options.base = options.base or options.data / BASE
    return options


def _examples(path: Path, count: int, turns: int) -> list[Example]:
    """What was said in a channel, each line after those before it."""
    with tarfile.open(path) as held:
        names = sorted(name for name in held.getnames() if name.endswith(".raw.txt") and "/train/" in name)
        file = held.extractfile(names[0])
        assert file is not None
        lines = file.read().decode("utf-8", "replace").splitlines()
    said = [found.groups() for found in map(LINE.match, lines) if found]
    start = datetime(2024, 1, 1, tzinfo=UTC)
    return [
        Example(
            id=f"{at:032x}",
            conversation=str(at),
            contact="PERSON_1",
            platform="irc",
            at=start + timedelta(minutes=at),
            context=tuple(Turn("partner", "PERSON_1", text) for _, text in said[at - turns : at]),
            reply=said[at][1],
        )
        for at in range(turns, turns + count)
    ]


def _windows(examples: Sequence[Example], settings: LoraSettings) -> list[Window]:
    model, tokenizer = load_base(Path(settings.base))
    chat = ChatFormat(tokenizer, system=settings.system, window=window_of(model, settings.max_tokens))
    return [window for one in examples for window in chat.windows(one.context, one.reply)]


def _now() -> float:
    return time.perf_counter() if device() == "cuda" else time.process_time()


def _ours(examples: Sequence[Example], settings: LoraSettings) -> float:
    marks: list[tuple[float, float]] = []

    def follow(done: float, _total: float | None, _figures: Mapping[str, float]) -> None:
        if done:
            marks.append((done, _now()))

    learner = LoraLearner(settings).fit(examples, [], follow)
    sizes = [len(window.ids) for window in _windows(examples, settings)]
    steps = marks[-1][0] - marks[0][0]
    assert learner.report()["steps"] == settings.max_steps
    return float(np.mean(sizes) * settings.batch * steps / (marks[-1][1] - marks[0][1]))


def _trl(examples: Sequence[Example], settings: LoraSettings, **changed: Any) -> float:  # noqa: ANN401
    from peft import LoraConfig
    from transformers import TrainerCallback
    from transformers.trainer_callback import PrinterCallback
    from trl import SFTConfig, SFTTrainer

    from datasets import Dataset

    class Clock(TrainerCallback):  # type: ignore[misc]  # transformers is not followed by mypy
        def __init__(self) -> None:
            self.marks: list[tuple[int, float]] = []

        def on_step_end(self, _args: object, state: Any, _control: object, **_: object) -> None:  # noqa: ANN401
            self.marks.append((int(state.num_input_tokens_seen), _now()))

    class Quiet(SFTTrainer):  # type: ignore[misc]  # trl ships no types
        def _send_telemetry(self) -> None:
            """Send nothing."""

    model, tokenizer = load_base(Path(settings.base))
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    windows = _windows(examples, settings)
    rows = Dataset.from_list([{"input_ids": w.ids, "labels": w.labels} for w in windows])
    packs = bool(changed.get("packing"))
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder, quiet():
        trainer = Quiet(
            model=model,
            args=SFTConfig(
                output_dir=folder,
                max_steps=settings.max_steps,
                per_device_train_batch_size=1 if packs else settings.batch,
                max_length=512 if packs else window_of(model, settings.max_tokens),
                dataset_kwargs=None if packs else {"skip_prepare_dataset": True},
                include_num_input_tokens_seen="non_padding",
                use_cpu=device() == "cpu",
                dataloader_pin_memory=device() == "cuda",
                save_strategy="no",
                report_to=[],
                disable_tqdm=True,
                **changed,
            ),
            processing_class=tokenizer,
            train_dataset=rows,
            peft_config=LoraConfig(
                r=settings.rank,
                lora_alpha=settings.alpha,
                lora_dropout=settings.dropout,
                target_modules="all-linear",
                task_type="CAUSAL_LM",
            ),
            callbacks=[clock],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    (before, begun), (after, ended) = clock.marks[0], clock.marks[-1]
    return (after - before) / (ended - begun)


if __name__ == "__main__":
    main()
