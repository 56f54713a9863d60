"""What Discord's exports have in common: ids, names, how a text refers to people. It reads no file."""

import re
from collections.abc import Mapping
from typing import Final

from ipse.records import Person
from ipse.sources.reading.records import digest
from ipse.sources.reading.texts import clean

__all__ = ["bare_url", "handle", "known_as", "mark", "typed"]

_MARKUP: Final = re.compile(r"<(?:@!?(?P<user>\d+)|a?(?P<emoji>:\w+:)\d+)>")
_DELETED: Final = re.compile(r"Deleted User(?: [0-9a-f]+)?|Unknown(?: Participant)?", re.IGNORECASE)


def mark(message: object) -> str:
    """The id of a message, by its number: one count over all channels, and the same in both exports."""
    return digest("discord", str(message))


def handle(name: str, discriminator: object) -> str:
    """What people are found by: the name alone since 2023, before with four digits."""
    digits = str(discriminator or "")
    return f"{name}#{digits}" if name and digits.strip("0") else name


def known_as(name: str, address: str) -> Person:
    """Somebody, who has no name if they left Discord."""
    name, address = clean(name), clean(address)
    if _DELETED.fullmatch(name) or name.startswith("deleted_user_"):
        return Person("", address if address.startswith("deleted_user_") else "")
    return Person(name, address)


def typed(text: str, people: Mapping[str, Person]) -> str:
    """The text as it was typed: with names and words in place of the numbers of people and emoji."""

    def written(match: re.Match[str]) -> str:
        person = people.get(match["user"])
        return match["emoji"] or f"@{(person and (person.name or person.address)) or match['user']}"

    return clean(_MARKUP.sub(written, text) if "<" in text else text)


def bare_url(url: str) -> str:
    """Without the signature that opens the file for whoever holds it."""
    return url.split("?", 1)[0]
