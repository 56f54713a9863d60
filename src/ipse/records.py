"""The records everything speaks, and the examples that learners see.

``Message`` and ``Event`` are the two families of :data:`Record`; readers yield ``Record | Unreadable``.
A ``Turn`` and an ``Example`` are what a dataset makes of messages. All are frozen; a transform returns a
new one (``msgspec.structs.replace``). None can be part of a cycle, so the garbage collector is spared looking
at those that an import makes by the million (``gc=False``). Nothing here knows a source, a name or a key.
"""

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

__all__ = [
    "ContentType",
    "Direction",
    "Event",
    "EventKind",
    "Example",
    "Message",
    "Person",
    "Reaction",
    "Record",
    "Reviewed",
    "Sample",
    "Turn",
    "Unreadable",
]

Direction = Literal["inbound", "outbound"]
ContentType = Literal["text", "media", "link", "location", "contact", "poll", "call", "deleted", "system"]
EventKind = Literal["state", "point", "metric"]


class Person(msgspec.Struct, frozen=True, gc=False):
    """Somebody in a record, as the export names them; behind the gate, their pseudonym.

    ``address`` is an e-mail address, a phone number or a handle, where the export has one.
    """

    name: str
    address: str = ""


class Reaction(msgspec.Struct, frozen=True, gc=False):
    """What somebody answered a message with instead of words; ``emoji`` as exported, or its name."""

    emoji: str
    by: Person = Person("")


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What somebody wrote.

    ``id`` and ``conversation`` come from the export or from its content, never from the position in the
    file, so the same message in two overlapping exports has one id. ``at`` is aware of its zone.
    ``text`` is what the sender wrote themself (quotes, signatures and export markers removed); ``raw`` is
    the body as exported and is dropped at the gate unless the owner keeps it. ``automatic`` marks what no
    person wrote to this person: bots, list mail, delivery reports. Only ``text`` content of the owner that
    is neither automatic nor forwarded ever counts as style. ``mentions`` are people named with an @;
    ``sender`` is ``Person("")`` where the export has no name, as for what a phone's owner sent.
    """

    id: str
    conversation: str
    platform: str
    at: datetime
    sender: Person
    text: str
    direction: Direction = "inbound"
    raw: str = ""
    participants: tuple[Person, ...] = ()
    group: bool = False
    content_type: ContentType = "text"
    subject: str | None = None
    reply_to: str | None = None
    account: str | None = None
    sender_domain: str | None = None
    attachments: tuple[str, ...] = ()
    lang: str | None = None
    automatic: bool = False
    forwarded: bool = False
    edited: bool = False
    reactions: tuple[Reaction, ...] = ()
    mentions: tuple[Person, ...] = ()


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the owner's machine or a sensor did.

    ``stream`` is which of several a source has, such as a bucket of ActivityWatch; most have one, ``""``.
    ``ts``, ``dur`` and ``rx`` are µs, the first and last since the epoch in UTC; ``tz`` is minutes east of
    UTC at that moment; ``rx`` is when *we* learned it; ``key`` makes sending the same event again harmless.
    """

    source: str
    kind: EventKind
    ts: int
    rx: int
    key: str
    dur: int = 0
    tz: int = 0
    data: dict[str, str | int | float | bool | None] = {}
    stream: str = ""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """What a collector saw: an event of it that is yet without source, key and the time we learned of it.

    ``ts`` None means now. A *state* seen again with the same data is the same state going on.
    """

    data: dict[str, str | int | float | bool | None]
    kind: EventKind = "state"
    stream: str = ""
    ts: int | None = None
    dur: int = 0


Record: TypeAlias = Message | Event


class Unreadable(msgspec.Struct, frozen=True):
    """A piece of an export that could not be read: counted and shown, never dropped in silence.

    ``position`` is ``line 12``, ``byte 4096``, ``row 7`` or a member of an archive; ``reason`` quotes no
    content, for it is printed and logged.
    """

    file: str
    position: str
    reason: str


class Turn(msgspec.Struct, frozen=True):
    """One or more messages of one speaker in a row, joined by newlines.

    ``speaker`` is ``me`` for the owner, else a pseudonym; groups keep their speakers apart.
    """

    role: Literal["owner", "partner"]
    speaker: str
    text: str


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A situation and what the owner said next: the unit of training and of judging.

    ``context`` is oldest first and never holds ``reply``. ``conversation`` is the unit that is never split
    between sets; ``contact`` is the pseudonym of the person or group answered. ``at`` is the reply's time.
    ``weight`` is what it counts in training beside others, 1 as a mean; ``origin`` is the id of the example
    whose context this one varies.
    """

    id: str
    conversation: str
    contact: str
    platform: str
    at: datetime
    context: tuple[Turn, ...]
    reply: str
    lang: str | None = None
    group: bool = False
    weight: float = 1.0
    origin: str | None = None


class Reviewed(msgspec.Struct, frozen=True, kw_only=True):
    """A draft of a clone and what the owner made of it: what preferences are learned from.

    ``final`` is what was sent where the draft was edited. ``about`` says whether a rejection was of the style
    or of the content.
    """

    id: str
    context: tuple[Turn, ...]
    draft: str
    verdict: Literal["approved", "edited", "rejected"]
    at: datetime
    final: str | None = None
    about: Literal["style", "content"] = "style"
