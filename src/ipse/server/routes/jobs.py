"""Jobs: follow long work live, stop it, let it go on; and how training stands."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Final, Literal, cast

import msgspec
from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from ipse.errors import AccessError
from ipse.jobs import Job, State
from ipse.jobs.queue import cancel, resume
from ipse.pipeline.queueing import job_named, jobs
from ipse.pipeline.tokens import Scope
from ipse.registry import Registry
from ipse.server.deps import Asked, Caller, CallingReading, Identifier, Reading, recheck
from ipse.server.events import EVENT_STREAM, begun, event, streamed, told
from ipse.server.labour import labour
from ipse.server.mirrors import mirrored, reflected
from ipse.server.paging import Cursor, Limit, Page, paged
from ipse.server.routing import component

__all__ = [
    "Begun",
    "Stopping",
    "TrainingStatus",
    "follow_job",
    "list_jobs",
    "may",
    "resume_job",
    "router",
    "show_job",
    "stop_job",
    "training_status",
]

router = component("jobs")

JobView = mirrored(Job)
NEEDED: Final[dict[str, Scope]] = {
    "import": "import",
    "enrich": "import",
    "prepare": "train",
    "train": "train",
    "evaluate": "train",
    "learn": "train",
    "predict": "read",
    "table": "train",
}
SECRET: Final = ("passphrase",)
LOOK_SECONDS: Final = 0.4


class Stopping(BaseModel):
    """How."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"force": False}]})

    force: bool = Field(default=False, description="end its process at once, as for one that hangs")


class Begun(BaseModel):
    """A job that was queued; follow it at `/api/jobs/{job}/events`."""

    job: str = Field(examples=["9b1c7f20a4de"])


class TrainingStatus(BaseModel):
    """How training stands: the job that runs or waits, the last that ended, and who speaks."""

    state: Literal["idle", "queued", "running"]
    job: JobView | None = None  # type: ignore[valid-type]
    last: JobView | None = None  # type: ignore[valid-type]
    champion: str | None = None
    models: int


@router.get("/jobs")
def list_jobs(
    asked: Reading,
    state: Annotated[State | None, Query(description="only those")] = None,
    kind: Annotated[str | None, Query(max_length=40, description="only those")] = None,
    limit: Limit = 100,
    cursor: Cursor = "",
) -> Page[JobView]:  # type: ignore[valid-type]
    """Every job, the newest first."""
    found = [
        one
        for one in reversed(jobs(asked.workspace))
        if state in (None, one.state) and kind in (None, one.kind)
    ]
    items, total, behind = paged(found, limit, cursor)
    return Page(items=[_view(one) for one in items], total=total, next=behind)


@router.get("/jobs/{job}", response_model=JobView)
def show_job(asked: Reading, job: Identifier) -> BaseModel:
    """A job: how far it is, its curves, its log, how it ended."""
    return _view(job_named(asked.workspace, job))


@router.post("/jobs/{job}/stop", response_model=JobView)
def stop_job(asked: Reading, job: Identifier, body: Stopping) -> BaseModel:
    """Take it off the queue, or ask it to stop at its next step."""
    may(asked, job_named(asked.workspace, job).kind)
    return _view(cancel(asked.workspace.vault, job, force=body.force))


@router.post("/jobs/{job}/resume", status_code=202)
def resume_job(asked: Reading, job: Identifier) -> Begun:
    """Queue it again after it was cut off, stopped or failed; it goes on where it can."""
    may(asked, job_named(asked.workspace, job).kind)
    again = resume(asked.workspace.vault, job)
    labour(asked.vault).look()
    return Begun(job=again.id)


@router.get("/jobs/{job}/events", responses=EVENT_STREAM, response_class=StreamingResponse)
async def follow_job(asked: CallingReading, job: Identifier) -> StreamingResponse:
    """The job as events `job`, one whenever something has changed, until it has ended."""
    return streamed(told(await begun(_events(asked, job))))


@router.get("/training/status")
def training_status(asked: Reading) -> TrainingStatus:
    """How training stands, with the live loss curve of the one that runs."""
    trainings = [one for one in jobs(asked.workspace) if one.kind == "train"]
    running = [one for one in trainings if one.state == "running"]
    queued = [one for one in trainings if one.state == "queued"]
    ended = [one for one in trainings if one.ended]
    now = next(iter(running or queued), None)
    registry = Registry(asked.workspace.vault)
    return TrainingStatus(
        state="running" if running else "queued" if queued else "idle",
        job=_view(now) if now is not None else None,
        last=_view(ended[-1]) if ended else None,
        champion=registry.champion(),
        models=len(asked.workspace.vault.ids("model")),
    )


def may(asked: Asked, kind: str) -> None:
    """Only who may do it by other ways may have it done, or stopped."""
    _needs(asked, NEEDED.get(kind, "admin"))


def _needs(asked: Asked, scope: Scope) -> None:
    if scope not in asked.asker.scopes:
        raise AccessError(
            f"This takes the scope `{scope}`.", hint="Ask the owner for a token with it.", known=True
        )


def _view(job: Job) -> BaseModel:
    """Without what it was told in confidence."""
    if job.spec is not None and any(name in job.spec.arguments for name in SECRET):
        shown = {name: said for name, said in job.spec.arguments.items() if name not in SECRET}
        job = msgspec.structs.replace(job, spec=msgspec.structs.replace(job.spec, arguments=shown))
    return reflected(job)


async def _events(asked: Caller, name: str) -> AsyncIterator[bytes]:
    before: Job | None = None
    while before is None or not before.ended:
        await recheck(asked)
        now = await run_in_threadpool(_looked, asked, name)
        if now != before:
            yield event("job", cast("dict[str, object]", _view(now).model_dump(mode="json")))
            before = now
        if not now.ended:
            await asyncio.sleep(LOOK_SECONDS)


def _looked(asked: Caller, name: str) -> Job:
    with asked.vault.lend() as workspace:
        return job_named(workspace, name)
