"""Whom and where the messages of Signal name: what a recipient is called, and what stays the same about it.

A recipient has a key that is the same in every export (its account id, number or group), so that a message
has one id whether it comes from a backup, from the app's own export or from a table. Knows no file.
"""

import re
from collections import OrderedDict
from collections.abc import Iterable
from hashlib import blake2b
from typing import Final, NamedTuple
from uuid import UUID

from ipse.records import Person
from ipse.sources.reading.records import digest
from ipse.sources.reading.texts import clean

__all__ = [
    "LINK",
    "MOST",
    "SELF",
    "Chat",
    "Ids",
    "Recipient",
    "aci_of",
    "called",
    "chosen",
    "group_key",
    "mentioned",
]

LINK: Final = re.compile(r"https?://\S+")  # a text that is nothing else
SELF: Final = "self"  # the key of the owner, whose account id not every export has
MOST: Final = 200  # participants named in a message
_RECENT: Final = 1 << 14  # ids among which equal ones are looked for
_OBJECT: Final = "\ufffc"  # stands in a text for a mention


class Recipient(NamedTuple):
    """Somebody or a group: the person, other names of theirs, the key, and whether it is a group."""

    key: str
    person: Person = Person("")
    others: tuple[Person, ...] = ()
    group: bool = False
    title: str = ""
    inner: str = ""  # the id of the group within its export
    automatic: bool = False  # Signal itself, not a person


class Chat(NamedTuple):
    """A conversation."""

    key: str
    group: bool = False
    title: str | None = None
    participants: tuple[Person, ...] = ()
    automatic: bool = False


def called(names: Iterable[str], number: str, username: str, aci: str) -> tuple[Person, tuple[Person, ...]]:
    """The person by the first of the names, and by the other ones.

    The address is the number, else the user name, else the account id, so the same in every message.
    """
    plain = list(dict.fromkeys(name for name in map(clean, names) if name))
    address = number or username or aci
    people = [Person(name, address) for name in plain] or [Person("", address)]
    return people[0], tuple(people[1:]) if address else ()


def chosen(given: str, family: str) -> str:
    """A name of two parts, either of which may be absent."""
    return " ".join(part for part in (clean(given), clean(family)) if part)


def aci_of(data: bytes) -> str:
    """An account id of 16 bytes as it is written elsewhere; empty for other bytes."""
    return str(UUID(bytes=data)) if len(data) == 16 else ""


def group_key(master: bytes, otherwise: str) -> str:
    """The key of a group; its master key opens it, so only a digest of that is given on."""
    return f"group {blake2b(master, digest_size=16).hexdigest()}" if master else f"group {otherwise}"


class Ids:
    """Makes ids: who wrote, when to the millisecond and where is what Signal itself knows a message by.

    Where that is not enough (the app's own lines may share a moment), equal ones are numbered.
    """

    def __init__(self) -> None:
        self._given: OrderedDict[str, int] = OrderedDict()

    @staticmethod
    def plain(chat: str, author: str, sent: int, kind: str = "message") -> str:
        """The id of the first such message, which is what a reply refers to."""
        return digest("signal", chat, author, str(sent), kind)

    def new(self, chat: str, author: str, sent: int, kind: str = "message") -> str:
        """The id of a message met now."""
        return self.numbered(self.plain(chat, author, sent, kind))

    def numbered(self, identity: str) -> str:
        """``identity``, or another one where it was given before."""
        times = self._given.pop(identity, 0) + 1
        self._given[identity] = times
        if len(self._given) > _RECENT:
            self._given.popitem(last=False)
        return identity if times == 1 else digest(identity, str(times))


def mentioned(text: str, ranges: Iterable[tuple[int, int, Person]]) -> tuple[str, tuple[Person, ...]]:
    """The text with each mention written out as ``@Name``, and who is mentioned.

    ``ranges`` are start and length in UTF-16 units. Whoever has no name stays an ``@``.
    """
    found = sorted(ranges, key=lambda one: one[0])
    if not found and _OBJECT not in text:
        return text, ()
    units, at, parts = text.encode("utf-16-le", "surrogatepass"), 0, []
    people: dict[Person, None] = {}
    for start, length, person in found:
        if start * 2 < at or length < 1 or start * 2 >= len(units):
            continue
        parts += [units[at : start * 2].decode("utf-16-le", "replace"), f"@{person.name}"]
        at = (start + length) * 2
        people[person] = None
    parts.append(units[at:].decode("utf-16-le", "replace"))
    whole = "".join(parts).replace(_OBJECT, "@")
    return whole, tuple(person for person in people if person.name or person.address)
