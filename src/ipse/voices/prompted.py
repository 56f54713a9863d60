"""A clone that is any language model on a local server, shown how its owner wrote in like situations.

Nothing is trained in the model: it is told a persona card and past exchanges (``ipse.voices.prompting``),
found by the embedded voice's memory. A chat server gives no likelihoods, so that memory ranks replies too.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Self

import msgspec

from ipse.config import Settings
from ipse.errors import LearnerError
from ipse.learners.manner import Manner
from ipse.learners.prompted import MANNER
from ipse.records import Turn
from ipse.voices.chatserver import ChatServer
from ipse.voices.prompting import Card, messages, room
from ipse.voices.retrieval import Recalled, RetrievalVoice

__all__ = ["PERSONA", "PromptedVoice"]

PERSONA = "persona.json"
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # in an answer they could only steer a terminal
OPENS, CLOSES = "<think>", "</think>"


class PromptedVoice:
    """Asks the server of the settings; see :meth:`configure`."""

    name = "prompted"

    def __init__(self, memory: RetrievalVoice, manner: Manner, card: Card) -> None:
        self._memory = memory
        self._manner = manner
        self._card = card
        self._unwanted: Callable[[str, str], bool] = lambda _platform, _reply: False
        self.configure(Settings())

    @classmethod
    def load(cls, files: Mapping[str, bytes]) -> Self:
        """Make a voice of the learner's artefact; raises ``LearnerError`` where it is not whole."""
        try:
            manner = msgspec.json.decode(files[MANNER], type=Manner)
            card = msgspec.json.decode(files.get(PERSONA, b"{}"), type=Card)
        except (KeyError, msgspec.DecodeError, msgspec.ValidationError) as error:
            raise LearnerError("The prompted voice is not whole.", hint="Train it again.") from error
        return cls(RetrievalVoice.load(files), manner, card)

    def configure(self, settings: Settings) -> None:
        """Ask the server that the settings name; raises ``ServerError`` where it may not be asked."""
        self._settings = settings.voice
        self._server = ChatServer(settings.server)
        self.asks = self._server.host

    def leave_out(self, unwanted: Callable[[str, str], bool]) -> None:
        """Show the model nothing any more of what is ``unwanted``, by its platform and text."""
        self._unwanted = unwanted
        self._memory.leave_out(unwanted)

    def stream(self, context: Sequence[Turn], *, contact: str | None, seed: int) -> Iterator[str]:
        """Yield the server's answer piece by piece; raises ``ServerError``.

        Whether the same seed gives the same answer is the server's affair.
        """
        told = messages(
            context, contact=contact, manner=self._manner, card=self._card, examples=self._examples(context)
        )
        pieces = self._server.stream(
            told,
            max_tokens=room(self._manner, contact, self._settings.max_new_tokens),
            temperature=self._settings.temperature,
            top_p=self._settings.top_p,
            top_k=self._settings.top_k,
            repetition_penalty=self._settings.repetition_penalty,
            repeat_penalty=self._settings.repetition_penalty,
            seed=seed,
        )
        said = False
        for piece in _spoken(pieces):
            text = CONTROL.sub("", piece)
            text = text if said else text.lstrip()
            if text:
                said = True
                yield text

    def score(self, context: Sequence[Turn], replies: Sequence[str]) -> Sequence[float]:
        """How well each reply fits, as the embedded voice's memory has it."""
        return self._memory.score(context, replies)

    def nearest(self, context: Sequence[Turn], k: int) -> list[Recalled]:
        """The past exchanges that an answer is based on."""
        return self._memory.nearest(context, k)

    def _examples(self, context: Sequence[Turn]) -> list[tuple[str, str]]:
        """Past exchanges to show, the most alike last, where a model heeds it most."""
        wanted = self._settings.examples
        found: dict[str, str] = {}
        for past in self._memory.nearest(context, 3 * wanted):
            if (
                len(found) < wanted
                and past.reply not in found
                and not self._unwanted(past.platform, past.reply)
            ):
                found[past.reply] = past.context
        return [(situation or "…", reply) for reply, situation in reversed(found.items())]


def _spoken(pieces: Iterable[str]) -> Iterator[str]:
    """Leave out what a reasoning model thinks aloud before it speaks; holds back what may begin a mark."""
    held, thinking = "", False
    for piece in pieces:
        held += piece
        while True:
            mark = CLOSES if thinking else OPENS
            before, found, after = held.partition(mark)
            if found:
                if not thinking and before:
                    yield before
                held, thinking = after, not thinking
                continue
            keep = next((n for n in range(len(mark) - 1, 0, -1) if held.endswith(mark[:n])), 0)
            if not thinking and len(held) > keep:
                yield held[: len(held) - keep]
            held = held[len(held) - keep :]
            break
    if held and not thinking:
        yield held
