"""The adapter proposes, the memory recalls, and the best of both is said."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import log
from typing import Self

import msgspec

from ipse.config import Settings
from ipse.errors import LearnerError
from ipse.interfaces import ConfigurableVoice
from ipse.records import Turn
from ipse.voices.ensemble.choosing import Candidate, Ranking, Weights
from ipse.voices.ensemble.judge import FILE, StyleJudge
from ipse.voices.retrieval import Recalled, RetrievalVoice
from ipse.voices.transformer import TransformerVoice

__all__ = ["WEIGHTS", "EnsembleVoice", "Plan"]

WEIGHTS = "ensemble.json"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How many replies are considered, how they are weighed, and how any replies are ranked."""

    recalled: int
    proposed: int
    weights: Weights
    ranking: Ranking = Ranking()


class EnsembleVoice:
    """Safe to use from several threads, as both of its voices are."""

    name = "ensemble"

    def __init__(
        self, memory: RetrievalVoice, adapter: TransformerVoice, judge: StyleJudge, plan: Plan
    ) -> None:
        self._memory = memory
        self._adapter = adapter
        self._judge = judge
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
        found = self.candidates(context, contact=contact, seed=seed, lean=True)
        if not found:
            raise LearnerError("There is nothing it may say.", hint="Run `ipse prepare` and `ipse train`.")
        scores = self.plan.weights.of(found)
        yield found[int(scores.argmax())].text

    def score(self, context: Sequence[Turn], replies: Sequence[str]) -> Sequence[float]:
        """What both voices make of each reply, in log odds of being the one given."""
        if not replies:
            return []
        if not self.plan.ranking.mutual:  # then the adapter has no say, and its time is saved
            return [self.plan.ranking.of(fit, 0.0) for fit in self._memory.score(context, replies)]
        return [self.plan.ranking.of(*each) for each in self.ranked(context, replies)]

    def likelihood(self, context: Sequence[Turn], replies: Sequence[str]) -> Sequence[float]:
        """Under the adapter: see :meth:`TransformerVoice.likelihood`."""
        return self._adapter.likelihood(context, replies)

    def bits(self, context: Sequence[Turn], reply: str) -> float:
        """Under the adapter: see :meth:`TransformerVoice.bits`."""
        return self._adapter.bits(context, reply)

    def base(self) -> TransformerVoice:
        """The adapter's base."""
        return self._adapter.base()

    def sample(self) -> tuple[frozenset[str], frozenset[str]]:
        """What the adapter read of what it was given."""
        return self._adapter.sample()

    def nearest(self, context: Sequence[Turn], k: int) -> list[Recalled]:
        """The past exchanges that recalled candidates come from."""
        return self._memory.nearest(context, k)

    def ranked(self, context: Sequence[Turn], replies: Sequence[str]) -> list[tuple[float, float]]:
        """What :meth:`score` is made of: of each reply, what the memory makes of it, and the adapter."""
        fit, mutual = self._memory.score(context, replies), self._adapter.score(context, replies)
        return list(zip(fit, mutual, strict=True))

    def candidates(
        self,
        context: Sequence[Turn],
        *,
        contact: str | None,
        seed: int,
        proposing: bool = True,
        lean: bool = False,
    ) -> list[Candidate]:
        """What could be said, and what is made of each; without ``proposing``, what is recalled alone.

        ``lean`` asks the adapter about them only where the weights heed it.
        """
        recalled = self._memory.best(context, contact=contact, k=self.plan.recalled)
        texts = dict.fromkeys(recalled)
        for number in range(self.plan.proposed if proposing else 0):
            said = "".join(
                self._adapter.stream(context, contact=contact, seed=seed * self.plan.proposed + number)
            )
            if said.strip():
                texts.setdefault(said.strip())
        likelihood = [0.0] * len(texts)
        if not lean or self.plan.weights.heed("likelihood", "mutual"):
            likelihood = list(self._adapter.likelihood(context, list(texts)))
        return self._weighed(context, dict(zip(texts, likelihood, strict=True)), recalled)

    def _weighed(
        self, context: Sequence[Turn], texts: Mapping[str, float], recalled: Sequence[str]
    ) -> list[Candidate]:
        """``texts`` with their likelihoods; ``recalled`` come from the memory, in its order."""
        if not texts:
            return []
        told = list(texts)
        places = {text: log(1 + place) for place, text in enumerate(recalled)}
        mutual = [0.0] * len(told)
        if any(texts.values()):
            mutual = self._adapter.gained(list(texts.values()), told)
        rows = zip(
            told,
            (-places.get(text, log(1 + len(places))) for text in texts),
            self._memory.score(context, told),
            texts.values(),
            mutual,
            self._judge.odds(told),
            (log(1 + len(text)) for text in texts),
            (float(text not in places) for text in texts),
            strict=True,
        )
        return [Candidate(*row) for row in rows]
