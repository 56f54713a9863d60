"""Schedules: jobs that begin by themselves, by the clock, each so often, or after so many records."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ipse.errors import NotFoundError
from ipse.jobs import Spec
from ipse.jobs.schedules import Planned, Schedule, When, add, held, keep_as, planned, remove
from ipse.pipeline.tasks import make
from ipse.server.bounds import allowed
from ipse.server.deps import Asked, Identifier, Reading
from ipse.server.mirrors import mirrored, reflected
from ipse.server.paging import Cursor, Limit, Page, paged
from ipse.server.routes.backups import backup_folder
from ipse.server.routes.jobs import may
from ipse.server.routing import component

__all__ = [
    "NewSchedule",
    "add_schedule",
    "change_schedule",
    "list_schedules",
    "remove_schedule",
    "router",
    "show_schedule",
]

router = component("jobs", prefix="/schedules")

PlannedView = mirrored(Planned)
Kind = Literal["prepare", "train", "evaluate", "backup", "report", "enrich"]


class NewSchedule(BaseModel):
    """When to do what."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"kind": "prepare", "cron": "30 3 * * *", "idle_minutes": 10}]},
    )

    kind: Kind
    method: Annotated[str, StringConstraints(max_length=40)] = Field(
        default="retrieval", description="for `train`"
    )
    keep: Annotated[int, Field(ge=1)] | None = Field(default=None, description="for `backup`: how many")
    settings: dict[str, dict[str, Any]] = Field(
        default={}, description="settings for this work alone", examples=[{"lora": {"epochs": 1}}]
    )
    cron: Annotated[str, StringConstraints(min_length=1, max_length=100)] = Field(
        description="five fields in local time; hourly, daily, weekly, monthly; `every 6h`; or "
        "`1000 events of window`"
    )
    idle_minutes: float = Field(
        default=0.0, ge=0, le=10_000, description="wait until nobody was here so long"
    )
    on_ac: bool = Field(default=False, description="wait for mains power")


@router.get("")
def list_schedules(asked: Reading, limit: Limit = 100, cursor: Cursor = "") -> Page[PlannedView]:  # type: ignore[valid-type]
    """What is done at set times; `due_at` is null where it waits for records, which `when` tells."""
    items, total, behind = paged(held(asked.workspace.vault), limit, cursor)
    return Page(items=[_view(one) for one in items], total=total, next=behind)


@router.post("", status_code=201, response_model=PlannedView)
def add_schedule(asked: Reading, body: NewSchedule) -> BaseModel:
    """Do a job at set times; what was missed is done once."""
    spec = _spec(asked, body)
    made = add(asked.workspace.vault, spec, body.cron, idle_minutes=body.idle_minutes, on_ac=body.on_ac)
    return _view(made)


@router.get("/{schedule}", response_model=PlannedView)
def show_schedule(asked: Reading, schedule: Identifier) -> BaseModel:
    """One of them: when it is due, when it was last done, and as which job."""
    return _view(_named(asked, schedule))


@router.put("/{schedule}", response_model=PlannedView)
def change_schedule(asked: Reading, schedule: Identifier, body: NewSchedule) -> BaseModel:
    """Do something else, or at other times; when it was last done stays known."""
    may(asked, _named(asked, schedule).spec.kind)
    when = When.read(body.cron, idle_minutes=body.idle_minutes, on_ac=body.on_ac)
    return _view(keep_as(asked.workspace.vault, schedule, _spec(asked, body), when))


@router.delete("/{schedule}")
def remove_schedule(asked: Reading, schedule: Identifier) -> dict[str, str]:
    """Do it no more."""
    may(asked, _named(asked, schedule).spec.kind)
    remove(asked.workspace.vault, schedule)
    return {"schedule": schedule}


def _named(asked: Asked, name: str) -> Schedule:
    found = next((one for one in held(asked.workspace.vault) if one.id == name), None)
    if found is None:
        raise NotFoundError(f"There is no schedule `{name[:80]}`.", hint="See /api/schedules.")
    return found


def _view(schedule: Schedule) -> BaseModel:
    return reflected(planned(schedule))


def _spec(asked: Asked, body: NewSchedule) -> Spec:
    may(asked, body.kind)
    told_: dict[str, object] = {}
    if body.kind == "train":
        told_ = {"method": body.method, "prepare": True}
    elif body.kind == "backup":
        told_ = {"directory": str(backup_folder(asked.workspace)), "keep": body.keep}
    return make(body.kind, told_, allowed(body.settings))
