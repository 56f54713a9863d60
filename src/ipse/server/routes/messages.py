"""Messages and conversations as they are kept: pseudonymized, paged and filtered."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from ipse.pipeline.browsing import Wanted, lines, one_line, one_talk, talks
from ipse.server.deps import Identifier, Reading
from ipse.server.paging import Cursor, Limit, Page, paged
from ipse.server.routing import component

__all__ = [
    "ConversationView",
    "MessageView",
    "list_conversations",
    "list_messages",
    "router",
    "show_conversation",
    "show_message",
]

router = component("messages")

DEEPEST = 20_000  # messages behind the newest that can be paged to; a filter reaches the others
Name = Annotated[str, Query(max_length=128)]


class ConversationView(BaseModel):
    """A conversation; people are pseudonyms."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["CONV_1"])
    source: str = Field(examples=["whatsapp"])
    people: list[str] = Field(examples=[["PERSON_2"]])
    group: bool
    messages: int = Field(examples=[240])
    own: int = Field(description="of these by you", examples=[120])
    first: datetime
    last: datetime


class MessageView(BaseModel):
    """A message; names in its text are placeholders. ``gap``: one stood there that may not be used."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    conversation: str = Field(examples=["CONV_1"])
    source: str = Field(examples=["whatsapp"])
    at: datetime
    sender: str = Field(examples=["PERSON_2"])
    own: bool
    text: str = Field(examples=["shall we meet at the lake on monday?"])
    kind: str = Field(examples=["text"])
    lang: str | None = Field(examples=["en"])
    subject: str | None
    gap: bool


@router.get("/conversations")
def list_conversations(
    asked: Reading, source: Name = "", limit: Limit = 100, cursor: Cursor = ""
) -> Page[ConversationView]:
    """Every conversation, the one last written in first."""
    items, total, behind = paged(talks(asked.workspace, source=source), limit, cursor)
    return Page(items=[ConversationView.model_validate(one) for one in items], total=total, next=behind)


@router.get("/conversations/{conversation}")
def show_conversation(asked: Reading, conversation: Identifier) -> ConversationView:
    """One conversation: who is in it, how much, and from when to when."""
    return ConversationView.model_validate(one_talk(asked.workspace, conversation))


@router.get("/messages")
def list_messages(  # noqa: PLR0913 - a filter each
    asked: Reading,
    conversation: Name = "",
    contact: Name = "",
    source: Name = "",
    q: Annotated[str, Query(max_length=200, description="text in it, in any case")] = "",
    own: bool | None = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    limit: Limit = 100,
    cursor: Cursor = "",
) -> Page[MessageView]:
    """Messages, the newest first. Told in the audit log as read."""
    at = min(int(cursor or 0), DEEPEST)
    wanted = Wanted(
        source=source, conversation=conversation, contact=contact, text=q, own=own, since=since, until=until
    )
    found = lines(asked.workspace, wanted, at=at, limit=limit)
    behind = at + limit
    more = str(behind) if behind < min(found.total, DEEPEST) else None
    return Page(items=[MessageView.model_validate(one) for one in found.items], total=found.total, next=more)


@router.get("/messages/{message}")
def show_message(asked: Reading, message: Identifier) -> MessageView:
    """One message as it is kept; told in the audit log as read."""
    return MessageView.model_validate(one_line(asked.workspace, message))
