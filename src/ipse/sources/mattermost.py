"""Mattermost: the bulk export of a server, JSON lines alone or in the zip that `mmctl export` and `mmetl`
make.

Facts (docs.mattermost.com, bulk loading data format): the first line is the version; users and channels
come before posts; replies, reactions and files stand in the post they belong to; `create_at` is in ms; a
post has no id, and the server itself tells posts apart by channel, user and time. Some exports leave
`channel_members` of direct posts empty (mattermost issue 20448). Does not know who of the server's people
the owner is.
"""

import re
from collections.abc import Iterator
from typing import Any, Final, Literal

import msgspec

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions, Survey
from ipse.records import Message, Person, Reaction, Unreadable
from ipse.sources.reading.guides import guide
from ipse.sources.reading.jsons import lines
from ipse.sources.reading.records import digest, surveyed
from ipse.sources.reading.texts import clean
from ipse.sources.reading.times import from_ms

__all__ = ["Mattermost"]

MOST: Final = 200  # people named with a message
_LACKS: Final = "it lacks what a post has, or its time cannot be read"
REMEMBERED: Final = 10_000  # messages among which two of one moment are told apart
_FIRST = re.compile(rb'^(?:\xef\xbb\xbf)?\s*\{\s*"type"\s*:\s*"version"\s*,')
_OURS = re.compile(
    rb'"type"\s*:\s*"(?:role|scheme|emoji|team|channel|user|bot|post|direct_channel|direct_post)"'
)
_MENTION = re.compile(r"(?<![\w@/.])@([a-z0-9][a-z0-9._-]{0,63})", re.IGNORECASE)
_WEBHOOK: Final = ("from_webhook", "from_bot", "from_plugin", "override_username")


class _User(msgspec.Struct):
    username: str
    email: str | None = None
    nickname: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    teams: list[dict[str, Any]] | None = None


class _Reaction(msgspec.Struct):
    user: str | None = None
    emoji_name: str | None = None


class _File(msgspec.Struct):
    path: str | None = None


class _Post(msgspec.Struct):
    """A post, a direct post or a reply."""

    user: str
    create_at: int
    message: str | None = None
    team: str | None = None
    channel: str | None = None
    channel_members: list[str] | None = None
    type: str | None = None
    edit_at: int | None = None
    props: dict[str, Any] | None = None
    reactions: list[_Reaction] | None = None
    replies: list[Any] | None = None
    attachments: list[_File] | None = None


class Mattermost:
    """Reads bulk exports of a Mattermost server."""

    name = "mattermost"
    aliases: tuple[str, ...] = ("mattermost_jsonl", "mattermost_bulk", "mmetl")
    reads = "Mattermost bulk exports: .jsonl, or the zip it came in"
    general = False

    def guide(self) -> str:
        """How to get the export."""
        return guide(self.name)

    def recognizes(self, path: ExportPath) -> bool:
        """Tell by the first lines; a folder is an export as a zip or with the files beside."""
        if path.is_file():
            head = path.head
            return _FIRST.match(head) is not None and _OURS.search(head) is not None
        try:
            packed = path.name.lower().endswith(".zip") or (path / "data").is_dir()
            return path.is_dir() and packed and bool(_tables(path))
        except SourceError:
            return False

    def survey(self, path: ExportPath, options: ReadOptions) -> Survey:
        """Count who wrote how much."""
        return surveyed(self.read(path, options))

    def read(self, path: ExportPath, options: ReadOptions) -> Iterator[Message | Unreadable]:  # noqa: ARG002
        """Yield the posts in the order of the file, each followed by its replies."""
        tables = [path] if path.is_file() else _tables(path)
        if not tables:
            raise SourceError(
                f"{path.label}: there are no JSON lines of a Mattermost export in it.",
                hint="Import the zip or the .jsonl file.",
            )
        for table in tables:
            yield from _Server(table).messages()


def _tables(folder: ExportPath) -> list[ExportPath]:
    """The exports that lie in a folder, not below it."""
    found = (file for file in folder.iterdir() if file.suffix in (".jsonl", ".json", ".ndjson"))
    return [file for file in found if file.is_file() and _FIRST.match(file.head) and _OURS.search(file.head)]


