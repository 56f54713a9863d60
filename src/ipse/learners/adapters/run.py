"""One training run: what is prepared, trained, watched and kept, whatever the method.

Packed rows without padding, the loss on the owner's replies alone, each example by its weight. On a CPU with
the same number of threads the result does not depend on where a run was cut off: weights, the optimizer's
state, random numbers and what was seen at each look are in the checkpoint, and what a step learns from
follows from its number. This module knows examples, but neither where they come from nor where the adapter
is kept.
"""

import hashlib
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import isfinite
from typing import TYPE_CHECKING

import msgspec

from ipse.bases.folders import fingerprint
from ipse.bases.loading import inner, window_of
from ipse.bases.shelf import find_base
from ipse.config import LoraSettings
from ipse.errors import CancelledError
from ipse.interfaces import Checkpoints, Progress
from ipse.learners.adapters.looking import Looks, Watched, membership, rose, schedule, told_apart
from ipse.learners.adapters.method import (
    ADAPTER,
    CARD,
    CONFIG,
    FORMAT,
    LENGTHS,
    AdapterLearner,
    plain_json,
)  # fmt: skip
from ipse.learners.adapters.monitors import Monitor
from ipse.learners.adapters.plans import plan
from ipse.learners.adapters.presets import with_preset
from ipse.learners.adapters.private import PrivateStepper
from ipse.learners.adapters.replay import own_answers
from ipse.learners.adapters.state import Standing, packed, unpacked
from ipse.learners.adapters.stepping import Stepper
from ipse.learners.adapters.texts import Texts
from ipse.learners.chat import ChatFormat
from ipse.learners.manner import card_of, manner_of
from ipse.lengths import of_examples
from ipse.records import Example

if TYPE_CHECKING:
    import torch

__all__ = ["Run", "own_randomness"]

SAVING = 20  # a checkpoint comes at most so many times as long after the last as that one took: 5 %


