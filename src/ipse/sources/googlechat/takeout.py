"""`Google Chat/Groups/<DM or Space …>/messages.json` of Takeout, with `group_info.json` beside it.

Facts: a message is `{creator, created_date, text, attached_files, annotations, topic_id, message_id, …}`,
its date in words of the account's language (`dates.py`); `message_id` is `space/topic/message`, absent in
the oldest; a deleted one has `message_state: DELETED` and only a `deleted_date`, often no creator
(mrwoof/google-chat-takeout-reader issue 3); `Users/User …/user_info.json` names the owner. Knows no
Hangouts.
"""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final, Literal

import msgspec

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.records import Message, Person, Reaction, Unreadable
from ipse.sources.googlechat.dates import spoken
from ipse.sources.reading.jsons import decoded, elements
from ipse.sources.reading.records import digest
from ipse.sources.reading.texts import clean

__all__ = ["is_group", "is_root", "is_talk", "owners", "talk"]

MOST: Final = 200  # people named with a message
LOOKED_AT: Final = 12  # folders that recognition looks into
REMEMBERED: Final = 10_000  # messages without an id among which equals are numbered
_START = re.compile(rb'^(?:\xef\xbb\xbf)?\s*\{\s*"messages"\s*:\s*\[')
_MARKS: Final = (b'"creator"', b'"created_date"', b'"topic_id"', b'"message_state"')


class _User(msgspec.Struct):
    name: str | None = None
    email: str | None = None
    user_type: str | None = None

    def person(self) -> Person:
        return Person(clean(self.name or ""), clean(self.email or ""))


class _Group(msgspec.Struct):
    name: str | None = None
    members: list[_User] | None = None


class _File(msgspec.Struct):
    original_name: str | None = None
    export_name: str | None = None


class _Quoted(msgspec.Struct):
    message_id: str | None = None


class _Reaction(msgspec.Struct):
    emoji: dict[str, Any] | None = None
    reactor_emails: list[str] | None = None


class _Sent(msgspec.Struct):
    creator: _User | None = None
    created_date: str | None = None
    updated_date: str | None = None
    deleted_date: str | None = None
    text: str | None = None
    message_id: str | None = None
    message_state: str | None = None
    attached_files: list[_File] | None = None
    annotations: list[dict[str, Any]] | None = None
    quoted_message_metadata: _Quoted | None = None
    reactions: list[_Reaction] | None = None


def is_talk(file: ExportPath) -> bool:
    """Whether a file is a `messages.json` of Google Chat with anything in it."""
    head = file.head
    return _START.match(head) is not None and sum(mark in head for mark in _MARKS) >= 2


def is_group(folder: ExportPath) -> bool:
    """Whether a folder is one conversation."""
    info = folder / "group_info.json"
    return info.is_file() and (b'"members"' in info.head or is_talk(folder / "messages.json"))


def is_root(folder: ExportPath) -> bool:
    """Whether a folder is `Google Chat`, or the one in it that holds the conversations."""
    inner = [child for child in islice(folder.iterdir(), LOOKED_AT) if child.is_dir()]
    if _are_groups(inner):
        return True
    groups = any(_are_groups(_folders(child)) for child in inner)
    return groups and ("chat" in folder.name.casefold() or any(_users(child) for child in inner))


def _folders(folder: ExportPath) -> list[ExportPath]:
    return [child for child in islice(folder.iterdir(), LOOKED_AT) if child.is_dir()]


def _are_groups(folders: list[ExportPath]) -> bool:
    return bool(folders) and all(is_group(folder) for folder in folders)


def _users(folder: ExportPath) -> list[ExportPath]:
    return [file for child in _folders(folder) if (file := child / "user_info.json").is_file()]


def owners(path: ExportPath) -> tuple[Person, ...] | None:
    """Whose export it is, from `user_info.json` in or above ``path``; None where that is missing."""
    at: ExportPath | None = path
    for _ in range(4):
        if at is None:
            break
        for file in [one for child in _folders(at) for one in _users(child)] if at.is_dir() else ():
            try:
                info = decoded(file, dict[str, Any])
                person = msgspec.convert(info.get("user"), _User).person()
            except (SourceError, ValueError):
                continue
            if person != Person(""):
                return (person,)
        at = at.parent
    return None


def talk(file: ExportPath, owner: tuple[Person, ...]) -> Iterator[Message | Unreadable]:
    """Every message of one conversation."""
    group = _Group()
    info = file.parent / "group_info.json" if file.parent else None
    if info is not None and info.is_file():
        try:
            group = decoded(info, _Group)
        except SourceError:
            yield Unreadable(info.label, "group_info.json", "who took part cannot be read")
    reading = _Talk(file, group, owner)
    place = -1
    try:
        for place, element in elements(file, "messages"):
            try:
                yield reading.message(msgspec.convert(element, _Sent))
            except ValueError:
                reason = "it lacks what a message has, or its date is in words that are not known"
                yield Unreadable(file.label, f"message {place + 1}", reason)
    except SourceError:
        yield Unreadable(file.label, f"message {place + 2}", "the file is damaged or cut short from here on")


