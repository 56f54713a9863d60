"""Dumps of Zulip messages: what the API answers, as a document, a list or JSON lines, and archives’ lines.

Facts (zulip.com/api/get-messages): `{"messages": [{id, sender_full_name, sender_email, timestamp, type,
display_recipient, subject, content, content_type, reactions, client, …}]}`; `display_recipient` is a
channel's name or the list of those in a direct message; `timestamp` is in s. Archives on the web keep less:
`{topic, id, sender, ts, text}` a line. A topic that was resolved has a check mark before its name.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.records import Message, Person, Reaction, Unreadable
from ipse.sources.reading.jsons import elements, lines
from ipse.sources.reading.records import digest
from ipse.sources.reading.texts import clean
from ipse.sources.reading.times import from_seconds
from ipse.sources.zulip.words import LONGEST, is_bot, words

__all__ = ["dumped", "identity", "is_dump", "topic_of"]

MOST: Final = 200  # people named with a message
_DOCUMENT = re.compile(rb'^(?:\xef\xbb\xbf)?\s*\{[^{}\[\]]{0,2000}"messages"\s*:\s*\[')
_LINES = re.compile(rb"^(?:\xef\xbb\xbf)?\s*\{")
_API: Final = (b'"sender_full_name"', b'"timestamp"', b'"content"')
_ARCHIVE: Final = (b'"topic"', b'"id"', b'"sender"', b'"ts"', b'"text"')


class _User(msgspec.Struct):
    full_name: str | None = None
    email: str | None = None

    def person(self) -> Person:
        return Person(clean(self.full_name or ""), clean(self.email or ""))


class _Reaction(msgspec.Struct):
    emoji_name: str | None = None
    user: _User | None = None


class _Sent(msgspec.Struct):
    """A message of the API."""

    id: int
    sender_full_name: str
    timestamp: float
    content: str
    sender_email: str | None = None
    display_recipient: str | list[_User] | None = None
    subject: str | None = None
    topic: str | None = None
    client: str | None = None
    reactions: list[_Reaction] | None = None
    last_edit_timestamp: float | None = None
    edit_history: list[dict[str, Any]] | None = None


class _Line(msgspec.Struct):
    """A message of an archive."""

    topic: str
    id: int
    sender: str
    ts: float
    text: str
    stream: str | None = None


def is_dump(file: ExportPath) -> bool:
    """Whether a file holds such messages, by its beginning."""
    head = file.head
    first = head.partition(b"\n")[0]
    return all(mark in head for mark in _API) or (
        _LINES.match(head) is not None and all(mark in first for mark in _ARCHIVE)
    )


def identity(number: int, seconds: float) -> str:
    """The id of a message: its number and time, for servers of their own all count from 1."""
    return digest("zulip", str(number), str(int(seconds)))


def topic_of(name: str) -> str:
    """A topic's name without the mark that it is resolved."""
    return clean(name).removeprefix("✔").strip()


def dumped(file: ExportPath) -> Iterator[Message | Unreadable]:
    """Every message of a dump."""
    if _LINES.match(file.head) and not _DOCUMENT.match(file.head):
        for number, line in lines(file):
            yield line if isinstance(line, Unreadable) else _read(line, file, f"line {number}")
        return
    place = -1
    try:
        for place, element in elements(file, "messages" if _DOCUMENT.match(file.head) else ""):
            yield _read(element, file, f"message {place + 1}")
    except SourceError:
        yield Unreadable(file.label, f"message {place + 2}", "the file is damaged or cut short from here on")


def _read(element: object, file: ExportPath, where: str) -> Message | Unreadable:
    try:
        if isinstance(element, dict) and "ts" in element:
            return _archived(msgspec.convert(element, _Line))
        return _answered(msgspec.convert(element, _Sent))
    except (ValueError, OverflowError):
        return Unreadable(file.label, where, "it lacks what a message has, or its time cannot be read")


def _archived(line: _Line) -> Message:
    """Raises ``ValueError`` where the time is none."""
    said = words(line.text)
    topic, sender = topic_of(line.topic), Person(clean(line.sender))
    return Message(
        id=identity(line.id, line.ts),
        conversation=f"{clean(line.stream or '')}>{topic}",
        platform="zulip",
        at=from_seconds(line.ts),
        sender=sender,
        text=said.text,
        raw=clean(line.text[:LONGEST]),
        participants=(sender,),
        group=True,
        content_type=said.kind,
        subject=topic or None,
        attachments=said.files,
        automatic=is_bot(sender.name, ""),
        mentions=said.mentions,
    )


def _answered(sent: _Sent) -> Message:
    """Raises ``ValueError`` where the time is none."""
    said = words(sent.content)
    sender = Person(clean(sent.sender_full_name), clean(sent.sender_email or ""))
    topic = topic_of(sent.subject or sent.topic or "")
    if isinstance(sent.display_recipient, list):
        others = [user.person() for user in sent.display_recipient[:MOST]]
        people = tuple(dict.fromkeys(one for one in (sender, *others) if one != Person("")))
        place, group = "dm " + " ".join(sorted(one.address or one.name for one in people)), len(people) > 2
    else:
        people, group = (sender,), True
        place = f"{clean(sent.display_recipient or '')}>{topic}"
    changed = any("prev_content" in one for one in sent.edit_history or ())
    return Message(
        id=identity(sent.id, sent.timestamp),
        conversation=place,
        platform="zulip",
        at=from_seconds(sent.timestamp),
        sender=sender,
        text=said.text,
        raw=clean(sent.content[:LONGEST]),
        participants=people,
        group=group,
        content_type=said.kind,
        subject=topic or None,
        attachments=said.files,
        automatic=is_bot(sender.name, sender.address, sent.client or ""),
        edited=changed or (sent.last_edit_timestamp is not None and not sent.edit_history),
        reactions=tuple(
            Reaction(clean(one.emoji_name), one.user.person() if one.user else Person(""))
            for one in (sent.reactions or ())[:MOST]
            if one.emoji_name
        ),
        mentions=said.mentions,
    )
