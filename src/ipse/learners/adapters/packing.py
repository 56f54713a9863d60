"""Windows laid end to end in rows, each seeing itself alone. Knows token ids, but no model."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from ipse.bases.packing import positions_in, within
from ipse.learners.chat import IGNORED, Window

__all__ = ["Pass", "Piece", "in_passes", "in_rows", "laid_out"]

SHORTEST = 128  # tokens in a row, at least: shorter ones make more work than they save


class Piece(msgspec.Struct, frozen=True):
    """A window and what it counts beside others; ``example`` numbers the example it was cut from."""

    window: Window
    weight: float = 1.0
    example: int = 0

    def __len__(self) -> int:
        """Its tokens."""
        return len(self.window.ids)


class Pass(NamedTuple):
    """Rows of pieces that a model reads at once. All but the last three are (rows, length).

    ``where`` are the places whose next token is learned; ``labels`` are those tokens in that order,
    ``weights`` what each counts, ``owner`` the place of its piece in the sequence given.
    """

    ids: npt.NDArray[np.int64]
    positions: npt.NDArray[np.int64]  # counted anew in each piece
    document: npt.NDArray[np.int32]  # the number of the piece in its row; -1 behind the last one
    where: npt.NDArray[np.bool_]
    labels: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float32]
    owner: npt.NDArray[np.int64]

    def mask(self) -> npt.NDArray[np.bool_] | None:
        """Who sees whom, (rows, length, length); None where causal attention alone will do."""
        return within(self.document) if (self.document > 0).any() else None

    def sizes(self) -> list[int]:
        """Tokens of each piece, of a pass that is one row."""
        return [int(count) for count in np.unique(self.document[0], return_counts=True)[1]]


def in_rows(pieces: Sequence[Piece], most: int) -> list[tuple[int, ...]]:
    """Places of the pieces in rows of at most ``most`` tokens: first fit, the longest first.

    A piece longer than that is alone.
    """
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


def in_passes(pieces: Sequence[Piece], most: int, *, packs: bool = True) -> list[list[tuple[int, ...]]]:
    """Rows by pass, of at most ``most`` tokens in all.

    Attention grows with the square of a row, so rows are as short as the longest piece lets them be.
    """
    longest = max(map(len, pieces), default=0)
    rows = in_rows(pieces, max(longest, min(SHORTEST, most))) if packs else _alone(pieces)
    sizes = {row: sum(len(pieces[place]) for place in row) for row in rows}
    out: list[list[tuple[int, ...]]] = []
    for row in sorted(rows, key=lambda row: (-sizes[row], row)):
        if out and (len(out[-1]) + 1) * sizes[out[-1][0]] <= most:
            out[-1].append(row)
        else:
            out.append([row])
    return out


def laid_out(pieces: Sequence[Piece], rows: Sequence[tuple[int, ...]]) -> Pass:
    """The pass of those rows; behind a shorter row is nothing that is read or learned."""
    length = max(sum(len(pieces[place]) for place in row) for row in rows)
    ids = np.zeros((len(rows), length), dtype=np.int64)
    labels = np.full((len(rows), length), IGNORED, dtype=np.int64)
    document = np.full((len(rows), length), -1, dtype=np.int32)
    owner = np.zeros((len(rows), length), dtype=np.int64)
    for row, places in enumerate(rows):
        at = 0
        for number, place in enumerate(places):
            window = pieces[place].window
            span = slice(at, at + len(window.ids))
            ids[row, span], labels[row, span] = window.ids, window.labels
            document[row, span], owner[row, span] = number, place
            at = span.stop
    # What follows a piece belongs to another; its first token is never learned.
    where = np.zeros((len(rows), length), dtype=np.bool_)
    where[:, :-1] = (labels[:, 1:] != IGNORED) & (document[:, 1:] == document[:, :-1])
    weights = np.array([piece.weight for piece in pieces], dtype=np.float32)
    own = owner[where]
    return Pass(ids, positions_in(document), document, where, labels[:, 1:][where[:, :-1]], weights[own], own)


def _alone(pieces: Sequence[Piece]) -> list[tuple[int, ...]]:
    return [(place,) for place in range(len(pieces))]
