"""From the vault to a model: freeze a dataset, fit a learner on it, register what it learned."""

import time
from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec
from msgspec import json

from ipse import plugins
from ipse.config import Settings
from ipse.datasets import Dataset, InstructionFormat, Persona, Report, to_jsonl
from ipse.datasets import prepare as freeze
from ipse.errors import ConsentError, DatasetError, PrivacyError
from ipse.interfaces import IntroducedLearner, Learner, Progress, ResumableLearner
from ipse.jobs import current, run
from ipse.learners.preference import PREFERENCE
from ipse.pipeline import objections
from ipse.pipeline.checkpoints import SealedCheckpoint
from ipse.pipeline.contacts import conversations
from ipse.pipeline.special import Screen, allowed
from ipse.pipeline.workspace import Workspace
from ipse.registry import ModelCard, Registry
from ipse.voices.prompted import PERSONA

__all__ = [
    "check_allowed",
    "config_of",
    "dataset_named",
    "export_dataset",
    "introduce",
    "prepare",
    "section_of",
    "settings_of",
    "still_allowed",
    "style_consents",
    "train",
    "while_allowed",
]

LOOK_SECONDS = 1.0  # how often running work looks whether it is still allowed; a look takes milliseconds
DEFAULT = "retrieval"  # the embedded voice: it speaks until another has earned it


def prepare(workspace: Workspace, *, report: Report | None = None) -> Dataset:
    """Freeze what the vault holds of sources with an active consent for style, and keep it.

    The same vault and settings give the same dataset, which is then kept once. ``report`` is told what was
    left out; its samples are for the owner's eyes and kept nowhere.
    """
    consents = style_consents(workspace)
    screen, objected = Screen(workspace, set(consents)), objections.frozen(workspace, workspace.roster())
    talks = screen.talks(conversations(workspace, set(consents), why="prepare"))
    dataset = freeze(
        talks,
        workspace.settings.dataset,
        consents=consents,
        report=report,
        kept_out=screen.kept_out,
        special=screen.used,
    )
    name = dataset.card.id
    with workspace.vault.exclusive():
        still_allowed(workspace, dataset.card.consents, "What this is made of", special=dataset.card.special)
        if objections.frozen(workspace, workspace.roster()) != objected:
            raise PrivacyError("Somebody's objection changed meanwhile.", hint="Run `ipse prepare` again.")
        if name not in workspace.vault.ids("dataset"):
            sources = ", ".join(dataset.card.consents)
            details = {"dataset": name, "hash": dataset.card.hash, "sources": sources}
            workspace.vault.put("dataset", name, dataset.dumps(), action="dataset.prepare", details=details)
    return dataset


def dataset_named(workspace: Workspace, name: str | None = None, *, why: str) -> Dataset:
    """The dataset whose id begins so, or the newest; the audit log says why. Raises ``DatasetError``."""
    known = workspace.vault.ids("dataset")
    found = [held for held in known if held.startswith(name)] if name else known[-1:]
    if not found:
        raise DatasetError(
            f"There is no dataset{f' `{name}`' if name else ''}.", hint="Make one with `ipse prepare`."
        )
    objections.check_usable(workspace, found[-1])
    workspace.vault.note("dataset.read", {"dataset": found[-1], "why": why})
    return Dataset.loads(workspace.vault.get("dataset", found[-1]))


def export_dataset(
    workspace: Workspace,
    name: str | None,
    part: Literal["train", "judge", "test"],
    form: InstructionFormat = "chat",
) -> Iterator[str]:
    """One set of a dataset as JSON lines of an instruction format; noted in the audit log first."""
    dataset = dataset_named(workspace, name, why="export")
    check_allowed(workspace, dataset)
    workspace.vault.note("export.dataset", {"dataset": dataset.card.id, "part": part, "format": form})
    return to_jsonl(dataset.split.sets()[part], workspace.settings.lora.system, form)


def still_allowed(
    workspace: Workspace,
    consents: Mapping[str, str],
    what: str,
    *,
    special: Mapping[str, Mapping[str, str]],
) -> None:
    """Raise ``ConsentError`` if a consent that ``what`` rests on was withdrawn or has run out.

    ``special`` are those for special categories: by source and category.
    """
    for source, needed in special.items():
        if not needed.items() <= allowed(workspace, source).items():
            raise ConsentError(
                f"{what} holds special categories of {source} by a consent that no longer holds.",
                hint="Run `ipse prepare` and `ipse train` again.",
            )
    for source, consent in consents.items():
        if workspace.permit(source, "style").consent_id != consent:
            raise ConsentError(
                f"{what} was made under a consent for {source} that no longer holds.",
                hint="Run `ipse prepare` and `ipse train` again.",
            )


def check_allowed(workspace: Workspace, dataset: Dataset) -> None:
    """Raise ``ConsentError`` if a consent of the dataset no longer holds, or if it was erased.

    Raises ``PrivacyError`` if somebody in it objected.
    """
    card = dataset.card
    still_allowed(workspace, card.consents, f"The dataset {card.id}", special=card.special)
    objections.check_usable(workspace, card.id)
    if dataset.card.id not in workspace.vault.ids("dataset"):
        raise ConsentError(
            "What this learns from was erased.", hint="Run `ipse prepare` and `ipse train` again."
        )


def while_allowed(workspace: Workspace, dataset: Dataset, follow: Progress) -> Progress:
    """``follow``, which also stops the work soon after a consent is withdrawn or the dataset erased."""
    looked = time.monotonic()

    def progress(done: float, total: float | None, figures: Mapping[str, float]) -> None:
        nonlocal looked
        follow(done, total, figures)
        if time.monotonic() - looked >= LOOK_SECONDS:
            check_allowed(workspace, dataset)
            looked = time.monotonic()

    return progress


