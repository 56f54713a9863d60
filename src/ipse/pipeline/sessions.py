"""Chats as they are kept: sealed documents that grow by what is said, many of them in one durable write.

A session's document holds its newest messages; older ones move to parts of a hundred each, so that what is
written for a message does not grow with the chat. What may be told is durable before it is told.
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

from ipse.errors import IpseError, NotFoundError
from ipse.pipeline.answering import Lend
from ipse.pipeline.derived import Origin, enveloped, get_made
from ipse.pipeline.voicing import Shared
from ipse.pipeline.watching import Watch
from ipse.pipeline.workspace import Workspace
from ipse.privacy.operators import PLACEHOLDER
from ipse.records import Turn
from ipse.registry import ModelCard
from ipse.vault.documents import Change, Put

__all__ = [
    "CONTEXT",
    "KIND",
    "MAIN",
    "Book",
    "Entry",
    "Said",
    "Session",
    "find",
    "missing",
    "older",
    "read",
    "title",
    "turns",
]

KIND: Final = "session"
MAIN: Final = "main"
CONTEXT: Final = 10  # messages that the voice is told
FULL: Final = 24  # messages in a session's own document; then the older half of them moves to a part
PART: Final = 100  # messages in a part
TITLE: Final = 60
REMEMBERED: Final = 256  # sessions that a book knows by heart
SHORTEST: Final = re.compile(r"[a-z0-9-]{1,40}")


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A message of a chat: ``text`` as the voice reads it, ``shown`` as it stands on the screen.

    ``stopped`` is one that was cut off; of what the clone said, the rest tells who spoke.
    """

    id: str
    who: Literal["you", "clone"]
    text: str
    shown: str
    at: datetime
    model: str = ""
    method: str = ""
    dataset: str = ""
    label: str = ""
    fallback: str | None = None
    stopped: bool = False


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A chat. ``begin`` is the id of the message that the context begins with; ``parts`` hold older ones.

    ``moved`` counts those; without it, each part holds a hundred.
    """

    id: str
    made_at: datetime
    contact: str | None = None
    title: str = ""
    said: tuple[Said, ...] = ()
    begin: str = ""
    parts: int = 0
    moved: int | None = None
    models: tuple[str, ...] = ()
    about: tuple[str, ...] = ()

    @property
    def before(self) -> int:
        """How many messages its parts hold."""
        return self.parts * PART if self.moved is None else self.moved


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What is said in a chat, who spoke, and what the audit log says of it: kept together."""

    session: str
    card: ModelCard
    contact: str | None
    said: tuple[Said, ...]
    changes: tuple[Change, ...]


def find(workspace: Workspace, name: str) -> Session | None:
    """A chat with its newest messages, or None."""
    if not SHORTEST.fullmatch(name) or workspace.vault.find(KIND, name) is None:
        return None
    return read(workspace, name)


def read(workspace: Workspace, name: str) -> Session:
    """A chat, or a part of one; raises ``VaultError``."""
    return msgspec.msgpack.decode(get_made(workspace, (KIND, name)), type=Session)


def older(workspace: Workspace, session: Session) -> list[Session]:
    """Its parts, oldest first."""
    return [read(workspace, f"{session.id}.{part}") for part in range(session.parts)]


def title(asked: str) -> str:
    """What a chat is called that began with this question."""
    return " ".join(asked.split())[:TITLE]


def missing(name: str) -> NotFoundError:
    """There is no such chat."""
    return NotFoundError(f"There is no chat `{name}`.", hint="See the list of chats.")


def turns(session: Session) -> list[Turn]:
    """What the voice is told of a chat: its last messages since the reset."""
    names = [one.id for one in session.said]
    first = names.index(session.begin) + 1 if session.begin in names else 0
    return [
        Turn("owner", "me", one.text)
        if one.who == "clone"
        else Turn("partner", session.contact or "partner", one.text)
        for one in session.said[first:][-CONTEXT:]
        if one.text
    ]


