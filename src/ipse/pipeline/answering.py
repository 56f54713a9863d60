"""A clone at work: the question goes in pseudonymized, the answer comes out with its label and provenance.

Only the pseudonym of the contact addressed and the owner's own are turned back into names; every other
person stays a placeholder, so an answer to one never names another. Nothing here can send anything.
"""

import hashlib
import re
import time
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

import msgspec

from ipse.errors import ConsentError, LearnerError, PrivacyError, RegistryError
from ipse.interfaces import AskingVoice, EngineVoice, LanguageVoice, RecallingVoice
from ipse.pipeline.learning import DEFAULT, LOOK_SECONDS
from ipse.pipeline.usable import check_usable
from ipse.pipeline.voicing import Shared, load_voice
from ipse.pipeline.workspace import Workspace
from ipse.privacy.roster import Roster
from ipse.records import Turn
from ipse.registry import ModelCard, Registry

__all__ = ["LABEL", "Answer", "Clone", "Lend", "Noting", "check_usable", "load_voice"]

Lend = Callable[[], AbstractContextManager[Workspace]]
"""Lends a workspace for a moment: an answer takes longer than anyone may keep one where many ask."""

Noting = Callable[[Mapping[str, object]], None]

LABEL = "AI-written by ipse in its owner's style; not reviewed, not sent"
HISTORY = 10  # turns of a chat that are remembered
PLACEHOLDER = re.compile(r"<[A-Z]*(?:_\d*)?$")  # the beginning of one at the end of what has come so far


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer with what must travel with it; ``ai_generated`` is never false.

    ``fallback`` says which model could not speak and why, where another spoke in its place. ``engine`` is
    what computed the words of a language model, ``slower`` why not the engine that is set or a faster one.
    """

    text: str
    model: str
    method: str
    dataset: str
    contact: str | None
    label: str = LABEL
    fallback: str | None = None
    engine: str | None = None
    slower: str | None = None
    ai_generated: bool = True


class Clone:
    """One conversation with a clone; it remembers the last turns.

    Where its voice cannot be loaded or fails before it said anything, the embedded voice speaks from then on,
    unless the settings forbid it; ``fallback`` says so.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        contact: str | None = None,
        model: str = "champion",
        shared: Shared | None = None,
        lend: Lend | None = None,
    ) -> None:
        self._shared = shared or Shared()
        self.lend: Lend = lend or (lambda: nullcontext(workspace))
        self.heard: list[str] = []
        """The pieces of the last answer, pseudonymized."""
        self.fallback: str | None = None
        try:
            self.card, self._voice = self._shared.load(workspace, model)
        except LearnerError as error:
            self.card = Registry(workspace.vault).card(model)
            self._fall_back(workspace, error)
        self._roster = self._shared.roster(workspace)
        self._contact = _known(self._roster, contact) if contact else None
        self._check(workspace)
        self._history: list[Turn] = []
        self._asked = 0
        self.noting: Noting = self._note
        """Writes the row of an answer before it begins."""

    @property
    def contact(self) -> str | None:
        """The pseudonym of who is answered, if anybody is named."""
        return self._contact

    @property
    def addressed(self) -> frozenset[str]:
        """The pseudonyms that are turned back into names: the owner's own and the contact's."""
        return frozenset(("me", self._contact) if self._contact else ("me",))

    @property
    def engine(self) -> str | None:
        """What computes the words, where several could."""
        return self._voice.engine if isinstance(self._voice, EngineVoice) else None

    @property
    def slower(self) -> str | None:
        """Why that is not the engine that is set, or not the faster one that is there."""
        return self._voice.slower if isinstance(self._voice, EngineVoice) else None

    def check(self) -> None:
        """Raise ``ConsentError``, ``PrivacyError`` or ``RegistryError`` if it may not speak any more."""
        with self.lend() as workspace:
            self._shared.check(workspace, self.card)
            self._check(workspace)

    @property
    def history(self) -> tuple[Turn, ...]:
        """What was said so far, pseudonymized, the last answer with it."""
        return tuple(self._history)

    def stream(self, text: str) -> Iterator[str]:
        """Yield the answer piece by piece; an audit row is written before the first.

        Raises like :meth:`check`, also in the midst of an answer.
        """
        self.check()
        yield from self._reply(self.asked(text), _fingerprint(text))

    def asked(self, text: str) -> Turn:
        """A question as it goes to the voice: through the gate."""
        with self.lend() as workspace:
            cleared = self._shared.cleared(workspace, self.card, self._roster, text)
        return Turn("partner", self._contact or "partner", cleared)

    def going_on(self, turns: Sequence[Turn], text: str) -> Generator[str, None, None]:
        """Stream the answer to ``text``, the last of ``turns``, after what was said before it."""
        self.check()
        yield from self.speak(turns, text)

    def speak(self, turns: Sequence[Turn], text: str) -> Generator[str, None, None]:
        """As :meth:`going_on`, by who looked a moment ago whether it may (:meth:`check`)."""
        self._history[:] = turns[:-1]
        self._asked = sum(turn.role == "owner" for turn in turns)
        yield from self._reply(turns[-1], _fingerprint(text))

    def reply(self, turns: Sequence[Turn]) -> str:
        """Answer the last turn of a conversation that is kept, as it was cleared then."""
        self.check()
        self._history[:] = turns[:-1]
        return "".join(self._reply(turns[-1], _fingerprint(turns[-1].text)))

    def confidence(self) -> float | None:
        """How sure the voice is of its last answer, comparable between answers, where it has a likelihood."""
        if not self._history or not isinstance(self._voice, LanguageVoice):
            return None
        *before, last = self._history
        return float(self._voice.likelihood(before[-HISTORY:], [last.text])[0])

    def _reply(self, asked: Turn, question: str) -> Iterator[str]:
        self._history.append(asked)
        self.heard = []
        pieces = self._while_allowed(self._spoken(question))
        yield from _restored(_heard(pieces, self.heard), self._roster, only=self.addressed)
        self._history.append(Turn("owner", "me", "".join(self.heard)))
        self._asked += 1

    def answer(self, text: str) -> Answer:
        """The whole answer, labelled."""
        return Answer(
            text="".join(self.stream(text)),
            model=self.card.id,
            method=self.card.method,
            dataset=self.card.dataset,
            contact=self._contact,
            fallback=self.fallback,
            engine=self.engine,
            slower=self.slower,
        )

    def reset(self) -> None:
        """Forget what was said so far."""
        self._history.clear()

    def _check(self, workspace: Workspace) -> None:
        if self._contact in self._shared.frozen(workspace, self._roster):
            raise PrivacyError(
                f"{self._contact} objected to being used.", hint="See `ipse contacts release`."
            )
        if isinstance(self._voice, RecallingVoice):
            self._voice.leave_out(self._shared.screen(workspace, self.card).bars)

    def _spoken(self, question: str) -> Iterator[str]:
        """What the voice says, or the embedded one where it fails before it said anything."""
        said = False
        try:
            for piece in self._said(question):
                said = True
                yield piece
        except LearnerError as error:
            if said:
                raise
            with self.lend() as workspace:
                self._fall_back(workspace, error)
                self._check(workspace)
            yield from self._said(question)

    def _note(self, details: Mapping[str, object]) -> None:
        with self.lend() as workspace:
            workspace.vault.note("answer", details)

    def _said(self, question: str) -> Iterator[str]:
        details: dict[str, object] = {
            "model": self.card.id, "contact": self._contact or "", "question": question,
        }  # fmt: skip
        if isinstance(self._voice, AskingVoice):
            details["server"] = self._voice.asks
        if self.fallback:
            details["fallback"] = self.fallback
        self.noting({**details, "label": LABEL})  # with nothing lent: it may wait for others' rows
        yield from self._voice.stream(self._history[-HISTORY:], contact=self._contact, seed=self._asked)

    def _fall_back(self, workspace: Workspace, error: LearnerError) -> None:
        """Speak with the embedded voice from now on; raises ``error`` where there is none that may."""
        failed, other = self.card, _understudy(workspace, self.card)
        if other is None:
            raise error
        self.card, self._voice = self._shared.load(workspace, other)
        self.fallback = (
            f"{failed.id} ({failed.method}) cannot speak: {error.message} {self.card.id} ({DEFAULT}) answers."
        )

    def _while_allowed(self, pieces: Iterable[str]) -> Iterator[str]:
        looked = time.monotonic()
        for piece in pieces:
            if time.monotonic() - looked >= LOOK_SECONDS:
                self.check()
                looked = time.monotonic()
            yield piece


