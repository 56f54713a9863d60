"""Retention: how long what is kept is kept, what other limits would take, and letting go."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ipse.config import RetentionSettings
from ipse.pipeline.choosing import in_force
from ipse.pipeline.retention import purge, would_go
from ipse.pipeline.workspace import Workspace
from ipse.server.deps import Administering, Aggregates
from ipse.server.routes.configuration import change
from ipse.server.routing import component

__all__ = [
    "Limits",
    "RetentionView",
    "let_go",
    "plan_retention",
    "router",
    "set_retention",
    "show_retention",
]

router = component("erasure", prefix="/retention")
SECTION = "retention"


class Limits(RetentionSettings):
    """Days by kind (0: until erased), and by source before them."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"messages": 0, "drafts": 365, "sources": {"gmail": 730}}]}
    )


class RetentionView(BaseModel):
    """How many days each kind is kept (0: until erased), and what is too old by that now."""

    days: dict[str, int] = Field(examples=[{"messages": 0, "models": 365}])
    sources: dict[str, dict[str, int]] = Field(examples=[{"gmail": {"messages": 730, "events": 730}}])
    due: dict[str, int] = Field(description="what letting go would take now", examples=[{"jobs": 4}])
    fixed: dict[str, str] = Field(
        description="what is said by a file or so, and is not chosen here", examples=[{"models": "ipse.yaml"}]
    )


@router.get("")
def show_retention(asked: Aggregates) -> RetentionView:
    """How long what is kept, and what is too old by now."""
    return _view(asked.workspace, asked.workspace.settings.retention)


@router.post("/plan")
def plan_retention(asked: Administering, body: Limits) -> RetentionView:
    """What such limits would take now; changes nothing."""
    return _view(asked.workspace, body)


@router.put("")
def set_retention(asked: Administering, body: Limits) -> RetentionView:
    """Keep everything so long from now on. What is too old goes when the vault is opened, or by a purge."""
    wanted, held = _tree(body), _tree(asked.workspace.settings.retention)
    change(asked, {f"{SECTION}.{key}": value for key, value in wanted.items() if value != held[key]})
    return show_retention(asked)


@router.post("/purge")
def let_go(asked: Administering) -> RetentionView:
    """Let go of what is too old now; opening the vault does so once a day."""
    purge(asked.workspace)
    return show_retention(asked)


def _tree(limits: RetentionSettings) -> dict[str, Any]:
    return {key: limits.model_dump(mode="json")[key] for key in RetentionSettings.model_fields}


def _view(workspace: Workspace, limits: RetentionSettings) -> RetentionView:
    held = _tree(limits)
    fixed = {one.name: one.origin for one in in_force(workspace) if one.fixed}
    return RetentionView(
        days={key: days for key, days in held.items() if isinstance(days, int)},
        sources={
            source: {"messages": limits.days(source, "messages"), "events": limits.days(source, "events")}
            for source in limits.sources
        },
        due=would_go(workspace, limits),
        fixed={key: fixed[f"{SECTION}.{key}"] for key in held if f"{SECTION}.{key}" in fixed},
    )
