"""What every method of adapting a base has in common: the learner's contract, and the files it makes.

A method says how its base is opened, what is put on it, which tensors are kept and how they are put on again;
the run is the same for all (:mod:`ipse.learners.adapters.run`). Nothing of the examples is written to a disk.
"""

import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from ipse.bases.loading import device, load_base, quiet, require_llm
from ipse.bases.preflight import Method
from ipse.bases.shelf import find_base
from ipse.config import LoraSettings, Settings
from ipse.errors import LearnerError
from ipse.interfaces import Checkpoints, Progress
from ipse.learners.adapters.plans import Plan
from ipse.records import Example

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

__all__ = ["ADAPTER", "CARD", "CONFIG", "FORMAT", "LENGTHS", "AdapterLearner", "plain_json"]

ADAPTER, CONFIG, CARD = "adapter_model.safetensors", "adapter_config.json", "ipse.json"
LENGTHS = "lengths.json"  # how long replies to each contact are, for the voice to match
FORMAT = 1


class AdapterLearner:
    """Fits an adapter on the base model of ``settings``.

    Training stops at the first rise of bits per byte on the dev set, or once training replies can be told
    from held-out ones, and keeps the best adapter seen. When the owner stops it, the best so far can still be
    taken by ``artefact``, and with :meth:`keep_in` the next fit of the same goes on.
    """

    name: ClassVar[str] = ""
    section: ClassVar[str] = "lora"  # of the settings
    packages: ClassVar[tuple[str, ...]] = ("safetensors", "psutil")
    shares: ClassVar[bool] = False  # whether several adapters of its kind go on one base at a time
    like: ClassVar[Method] = "lora"  # what it takes of memory is as for this one

    def __init__(self, settings: LoraSettings) -> None:
        self.settings = settings
        self._checkpoints: Checkpoints | None = None
        self._persona: tuple[Sequence[Sequence[str]], Sequence[str]] = ((), ())

    @classmethod
    def configure(cls, settings: Settings) -> Self:
        """Check that packages, machine and base are there, before anything long begins."""
        require_llm()
        cls.check(settings.lora, find_base(settings.lora.base, allow_network=settings.lora.allow_network))
        return cls(settings.lora)

    @classmethod
    def check(cls, settings: LoraSettings, folder: Path) -> None:
        """Raise ``LearnerError`` where this machine cannot do it, ``MissingExtraError`` without a package.

        What is said before training (:func:`ipse.pipeline.bases.check_base`) asks here, too.
        """
        cls.check_machine(folder)  # first: who has no GPU need not install what wants one
        require_llm(*cls.packages)
        if settings.compile:
            _check_compiler()
        if settings.epsilon:
            from ipse.learners.adapters.private import check_installed

            check_installed()

    def keep_in(self, checkpoints: Checkpoints) -> None:
        """Where checkpoints go, and where to look for one of the same run to go on from."""
        self._checkpoints = checkpoints

    def introduce(self, *, themes: Sequence[Sequence[str]], values: Sequence[str]) -> None:
        """What the persona card says of the owner beside how they write, where the settings ask for one."""
        self._persona = (themes, values)

    def fit(self, train: Sequence[Example], dev: Sequence[Example], progress: Progress) -> Self:
        """Train on ``train``, watch ``dev``. The same seed gives the same adapter, byte for byte, on a CPU.

        Raises ``LearnerError`` without examples, ``BaseModelError`` for the base, ``CancelledError`` when
        ``progress`` does.
        """
        from ipse.learners.adapters.run import Run, own_randomness

        if not train:
            raise LearnerError("There is nothing to learn from.", hint="Import more, then `ipse prepare`.")
        require_llm(*self.packages)
        progress(0, None, {})
        with own_randomness(self.settings.seed), quiet():
            run = Run(type(self), self.settings, train, dev, persona=self._persona)
            try:
                run.train(progress, self._checkpoints)
            finally:
                if run.best:
                    self.files_ = run.artefact()
                    self.report_ = run.report()
        return self

    def artefact(self) -> dict[str, bytes]:
        """The adapter (peft's kinds as peft lays it out), and a card that names base, format, settings."""
        if not hasattr(self, "files_"):
            raise LearnerError("This adapter is not trained.", hint="Call fit() first.")
        return self.files_

    def report(self) -> dict[str, float]:
        """Figures of the run: loss, bits per byte on dev for base and adapter, steps, seconds, tokens/s."""
        if not hasattr(self, "report_"):
            raise LearnerError("This adapter is not trained.", hint="Call fit() first.")
        return self.report_

    @classmethod
    def check_machine(cls, folder: Path) -> None:
        """Raise ``LearnerError`` where this machine cannot do it, or not with the base in ``folder``."""

    @classmethod
    def open_base(cls, folder: Path) -> "tuple[PreTrainedModel, PreTrainedTokenizerBase]":
        """The frozen base as this method needs it, and its tokenizer."""
        return load_base(folder)

    @classmethod
    def put_on(cls, base: "PreTrainedModel", plan: Plan, settings: LoraSettings) -> "torch.nn.Module":
        """The base with what is trained, and that alone needing gradients; it says what the base says."""
        raise NotImplementedError

    @classmethod
    def weights(cls, model: "torch.nn.Module") -> "dict[str, torch.Tensor]":
        """What was learned, by the names it is kept under."""
        raise NotImplementedError

    @classmethod
    def config(cls, model: "torch.nn.Module") -> dict[str, object]:
        """What is needed to put the weights on the base again."""
        raise NotImplementedError

    @classmethod
    def revived(cls, base: "PreTrainedModel", files: Mapping[str, bytes]) -> "torch.nn.Module":
        """The base with what was learned, as ``put_on`` would give it; ``disable_adapter()`` takes it off.

        Raises ``LearnerError`` where the files do not fit the base.
        """
        raise NotImplementedError

    @classmethod
    def put_beside(cls, model: "torch.nn.Module", files: Mapping[str, bytes], name: str) -> None:
        """Put a further adapter on what ``revived`` gave, where the method ``shares``; as it does else."""
        raise NotImplementedError

    @classmethod
    def merged(cls, model: "torch.nn.Module") -> "PreTrainedModel":
        """What ``revived`` gave as one model that needs no adapter; ``LearnerError`` where there is none."""
        raise NotImplementedError

    @classmethod
    def optimizer(cls, parameters: "Iterable[torch.nn.Parameter]", rate: float) -> "torch.optim.Optimizer":
        """AdamW without decay: an adapter is small already."""
        import torch

        return torch.optim.AdamW(parameters, lr=rate, weight_decay=0.0, fused=True)


def _check_compiler() -> None:
    """Raise ``LearnerError`` where torch.compile has nothing to compile with: it would say so much later."""
    missing = "the package triton" if find_spec("triton") is None else ""
    if device() != "cuda":
        compilers = (os.environ.get("CXX", ""), "c++", "g++", "clang++")
        missing = "" if any(map(shutil.which, filter(None, compilers))) else "a C++ compiler"
    if missing:
        raise LearnerError(
            f"lora.compile needs {missing}, which is not here.",
            hint="Install it, or set lora.compile: false.",
        )


def plain_json(tree: Mapping[str, object]) -> bytes:
    """Sorted and without sets, so that the same model gives the same bytes."""

    def plain(value: object) -> object:
        return sorted(value) if isinstance(value, set | frozenset) else str(value)

    return json.dumps(tree, sort_keys=True, indent=1, default=plain).encode()
