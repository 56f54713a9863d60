"""The app's own export: ``main.jsonl``, one frame of Signal's backup form a line, decrypted and as JSON.

Recipients and chats come before the messages that name them by number; 64-bit numbers are strings, bytes
are base64, and what has its default value is absent. Frames and items of a later app are passed over. The
same frames as one list, as Signal's own tests hold them (``.jsonproto``), are read as well.
"""

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Final

import msgspec

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.records import ContentType, Message, Person, Reaction, Unreadable
from ipse.sources.reading.texts import clean
from ipse.sources.reading.times import from_ms
from ipse.sources.signal.people import (
    LINK,
    MOST,
    SELF,
    Chat,
    Ids,
    Recipient,
    aci_of,
    called,
    chosen,
    group_key,
    mentioned,
)

__all__ = ["Frames", "lines"]

_LONGEST: Final = 1 << 24  # bytes of a line
_LONGEST_TEXT: Final = 1 << 20  # bytes of a long text's file
_KINDS: Final[dict[str, ContentType]] = {
    "standardMessage": "text",
    "contactMessage": "contact",
    "stickerMessage": "media",
    "viewOnceMessage": "media",
    "directStoryReplyMessage": "text",
    "poll": "poll",
    "remoteDeletedMessage": "deleted",
    "adminDeletedMessage": "deleted",
    "updateMessage": "system",
    "paymentNotification": "system",
    "giftBadge": "system",
}
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_CALLS: Final = ("individualCall", "groupCall")


def lines(path: ExportPath) -> Iterator[tuple[str, dict[str, Any] | str]]:
    """Each line's position with its frame, or with the reason why there is none."""
    with path.open() as file:
        number = 0
        while line := file.readline(_LONGEST):
            number += 1
            if len(line) == _LONGEST:
                while (rest := file.readline(_LONGEST)) and not rest.endswith(b"\n"):
                    pass
                yield f"line {number}", "longer than any message"
                continue
            if not line.strip():
                continue
            try:
                frame = msgspec.json.decode(line.removeprefix(b"\xef\xbb\xbf"))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                yield f"line {number}", "it is not valid JSON"
                continue
            yield f"line {number}", frame if isinstance(frame, dict) else "it is not a JSON object"


