"""The adapter proposes, the memory recalls, and the best of both is said."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import log
from typing import Self

import msgspec

from ipse.config import Settings
from ipse.errors import LearnerError
from ipse.interfaces import ConfigurableVoice
from ipse.records import Turn
from ipse.voices.ensemble.choosing import Candidate, Weights
from ipse.voices.ensemble.judge import FILE, StyleJudge
from ipse.voices.retrieval import Recalled, RetrievalVoice
from ipse.voices.transformer import TransformerVoice

__all__ = ["WEIGHTS", "EnsembleVoice", "Plan"]

WEIGHTS = "ensemble.json"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How many replies are considered, and how they are weighed."""

    recalled: int
    proposed: int
    weights: Weights


class EnsembleVoice:
    """Safe to use from several threads, as both of its voices are."""

    name = "ensemble"

    def __init__(
        self, memory: RetrievalVoice, adapter: TransformerVoice, judge: StyleJudge, plan: Plan
    ) -> None:
        self._memory = memory
        self._adapter = adapter
        self._judge = judge
        self._alone: dict[str, float] = {}
        self.plan = plan

    @classmethod
    def load(cls, files: Mapping[str, bytes]) -> Self:
        """Make a voice of the learner's artefact; raises ``LearnerError`` or ``BaseModelError``."""
        try:
            plan = msgspec.json.decode(files[WEIGHTS], type=Plan)
            judge = files[FILE]
        except (KeyError, msgspec.DecodeError, msgspec.ValidationError) as error:
            raise LearnerError("The ensemble is not whole.", hint="Train it again.") from error
        memory = RetrievalVoice.load(files)
        return cls(memory, TransformerVoice.load(files), StyleJudge.loads(judge, memory.replies()), plan)

    def configure(self, settings: Settings) -> None:
        """Let the adapter draw words by these settings."""
        if isinstance(self._adapter, ConfigurableVoice):
            self._adapter.configure(settings)

    @property
    def engine(self) -> str:
        """What computes the adapter's words."""
        return self._adapter.engine

    @property
    def weights(self) -> int:
        """Bytes of weights that each of them reads."""
        return self._adapter.weights

    @property
    def slower(self) -> str | None:
        """See :class:`ipse.interfaces.EngineVoice`."""
        return self._adapter.slower

    def leave_out(self, unwanted: Callable[[str, str], bool]) -> None:
        """Recall nothing any more of what is ``unwanted``, by its platform and text."""
        self._memory.leave_out(unwanted)

    def stream(self, context: Sequence[Turn], *, contact: str | None, seed: int) -> Iterator[str]:
        """Yield the best candidate, whole: it cannot be known before all are there."""
        found = self.candidates(context, contact=contact, seed=seed)
        if not found:
            raise LearnerError("There is nothing it may say.", hint="Run `ipse prepare` and `ipse train`.")
        scores = self.plan.weights.of(found)
        yield found[int(scores.argmax())].text

    def score(self, context: Sequence[Turn], replies: Sequence[str]) -> Sequence[float]:
        """The weighted sum of what both voices make of each reply, as if each had been recalled."""
        if not replies:
            return []
        return [
            float(each)
            for each in self.plan.weights.of(self._weighed(context, replies, [0.0] * len(replies), set()))
        ]

    def bits(self, context: Sequence[Turn], reply: str) -> float:
        """Under the adapter: see :meth:`TransformerVoice.bits`."""
        return self._adapter.bits(context, reply)

    def base(self) -> TransformerVoice:
        """The adapter's base."""
        return self._adapter.base()

    def nearest(self, context: Sequence[Turn], k: int) -> list[Recalled]:
        """The past exchanges that recalled candidates come from."""
        return self._memory.nearest(context, k)

    def candidates(
        self, context: Sequence[Turn], *, contact: str | None, seed: int, proposing: bool = True
    ) -> list[Candidate]:
        """What could be said, and what is made of each; without ``proposing``, what is recalled alone."""
        recalled = self._memory.best(context, contact=contact, k=self.plan.recalled)
        texts = dict.fromkeys(recalled)
        for number in range(self.plan.proposed if proposing else 0):
            said = "".join(
                self._adapter.stream(context, contact=contact, seed=seed * self.plan.proposed + number)
            )
            if said.strip():
                texts.setdefault(said.strip())
        if not texts:
            return []
        places = {text: log(1 + place) for place, text in enumerate(recalled)}
        return self._weighed(
            context,
            list(texts),
            [-places.get(text, log(1 + len(places))) for text in texts],
            set(texts) - set(recalled),
        )

    def _weighed(
        self, context: Sequence[Turn], texts: Sequence[str], order: Sequence[float], proposed: set[str]
    ) -> list[Candidate]:
        likely = self._adapter.score(context, texts)
        rows = zip(
            texts,
            order,
            self._memory.score(context, texts),
            likely,
            self._unprompted(texts),
            self._judge.odds(texts),
            strict=True,
        )
        return [
            Candidate(
                text, place, fit, after, after - alone, style, log(1 + len(text)), float(text in proposed)
            )
            for text, place, fit, after, alone, style in rows
        ]

    def _unprompted(self, texts: Sequence[str]) -> list[float]:
        """Likelihood without a context; the same replies come again and again."""
        fresh = [text for text in dict.fromkeys(texts) if text not in self._alone]
        if len(self._alone) > 8192:
            self._alone.clear()
            fresh = list(dict.fromkeys(texts))
        self._alone.update(zip(fresh, self._adapter.score((), fresh), strict=True))
        return [self._alone[text] for text in texts]