class _Server:
    """One file: the people and channels met so far, and the posts."""

    def __init__(self, file: ExportPath) -> None:
        self.file = file
        self.people: dict[str, Person] = {}
        self.bots: set[str] = set()
        self.titles: dict[str, str] = {}
        self.members: dict[str, dict[Person, None]] = {}
        self.given: dict[str, str] = {}

    def messages(self) -> Iterator[Message | Unreadable]:
        for number, line in lines(self.file):
            if isinstance(line, Unreadable):
                yield line
                continue
            kind = line.get("type")
            held = line.get(kind) if isinstance(kind, str) else None
            try:
                if kind in ("post", "direct_post"):
                    yield from self._post(msgspec.convert(held, _Post), f"line {number}")
                elif isinstance(held, dict):
                    self._learn(str(kind), held)
            except ValueError:
                yield Unreadable(self.file.label, f"line {number}", _LACKS)

    def _learn(self, kind: str, held: dict[str, Any]) -> None:
        """Take in a user, a bot or a channel."""
        if kind == "user":
            user = msgspec.convert(held, _User)
            name = f"{user.first_name or ''} {user.last_name or ''}".strip() or user.nickname or ""
            person = Person(clean(name), clean(user.email or user.username))
            self.people[user.username] = person
            for team in user.teams or ():
                for channel in team.get("channels") or ():
                    if isinstance(channel, dict):
                        here = self.members.setdefault(f"{team.get('name')}/{channel.get('name')}", {})
                        here |= dict.fromkeys([person] if len(here) < MOST else ())
        elif kind == "bot":
            self.bots.add(str(held.get("username")))
        elif kind == "channel" and isinstance(held.get("display_name"), str):
            self.titles[f"{held.get('team')}/{held.get('name')}"] = clean(held["display_name"])

    def person(self, username: str) -> Person:
        """Who goes by a name on this server; one the export does not describe has only that."""
        return self.people.get(username) or Person("", clean(username))

    def _post(self, post: _Post, where: str) -> Iterator[Message | Unreadable]:
        if post.channel_members is not None:
            names = sorted({*post.channel_members, post.user})
            place = "dm " + " ".join(names)
            people = tuple(map(self.person, names[:MOST]))
            group = len(names) > 2
        else:
            place = f"{post.team or ''}/{post.channel or ''}"
            people = tuple(dict.fromkeys((self.person(post.user), *self.members.get(place, ()))))[:MOST]
            group = True
        root = self._message(post, clean(place), people, group=group, reply_to=None)
        yield root
        for number, reply in enumerate(post.replies or (), 1):
            try:
                answer = msgspec.convert(reply, _Post)
                yield self._message(answer, root.conversation, people, group=group, reply_to=root.id)
            except ValueError:
                yield Unreadable(self.file.label, f"{where}, reply {number}", _LACKS)

    def _message(
        self, post: _Post, place: str, people: tuple[Person, ...], *, group: bool, reply_to: str | None
    ) -> Message:
        """Raises ``ValueError`` where the time is none."""
        raw = clean(post.message or "")
        files = tuple(clean(file.path) for file in post.attachments or () if file.path)
        system = (post.type or "").startswith("system_")
        props = post.props or {}
        bot = post.user in self.bots or any(
            props.get(key) not in (None, False, "", "false") for key in _WEBHOOK
        )
        text = "" if system else raw
        return Message(
            id=self._id(place, post, raw),
            conversation=place,
            platform="mattermost",
            at=from_ms(post.create_at),
            sender=Person("") if system else self.person(post.user),
            text=text,
            raw=raw,
            participants=people,
            group=group,
            content_type="system" if system else _content(post, text, files),
            subject=self.titles.get(place),
            reply_to=reply_to,
            attachments=files,
            automatic=bot or (post.type or "").startswith(("custom_", "slack_attachment", "reminder")),
            edited=bool(post.edit_at),
            reactions=tuple(
                Reaction(clean(one.emoji_name), self.person(one.user or ""))
                for one in (post.reactions or ())[:MOST]
                if one.emoji_name
            ),
            mentions=() if system else self._mentioned(text),
        )

    def _mentioned(self, text: str) -> tuple[Person, ...]:
        """Those named with an @, by the name that stands in the text."""
        found = (name.rstrip(".-_").lower() for name in _MENTION.findall(text))
        return tuple(
            dict.fromkeys(Person(self.people[name].name, name) for name in found if name in self.people)
        )[:MOST]

    def _id(self, place: str, post: _Post, raw: str) -> str:
        """By channel, user and time, as the server does; what differs all the same is numbered."""
        parts = ("mattermost", place, clean(post.user), str(post.create_at))
        if len(self.given) > REMEMBERED:
            self.given.clear()
        for number in range(MOST):
            name = digest(*parts, str(number)) if number else digest(*parts)
            if self.given.setdefault(name, raw) == raw:
                return name
        return digest(*parts, raw)


def _content(post: _Post, text: str, files: tuple[str, ...]) -> Literal["text", "media", "call"]:
    if (post.type or "").startswith("custom_call"):
        return "call"
    return "media" if files and not text else "text"
