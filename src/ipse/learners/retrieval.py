"""The embedded voice's learner: which of the owner's own replies fits a new situation.

Needs no weights and no network: word weights and a reply encoder, trained on the owner's own pairs, on the
CPU, in seconds. Knows examples only; where they come from and where the model goes is others' business.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Self

import msgspec
import numpy as np

from ipse.config import RetrievalSettings, Settings
from ipse.errors import LearnerError
from ipse.interfaces import Progress
from ipse.learners.features import MARKS, Floats, bags, situations
from ipse.learners.hand import author_of
from ipse.learners.matching import Basis, Matcher, Statistics, normal, weighted
from ipse.learners.memory import Memory, Past
from ipse.learners.towers import Schedule, Towers, fit_towers, fit_weights
from ipse.learners.tuning import best_blend, best_mix, best_search, crowds, ranks, strangers, thinned
from ipse.records import Example
from ipse.sentences import embeddings_installed, require_embeddings

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = ["RetrievalLearner"]

WORD_EPOCHS, WORD_RATE = 3, 0.03
TOWER_RATE = 3e-3
SURVEYED = 8_000  # texts that the starting projection is drawn from, at most
EMBEDDED = 5_000  # replies whose embeddings take a minute or two; more have to be asked for
TAUGHT = 40_000  # newest pairs that teach; all of them are remembered


class RetrievalLearner:
    """Fits a :class:`~ipse.learners.memory.Memory` to examples; see :mod:`ipse.learners.towers` for how."""

    name = "retrieval"

    def __init__(self, settings: RetrievalSettings) -> None:
        self.settings = settings

    @classmethod
    def configure(cls, settings: Settings) -> Self:
        """Make one from the settings of this run; it needs nothing that is not installed."""
        return cls(settings.retrieval)

    def fit(self, train: Sequence[Example], dev: Sequence[Example], progress: Progress) -> Self:
        """Learn from ``train``; ``dev`` ends the training, mixes the scores and sets the blend.

        The same examples and seed give the same bytes on one machine. Raises ``LearnerError`` without train.
        """
        past = [Past.of(example) for example in train]
        held = thinned([Past.of(example) for example in dev], self.settings.seed)
        if not past:
            raise LearnerError(
                "There is no reply of the owner to learn from.", hint="Import more, then prepare."
            )
        learned = WORD_EPOCHS + self.settings.epochs
        steps = _Steps(progress, learned + 3)
        asked, said = situations([pair.texts for pair in past]), bags([pair.reply for pair in past])
        taught = slice(max(0, len(past) - TAUGHT), None)
        matcher = self._words(past[taught], asked[taught], said[taught], steps)
        inputs = _inputs(matcher, past[taught], asked[taught], said[taught])
        matcher = self._towers(matcher, inputs, held, steps)
        if self._embeds(past):
            matcher = msgspec.structs.replace(matcher, mix=(*matcher.mix, 0.0))
        crowd = crowds(matcher, held, self.settings.seed)
        mix = best_mix(crowd, strangers(matcher, held, self.settings.seed), pairs=len(past))
        search = best_search(crowd, pairs=len(past))
        matcher = msgspec.structs.replace(matcher, mix=mix, search=search)
        steps.reached(learned + 1)
        memory = Memory.of(matcher, past, asked, said)
        steps.reached(learned + 2)
        leaning, stretch = best_blend(memory, held)
        self.memory_ = msgspec.structs.replace(memory, leaning=leaning, stretch=stretch)
        self.report_ = {"pairs": float(len(past)), **ranks(matcher, crowd)}
        steps.reached(learned + 3)
        return self

    def artefact(self) -> dict[str, bytes]:
        """The memory as JSON and npz."""
        return self.memory_.dumps()

    def report(self) -> dict[str, float]:
        """Pairs learned from, and how the true reply of dev ranks among up to 99 other own replies."""
        return self.report_

    def _embeds(self, past: Sequence[Past]) -> bool:
        """Whether sentence embeddings are a view; raises ``MissingExtraError`` where they have to be."""
        wanted = self.settings.embeddings
        if wanted == "on":
            require_embeddings("set retrieval.embeddings to off")
        few = len(past) <= EMBEDDED
        return wanted == "on" or (wanted == "auto" and few and embeddings_installed())

    def _words(
        self, past: Sequence[Past], asked: "csr_matrix", said: "csr_matrix", steps: "_Steps"
    ) -> Matcher:
        """A matcher with word weights and blank towers."""
        statistics = Statistics.of(asked, said, [pair.reply for pair in past[-SURVEYED:]])
        weights = fit_weights(
            asked,
            normal(said, statistics.rarity),
            start=statistics.rarity**2,
            schedule=Schedule(epochs=WORD_EPOCHS, rate=WORD_RATE, seed=self.settings.seed),
            step=steps.after(0),
        )
        basis = self._basis(asked, said, statistics.rarity)
        blank = np.zeros((basis.directions.shape[1] + MARKS, 1), dtype=np.float32)
        heard = [turn.text for pair in past for turn in pair.context if turn.role == "partner"]
        author = author_of([pair.reply for pair in past], heard, self.settings.seed)
        return Matcher(
            statistics=statistics,
            weights=weights,
            basis=basis,
            towers=Towers(blank, blank),
            author=author,
        )

    def _towers(
        self, matcher: Matcher, pairs: tuple[Floats, Floats], held: Sequence[Past], steps: "_Steps"
    ) -> Matcher:
        """The matcher with towers learned from ``pairs``, stopped by the held-out past."""
        contexts, replies = [pair.texts for pair in held], [pair.reply for pair in held]
        towers = fit_towers(
            *pairs,
            dimensions=min(self.settings.dimensions, pairs[0].shape[1]),
            dev=_inputs(matcher, held, situations(contexts), bags(replies)),
            schedule=Schedule(epochs=self.settings.epochs, rate=TOWER_RATE, seed=self.settings.seed),
            step=steps.after(WORD_EPOCHS),
        )
        return msgspec.structs.replace(matcher, towers=towers)

    def _basis(self, asked: "csr_matrix", said: "csr_matrix", rarity: Floats) -> Basis:
        """Latent semantic analysis of all texts: where the towers start from."""
        from scipy.sparse import vstack
        from sklearn.utils.extmath import randomized_svd

        counts = vstack([asked, said]).tocsr()
        seen = np.bincount(counts.indices)
        kept = np.flatnonzero(seen >= min(2, seen.max(initial=0))).astype(np.int32)
        chosen = np.random.default_rng(self.settings.seed).permutation(counts.shape[0])[:SURVEYED]
        held = weighted(counts[np.sort(chosen)], rarity)[:, kept]
        size = max(1, min(self.settings.dimensions, held.shape[0] - 1, len(kept) - 1))
        _, strength, directions = randomized_svd(held, size, n_iter=2, random_state=self.settings.seed)
        # Half of a whitening: strong directions (language, the topic of the year) keep some of their lead.
        scale = np.sqrt(strength[0] / np.maximum(strength, 1e-6))
        return Basis(kept, (directions.T * scale).astype(np.float32))


class _Steps:
    """Tells the progress of a fit, whose parts are counted in epochs."""

    def __init__(self, progress: Progress, total: int) -> None:
        self.progress, self.total = progress, total

    def after(self, done: int) -> Callable[[int, float], None]:
        return lambda epoch, loss: self.progress(done + epoch + 1, self.total, {"loss": loss})

    def reached(self, done: int) -> None:
        self.progress(done, self.total, {})


def _inputs(
    matcher: Matcher, past: Sequence[Past], asked: "csr_matrix", said: "csr_matrix"
) -> tuple[Floats, Floats]:
    """What the towers see of situations and of replies."""
    newest, replies = [pair.texts[-1] for pair in past], [pair.reply for pair in past]
    return matcher.inputs(asked, newest), matcher.inputs(said, replies)
