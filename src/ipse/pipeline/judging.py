"""Judge a clone on what it never saw, keep the scorecard, and promote only who earned it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from ipse import plugins
from ipse.config import Settings
from ipse.datasets import Dataset, impostors
from ipse.errors import DatasetError, RegistryError
from ipse.interfaces import Progress, Recognizer, Voice
from ipse.jobs import run
from ipse.pipeline import objections
from ipse.pipeline.answering import load_voice
from ipse.pipeline.contacts import conversations
from ipse.pipeline.learning import DEFAULT, check_allowed, dataset_named, while_allowed
from ipse.pipeline.special import Screen
from ipse.pipeline.workspace import Workspace
from ipse.records import Example
from ipse.registry import ModelCard, Registry
from ipse.scorecard import Judging, Rivals, Scorecard, render
from ipse.scorecard import evaluate as measure

__all__ = ["evaluate", "export_scorecard", "promote", "write_scorecard"]

FEWEST = 30  # pairs of another person from which a clone of them says anything


def evaluate(workspace: Workspace, *, model: str = "champion", progress: Progress) -> Scorecard:
    """Measure a model on its dataset's held-out part beside every baseline, and keep the scorecard.

    Other people's replies train only the judge and the wrong-author clones, which are forgotten at once.
    """
    card, voice = load_voice(workspace, model)
    workspace.vault.note("evaluate", {"model": card.id, "dataset": card.dataset})
    dataset = dataset_named(workspace, card.dataset, why="evaluate")
    if not dataset.split.test:
        raise DatasetError(
            "The dataset has nothing held out to judge by.", hint="Import more, then `ipse prepare`."
        )

    def work(follow: Progress) -> Scorecard:
        measured = _measure(workspace, card, voice, dataset, while_allowed(workspace, dataset, follow))
        check_allowed(workspace, dataset)
        return measured

    scorecard = run(workspace.vault, "evaluate", work, progress)
    details = {"model": card.id, "promotable": str(scorecard.promotable)}
    workspace.vault.put("scorecard", card.id, scorecard.to_json(), action="scorecard.keep", details=details)
    return scorecard


def promote(workspace: Workspace, model: str, *, anyway: bool = False) -> ModelCard:
    """Let a model speak if its scorecard says it earned it, or ``anyway`` by the owner's word."""
    registry = Registry(workspace.vault)
    card = registry.card(model)
    objections.check_usable(workspace, card.dataset, card.id)
    if anyway or card.method == DEFAULT:
        return registry.promote(card.id, reason="by the owner's word")
    if card.id not in workspace.vault.ids("scorecard"):
        raise RegistryError(
            f"{card.id} has no scorecard.", hint=f"Run `ipse evaluate --model {card.id}` first."
        )
    scorecard = Scorecard.from_json(workspace.vault.get("scorecard", card.id))
    if not scorecard.promotable:
        raise RegistryError(
            f"{card.id} has not earned it: {'; '.join(scorecard.reasons)}.", hint="`--anyway` overrides this."
        )
    return registry.promote(card.id, reason="its scorecard")


def export_scorecard(
    workspace: Workspace, scorecard: Scorecard, folder: Path, *, samples: bool = False
) -> tuple[Path, Path]:
    """:func:`write_scorecard`, told in the audit log first."""
    workspace.vault.note("export.scorecard", {"model": scorecard.model, "samples": samples})
    return write_scorecard(scorecard, folder, samples=samples)


def write_scorecard(scorecard: Scorecard, folder: Path, *, samples: bool = False) -> tuple[Path, Path]:
    """Write the scorecard as JSON and as one self-contained page; returns both files.

    They lie outside the vault, so what was said stays out of them unless ``samples`` asks for a few of them.
    """
    if not samples:
        scorecard = msgspec.structs.replace(scorecard, samples=())
    folder.mkdir(parents=True, exist_ok=True)
    json_file, page = (
        folder / f"scorecard-{scorecard.model}.json",
        folder / f"scorecard-{scorecard.model}.html",
    )
    json_file.write_bytes(scorecard.to_json())
    page.write_text(render(scorecard), encoding="utf-8")
    return json_file, page


def _measure(
    workspace: Workspace, card: ModelCard, voice: Voice, dataset: Dataset, follow: Progress
) -> Scorecard:
    settings = workspace.settings
    screen = Screen(workspace, set(card.consents))
    talks = screen.talks(conversations(workspace, set(card.consents), why="evaluate"))
    others = impostors(talks, settings.dataset, like=dataset.split)
    older, newer = _divided(others, dataset)
    make = _maker(card, settings, follow)
    parts = dataset.split
    judging = Judging(
        model=card.id,
        dataset=card.dataset,
        train=parts.train,
        judge=parts.judge,
        test=parts.test,
        impostors=newer,
    )
    rivals = Rivals(
        baselines=_baselines(card, dataset, settings),
        wrong_authors=_wrong_authors(older, make, settings.scorecard.wrong_authors),
    )
    pii = _finder(plugins.recognizers(settings.privacy), settings.privacy.replace_from)
    return measure(voice, judging, rivals=rivals, pii=pii, settings=settings.scorecard, progress=follow)


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


Maker = Callable[[Sequence[Example], Sequence[Example]], Voice]


def _maker(card: ModelCard, settings: Settings, follow: Progress) -> Maker:
    """How this method learns a person: used for the clones of other people that the clone must beat.

    ``follow`` shows each training in turn, and can stop it.
    """
    section = getattr(settings, card.method, None)
    if section is not None:
        # As it was trained, base model included, whatever the settings say by now.
        settings = settings.model_copy(update={card.method: type(section).model_validate(card.config)})

    def make(train: Sequence[Example], dev: Sequence[Example]) -> Voice:
        learner = plugins.learner(card.method).configure(settings)
        fitted = learner.fit(train, dev, follow)
        return plugins.speaking(card.method, fitted.artefact(), settings)

    return make


def _baselines(card: ModelCard, dataset: Dataset, settings: Settings) -> dict[str, Voice]:
    """The embedded voice on the same data, where it is not itself what is judged."""
    if card.method == DEFAULT:
        return {}
    learner = plugins.learner(DEFAULT).configure(settings)
    fitted = learner.fit(dataset.split.train, dataset.split.judge, lambda _done, _total, _figures: None)
    return {DEFAULT: plugins.speaking(DEFAULT, fitted.artefact(), settings)}


def _wrong_authors(others: Mapping[str, Sequence[Example]], make: Maker, most: int) -> list[Voice]:
    """Clones of those who wrote most in the time the clone was trained on, made the same way."""
    ranked = sorted(others, key=lambda name: (-len(others[name]), name))
    chosen = [others[name] for name in ranked if len(others[name]) >= FEWEST][:most]
    return [make(held[: -len(held) // 5], held[-len(held) // 5 :]) for held in chosen]


def _finder(recognizers: Sequence[Recognizer], replace_from: float) -> Callable[[str], Sequence[str]]:
    """The personal data that recognizers find in an answer, as written there."""

    def find(text: str) -> list[str]:
        found = (span for recognizer in recognizers for span in recognizer.find(text))
        return [text[span.start : span.end] for span in found if span.score >= replace_from]

    return find
