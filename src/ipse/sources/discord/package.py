"""Discord's own data package: what its owner wrote, a folder for each channel, as JSON or, before 2024, CSV.

The names of its folders are translated and have changed their case, so the folders are told by what is in
them. It does not hold what others wrote.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from datetime import UTC
from functools import cached_property
from itertools import islice
from typing import Any, Final, Self

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.records import Message, Person, Unreadable
from ipse.sources.discord.words import bare_url, handle, known_as, mark, typed
from ipse.sources.reading.jsons import decoded, objects
from ipse.sources.reading.times import from_iso

__all__ = ["Package"]

SIBLINGS: Final = 64  # folders looked into for those of the package, which has about ten
PEOPLE: Final = 200
SHORTEST: Final = 15  # digits of a number that can stand for somebody in a text
_CHANNEL: Final = re.compile(r"c?(\d{5,})")
_INDEX: Final = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*(?:"\d+"\s*:|\})')
# "Direct Message with ada#0", in any language; the old form may hold blanks.
_PARTNER: Final = re.compile(
    r"(?:Direct Message with (?P<all>.+)|(?:.*\s)?(?P<last>\S+))#(?P<digits>\d{1,4})"
)
_MENTION: Final = re.compile(r"<@!?(\d+)>")
_DIRECT: Final = ("DM", "1", "GROUP_DM", "3")
_COLUMNS: Final = ("ID", "Timestamp", "Contents", "Attachments")


class _Channel:
    """One folder: what channel.json says of it."""

    def __init__(self, folder: ExportPath, about: dict[str, Any]) -> None:
        self.folder = folder
        number = _CHANNEL.fullmatch(folder.name)
        self.id = str(about.get("id") or (number[1] if number else folder.name))
        self.kind = str(about.get("type"))
        recipients = about.get("recipients")
        self.recipients = [str(one) for one in recipients] if isinstance(recipients, list) else []
        guild = about.get("guild")
        where = guild.get("name") if isinstance(guild, dict) else None
        self.title = " in ".join(str(name) for name in (about.get("name"), where) if name)


class Package:
    """A package that was found."""

    def __init__(self, messages: ExportPath, user: ExportPath | None) -> None:
        self._messages, self._user = messages, user
        self._faults: list[Unreadable] = []
        self._people: dict[str, Person] = {}

    @classmethod
    def find(cls, root: ExportPath) -> Self | None:
        """The package whose root this is, or whose folder of messages."""
        if not root.is_dir():
            return None
        if _holds_messages(root):
            return cls(root, None)
        folders = [child for child in islice(root.iterdir(), SIBLINGS) if child.is_dir()]
        messages = next((folder for folder in folders if _holds_messages(folder)), None)
        users = (folder / "user.json" for folder in folders)
        return cls(messages, next((file for file in users if file.is_file()), None)) if messages else None

    @cached_property
    def owner(self) -> Person | None:
        """Whose package it is, if its account is with it."""
        return _person(self._account)

    @cached_property
    def _account(self) -> dict[str, Any]:
        return self._object(self._user) if self._user is not None else {}

    @property
    def _known(self) -> Iterator[tuple[str, Person]]:
        """The owner and their friends, by number."""
        friends = self._account.get("relationships")
        for one in ({"user": self._account}, *(friends if isinstance(friends, list) else [])):
            user = one.get("user") if isinstance(one, dict) else None
            if isinstance(user, dict) and (person := _person(user)) is not None:
                yield str(user["id"]), person

    def items(self) -> Iterator[Message | Unreadable]:
        """Every message, channel by channel, and every file that could not be read."""
        self._people = dict(self._known)
        titles = self._object(self._messages / "index.json")
        channels = [
            _Channel(folder, self._object(folder / "channel.json"))
            for folder in self._messages.iterdir()
            if folder.is_dir() and _CHANNEL.fullmatch(folder.name)
        ]
        for channel in channels:
            title = titles.get(channel.id)
            self._meet(channel, title if isinstance(title, str) else "")
        yield from self._faults
        for channel in channels:
            yield from self._channel(channel)

    def _object(self, file: ExportPath) -> dict[str, Any]:
        if not file.is_file():
            return {}
        try:
            return decoded(file, dict[str, Any])
        except SourceError:
            self._faults.append(Unreadable(file.label, "byte 0", "it is not the JSON expected"))
            return {}

    def _meet(self, channel: _Channel, title: str) -> None:
        """The index names the other one of a direct message, and what a channel is called."""
        others = [one for one in channel.recipients if one not in self._people]
        match = _PARTNER.fullmatch(title) if channel.kind in ("DM", "1") else None
        if match and len(others) == 1:
            name = match["all"] or match["last"]
            self._people[others[0]] = known_as(name, handle(name, match["digits"]))
        channel.title = "" if channel.kind in _DIRECT[:2] else channel.title or title

    def _channel(self, channel: _Channel) -> Iterator[Message | Unreadable]:
        met = [self._person(one) for one in channel.recipients[:PEOPLE]]
        if self.owner is not None:
            met.append(self.owner)
        people = _somebody(met)
        for file, position, row in _rows(channel.folder):
            if isinstance(row, Unreadable):
                yield row
                continue
            try:
                yield self._record(row, channel, people)
            except (ValueError, OverflowError):
                yield Unreadable(file.label, position, "it has no id, or no time that a calendar knows")

    def _record(self, row: dict[str, Any], channel: _Channel, people: tuple[Person, ...]) -> Message:
        number, stamp, said, files = map(row.get, _COLUMNS)
        if not isinstance(number, int | str) or not str(number).isdecimal() or not isinstance(stamp, str):
            raise ValueError("no id or no time")
        raw = said if isinstance(said, str) else ""
        text = typed(raw, self._people)
        attachments = tuple(map(bare_url, files.split())) if isinstance(files, str) else ()
        return Message(
            id=mark(number),
            conversation=channel.id,
            platform="discord",
            at=from_iso(stamp, UTC),
            sender=self.owner or Person(""),
            direction="outbound",
            text=text,
            raw=raw,
            participants=people,
            group=channel.kind not in _DIRECT[:2],
            subject=channel.title or None,
            content_type="text" if text else "media",
            attachments=attachments,
            mentions=_somebody(map(self._person, _MENTION.findall(raw))),
        )

    def _person(self, number: str) -> Person:
        return self._people.get(number) or Person("", number if len(number) >= SHORTEST else "")


def _somebody(people: Iterable[Person]) -> tuple[Person, ...]:
    return tuple(one for one in dict.fromkeys(people) if one.name or one.address)


def _person(user: dict[str, Any]) -> Person | None:
    name, shown = user.get("username"), user.get("global_name")
    if not isinstance(name, str) or not name or "id" not in user:
        return None
    shown = shown if isinstance(shown, str) and shown else name
    return known_as(shown, handle(name, user.get("discriminator")))


def _holds_messages(folder: ExportPath) -> bool:
    index = folder / "index.json"
    return (
        index.is_file()
        and bool(_INDEX.match(index.head))
        and any(
            _CHANNEL.fullmatch(child.name) and (child / "channel.json").is_file()
            for child in islice(folder.iterdir(), SIBLINGS)
        )
    )


def _rows(folder: ExportPath) -> Iterator[tuple[ExportPath, str, dict[str, Any] | Unreadable]]:
    """The rows of whichever file of messages there is; a channel may have none."""
    for file in folder.iterdir():
        if file.suffix == ".csv":
            for number, row in enumerate(_csv(file), 2):
                yield file, f"row {number}", row
        elif file.suffix == ".json" and file.name != "channel.json":
            for number, each in objects(file):
                yield file, f"message {number}", each


def _csv(file: ExportPath) -> Iterator[dict[str, Any] | Unreadable]:
    with io.TextIOWrapper(file.open(), "utf-8-sig", "replace", newline="") as text:
        reader = csv.reader(text)
        names: list[str] | None = None
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield Unreadable(file.label, f"line {reader.line_num}", "its quotes do not match")
                continue
            if names is None:
                names = cells
            elif cells:
                yield dict(zip(names, cells, strict=False))
