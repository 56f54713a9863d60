"""What a row of a backup says: who wrote what to whom. It does not know where rows come from."""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from ipse.records import ContentType, Direction, Message, Person
from ipse.sources.reading.numbers import is_service, number_key
from ipse.sources.reading.reacted import is_reaction
from ipse.sources.reading.records import digest
from ipse.sources.reading.texts import clean, repaired
from ipse.sources.reading.times import from_ms
from ipse.sources.sms.rows import Attributes

__all__ = ["PLATFORM", "message_of"]

PLATFORM: Final = "sms"

DRAFT: Final = "draft"
# What became of a message; 4 to 6 wait in the outbox, failed, or are queued: the owner did press send.
_STATES: Final[dict[str, str]] = {
    "1": "inbound",
    "2": "outbound",
    "3": DRAFT,
    "4": "outbound",
    "5": "outbound",
    "6": "outbound",
}
_BY_PDU: Final = {"132": "1", "130": "1", "128": "2"}  # m_type of an MMS, where msg_box is missing
_RECEIPTS: Final = {"134", "135", "136"}  # that it was delivered or read
_FROM, _SELF = "137", "insert-address-token"
_OTHERS: Final = {"130", "151"}  # copies and recipients; 129 are blind copies
_RCS: Final = "@rcs"
_CHARSETS: Final = {
    "4": "latin-1",
    "1000": "utf-16",
    "1013": "utf-16-be",
    "1014": "utf-16-le",
    "1015": "utf-16",
}
_SECONDS: Final = 100_000_000_000  # a larger number is ms: of seconds it would be the year 5138
_LISTED: Final = 200  # participants that a record names


class _Talk(NamedTuple):
    """With whom: the others in the conversation and what stands for it."""

    key: str
    people: tuple[Person, ...]
    group: bool


class _Said(NamedTuple):
    text: str
    raw: str
    attachments: tuple[str, ...]


def message_of(elements: Sequence[tuple[str, Attributes]]) -> Message:
    """The message in a row; raises ``ValueError`` with the reason, which quotes nothing."""
    name, row = elements[0]
    at = _time(row.get("date", ""))
    if name == "sms":
        box = row.get("type", "")
        said = _Said(clean(row.get("body", "")), row.get("body", ""), ())
    else:
        box = _real(row.get("msg_box")) or _BY_PDU.get(row.get("m_type", ""), "")
        said = _parts(elements)
    state = _STATES.get(box)
    if state is None:
        raise ValueError("it is neither received nor sent")
    direction: Direction = "outbound" if state == "outbound" else "inbound"
    addresses = [(part["address"], part.get("type", "")) for tag, part in elements if _is_address(tag, part)]
    talk = _talk(row, addresses, state)
    sender = _sender(talk, addresses) if state == "inbound" else Person("")
    receipt = row.get("m_type") in _RECEIPTS
    system = receipt or state == DRAFT
    service = state == "inbound" and not talk.group and not sender.name and is_service(_address(row))
    return Message(
        id=_id(row, talk.key, state, sender, said),
        conversation=talk.key,
        platform=PLATFORM,
        at=at,
        sender=Person("") if receipt else sender,
        direction="inbound" if system else direction,
        text=said.text,
        raw=said.raw,
        participants=talk.people,
        group=talk.group,
        content_type="system" if system else _kind(said, name),
        subject=_subject(row),
        attachments=said.attachments,
        automatic=system or service or is_reaction(said.text),
    )


def _real(value: str | None) -> str:
    """A value, where the phone's database had one."""
    return "" if value is None or value == "null" else value.strip()


def _address(row: Attributes) -> str:
    return _real(row.get("address"))


def _time(date: str) -> datetime:
    if not 0 < len(date) < 20 or not date.lstrip("-").isdecimal():
        raise ValueError("its date is no number")
    number = int(date)
    if number <= 0:
        raise ValueError("it has no date")
    return from_ms(number * 1000 if number < _SECONDS else number)


def _id(row: Attributes, key: str, state: str, sender: Person, said: _Said) -> str:
    """Dates are exact to the ms, or an MMS has a number of its own: what is equal in all of these is one."""
    number = _real(row.get("tr_id"))
    who = number_key(sender.address)
    return digest(PLATFORM, key, row["date"], state, who, said.text, *said.attachments, number)