def _understudy(workspace: Workspace, failed: ModelCard) -> str | None:
    """The embedded voice that may speak in place of a model: of the same dataset, or else the newest."""
    if not workspace.settings.voice.fallback or failed.method == DEFAULT:
        return None
    found = None
    for card in Registry(workspace.vault).cards():
        if card.method != DEFAULT:
            continue
        try:
            check_usable(workspace, card)
        except (ConsentError, PrivacyError):
            continue
        found = card.id
        if card.dataset == failed.dataset:
            break
    return found


def _known(roster: Roster, name: str) -> str:
    found = roster.find(name)
    if found is None:
        raise RegistryError(
            f"Nobody called `{name}` is known in this vault.", hint="Leave --contact out, or check it."
        )
    return found


def _fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _heard(pieces: Iterable[str], into: list[str]) -> Iterator[str]:
    for piece in pieces:
        into.append(piece)
        yield piece


def _restored(pieces: Iterable[str], roster: Roster, *, only: Collection[str]) -> Iterator[str]:
    """Put names back while streaming; holds back what may be the beginning of a placeholder."""
    held = ""
    for piece in pieces:
        held += piece
        begun = PLACEHOLDER.search(held)
        whole = held[: begun.start()] if begun else held
        held = held[len(whole) :]
        if whole:
            yield roster.restore(whole, only=only)
    if held:
        yield roster.restore(held, only=only)
