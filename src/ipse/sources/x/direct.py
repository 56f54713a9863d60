"""Direct messages of an X archive: between two, and in groups.

Facts: people are numbers; a conversation of two is called by both, `123-456`, one of a group by a number of
its own; its entries run from the newest to the oldest, and a long one is split into several of 1000 with one
name (timhutton/twitter-archive-parser pull 98). Besides messages there are entries for who joined or left.
"""

from collections.abc import Callable, Collection, Iterator
from datetime import UTC
from html import unescape
from typing import Any, Final, Literal

import msgspec

from ipse.exports import ExportPath
from ipse.records import Message, Person, Reaction, Unreadable
from ipse.sources.reading.records import digest
from ipse.sources.reading.texts import clean
from ipse.sources.reading.times import from_iso
from ipse.sources.x.files import Account, entries
from ipse.sources.x.posts import LONGEST, moment

__all__ = ["messages_in"]

MOST: Final = 200  # people named with a message
_OWN_MEDIA: Final = "/messages/media/"  # what a link in the text leads to where it stands for a picture sent


class _Link(msgspec.Struct):
    url: str = ""
    expanded: str | None = None


class _Reaction(msgspec.Struct):
    senderId: str | int = ""  # noqa: N815 - as the archive calls it
    reactionKey: str = ""  # noqa: N815


class _Sent(msgspec.Struct):
    """A message as the archive has it."""

    id: str | int = ""
    senderId: str | int = ""  # noqa: N815
    recipientId: str | int | None = None  # noqa: N815
    createdAt: str = ""  # noqa: N815
    text: str | None = None
    urls: list[_Link] | None = None
    mediaUrls: list[str] | None = None  # noqa: N815
    reactions: list[_Reaction] | None = None
    editHistory: list[Any] | None = None  # noqa: N815

    def words(self) -> str:
        """The text with links expanded, without those that only stand for a picture."""
        text = (self.text or "")[:LONGEST]
        for link in self.urls or ():
            if link.url and link.expanded:
                own = _OWN_MEDIA in link.expanded and bool(self.mediaUrls)
                text = text.replace(link.url, "" if own else link.expanded)
        return clean(unescape(text))


class _Talk:
    """One conversation: who takes part, and what it is called."""

    def __init__(self, key: str, items: list[Any], called: Callable[[str], Person]) -> None:
        self.key, self.called = key, called
        self.title: str | None = None
        numbers: dict[str, None] = dict.fromkeys(key.split("-")) if "-" in key else {}
        for kind, item in map(_kind, items):
            for name in ("senderId", "recipientId", "initiatingUserId"):
                numbers |= dict.fromkeys([str(item[name])] if item.get(name) else ())
            for name in ("userIds", "participantsSnapshot"):
                listed = item.get(name)
                numbers |= dict.fromkeys(map(str, listed) if isinstance(listed, list) else ())
            if kind == "conversationNameUpdate" and self.title is None and isinstance(item.get("name"), str):
                self.title = clean(item["name"]) or None  # the newest comes first
        self.people = tuple(dict.fromkeys(called(number) for number in list(numbers)[:MOST]))


def _kind(item: object) -> tuple[str, dict[str, Any]]:
    """What an entry is, and what it holds."""
    if isinstance(item, dict):
        for kind, held in item.items():
            if isinstance(held, dict):
                return str(kind), held
    return "", {}


def messages_in(
    files: Collection[ExportPath], owner: Account | None, people: dict[str, Person]
) -> Iterator[Message | Unreadable]:
    """Every message of some files; ``people`` are those whose names are known, by number."""

    def called(number: str) -> Person:
        if owner is not None and number == owner.id:
            return owner.person
        return people.get(number) or Person("", f"x:{clean(number)}" if number else "")

    for file in files:
        for entry in entries(file, "conversation"):
            if isinstance(entry, Unreadable):
                yield entry
                continue
            where = f"conversation {entry[0] + 1}"
            talk = entry[1].get("dmConversation", entry[1]) if isinstance(entry[1], dict) else {}
            items = talk.get("messages") if isinstance(talk, dict) else None
            if not isinstance(items, list):
                yield Unreadable(file.label, where, "it holds no messages")
                continue
            about = _Talk(clean(str(talk.get("conversationId", ""))), items, called)
            for place, item in enumerate(items, 1):
                try:
                    yield _message(item, about, owner)
                except ValueError:
                    reason = "it lacks what a message has, or its time cannot be read"
                    yield Unreadable(file.label, f"{where}, message {place}", reason)


def _message(item: object, talk: _Talk, owner: Account | None) -> Message:
    """Raises ``ValueError`` where it is none."""
    kind, held = _kind(item)
    if kind not in ("messageCreate", "welcomeMessageCreate"):
        return _event(kind, held, talk)
    sent = msgspec.convert(held, _Sent)
    if not sent.id:
        raise ValueError("it has no number")
    text, files = sent.words(), tuple(map(clean, sent.mediaUrls or ()))
    number = str(sent.senderId)
    own = owner is not None and number == owner.id
    content: Literal["text", "media"] = "media" if files and not text else "text"
    return Message(
        id=digest("x", "dm", str(sent.id)),
        conversation=f"dm {talk.key}",
        platform="x",
        at=moment(sent.createdAt).astimezone(UTC),
        sender=talk.called(number),
        direction="outbound" if own else "inbound",
        text=text,
        raw=clean((sent.text or "")[:LONGEST]),
        participants=talk.people,
        group=len(talk.people) > 2,
        content_type=content,
        subject=talk.title,
        attachments=files,
        automatic=kind == "welcomeMessageCreate",
        edited=bool(sent.editHistory),
        reactions=tuple(
            Reaction(clean(one.reactionKey), talk.called(str(one.senderId)))
            for one in (sent.reactions or ())[:MOST]
            if one.reactionKey
        ),
    )


def _event(kind: str, held: dict[str, Any], talk: _Talk) -> Message:
    """Somebody joined, left or renamed a group."""
    written = held.get("createdAt")
    if not kind or not isinstance(written, str):
        raise ValueError("no message")
    who = held.get("userIds") or held.get("participantsSnapshot") or held.get("name") or ""
    return Message(
        id=digest("x", "event", talk.key, clean(kind), written, clean(str(who))),
        conversation=f"dm {talk.key}",
        platform="x",
        at=from_iso(written, UTC).astimezone(UTC),
        sender=Person(""),
        text="",
        participants=talk.people,
        group=len(talk.people) > 2,
        content_type="system",
        subject=talk.title,
    )
