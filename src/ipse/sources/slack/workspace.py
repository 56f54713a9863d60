"""The files of a workspace's export: who is in it, its channels, and a file for each day of each.

Does not know who of them is the owner: an export is the whole workspace's.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.records import Message, Person, Unreadable
from ipse.sources.reading.jsons import decoded, objects
from ipse.sources.reading.texts import clean
from ipse.sources.slack.messages import Channel, Names, StrangeMessageError, record

__all__ = ["LISTS", "Workspace", "is_day", "person"]

LISTS: Final = {"channels.json": True, "groups.json": True, "mpims.json": True, "dms.json": False}
"""The lists of conversations, and whether those are of more than two."""
PEOPLE: Final = 200
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d\.json")


def is_day(file: ExportPath) -> bool:
    """Whether a file holds what was written on a day."""
    return bool(_DAY.fullmatch(file.name))


class Workspace:
    """An export as a whole."""

    def __init__(self, root: ExportPath) -> None:
        self._root = root
        self._names = Names({}, {})
        self._folders: dict[str, Channel] = {}

    def items(self) -> Iterator[Message | Unreadable]:
        """Every message, conversation by conversation, and every file that could not be read."""
        for user in self._list("users.json"):
            if isinstance(user, Unreadable):
                yield user
            elif isinstance(number := user.get("id"), str):
                self._names.people[number] = person(user, number)
        for name, group in LISTS.items():
            for about in self._list(name):
                if isinstance(about, Unreadable):
                    yield about
                elif isinstance(about.get("id"), str):
                    self._remember(about, group=group, named=name in ("channels.json", "groups.json"))
        for folder in self._root.iterdir():
            days = [file for file in folder.iterdir() if is_day(file)] if folder.is_dir() else []
            if days:
                # slackdump names folders by id, Slack by name; one that no list has is its own name.
                channel = self._folders.get(folder.name) or Channel(folder.name, folder.name, (), group=True)
                for day in days:
                    yield from self._day(day, channel)

    def _list(self, name: str) -> Iterator[dict[str, Any] | Unreadable]:
        file = self._root / name
        if not file.is_file():
            return
        try:
            for one in decoded(file, list[Any]):
                if isinstance(one, dict):
                    yield one
        except SourceError:
            yield Unreadable(file.label, "byte 0", "it is not the JSON expected")

    def _remember(self, about: dict[str, Any], *, group: bool, named: bool) -> None:
        number, name = about["id"], about.get("name")
        name = clean(name) if isinstance(name, str) else ""
        members = about.get("members")
        ids = [one for one in members if isinstance(one, str)] if isinstance(members, list) else []
        people = tuple(dict.fromkeys(self._names.person(one) for one in ids[:PEOPLE]))
        channel = Channel(number, name if named else "", people, group=group)
        self._names.channels[number] = name
        self._folders[number] = channel
        if name:
            self._folders.setdefault(name, channel)

    def _day(self, file: ExportPath, channel: Channel) -> Iterator[Message | Unreadable]:
        for number, row in objects(file):
            if isinstance(row, Unreadable):
                yield row
                continue
            try:
                yield record(row, channel, self._names)
            except StrangeMessageError as reason:
                yield Unreadable(file.label, f"message {number}", str(reason))


def person(user: dict[str, Any], number: str) -> Person:
    """A member by their full name, and by mail address or handle; a bot's name is nobody's."""
    profile = user.get("profile")
    profile = profile if isinstance(profile, dict) else {}
    if user.get("is_bot") is True or number == "USLACKBOT":
        return Person("", number)
    names = (profile.get("real_name"), user.get("real_name"), profile.get("display_name"), user.get("name"))
    addresses = (profile.get("email"), user.get("name"), number)
    return Person(_first(names), _first(addresses))


def _first(values: tuple[object, ...]) -> str:
    return next((text for value in values if isinstance(value, str) and (text := clean(value))), "")
