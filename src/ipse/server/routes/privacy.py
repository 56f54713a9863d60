"""Privacy: words that recognizers doubt, and the lists of what is always kept or replaced."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ipse.pipeline.reviewing import Decided, decide_on, lists, undo, waiting
from ipse.server.deps import Importing, Reading
from ipse.server.paging import Cursor, Limit, Page, paged

__all__ = [
    "ContextView",
    "DecidedView",
    "Deciding",
    "DoubtView",
    "ListsView",
    "Undoing",
    "decide_words",
    "list_doubts",
    "router",
    "show_lists",
    "undo_words",
]

router = APIRouter(prefix="/privacy", tags=["privacy"])

Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class ContextView(BaseModel):
    """Where a word stood."""

    model_config = ConfigDict(from_attributes=True)

    before: str
    after: str
    message: str = Field(description="the id of the message")


class DoubtView(BaseModel):
    """A word that a recognizer is not certain of."""

    model_config = ConfigDict(from_attributes=True)

    kind: str = Field(examples=["NAME"])
    value: str = Field(examples=["Mercury"])
    score: float = Field(examples=[0.55])
    replaced: bool = Field(description="whether it was replaced so far")
    count: int = Field(examples=[4])
    contexts: list[ContextView]


class Deciding(BaseModel):
    """Words, and whether they are kept or replaced."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"words": ["Mercury"], "verdict": "keep"}]}
    )

    words: list[Word] = Field(min_length=1, max_length=500)
    verdict: Literal["keep", "replace"]


class DecidedView(BaseModel):
    """What was decided, and how many doubtful words still wait."""

    words: list[str]
    verdict: Literal["keep", "replace"]
    waiting: int


class Undoing(BaseModel):
    """Words to take off the list they are on."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"words": ["Mercury"]}]})

    words: list[Word] = Field(min_length=1, max_length=500)


class ListsView(BaseModel):
    """Both lists; the denied words with the kind of their placeholder."""

    allowed: list[str] = Field(examples=[["Mercury"]])
    denied: dict[str, str] = Field(examples=[{"Aldebaran": "NAME"}])


@router.get("/doubts")
def list_doubts(asked: Reading, limit: Limit = 50, cursor: Cursor = "") -> Page[DoubtView]:
    """Doubtful words, most frequent first. Told in the audit log, for each comes with its text."""
    items, total, behind = paged(waiting(asked.workspace), limit, cursor)
    return Page(items=[DoubtView.model_validate(one) for one in items], total=total, next=behind)


@router.post("/decisions")
def decide_words(asked: Importing, body: Deciding) -> DecidedView:
    """Keep or replace words from the next record on."""
    done: Decided = decide_on(asked.workspace, body.words, body.verdict)
    return DecidedView(words=list(done.words), verdict=done.verdict, waiting=done.waiting)


@router.get("/lists")
def show_lists(asked: Reading) -> ListsView:
    """What was decided so far; told in the audit log, for the words may be names."""
    held = lists(asked.workspace)
    return ListsView(allowed=list(held.allowed), denied=held.denied)


@router.post("/decisions/undo")
def undo_words(asked: Importing, body: Undoing) -> ListsView:
    """Take words off the list they are on."""
    held = undo(asked.workspace, body.words)
    return ListsView(allowed=list(held.allowed), denied=held.denied)
