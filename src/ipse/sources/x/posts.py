"""One post of an X archive, as its writer meant it: links expanded, entities unescaped, threads joined.

Facts: every number is a string; `created_at` is `Wed Oct 10 20:19:24 +0000 2018`; nothing but the text marks
a repost (`RT @`), which is cut at 140 characters; `retweeted` is always false
(tiffany352/twitter-archive-browser issue 16). Replies begin with the handles of those answered, which the app
puts there. A long post is cut in `tweets.js` and whole in `note-tweet.js`, which does not say which post it
belongs to.
"""

import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any, Final

import msgspec

from ipse.exports import ExportPath
from ipse.records import Message, Person, Unreadable
from ipse.sources.reading.records import digest
from ipse.sources.reading.texts import clean
from ipse.sources.reading.times import from_iso
from ipse.sources.x.files import Account, entries

__all__ = [
    "LONGEST",
    "Notes",
    "Post",
    "Threads",
    "moment",
    "note_message",
    "post_id",
    "post_in",
    "post_message",
    "posts_in",
]

LONGEST: Final = 1 << 18  # characters of a post; X allows 25,000
MOST: Final = 200  # people named with a message
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"
_STAMP = re.compile(r"\w{3} (\w{3}) (\d\d?) (\d\d?):(\d\d):(\d\d) ([+-]\d\d)(\d\d) ([12]\d{3})")
_HANDLES = re.compile(r"^(?:[.]?@\w{1,30}\s+)+")
_LINKS = re.compile(r"(?:https?://\S+(?:\s+|$))+")


class _Link(msgspec.Struct):
    url: str = ""
    expanded_url: str | None = None
    media_url_https: str | None = None


class _Name(msgspec.Struct):
    screen_name: str = ""
    name: str | None = None
    id_str: str | int = ""


class _Entities(msgspec.Struct):
    urls: list[_Link] = []
    media: list[_Link] = []
    user_mentions: list[_Name] = []


class Post(msgspec.Struct):
    """A post as the archive has it."""

    id_str: str | int = ""
    id: str | int = ""
    created_at: str = ""
    full_text: str | None = None
    text: str | None = None
    entities: _Entities | None = None
    extended_entities: _Entities | None = None
    in_reply_to_status_id_str: str | int | None = None
    in_reply_to_user_id_str: str | int | None = None
    in_reply_to_screen_name: str | None = None
    edit_info: dict[str, Any] | None = None

    @property
    def key(self) -> str:
        """Its number at X."""
        return str(self.id_str or self.id)

    @property
    def written(self) -> str:
        """The text as exported; ``text`` is what it was called before 2017."""
        return (self.full_text or self.text or "")[:LONGEST]

    @property
    def parent(self) -> str:
        """The number of the post answered, or nothing."""
        return str(self.in_reply_to_status_id_str or "")

    @property
    def media(self) -> tuple[_Link, ...]:
        """Pictures and films; the extended list holds all of them, the other one only the first."""
        for found in (self.extended_entities, self.entities):
            if found and found.media:
                return tuple(found.media)
        return ()

    @property
    def mentions(self) -> tuple[Person, ...]:
        """Those named with an @."""
        named = self.entities.user_mentions[:MOST] if self.entities else []
        return tuple(
            dict.fromkeys(
                Person(clean(one.name or ""), clean(one.screen_name)) for one in named if one.screen_name
            )
        )

    @property
    def links(self) -> tuple[str, ...]:
        """The addresses that its short links stand for."""
        return tuple(
            clean(one.expanded_url or one.url) for one in (self.entities.urls if self.entities else ())
        )

    @property
    def reposted(self) -> bool:
        """Whether it passes on what somebody else wrote."""
        return self.written.startswith("RT @")

    def words(self) -> str:
        """The text with links expanded, those of its own pictures taken out and entities unescaped."""
        text = self.written
        for one in self.media:
            text = text.replace(one.url, "") if one.url else text
        for one in self.entities.urls if self.entities else ():
            if one.url and one.expanded_url:
                text = text.replace(one.url, one.expanded_url)
        return clean(unescape(text))


def post_in(entry: object) -> Post:
    """The post of an entry, with or without the wrapper of before 2020; raises ``ValueError`` for none."""
    if isinstance(entry, dict):
        entry = entry.get("tweet", entry)
    post = msgspec.convert(entry, Post)
    if not post.key.isdecimal():
        raise ValueError("it has no number")
    return post


def moment(written: str) -> datetime:
    """When: as the old API wrote it, ISO 8601, or milliseconds since 1970."""
    if match := _STAMP.fullmatch(written.strip()):
        month, day, hour, minute, second, east, more, year = match.groups()
        number = _MONTHS.split().index(month) + 1  # ValueError where it is none
        at = datetime(int(year), number, int(day), int(hour), int(minute), int(second), tzinfo=UTC)
        return at - timedelta(hours=int(east), minutes=int(east[0] + more))
    if written.isdecimal() and len(written) < 15:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(written))
    return from_iso(written, UTC)


def post_id(key: str) -> str:
    """The id of the message that a post becomes."""
    return digest("x", "post", key)


