"""Chats with a clone, kept in the vault: what was said, by which model, and what of one's past it rests on.

A session is a sealed document that goes with the model that spoke in it, with the sources that learned from
and with whoever it mentions. What the voice is told are its last messages; a reset begins anew and keeps
what was said. Nothing here can send anything.
"""

import secrets
from collections.abc import Generator, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec

from ipse.errors import LearnerError, NotFoundError
from ipse.pipeline.answering import LABEL, Clone
from ipse.pipeline.sessions import (
    CONTEXT,
    KIND,
    MAIN,
    Book,
    Entry,
    Said,
    Session,
    find,
    missing,
    older,
    title,
    turns,
)
from ipse.pipeline.sessions import read as held
from ipse.pipeline.voicing import Shared
from ipse.pipeline.workspace import Workspace
from ipse.records import Turn
from ipse.registry import Registry
from ipse.vault.documents import Change
from ipse.voices.retrieval import RetrievalVoice

__all__ = [
    "Conversation",
    "Exchange",
    "Summary",
    "Why",
    "answer_with_before",
    "delete",
    "history",
    "read",
    "reset",
    "sessions",
    "why",
]

NEAREST: Final = 3


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
    found = [held(workspace, name) for name in workspace.vault.ids(KIND) if "." not in name]
    return sorted((_summary(one) for one in found), key=lambda one: one.last_at, reverse=True)


def read(workspace: Workspace, name: str = MAIN) -> Session:
    """A chat with its newest messages, empty where nothing was said yet; ``NotFoundError`` for another."""
    session = find(workspace, name)
    if session is None and name != MAIN:
        raise missing(name)
    return session or Session(id=name, made_at=datetime.now(UTC))


def history(workspace: Workspace, name: str = MAIN) -> list[Said]:
    """Everything that was said in a chat, oldest first; noted in the audit log."""
    workspace.vault.note("session.read", {"session": name})
    session = read(workspace, name)
    found = {one.id: one for part in (*older(workspace, session), session) for one in part.said}
    return list(found.values())


def reset(workspace: Workspace, name: str = MAIN) -> Session:
    """Begin anew: what was said stays and is told to the voice no more."""
    with workspace.vault.exclusive():
        session = read(workspace, name)
        if not session.said:
            return session
        fresh = msgspec.structs.replace(session, begin=session.said[-1].id)
        Book.of(workspace).put(workspace, [fresh], [Change("session.reset", {"session": name})])
    return fresh


