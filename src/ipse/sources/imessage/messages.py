"""What a row of Messages says: who wrote what in which chat. It does not know where rows come from."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from ipse.records import ContentType, Message, Person, Reaction
from ipse.sources.imessage.bodies import NOTHING, Summary, shown, stream_text, summary_of
from ipse.sources.imessage.store import BIN, LISTED, Chat, Store, Tapback, Values, number, words
from ipse.sources.reading.numbers import is_service, number_key
from ipse.sources.reading.reacted import is_reaction
from ipse.sources.reading.records import digest
from ipse.sources.reading.texts import clean
from ipse.sources.reading.times import from_ms

__all__ = ["PLATFORM", "Reader"]

PLATFORM: Final = "imessage"

GROUP: Final = 43  # chat.style; 45 is a chat of two
EPOCH: Final = 978_307_200_000  # 2001-01-01 in UTC, ms
FINE: Final = 10**12  # a larger date is in ns, as since macOS 10.13 and iOS 11; before, they were in s
_EMOJI: Final = ("❤️", "👍", "👎", "😂", "‼️", "❓")  # 2000 to 2005; 2006 has its own, 2007 is a sticker
_REMOVED: Final = 3000
_LINKS: Final = "com.apple.messages.URLBalloonProvider"
_ADDRESS: Final = re.compile(r"(?:[a-z]:)?([^\s:@]+@[^\s:@]+|\+?[\d\s().\-]{6,20})", re.IGNORECASE)


class Reader:
    """Reads rows with the handles and chats of their database."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._people, self._named = _people(store.handles())
        self._chats = store.chats()
        self.answered = 0  # reactions met with the message that they answer

    def owner(self) -> tuple[Person, ...]:
        """The owner's own addresses, as far as rows tell."""
        found = (_ADDRESS.fullmatch(address) for address in self._store.own_addresses())
        addresses = dict.fromkeys(match[1].strip() for match in found if match)
        return tuple(Person("", address) for address in addresses)

    def message(self, row: Values) -> Message:
        """The message in a row; raises ``ValueError`` with the reason, which quotes nothing."""
        at = _time(row)
        mine = bool(number(row["is_from_me"]))
        place = self._store.chat(row["row"])
        chat = self._chats.get(place) if place is not None else None
        sender = Person("") if mine else self._sender(number(row["handle_id"]), chat)
        guid = words(row["guid"])
        attachments = _files(self._store.attachments(row["row"]))
        said, summary = _said(row, has_files=bool(attachments))
        text, kind = _content(row, said, summary, has_files=bool(attachments))
        if place == BIN:
            text, kind = "", "deleted"
        if kind == "media" and attachments and all(name.casefold().endswith(".vcf") for name in attachments):
            kind = "contact"
        gone, system = kind == "deleted", kind == "system"
        key, group = self._talk(chat, sender)
        thread = words(row["thread_originator_guid"])
        return Message(
            id=digest(PLATFORM, guid)
            if guid
            else digest(PLATFORM, key, str(row["date"]), sender.address, said),
            conversation=key,
            platform=PLATFORM,
            at=at,
            sender=Person("") if system else sender,
            direction="outbound" if mine and not system else "inbound",
            text=text,
            raw="" if gone else said,
            participants=self._members(chat) or ((sender,) if sender != Person("") else ()),
            group=group,
            content_type=kind,
            subject=None if gone else clean(words(row["subject"])) or None,
            reply_to=digest(PLATFORM, thread) if thread else None,
            attachments=() if gone else attachments,
            automatic=_is_automatic(row, text) or (not mine and not group and is_service(self._address(row))),
            forwarded=bool(number(row["is_forward"])),
            edited=summary.edited or bool(number(row["date_edited"]) and not gone),
            reactions=self._reactions(self._store.reactions(guid)),
        )

    def _address(self, row: Values) -> str:
        return self._named.get(number(row["handle_id"]), "")

    def _sender(self, handle: int, chat: Chat | None) -> Person:
        """Who wrote; of two people alone it is the other, also where the row has lost its handle."""
        if handle not in self._people and chat is not None and len(set(self._members(chat))) == 1:
            return self._members(chat)[0]
        return self._people.get(handle, Person(""))

    def _members(self, chat: Chat | None) -> tuple[Person, ...]:
        handles = chat.handles if chat is not None else ()
        people = dict.fromkeys(self._people.get(handle, Person("")) for handle in handles)
        return tuple(person for person in people if person != Person(""))[:LISTED]

    def _talk(self, chat: Chat | None, sender: Person) -> tuple[str, bool]:
        """What stands for the conversation, the same over SMS and iMessage, and whether it is a group."""
        if chat is None:
            return number_key(sender.address) or "nobody", False
        members = self._members(chat)
        group = len(members) > 1 or (chat.style == GROUP and len(members) != 1)
        if group or not members:
            return number_key(chat.identifier) or "nobody", group
        return number_key(members[0].address), False

    def _reactions(self, tapbacks: Sequence[Tapback]) -> tuple[Reaction, ...]:
        """What stands in the end: those taken back are gone."""
        self.answered += len(tapbacks)
        standing: dict[Reaction, None] = {}
        for one in tapbacks:
            kind = one.kind % 1000
            emoji = one.emoji or (_EMOJI[kind] if kind < len(_EMOJI) else "sticker")
            by = Person("") if one.mine else self._people.get(one.handle, Person(""))
            if one.kind >= _REMOVED:
                standing.pop(Reaction(emoji, by), None)
            else:
                standing[Reaction(emoji, by)] = None
        return tuple(standing)