class _Talk:
    """A conversation: who takes part, and how messages without an id are told apart."""

    def __init__(self, file: ExportPath, group: _Group, owner: tuple[Person, ...]) -> None:
        folder = file.parent.name if file.parent else ""
        self.key = clean(folder.split(" ")[-1])
        self.title = clean(group.name or "") or None
        members = [member.person() for member in (group.members or ())]
        self.people = tuple(dict.fromkeys(one for one in members[:MOST] if one != Person("")))
        self.by_mail = {person.address: person for person in self.people if person.address}
        self.many = len(members) > 2 or (not members and self.title is not None)
        self.owner = {person.address or person.name for person in owner}
        self.given: Counter[str] = Counter()

    def person(self, user: _User | None) -> Person:
        """The sender as the conversation calls them."""
        if user is None:
            return Person("")
        return self.by_mail.get(clean(user.email or "")) or user.person()

    def message(self, sent: _Sent) -> Message:
        """Raises ``ValueError`` where the date cannot be read."""
        deleted = sent.message_state == "DELETED" or (
            sent.created_date is None and sent.deleted_date is not None
        )
        at = spoken(sent.created_date or sent.deleted_date or "")
        sender = self.person(sent.creator)
        raw = "" if deleted else clean(sent.text or "")
        files = () if deleted else _files(sent)
        name, key, answered = self._names(sent, f"{at.isoformat()} {sender.address or sender.name} {raw}")
        kind = "deleted" if deleted else _content(sent, raw, files)
        return Message(
            id=name,
            conversation=key,
            platform="googlechat",
            at=at,
            sender=sender,
            direction="outbound" if (sender.address or sender.name) in self.owner else "inbound",
            text=raw,
            raw=raw,
            participants=self.people,
            group=self.many,
            content_type=kind,
            subject=self.title,
            reply_to=answered,
            attachments=files,
            automatic=sent.creator is not None and (sent.creator.user_type or "Human").casefold() != "human",
            edited=sent.updated_date is not None and not deleted,
            reactions=tuple(islice(self._reactions(sent), MOST)),
            mentions=() if deleted else self._mentions(sent),
        )

    def _names(self, sent: _Sent, content: str) -> tuple[str, str, str | None]:
        """The ids of the message, its conversation and the message answered."""
        number = clean(sent.message_id or "")
        parts = number.split("/")
        key = parts[0] if len(parts) == 3 else self.key
        answered = (
            clean(sent.quoted_message_metadata.message_id or "") if sent.quoted_message_metadata else ""
        )
        if not answered and len(parts) == 3 and parts[1] != parts[2]:
            answered = f"{parts[0]}/{parts[1]}/{parts[1]}"  # the first of its topic is called as the topic is
        reply_to = digest("googlechat", answered) if answered else None
        if number:
            full = number if "/" in number else f"{key}/{number}"
            return digest("googlechat", full), key or "chat", reply_to
        if len(self.given) > REMEMBERED:
            self.given.clear()
        self.given[content] += 1
        times = self.given[content]
        return digest("googlechat", key, content, str(times) if times > 1 else ""), key or "chat", reply_to

    def _reactions(self, sent: _Sent) -> Iterator[Reaction]:
        for one in sent.reactions or ():
            held = one.emoji or {}
            emoji = held.get("unicode") or held.get("shortcode") or ""
            for mail in one.reactor_emails or ():
                if isinstance(emoji, str) and emoji:
                    yield Reaction(clean(emoji), self.by_mail.get(clean(mail)) or Person("", clean(mail)))

    def _mentions(self, sent: _Sent) -> tuple[Person, ...]:
        found: dict[Person, None] = {}
        for one in sent.annotations or ():
            held = one.get("user_mention_metadata") or one.get("user_mention")
            user = held.get("user") if isinstance(held, dict) else None
            if isinstance(user, dict):
                found[self.person(msgspec.convert(user, _User))] = None
        found.pop(Person(""), None)
        return tuple(found)[:MOST]


def _files(sent: _Sent) -> tuple[str, ...]:
    names = (clean(file.export_name or file.original_name or "") for file in sent.attached_files or ())
    return tuple(name for name in names if name)


def _content(sent: _Sent, text: str, files: tuple[str, ...]) -> Literal["text", "media", "call"]:
    if text:
        return "text"
    calls = any("video_call_metadata" in one for one in sent.annotations or ())
    return "call" if calls and not files else "media" if files else "text"
