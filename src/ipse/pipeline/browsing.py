"""Looking through what is kept: conversations, and messages by whom, where, when and what; pseudonymized.

There is no index of content on disk, so each look reads the sources asked for once: some 100,000 messages in
a third of a second.
"""

import heapq
from collections.abc import Iterator
from datetime import datetime

import msgspec

from ipse.errors import NotFoundError
from ipse.pipeline.contacts import conversations
from ipse.pipeline.workspace import Workspace
from ipse.privacy.roster import OWNER
from ipse.records import Message
from ipse.vault import Conversation

__all__ = ["Line", "Lines", "Talk", "Wanted", "lines", "one_line", "one_talk", "talks"]

WHY = "browse"


class Talk(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation: who is in it by pseudonym, how much, of that by the owner, and from when to when."""

    id: str
    source: str
    people: tuple[str, ...]
    group: bool
    messages: int
    own: int
    first: datetime
    last: datetime


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it is kept; ``gap`` marks where one stood that may not be used."""

    id: str
    conversation: str
    source: str
    at: datetime
    sender: str
    own: bool
    text: str
    kind: str
    lang: str | None
    subject: str | None
    gap: bool


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which messages: empty or None leaves a matter open. ``text`` is looked for in any case."""

    source: str = ""
    conversation: str = ""
    contact: str = ""
    text: str = ""
    own: bool | None = None
    since: datetime | None = None
    until: datetime | None = None


class Lines(msgspec.Struct, frozen=True, kw_only=True):
    """Messages, the newest first, and how many there are in all."""

    items: tuple[Line, ...]
    total: int


def talks(workspace: Workspace, *, source: str = "") -> list[Talk]:
    """Every conversation with a message in it, the one last written in first; told in the audit log."""
    found = [_talk(talk) for talk in _read(workspace, source) if talk.messages]
    return sorted(found, key=lambda talk: talk.last, reverse=True)


def lines(workspace: Workspace, wanted: Wanted, *, at: int = 0, limit: int = 100) -> Lines:
    """The messages asked for, ``limit`` of them from the ``at``-th on; told in the audit log."""
    total, kept = 0, at + limit
    heap: list[tuple[datetime, int, Line]] = []
    for talk in _read(workspace, wanted.source):
        if wanted.conversation not in ("", talk.id):
            continue
        for message in talk.messages:
            if not _matches(message, wanted):
                continue
            total += 1
            entry = (message.at, total, _line(talk, message))
            if len(heap) < kept:
                heapq.heappush(heap, entry)
            elif heap and entry > heap[0]:
                heapq.heapreplace(heap, entry)
    newest = sorted(heap, reverse=True)[at:]
    return Lines(items=tuple(line for _, _, line in newest), total=total)


def one_line(workspace: Workspace, name: str) -> Line:
    """The message of that id; raises ``NotFoundError``. Told in the audit log."""
    for talk in _read(workspace, ""):
        for message in talk.messages:
            if message.id == name:
                return _line(talk, message)
    raise NotFoundError(f"There is no message `{name[:80]}`.", hint="See the list of messages.")


def one_talk(workspace: Workspace, name: str) -> Talk:
    """The conversation of that id; raises ``NotFoundError``. Told in the audit log."""
    for talk in _read(workspace, ""):
        if talk.id == name and talk.messages:
            return _talk(talk)
    raise NotFoundError(f"There is no conversation `{name[:80]}`.", hint="See the list of conversations.")


def _read(workspace: Workspace, source: str) -> Iterator[Conversation]:
    return conversations(workspace, {source} if source else None, why=WHY)


def _talk(talk: Conversation) -> Talk:
    people = {message.sender.name for message in talk.messages} | {
        person.name for message in talk.messages for person in message.participants
    }
    return Talk(
        id=talk.id,
        source=talk.source,
        people=tuple(sorted(people - {OWNER, ""})),
        group=any(message.group for message in talk.messages),
        messages=len(talk.messages),
        own=sum(message.direction == "outbound" for message in talk.messages),
        first=talk.messages[0].at,
        last=talk.messages[-1].at,
    )


def _matches(message: Message, wanted: Wanted) -> bool:
    own = message.direction == "outbound"
    return (
        (wanted.own is None or wanted.own == own)
        and (wanted.since is None or message.at >= wanted.since)
        and (wanted.until is None or message.at < wanted.until)
        and (not wanted.contact or _with(message, wanted.contact))
        and (not wanted.text or wanted.text.casefold() in message.text.casefold())
    )


def _with(message: Message, contact: str) -> bool:
    return message.sender.name == contact or any(one.name == contact for one in message.participants)


def _line(talk: Conversation, message: Message) -> Line:
    return Line(
        id=message.id,
        conversation=talk.id,
        source=talk.source,
        at=message.at,
        sender=message.sender.name,
        own=message.direction == "outbound",
        text=message.text,
        kind=message.content_type,
        lang=message.lang,
        subject=message.subject,
        gap=message.content_type == "deleted",
    )
