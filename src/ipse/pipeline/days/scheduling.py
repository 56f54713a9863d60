"""What ``schedule:`` and ``predict:`` of a model say, as schedules of the vault.

A schedule carries its model's settings, so it holds wherever it is begun from. One whose model is still in
the settings without it is taken back; a model that no settings here name keeps its own.
"""

from typing import Literal

from ipse.config import ModelSettings, WhenSettings
from ipse.features import seconds
from ipse.jobs import Spec
from ipse.jobs.schedules import When, held, keep_as, remove
from ipse.pipeline.workspace import Workspace

__all__ = ["schedule_models"]

CHECKED = 86_400.0  # seconds between two looks for drift, where nothing else is said


def schedule_models(workspace: Workspace) -> None:
    """Keep the schedules that the settings say; the same again changes nothing."""
    for model in workspace.settings.models:
        _one(workspace, model, "learn", model.schedule)
        _one(workspace, model, "predict", model.predict)


def _one(
    workspace: Workspace, model: ModelSettings, kind: Literal["learn", "predict"], when: WhenSettings | None
) -> None:
    name = f"{kind}-{model.name}"
    if when is None:
        if name in [one.id for one in held(workspace.vault)]:
            remove(workspace.vault, name)
        return
    settings = workspace.settings
    arguments: dict[str, object] = {"project": model.name}
    if when.on_drift and kind == "learn":
        arguments["if_drifted"] = True
    own = {
        "models": [model.model_dump(mode="json", exclude_defaults=True)],
        "data_sources": [one.model_dump(mode="json", exclude_defaults=True) for one in settings.data_sources],
        "features": settings.features,
        "set": settings.set,
        "imports": {"tz": settings.imports.tz},
    }
    spec = Spec(kind=kind, arguments=arguments, settings={key: said for key, said in own.items() if said})
    keep_as(workspace.vault, name, spec, _when(model, when))


def _when(model: ModelSettings, when: WhenSettings) -> When:
    every = seconds(when.every, f"models: {model.name}: every") if when.every else 0.0
    if when.on_drift and not (when.cron or every or when.events):
        every = CHECKED
    return When(
        cron=when.cron,
        every=every,
        events=when.events,
        source=model.target.split(".", maxsplit=1)[0] if when.events else "",
        idle_minutes=when.idle_minutes if "idle" in when.only_when else 0.0,
        on_ac="ac_power" in when.only_when,
    )