def section_of(method: str) -> str:
    """The section of the settings that a method is configured by: mostly its own."""
    return str(getattr(plugins.learner(method), "section", method))


def config_of(workspace: Workspace, method: str) -> dict[str, object]:
    """What a model of a method that is trained now would be configured by."""
    section = getattr(workspace.settings, section_of(method), None)
    return section.model_dump(mode="json") if section is not None else {}


def settings_of(card: ModelCard, settings: Settings) -> Settings:
    """The settings, with what the model was trained with: its method's section, and that of its base."""
    sections = {section_of(card.adapter or card.method), *(("lora",) if card.base else ())}
    update = {}
    for name in sections & set(Settings.model_fields):
        section = type(getattr(settings, name))
        # A card of an ensemble holds both sections side by side.
        known = {key: value for key, value in card.config.items() if key in section.model_fields}
        update[name] = section.model_validate(known)
    return settings.model_copy(update=update)


def train(
    workspace: Workspace,
    *,
    method: str = DEFAULT,
    dataset_name: str | None = None,
    anew: bool = False,
    model: str = "",
    progress: Progress,
) -> ModelCard:
    """Fit the learner ``method`` on a dataset as a job and register the model.

    A training of the same that was cut off goes on, to the same result, unless it is to begin ``anew``.

    The embedded voice speaks by default, newly trained, until another was promoted by its scorecard
    (``ipse evaluate``, ``ipse models promote``). The method ``preference`` goes on from the adapter ``model``
    and learns from decisions on drafts.
    """
    if method == PREFERENCE:
        from ipse.pipeline.preferring import prefer  # it starts from what is here

        return prefer(workspace, model=model, anew=anew, progress=progress)
    dataset = dataset_named(workspace, dataset_name, why="train")
    check_allowed(workspace, dataset)
    learner = plugins.learner(method).configure(workspace.settings)
    if not dataset.split.train:
        raise DatasetError("The dataset has nothing to train on.", hint="Import more, then `ipse prepare`.")

    workspace.vault.note("train", {"method": method, "dataset": dataset.card.id})
    checkpoint = SealedCheckpoint(workspace, method, dataset)
    job = current()
    if job is not None and (made := _made_in(workspace, job.job.id, method, dataset)) is not None:
        return _settled(workspace, made, checkpoint)  # it was cut off after the model was kept
    if anew and (job is None or job.job.attempts == 1):
        checkpoint.remove()
    if isinstance(learner, ResumableLearner):
        learner.keep_in(checkpoint)
    introduce(learner, dataset.persona)

    def work(follow: Progress) -> Learner:
        fit = learner.fit(dataset.split.train, dataset.split.judge, while_allowed(workspace, dataset, follow))
        check_allowed(workspace, dataset)
        return fit

    fitted = run(workspace.vault, "train", work, progress)
    registry = Registry(workspace.vault)
    files = {**fitted.artefact(), PERSONA: json.encode(dataset.persona)}
    card = _card(workspace, method, dataset, report=fitted.report(), files=files)
    card = registry.add(msgspec.structs.replace(card, job=job.job.id if job else ""), files)
    return _settled(workspace, card, checkpoint)


def introduce(learner: Learner, persona: Persona) -> None:
    """Tell a learner of the owner, where it can be told."""
    if isinstance(learner, IntroducedLearner):
        learner.introduce(themes=[theme.terms for theme in persona.themes], values=list(persona.values))


def _made_in(workspace: Workspace, job: str, method: str, dataset: Dataset) -> ModelCard | None:
    """The model that this job made before it was cut off, if it came so far."""
    for card in Registry(workspace.vault).cards():
        if (card.job, card.method, card.dataset) == (job, method, dataset.card.id):
            return card
    return None


def _settled(workspace: Workspace, card: ModelCard, checkpoint: SealedCheckpoint) -> ModelCard:
    """What follows once a model is kept; doing it twice does no harm."""
    registry = Registry(workspace.vault)
    checkpoint.remove()
    if card.method == DEFAULT and (registry.champion() is None or registry.by_default()):
        registry.let_speak(card.id, reason="the embedded voice, trained anew; not promoted by a card")
    return card


def _card(
    workspace: Workspace, method: str, dataset: Dataset, *, report: dict[str, float], files: dict[str, bytes]
) -> ModelCard:
    section = getattr(workspace.settings, section_of(method), None)
    config = config_of(workspace, method)
    held = json.decode(files["ipse.json"], type=dict[str, object]) if "ipse.json" in files else {}
    base, base_hash = held.get("base"), held.get("base_hash")
    settled = held.get("settings")  # with the preset of the base's family
    return ModelCard(
        method=method,
        dataset=dataset.card.id,
        dataset_hash=dataset.card.hash,
        consents=dataset.card.consents,
        special=dataset.card.special,
        config={**config, **settled} if isinstance(settled, dict) else config,
        seed=getattr(section, "seed", 0),
        metrics=report,
        base=str(base) if base else None,
        base_hash=str(base_hash) if base_hash else None,
    )


def style_consents(workspace: Workspace) -> dict[str, str]:
    """Source → consent id, for every source in the vault that may be learned from; raises if none may."""
    held = workspace.vault.counts()
    if not held:
        raise DatasetError("The vault is empty.", hint="Import something with `ipse import PATH --me NAME`.")
    allowed: dict[str, str] = {}
    refusal: ConsentError | None = None
    for source in sorted(held):
        try:
            allowed[source] = workspace.permit(source, "style").consent_id
        except ConsentError as error:
            refusal = error
    if not allowed and refusal is not None:
        raise refusal
    return allowed
