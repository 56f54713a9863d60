"""What DiscordChatExporter writes as JSON: one file for a channel, or several where it was told to part them.

It says who wrote what and leaves open whose export it is.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from itertools import islice
from typing import Any, Final

import msgspec

from ipse.exports import ExportPath
from ipse.records import ContentType, Message, Person, Reaction, Unreadable
from ipse.sources.discord.words import bare_url, handle, known_as, mark, typed
from ipse.sources.reading.jsons import objects
from ipse.sources.reading.times import from_iso

__all__ = ["header", "is_folder", "messages"]

PEOPLE: Final = 200
REACTIONS: Final = 200
_MESSAGES: Final = re.compile(rb'(?<!\\)"messages"\s*:\s*\[')
_AUTHORED: Final = ("Default", "Reply")


def header(file: ExportPath) -> dict[str, Any] | None:
    """What stands above the messages: the server and the channel; None if the file is no such export."""
    if file.suffix != ".json":
        return None
    head = file.head.removeprefix(b"\xef\xbb\xbf")
    found = _MESSAGES.search(head)
    if not found or b'"guild"' not in head[: found.start()]:
        return None
    try:
        about = msgspec.json.decode(head[: found.end()] + b"]}", type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    both = (about.get("guild"), about.get("channel"))
    return about if all(isinstance(one, dict) and one.get("id") for one in both) else None


def is_folder(folder: ExportPath) -> bool:
    """Whether a folder holds such files and nothing else but what was downloaded with them."""
    files = 0
    for child in folder.iterdir():
        if child.is_dir():
            if not child.name.endswith("_Files"):
                return False
        elif header(child) is None:
            return False
        else:
            files += 1
    return files > 0


def messages(files: Iterable[ExportPath]) -> Iterator[Message | Unreadable]:
    """Every message of the files; those of one channel are one conversation, however they were parted."""
    cast: dict[str, dict[Person, None]] = {}
    for file in files:
        about = header(file)
        if about is None:
            yield Unreadable(file.label, "byte 0", "it is no export of DiscordChatExporter")
            continue
        channel = _Channel(about, cast)
        for number, row in objects(file, "messages"):
            if isinstance(row, Unreadable):
                yield row
                continue
            try:
                yield channel.record(row)
            except ValueError:
                yield Unreadable(
                    file.label, f"message {number}", "it has no id, or no time that a calendar knows"
                )


class _Channel:
    """A channel: makes records of its messages, and remembers who was met in it."""

    def __init__(self, about: Mapping[str, Any], cast: dict[str, dict[Person, None]]) -> None:
        guild, channel = about["guild"], about["channel"]
        self._id = str(channel["id"])
        self._met = cast.setdefault(self._id, {})
        kind = str(channel.get("type"))
        self._group = kind not in ("DirectTextChat", "1")
        names = (channel.get("name"), guild.get("name"))
        self._title = None if kind.startswith("Direct") else " in ".join(str(name) for name in names if name)

    def record(self, row: Mapping[str, Any]) -> Message:
        """The record; raises ``ValueError`` where there is none."""
        number, stamp, kind = row.get("id"), row.get("timestamp"), row.get("type")
        if not isinstance(number, int | str) or not number or not isinstance(stamp, str):
            raise ValueError("no id or no time")
        at = from_iso(stamp, UTC)
        author = _person(row.get("author"))
        self._meet(author)
        mentioned = {str(one.get("id")): _person(one) for one in _dicts(row.get("mentions"))}
        forward = row.get("forwardedMessage")
        told = forward if isinstance(forward, dict) and not row.get("content") else row
        raw = told["content"] if isinstance(told.get("content"), str) else ""
        attachments = tuple(_files(told))
        content = _content(kind, raw)
        words = content not in ("system", "call")
        return Message(
            id=mark(number),
            conversation=self._id,
            platform="discord",
            at=at,
            sender=Person("") if content == "system" else author,
            text=typed(raw, mentioned) if words else "",
            raw=raw,
            participants=tuple(self._met),
            group=self._group,
            subject=self._title,
            content_type=content,
            attachments=attachments,
            reply_to=_answered(row) if kind == "Reply" else None,
            automatic=_flag(row.get("author"), "isBot"),
            forwarded=told is not row or isinstance(forward, dict),
            edited=bool(row.get("timestampEdited")),
            reactions=tuple(islice(_reactions(row), REACTIONS)),
            mentions=tuple(one for one in mentioned.values() if one.name or one.address),
        )

    def _meet(self, person: Person) -> None:
        if (person.name or person.address) and len(self._met) < PEOPLE:
            self._met[person] = None


def _content(kind: object, text: str) -> ContentType:
    if kind == "Call":
        return "call"
    if kind not in _AUTHORED:
        return "system"
    return "text" if text.strip() else "media"


def _dicts(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _flag(value: object, key: str) -> bool:
    return isinstance(value, dict) and value.get(key) is True


def _person(value: object) -> Person:
    if not isinstance(value, dict):
        return Person("")
    name, shown = value.get("name"), value.get("nickname")
    name = name if isinstance(name, str) else ""
    return known_as(
        shown if isinstance(shown, str) and shown else name, handle(name, value.get("discriminator"))
    )


def _files(told: Mapping[str, Any]) -> Iterator[str]:
    for one in (*_dicts(told.get("attachments")), *_dicts(told.get("stickers"))):
        name = one.get("fileName") or one.get("url") or one.get("name")
        if isinstance(name, str):
            yield bare_url(name)


def _answered(row: Mapping[str, Any]) -> str | None:
    reference = row.get("reference")
    number = reference.get("messageId") if isinstance(reference, dict) else None
    return mark(number) if number else None


def _reactions(row: Mapping[str, Any]) -> Iterator[Reaction]:
    """Older files say how many, newer ones also who."""
    for one in _dicts(row.get("reactions")):
        emoji = one.get("emoji")
        name = str(emoji.get("name") or emoji.get("code") or "")[:64] if isinstance(emoji, dict) else ""
        users = _dicts(one.get("users"))
        yield from (Reaction(name, _person(user)) for user in users)
        count = one.get("count")
        for _ in range(min(REACTIONS, count if isinstance(count, int) else 1) - len(users)):
            yield Reaction(name)
