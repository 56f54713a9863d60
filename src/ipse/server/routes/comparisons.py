"""Models beside each other on the same contexts: measured as a job, kept as its result."""

from typing import Annotated

import msgspec
from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ipse.errors import NotFoundError, SettingsError
from ipse.jobs import Job, listed
from ipse.scorecard import Comparison
from ipse.server.deps import Aggregates, Identifier, Training, require
from ipse.server.mirrors import mirrored, reflected
from ipse.server.paging import Cursor, Limit, Page, paged
from ipse.server.routes.starting import Started, begin
from ipse.server.routing import component

__all__ = [
    "CompareAsked",
    "Compared",
    "begin_comparison",
    "list_comparisons",
    "router",
    "show_comparison",
]

router = component("scorecards", prefix="/comparisons")
ComparisonView = mirrored(Comparison)
KIND = "compare"


class CompareAsked(BaseModel):
    """Which models to compare."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"models": ["v1", "v2"]}]})

    models: list[Annotated[str, StringConstraints(min_length=1, max_length=128)]] = Field(
        min_length=2, max_length=8
    )


class Compared(BaseModel):
    """A comparison in a list."""

    job: str = Field(examples=["4c1f09ab37de"])
    models: list[str] = Field(examples=[["v1", "v2"]])


@router.get("")
def list_comparisons(asked: Aggregates, limit: Limit = 20, cursor: Cursor = "") -> Page[Compared]:
    """What was compared, the newest first."""
    items, total, behind = paged([job for job in listed(asked.workspace.vault) if _done(job)], limit, cursor)
    found = [Compared(job=job.id, models=list(_read(job).models)) for job in items]
    return Page(items=found, total=total, next=behind)


@router.get("/{job}", response_model=ComparisonView)
def show_comparison(asked: Aggregates, job: Identifier) -> BaseModel:
    """Every metric over these models, with paired differences."""
    for one in listed(asked.workspace.vault):
        if one.id == job and _done(one):
            return reflected(_read(one))
    raise NotFoundError(f"There is no comparison `{job[:80]}`.", hint="Follow its job, or see the list.")


@router.post("", status_code=202)
def begin_comparison(asked: Training, body: CompareAsked, response: Response) -> Started:
    """Judge several models on what none of them has seen."""
    for name in body.models:
        require(asked.workspace, "model", name)
    if len(set(body.models)) < len(body.models):
        raise SettingsError("A model is named twice.", hint="Name each once.")
    return begin(asked, response, KIND, models=body.models)


def _done(job: Job) -> bool:
    return job.kind == KIND and job.state == "done"


def _read(job: Job) -> Comparison:
    return msgspec.convert(job.result, Comparison, strict=False)
