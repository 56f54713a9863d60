"""Streams of events: what there is, and how one went over time, by equal steps, for a page to draw."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict

from ipse.pipeline.days.series import Series, Span, StreamView, series, streams
from ipse.server.deps import Reading
from ipse.server.mirrors import mirrored, reflected
from ipse.server.paging import Cursor, Limit, Page, paged
from ipse.server.pushed import SOURCE
from ipse.server.routing import component

__all__ = ["Steps", "list_streams", "router", "show_series"]

router = component("events")

YEAR = 366 * 86_400
StreamModel = mirrored(StreamView)
SeriesModel = mirrored(Series)


class Steps(BaseModel):
    """What of a source, and in what steps; without them all of it, in steps that people count in."""

    model_config = ConfigDict(extra="forbid")

    stream: Annotated[str | None, Query(max_length=128, description="one of several it has")] = None
    field: Annotated[str, Query(max_length=128, description="of `data`: what mean, min and max are of")] = ""
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    every: Annotated[int | None, Query(ge=1, le=YEAR, description="seconds, counted from `since`")] = None


@router.get("/streams")
def list_streams(asked: Reading, limit: Limit = 100, cursor: Cursor = "") -> Page[StreamModel]:  # type: ignore[valid-type]
    """Every stream of events that is kept: how many it has, and from when to when."""
    items, total, behind = paged(streams(asked.workspace), limit, cursor)
    return Page(items=[reflected(one) for one in items], total=total, next=behind)


@router.get("/streams/{source}/series", response_model=SeriesModel)
def show_series(
    asked: Reading, source: Annotated[str, Path(pattern=SOURCE)], steps: Annotated[Steps, Query()]
) -> BaseModel:
    """A source by steps: events that begin in each, seconds that they cover of it, figures of a field.

    At most 2,000 steps, so a step that would give more is made longer: the answer says which it is. With a
    `field`, events that have it are all that counts. Told in the audit log as read.
    """
    found = series(asked.workspace, source, Span(**steps.model_dump()))
    return reflected(found)
