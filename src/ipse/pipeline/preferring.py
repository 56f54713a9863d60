"""From decisions on drafts to a model: an adapter goes on, by what was approved, edited and rejected."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from ipse.errors import ConsentError, LearnerError, PrivacyError
from ipse.interfaces import Progress
from ipse.jobs import current, run
from ipse.learners.preference import PEFT, PREFERENCE, PreferenceLearner
from ipse.pipeline.answering import check_usable
from ipse.pipeline.checkpoints import PreferenceCheckpoint
from ipse.pipeline.feedback import reviews
from ipse.pipeline.workspace import Workspace
from ipse.registry import ModelCard, Registry

__all__ = ["prefer"]

LOOK_SECONDS = 1.0  # how often it looks whether it is still allowed


def prefer(workspace: Workspace, *, model: str = "", anew: bool = False, progress: Progress) -> ModelCard:
    """Let an adapter, the newest or ``model``, learn from every decision there is, as a new model.

    What was cut off goes on, to the same result, unless it is to begin ``anew``.

    Its card names the adapter and each decision, so that erasing any of them erases it. Raises
    ``LearnerError`` where there is no adapter, or there are too few decisions.
    """
    registry = Registry(workspace.vault)
    job = current()
    if job is not None and (made := _made_in(registry, job.job.id)) is not None:
        PreferenceCheckpoint(workspace, made.grown_from, ()).remove()
        return made  # it was cut off after the model was kept
    start = _start(workspace, model)
    workspace.vault.note("model.read", {"model": start.id})
    found = reviews(workspace)
    workspace.vault.note("train", {"method": PREFERENCE, "dataset": start.dataset, "from": start.id})
    learner = PreferenceLearner(workspace.settings.lora, registry.files(start.id))
    checkpoint = PreferenceCheckpoint(workspace, start.id, found)
    if anew and (job is None or job.job.attempts == 1):
        checkpoint.remove()
    learner.keep_in(checkpoint)

    def work(follow: Progress) -> PreferenceLearner:
        fitted = learner.fit(found, _while_allowed(workspace, start, follow))
        check_usable(workspace, start)
        return fitted

    fitted = run(workspace.vault, "train", work, progress)
    held = {f"{kind}/{name}" for kind in ("draft", "rating") for name in workspace.vault.ids(kind)}
    if gone := {one.id for one in found} - held:
        checkpoint.remove()
        raise ConsentError(f"{len(gone)} of what this learns from was erased.", hint="Train again.")
    card = msgspec.structs.replace(
        start,
        id="",
        method=PREFERENCE,
        adapter=start.adapter or start.method,
        grown_from=start.id,
        reviews=tuple(one.id for one in found),
        metrics=fitted.report(),
        created_at=datetime(1970, 1, 1, tzinfo=UTC),
        job=job.job.id if job else "",
    )
    made = registry.add(card, fitted.artefact())
    checkpoint.remove()
    return made


def _made_in(registry: Registry, job: str) -> ModelCard | None:
    """The model that this job made before it was cut off, if it came so far."""
    return next((card for card in registry.cards() if (card.job, card.method) == (job, PREFERENCE)), None)


def _start(workspace: Workspace, model: str) -> ModelCard:
    """The adapter to go on from: the one named, else the newest that may be used."""
    registry = Registry(workspace.vault)
    if model:
        card = registry.card(model)
        if (card.adapter or card.method) not in PEFT:
            raise LearnerError(
                f"Preferences cannot go on from {card.id} ({card.method}).",
                hint=f"Name a model of {', '.join(PEFT)}.",
            )
        check_usable(workspace, card)
        return card
    for card in reversed(registry.cards()):
        if (card.adapter or card.method) in PEFT:
            try:
                check_usable(workspace, card)
            except (ConsentError, PrivacyError):
                continue
            return card
    raise LearnerError(
        "There is no adapter to go on from.", hint="Train one first: `ipse train --method lora`."
    )


def _while_allowed(workspace: Workspace, start: ModelCard, follow: Progress) -> Progress:
    looked = time.monotonic()

    def progress(done: float, total: float | None, figures: Mapping[str, float]) -> None:
        nonlocal looked
        follow(done, total, figures)
        if time.monotonic() - looked >= LOOK_SECONDS:
            check_usable(workspace, start)
            looked = time.monotonic()

    return progress
