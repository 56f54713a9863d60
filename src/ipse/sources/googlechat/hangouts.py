"""`Hangouts.json` of Takeout, until 2022: one document with every conversation, in either of its two forms.

Facts: until May 2018 `conversation_state[].conversation_state.{conversation, event[]}`, since then
`conversations[].{conversation, events[]}` (Jessecar96/hangouts-reader pull 10); times are µs; people are
`gaia_id`, named by `participant_data[].fallback_name` in some conversations and not in others; the owner is
the participant of `self_conversation_state`. Memory is that of one event and of who is known. Knows no
Google Chat.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final, Literal

import msgspec

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.records import Message, Person, Unreadable
from ipse.sources.reading.jsons import parts
from ipse.sources.reading.records import digest
from ipse.sources.reading.texts import clean
from ipse.sources.reading.times import from_seconds

__all__ = ["Cast", "events", "is_hangouts"]

MOST: Final = 200  # people named with a message
_START = re.compile(rb'^(?:\xef\xbb\xbf)?\s*\{[^\[\]]{0,2000}?"conversation(?:s|_state)"\s*:\s*\[')
_MARKS: Final = (b'"gaia_id"', b'"participant_data"', b'"self_conversation_state"', b'"chat_message"')
_PLACES: Final = ("PLACE", "PLACE_V2", "GEO_COORDINATES_V2")


class _Id(msgspec.Struct):
    gaia_id: str | None = None
    chat_id: str | None = None
    id: str | None = None

    @property
    def key(self) -> str:
        return self.gaia_id or self.chat_id or self.id or ""


class _Phone(msgspec.Struct):
    e164: str | None = None


class _Participant(msgspec.Struct):
    id: _Id
    fallback_name: str | None = None
    phone_number: _Phone | None = None


class _Read(msgspec.Struct):
    participant_id: _Id | None = None


class _Self(msgspec.Struct):
    self_read_state: _Read | None = None


class _Conversation(msgspec.Struct):
    id: _Id | None = None
    type: str | None = None
    name: str | None = None
    participant_data: list[_Participant] | None = None
    self_conversation_state: _Self | None = None


class _Segment(msgspec.Struct):
    type: str = "TEXT"
    text: str | None = None


class _Attachment(msgspec.Struct):
    embed_item: dict[str, Any] | None = None


class _Content(msgspec.Struct):
    segment: list[_Segment] | None = None
    attachment: list[_Attachment] | None = None


class _Said(msgspec.Struct):
    message_content: _Content | None = None


class _Event(msgspec.Struct):
    timestamp: str | int
    event_id: str = ""
    sender_id: _Id | None = None
    conversation_id: _Id | None = None
    chat_message: _Said | None = None
    hangout_event: dict[str, Any] | None = None
    event_type: str | None = None


def is_hangouts(file: ExportPath) -> bool:
    """Whether a file is a `Hangouts.json`, by its beginning."""
    head = file.head
    return _START.match(head) is not None and sum(mark in head for mark in _MARKS) >= 2


def _conversation(value: object) -> tuple[str, _Conversation]:
    """The key and the description at a ``conversation``, which the newer form wraps once more."""
    outer = value if isinstance(value, dict) else {}
    inner = outer.get("conversation", outer)
    found = msgspec.convert(inner, _Conversation)
    named = outer.get("conversation_id")
    key = named.get("id") if isinstance(named, dict) else None
    return clean(str(key or (found.id.key if found.id else ""))), found


class Cast:
    """Everybody in the file: a first pass, for a name may stand in another conversation than the message."""

    def __init__(self, file: ExportPath) -> None:
        self.people: dict[str, Person] = {}
        self.owners: set[str] = set()
        try:
            for _, value in parts(file, values=("conversation",)):
                try:
                    _, found = _conversation(value)
                except ValueError:
                    continue
                self._learn(found)
        except SourceError:
            return  # cut short: the second pass says where

    def _learn(self, found: _Conversation) -> None:
        own = found.self_conversation_state.self_read_state if found.self_conversation_state else None
        if own and own.participant_id and own.participant_id.key:
            self.owners.add(own.participant_id.key)
        for one in found.participant_data or ():
            name = clean(one.fallback_name or "")
            number = clean(one.phone_number.e164 or "") if one.phone_number else ""
            if (name or number) and not self.people.get(one.id.key, Person("")).name:
                self.people[one.id.key] = Person(name, number)

    def person(self, who: _Id | None) -> Person:
        """Who has this number; the number itself where nothing else is known."""
        key = who.key if who else ""
        return self.people.get(key) or Person("", f"gaia:{clean(key)}" if key else "")

    def owner(self) -> tuple[Person, ...] | None:
        """The owner as messages name them; None where the file does not say."""
        found = dict.fromkeys(self.person(_Id(gaia_id=key)) for key in sorted(self.owners))
        return tuple(found) or None


def events(file: ExportPath, cast: Cast) -> Iterator[Message | Unreadable]:
    """Every message, call and change of every conversation."""
    key, about, number = "", _Conversation(), 0
    people: tuple[Person, ...] = ()
    try:
        for name, value in parts(file, values=("conversation",), lists=("events", "event")):
            if name != "conversation":
                number += 1
            try:
                if name == "conversation":
                    key, about = _conversation(value)
                    people = tuple(
                        dict.fromkeys(
                            cast.person(one.id) for one in islice(about.participant_data or (), MOST)
                        )
                    )
                else:
                    yield _message(msgspec.convert(value, _Event), key, about, people, cast)
            except ValueError:
                if name != "conversation":
                    yield Unreadable(file.label, f"event {number}", "it lacks what an event has")
    except SourceError:
        yield Unreadable(file.label, f"event {number + 1}", "the file is damaged or cut short from here on")


def _message(
    event: _Event, key: str, about: _Conversation, people: tuple[Person, ...], cast: Cast
) -> Message:
    """Raises ``ValueError`` where the time is none."""
    talk = clean(event.conversation_id.key) if event.conversation_id else key
    if len(str(event.timestamp)) > 20:
        raise ValueError("no time")
    at = from_seconds(int(event.timestamp) / 1_000_000)
    said = event.chat_message.message_content if event.chat_message else None
    text = clean("".join(_written(segment) for segment in (said.segment or ()))) if said else ""
    found = [_embedded(one.embed_item or {}) for one in (said.attachment or ())] if said else []
    files = tuple(url for _, url in found if url)
    place = any(kind in _PLACES for kind, _ in found)
    kind: Literal["text", "media", "location", "call", "system"]
    if event.hangout_event is not None:
        kind = "call"
    elif event.chat_message is None:
        kind = "system"
    else:
        kind = "text" if text else "location" if place else "media" if files else "text"
    who = event.sender_id
    return Message(
        id=digest("googlechat", "hangouts", talk, clean(event.event_id) or str(event.timestamp)),
        conversation=talk or "hangouts",
        platform="googlechat",
        at=at,
        sender=Person("") if kind == "system" else cast.person(who),
        direction="outbound" if who and who.key in cast.owners and kind != "system" else "inbound",
        text=text,
        raw=text,
        participants=people,
        group=about.type == "GROUP" or len(people) > 2,
        content_type=kind,
        subject=clean(about.name or "") or None,
        attachments=files,
        automatic=event.event_type == "VOICEMAIL",  # a machine wrote down what was spoken
    )


def _written(segment: _Segment) -> str:
    return "\n" if segment.type == "LINE_BREAK" else segment.text or ""


def _embedded(item: dict[str, Any]) -> tuple[str, str]:
    """The kind of what is attached, and the first address in it."""
    kinds = item.get("type")
    kind = str(kinds[0]) if isinstance(kinds, list) and kinds else ""
    todo: list[object] = [item]
    for _ in range(100):
        if not todo:
            break
        held = todo.pop(0)
        if isinstance(held, dict):
            url = held.get("url")
            if isinstance(url, str) and url:
                return kind, clean(url)
            todo.extend(held.values())
    return kind, ""
