"""Tasks of the owner's in order of priority, each with why, and what they put first."""

from typing import Annotated

from fastapi import Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from ipse.pipeline.days.productivity import prioritizing
from ipse.pipeline.days.productivity.prioritizing import Ranked, Task
from ipse.server.deps import Approving, Identifier, Reading
from ipse.server.paging import Cursor, Limit, Page, paged
from ipse.server.routing import component

__all__ = [
    "NewPreference",
    "NewTask",
    "PreferenceView",
    "TaskChanges",
    "TaskReason",
    "TaskView",
    "add_task",
    "change_task",
    "list_tasks",
    "prefer_task",
    "remove_task",
    "router",
]

router = component("days", prefix="/days/tasks")

Words = Annotated[str, Field(min_length=1, max_length=4000)]
Minutes = Annotated[float, Field(gt=0, le=527_040)]


class TaskReason(BaseModel):
    """What moves a task up (above 0) or down against the mean of the open ones; in logits."""

    feature: str = Field(examples=["due"])
    told: str = Field(examples=["due in 2 d"])
    moves: float = Field(examples=[0.8])


class TaskView(BaseModel):
    """A task; an open one has a place, from 1 on, and the chance that it comes before the next."""

    id: str = Field(examples=["t5f0c2b9e71a4"])
    text: str = Field(examples=["Write the report"])
    due: AwareDatetime | None
    minutes: float | None = Field(description="that the owner thinks it takes", examples=[90])
    added_at: AwareDatetime
    done_at: AwareDatetime | None
    priority: int | None = Field(examples=[1])
    ahead: float | None = Field(examples=[0.74])
    why: list[TaskReason]


class NewTask(BaseModel):
    """A task in the owner's words; they are sealed and never learned from."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"text": "Write the report", "due": "2026-12-01T17:00:00+01:00", "minutes": 90}]
        },
    )

    text: Words
    due: AwareDatetime | None = None
    minutes: Minutes | None = None


class TaskChanges(BaseModel):
    """What is to be different; what is not named stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"done": True}]})

    text: Words | None = None
    due: AwareDatetime | None = None
    minutes: Minutes | None = None
    done: bool | None = None


class NewPreference(BaseModel):
    """One task comes before another."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"better": "t5f0c2b9e71a4", "worse": "t0e2d4a6b8c10"}]},
    )

    better: Annotated[str, Field(max_length=128)]
    worse: Annotated[str, Field(max_length=128)]


class PreferenceView(BaseModel):
    """What was kept, and how much there is to learn from by now."""

    id: str = Field(examples=["p5f0c2b9e71a4"])
    total: int = Field(examples=[7])


@router.get("")
def list_tasks(asked: Reading, done: bool = False, limit: Limit = 100, cursor: Cursor = "") -> Page[TaskView]:
    """Open tasks, what comes first in front, each with why; with `done` also those that are done."""
    workspace = asked.workspace
    views = [_ranked(one) for one in prioritizing.ranked(workspace)]
    if done:
        ended = [one for one in prioritizing.tasks(workspace, done=True) if one.done_at is not None]
        views += [_view(one) for one in reversed(ended)]
    items, total, behind = paged(views, limit, cursor)
    return Page(items=list(items), total=total, next=behind)


@router.post("", status_code=201)
def add_task(asked: Approving, body: NewTask) -> TaskView:
    """Add a task."""
    return _placed(
        asked, prioritizing.add_task(asked.workspace, body.text, due=body.due, minutes=body.minutes)
    )


@router.patch("/{task}")
def change_task(asked: Approving, task: Identifier, body: TaskChanges) -> TaskView:
    """Change its words, when it is due or what it takes, or say that it is done."""
    changes = {name: getattr(body, name) for name in body.model_fields_set}
    return _placed(asked, prioritizing.change_task(asked.workspace, task, **changes))


@router.delete("/{task}", status_code=204)
def remove_task(asked: Approving, task: Identifier) -> Response:
    """Take a task away."""
    prioritizing.remove_task(asked.workspace, task)
    return Response(status_code=204)


@router.post("/preferences", status_code=201)
def prefer_task(asked: Approving, body: NewPreference) -> PreferenceView:
    """Say which of two comes first; the order learns from it at once."""
    made = prioritizing.prefer(asked.workspace, body.better, body.worse)
    return PreferenceView(id=made.id, total=len(prioritizing.preferences(asked.workspace)))


def _placed(asked: Approving, task: Task) -> TaskView:
    found = [one for one in prioritizing.ranked(asked.workspace) if one.task.id == task.id]
    return _ranked(found[0]) if found else _view(task)


def _ranked(one: Ranked) -> TaskView:
    told = _view(one.task)
    why = [TaskReason(feature=each.feature, told=each.told, moves=each.moves) for each in one.why]
    return told.model_copy(update={"priority": one.place, "ahead": one.ahead, "why": why})


def _view(task: Task) -> TaskView:
    return TaskView(
        id=task.id,
        text=task.text,
        due=task.due,
        minutes=task.minutes,
        added_at=task.added_at,
        done_at=task.done_at,
        priority=None,
        ahead=None,
        why=[],
    )
