"""Whom a clone is held against: other people's clones, the embedded voice, and a twin with planted secrets.

What is made here of other people's replies stays in memory and is forgotten with the card.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack

import msgspec

from ipse import __version__, plugins
from ipse.apart import Apart, cores
from ipse.bases.loading import device, on_threads
from ipse.bases.shelf import find_base
from ipse.config import Settings
from ipse.datasets import Dataset, Rolling, impostors, persona_of, rolling
from ipse.errors import BaseModelError
from ipse.interfaces import Progress, Recognizer, Voice
from ipse.jobs import listed
from ipse.learners.adapters.presets import family
from ipse.pipeline.clearing import clearing_of
from ipse.pipeline.contacts import conversations
from ipse.pipeline.feedback import useful
from ipse.pipeline.learning import DEFAULT, config_of, introduce, settings_of
from ipse.pipeline.optimizing import files_of
from ipse.pipeline.special import Screen
from ipse.pipeline.workspace import Workspace
from ipse.records import Example
from ipse.registry import ModelCard, Registry
from ipse.scorecard import Judging, Made, Rivals, Round, Safety, plant, secrets
from ipse.voices.engines.copies import Copy, copy_in, with_copy

__all__ = ["Field", "Maker", "beside", "gather"]

FEWEST = 30  # pairs of another person from which a clone of them says anything
TWIN_DEV = 300  # examples of J that tune the twin

MOST_TOGETHER = 4  # trainings at a time
WORTH = 500  # examples from which learning takes longer than starting another process

Taught = tuple[Sequence[Example], Sequence[Example]]  # what is learned from, and what it is tuned by
Maker = Callable[[Sequence[Example], Sequence[Example]], Voice]


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a model is judged with, but for the model."""

    judging: Judging
    rivals: Rivals
    safety: Safety


def gather(workspace: Workspace, card: ModelCard, dataset: Dataset, follow: Progress) -> Field:
    """Read what the other people of the dataset's time wrote, and make what the clone is held against."""
    settings = workspace.settings
    older, newer = beside(workspace, set(card.consents), dataset)
    method = _Method.of(workspace, card)
    make = method.taught(follow)
    parts = dataset.split
    folded = rolling(dataset, folds=settings.scorecard.folds)
    embedded = (
        None if card.method == DEFAULT else _Method(name=DEFAULT, settings=settings).taught(_in_silence)
    )

    clear = clearing_of(workspace, workspace.roster(), next(iter(card.consents)))
    planted = plant(parts.train, secrets(settings.scorecard.seed), clear)
    twin = [(planted, parts.judge[:TWIN_DEV])] if planted else []
    wrong = _wrong_authors(older, max(1, settings.scorecard.wrong_authors))
    made = _together(method, [*wrong, *twin], follow)
    return Field(
        judging=Judging(
            model=card.id, dataset=card.dataset, train=parts.train, judge=parts.judge, test=parts.test,
            impostors=newer, profile=_profile(dataset), made=_made(workspace, card),
            drafts=useful(workspace, card.id),
            rounds=_rounds(folded, make, embedded), round_judge=folded.judge if folded else (),
        ),
        rivals=Rivals(
            baselines={DEFAULT: _trained(workspace, dataset) or embedded(parts.train, parts.judge)}
            if embedded
            else {},
            wrong_authors=made[: len(wrong)],
        ),
        safety=Safety(
            pii=_finder(plugins.recognizers(settings.privacy), settings.privacy.replace_from),
            twin=made[-1] if twin else None,
        ),
    )  # fmt: skip


def beside(
    workspace: Workspace, sources: Collection[str], dataset: Dataset
) -> tuple[dict[str, list[Example]], dict[str, list[Example]]]:
    """Other people's replies beside the training set, which train clones of them, and those that judge."""
    screen = Screen(workspace, set(sources))
    talks = screen.talks(conversations(workspace, set(sources), why="evaluate"))
    return _divided(impostors(talks, workspace.settings.dataset, like=dataset.split), dataset)


def _trained(workspace: Workspace, dataset: Dataset) -> Voice | None:
    """The embedded voice as it was trained on the dataset already: anew, it would be the same."""
    registry = Registry(workspace.vault)
    told = (DEFAULT, dataset.card.id, dataset.card.hash, __version__, config_of(workspace, DEFAULT))
    for card in reversed(registry.cards()):
        if (card.method, card.dataset, card.dataset_hash, card.code_version, card.config) == told:
            return plugins.speaking(DEFAULT, registry.files(card.id), workspace.settings)
    return None


def _profile(dataset: Dataset) -> str:
    """What a voice's persona card tells of the owner: whom they mention and what they write about."""
    words = [term for theme in dataset.persona.themes for term in theme.terms]
    return " ".join((*dataset.persona.mentions, *words))


def _made(workspace: Workspace, card: ModelCard) -> Made:
    """Seconds of training as the learner told, else of the job that ended last before the model was kept."""
    seconds = card.metrics.get("seconds")
    if seconds is None:
        ended = [
            (job.ended_at - job.started_at).total_seconds()
            for job in listed(workspace.vault)
            if job.kind == "train" and job.state == "done"
            and job.ended_at is not None and job.ended_at <= card.created_at
        ]  # fmt: skip
        seconds = ended[-1] if ended else None
    return Made(seconds=seconds, weights=_weights(card))


