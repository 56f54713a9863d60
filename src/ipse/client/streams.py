"""Answers as they come: server-sent events, line by line, as what they say."""

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import msgspec

from ipse.client.results import Answer, Piece, Place
from ipse.errors import ServerError

__all__ = ["Lines", "Told"]

Told: TypeAlias = Place | Piece | Answer
"""One's place where others are answered first, the pieces of an answer, and at the end all of it."""

KINDS: Final[dict[str, Any]] = {"place": Place, "piece": Piece, "done": Answer}


class Lines:
    """Reads the lines of one stream; ``fault`` is the problem that it ended with, if so."""

    def __init__(self) -> None:
        self._name = ""
        self.fault: bytes = b""

    def read(self, line: str) -> Iterator[Told]:
        """What a line completes, if anything; raises ``ServerError`` for what no ipse would say."""
        name, _, value = line.partition(": ")
        if name == "event":
            self._name = value
        elif name == "data" and self._name == "error":
            self.fault = value.encode()
        elif name == "data" and self._name in KINDS:
            try:
                found: Told = msgspec.json.decode(value, type=KINDS[self._name])
            except msgspec.MsgspecError as error:
                raise ServerError(
                    f"The service says `{self._name}` as no ipse of this version does.",
                    hint="Update both to one version.",
                ) from error
            yield found
