"""Monitors of a clone while its owner lives on: does its training text still sound like them?

Like a profile, what is measured here is kept nowhere.
"""

from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from ipse.datasets import dialogues
from ipse.datasets.dialogues import OWNER
from ipse.errors import DatasetError
from ipse.pipeline.contacts import conversations
from ipse.pipeline.learning import dataset_named, style_consents
from ipse.pipeline.profiling import zone_named
from ipse.pipeline.special import Screen
from ipse.pipeline.workspace import Workspace
from ipse.profile.drift import Drift, Lineage, Spoken, drift
from ipse.profile.drift_page import render
from ipse.registry import Registry

__all__ = ["export_drift", "style_drift"]


def style_drift(workspace: Workspace, *, model: str = "champion") -> Drift:
    """Hold each quarter of the owner's talks against those that a model learned from.

    Raises ``RegistryError`` for no such model, ``DatasetError`` where its dataset is gone or its talks are
    not found again, ``ConsentError`` where nothing is allowed.
    """
    card = Registry(workspace.vault).card(model)
    dataset = dataset_named(workspace, card.dataset, why="monitor")
    trained = {example.conversation for example in dataset.split.train}
    allowed = set(style_consents(workspace))
    zone = zone_named(workspace.settings.imports.tz)
    settings = workspace.settings.dataset
    spoken: list[Spoken] = []
    others: dict[str, list[str]] = defaultdict(list)
    for talk in Screen(workspace, allowed).talks(conversations(workspace, allowed, why="monitor")):
        for dialogue in dialogues(talk.messages, settings):
            for turn in dialogue.turns:
                if turn.speaker == OWNER:
                    spoken.append(Spoken(turn.first.astimezone(zone), dialogue.id, turn.text))
                else:
                    others[turn.speaker].append(turn.text)
    found = trained & {each.talk for each in spoken}
    if len(found) * 2 < len(trained) or not found:
        raise DatasetError(
            f"Most of what {card.id} learned from is not in the vault as it was then.",
            hint="Run `ipse prepare` and `ipse train`; settings of dialogues (dataset.gap_hours) may differ.",
        )
    lineage = Lineage(card.id, card.method, card.dataset)
    return drift(
        spoken, found, others, lineage=lineage, at=datetime.now(UTC), seed=workspace.settings.scorecard.seed
    )


def export_drift(workspace: Workspace, found: Drift, folder: Path) -> tuple[Path, Path]:
    """Write it as JSON and as one self-contained page, told in the audit log first; returns both."""
    workspace.vault.note("export.drift", {"model": found.lineage.model})
    folder.mkdir(parents=True, exist_ok=True)
    name = f"style-{found.lineage.model}"
    json_file, page = folder / f"{name}.json", folder / f"{name}.html"
    json_file.write_bytes(msgspec.json.format(msgspec.json.encode(found)))
    page.write_text(render(found), encoding="utf-8")
    return json_file, page
