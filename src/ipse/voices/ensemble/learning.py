"""The ensemble's learner. It stands with its voice: to weigh candidates, both of its voices must speak."""

import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Self

import msgspec
import numpy as np

from ipse.bases.folders import tensors
from ipse.bases.loading import device
from ipse.config import EnsembleSettings, Settings, VoiceSettings
from ipse.errors import LearnerError
from ipse.interfaces import Checkpoints, Progress
from ipse.learners.adapters.method import CARD, AdapterLearner
from ipse.learners.adapters.methods import METHODS
from ipse.learners.retrieval import RetrievalLearner
from ipse.records import Example
from ipse.voices.engines.copies import ENGINES, with_copy
from ipse.voices.ensemble.choosing import Ranking, Weights, fit_ranking, fit_weights
from ipse.voices.ensemble.judge import FILE, StyleJudge, alike, likeness_to, usual_grams
from ipse.voices.ensemble.voice import WEIGHTS, EnsembleVoice, Plan
from ipse.voices.retrieval import RetrievalVoice
from ipse.voices.sampling import Sampling
from ipse.voices.transformer import TransformerVoice

__all__ = ["EnsembleLearner"]

PARTS = 10  # of progress: the memory takes one, the weighing two, the adapter the rest
MEMORY, WEIGHING = 1, 2
CROWD = 24  # other replies that the true one is told from, at most
COPIED = 1_000_000_000  # parameters of a base up to which a copy is made in seconds
RECALLED_ALONE = 3  # times as many contexts again for what is recalled: reading is cheap, writing is not