class Frames:
    """Every message of an export; ``owner``, ``others`` and ``notes`` are complete once all were read."""

    def __init__(
        self, label: str, frames: Iterator[tuple[str, dict[str, Any] | str]], folder: ExportPath | None = None
    ) -> None:
        self._label, self._frames, self._folder = label, frames, folder
        self._ids = Ids()
        self._recipients: dict[int, Recipient] = {}
        self._by_aci: dict[str, Person] = {}
        self._chats: dict[int, Chat] = {}
        self._members: dict[int, list[str]] = {}
        self._account, self._own = Person(""), -1
        self._first_sent: dict[tuple[str, str, int], int] = {}
        self._unknown = self._cut = 0

    @property
    def owner(self) -> tuple[Person, ...]:
        """The owner, if the export names them."""
        return (self._account,) if self._account != Person("") else ()

    @property
    def others(self) -> tuple[Person, ...]:
        """Further names of the people in it."""
        return tuple(other for one in self._recipients.values() for other in one.others)

    @property
    def notes(self) -> tuple[str, ...]:
        """One line for each thing that was left out or cut."""
        notes = []
        if self._unknown:
            notes.append(f"Items of a kind that is not known here, left out: {self._unknown}.")
        if self._cut:
            notes.append(f"Long texts cut, because their files are not in the export: {self._cut}.")
        return tuple(notes)

    def __iter__(self) -> Iterator[Message | Unreadable]:
        """Yield them in the order of the export."""
        for position, frame in self._frames:
            if isinstance(frame, str):
                yield Unreadable(self._label, position, frame)
                continue
            try:
                found = self._take(frame)
            except (ValueError, OverflowError):
                yield Unreadable(self._label, position, "it has no moment, or none that a calendar knows")
                continue
            if found is not None:
                yield found

    def _take(self, frame: dict[str, Any]) -> Message | None:
        if account := _part(frame, "account"):
            name = chosen(_text(account, "givenName"), _text(account, "familyName"))
            self._account = Person(name, clean(_text(account, "username")))
        elif recipient := _part(frame, "recipient"):
            self._recipient(recipient)
        elif chat := _part(frame, "chat"):
            self._chats[_number(chat, "id")] = self._chat(_number(chat, "recipientId"), _number(chat, "id"))
        elif item := _part(frame, "chatItem"):
            return self._item(item)
        return None

    def _recipient(self, frame: dict[str, Any]) -> None:
        key, own = _number(frame, "id"), f"recipient {_number(frame, 'id')}"
        if "self" in frame:
            self._own = key
            self._recipients[key] = Recipient(SELF, self._account)
        elif contact := _part(frame, "contact"):
            self._recipients[key] = self._contact(contact, own)
        elif group := _part(frame, "group"):
            snapshot = _part(group, "snapshot")
            master = _bytes(group, "masterKey")
            title = clean(_text(_part(snapshot, "title"), "title"))
            self._recipients[key] = Recipient(group_key(master, own), group=True, title=title)
            members = _list(snapshot, "members")[:MOST]
            self._members[key] = [_aci(member, "userId") for member in members]
        else:  # Signal itself, a list for stories, a link to calls
            kinds = ("releaseNotes", "distributionList", "callLink")
            kind = next((kind for kind in kinds if kind in frame), own)
            self._recipients[key] = Recipient(kind, automatic=kind == "releaseNotes")

    def _contact(self, contact: dict[str, Any], own: str) -> Recipient:
        nickname = _part(contact, "nickname")
        names = (
            chosen(_text(nickname, "given"), _text(nickname, "family")),
            chosen(_text(contact, "systemGivenName"), _text(contact, "systemFamilyName"))
            or _text(contact, "systemNickname"),
            chosen(_text(contact, "profileGivenName"), _text(contact, "profileFamilyName")),
        )
        aci, phone = _aci(contact, "aci"), _text(contact, "e164").lstrip("+")
        phone = f"+{phone}" if phone.isdecimal() and phone.isascii() else ""
        username = clean(_text(contact, "username"))
        person, others = called(names, phone, username, aci or own.replace(" ", "-"))
        if aci:
            self._by_aci[aci] = person
        return Recipient(aci or phone or username or own, person, others)

    def _chat(self, recipient: int, number: int) -> Chat:
        other = self._recipients.get(recipient)
        if other is None:
            return Chat(f"chat {number}", participants=self.owner)
        people = [self._by_aci[aci] for aci in self._members.get(recipient, ()) if aci in self._by_aci]
        people = [*people, self._account] if other.group else [other.person, self._account]
        known = tuple(dict.fromkeys(person for person in people if person != Person("")))
        return Chat(other.key, other.group, other.title or None, known, other.automatic)

    def _author(self, item: dict[str, Any], key: str) -> Recipient:
        number = _number(item, key)
        unknown = Recipient(f"recipient {number}", Person("", f"recipient-{number}"))
        return self._recipients.get(number, unknown)

    def _item(self, item: dict[str, Any]) -> Message | None:
        name = next((name for name in _KINDS if isinstance(item.get(name), dict)), None)
        if name is None:
            self._unknown += 1
            return None
        number = _number(item, "chatId")
        chat = self._chats.get(number) or Chat(f"chat {number}", participants=self.owner)
        author, sent = self._author(item, "authorId"), _number(item, "dateSent")
        if sent <= 0:
            raise ValueError("no moment")
        content, kind = item[name], _KINDS[name]
        if kind == "system" and any(call in content for call in _CALLS):
            kind = "call"
        versions = [_number(one, "dateSent") for one in _list(item, "revisions")]
        original = min((one for one in versions if one > 0), default=sent)
        for one in (*versions, sent) if versions else ():
            self._first_sent[chat.key, author.key, one] = original
        raw, text, mentions = self._words(name, content)
        files = _files(name, content)
        if kind == "text":
            kind = "media" if not text else "link" if not files and LINK.fullmatch(text) else "text"
        outgoing = "outgoing" in item and kind != "system"
        return Message(
            id=self._ids.new(
                chat.key, author.key, original, "app" if kind in ("system", "call") else "message"
            ),
            conversation=chat.key,
            platform="signal",
            at=from_ms(sent),
            sender=Person("") if kind == "system" else author.person,
            text=text,
            raw=raw,
            direction="outbound" if outgoing else "inbound",
            participants=chat.participants,
            group=chat.group,
            content_type=kind,
            subject=chat.title,
            reply_to=self._reply(_part(content, "quote"), chat),
            attachments=files,
            automatic=chat.automatic or author.automatic,
            edited=bool(versions),
            reactions=self._reactions(content),
            mentions=mentions,
        )

    def _words(self, name: str, content: dict[str, Any]) -> tuple[str, str, tuple[Person, ...]]:
        """The body as it stands, and with its mentions written out."""
        if name == "poll":
            question = _text(content, "question")
            return question, clean(question), ()
        part = _part(content, "textReply") if name == "directStoryReplyMessage" else content
        spoken = _part(part, "text")
        body = self._long_text(_part(part, "longText")) or _text(spoken, "body")
        ranges = [
            (_number(one, "start"), _number(one, "length"), self._mentioned(one))
            for one in _list(spoken, "bodyRanges")
            if "mentionAci" in one
        ]
        text, people = mentioned(body, ranges)
        return body, clean(text), people

    def _mentioned(self, mention: dict[str, Any]) -> Person:
        aci = _aci(mention, "mentionAci")
        return self._by_aci.get(aci, Person("", aci))

    def _long_text(self, pointer: dict[str, Any]) -> str:
        """The whole of a long text: a file that is named by a digest, as every file of the export."""
        if not pointer:
            return ""
        locator = _part(pointer, "locatorInfo")
        plain, local = _bytes(locator, "plaintextHash"), _bytes(locator, "localKey")
        name = sha256(plain + local).hexdigest()
        file = self._folder.joinpath("files", name[:2], name) if self._folder and plain and local else None
        try:
            if file is not None and file.is_file():
                return file.read_bytes(_LONGEST_TEXT).decode("utf-8", "replace")
        except SourceError:
            pass
        self._cut += 1
        return ""

    def _reply(self, quote: dict[str, Any], chat: Chat) -> str | None:
        sent = _number(quote, "targetSentTimestamp")
        if sent <= 0:
            return None
        author = self._author(quote, "authorId").key
        return Ids.plain(chat.key, author, self._first_sent.get((chat.key, author, sent), sent))

    def _reactions(self, content: dict[str, Any]) -> tuple[Reaction, ...]:
        found = ((_text(one, "emoji"), self._author(one, "authorId")) for one in _list(content, "reactions"))
        return tuple(Reaction(emoji, author.person) for emoji, author in found if emoji)


