"""Voices, and what they need of the vault: anew each time, or kept warm for many conversations at once.

What is kept warm is looked at again as soon as the audit log tells of anything that could change it, and
every second in any case, for a consent may run out.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeVar, cast

import msgspec

from ipse import plugins
from ipse.interfaces import Voice
from ipse.pipeline import objections
from ipse.pipeline.clearing import Clearing
from ipse.pipeline.learning import LOOK_SECONDS
from ipse.pipeline.optimizing import files_of
from ipse.pipeline.special import Screen
from ipse.pipeline.usable import check_usable
from ipse.pipeline.watching import Seen
from ipse.pipeline.workspace import Workspace
from ipse.privacy.gate import Gate
from ipse.privacy.roster import Roster
from ipse.records import Message, Person
from ipse.registry import ModelCard, Registry
from ipse.voices.retrieval import RetrievalVoice

__all__ = ["Shared", "Warm", "load_voice"]

T = TypeVar("T")


def load_voice(workspace: Workspace, name: str) -> tuple[ModelCard, Voice]:
    """The voice of a model that may speak; raises ``ConsentError``, ``PrivacyError`` or ``RegistryError``."""
    registry = Registry(workspace.vault)
    card = registry.card(name)
    check_usable(workspace, card)
    workspace.vault.note("model.read", {"model": card.id})
    return card, plugins.speaking(card.method, files_of(workspace, card), workspace.settings)


class Shared:
    """What a conversation asks for; this one looks anew each time."""

    def load(self, workspace: Workspace, name: str) -> tuple[ModelCard, Voice]:
        """As :func:`load_voice`."""
        return load_voice(workspace, name)

    def check(self, workspace: Workspace, card: ModelCard) -> None:
        """As :func:`check_usable`; raises ``RegistryError`` too, for a model that went."""
        check_usable(workspace, Registry(workspace.vault).card(card.id))

    def screen(self, workspace: Workspace, card: ModelCard) -> Screen:
        """What of special categories may be said."""
        return Screen(workspace, card.consents)

    def sources(self, workspace: Workspace, model: str) -> frozenset[str]:
        """Which a model learned from; none for one that went."""
        held = workspace.vault.find("model", model)
        return frozenset(msgspec.json.decode(held, type=ModelCard).consents) if held else frozenset()

    def roster(self, workspace: Workspace) -> Roster:
        """Who is known."""
        return workspace.roster()

    def frozen(self, workspace: Workspace, roster: Roster) -> frozenset[str]:
        """Who objected."""
        return objections.frozen(workspace, roster)

    def cleared(self, workspace: Workspace, card: ModelCard, roster: Roster, text: str) -> str:
        """A question as the clone learned to read: through the gate, like everything else."""
        return _cleared(_gate(workspace, card, roster), next(iter(card.consents)), text)


class _Moment(threading.local):
    rights: object = None


class Warm(Shared):
    """Keeps all of that for many conversations in many threads; voices as long as their model is there."""

    def __init__(self, look: Callable[[], Seen]) -> None:
        self._look = look
        self._guard = threading.RLock()
        self._clearing = threading.Lock()
        self._rights: object = None
        self._moment = _Moment()
        self._known: dict[tuple[str, ...], tuple[float, object]] = {}
        self._voices: dict[str, Voice] = {}

    def load(self, workspace: Workspace, name: str) -> tuple[ModelCard, Voice]:
        """As :func:`load_voice`, from memory where it is there and may still speak."""
        card = self._held(("card", name), lambda: Registry(workspace.vault).card(name))
        with self._guard:
            voice = self._voices.get(card.artefact)
        if voice is not None:
            self.check(workspace, card)
            return card, voice
        with self._guard:  # once, however many ask at the same time
            if card.artefact not in self._voices:
                loaded = load_voice(workspace, card.id)
                self._voices[card.artefact] = loaded[1]
            return card, self._voices[card.artefact]

    def recalls(self, name: str) -> bool:
        """Whether that model is at hand and answers in a moment, by what was said before."""
        with self._guard:
            card = cast("tuple[float, ModelCard | None]", self._known.get(("card", name), (0.0, None)))[1]
            return card is not None and isinstance(self._voices.get(card.artefact), RetrievalVoice)

    def check(self, workspace: Workspace, card: ModelCard) -> None:
        """As :func:`check_usable`; lets go of a voice that may not speak."""

        def look() -> bool:
            try:
                super(Warm, self).check(workspace, card)
            except BaseException:
                self._voices.pop(card.artefact, None)
                raise
            return True

        self._held(("usable", card.id), look)

    def screen(self, workspace: Workspace, card: ModelCard) -> Screen:
        """What of special categories may be said."""
        return self._held(("screen", card.id), lambda: super(Warm, self).screen(workspace, card))

    def sources(self, workspace: Workspace, model: str) -> frozenset[str]:
        """Which a model learned from; none for one that went."""
        return self._held(("sources", model), lambda: super(Warm, self).sources(workspace, model))

    def roster(self, workspace: Workspace) -> Roster:
        """Who is known."""
        return self._held(("roster",), workspace.roster)

    def frozen(self, workspace: Workspace, roster: Roster) -> frozenset[str]:
        """Who objected."""
        return self._held(("frozen",), lambda: objections.frozen(workspace, roster))

    def cleared(self, workspace: Workspace, card: ModelCard, roster: Roster, text: str) -> str:
        """As of :class:`Shared`; one at a time, for the roster learns."""
        key = ("gate", card.id)
        of, gate = self._held(key, lambda: (roster, _gate(workspace, card, roster)))
        if of is not roster:  # one of them was looked at again before the other
            gate = _gate(workspace, card, roster)
            with self._guard:
                self._known[key] = time.monotonic(), (roster, gate)
        with self._clearing:
            return _cleared(gate, next(iter(card.consents)), text)

    @contextmanager
    def moment(self) -> Iterator[None]:
        """Look once for all that this thread asks meanwhile."""
        self._moment.rights = self._look().rights
        try:
            yield
        finally:
            self._moment.rights = None

    def forget(self) -> None:
        """Let go of everything."""
        with self._guard:
            self._known.clear()
            self._voices.clear()

    def _held(self, key: tuple[str, ...], make: Callable[[], T]) -> T:
        """What was found before, if nothing has happened since that could change it."""
        with self._guard:
            rights = self._moment.rights or self._look().rights
            if rights is not self._rights:
                self._known.clear()
                self._rights = rights
            at, found = self._known.get(key, (0.0, None))
            if not at or time.monotonic() - at >= LOOK_SECONDS:
                self._known.pop(key, None)
                found = make()
                self._known[key] = (time.monotonic(), found)
            return cast("T", found)


def _gate(workspace: Workspace, card: ModelCard, roster: Roster) -> Gate:
    permit = workspace.permit(next(iter(card.consents)), "archive")
    return Clearing(workspace, roster).gate(permit)


def _cleared(gate: Gate, source: str, text: str) -> str:
    message = Message(
        id="question", conversation="question", platform=source, at=datetime.now(UTC), sender=Person(""),
        text=text,
    )  # fmt: skip
    return gate.clear(message).record.text
