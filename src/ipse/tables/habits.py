"""At which hours of the week something is more than usual, from a few weeks: each with an interval.

An hour of the week is seen once a week, so each borrows strength from the same hour on other days (normal
means, empirical Bayes after Efron and Morris). An hour is claimed only where it exceeds the mean of all hours
by a bound that holds for all of them together (Bonferroni), and was seen for long enough.
"""

import msgspec
import numpy as np
from numpy.typing import NDArray

__all__ = ["HOURS", "Hour", "habits"]

Floats = NDArray[np.float64]
HOURS = 168
WORKDAYS = 5
LEVEL = 0.9  # of the interval that is told
CLAIMED = 0.05  # chance that any hour is claimed where none stands out


class Hour(msgspec.Struct, frozen=True, kw_only=True):
    """An hour of the week (``weekday`` 0 is Monday): its mean, from ``low`` to ``high`` (90 %).

    ``best`` says that it stands out above the mean of all hours.
    """

    weekday: int
    hour: int
    mean: float
    low: float
    high: float
    weeks: int
    best: bool = False


def habits(seen: Floats, *, weeks: int, most: float = 3600.0) -> list[Hour]:
    """Hours of the week that were lived in; ``seen`` has shape ``(weeks, 168)``, NaN where nobody was there.

    Nothing is called best that was not seen in ``weeks``. Values lie between 0 and ``most``.
    """
    counts = (~np.isnan(seen)).sum(axis=0)
    lived = np.flatnonzero((counts >= 2) & (np.nansum(seen, axis=0) > 0))
    if not len(lived):
        return []
    means = np.array([float(np.nanmean(seen[:, at])) for at in lived])
    many = counts[lived].astype(np.float64)
    noise = _noise(seen[:, lived], means, many)
    group = np.array([_group(int(at)) for at in lived])
    centre, unsure = _centres(means, noise / many, group)
    between = _between(means, noise / many, group)
    keep = between / np.maximum(between + noise / many, 1e-12)
    told = keep * means + (1 - keep) * centre
    error = np.sqrt(keep * noise / many + (1 - keep) ** 2 * unsure)
    usual = float(np.average(means, weights=many))
    from scipy.stats import t

    free = np.maximum(many - 1, 1)
    wide, claim = (
        t.ppf((1 + LEVEL) / 2, free + WORKDAYS),
        t.ppf(1 - CLAIMED / len(lived), free + 2 * WORKDAYS),
    )
    return [
        Hour(
            weekday=int(at) // 24,
            hour=int(at) % 24,
            mean=float(told[place]),
            low=float(np.clip(told[place] - wide[place] * error[place], 0, most)),
            high=float(np.clip(told[place] + wide[place] * error[place], 0, most)),
            weeks=int(counts[at]),
            best=bool(counts[at] >= weeks and told[place] - claim[place] * error[place] > usual),
        )
        for place, at in enumerate(lived)
    ]


def _group(at: int) -> int:
    """Hours that lend each other: the same hour on workdays, the same on weekends."""
    return at % 24 + (24 if at // 24 >= WORKDAYS else 0)


def _noise(seen: Floats, means: Floats, many: Floats) -> Floats:
    """Variance of one week's value, each hour's own drawn to that of all of them."""
    off = np.nansum((seen - means) ** 2, axis=0)
    free = np.maximum(many - 1, 1)
    pooled = float(off.sum() / free.sum())
    prior = 4.0  # as if so many weeks had been seen of the pooled one
    return np.asarray((off + prior * pooled) / (free + prior))


def _centres(means: Floats, error: Floats, group: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """The mean of each hour's group and the variance of that."""
    centre, unsure = np.empty_like(means), np.empty_like(means)
    for one in np.unique(group):
        rows = group == one
        spread = float(means[rows].var(ddof=1)) if rows.sum() > 1 else 0.0
        centre[rows] = means[rows].mean()
        unsure[rows] = max(spread, float(error[rows].mean())) / rows.sum()
    return centre, unsure


def _between(means: Floats, error: Floats, group: NDArray[np.int64]) -> float:
    """How much days really differ at one hour, beyond chance (method of moments)."""
    off, free, chance = 0.0, 0, 0.0
    for one in np.unique(group):
        rows = group == one
        if rows.sum() > 1:
            off += float(((means[rows] - means[rows].mean()) ** 2).sum())
            free += int(rows.sum()) - 1
            chance += float(error[rows].mean()) * (int(rows.sum()) - 1)
    return max((off - chance) / free, 0.0) if free else 0.0
