"""How projects stand: who speaks, who challenges, every version with its verdict, when it learns next."""

from datetime import datetime

import msgspec

from ipse.jobs.schedules import NEVER, Schedule, held, words
from ipse.pipeline.days import predictors
from ipse.pipeline.days.predictors import Predictor, Project
from ipse.pipeline.workspace import Workspace

__all__ = ["Standing", "standing", "standings"]


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A project with its versions, oldest first; ``schedule`` says in words when it learns anew."""

    project: Project
    versions: tuple[Predictor, ...]
    schedule: str = ""
    next_run: datetime | None = None


def standings(workspace: Workspace) -> list[Standing]:
    """Every project, oldest first."""
    plans = _plans(workspace)
    return [_of(workspace, one, plans.get(one.name)) for one in predictors.projects(workspace)]


def standing(workspace: Workspace, name: str) -> Standing:
    """One of them; raises ``RegistryError``."""
    return _of(workspace, predictors.project(workspace, name), _plans(workspace).get(name))


def _plans(workspace: Workspace) -> dict[str, Schedule]:
    found = [one for one in held(workspace.vault) if one.spec.kind == "learn"]
    return {str(one.spec.arguments.get("project")): one for one in found}


def _of(workspace: Workspace, held_: Project, plan: Schedule | None) -> Standing:
    return Standing(
        project=held_,
        versions=tuple(predictors.versions(workspace, held_.name)),
        schedule=words(plan) if plan else "",
        next_run=plan.due_at if plan and plan.due_at < NEVER else None,
    )
