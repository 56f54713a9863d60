"""Judge a clone on what it never saw, keep the scorecard, and promote only who earned it."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from ipse.errors import DatasetError, RegistryError
from ipse.interfaces import Progress
from ipse.jobs import run
from ipse.pipeline import objections
from ipse.pipeline.answering import load_voice
from ipse.pipeline.blind import humans_of
from ipse.pipeline.learning import DEFAULT, check_allowed, dataset_named, while_allowed
from ipse.pipeline.rivals import gather
from ipse.pipeline.workspace import Workspace
from ipse.registry import ModelCard, Registry
from ipse.scorecard import Forced, Scorecard, render
from ipse.scorecard import evaluate as measure

__all__ = ["evaluate", "export_scorecard", "keep_scorecard", "promote", "write_scorecard"]


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
        allowed = while_allowed(workspace, dataset, follow)
        field = gather(workspace, card, dataset, allowed)
        measured = measure(
            voice, field.judging, rivals=field.rivals, safety=field.safety,
            settings=workspace.settings.scorecard, progress=allowed,
        )  # fmt: skip
        check_allowed(workspace, dataset)
        return measured

    scorecard = run(workspace.vault, "evaluate", work, progress)
    # What people said of it, and that it was forced, still holds.
    before = _scorecard(workspace, card.id)
    scorecard = msgspec.structs.replace(
        scorecard, humans=humans_of(workspace, card.id), forced=before.forced if before else None
    )
    keep_scorecard(workspace, scorecard)
    return scorecard


def keep_scorecard(workspace: Workspace, scorecard: Scorecard) -> None:
    """Keep the scorecard of a model in the place of the one before."""
    details = {"model": scorecard.model, "promotable": str(scorecard.promotable)}
    payload = scorecard.to_json()
    workspace.vault.put("scorecard", scorecard.model, payload, action="scorecard.keep", details=details)


def promote(workspace: Workspace, model: str, *, force: bool = False) -> ModelCard:
    """Let a model speak if its scorecard says it earned it, or by the owner's word with ``force``.

    What was overridden stands in the audit log and, from then on, on the scorecard. Going back to the
    embedded voice needs no card, for it is what any other must beat: it speaks by default, not promoted.
    """
    registry = Registry(workspace.vault)
    card = registry.card(model)
    objections.check_usable(workspace, card.dataset, card.id)
    scorecard = _scorecard(workspace, card.id)
    if scorecard is not None and scorecard.promotable:
        return registry.promote(card.id, reason="its scorecard")
    if card.method == DEFAULT:
        return registry.let_speak(card.id, reason="by the owner's word; not promoted by a card")
    if force:
        return _forced(workspace, card, scorecard)
    if scorecard is None:
        raise RegistryError(
            f"{card.id} has no scorecard.", hint=f"Run `ipse evaluate --model {card.id}` first."
        )
    raise RegistryError(
        f"{card.id} has not earned it: {' '.join(scorecard.reasons)}", hint="`--force` overrides this."
    )


def _scorecard(workspace: Workspace, model: str) -> Scorecard | None:
    if model not in workspace.vault.ids("scorecard"):
        return None
    return Scorecard.from_json(workspace.vault.get("scorecard", model))


def _forced(workspace: Workspace, card: ModelCard, scorecard: Scorecard | None) -> ModelCard:
    """Written first, so that no forced model ever speaks with a card that does not say so."""
    against = scorecard.reasons if scorecard is not None else ("It has no scorecard.",)
    if scorecard is not None:
        marked = msgspec.structs.replace(scorecard, forced=Forced(at=datetime.now(UTC), against=against))
        keep_scorecard(workspace, marked)
    return Registry(workspace.vault).promote(card.id, reason=f"forced by the owner: {' '.join(against)}")


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