def _files(name: str, content: dict[str, Any]) -> tuple[str, ...]:
    """Attachments by their file names, or what kind they are of where they have none."""
    found = _list(content, "attachments")
    if name == "viewOnceMessage" and (only := _part(content, "attachment")):
        found = [only]
    pointers = (_part(one, "pointer") for one in found)
    names = (clean(_text(one, "fileName") or _text(one, "contentType")) for one in pointers)
    return tuple(name for name in names if name)


def _part(value: dict[str, Any], key: str) -> dict[str, Any]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def _list(value: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = value.get(key)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _text(value: dict[str, Any], key: str) -> str:
    found = value.get(key)
    return found if isinstance(found, str) else str(found) if type(found) is int else ""


def _number(value: dict[str, Any], key: str) -> int:
    """A number, written as one or as text; 0 where it is absent, as the form means it."""
    found = value.get(key, 0)
    if isinstance(found, str) and len(found) < 21:
        try:
            return int(found)
        except ValueError:
            return 0
    return found if type(found) is int else 0


def _bytes(value: dict[str, Any], key: str) -> bytes:
    try:
        return b64decode(_text(value, key), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _aci(value: dict[str, Any], key: str) -> str:
    """An account id: 16 bytes, or as it is written elsewhere."""
    written = _text(value, key)
    return written.lower() if _UUID.fullmatch(written) else aci_of(_bytes(value, key))
