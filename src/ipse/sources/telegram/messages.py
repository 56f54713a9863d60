"""One message as Telegram exports it, and the record it becomes. It knows no file."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from hashlib import blake2b
from typing import Any, Final

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from ipse.records import ContentType, Message, Person, Reaction
from ipse.sources.reading.records import digest
from ipse.sources.reading.texts import clean
from ipse.sources.reading.times import from_iso

__all__ = ["Chat", "Exported", "Header", "StrangeMessageError", "person_id"]

PEOPLE: Final = 200  # participants named with a message
REACTIONS: Final = 200  # reactions kept of a message
_MACHINES: Final = frozenset({"bot_chat", "replies", "verify_codes", "public_channel", "private_channel"})
_SERVICE: Final = "user777000"  # Telegram itself: login codes, news
# "(File not included. Change data exporting settings to download.)", behind the file's name if it has one.
_LEFT_OUT: Final = re.compile(r"\((?:File|Photo) [^()]+\)$")
_URL: Final = re.compile(r"\w+://\S+")


class StrangeMessageError(Exception):
    """Why there is no record of a message, in words that quote none of it."""


class Exported(msgspec.Struct, gc=False):
    """What is looked at in a message. Types are not held to: a strange field must not cost the message."""

    id: Any = None
    type: Any = None
    date: Any = None
    date_unixtime: Any = None
    from_: Any = msgspec.field(default=None, name="from")
    from_id: Any = None
    actor: Any = None
    actor_id: Any = None
    action: Any = UNSET
    members: Any = None
    text: Any = ""
    reply_to_message_id: Any = None
    reply_to_peer_id: Any = None
    edited: Any = UNSET
    edited_unixtime: Any = UNSET
    forwarded_from: Any = UNSET
    forwarded_from_id: Any = UNSET
    saved_from: Any = UNSET
    via_bot: Any = UNSET
    photo: Any = UNSET
    file: Any = UNSET
    file_name: Any = UNSET
    media_type: Any = UNSET
    contact_information: Any = UNSET
    location_information: Any = UNSET
    place_name: Any = UNSET
    poll: Any = UNSET
    reactions: Any = UNSET


class Header(msgspec.Struct):
    """What stands above the messages of a chat."""

    name: Any = None
    type: Any = None
    id: Any = None


def person_id(value: object) -> str:
    """``user123``: as exported, or from the number that exports before 2021 have in its place."""
    if isinstance(value, str):
        return value
    if not isinstance(value, int):
        return ""
    kind, number = divmod(value, 1 << 32)
    return f"{('user', 'chat', 'channel')[kind]}{number}" if 0 <= kind <= 2 else f"user{value}"


class Chat:
    """A conversation: makes records of its messages, and remembers who was met in it."""

    def __init__(self, header: Header, owner: Person | None, zone: tzinfo) -> None:
        self._kind = _name(header.type)
        self._owner, self._zone = owner, zone
        self._own_id = owner.address if owner is not None else None
        name = _name(header.name)
        self._known = isinstance(header.id, int) or bool(name)
        family = _family(self._kind)
        self.conversation = f"{family}{header.id}" if isinstance(header.id, int) else name or "unnamed"
        self.group = "group" in self._kind or "channel" in self._kind
        self._automatic = self._kind in _MACHINES or self.conversation == _SERVICE
        self._mark = blake2b(
            f"telegram\x1f{self.conversation}\x1f".encode("utf-8", "replace"), digest_size=16
        )
        self._senders: dict[tuple[object, object], Person] = {}
        self.participants: tuple[Person, ...] = ()
        if family == "user" and isinstance(header.id, int) and name:
            self._meet(Person("" if self._automatic else name, self.conversation))
        if owner is not None and not self._automatic:
            self._meet(owner)
        self._moment, self._twins = "", dict[str, int]()
        self.zoned = 0  # messages whose moment depends on the zone

    def record(self, said: Exported) -> Message:
        """The record; raises ``StrangeMessageError`` where there is none."""
        if said.type == "unsupported":
            raise StrangeMessageError("a kind of message that Telegram does not export")
        at = self._at(said)
        if said.type == "service":
            return self._service(said, at)
        try:
            sender = self._senders[said.from_, said.from_id]
        except (KeyError, TypeError):
            sender = self._sender(said.from_, said.from_id)
        parts = said.text or ""
        raw = parts if isinstance(parts, str) else "".join(_texts(parts))
        text = clean(raw)
        number = said.id
        if type(number) is int and self._known:  # as _id does it, which is called a million times a minute
            mark = self._mark.copy()
            mark.update(b"%d" % number)
            name = mark.hexdigest()
        else:
            name = self._id(said, text)
        own = bool(sender.address) and sender.address == self._own_id
        reply = said.reply_to_message_id
        message = Message(
            id=name,
            conversation=self.conversation,
            platform="telegram",
            at=at,
            sender=sender,
            direction="outbound" if own else "inbound",
            text=text,
            raw=raw,
            participants=self.participants,
            group=self.group,
            reply_to=self._hash(reply) if reply and self._known and said.reply_to_peer_id is None else None,
            automatic=self._automatic,
        )
        if _is_plain(said) and raw is parts and text and "://" not in text:
            return message  # nine of ten; what follows costs as much as all of the above
        return replace(message, **self._more(said, text, parts))

    def _more(self, said: Exported, text: str, parts: object) -> dict[str, Any]:
        """What a message may have besides a text."""
        kind = _content_type(said, text)
        question = _question(said.poll) if kind == "poll" and not text else ""
        return {
            **({"text": question, "raw": question} if question else {}),
            "content_type": kind,
            "attachments": _attachments(said),
            "forwarded": not all(
                one is UNSET
                for one in (said.forwarded_from, said.forwarded_from_id, said.saved_from, said.via_bot)
            ),
            "edited": _edited(said),
            "reactions": tuple(self._reactions(said.reactions)),
            "mentions": tuple(dict.fromkeys(_mentions(said, parts))),
        }

    def _service(self, said: Exported, at: datetime) -> Message:
        """A call, or a line of the app: joined, left, pinned, renamed."""
        actor = self._sender(said.actor, said.actor_id)
        call = said.action in ("phone_call", "group_call")
        members = said.members if isinstance(said.members, list) else []
        met = [Person(name) for name in map(_name, members[:PEOPLE]) if name]
        own = bool(actor.address) and actor.address == self._own_id
        return Message(
            id=self._id(said, _name(said.action)),
            conversation=self.conversation,
            platform="telegram",
            at=at,
            sender=actor if call else Person(""),
            direction="outbound" if call and own else "inbound",
            text="",
            raw=_name(said.action),
            participants=tuple(dict.fromkeys((*self.participants, *met)))[:PEOPLE],
            group=self.group,
            content_type="call" if call else "system",
            automatic=self._automatic,
        )

    def _at(self, said: Exported) -> datetime:
        """``date`` is local time of whatever machine exported; its zone is not told."""
        try:
            if said.date_unixtime is not None:
                return datetime.fromtimestamp(int(said.date_unixtime), UTC)
            at = from_iso(said.date, self._zone)
        except (TypeError, AttributeError, ValueError, OverflowError, OSError):
            raise StrangeMessageError("it has no time, or none that a calendar knows") from None
        self.zoned += at.tzinfo is self._zone
        return at

    def _id(self, said: Exported, text: str) -> str:
        if self._known and isinstance(said.id, int | str):
            return self._hash(said.id)
        moment = f"{said.date_unixtime or said.date}"
        mark = digest("telegram", self.conversation, moment, _name(said.from_), person_id(said.from_id), text)
        if moment != self._moment:
            self._moment, self._twins = moment, {}
        nth = self._twins[mark] = self._twins.get(mark, 0) + 1
        return mark if nth == 1 else digest(mark, str(nth))

    def _hash(self, number: object) -> str:
        """``digest("telegram", conversation, number)``, its first part done once."""
        mark = self._mark.copy()
        mark.update(str(number).encode("utf-8", "replace"))
        return mark.hexdigest()

    def _sender(self, name: object, given: object) -> Person:
        address = person_id(given)
        # Of a channel, a group writing in its own name, or a bot the name is a title and nobody's.
        title = address.startswith(("channel", "chat")) or (self._automatic and address != self._own_id)
        person = Person("" if title else _name(name), address)
        self._meet(person)
        if isinstance(name, str | None) and isinstance(given, str | int | None):
            self._senders[name, given] = person
        return person

    def _meet(self, person: Person) -> None:
        named = person.name or person.address
        if named and person not in self.participants and len(self.participants) < PEOPLE:
            self.participants = (*self.participants, person)
            self.group = self.group or (not self._kind and len(self.participants) > 2)

    def _reactions(self, reactions: object) -> Iterator[Reaction]:
        left = REACTIONS
        for one in reactions if isinstance(reactions, list) else []:
            if not isinstance(one, dict):
                continue
            emoji = clean(str(one.get("emoji") or one.get("type") or ""))[:64]
            recent = one.get("recent")
            by = [each for each in recent if isinstance(each, dict)] if isinstance(recent, list) else []
            count = one.get("count")
            count = max(len(by), count if isinstance(count, int) else 1)
            for n in range(min(left, count)):
                who = by[n] if n < len(by) else {}
                yield Reaction(
                    emoji, self._sender(who.get("from"), who.get("from_id")) if who else Person("")
                )
            left -= min(left, count)


def _family(kind: str) -> str:
    """Ids are unique among users, among small groups, and among channels with the groups made of them."""
    if kind == "private_group":
        return "chat"
    return "channel" if "channel" in kind or "group" in kind else "user"


def _name(value: object) -> str:
    return clean(value) if isinstance(value, str) else ""


def _texts(parts: object) -> Iterator[str]:
    for part in parts if isinstance(parts, list) else []:
        text = part.get("text") if isinstance(part, dict) else part
        if isinstance(text, str):
            yield text


def _mentions(said: Exported, parts: object) -> Iterator[Person]:
    for part in parts if isinstance(parts, list) else []:
        if isinstance(part, dict) and isinstance(part.get("text"), str):
            if part.get("type") == "mention_name" and isinstance(part.get("user_id"), int):
                yield Person("", f"user{part['user_id']}")
            elif part.get("type") == "mention" and len(part["text"]) > 1:
                yield Person("", clean(part["text"]).removeprefix("@"))
    if isinstance(said.contact_information, dict):
        first, last, phone = map(said.contact_information.get, ("first_name", "last_name", "phone_number"))
        person = Person(f"{_name(first)} {_name(last)}".strip(), _name(phone))
        if person.name or person.address:
            yield person


def _edited(said: Exported) -> bool:
    """Older exports date what was never edited to the epoch."""
    if said.edited_unixtime is not UNSET:
        return said.edited_unixtime not in (None, 0, "0", "")
    return isinstance(said.edited, str) and not said.edited.startswith("1970-01-01")


def _is_plain(said: Exported) -> bool:
    """Whether it holds a text and nothing else; asked of every message, so in one go."""
    return (
        said.photo
        is said.file
        is said.media_type
        is said.reactions
        is said.edited
        is said.edited_unixtime
        is said.forwarded_from
        is said.forwarded_from_id
        is said.saved_from
        is said.via_bot
        is said.location_information
        is said.place_name
        is said.contact_information
        is said.poll
        is UNSET
    )


def _content_type(said: Exported, text: str) -> ContentType:
    if said.poll is not UNSET:
        return "poll"
    if said.contact_information is not UNSET:
        return "contact"
    if said.location_information is not UNSET or said.place_name is not UNSET:
        return "location"
    if not text:
        return "media"
    return "link" if "://" in text and _URL.fullmatch(text) else "text"


def _attachments(said: Exported) -> tuple[str, ...]:
    """The file's path; of one that was not exported, its name or else what it was."""
    if said.photo is said.file is said.media_type is UNSET:
        return ()
    path = said.photo if isinstance(said.photo, str) else said.file
    left_out = _LEFT_OUT.search(path) if isinstance(path, str) else None
    if left_out:
        path = path[: left_out.start()].strip()
    for name in (path, said.file_name, said.media_type, "file" if said.photo is UNSET else "photo"):
        if isinstance(name, str) and name:
            return (clean(name),)
    return ()


def _question(poll: object) -> str:
    question = poll.get("question") if isinstance(poll, dict) else None
    # A question with formatting is a list of parts, as a text is.
    return clean(question if isinstance(question, str) else "".join(_texts(question)))
