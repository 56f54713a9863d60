"""Windows laid end to end in rows, without padding: each sees itself alone. Knows token ids, but no model."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from ipse.bases.packing import positions_in, within
from ipse.learners.chat import IGNORED, Window

__all__ = ["Piece", "Row", "in_rows", "laid_out"]


class Piece(msgspec.Struct, frozen=True):
    """A window and what it counts beside others; ``example`` numbers the example it was cut from."""

    window: Window
    weight: float = 1.0
    example: int = 0

    def __len__(self) -> int:
        """Its tokens."""
        return len(self.window.ids)


class Row(NamedTuple):
    """A row of pieces. Of ``length`` tokens, ``where`` are the places whose next token is learned."""

    ids: npt.NDArray[np.int64]  # (length,)
    positions: npt.NDArray[np.int64]  # (length,), counted anew in each piece
    document: npt.NDArray[np.int32]  # (length,), the number of the piece in the row
    where: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]  # as many as ``where``
    weights: npt.NDArray[np.float32]  # likewise
    pieces: tuple[int, ...]  # places, in the sequence given, of the pieces

    def mask(self) -> npt.NDArray[np.bool_] | None:
        """Who sees whom, (length, length); None where one piece is alone and causal attention will do."""
        seen: npt.NDArray[np.bool_] = within(self.document[None])[0]
        return None if len(self.pieces) == 1 else seen


def in_rows(pieces: Sequence[Piece], most: int) -> list[tuple[int, ...]]:
    """Places of the pieces in rows of at most ``most`` tokens (a longer piece is alone): first fit, longest
    first."""
    rows: list[list[int]] = []
    room: list[int] = []
    for place in sorted(range(len(pieces)), key=lambda place: (-len(pieces[place]), place)):
        size = len(pieces[place])
        at = next((at for at, left in enumerate(room) if left >= size), None)
        if at is None:
            rows.append([])
            room.append(most)
            at = len(rows) - 1
        rows[at].append(place)
        room[at] -= size
    return [tuple(row) for row in rows]


def laid_out(pieces: Sequence[Piece], places: tuple[int, ...]) -> Row:
    """The row of those pieces."""
    held = [pieces[place] for place in places]
    sizes = [len(piece) for piece in held]
    ids = np.concatenate([np.array(piece.window.ids, dtype=np.int64) for piece in held])
    labels = np.concatenate([np.array(piece.window.labels, dtype=np.int64) for piece in held])
    document = np.repeat(np.arange(len(held), dtype=np.int32), sizes)
    weights = np.repeat(np.array([piece.weight for piece in held], dtype=np.float32), sizes)
    # What follows a piece belongs to another; its first token is never learned.
    learned = (labels[1:] != IGNORED) & (document[1:] == document[:-1])
    where = np.flatnonzero(learned)
    return Row(
        ids, positions_in(document[None])[0], document, where, labels[where + 1], weights[where + 1], places
    )
