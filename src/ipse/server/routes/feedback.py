"""Feedback: answers rated, and how much there is to learn from."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ipse.drafts import About
from ipse.pipeline.feedback import Rating, cleared_turns, rate, tally
from ipse.server.deps import Approving, Reading

__all__ = ["NewRating", "RatingView", "TallyView", "feedback_tally", "rate_answer", "router"]

router = APIRouter(prefix="/feedback", tags=["drafts"])

Words = Annotated[str, StringConstraints(min_length=1, max_length=100_000)]


class NewRating(BaseModel):
    """Thumbs up or down for an answer; only what is about style teaches style."""

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
    up: bool
    about: About = "style"
    reason: Annotated[str, StringConstraints(max_length=2000)] = ""
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


@router.get("")
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


@router.post("", status_code=201)
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


def _view(kept: Rating) -> RatingView:
    return RatingView(id=kept.id, model=kept.model, up=kept.up, about=kept.about, reason=kept.reason)
