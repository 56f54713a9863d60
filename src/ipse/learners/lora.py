"""LoRA: a small adapter on a frozen language model, fitted to the owner's replies.

Low-rank updates of all linear layers (Hu et al. 2021, https://arxiv.org/abs/2106.09685), by peft and TRL's
SFTTrainer, with the loss on the owner's replies only. Training data stay in memory: TRL prepares nothing
on disk, saves no checkpoints and reports nowhere. This module knows examples, but neither where they come
from nor where the adapter is kept.
"""

import json
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import ceil, sqrt
from pathlib import Path
from statistics import fmean, stdev
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Self

import msgspec

from ipse.bases.folders import fingerprint
from ipse.bases.loading import device, load_base, quiet, require_llm, window_of
from ipse.bases.shelf import find_base
from ipse.config import LoraSettings, Settings
from ipse.errors import LearnerError
from ipse.interfaces import Progress
from ipse.learners.chat import ChatFormat
from ipse.learners.likelihood import bits_of_windows
from ipse.records import Example

if TYPE_CHECKING:
    import torch
    from peft import PeftModel
    from transformers import TrainerCallback
    from trl import SFTConfig, SFTTrainer

__all__ = ["ADAPTER", "CARD", "CONFIG", "FORMAT", "LoraLearner", "Plan", "plan"]

ADAPTER, CONFIG, CARD = "adapter_model.safetensors", "adapter_config.json", "ipse.json"
FORMAT = 1

FEW = 200  # examples; below this the recipe halves rank and epochs
SHORT = 100  # steps; below this the recipe doubles the learning rate
CHECKS = 10  # looks at the dev set in a run
DEV = 100  # newest dev examples looked at
LARGE = 1_000_000_000  # parameters from which activations are computed again rather than kept


class Plan(msgspec.Struct, frozen=True):
    """What a run will do, settled before it starts (see :func:`plan`)."""

    rank: int
    alpha: int
    epochs: float
    steps: int
    learning_rate: float


