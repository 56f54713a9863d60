"""One message of Slack, and the record it becomes. It knows no file."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final, NamedTuple

from ipse.records import ContentType, Message, Person, Reaction
from ipse.sources.reading.records import digest
from ipse.sources.reading.texts import clean
from ipse.sources.slack.words import block_text, mentioned, typed, without_tokens

__all__ = ["Channel", "Names", "StrangeMessageError", "record"]

REACTIONS: Final = 200
_STAMP: Final = re.compile(r"(\d{1,12})\.(\d{1,9})")
_AUTHORED: Final = frozenset(
    {"", "file_comment", "file_mention", "file_share", "me_message", "reply_broadcast", "thread_broadcast"}
)
_MACHINES: Final = frozenset({"bot_message", "slackbot_response"})
# Until 2018 Slack itself wrote what stood with a file: "<@U1|ada> uploaded a file: <url|a> and commented: …".
_GENERATED: Final = re.compile(r"<@\w+(?:\|[^>]*)?>(?:'s)? (?:uploaded|shared|mentioned|commented on)\b")


class StrangeMessageError(Exception):
    """Why there is no record of a message, in words that quote none of it."""


class Channel:
    """A conversation: who is in it, as far as the export says, and who was met in it."""

    def __init__(self, number: str, name: str, people: tuple[Person, ...], *, group: bool) -> None:
        self.id, self.name, self.people, self.group = number, name, people, group

    def meet(self, person: Person) -> None:
        """Remember somebody who wrote and is not (or no longer) a member."""
        if (person.name or person.address) and person not in self.people and len(self.people) < 200:
            self.people = (*self.people, person)


class Names(NamedTuple):
    """Who and what the ids in texts stand for."""

    people: dict[str, Person]
    channels: dict[str, str]

    def person(self, number: str) -> Person:
        """Who is known, or the id alone."""
        return self.people.get(number) or Person("", number)


def record(row: dict[str, Any], channel: Channel, names: Names) -> Message:
    """The record; raises ``StrangeMessageError`` where there is none."""
    stamp, at = _moment(row.get("ts"))
    kind = row.get("subtype")
    kind = kind if isinstance(kind, str) else ""
    content: ContentType = "text"
    if kind == "tombstone":
        content = "deleted"
    elif kind == "huddle_thread":
        content = "call"
    elif kind not in _AUTHORED and kind not in _MACHINES:
        content = "system"
    sender = Person("") if content in ("system", "deleted") else _sender(row, names)
    channel.meet(sender)
    markup, forwarded = _authored(row, kind)
    raw = without_tokens(markup)
    text = typed(markup, names.people, names.channels) if content == "text" else ""
    root = row.get("thread_ts")
    return Message(
        id=digest("slack", channel.id, stamp),
        conversation=channel.id,
        platform="slack",
        at=at,
        sender=sender,
        text=text,
        raw=raw,
        participants=channel.people,
        group=channel.group,
        subject=f"#{channel.name}" if channel.name else None,
        content_type="media" if content == "text" and not text else content,
        attachments=tuple(_files(row)),
        reply_to=digest("slack", channel.id, root) if isinstance(root, str) and root != stamp else None,
        automatic=kind in _MACHINES or bool(row.get("bot_id")) or row.get("user") == "USLACKBOT",
        forwarded=forwarded,
        edited=isinstance(row.get("edited"), dict),
        reactions=tuple(islice(_reactions(row, names), REACTIONS)),
        mentions=tuple(map(names.person, mentioned(markup))) if content == "text" else (),
    )


def _moment(value: object) -> tuple[str, datetime]:
    """The stamp, which is the id too: as text, for a float would lose its last digits."""
    stamp = f"{value:.6f}" if isinstance(value, float) else value
    match = _STAMP.fullmatch(stamp) if isinstance(stamp, str) else None
    if match is None:
        raise StrangeMessageError("it has no time")
    try:
        at = datetime.fromtimestamp(int(match[1]), UTC) + timedelta(
            microseconds=int(match[2][:6].ljust(6, "0"))
        )
    except (ValueError, OverflowError, OSError):
        raise StrangeMessageError("its time is none that a calendar knows") from None
    return match[0], at


def _sender(row: dict[str, Any], names: Names) -> Person:
    comment = row.get("comment")
    number = comment.get("user") if isinstance(comment, dict) else row.get("user") or row.get("bot_id")
    if not isinstance(number, str):
        return Person("")
    known = names.people.get(number)
    profile = row.get("user_profile")
    if known is None and isinstance(profile, dict):
        # Somebody of another workspace, in a channel that both share.
        shown = (profile.get("real_name"), profile.get("display_name"), profile.get("name"))
        name = next((clean(one) for one in shown if isinstance(one, str) and one), "")
        known = names.people[number] = Person(name, number)
    return known or Person("", number)


def _authored(row: dict[str, Any], kind: str) -> tuple[str, bool]:
    """What the sender wrote, in markup, and whether it is somebody else's words that they passed on."""
    text = row.get("text")
    text = text if isinstance(text, str) else ""
    if kind.startswith("file_"):
        file, comment = row.get("file"), row.get("comment")
        told = comment if isinstance(comment, dict) else None
        if told is None and isinstance(file, dict):
            told = file.get("initial_comment")
        if isinstance(told, dict) and isinstance(told.get("comment"), str):
            return told["comment"], False
        return ("" if isinstance(file, dict) or _GENERATED.match(text) else text), False
    if text.strip():
        return text, False
    if written := block_text(row.get("blocks")):
        return written, False
    for one in _dicts(row.get("attachments")):
        if one.get("is_share") is True and isinstance(one.get("text"), str):
            return one["text"], True
    return "", False


def _dicts(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _files(row: dict[str, Any]) -> Iterator[str]:
    """Names rather than addresses, for an address opens the file for whoever holds it."""
    for file in (*_dicts(row.get("files")), *_dicts([row.get("file")])):
        name = file.get("name") or file.get("title")
        if isinstance(name, str):
            yield without_tokens(clean(name))


def _reactions(row: dict[str, Any], names: Names) -> Iterator[Reaction]:
    for one in _dicts(row.get("reactions")):
        name, users = one.get("name"), one.get("users")
        for user in users if isinstance(users, list) else []:
            if isinstance(name, str) and isinstance(user, str):
                yield Reaction(name[:64], names.person(user))