def delete(workspace: Workspace, name: str) -> None:
    """Delete a chat and destroy its keys; raises ``NotFoundError``."""
    session = find(workspace, name)
    if session is None:
        raise missing(name)
    for one in (*(f"{name}.{part}" for part in range(session.parts)), name):
        if workspace.vault.find(KIND, one) is not None:
            workspace.vault.remove(KIND, one, action="session.remove", details={"session": one})


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
    """A clone in a chat of this vault.

    Of a :meth:`stream`, a message is kept before its answer begins, and the answer after. What comes as a
    whole is kept as a whole.
    """

    def __init__(
        self,
        workspace: Workspace,
        name: str = MAIN,
        *,
        contact: str | None = None,
        model: str = "champion",
        book: Book | None = None,
        by: str = "",
    ) -> None:
        self.name = name
        self.by = by
        self.book = book or Book.of(workspace)
        self.clone = Clone(
            workspace, contact=contact, model=model, shared=self.book.shared, lend=self.book.lend
        )
        self.answered: Said | None = None
        self.pieces: tuple[str, ...] = ()

    def stream(self, text: str) -> Iterator[str]:
        """Yield the answer piece by piece. What was asked is kept before the first, with the audit row.

        What was said is kept however it ends; :attr:`answered` is it.
        """
        heard = list[str]()
        mine, context = self._asked(text)
        self.clone.noting = lambda details: self.book.keep(self._entry((mine,), self._row(details)))
        try:
            for piece in self.clone.speak(context, text):
                heard.append(piece)
                yield piece
        except GeneratorExit:  # whoever asked has gone; what it may not say any more is not kept
            self._end("".join(heard), whole=False)
            raise
        self._end("".join(heard), whole=True)

    def reply(self, text: str) -> Entry:
        """The whole answer, to be kept by :attr:`book` before anybody is told; :attr:`answered` is it.

        :attr:`pieces` are what a :meth:`stream` would have yielded. Where the voice fails, what was asked is
        kept with its audit row.
        """
        steps = self.replying(text)
        while True:
            try:
                next(steps)
            except StopIteration as done:
                entry: Entry = done.value
                return entry

    def replying(self, text: str) -> Generator[None, None, Entry]:
        """:meth:`reply`, step by step; closed between two of them, it keeps what was said until then."""
        noted, heard = list[Mapping[str, object]](), list[str]()
        mine, context = self._asked(text)
        self.clone.noting = noted.append
        try:
            for piece in self.clone.speak(context, text):
                heard.append(piece)
                yield
        except GeneratorExit:
            self.book.keep(self._whole(mine, heard, noted, whole=False))
            raise
        except LearnerError:
            if noted:
                self.book.keep(self._entry((mine,), *map(self._row, noted)))
            raise
        return self._whole(mine, heard, noted)

    def _whole(
        self, mine: Said, heard: list[str], noted: list[Mapping[str, object]], *, whole: bool = True
    ) -> Entry:
        self.pieces = tuple(heard)
        shown = "".join(heard)
        self.answered = self._said(shown, whole=whole)
        rows = [*map(self._row, noted), self._kept()]
        return self._entry((mine, self.answered), *rows) if shown else self._entry((mine,), *rows[:-1])

    def _asked(self, text: str) -> tuple[Said, list[Turn]]:
        """What was asked, cleared, and what the voice is told, it the last; raises if it may not speak."""
        with self.book.moment() as workspace:
            asked = self.clone.asked(text)
            session = self.book.session(workspace, self.name)
            self.clone.check()
        before = turns(session)[1 - CONTEXT :] if session is not None else []
        mine = Said(id=_id(), who="you", text=asked.text, shown=text, at=datetime.now(UTC))
        return mine, [*before, asked]

    def _end(self, shown: str, *, whole: bool) -> None:
        self.answered = self._said(shown, whole=whole)
        if shown:
            self.book.keep(self._entry((self.answered,), self._kept()))

    def _said(self, shown: str, *, whole: bool) -> Said:
        clone, card = self.clone, self.clone.card
        return Said(
            id=_id(), who="clone", text="".join(clone.heard), shown=shown, at=datetime.now(UTC),
            model=card.id, method=card.method, dataset=card.dataset, label=LABEL, fallback=clone.fallback,
            stopped=not whole,
        )  # fmt: skip

    def _entry(self, said: tuple[Said, ...], *changes: Change) -> Entry:
        clone = self.clone
        return Entry(session=self.name, card=clone.card, contact=clone.contact, said=said, changes=changes)

    def _row(self, details: Mapping[str, object]) -> Change:
        who = {"by": self.by} if self.by else {}
        return Change("answer", {**who, **details, "session": self.name})

    def _kept(self) -> Change:
        return Change("session.keep", {"session": self.name, "model": self.clone.card.id})


def _recalling(workspace: Workspace, answer: Said, shared: Shared) -> RetrievalVoice | None:
    """The voice that recalls, of the dataset that the answer's model learned from."""
    cards = [card for card in Registry(workspace.vault).cards() if card.dataset == answer.dataset]
    for card in sorted(cards, key=lambda one: one.id != answer.model):
        if card.method == "retrieval":
            voice = shared.load(workspace, card.id)[1]
            return voice if isinstance(voice, RetrievalVoice) else None
    return None


def _first(session: Session) -> str:
    """What a chat of an older version is called: what was asked first, as far as it is at hand."""
    return title(next((one.shown for one in session.said if one.who == "you"), ""))


def _summary(session: Session) -> Summary:
    return Summary(
        id=session.id, title=session.title or _first(session), made_at=session.made_at,
        last_at=session.said[-1].at if session.said else session.made_at,
        messages=session.before + len(session.said), contact=session.contact,
    )  # fmt: skip


def _id() -> str:
    return secrets.token_hex(8)
