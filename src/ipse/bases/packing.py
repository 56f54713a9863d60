"""Documents laid end to end as one endless stream of tokens, and cut into batches.

An epoch is every document once, in an order drawn from the seed and its number; in every other epoch the two
sides of a dialogue change places. A batch is a place in the stream, so nothing but the number of the step
needs remembering. Attention stays within a document, and no token is padding.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ipse.bases.spelling import Ids

__all__ = ["Batch", "Stream", "positions_in", "within"]

IGNORED = -100  # the label that PyTorch's cross entropy leaves out


class Batch(NamedTuple):
    """All arrays but ``within`` are (rows, length); ``within`` is (rows, length, length)."""

    ids: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]  # the token that follows in the document, or IGNORED at its end
    positions: npt.NDArray[np.int64]  # counted from where the document begins in the row
    within: npt.NDArray[np.bool_]  # which earlier token of the row each token may see


class Stream:
    """The endless stream. ``sides`` are the two role tokens that change places."""

    def __init__(self, documents: Sequence[Ids], *, sides: tuple[int, int], seed: int) -> None:
        self._documents = [document for document in documents if len(document) > 1]
        self._sizes = np.array([len(document) for document in self._documents], dtype=np.int64)
        self._sides = sides
        self._seed = seed
        self._both = [all((document == side).any() for side in sides) for document in self._documents]
        self._epoch: tuple[int, Ids, Ids] | None = None
        self.tokens = int(self._sizes.sum())  # in an epoch

    def batch(self, start: int, *, rows: int, length: int) -> Batch:
        """The ``rows`` × ``length`` tokens from place ``start`` on."""
        ids, document = self._stretch(start, rows * length + 1)
        following = np.where(document[1:] == document[:-1], ids[1:], IGNORED)
        shape = (rows, length)
        document = document[:-1].reshape(shape)
        return Batch(
            ids[:-1].reshape(shape).astype(np.int64),
            following.reshape(shape).astype(np.int64),
            positions_in(document),
            within(document),
        )

    def _stretch(self, start: int, size: int) -> tuple[Ids, Ids]:
        """Ids, and the number of the document that each belongs to; it may reach into the next epochs."""
        ids: list[Ids] = []
        documents: list[Ids] = []
        while size > 0:
            epoch, offset = divmod(start, self.tokens)
            all_ids, all_documents = self._laid_out(epoch)
            taken = min(size, self.tokens - offset)
            ids.append(all_ids[offset : offset + taken])
            # Made different from the numbers of the epoch before, in which the same document may come last.
            documents.append(all_documents[offset : offset + taken] * 2 + epoch % 2)
            start, size = start + taken, size - taken
        return np.concatenate(ids), np.concatenate(documents)

    def _laid_out(self, epoch: int) -> tuple[Ids, Ids]:
        if self._epoch is None or self._epoch[0] != epoch:
            order = np.random.default_rng([self._seed, epoch]).permutation(len(self._documents))
            ids = np.concatenate([self._turned(int(place), epoch) for place in order])
            documents = np.repeat(order, self._sizes[order]).astype(np.int32)
            self._epoch = (epoch, ids, documents)
        return self._epoch[1], self._epoch[2]

    def _turned(self, place: int, epoch: int) -> Ids:
        """The document, its sides changed in every other epoch (in the odd ones for half of them)."""
        document = self._documents[place]
        if not self._both[place] or (place + epoch) % 2 == 0:
            return document
        one, other = self._sides
        turned = document.copy()
        turned[document == one], turned[document == other] = other, one
        return turned


def positions_in(document: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """Each token's place in its document, of (rows, length) numbers of documents."""
    length = document.shape[1]
    places = np.arange(length)
    begins = np.ones(document.shape, dtype=bool)
    begins[:, 1:] = document[:, 1:] != document[:, :-1]
    first = np.maximum.accumulate(np.where(begins, places, 0), axis=1)
    return (places - first).astype(np.int64)


def within(document: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """Which tokens of its row each may see: its own document's up to itself. (rows, length, length)."""
    earlier = np.tri(document.shape[1], dtype=bool)
    same: npt.NDArray[np.bool_] = document[:, :, None] == document[:, None, :]
    seen: npt.NDArray[np.bool_] = same & earlier
    return seen
