"""Feedback: answers rated, and how much there is to learn from."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ipse.drafts import About
from ipse.pipeline.feedback import Rating, cleared_turns, rate, rate_said, tally
from ipse.server.deps import Approving, Identifier, Reading

__all__ = [
    "Liking",
    "NewRating",
    "RatingView",
    "TallyView",
    "feedback_tally",
    "rate_answer",
    "rate_in_chat",
    "router",
]

router = APIRouter(tags=["drafts"])

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
    """What was kept."""

    id: str = Field(examples=["5f0c2b9e71a4d836"])
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
    return RatingView(id=kept.id, model=kept.model, up=kept.up, about=kept.about, reason=kept.reason)
