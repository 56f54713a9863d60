"""Why a model says what it says: what it would say if a column were as it usually is."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ipse.tables.models import TableModel

__all__ = ["contributions"]

Floats = NDArray[np.float64]


def contributions(
    model: TableModel, row: Floats, usual: Floats, *, top: int = 3
) -> Sequence[tuple[str, float, float]]:
    """The columns that matter most for one row: name, value, and how far they move what is said.

    Each in turn is set to what is ``usual`` for it (its median in training); the move is of the number, or of
    the chance of the class said. Moves need not add up: columns may say the same thing.
    """
    tried = np.repeat(row[None, :], len(row) + 1, axis=0)
    places = np.arange(len(row))
    tried[places + 1, places] = usual
    said = model.predict(tried)
    values = said.value if said.chance is None else said.chance[:, int(said.value[0])]
    moves = values[0] - values[1:]
    order = np.argsort(-np.abs(moves), kind="stable")[:top]
    return [(model.columns[int(one)], float(row[one]), float(moves[one])) for one in order if moves[one] != 0]
