"""Privacy: words that recognizers doubt, what is always kept or replaced, and what is never taken in."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ipse.pipeline.choosing import in_force, personal
from ipse.pipeline.reviewing import Decided, decide_on, lists, undo, waiting
from ipse.server.deps import Asked, Importing, Reading
from ipse.server.paging import Cursor, Limit, Page, paged
from ipse.server.routes.configuration import change
from ipse.server.routing import component

__all__ = [
    "ContextView",
    "DecidedView",
    "Deciding",
    "DoubtView",
    "Exclusions",
    "ExclusionsView",
    "ListsView",
    "Undoing",
    "decide_words",
    "list_doubts",
    "router",
    "set_exclusions",
    "show_exclusions",
    "show_lists",
    "undo_words",
]

router = component("privacy", prefix="/privacy")

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


class Exclusions(BaseModel):
    """Whose messages, which conversations and what with which words is refused from the next import on."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"people": ["Bo Lind"], "conversations": ["Choir board"], "words": ["biopsy"]}]
        },
    )

    people: list[Word] = Field(max_length=1000, description="names or addresses")
    conversations: list[Word] = Field(max_length=1000, description="refused whole")
    words: list[Word] = Field(max_length=1000, description="a message that holds one is refused")


class ExclusionsView(Exclusions):
    """The same as it is now."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"people": ["Bo Lind"], "conversations": ["Choir board"], "words": ["biopsy"], "fixed": {}}
            ]
        }
    )

    fixed: dict[str, str] = Field(
        description="lists that a file or so says, and that are not chosen here", examples=[{}]
    )


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


@router.get("/exclusions")
def show_exclusions(asked: Reading) -> ExclusionsView:
    """Who and what is never taken in; told in the audit log, for names are in it."""
    personal(asked.workspace)
    return _exclusions(asked)


@router.put("/exclusions")
def set_exclusions(asked: Importing, body: Exclusions) -> ExclusionsView:
    """Refuse these from the next import on; what is kept already stays."""
    held, wanted = _exclusions(asked), {key: _once(words) for key, words in body.model_dump().items()}
    changed = {key: words for key, words in wanted.items() if words != getattr(held, key)}
    change(asked, {f"privacy.exclude_{key}": words for key, words in changed.items()})
    return _exclusions(asked)


def _once(words: list[str]) -> list[str]:
    return list(dict.fromkeys(word.strip() for word in words if word.strip()))


def _exclusions(asked: Asked) -> ExclusionsView:
    held = asked.workspace.settings.privacy
    fixed = {one.name: one.origin for one in in_force(asked.workspace) if one.fixed}
    lists_ = ("people", "conversations", "words")
    return ExclusionsView(
        **{key: list(getattr(held, f"exclude_{key}")) for key in lists_},
        fixed={key: fixed[f"privacy.exclude_{key}"] for key in lists_ if f"privacy.exclude_{key}" in fixed},
    )