class EnsembleLearner:
    """Fits the memory and an adapter, then weighs what they say on held-out contexts."""

    name = "ensemble"

    def __init__(
        self,
        settings: EnsembleSettings,
        memory: RetrievalLearner,
        adapter: AdapterLearner,
        speaking: VoiceSettings | None = None,
    ) -> None:
        self.settings = settings
        self._speaking = speaking or VoiceSettings()
        self._memory = memory
        self._adapter = adapter

    @classmethod
    def configure(cls, settings: Settings) -> Self:
        """Make one from the settings; raises what the adapter's learner raises."""
        adapter = METHODS[settings.ensemble.adapter].configure(settings)
        memory = RetrievalLearner.configure(settings)
        return cls(settings.ensemble, memory, adapter, settings.voice)

    def keep_in(self, checkpoints: Checkpoints) -> None:
        """Where the adapter leaves its checkpoints; what else there is takes seconds."""
        self._adapter.keep_in(checkpoints)

    def introduce(self, *, themes: Sequence[Sequence[str]], values: Sequence[str]) -> None:
        """See :meth:`ipse.learners.adapters.method.AdapterLearner.introduce`."""
        self._adapter.introduce(themes=themes, values=values)

    def fit(self, train: Sequence[Example], dev: Sequence[Example], progress: Progress) -> Self:
        """Learn from ``train``; ``dev`` stops the adapter early and weighs the candidates."""
        self._memory.fit(train, dev, _part(progress, 0, MEMORY))
        self._adapter.fit(train, dev, _part(progress, MEMORY, PARTS - WEIGHING))
        own = [example.reply for example in train]
        others = [turn.text for each in train for turn in each.context if turn.role == "partner"]
        judge = StyleJudge.fit(own, others, self.settings.seed)
        self._parts = {**self._memory.artefact(), **self._adapter.artefact()}
        plan = Plan(recalled=self.settings.recalled, proposed=self.settings.proposed, weights=Weights.plain())
        begun = time.monotonic()
        writes = plan.proposed and self.settings.contexts and self._speaking.engine != "transformers"
        adapter = TransformerVoice.load(_spoken(self._parts) if writes else self._parts)
        adapter.sampling = Sampling.of(self._speaking)
        voice = EnsembleVoice(RetrievalVoice.load(self._parts), adapter, judge, plan)
        weights = self._weighed(voice, dev, _part(progress, PARTS - WEIGHING, PARTS - 1))
        ranking = self._ranking(voice, dev, _part(progress, PARTS - 1, PARTS))
        progress(PARTS, PARTS, {})
        self._seconds = time.monotonic() - begun
        self.plan_ = msgspec.structs.replace(
            plan, weights=weights, ranking=ranking, proposed=plan.proposed if self._chosen else 0
        )
        self._parts |= {WEIGHTS: msgspec.json.encode(self.plan_), FILE: judge.dumps()}
        return self

    def artefact(self) -> dict[str, bytes]:
        """The files of both voices, the judge's and the weights."""
        if not hasattr(self, "plan_"):
            raise LearnerError("This ensemble is not trained.", hint="Call fit() first.")
        return self._parts

    def report(self) -> dict[str, float]:
        """What both learners report, and each feature's weight."""
        weights = {f"weight of {name}": value for name, value in self.plan_.weights.weights.items()}
        ranking = {"weight of mutual in ranking": self.plan_.ranking.mutual}
        chosen = {"proposals chosen": float(self._chosen), "seconds of weighing": self._seconds}
        return {**self._memory.report(), **self._adapter.report(), **weights, **ranking, **chosen}

    def _weighed(self, voice: EnsembleVoice, dev: Sequence[Example], progress: Progress) -> Weights:
        held = sorted(dev, key=lambda example: example.id)
        dice = np.random.default_rng(self.settings.seed)
        most = self.settings.contexts
        chosen = [held[at] for at in dice.permutation(len(held))[: most * (1 + RECALLED_ALONE)]]
        usual = usual_grams([example.reply for example in held])
        told = []
        for number, example in enumerate(chosen):
            found = voice.candidates(
                example.context, contact=example.contact, seed=number, proposing=number < most
            )
            texts = [each.text for each in found]
            pairs = zip(alike(texts, example.reply), likeness_to(texts, usual), strict=True)
            told.append((found, [here - anywhere for here, anywhere in pairs]))
            progress(number + 1, len(chosen), {})
        weights = fit_weights(told)
        picked = [found[int(weights.of(found).argmax())] for found, _ in told if found]
        self._chosen = sum(each.proposed for each in picked)  # what is never said need not be written
        return weights

    def _ranking(self, voice: EnsembleVoice, dev: Sequence[Example], progress: Progress) -> Ranking:
        """How the true reply of held-out contexts is told from others, which are those of other contexts."""
        held = sorted(dev, key=lambda example: example.id)
        dice = np.random.default_rng(self.settings.seed + 1)
        pool = sorted({example.reply for example in held})
        crowd = min(CROWD, len(pool) - 1)
        if crowd < 1:
            return Ranking()
        crowds = []
        chosen = [held[at] for at in dice.permutation(len(held))[: self.settings.contexts]]
        for number, example in enumerate(chosen):
            drawn = [pool[at] for at in dice.permutation(len(pool))[: crowd + 1]]
            others = [reply for reply in drawn if reply != example.reply][:crowd]
            crowds.append(voice.ranked(example.context, [example.reply, *others]))
            progress(number + 1, len(chosen), {})
        return fit_ranking(crowds)


def _spoken(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """The files with an optimized copy, by which proposals are written many times as fast, where one can be.

    What is made of them is still told by the weights as they were trained.
    """
    able = ENGINES["onnx"].installed() and find_spec("onnx") is not None
    base = str(msgspec.json.decode(files[CARD], type=dict[str, object])["folder"])
    if not able or device() == "cuda" or sum(one.size for one in tensors(Path(base)).values()) > COPIED:
        return files
    return with_copy(files, engine="onnx", precision="int8")


def _part(progress: Progress, start: int, end: int) -> Progress:
    """A share of the whole, between two of its ``PARTS``."""

    def follow(done: float, total: float | None, figures: Mapping[str, float]) -> None:
        share = done / total if total else 0.0
        progress(start + (end - start) * min(1.0, share), PARTS, figures)

    return follow