def posts_in(files: Collection[ExportPath]) -> Iterator[tuple[ExportPath, Post | Unreadable]]:
    """Every post of some files."""
    for file in files:
        for entry in entries(file, "post"):
            if isinstance(entry, Unreadable):
                yield file, entry
                continue
            try:
                yield file, post_in(entry[1])
            except ValueError:
                yield file, Unreadable(file.label, f"post {entry[0] + 1}", "it lacks what a post has")


class Threads:
    """What a first pass over the posts learns: which answers which, and whom they mention.

    Only answers to the owner's own posts are held, so that a thread is one conversation: anybody else's posts
    are not in the archive. ``people`` are those mentioned by the number that direct messages know them by.
    """

    def __init__(self, files: Collection[ExportPath], owner: Account | None) -> None:
        self._above: dict[int, int] = {}
        self.people: dict[str, Person] = {}
        for _, post in posts_in(files):
            if isinstance(post, Unreadable):
                continue
            own = owner is None or str(post.in_reply_to_user_id_str or owner.id) == owner.id
            if own and post.parent.isdecimal():
                self._above[int(post.key[:20])] = int(post.parent[:20])
            for one in post.entities.user_mentions if post.entities else ():
                if one.screen_name:
                    self.people[str(one.id_str)] = Person(clean(one.name or ""), clean(one.screen_name))

    def root(self, post: Post) -> str:
        """The number of the first post of its thread that is known."""
        at = int((post.parent if post.parent.isdecimal() else post.key)[:20])
        while (above := self._above.get(at, at)) < at:  # numbers grow with time, so this ends
            at = above
        return str(at)


class Notes:
    """Long posts, to be found by how the cut post begins."""

    def __init__(self, found: Collection[ExportPath]) -> None:
        self.left: dict[str, dict[str, Any]] = {}
        self.unreadable: list[Unreadable] = []
        for file in found:
            for entry in entries(file, "note"):
                if isinstance(entry, Unreadable):
                    self.unreadable.append(entry)
                    continue
                note = entry[1].get("noteTweet", entry[1]) if isinstance(entry[1], dict) else None
                core = note.get("core") if isinstance(note, dict) else None
                text = core.get("text") if isinstance(core, dict) else None
                if isinstance(note, dict) and isinstance(text, str) and text.strip():
                    note = {**note, "text": clean(unescape(text[:LONGEST]))}
                    self.left[str(note.get("noteTweetId") or digest(text))] = note
                else:
                    self.unreadable.append(Unreadable(file.label, f"note {entry[0] + 1}", "it has no text"))
        self._by_start = {self._start(note["text"]): key for key, note in self.left.items()}

    @staticmethod
    def _start(text: str) -> str:
        return " ".join(text.split())[:80]

    def whole(self, post: Post, words: str) -> str | None:
        """The whole text of ``post`` where its words are the beginning of a note, which is then used up."""
        if len(words) < 200:  # X cuts at 274 or later
            return None
        key = self._by_start.get(self._start(words))
        note = self.left.get(key) if key else None
        if key is None or note is None:
            return None
        try:
            apart = abs(moment(str(note.get("createdAt", ""))) - moment(post.created_at))
        except (ValueError, OverflowError):
            return None
        if apart > timedelta(hours=1):
            return None
        del self.left[key]
        return str(note["text"])


def post_message(post: Post, owner: Person, threads: Threads, notes: Notes, *, deleted: bool) -> Message:
    """The message that a post is; raises ``ValueError`` where it has no readable time."""
    at = moment(post.created_at)
    root, raw, words = threads.root(post), clean(post.written), post.words()
    mentions = tuple(one for one in post.mentions if one.address.lower() != owner.address.lower())
    whole = None if deleted or post.reposted else notes.whole(post, words)
    text = whole or words
    if post.parent and not post.reposted:
        text = _HANDLES.sub("", text + " ").strip()
    participants = tuple(dict.fromkeys(one for one in (owner, *mentions) if one != Person("")))
    files = tuple(clean(one.media_url_https or one.url) for one in post.media)
    kind = "media" if files and not text else "link" if text and _LINKS.fullmatch(text) else "text"
    return Message(
        id=post_id(post.key),
        conversation=f"post {root}",
        platform="x",
        at=at,
        sender=owner,
        direction="outbound",
        text="" if deleted else text,
        raw="" if deleted else raw,
        participants=participants,
        group=len(participants) > 2,
        content_type="deleted" if deleted else kind,  # type: ignore[arg-type]
        reply_to=post_id(post.parent) if post.parent else None,
        attachments=() if deleted else files,
        forwarded=post.reposted,
        edited=_edited(post),
        mentions=() if deleted else mentions,
    )


def _edited(post: Post) -> bool:
    info = post.edit_info or {}
    first = info.get("initial")
    versions = first.get("editTweetIds") if isinstance(first, dict) else None
    return "edit" in info or (isinstance(versions, list) and len(versions) > 1)


def note_message(key: str, note: dict[str, Any], owner: Person) -> Message:
    """A long post whose short form is not in the archive."""
    text = str(note["text"])
    return Message(
        id=digest("x", "note", key),
        conversation=f"note {clean(key)}",
        platform="x",
        at=moment(str(note.get("createdAt", ""))),
        sender=owner,
        direction="outbound",
        text=text,
        raw=text,
        participants=(owner,) if owner != Person("") else (),
    )
