"""Collecting on this machine: how it stands, and begin, end or pause it."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ipse.pipeline.days.collecting import CollectorView, pause, ready, resume, start, status, stop
from ipse.pipeline.workspace import Workspace
from ipse.server.deps import Aggregates, CallingAdministering
from ipse.server.mirrors import mirrored, reflected
from ipse.server.routing import component

__all__ = [
    "CollectingView",
    "Pausing",
    "pause_collecting",
    "router",
    "show_collecting",
    "start_collecting",
    "stop_collecting",
]

router = component("events", prefix="/collecting")

AvailableView = mirrored(CollectorView)


class CollectingView(BaseModel):
    """How collecting on this machine stands. ``available`` are all collectors, and why one cannot run."""

    running: bool
    private: bool = Field(description="paused by the owner")
    private_until: datetime | None = Field(default=None, description="null: until it is started again")
    since: datetime | None = Field(default=None, description="when it began, or had begun the last time")
    kept: int
    excluded: int
    dropped: int
    cpu: float = Field(description="percent of one core")
    memory_mib: float
    collectors: dict[str, str] = Field(examples=[{"window": "running"}])
    available: list[AvailableView]  # type: ignore[valid-type]
    notes: list[str]


class Pausing(BaseModel):
    """For how long nothing is collected."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"minutes": 30}]})

    minutes: Annotated[float, Field(gt=0, le=525_600)] | None = Field(
        default=None, description="null: until it is started again"
    )


@router.get("")
def show_collecting(asked: Aggregates) -> CollectingView:
    """How collecting on this machine stands, and what it costs."""
    return _view(asked.workspace)


@router.post("/start")
def start_collecting(asked: CallingAdministering) -> CollectingView:
    """Begin to collect what is allowed (`/api/consents`), or go on after a pause.

    It goes on when the service ends, in a process of its own, until it is stopped.
    """
    with asked.lend() as workspace:
        ready(workspace)
        running = status(workspace).running
    resume(asked.vault.folder)
    if not running:
        start(asked.vault.folder, asked.vault.hand)
    with asked.lend() as workspace:
        return _view(workspace)


@router.post("/stop")
def stop_collecting(asked: CallingAdministering) -> CollectingView:
    """End it; what waited is kept first."""
    stop(asked.vault.folder)
    with asked.lend() as workspace:
        return _view(workspace)


@router.post("/pause")
def pause_collecting(asked: CallingAdministering, body: Pausing) -> CollectingView:
    """Private mode: from this moment nothing is collected, for so many minutes or until it is started."""
    pause(asked.vault.folder, body.minutes)
    with asked.lend() as workspace:
        return _view(workspace)


def _view(workspace: Workspace) -> CollectingView:
    found = status(workspace)
    report, held = found.report, found.pause
    return CollectingView(
        running=found.running,
        private=held is not None,
        private_until=held.until if held else None,
        since=report.started_at if report else None,
        kept=report.kept if report else 0,
        excluded=report.excluded if report else 0,
        dropped=report.dropped if report else 0,
        cpu=report.cpu if report else 0.0,
        memory_mib=report.memory_mib if report else 0.0,
        collectors=report.collectors if report else {},
        available=[reflected(one) for one in found.collectors],
        notes=list(report.notes) if report else [],
    )
