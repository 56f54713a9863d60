"""From what the files of a conversation hold to messages: who said what, what only looks as if said, ids."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from ipse.records import ContentType, Message, Person, Reaction, Unreadable
from ipse.sources.meta.entries import Entry, Head
from ipse.sources.meta.phrases import Names, phrases
from ipse.sources.reading.records import digest

__all__ = ["Conversation", "conversation_of"]

_MOST: Final = 200  # participants named in each record
_ROOT = re.compile(r"your_(?:instagram_activity|facebook_activity|activity_across_facebook)/")
_URL = re.compile(r"https?://\S+")
_BOTS: Final = ("Meta AI",)
_NUMBERED = re.compile(r".*_(\d{8,})")


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """What all messages of a conversation share. ``folder`` is where its own files lie in the export."""

    platform: str
    key: str
    folder: str
    participants: tuple[Person, ...]
    group: bool
    title: str
    names: Names

    def messages(self, entries: Iterator[Entry | Unreadable]) -> Iterator[Message | Unreadable]:
        """Of files that follow each other; what was said twice at one time is numbered."""
        stamp, given = "", dict[str, int]()
        for entry in entries:
            if isinstance(entry, Unreadable):
                yield entry
                continue
            if entry.stamp != stamp:
                stamp = entry.stamp
                given.clear()
            said = (entry.sender, entry.hint, entry.content)
            name = digest(self.platform, self.key, stamp, *said)
            times = given[name] = given.get(name, -1) + 1
            yield self._message(entry, digest(name, str(times)) if times else name)

    def _message(self, entry: Entry, identity: str) -> Message:
        kind, text = self._said(entry)
        files = tuple(filter(None, (_within(uri, self.folder) for uri in entry.files)))
        raw = "\n".join(filter(None, (entry.content, entry.about, entry.link)))
        unsaid = kind in ("system", "deleted")
        return Message(
            id=identity,
            conversation=self.key,
            platform=self.platform,
            at=entry.at,
            sender=Person("" if kind == "system" else entry.sender),
            text=text,
            raw="" if kind == "deleted" else raw,
            participants=self.participants,
            group=self.group,
            content_type=kind,
            subject=self.title if self.group and self.title else None,
            attachments=() if unsaid else files,
            automatic=kind in ("system", "call") or entry.sender in _BOTS,
            reactions=tuple(Reaction(emoji, Person(name)) for emoji, name in entry.reactions),
            mentions=self._mentions(text),
        )

    def _said(self, entry: Entry) -> tuple[ContentType, str]:
        """The kind of message, and what the sender wrote of it."""
        text = entry.content
        kind = entry.hint or phrases().kind(text, entry.sender, self.names)
        if kind == "unsent":
            return "deleted", ""
        if kind in ("system", "reaction"):
            return "system", text
        if kind == "call":
            return "call", ""
        sent = bool(entry.files or entry.lost)
        if kind in ("attachment", "location") or ((sent or entry.link) and phrases().stands_for_file(text)):
            text = ""
        if kind == "location":
            return "location", text
        if entry.link or _URL.fullmatch(text):
            return "link", text
        if text:
            return "text", text
        return ("media" if sent or kind == "attachment" else "deleted"), ""

    def _mentions(self, text: str) -> tuple[Person, ...]:
        if "@" not in text:
            return ()
        return tuple(person for person in self.participants if f"@{person.name}" in text)


def conversation_of(platform: str, heads: Sequence[Head], folder: str) -> Conversation:
    """The conversation whose files say ``heads`` of it and lie in ``folder``.

    It goes by the number at the end of its path, which stays when its people change their names; without a
    path by who is in it.
    """
    path = next((head.path for head in heads if head.path), "") or folder
    listed = dict.fromkeys(name for head in heads for name in head.participants)
    present = dict.fromkeys(name for head in heads for name in (*head.participants, *head.senders))
    people = [name for name in present if name]
    group = len(people) > 2 or any(head.group for head in heads)
    title = next((head.title for head in heads if head.title), "")
    encrypted = any(head.encrypted for head in heads)
    if encrypted:  # the number in it is the place in its export
        title = re.sub(r"_\d+$", "", title)
    numbered = _NUMBERED.fullmatch(path)
    among = ", ".join(sorted(name for name in (listed or present) if name))
    key = numbered[1] if numbered else path
    return Conversation(
        platform=platform,
        key=key or (f"{title}: {among}" if group and title else among or title),
        folder=path,
        participants=tuple(Person(name) for name in people[:_MOST]),
        group=group,
        title=title,
        names=Names(people),
    )


def _within(uri: str, folder: str) -> str:
    """The path of a file from the conversation's folder or the export's root; empty where it leads out."""
    if _URL.match(uri):
        return uri
    uri = uri.removeprefix("./")
    parts = uri.split("/")
    if ".." in parts or uri.startswith("/") or "\\" in uri or ":" in parts[0]:
        return ""
    if folder and folder in parts[:-1]:
        return "/".join(parts[parts.index(folder) + 1 :])
    return _ROOT.sub("", uri, count=1)