def plan(settings: LoraSettings, *, examples: int, windows: int) -> Plan:
    """Fit the settings to the number of examples, as the recipe has it.

    Below 200 examples the rank is at most 8 (alpha shrinks with it, so the update keeps its scale) and the
    epochs at most 2. Below 100 steps the learning rate doubles.
    """
    rank, epochs = settings.rank, settings.epochs
    if examples < FEW:
        rank, epochs = min(rank, 8), min(epochs, 2.0)
    steps = max(1, ceil(ceil(windows / settings.batch) * epochs))
    if settings.max_steps:
        steps = min(steps, settings.max_steps)
    return Plan(
        rank=rank,
        alpha=max(1, settings.alpha * rank // settings.rank),
        epochs=epochs,
        steps=steps,
        learning_rate=settings.learning_rate * (2 if steps < SHORT else 1),
    )


class LoraLearner:
    """Fits an adapter on the base model of ``settings``.

    ``scratch`` is where the trainer may make its temporary folder (default: the system's); nothing of the
    examples is written there. Training stops at the first rise of bits per byte on the dev set and keeps
    the best adapter seen. When the owner stops it, the best so far can still be taken by ``artefact``.
    """

    name = "lora"

    def __init__(self, settings: LoraSettings, *, scratch: Path | None = None) -> None:
        self.settings = settings
        self.scratch = scratch

    @classmethod
    def configure(cls, settings: Settings) -> Self:
        """Check that packages and base are there, before anything long begins."""
        require_llm("peft", "trl", "accelerate", "datasets", "safetensors")
        find_base(settings.lora.base, allow_network=settings.lora.allow_network)
        return cls(settings.lora)

    def fit(self, train: Sequence[Example], dev: Sequence[Example], progress: Progress) -> Self:
        """Train on ``train``, watch ``dev``. The same seed gives the same adapter, byte for byte, on a CPU.

        Raises ``LearnerError`` without examples, ``BaseModelError`` for the base, ``CancelledError`` when
        ``progress`` does.
        """
        if not train:
            raise LearnerError("There is nothing to learn from.", hint="Import more, then `ipse prepare`.")
        require_llm("peft", "trl", "accelerate", "datasets", "safetensors")
        progress(0, None, {})
        with _own_randomness(self.settings.seed), quiet():
            run = _Run(self.settings, train, dev)
            try:
                run.train(progress, self.scratch)
            finally:
                if run.best:
                    self.files_ = run.artefact()
                    self.report_ = run.report()
        return self

    def artefact(self) -> dict[str, bytes]:
        """The adapter as peft lays it out, and a card that names base, format and settings."""
        if not hasattr(self, "files_"):
            raise LearnerError("This adapter is not trained.", hint="Call fit() first.")
        return self.files_

    def report(self) -> dict[str, float]:
        """Figures of the run: loss, bits per byte on dev for base and adapter, steps, seconds, tokens/s."""
        if not hasattr(self, "report_"):
            raise LearnerError("This adapter is not trained.", hint="Call fit() first.")
        return self.report_


class _Run:
    """One training run: what is prepared, watched and kept."""

    def __init__(self, settings: LoraSettings, train: Sequence[Example], dev: Sequence[Example]) -> None:
        self.settings = settings
        self.folder = find_base(settings.base, allow_network=settings.allow_network)
        self.base_hash = fingerprint(self.folder)
        base, tokenizer = load_base(self.folder)
        self.format = ChatFormat(
            tokenizer, system=settings.system, window=window_of(base, settings.max_tokens)
        )
        self.windows = [
            window for example in train for window in self.format.windows(example.context, example.reply)
        ]
        watched = sorted(dev, key=lambda example: (example.at, example.id))[-DEV:]
        self.dev = [self.format.windows(example.context, example.reply, closed=False) for example in watched]
        self.dev_bytes = sum(len(example.reply.encode()) for example in watched)
        self.plan = plan(settings, examples=len(train), windows=len(self.windows))
        self.examples = len(train)
        self.model = _adapted(base, self.plan, settings.dropout)
        self.best: dict[str, torch.Tensor] = {}
        self.figures: dict[str, float] = {}
        self.curve: list[float] = []
        self.least: list[float] = []

    def train(self, progress: Progress, scratch: Path | None) -> None:
        """Run TRL's trainer to its end, to the first rise on the dev set, or to the owner's word."""
        from transformers.trainer_callback import PrinterCallback

        from datasets import Dataset

        self.look()
        rows = [{"input_ids": w.ids, "labels": w.labels} for w in self.windows]
        with TemporaryDirectory(dir=scratch, prefix="ipse-lora-") as folder:
            trainer = _silent_trainer()(
                model=self.model,
                args=_arguments(self.settings, self.plan, folder, large=self.model.num_parameters() > LARGE),
                processing_class=self.format.tokenizer,
                train_dataset=Dataset.from_list(rows),
                callbacks=[_watch(self, progress)],
            )
            trainer.remove_callback(PrinterCallback)
            trainer.train()

    def look(self) -> bool:
        """Measure the dev set and keep the adapter if it is the best so far; False at a rise.

        Less than its own standard error over the dev examples is noise of the steps, not a rise.
        """
        from peft import get_peft_model_state_dict

        if self.dev:
            spent = self._spent()
            self.curve.append(sum(spent) / self.dev_bytes)
            if self.curve[-1] > min(self.curve):
                return not _rose([now - then for now, then in zip(spent, self.least, strict=True)])
            self.least = spent
        state = get_peft_model_state_dict(self.model)
        self.best = {name: tensor.detach().cpu().clone() for name, tensor in sorted(state.items())}
        return True

    def _spent(self) -> list[float]:
        """Bits for each dev reply."""
        training = self.model.training
        every = bits_of_windows(self.model.eval(), [window for held in self.dev for window in held])
        self.model.train(training)
        rest = iter(every)
        return [sum(next(rest) for _ in held) for held in self.dev]

    def artefact(self) -> dict[str, bytes]:
        from safetensors.torch import save

        config = self.model.peft_config["default"].to_dict()
        config |= {"base_model_name_or_path": self.settings.base, "inference_mode": True}
        card = {
            "format": FORMAT,
            "method": LoraLearner.name,
            "base": self.settings.base,
            "folder": str(self.folder),
            "base_hash": self.base_hash,
            "system": self.settings.system,
            "window": self.format.window,
            "template": "the model's own" if self.format.own_template else "fallback",
            "settings": self.settings.model_dump(mode="json"),
            "plan": msgspec.to_builtins(self.plan),
        }
        return {
            ADAPTER: save(self.best, metadata={"format": "pt"}),
            CONFIG: _json(config),
            CARD: _json(card),
        }

    def report(self) -> dict[str, float]:
        trained = sum(p.numel() for p in self.model.parameters() if p.requires_grad)
        sizes = {"examples": self.examples, "windows": len(self.windows), "parameters": trained}
        watched = {"dev_bits_base": self.curve[0], "dev_bits": min(self.curve)} if self.curve else {}
        return {**sizes, "rank": self.plan.rank, **self.figures, **watched}


def _rose(more: Sequence[float]) -> bool:
    """Whether the mean of ``more`` (bits per example) is above 0 by more than its standard error."""
    error = stdev(more) / sqrt(len(more)) if len(more) > 1 else 0.0
    return fmean(more) > error


def _adapted(base: "torch.nn.Module", plan: Plan, dropout: float) -> "PeftModel":
    from peft import LoraConfig, get_peft_model

    return get_peft_model(
        base,
        LoraConfig(
            r=plan.rank,
            lora_alpha=plan.alpha,
            lora_dropout=dropout,
            target_modules="all-linear",
            task_type="CAUSAL_LM",
        ),
    )


def _arguments(settings: LoraSettings, plan: Plan, folder: str, *, large: bool) -> "SFTConfig":
    """TRL's arguments; what is switched off here would write, send or print."""
    import torch
    from trl import SFTConfig

    cuda = device() == "cuda"
    return SFTConfig(
        output_dir=folder,
        max_steps=plan.steps,
        per_device_train_batch_size=settings.batch,
        learning_rate=plan.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=min(100, plan.steps // 10),
        weight_decay=0.0,
        max_grad_norm=1.0,
        seed=settings.seed,
        dataset_kwargs={"skip_prepare_dataset": True},
        use_cpu=not cuda,
        bf16=cuda and torch.cuda.is_bf16_supported(),
        gradient_checkpointing=large,
        dataloader_pin_memory=cuda,
        include_num_input_tokens_seen="non_padding",
        logging_steps=1,
        save_strategy="no",
        eval_strategy="no",
        report_to=[],
        push_to_hub=False,
        disable_tqdm=True,
    )


def _silent_trainer() -> type["SFTTrainer"]:
    from trl import SFTTrainer

    class SilentTrainer(SFTTrainer):  # type: ignore[misc]  # trl ships no types
        """TRL 1.16 reports each run to the Hub unless the environment forbids it; this one never does."""

        def _send_telemetry(self) -> None:
            """Send nothing."""

    return SilentTrainer


def _watch(run: _Run, progress: Progress) -> "TrainerCallback":
    """Tell the owner after each step, look at the dev set now and then, stop at its first rise."""
    from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

    started = time.monotonic()
    every = max(1, run.plan.steps // CHECKS)

    class Watcher(TrainerCallback):  # type: ignore[misc]  # transformers is not followed by mypy
        """Called by the trainer; an error raised here ends the run."""

        def on_log(
            self,
            args: TrainingArguments,  # noqa: ARG002  the trainer passes it by place
            state: TrainerState,
            control: TrainerControl,
            logs: Mapping[str, float] | None = None,
            **_: object,
        ) -> None:
            """Follows each step, for the log is written at each."""
            if not logs or "loss" not in logs:
                return
            step, seconds = state.global_step, time.monotonic() - started
            if step % every == 0 or step == run.plan.steps:
                control.should_training_stop |= not run.look()
            run.figures = {
                "loss": float(logs["loss"]),
                "steps": float(step),
                "seconds": seconds,
                "tokens_per_second": state.num_input_tokens_seen / seconds,
            }
            live = {"eta_seconds": seconds / step * (run.plan.steps - step)}
            if run.curve:
                live["bits_per_byte"] = run.curve[-1]
            progress(step, run.plan.steps, {**run.figures, **live})

    return Watcher()


@contextmanager
def _own_randomness(seed: int) -> Iterator[None]:
    """Seed a run without disturbing the random numbers of whoever called it."""
    import numpy as np
    import torch

    python, numpy = random.getstate(), np.random.get_state()  # the trainer seeds all three
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)


def _json(tree: Mapping[str, object]) -> bytes:
    """Sorted and without sets, so that the same model gives the same bytes."""

    def plain(value: object) -> object:
        return sorted(value) if isinstance(value, set | frozenset) else str(value)

    return json.dumps(tree, sort_keys=True, indent=1, default=plain).encode()