class Run:
    """A run of ``method``. ``best`` are the weights of the best look so far, empty before the first."""

    def __init__(
        self,
        method: type[AdapterLearner],
        settings: LoraSettings,
        train: Sequence[Example],
        dev: Sequence[Example],
        *,
        persona: tuple[Sequence[Sequence[str]], Sequence[str]] = ((), ()),
    ) -> None:
        self.method = method
        self.folder = find_base(settings.base, allow_network=settings.allow_network)
        self.settings = with_preset(settings, self.folder)
        if settings.epsilon:  # what looks at examples beside the noise is left out
            self.settings = self.settings.model_copy(update={"replay": 0.0, "stages": 1, "membership": 1.0})
        self.base_hash = fingerprint(self.folder)
        base, tokenizer = method.open_base(self.folder)
        window = window_of(base, self.settings.max_tokens)
        self.system = settings.system
        if settings.persona:  # kept with the adapter, so a voice says the very same
            self.system = "\n".join([settings.system, *_card(train, *persona)])
        self.format = ChatFormat(tokenizer, system=self.system, window=window)
        self.texts = Texts(self.format, self.settings, train, dev)
        pieces, share = self.texts.pieces, self.texts.share
        self.plan = plan(
            self.settings, examples=len(train), windows=round(len(pieces) / share),
            tokens=round(sum(map(len, pieces)) / share), specialised=self.texts.two_stages,
            own=settings.model_fields_set,
        )  # fmt: skip
        # The card says what was trained with, and who trains the same again by it gets that.
        told = {name: getattr(self.plan, name) for name in ("rank", "alpha", "learning_rate")}
        self.settings = self.settings.model_copy(update=told)
        self.examples = train
        self.model = method.put_on(base, self.plan, self.settings)
        self.looks = self._looks()
        self.monitor = Monitor(self.settings)
        self.best: dict[str, torch.Tensor] = {}
        self.standing = Standing(run="")

    def train(self, progress: Progress, checkpoints: Checkpoints | None) -> None:
        """Go to the end of the plan, to a look that says stop, or to the owner's word."""
        self._progress = progress
        replayed = own_answers(
            inner(self.model), self.format, self.texts.read, share=self.settings.replay, alive=self._tell
        )
        self.texts.add_replay(replayed)
        self.watched = self.texts.watched(self.looks.side)
        self.standing = Standing(run=self._hash())
        kind = PrivateStepper if self.settings.epsilon else Stepper
        self.stepper = kind(self.method, self.model, self.plan, self.settings, self.texts)
        self.standing.most = self.stepper.fitting(self.folder)
        self._take_up(checkpoints.load() if checkpoints else None)
        self._started = (time.monotonic(), self.standing.seconds)
        try:
            self._go(checkpoints)
        except CancelledError:
            self._save(checkpoints)
            raise
        finally:
            self.monitor.close()

    def _tell(self) -> None:
        self._progress(self.standing.step, self.plan.steps, self.figures())

    def figures(self) -> dict[str, float]:
        """How the run is going."""
        standing = self.standing
        if not standing.step:
            return {}
        training = max(1e-9, standing.seconds - standing.looking)
        left = (self.plan.steps - standing.step) * standing.seconds / standing.step
        out = {
            "loss": standing.loss,
            "steps": float(standing.step),
            "seconds": standing.seconds,
            "tokens_per_second": standing.tokens / training,
            "eta_seconds": left,
            **self.monitor.figures(),
        }
        if standing.curve:
            out |= {"bits_per_byte": standing.curve[-1], "membership": standing.membership[-1]}
        return out

    def artefact(self) -> dict[str, bytes]:
        """The best weights, what is needed to put them on the base, the card, and lengths by contact.

        Lengths are counted without noise, so under differential privacy they stay out.
        """
        from safetensors.torch import save

        card = {
            "format": FORMAT,
            "method": self.method.name,
            "base": self.settings.base,
            "folder": str(self.folder),
            "base_hash": self.base_hash,
            "system": self.system,
            "window": self.format.window,
            "template": "the model's own" if self.format.own_template else "fallback",
            "settings": self.settings.model_dump(mode="json"),
            "plan": msgspec.to_builtins(self.plan),
            "sample": self.texts.sample,
        }
        best = {name: self.best[name] for name in sorted(self.best)}
        config = self.method.config(self.model)
        if "base_model_name_or_path" in config:
            config["base_model_name_or_path"] = self.settings.base
        files = {
            ADAPTER: save(best, metadata={"format": "pt"}),
            CONFIG: plain_json(config),
            CARD: plain_json(card),
        }
        lengths = {} if self.settings.epsilon else {LENGTHS: msgspec.json.encode(of_examples(self.examples))}
        return files | lengths

    def report(self) -> dict[str, float]:
        """Figures of the run as a whole."""
        standing = self.standing
        trained = sum(p.numel() for p in self.model.parameters() if p.requires_grad)
        sizes = {"examples": len(self.examples), "windows": len(self.texts.pieces), "parameters": trained}
        told = {key: value for key, value in self.figures().items() if key != "eta_seconds"}
        looked = standing.looking / standing.seconds if standing.seconds else 0.0
        out = {
            **sizes,
            "rank": self.plan.rank,
            **told,
            "looking_share": looked,
            "replayed": self.texts.replayed,
        }
        if isinstance(self.stepper, PrivateStepper):
            out |= self.stepper.told(standing.step)
        out["stages"] = 1 + (self.plan.general < self.plan.steps)
        if standing.curve:
            best = sum(standing.least) / sum(self.watched.held.sizes)
            out |= {"dev_bits_base": standing.curve[0], "dev_bits": best}
            out["stopped_by_membership"] = float(standing.stopped == "membership")
            out["stopped_by_rise"] = float(standing.stopped == "rise")
        return out | self._far()

    def _far(self) -> dict[str, float]:
        """Tokens read, epochs seen of how many, and whether the tokens that were given ended it."""
        standing, plan = self.standing, self.plan
        short = plan.steps < plan.whole and plan.steps != self.settings.max_steps
        return {
            "tokens": float(standing.tokens),
            "epochs_seen": plan.epochs * standing.step / plan.whole,
            "epochs_planned": plan.epochs,
            "stopped_by_tokens": float(short and standing.step == plan.steps and not standing.stopped),
        }

    def _go(self, checkpoints: Checkpoints | None) -> None:
        """Step by step; a look and a checkpoint come between two steps."""
        standing, steps = self.standing, self.plan.steps
        saved, cost = time.monotonic(), 0.0
        while True:
            if self.looks.due(standing.step, steps) and standing.looked < standing.step:
                self._look()
            if standing.step == steps or standing.stopped:
                break
            standing.loss, tokens = self.stepper.step(standing)
            standing.step += 1
            standing.tokens += tokens
            self._clock()
            self._tell()
            self.monitor.write(standing.step, self.figures())
            self.monitor.rest(self._tell)
            often = self.settings.checkpoint_seconds
            wait = max(often, SAVING * cost) if often else 0.0
            if checkpoints and standing.step < steps and time.monotonic() - saved >= wait:
                before = time.monotonic()
                self._save(checkpoints)
                saved = time.monotonic()
                cost = saved - before

    def _look(self) -> None:
        """Measure the replies looked at, keep the weights if they are the best so far, say when to stop."""
        begun, standing = time.monotonic(), self.standing
        if not self.watched.held.sizes:
            self._keep()
            standing.looked = standing.step
            return
        held, ours = (self._spent(each) for each in (self.watched.held, self.watched.learned))
        standing.looked = standing.step
        if not all(map(isfinite, held + ours)):  # it has burst
            standing.stopped = "rise"
            return
        if not standing.base:
            standing.base, standing.least = held + ours, held
        auc = self._membership(held, ours)
        standing.curve.append(sum(held) / sum(self.watched.held.sizes))
        standing.membership.append(auc)
        if standing.step * self.plan.batch <= len(self.texts.general):
            # Before all was seen once what differs is mostly of the time they are from. Nor would replies
            # that chance left out tell when to stop: while the rate is high, what was read last stands out
            # more than it does at the end (one person's half way: .85 of 8 and 23 replies, in the end .66).
            standing.shift = max(0.0, auc - 0.5) if standing.step else 0.0
            known = False
        else:
            known = told_apart(auc - standing.shift, len(ours), len(held), self.settings.membership)
        if known:
            standing.stopped = "membership"
        elif standing.curve[-1] <= min(standing.curve):
            standing.least = held
            self._keep()
        elif rose([now - then for now, then in zip(held, standing.least, strict=True)]):
            standing.stopped = "rise"
        standing.looking += time.monotonic() - begun
        self._clock()

    def _spent(self, watched: Watched) -> list[float]:
        training = self.model.training
        self.model.eval()
        bits = self.stepper.reader.bits(watched.pieces, self.standing.most, self._tell)
        self.model.train(training)
        return watched.by_reply(bits)

    def _membership(self, held: Sequence[float], ours: Sequence[float]) -> float:
        """The AUC of the gain over the base, by byte, of replies trained on against held-out ones."""
        base = self.standing.base
        sides = (
            (held, base[: len(held)], self.watched.held),
            (ours, base[len(held) :], self.watched.learned),
        )
        others, members = (
            [(was - now) / size for now, was, size in zip(bits, before, watched.sizes, strict=True)]
            for bits, before, watched in sides
        )
        return membership(members, others)

    def _keep(self) -> None:
        held = self.method.weights(self.model)
        self.best = {name: tensor.detach().cpu().clone() for name, tensor in held.items()}

    def _looks(self) -> Looks:
        texts = self.texts
        step_tokens = self.plan.batch * texts.mean_piece
        return schedule(
            self.settings.looking,
            steps=self.plan.steps,
            step_tokens=step_tokens,
            reply_tokens=texts.mean_watched,
            held=len(texts.dev),
        )

    def _clock(self) -> None:
        started, before = self._started
        self.standing.seconds = before + time.monotonic() - started

    def _hash(self) -> str:
        """Of all that decides what the run comes to."""
        timing = {"checkpoint_seconds", "base", "allow_network", "hot", "monitors", "monitor_folder"}
        what = (self.method.name, self.base_hash, self.settings.model_dump(mode="json", exclude=timing))
        told = msgspec.json.encode((what, self.plan, self.looks, self.texts.pieces, self.watched))
        return hashlib.sha256(told).hexdigest()

    def _save(self, checkpoints: Checkpoints | None) -> None:
        if checkpoints is None or not self.standing.step:
            return
        tensors, numbers = self.stepper.state()
        self.standing.numbers = numbers
        best = {f"best/{name}": tensor for name, tensor in self.best.items()}
        checkpoints.save(packed(self.standing, tensors | best))

    def _take_up(self, data: bytes | None) -> None:
        found = unpacked(data, self.standing.run) if data else None
        if found is None:
            return
        self.standing, tensors = found
        best = {name: tensor for name, tensor in tensors.items() if name.startswith("best/")}
        self.best = {name.removeprefix("best/"): tensor for name, tensor in best.items()}
        self.stepper.restore(tensors, self.standing.numbers)


def _card(train: Sequence[Example], themes: Sequence[Sequence[str]], values: Sequence[str]) -> Sequence[str]:
    manner = manner_of(train)
    return card_of(manner, manner.lengths.everyone, themes=themes, values=values)


@contextmanager
def own_randomness(seed: int) -> Iterator[None]:
    """Seed a run without disturbing the random numbers of whoever called it."""
    import numpy as np
    import torch

    python, numpy = random.getstate(), np.random.get_state()  # libraries may draw from all three
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)