def _subject(row: Attributes) -> str | None:
    """What the sender wrote above a message; RCS keeps its own numbers there."""
    subject = repaired(_real(row.get("subject")) or _real(row.get("sub")))
    return None if not subject or subject.casefold().startswith("proto:") else clean(subject)


def _kind(said: _Said, name: str) -> ContentType:
    if said.text or (name == "sms" and not said.attachments):
        return "text"
    cards = [file.casefold().endswith((".vcf", "vcard")) for file in said.attachments]
    return "contact" if cards and all(cards) else "media"


# --- who ---


def _is_address(tag: str, part: Attributes) -> bool:
    return tag == "addr" and _real(part.get("address")) not in ("", _SELF)


def _talk(row: Attributes, addresses: Sequence[tuple[str, str]], state: str) -> _Talk:
    address = _address(row)
    several = [part.strip() for mark in "~;," if mark in address for part in address.split(mark)]
    reachable = all("@" in part or part == _SELF or any(map(str.isdigit, part)) for part in several)
    several = [part for part in several if part != _SELF] if reachable else []
    if address.startswith("group_") or _RCS in address:
        # The group has an address of its own; who is in it stands below.
        listed = {one for one, kind in addresses if kind in _OTHERS or (kind == _FROM and state == "inbound")}
        if any(kind == "130" for _, kind in addresses):  # then 151 is the owner's own number
            listed = {one for one, kind in addresses if kind in ("130", _FROM)}
        people = [Person("", one) for one in sorted(listed)]
        return _Talk(address.casefold(), tuple(people[:_LISTED]), group=True)
    if len({number_key(one) for one in several}) > 1:
        names = _names(row, len(several))
        people = [Person(name, one) for name, one in zip(names, several, strict=True)]
        key = "~".join(sorted({number_key(one) for one in several}))
        return _Talk(key, tuple(people[:_LISTED]), group=True)
    alone = several[0] if several else address
    person = _person(_contact(row), alone)
    key = number_key(alone) or person.name.casefold() or "nobody"
    return _Talk(key, (person,) if person != Person("") else (), group=False)


def _person(name: str, address: str) -> Person:
    """A name in place of a number is a company's; known as a person's, it would be replaced in every text."""
    named = bool(address) and is_service(address) and not any(letter.isdigit() for letter in address)
    return Person(name, "" if named else address)


def _contact(row: Attributes) -> str:
    name = _real(row.get("contact_name"))
    unknown = name.startswith("(") and name.endswith(")")  # "(Unknown)", in the phone's language
    return "" if unknown or number_key(name) == number_key(_address(row)) else clean(name)


def _names(row: Attributes, number: int) -> list[str]:
    """The names of a group's numbers; where they are not one for each, nobody can tell whose they are."""
    names = [name.strip() for name in _contact(row).split(",")]
    if len(names) != number:
        return [""] * number
    return ["" if name.startswith("(") else name for name in names]


def _sender(talk: _Talk, addresses: Sequence[tuple[str, str]]) -> Person:
    """Who sent it to the owner; of two people alone it is the other, whatever is written below."""
    if not talk.group:
        return talk.people[0] if talk.people else Person("")
    sent = next((one for one, kind in addresses if kind == _FROM), "")
    same = (person for person in talk.people if number_key(person.address) == number_key(sent))
    return next(same, _person("", sent)) if sent else Person("")


# --- parts ---


def _parts(elements: Sequence[tuple[str, Attributes]]) -> _Said:
    texts, files = [], []
    for tag, part in elements:
        if tag != "part":
            continue
        kind = part.get("ct", "").casefold()
        if kind == "text/plain":
            texts.append(_words(part))
        elif kind != "application/smil":
            names = (_real(part.get(field)) for field in ("cl", "fn", "name", "ct"))
            files.append(next(filter(None, names), "file"))
    raw = "\n".join(text for text in texts if text)
    return _Said(clean(raw), raw, tuple(files))


def _words(part: Attributes) -> str:
    """The text of a part, which some phones keep as a file."""
    text = part.get("text", "")
    if text not in ("", "null"):
        return text
    try:
        data = base64.b64decode(_real(part.get("data")), validate=True)
    except (binascii.Error, ValueError):
        return ""
    return data.decode(_CHARSETS.get(part.get("chset", ""), "utf-8"), "replace")
