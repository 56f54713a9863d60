"""Scorecards: how good each model is, and the page of it."""

from fastapi import Response
from msgspec.structs import replace
from pydantic import BaseModel

from ipse.scorecard import Scorecard, render
from ipse.server.deps import Aggregates, Asked, Identifier, Reading, require
from ipse.server.headers import PAGE_POLICY
from ipse.server.mirrors import mirrored, reflected
from ipse.server.paging import Cursor, Limit, Page, paged
from ipse.server.routing import component

__all__ = ["list_scorecards", "router", "scorecard_page", "scorecard_samples", "show_scorecard"]

router = component("scorecards", prefix="/scorecards")

ScorecardView = mirrored(Scorecard)
HTML = {200: {"description": "The page", "content": {"text/html": {"schema": {"type": "string"}}}}}


def _card(asked: Asked, model: str, *, samples: bool = False) -> Scorecard:
    require(asked.workspace, "scorecard", model)
    card = Scorecard.from_json(asked.workspace.vault.get("scorecard", model))
    if samples:
        asked.workspace.vault.note("export.scorecard", {"model": model, "samples": True})
    return card if samples else replace(card, samples=())


@router.get("", response_model=Page[ScorecardView])  # type: ignore[valid-type]
def list_scorecards(asked: Aggregates, limit: Limit = 20, cursor: Cursor = "") -> Page[BaseModel]:
    """Every scorecard, without what was said."""
    names, total, behind = paged(asked.workspace.vault.ids("scorecard"), limit, cursor)
    return Page(items=[reflected(_card(asked, name)) for name in names], total=total, next=behind)


@router.get("/{model}", response_model=ScorecardView)
def show_scorecard(asked: Aggregates, model: Identifier) -> BaseModel:
    """One scorecard, without what was said."""
    return reflected(_card(asked, model))


@router.get("/{model}/samples", response_model=ScorecardView)
def scorecard_samples(asked: Reading, model: Identifier) -> BaseModel:
    """One scorecard with a few held-out exchanges and what was answered; told in the audit log."""
    return reflected(_card(asked, model, samples=True))


@router.get("/{model}/page", response_class=Response, responses=HTML)  # type: ignore[arg-type]
def scorecard_page(asked: Aggregates, model: Identifier) -> Response:
    """The self-contained page of it, without what was said."""
    page = render(_card(asked, model))
    return Response(page, media_type="text/html", headers={"Content-Security-Policy": PAGE_POLICY})
