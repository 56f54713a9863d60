"""How much the service is used: answers, tokens and drafts, by day and token."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field

from ipse.pipeline.tokens import held
from ipse.pipeline.usage import usage
from ipse.server.deps import CallingAdministering
from ipse.server.metering import meter
from ipse.server.paging import Cursor, Limit, Page, paged
from ipse.server.routing import component

__all__ = ["UsageView", "list_usage", "router"]

router = component("tokens")


class UsageView(BaseModel):
    """What one token or browser used on a day (UTC)."""

    day: date
    token: str = Field(examples=["9b1c7f20a4de"])
    name: str = Field(description="of the token; empty if it is gone", examples=["my notebook"])
    browser: bool
    answers: int = Field(examples=[12])
    tokens: int = Field(description="of the answers, about as tokenizers count", examples=[340])
    drafts: int = Field(examples=[2])


@router.get("/usage")
def list_usage(
    called: CallingAdministering,
    days: Annotated[int, Query(ge=1, le=3650, description="how many days back")] = 30,
    limit: Limit = 500,
    cursor: Cursor = "",
) -> Page[UsageView]:
    """How much who asked by the service, the newest day first; what the terminal does is not counted."""
    meter(called.vault).keep()
    since = datetime.now(UTC).date() - timedelta(days=days - 1)
    with called.lend() as workspace:
        known = {one.id: one for one in held(workspace)}
        found = usage(workspace, since)
    items, total, behind = paged(found, limit, cursor)
    views = [
        UsageView(
            day=one.day, token=one.token, name=known[one.token].name if one.token in known else "",
            browser=one.token in known and known[one.token].browser, answers=one.answers,
            tokens=one.tokens, drafts=one.drafts,
        )
        for one in items
    ]  # fmt: skip
    return Page(items=views, total=total, next=behind)