def _people(handles: Sequence[tuple[int, str, str]]) -> tuple[dict[int, Person], dict[int, str]]:
    """One person for all handles the system put together: by the phone number, or else the first address.

    An address is a handle once for SMS and once for iMessage; both are one by themselves.
    """
    together: dict[str, list[str]] = {}
    for _, address, person in handles:
        together.setdefault(person, []).append(address)
    chief = {
        address: min(addresses, key=lambda one: ("@" in one, one))
        for person, addresses in together.items()
        if person
        for address in addresses
    }
    people = {}
    for row, address, _ in handles:
        first = chief.get(address, address)
        named = is_service(first) and not any(letter.isdigit() for letter in first)
        people[row] = Person("", "" if named else first)
    return people, {row: address for row, address, _ in handles}


def _time(row: Values) -> datetime:
    date = next(filter(None, (number(row[name]) for name in ("date", "date_delivered", "date_read"))), 0)
    if not date:
        raise ValueError("it has no date")
    return from_ms(EPOCH + (date // 1_000_000 if abs(date) > FINE else date * 1000))


def _said(row: Values, *, has_files: bool) -> tuple[str, Summary]:
    """The words as stored and what became of them; raises ``ValueError`` where they cannot be read."""
    blob, info = row["attributedBody"], row["message_summary_info"]
    said = words(row["text"]) or None
    if said is None and isinstance(blob, bytes):
        said = stream_text(blob)
    summary = NOTHING
    if isinstance(info, bytes):
        try:
            summary = summary_of(info)
        except ValueError:
            if said is None and not has_files:
                raise
    if summary.final is not None:
        said = summary.final
    lost = said is None and blob and not (has_files or summary.unsent or row["balloon_bundle_id"])
    if lost and not number(row["item_type"]):
        raise ValueError("its body holds no text that can be read")
    return said or "", summary


def _content(row: Values, said: str, summary: Summary, *, has_files: bool) -> tuple[str, ContentType]:
    """The words the sender typed, and what kind of message it is."""
    text = shown(said)
    if number(row["item_type"]):
        return "", "system"
    if summary.unsent or (number(row["date_retracted"]) and not text and not has_files):
        return "", "deleted"
    balloon = words(row["balloon_bundle_id"])
    if balloon and balloon != _LINKS:
        folded = balloon.casefold()
        return "", "poll" if "poll" in folded else "location" if "findmy" in folded else "media"
    if balloon and text and not re.search(r"\s", text):
        return text, "link"
    return text, "media" if has_files and not text else "text"


def _is_automatic(row: Values, text: str) -> bool:
    marks = ("is_auto_reply", "is_system_message", "is_service_message")
    return any(number(row[mark]) for mark in marks) or is_reaction(text)


def _files(names: Sequence[str]) -> tuple[str, ...]:
    """The files somebody sent; the previews of links are Messages' own."""
    last = (re.split(r"[/\\]", name)[-1] for name in names)
    return tuple(name for name in last if name and not name.endswith(".pluginPayloadAttachment"))
