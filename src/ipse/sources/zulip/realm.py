"""The export of a Zulip organization: `realm.json`, and `messages-000001.json` and so on beside it.

Facts (zulip `zerver/lib/export.py`): both are tables of the database, `zerver_message` and
`zerver_reaction` in the latter, everything else in the former; a message names its `sender` and its
`recipient` by number, and a recipient is a person (1), a channel (2) or a group (3), whose members are its
subscriptions; `date_sent` is in s; the topic is called `subject`; mail addresses are in `delivery_email`,
those in `email` can be made up. Memory is that of who is known and of one file's reactions.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.records import Message, Person, Reaction, Unreadable
from ipse.sources.reading.jsons import parts
from ipse.sources.reading.texts import clean
from ipse.sources.reading.times import from_seconds
from ipse.sources.zulip.dumps import identity, topic_of
from ipse.sources.zulip.words import LONGEST, is_bot, words

__all__ = ["Realm", "is_messages", "is_realm", "message_files"]

MOST: Final = 200  # people named with a message
_PERSONAL, _CHANNEL = 1, 2
_NAME = re.compile(r"messages-\d+\.json")
_TABLES: Final = (
    "zerver_userprofile",
    "zerver_userprofile_crossrealm",
    "zerver_userprofile_mirrordummy",
    "zerver_stream",
    "zerver_recipient",
    "zerver_subscription",
)


class _Profile(msgspec.Struct):
    id: int
    full_name: str = ""
    email: str = ""
    delivery_email: str | None = None
    is_bot: bool = False


class _Stream(msgspec.Struct):
    id: int
    name: str


class _Recipient(msgspec.Struct):
    id: int
    type: int
    type_id: int


class _Subscription(msgspec.Struct):
    recipient: int
    user_profile: int


class _Sent(msgspec.Struct):
    id: int
    sender: int
    recipient: int
    content: str
    date_sent: float
    subject: str = ""
    topic_name: str | None = None
    last_edit_time: Any = None
    edit_history: Any = None


class _Reaction(msgspec.Struct):
    message: int
    user_profile: int
    emoji_name: str


def is_messages(file: ExportPath) -> bool:
    """Whether a file is one of the export's parts with messages."""
    return _NAME.fullmatch(file.name) is not None and b'"zerver_' in file.head


def is_realm(folder: ExportPath) -> bool:
    """Whether a folder is an export."""
    realm = folder / "realm.json"
    return realm.is_file() and b'"zerver_' in realm.head and is_messages(folder / "messages-000001.json")


def message_files(folder: ExportPath) -> list[ExportPath]:
    """The parts with messages, in their order."""
    return sorted((file for file in folder.iterdir() if is_messages(file)), key=lambda file: file.name)


class Realm:
    """Who and what the numbers in messages mean, from `realm.json`; without one everybody is a number."""

    def __init__(self, file: ExportPath | None) -> None:
        self.people: dict[int, Person] = {}
        self.bots: set[int] = set()
        self.streams: dict[int, str] = {}
        self.recipients: dict[int, tuple[int, int]] = {}
        self.members: dict[int, list[int]] = {}
        self.unreadable: list[Unreadable] = []
        if file is None:
            return
        try:
            for number, (table, row) in enumerate(parts(file, lists=_TABLES), 1):
                try:
                    self._learn(table, row)
                except ValueError:
                    self.unreadable.append(Unreadable(file.label, f"row {number}", f"no row of {table}"))
        except SourceError:
            reason = "it is damaged or cut short: some people and channels stay numbers"
            self.unreadable.append(Unreadable(file.label, "realm.json", reason))

    def _learn(self, table: str, row: object) -> None:
        """Raises ``ValueError`` for a row that is none."""
        if table.startswith("zerver_userprofile"):
            user = msgspec.convert(row, _Profile)
            self.people[user.id] = Person(clean(user.full_name), clean(user.delivery_email or user.email))
            if user.is_bot or is_bot(user.full_name, user.email):
                self.bots.add(user.id)
        elif table == "zerver_stream":
            stream = msgspec.convert(row, _Stream)
            self.streams[stream.id] = clean(stream.name)
        elif table == "zerver_recipient":
            recipient = msgspec.convert(row, _Recipient)
            self.recipients[recipient.id] = (recipient.type, recipient.type_id)
        else:
            subscription = msgspec.convert(row, _Subscription)
            members = self.members.setdefault(subscription.recipient, [])
            if len(members) < MOST:
                members.append(subscription.user_profile)

    def person(self, number: int) -> Person:
        """Who has this number."""
        return self.people.get(number) or Person("", f"zulip:{number}")

    def messages(self, file: ExportPath) -> Iterator[Message | Unreadable]:
        """Every message of one part."""
        reactions: dict[int, list[_Reaction]] = {}
        try:
            for _, row in parts(file, lists=("zerver_reaction",)):
                try:
                    reaction = msgspec.convert(row, _Reaction)
                except ValueError:
                    continue
                reactions.setdefault(reaction.message, []).append(reaction)
        except SourceError:
            reactions.clear()  # cut short: told below, with the messages
        number = 0
        try:
            for number, (_, row) in enumerate(parts(file, lists=("zerver_message",)), 1):
                try:
                    sent = msgspec.convert(row, _Sent)
                    yield self._message(sent, reactions.get(sent.id, []))
                except (ValueError, OverflowError):
                    reason = "it lacks what a message has, or its time cannot be read"
                    yield Unreadable(file.label, f"message {number}", reason)
        except SourceError:
            reason = "the file is damaged or cut short from here on"
            yield Unreadable(file.label, f"message {number + 1}", reason)

    def _message(self, sent: _Sent, reactions: list[_Reaction]) -> Message:
        """Raises ``ValueError`` where the time is none."""
        said, sender = words(sent.content), self.person(sent.sender)
        kind, key = self.recipients.get(sent.recipient, (_CHANNEL, -sent.recipient))
        topic = topic_of(sent.topic_name or sent.subject)
        if kind == _CHANNEL:
            people: tuple[Person, ...] = (sender,)
            place = f"{self.streams.get(key, str(key))}>{topic}"
        else:
            others = [key] if kind == _PERSONAL else self.members.get(sent.recipient, [])
            people = tuple(dict.fromkeys((sender, *map(self.person, others))))[:MOST]
            place = "dm " + " ".join(sorted(one.address or one.name for one in people))
        return Message(
            id=identity(sent.id, sent.date_sent),
            conversation=place,
            platform="zulip",
            at=from_seconds(sent.date_sent),
            sender=sender,
            text=said.text,
            raw=clean(sent.content[:LONGEST]),
            participants=people,
            group=kind == _CHANNEL or len(people) > 2,
            content_type=said.kind,
            subject=topic or None,
            attachments=said.files,
            automatic=sent.sender in self.bots,
            edited="prev_content" in str(sent.edit_history or ""),
            reactions=tuple(
                Reaction(clean(one.emoji_name), self.person(one.user_profile)) for one in reactions[:MOST]
            ),
            mentions=said.mentions,
        )
