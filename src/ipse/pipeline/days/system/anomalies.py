"""When figures of the machine were out of the usual, which of them, and which programs grew then.

Each five minutes are compared with the same hour on days before (workdays and weekends apart), all metrics
together (PCA, T² and Q). How far is too far is told by the tail of the scores of days before, each judged by
what was learned from others, so that by chance alone there are ``system.alarms_per_week``.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from ipse.features import Stream
from ipse.pipeline.days.system.figures import BIN, LEAST, Figures, groups, usual_of
from ipse.tables import ManyMetrics
from ipse.tables.rarity import limit, peaks

__all__ = ["LEAST_ROWS", "Anomaly", "Cause", "anomalies", "causes_of"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = NDArray[np.intp]
DAY = 86_400_000_000
FOLDS = 4
WEEK_ROWS = 7 * 24 * 12
LEAST_ROWS = 6 * 24 * 12  # of history
SHOWN = 3  # causes
PROCESSOR = ("cpu", "load")
MEMORY = ("memory", "swap")


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """A metric by its share in what is unusual, or a program by its share in what grew (a look, by mean)."""

    kind: Literal["metric", "process"]
    name: str
    share: float
    grew: float | None = None


class Anomaly(msgspec.Struct, frozen=True, kw_only=True):
    """From ``at`` to ``end`` (µs UTC); it is one from a score of 1 on. ``value`` beside what is usual."""

    at: int
    end: int
    score: float
    metric: str
    value: float
    usual: float
    causes: tuple[Cause, ...] = ()
    suppressed: bool = False


def anomalies(figures: Figures, *, since: int, per_week: float) -> list[Anomaly]:
    """The anomalies from ``since`` (µs UTC) on, oldest first, judged by what was before; without causes.

    Empty where less than six days were before; see :data:`LEAST_ROWS`.
    """
    shown = figures.at >= since
    if (~shown).sum() < LEAST_ROWS or not shown.any():
        return []
    group = groups(figures.at, figures.tz)
    past, rows = np.flatnonzero(~shown), np.flatnonzero(shown)
    beyond = limit(_unseen(figures, group, past), expected=per_week * len(past) / WEEK_ROWS)
    model, off = _fitted(figures, group, past)
    score = model.score(off[rows]) / beyond
    told_usual = usual_of(figures.told[past], group[past])
    found = []
    for run in peaks(score > 1):
        worst = rows[run[int(np.argmax(score[run]))]]
        shares = _shares(model, off[rows[run]])
        column = figures.names.index(shares[0].name)
        peak = rows[run][int(np.argmax(np.abs(off[rows[run], column])))]
        found.append(
            Anomaly(
                at=int(figures.at[rows[run[0]]]),
                end=int(figures.at[rows[run[-1]]]) + BIN,
                score=float(score[run].max()),
                metric=shares[0].name,
                value=float(figures.told[peak, column]),
                usual=float(told_usual[group[worst], column]),
                causes=tuple(shares),
            )
        )
    return found


def causes_of(found: Anomaly, processes: Stream) -> tuple[Cause, ...]:
    """The metrics of an anomaly with the programs that grew while it lasted, most first.

    Compared are the looks during it with those of a week before; by memory where memory is what is unusual.
    """
    field = "memory_mib" if found.metric in MEMORY else "cpu_seconds"
    if not len(processes) or field not in processes.data or "name" not in processes.data:
        return found.causes
    during = (processes.ts >= found.at) & (processes.ts < found.end)
    before = (processes.ts < found.at) & (processes.ts >= found.at - 7 * 86_400_000_000)
    if not during.any() or not before.any():
        return found.causes
    now, usual = _by_name(processes, field, during), _by_name(processes, field, before)
    grew = {name: value - usual.get(name, 0.0) for name, value in now.items()}
    total = sum(one for one in grew.values() if one > 0)
    first = sorted((name for name, one in grew.items() if one > 0), key=lambda one: -grew[one])[:SHOWN]
    programs = tuple(
        Cause(kind="process", name=name, share=grew[name] / total, grew=grew[name]) for name in first
    )
    return (*programs, *found.causes)


def _by_name(processes: Stream, field: str, rows: NDArray[np.bool_]) -> dict[str, float]:
    """Of each program the mean over all looks; where it was not among the busiest, nothing."""
    looks = max(len(np.unique(processes.ts[rows])), 1)
    names, place = np.unique(processes.data["name"][rows].astype(str), return_inverse=True)
    total = np.bincount(place, weights=np.nan_to_num(processes.data[field][rows].astype(np.float64)))
    return {name: float(one) / looks for name, one in zip(names.tolist(), total.tolist(), strict=True)}


def _fitted(figures: Figures, group: Ints, learned: Rows) -> tuple[ManyMetrics, Floats]:
    """What is usual, learned from these rows, and how far every row is off it."""
    usual = usual_of(figures.compared[learned], group[learned])
    off = _scaled(figures.compared - usual[group], figures.names)
    return ManyMetrics("pca", least=1.0).fit(off[learned], figures.names), off


def _unseen(figures: Figures, group: Ints, past: Rows) -> Floats:
    """The scores of rows in order, each by what was learned from the other fourth days of them."""
    day = (figures.at[past] // DAY) % FOLDS
    scores = np.zeros(len(past))
    for fold in range(FOLDS):
        model, off = _fitted(figures, group, past[day != fold])
        scores[day == fold] = model.score(off[past[day == fold]])
    return scores


def _shares(model: ManyMetrics, off: Floats) -> list[Cause]:
    """The metrics by their mean share over the rows."""
    totals: dict[str, float] = {}
    told = model.why(off)
    for row in told:
        for name, share in row:
            totals[name] = totals.get(name, 0.0) + share / len(told)
    first = sorted(totals, key=lambda one: -totals[one])[:SHOWN]
    return [Cause(kind="metric", name=name, share=totals[name]) for name in first if totals[name] > 0.05]


def _scaled(off: Floats, names: Sequence[str]) -> Floats:
    """Each metric by the least that is worth a word, a missing one as usual."""
    return np.asarray(np.nan_to_num(off / np.array([LEAST[one] for one in names])))
