"""Chats with a clone, kept in the vault: what was said, by which model, and what of one's past it rests on.

A session is a sealed document that goes with the model that spoke in it, with the sources that learned from
and with whoever it mentions. What the voice is told are its last messages; a reset begins anew and keeps
what was said. Nothing here can send anything.
"""

import re
import secrets
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

from ipse.errors import NotFoundError
from ipse.pipeline.answering import LABEL, Clone, Lend
from ipse.pipeline.derived import Origin, get_made, keep_made
from ipse.pipeline.voicing import Shared
from ipse.pipeline.workspace import Workspace
from ipse.privacy.operators import PLACEHOLDER
from ipse.records import Turn
from ipse.registry import ModelCard, Registry
from ipse.vault.documents import Change
from ipse.voices.retrieval import RetrievalVoice

__all__ = [
    "CONTEXT",
    "MAIN",
    "Conversation",
    "Exchange",
    "Said",
    "Session",
    "Summary",
    "Why",
    "answer_with_before",
    "delete",
    "history",
    "read",
    "reset",
    "sessions",
    "turns",
    "why",
]

KIND: Final = "session"
MAIN: Final = "main"
CONTEXT: Final = 10  # messages that the voice is told
FULL: Final = 200  # messages in a document; then the older half moves to one of its own
TITLE: Final = 60
NEAREST: Final = 3
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
    """A chat. ``begin`` is the id of the message that the context begins with; ``parts`` hold older ones."""

    id: str
    made_at: datetime
    contact: str | None = None
    said: tuple[Said, ...] = ()
    begin: str = ""
    parts: int = 0
    models: tuple[str, ...] = ()
    about: tuple[str, ...] = ()


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A chat in a list."""

    id: str
    title: str
    made_at: datetime
    last_at: datetime
    messages: int
    contact: str | None = None


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """Something said before: what it answered, what the owner said, how like it is (up to 1), and where."""

    context: str
    reply: str
    similarity: float
    platform: str


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """Why an answer: who gave it, and what of the owner's past is nearest to what was asked."""

    message: str
    model: str
    method: str
    dataset: str
    label: str
    fallback: str | None
    nearest: tuple[Exchange, ...]


def sessions(workspace: Workspace) -> list[Summary]:
    """Every chat, the one with the newest message first; noted in the audit log."""
    workspace.vault.note("session.list", {})
    found = [_held(workspace, name) for name in workspace.vault.ids(KIND) if "." not in name]
    return sorted((_summary(one) for one in found), key=lambda one: one.last_at, reverse=True)


def read(workspace: Workspace, name: str = MAIN) -> Session:
    """A chat with its newest messages, empty where nothing was said yet; ``NotFoundError`` for another."""
    held = _find(workspace, name)
    if held is None and name != MAIN:
        raise _missing(name)
    return held or Session(id=name, made_at=datetime.now(UTC))


def history(workspace: Workspace, name: str = MAIN) -> list[Said]:
    """Everything that was said in a chat, oldest first; noted in the audit log."""
    workspace.vault.note("session.read", {"session": name})
    session = read(workspace, name)
    older = [_held(workspace, f"{name}.{part}") for part in range(session.parts)]
    found = {one.id: one for part in (*older, session) for one in part.said}
    return list(found.values())


def reset(workspace: Workspace, name: str = MAIN) -> Session:
    """Begin anew: what was said stays and is told to the voice no more."""
    with workspace.vault.exclusive():
        session = read(workspace, name)
        if not session.said:
            return session
        fresh = msgspec.structs.replace(session, begin=session.said[-1].id)
        _keep(workspace, fresh, Change("session.reset", {"session": name}))
    return fresh


def delete(workspace: Workspace, name: str) -> None:
    """Delete a chat and destroy its keys; raises ``NotFoundError``."""
    session = _find(workspace, name)
    if session is None:
        raise _missing(name)
    for one in (*(f"{name}.{part}" for part in range(session.parts)), name):
        if workspace.vault.find(KIND, one) is not None:
            workspace.vault.remove(KIND, one, action="session.remove", details={"session": one})


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


def answer_with_before(workspace: Workspace, name: str, message: str) -> tuple[list[Turn], Said]:
    """The turns that lead to an answer of a chat, it the last, and the answer; raises ``NotFoundError``."""
    said = history(workspace, name)
    at = next((n for n, one in enumerate(said) if one.id == message and one.who == "clone"), None)
    if at is None:
        raise NotFoundError(f"There is no answer `{message[:80]}`.", hint="See the chat's history.")
    answer = said[at]
    before = Session(id=name, made_at=answer.at, said=tuple(said[max(0, at - CONTEXT) : at]))
    return [*turns(before), Turn("owner", "me", answer.text)], answer


def why(workspace: Workspace, name: str, message: str, shared: Shared | None = None) -> Why:
    """What an answer rests on: its model, and the owner's own past replies in the likest situations.

    Raises ``NotFoundError`` for a message that no clone said, and what loading a voice raises.
    """
    (*before, _), answer = answer_with_before(workspace, name, message)
    voice = _recalling(workspace, answer, shared or Shared())
    found = voice.nearest(before, NEAREST) if voice else []
    roster = workspace.roster()
    return Why(
        message=message, model=answer.model, method=answer.method, dataset=answer.dataset,
        label=answer.label, fallback=answer.fallback,
        nearest=tuple(
            Exchange(
                context=roster.restore(one.context), reply=roster.restore(one.reply),
                similarity=round(one.similarity, 3), platform=one.platform,
            )
            for one in found
        ),
    )  # fmt: skip


