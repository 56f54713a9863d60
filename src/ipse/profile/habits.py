"""Small habits of many messages at once, by the rates of the scorecard; and how formal they make a message.

Formality is how many of nine marks of careful writing a message keeps, of those that its script knows:
a capital at the beginning, a mark at the end, and none of emoji, emoticon, laughter, stretched letters,
doubled marks, trailing dots and shouted words. It is a measure of spelling, not of politeness.
"""

from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

from ipse.profile.results import Habit, Shift
from ipse.scorecard.metrics.habits import Habits

__all__ = ["SHOWN", "Marks"]

# What the page says for what the scorecard calls it.
SHOWN = {
    "starts in lower case": "starts in lower case",
    "ends without a mark": "ends without a mark",
    "ends with a full stop": "ends with a full stop",
    "holds a question mark": "has a question mark",
    "holds an exclamation mark": "has an exclamation mark",
    "doubles marks": "doubles marks (?!, !!)",
    "trails off": "trails off (…)",
    "holds an emoji": "has an emoji",
    "holds an emoticon": "has an emoticon, as :)",
    "laughs": "laughs (haha, lol)",
    "stretches letters": "stretches letters (soooo)",
    "shouts a word": "SHOUTS a word",
    "holds several lines": "has several lines",
    "says one to three words": "has one to three words",
    "says thirty words or more": "has thirty words or more",
}
_CARELESS = (
    "holds an emoji", "holds an emoticon", "laughs", "stretches letters", "doubles marks", "trails off",
    "shouts a word",
)  # fmt: skip
_ENDS = ("ends with a full stop", "ends with a question mark", "ends with an exclamation mark")
_Z = 1.959964  # of a 95 % interval
FEWEST_CLUSTERS = 5

_Columns = npt.NDArray[np.float64]


class Marks:
    """The habits of each of ``texts``, counted once; every figure is of some of them."""

    def __init__(self, texts: Sequence[str]) -> None:
        counter = Habits([])
        self.names = counter.names
        self.counts, self.units = counter.count(texts)
        self._at = {name: place for place, name in enumerate(counter.names)}
        self.formal = self._formality()

    def share(self, name: str, rows: Sequence[int] | None = None) -> float:
        """The share of these messages (of all: None) that show a habit."""
        column = self.counts[:, self._at[name]]
        held = column if rows is None else column[list(rows)]
        return float(held.mean()) if len(held) else 0.0

    def habits(self, others: "Marks | None") -> tuple[Habit, ...]:
        """All that are shown, beside everybody else's."""
        return tuple(
            Habit(told, self.share(name), others.share(name) if others else None)
            for name, told in SHOWN.items()
        )

    def formality(self, rows: Sequence[int] | None = None) -> float | None:
        """Points of 100, as a mean; None of nothing."""
        held = self.formal if rows is None else self.formal[list(rows)]
        return float(100 * held.mean()) if len(held) else None

    def shift(self, rows: Sequence[int], clusters: Sequence[Hashable]) -> Shift | None:
        """How much more formal some are than all the others; messages of one cluster stand or fall together.

        None where either side has fewer than five clusters.
        """
        mine = np.zeros(len(self.formal), dtype=bool)
        mine[list(rows)] = True
        numbers = {name: place for place, name in enumerate(dict.fromkeys(clusters))}
        labels = np.array([numbers[name] for name in clusters])
        sides = [_mean(self.formal[side], labels[side]) for side in (mine, ~mine)]
        if None in sides:
            return None
        (here, varied), (there, spread) = (side for side in sides if side is not None)
        half = _Z * float(np.sqrt(varied + spread))
        value = here - there
        return Shift(100 * value, 100 * (value - half), 100 * (value + half))

    def _formality(self) -> _Columns:
        kept = [1 - np.minimum(self.counts[:, self._at[name]], 1) for name in _CARELESS]
        kept.append(np.max([self.counts[:, self._at[name]] for name in _ENDS], axis=0))
        upper, lower = (self.counts[:, self._at[f"starts in {case} case"]] for case in ("upper", "lower"))
        cased = upper + lower  # no script without case, and no number, can begin with a capital
        return np.asarray((np.sum(kept, axis=0) + upper) / (len(kept) + cased))


def _mean(values: _Columns, labels: npt.NDArray[np.intp]) -> tuple[float, float] | None:
    """A mean and its variance over clusters."""
    found, where = np.unique(labels, return_inverse=True)
    if len(found) < FEWEST_CLUSTERS:
        return None
    mean = float(values.mean())
    sums = np.bincount(where, weights=values - mean)
    more = len(found) / (len(found) - 1)
    return mean, float(more * (sums**2).sum() / len(values) ** 2)