def _weights(card: ModelCard) -> int | None:
    if card.base is None:
        return None
    try:
        return sum(file.stat().st_size for file in find_base(card.base).glob("*.safetensors"))
    except BaseModelError:
        return None


def _divided(
    others: Mapping[str, Sequence[Example]], dataset: Dataset
) -> tuple[dict[str, list[Example]], dict[str, list[Example]]]:
    """Other people's replies beside the training set, which train clones of them, and those that judge."""
    older: dict[str, list[Example]] = {}
    newer: dict[str, list[Example]] = {}
    for speaker, examples in others.items():
        for example in examples:
            side = older if dataset.split.side(example) == "train" else newer
            side.setdefault(speaker, []).append(example)
    return older, newer


class _Method(msgspec.Struct, frozen=True, kw_only=True):
    """How a clone learned: its settings, base model included, whatever they are by now, and its copy."""

    name: str
    settings: Settings
    copied: Copy | None = None
    base: str | None = None

    @classmethod
    def of(cls, workspace: Workspace, card: ModelCard) -> "_Method":
        """The method of a model."""
        name = card.adapter or card.method  # no other person's drafts were decided on
        settings = settings_of(card, workspace.settings)
        copied = copy_in(files_of(workspace, card))
        return cls(name=name, settings=settings, copied=copied, base=card.base)

    def by_one_core(self) -> bool:
        """Whether it learns best on a core of its own: the embedded voice, and an adapter of a tiny base."""
        if self.base is None:
            return self.name == DEFAULT
        return device() == "cpu" and family(find_base(self.base)) == "tiny"

    def learn(
        self, train: Sequence[Example], dev: Sequence[Example], follow: Progress
    ) -> Mapping[str, bytes]:
        """The artefact of somebody's clone; with an optimized copy where the clone that is judged has one."""
        learner = plugins.learner(self.name).configure(self.settings)
        if self.settings.lora.persona:  # each author by their own
            introduce(learner, persona_of(train))
        files = learner.fit(train, dev, follow).artefact()
        if self.copied is None:
            return files
        return with_copy(files, engine=self.copied.engine, precision=self.copied.precision)

    def voice(self, files: Mapping[str, bytes]) -> Voice:
        """What speaks by an artefact."""
        return plugins.speaking(self.name, files, self.settings)

    def taught(self, follow: Progress) -> Maker:
        """Learn and speak; ``follow`` shows each training in turn, and can stop it."""
        return lambda train, dev: self.voice(self.learn(train, dev, follow))


def _in_silence(_done: float, _total: float | None, _figures: Mapping[str, float]) -> None:
    """What takes seconds is not shown."""


def _rounds(folded: Rolling | None, make: Maker, embedded: Maker | None) -> tuple[Round, ...]:
    """The method taught anew for each fold of a small dataset, and the embedded voice beside it."""
    return tuple(
        Round(
            voice=make(fold.train, fold.dev),
            baselines={DEFAULT: embedded(fold.train, fold.dev)} if embedded else {},
            train=fold.train, test=fold.test,
        )
        for fold in (folded.folds if folded else ())
    )  # fmt: skip


def _wrong_authors(others: Mapping[str, Sequence[Example]], most: int) -> list[Taught]:
    """What those who wrote most in the time the clone was trained on are to be cloned of."""
    ranked = sorted(others, key=lambda name: (-len(others[name]), name))
    chosen = [others[name] for name in ranked if len(others[name]) >= FEWEST]
    return [(held[: -len(held) // 5], held[-len(held) // 5 :]) for held in chosen[:most]]


def _together(method: _Method, sets: Sequence[Taught], follow: Progress) -> list[Voice]:
    """A clone of each, several at a time where each has more from a core of its own.

    Of those that learn together the first is shown, and can be stopped, with which the others end.
    """
    worth = all(len(train) >= WORTH for train, _ in sets) and method.by_one_core()
    several = max(1, min(len(sets), cores(), MOST_TOGETHER)) if worth else 1
    threads = max(1, cores() // several)
    made: list[Mapping[str, bytes]] = []
    for at in range(0, len(sets), several):
        first, *rest = sets[at : at + several]
        with ExitStack() as learning:
            begun = [
                learning.enter_context(Apart(method.learn, *each, _in_silence, threads=threads))
                for each in rest
            ]
            if begun and method.name != DEFAULT:
                learning.enter_context(on_threads(threads))
            made += [method.learn(*first, follow), *(each.result() for each in begun)]
    return [method.voice(files) for files in made]


def _finder(recognizers: Sequence[Recognizer], replace_from: float) -> Callable[[str], Sequence[str]]:
    """The personal data that recognizers find in an answer, as written there."""

    def find(text: str) -> list[str]:
        found = (span for recognizer in recognizers for span in recognizer.find(text))
        return [text[span.start : span.end] for span in found if span.score >= replace_from]

    return find