class Conversation:
    """A clone in a chat of this vault: a message is kept before its answer begins, and the answer after."""

    def __init__(
        self,
        workspace: Workspace,
        name: str = MAIN,
        *,
        contact: str | None = None,
        model: str = "champion",
        shared: Shared | None = None,
        lend: Lend | None = None,
    ) -> None:
        self.name = name
        self.clone = Clone(workspace, contact=contact, model=model, shared=shared, lend=lend)
        self.answered: Said | None = None
        self._shared = shared or Shared()

    def stream(self, text: str) -> Iterator[str]:
        """Yield the answer piece by piece. What was asked is kept before the first, with the audit row.

        What was said is kept however it ends; :attr:`answered` is it.
        """
        clone, heard = self.clone, list[str]()
        asked = clone.asked(text)
        mine = Said(id=_id(), who="you", text=asked.text, shown=text, at=datetime.now(UTC))

        def begin(workspace: Workspace, details: Mapping[str, object]) -> None:
            self._add(workspace, mine, Change("answer", {**details, "session": self.name}))

        clone.noting = begin
        with clone.lend() as workspace:
            before = turns(self._session(workspace))
        try:
            for piece in clone.going_on([*before[1 - CONTEXT :], asked], text):
                heard.append(piece)
                yield piece
        except GeneratorExit:  # whoever asked has gone; what it may not say any more is not kept
            self._end("".join(heard), whole=False)
            raise
        self._end("".join(heard), whole=True)

    def _end(self, shown: str, *, whole: bool) -> None:
        clone, card = self.clone, self.clone.card
        self.answered = Said(
            id=_id(), who="clone", text="".join(clone.heard), shown=shown, at=datetime.now(UTC),
            model=card.id, method=card.method, dataset=card.dataset, label=LABEL, fallback=clone.fallback,
            stopped=not whole,
        )  # fmt: skip
        if shown:
            with clone.lend() as workspace:
                change = Change("session.keep", {"session": self.name, "model": card.id})
                self._add(workspace, self.answered, change)

    def _session(self, workspace: Workspace) -> Session:
        held = _find(workspace, self.name)
        return held or Session(id=self.name, made_at=datetime.now(UTC), contact=self.clone.contact)

    def _add(self, workspace: Workspace, one: Said, change: Change) -> None:
        with workspace.vault.exclusive():
            card, tokens = self.clone.card, set(PLACEHOLDER.findall(one.text)) - {"ME"}
            self._shared.check(workspace, card)  # an erasure may have gone by that would not reach this
            session = _parted(workspace, self._session(workspace))
            people = {*session.about, *tokens, *([self.clone.contact] if self.clone.contact else [])}
            _keep(
                workspace,
                msgspec.structs.replace(
                    session, said=(*session.said, one), contact=self.clone.contact,
                    models=tuple(dict.fromkeys((*session.models, card.id))), about=tuple(sorted(people)),
                ),
                change,
            )  # fmt: skip


def _parted(workspace: Workspace, session: Session) -> Session:
    """With the older half in a document of its own, where it has become long; that is written first."""
    if len(session.said) < FULL:
        return session
    cut = FULL // 2
    name = f"{session.id}.{session.parts}"
    part = msgspec.structs.replace(session, id=name, said=session.said[:cut], parts=0)
    _keep(workspace, part, Change("session.part", {"session": name}))
    return msgspec.structs.replace(session, said=session.said[cut:], parts=session.parts + 1)


def _keep(workspace: Workspace, session: Session, change: Change) -> None:
    sources = {
        source
        for name in session.models
        if (card := _card(workspace, name)) is not None
        for source in card.consents
    }
    origin = Origin(
        sources=frozenset(sources) if not session.about else frozenset(),
        about=frozenset(session.about),
        documents=frozenset(("model", name) for name in session.models),
    )
    keep_made(
        workspace,
        (KIND, session.id),
        msgspec.msgpack.encode(session),
        origin,
        at=session.made_at,
        change=change,
    )


def _card(workspace: Workspace, name: str) -> ModelCard | None:
    held = workspace.vault.find("model", name)
    return msgspec.json.decode(held, type=ModelCard) if held is not None else None


def _recalling(workspace: Workspace, answer: Said, shared: Shared) -> RetrievalVoice | None:
    """The voice that recalls, of the dataset that the answer's model learned from."""
    cards = [card for card in Registry(workspace.vault).cards() if card.dataset == answer.dataset]
    for card in sorted(cards, key=lambda one: one.id != answer.model):
        if card.method == "retrieval":
            voice = shared.load(workspace, card.id)[1]
            return voice if isinstance(voice, RetrievalVoice) else None
    return None


def _find(workspace: Workspace, name: str) -> Session | None:
    if not SHORTEST.fullmatch(name) or workspace.vault.find(KIND, name) is None:
        return None
    return _held(workspace, name)


def _held(workspace: Workspace, name: str) -> Session:
    return msgspec.msgpack.decode(get_made(workspace, (KIND, name)), type=Session)


def _summary(session: Session) -> Summary:
    first = next((one.shown for one in session.said if one.who == "you"), "")
    return Summary(
        id=session.id, title=" ".join(first.split())[:TITLE], made_at=session.made_at,
        last_at=session.said[-1].at if session.said else session.made_at,
        messages=session.parts * (FULL // 2) + len(session.said), contact=session.contact,
    )  # fmt: skip


def _missing(name: str) -> NotFoundError:
    return NotFoundError(f"There is no chat `{name}`.", hint="See the list of chats.")


def _id() -> str:
    return secrets.token_hex(8)
