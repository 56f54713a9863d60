"""Imports: what became of each, in exact sums; they are begun with an upload, and followed as jobs."""

from datetime import datetime

import msgspec
from pydantic import BaseModel, Field

from ipse.errors import NotFoundError
from ipse.jobs import Job, State
from ipse.pipeline.importing import ImportReport
from ipse.pipeline.queueing import job_named, jobs
from ipse.server.deps import Identifier, Reading
from ipse.server.mirrors import mirrored, reflected
from ipse.server.paging import Cursor, Limit, Page, paged
from ipse.server.routing import component

__all__ = ["ImportView", "list_imports", "router", "show_import"]

router = component("work", prefix="/imports")
ReportView = mirrored(ImportReport)
KIND = "import"


class ImportView(BaseModel):
    """An import; ``report`` once it is done, where it was begun here: a terminal has its own."""

    job: str = Field(examples=["4c1f09ab37de"])
    state: State = Field(examples=["done"])
    at: datetime
    ended_at: datetime | None
    error: str = Field(description="why it failed", examples=[""])
    hint: str = Field(examples=[""])
    report: ReportView | None = None  # type: ignore[valid-type]


@router.get("")
def list_imports(asked: Reading, limit: Limit = 100, cursor: Cursor = "") -> Page[ImportView]:
    """Every import, the newest first, with what of each export was kept, refused, or could not be read."""
    found = [one for one in reversed(jobs(asked.workspace)) if one.kind == KIND]
    items, total, behind = paged(found, limit, cursor)
    return Page(items=[_view(one) for one in items], total=total, next=behind)


@router.get("/{job}")
def show_import(asked: Reading, job: Identifier) -> ImportView:
    """What became of one, by its job."""
    found = job_named(asked.workspace, job)
    if found.kind != KIND:
        raise NotFoundError(f"There is no import `{job[:80]}`.", hint="See /api/imports.")
    return _view(found)


def _view(job: Job) -> ImportView:
    report = msgspec.convert(job.result, ImportReport, strict=False) if job.result else None
    return ImportView(
        job=job.id,
        state=job.state,
        at=job.queued_at or job.started_at,
        ended_at=job.ended_at,
        error=job.error,
        hint=job.hint,
        report=reflected(report) if report is not None else None,
    )
