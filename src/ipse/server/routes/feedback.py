"""Feedback: answers rated, and how much there is to learn from."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ipse.drafts import About
from ipse.errors import NotFoundError
from ipse.pipeline.feedback import Rating, cleared_turns, listed, rate, rate_said, take_back, tally
from ipse.server.deps import Approving, Identifier, Reading
from ipse.server.paging import Cursor, Limit, Page, paged
from ipse.server.routing import component

__all__ = [
    "Liking",
    "NewRating",
    "RatingView",
    "TallyView",
    "feedback_tally",
    "list_ratings",
    "rate_answer",
    "rate_in_chat",
    "remove_rating",
    "router",
    "show_rating",
]

router = component("drafts")

Words = Annotated[str, StringConstraints(min_length=1, max_length=100_000)]


class Liking(BaseModel):
    """Thumbs up or down; only what is about style teaches style."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"up": False, "reason": "far too polite"}]}
    )

    up: bool
    about: About = "style"
    reason: Annotated[str, StringConstraints(max_length=2000)] = ""


class NewRating(Liking):
    """The same for an answer that stands in no chat."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "question": "who brings the soup?",
                    "answer": "Certainly, I would be delighted.",
                    "model": "v2",
                    "up": False,
                    "reason": "far too polite",
                }
            ]
        },
    )

    question: Words
    answer: Words
    model: Annotated[str, StringConstraints(min_length=1, max_length=64)] = Field(description="that answered")
    contact: Annotated[str, StringConstraints(max_length=998)] | None = None


class RatingView(BaseModel):
    """What was kept; ``answer`` is pseudonymized."""

    id: str = Field(examples=["5f0c2b9e71a4d836"])
    at: datetime
    answer: str = Field(examples=["me!! the soup is in the oven already :)"])
    model: str
    up: bool
    about: About
    reason: str


class TallyView(BaseModel):
    """Decisions that may be learned from; `ipse train --method preference` needs so many of one kind."""

    edited: int
    approved: int
    rejected_style: int
    rejected_content: int = Field(description="kept apart: they say nothing of style")
    needed: int = Field(examples=[50])


@router.get("/feedback")
def feedback_tally(asked: Reading) -> TallyView:
    """How many decisions there are to learn from."""
    found = tally(asked.workspace)
    return TallyView(
        edited=found.edited,
        approved=found.approved,
        rejected_style=found.rejected_style,
        rejected_content=found.rejected_content,
        needed=found.needed,
    )


@router.get("/feedback/ratings")
def list_ratings(
    asked: Reading,
    model: Annotated[str, Query(max_length=64, description="only of answers by this one")] = "",
    up: bool | None = None,
    limit: Limit = 100,
    cursor: Cursor = "",
) -> Page[RatingView]:
    """Every rating of an answer, the newest first; decisions on drafts stand in the drafts."""
    found = [one for one in listed(asked.workspace) if model in ("", one.model) and up in (None, one.up)]
    items, total, behind = paged(found, limit, cursor)
    return Page(items=[_view(one) for one in items], total=total, next=behind)


@router.get("/feedback/ratings/{rating}")
def show_rating(asked: Reading, rating: Identifier) -> RatingView:
    """One rating of an answer."""
    found = next((one for one in listed(asked.workspace) if one.id == rating), None)
    if found is None:
        raise NotFoundError(f"There is no rating `{rating[:80]}`.", hint="See /api/feedback/ratings.")
    return _view(found)


@router.delete("/feedback/ratings/{rating}", status_code=204)
def remove_rating(asked: Approving, rating: Identifier) -> None:
    """Take a rating back, so that nothing learns from it; 409 where a model has."""
    take_back(asked.workspace, rating)


@router.post("/feedback", status_code=201)
def rate_answer(asked: Approving, body: NewRating) -> RatingView:
    """Say whether an answer was as you would say it."""
    turns, contact = cleared_turns(
        asked.workspace, body.question, body.answer, model=body.model, contact=body.contact
    )
    kept = rate(
        asked.workspace, turns, model=body.model, up=body.up, reason=body.reason, about=body.about,
        contact=contact, by=asked.asker.name,
    )  # fmt: skip
    return _view(kept)


@router.post("/ai-echo/sessions/{session}/messages/{message}/rating", status_code=201)
def rate_in_chat(asked: Approving, session: Identifier, message: Identifier, body: Liking) -> RatingView:
    """Say whether an answer of a chat was as you would say it; it is known by its id."""
    kept = rate_said(
        asked.workspace, session, message, up=body.up, reason=body.reason, about=body.about,
        by=asked.asker.name,
    )  # fmt: skip
    return _view(kept)


def _view(kept: Rating) -> RatingView:
    return RatingView(
        id=kept.id, at=kept.at, answer=kept.turns[-1].text, model=kept.model, up=kept.up, about=kept.about,
        reason=kept.reason,
    )  # fmt: skip