class Book:
    """Reads and writes the chats of a vault; with ``watch`` it knows the last ones by heart.

    ``lend`` gives a workspace for a moment, ``shared`` is what conversations ask for. This one writes at
    once, what it is given.
    """

    def __init__(self, lend: Lend, shared: Shared | None = None, watch: Watch | None = None) -> None:
        self.lend = lend
        self.shared = shared or Shared()
        self._watch = watch
        self._guard = threading.Lock()
        self._known: OrderedDict[str, Session] = OrderedDict()
        self._chats: object = None

    def moment(self) -> AbstractContextManager[Workspace]:
        """A workspace for several questions one after another, which wait for nobody."""
        return self.lend()

    @classmethod
    def of(cls, workspace: Workspace) -> "Book":
        """The one of a single conversation."""
        return cls(lambda: nullcontext(workspace))

    def keep(self, entry: Entry) -> None:
        """Keep it; durable when this returns. Raises what :class:`Shared` says of a model that may not."""
        with self.lend() as workspace:
            (error,) = self.write(workspace, [entry])
        if error is not None:
            raise error

    def session(self, workspace: Workspace, name: str) -> Session | None:
        """A chat as it is kept, or None."""
        chats = self._now()
        with self._guard:
            held = self._known.get(name)
        if held is not None:
            return held
        held = find(workspace, name)
        if held is not None and chats is not None:
            self._remember([held], chats)
        return held

    def write(self, workspace: Workspace, entries: Sequence[Entry]) -> list[IpseError | None]:
        """Keep all of them in one transaction; what became of each. Raises where nothing could be kept."""
        with workspace.vault.exclusive():
            grown: dict[str, Session] = {}
            parts: dict[str, Session] = {}
            changes: list[Change] = []
            found: list[IpseError | None] = []
            for entry in entries:
                try:
                    # Under the lock: an erasure may have gone by that would not reach what is kept now.
                    self.shared.check(workspace, entry.card)
                except IpseError as error:
                    found.append(error)
                    continue
                session = self._parted(workspace, self._grown(workspace, entry, grown), parts, changes)
                grown[entry.session] = session
                changes += entry.changes
                found.append(None)
            if grown:
                self.put(workspace, (*parts.values(), *grown.values()), changes)
        return found

    def put(self, workspace: Workspace, sessions: Iterable[Session], changes: Sequence[Change]) -> None:
        """Keep sessions and parts as they are now; hold the vault's lock since they were read."""
        held = list(sessions)
        puts = [Put(KIND, one.id, self._sealed(workspace, one)) for one in held]
        with self._writing(len(changes)):
            workspace.vault.put_all(puts, changes)
        chats = self._now()
        if chats is not None:
            self._remember([one for one in held if "." not in one.id], chats)

    def _grown(self, workspace: Workspace, entry: Entry, grown: dict[str, Session]) -> Session:
        session = grown.get(entry.session) or self.session(workspace, entry.session)
        session = session or Session(id=entry.session, made_at=datetime.now(UTC))
        tokens = {token for one in entry.said for token in PLACEHOLDER.findall(one.text)} - {"ME"}
        return msgspec.structs.replace(
            session,
            said=(*session.said, *entry.said),
            contact=entry.contact,
            title=session.title
            or title(next((one.shown for one in (*session.said, *entry.said) if one.who == "you"), "")),
            models=tuple(dict.fromkeys((*session.models, entry.card.id))),
            about=tuple(sorted({*session.about, *tokens, *([entry.contact] if entry.contact else [])})),
        )

    def _parted(
        self, workspace: Workspace, session: Session, parts: dict[str, Session], changes: list[Change]
    ) -> Session:
        """With the older half in a part, where it has become long."""
        while len(session.said) > FULL:
            last = f"{session.id}.{session.parts - 1}"
            part = parts.get(last)
            if part is None and session.parts and session.before < session.parts * PART:
                part = read(workspace, last)
            count = session.parts
            if part is None or len(part.said) >= PART:
                part = msgspec.structs.replace(session, id=f"{session.id}.{count}", said=(), parts=0, moved=0)
                changes.append(Change("session.part", {"session": part.id}))
                count += 1
            cut = min(FULL // 2, PART - len(part.said))
            parts[part.id] = msgspec.structs.replace(
                part, said=(*part.said, *session.said[:cut]), models=session.models, about=session.about
            )
            session = msgspec.structs.replace(
                session, said=session.said[cut:], parts=count, moved=session.before + cut
            )
        return session

    def _sealed(self, workspace: Workspace, session: Session) -> bytes:
        learned = (self.shared.sources(workspace, name) for name in session.models)
        origin = Origin(
            sources=frozenset().union(*learned) if not session.about else frozenset(),
            about=frozenset(session.about),
            documents=frozenset(("model", name) for name in session.models),
        )
        content = msgspec.msgpack.encode(session)
        return enveloped((KIND, session.id), content, origin, at=session.made_at)

    def _writing(self, rows: int) -> AbstractContextManager[None]:
        return self._watch.writing(rows) if self._watch is not None else nullcontext()

    def _now(self) -> object:
        """What chats were seen as of, having let go of what is older; None where nothing is remembered."""
        if self._watch is None:
            return None
        chats = self._watch.look().chats
        with self._guard:
            if chats is not self._chats:
                self._known.clear()
                self._chats = chats
        return chats

    def _remember(self, sessions: Iterable[Session], chats: object) -> None:
        with self._guard:
            if chats is not self._chats:
                return
            for one in sessions:
                self._known[one.id] = one
                self._known.move_to_end(one.id)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
