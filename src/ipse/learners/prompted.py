"""The learner of the voice that prompts: it trains no language model, it gathers what one has to be told.

That is the owner's past, indexed (as the embedded voice has it), and how they write, in figures.
"""

from collections.abc import Sequence
from typing import Self

import msgspec

from ipse.config import Settings
from ipse.errors import LearnerError
from ipse.interfaces import Progress
from ipse.learners.manner import manner_of
from ipse.learners.retrieval import RetrievalLearner
from ipse.records import Example

__all__ = ["MANNER", "PromptedLearner"]

MANNER = "manner.json"


class PromptedLearner:
    """Fits the embedded voice's memory, and counts how the owner writes."""

    name = "prompted"

    def __init__(self, memory: RetrievalLearner) -> None:
        self._memory = memory

    @classmethod
    def configure(cls, settings: Settings) -> Self:
        """Make one from the settings; the server is asked only when the voice speaks."""
        return cls(RetrievalLearner.configure(settings))

    def fit(self, train: Sequence[Example], dev: Sequence[Example], progress: Progress) -> Self:
        """Learn from ``train`` as the embedded voice does; raises ``LearnerError`` without examples."""
        self._memory.fit(train, dev, progress)
        self.manner_ = manner_of(train)
        return self

    def artefact(self) -> dict[str, bytes]:
        """The memory's files, and ``manner.json``."""
        if not hasattr(self, "manner_"):
            raise LearnerError("This voice is not trained.", hint="Call fit() first.")
        return {**self._memory.artefact(), MANNER: msgspec.json.encode(self.manner_)}

    def report(self) -> dict[str, float]:
        """Figures of the memory."""
        return self._memory.report()
