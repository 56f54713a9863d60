"""Anomalies in one series as it comes in: what goes beyond everything seen, in any of three views.

The views are the value, its mean over the last rows, and how far it lies from the same time on days before.
Each is novel by as much as it exceeds all it was in memory, in units of its usual range (5th to 95th
percentile). The largest of the three counts, and only its onset: a row that exceeds what the last rows said.
Everything is causal: a score depends on nothing that came later, nor on the length of the series.
"""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable
from statistics import median
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

__all__ = ["THRESHOLD", "Detection", "NoveltyDetector", "detect"]

View = Literal["value", "mean", "time of day"]
THRESHOLD = (
    0.075  # of the usual range; chosen on the part of NAB in `make bench-events`, the same for all series
)
LOW, HIGH = 0.05, 0.95
FEWEST = 30  # rows before anything is told
DAY = 86_400_000_000
DAYS_BEFORE = (1, 2, 3, 7)


class Detection(msgspec.Struct, frozen=True):
    """What the detector says of a row: an anomaly from ``score`` 1 on; ``view`` says in which respect.

    ``low`` and ``high`` are the least and most that the view had been; ``seen`` is what it was.
    """

    score: float
    view: View
    seen: float
    low: float
    high: float

    @property
    def anomalous(self) -> bool:
        """Whether it is one."""
        return self.score >= 1


class _Extremes:
    """How far a value exceeds all in memory, in units of their usual range; bounded in memory."""

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self._ordered: list[float] = []
        self._queue: deque[float] = deque()
        self._sum = self._squares = 0.0

    def update(self, value: float) -> tuple[float, float, float]:
        """How novel, and the least and most before; then remember it."""
        told = (0.0, value, value)
        if len(self._queue) >= FEWEST:
            low, high = self._ordered[0], self._ordered[-1]
            told = (max(value - high, low - value, 0.0) / self._range(), low, high)
        self._queue.append(value)
        insort(self._ordered, value)
        self._sum += value
        self._squares += value * value
        if len(self._queue) > self._memory:
            gone = self._queue.popleft()
            del self._ordered[bisect_left(self._ordered, gone)]
            self._sum -= gone
            self._squares -= gone * gone
        return told

    def _range(self) -> float:
        """Between the percentiles; where most values are one, a little of how they spread."""
        many = len(self._queue)
        mean = self._sum / many
        spread = max(self._squares / many - mean * mean, 0.0) ** 0.5
        usual = self._quantile(HIGH) - self._quantile(LOW)
        return float(max(usual, 1e-3 * spread) + 1e-6 * abs(mean) + 1e-12)

    def _quantile(self, share: float) -> float:
        place = share * (len(self._ordered) - 1)
        below = int(place)
        low, high = self._ordered[below], self._ordered[min(below + 1, len(self._ordered) - 1)]
        return low + (high - low) * (place - below)


class NoveltyDetector:
    """Told one row after the other, it says of each how anomalous it is.

    ``threshold`` is a share of the usual range; ``smooth`` are the rows of the mean; an anomaly is told once
    in ``quiet`` rows unless it grows; ``memory`` are the rows remembered.
    """

    def __init__(
        self, *, threshold: float = THRESHOLD, smooth: int = 36, quiet: int = 20, memory: int = 20_000
    ) -> None:
        self._threshold = threshold
        self._smooth: deque[float] = deque(maxlen=smooth)
        self._recent: deque[float] = deque(maxlen=quiet)
        self._times: deque[int] = deque(maxlen=memory)
        self._values: deque[float] = deque(maxlen=memory)
        self._steps: list[int] = []
        self._views: dict[View, _Extremes] = {
            "value": _Extremes(memory),
            "mean": _Extremes(memory),
            "time of day": _Extremes(memory),
        }

    def update(self, ts: int, value: float) -> Detection:
        """Say how anomalous a row is (``ts`` in µs, rising), and remember it; NaN is nothing new."""
        if not np.isfinite(value):
            return Detection(0.0, "value", value, value, value)
        self._smooth.append(value)
        seen: dict[View, float] = {
            "value": value,
            "mean": sum(self._smooth) / len(self._smooth),
            "time of day": self._off_days_before(value),
        }
        told = {view: self._views[view].update(each) for view, each in seen.items()}
        view = max(told, key=lambda one: told[one][0])
        novel, low, high = told[view]
        score = novel / self._threshold
        onset = score > max(self._recent, default=0.0)
        self._recent.append(score)
        self._remember(ts, value)
        return Detection(score if onset else 0.0, view, seen[view], low, high)

    def _remember(self, ts: int, value: float) -> None:
        if self._times and len(self._steps) < 2 * FEWEST:
            self._steps.append(ts - self._times[-1])
        self._times.append(ts)
        self._values.append(value)

    def _off_days_before(self, value: float) -> float:
        """How far the value lies from what was so many rows of a day before; 0 where nothing was."""
        if len(self._steps) < FEWEST:
            return 0.0
        rows = round(DAY / max(median(self._steps), 1))
        if rows < 8:  # coarser than three hours: there is no time of day
            return 0.0
        many = len(self._values)
        before = [self._values[many - days * rows] for days in DAYS_BEFORE if days * rows <= many]
        return value - median(before) if before else 0.0


def detect(ts: NDArray[np.int64], values: Iterable[float], **settings: float) -> NDArray[np.float64]:
    """The scores of a whole series, each from the rows up to it alone."""
    detector = NoveltyDetector(**settings)  # type: ignore[arg-type]
    return np.array(
        [detector.update(int(at), float(each)).score for at, each in zip(ts, values, strict=True)]
    )
