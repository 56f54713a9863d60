"""Figures by the minute or the hour in place of each: how metrics are downsampled. Knows no key and no table.

An aggregate is an event like those it stands for. It begins with the first of them, ends with the last, and
was learned when the last was, so that nothing is seen of it before. Intervals are open at their beginning,
``(start, end]``, as the windows of features are. A field holds the mean; beside it lie, as far as they differ
from it, ``FIELD~min``, ``~max``, ``~std`` (of all values), ``~last`` and ``~n``, how many there were; of the
row ``~n``, how many it stands for, ``~every``, seconds, and ``~dur``, the µs that they lasted together.
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

from msgspec.structs import replace

from ipse.records import Event

__all__ = ["MARK", "downsampled"]

MARK = "~"
DIGITS = 9  # of means and deviations: what is rounded is a billionth

Scalar: TypeAlias = str | int | float | bool | None
Data: TypeAlias = dict[str, Scalar]


class _Told(NamedTuple):
    """What a row says of a field: of so many values their mean, deviation, extremes and the last."""

    n: int
    mean: float
    std: float
    low: float
    high: float
    last: float


def downsampled(events: Iterable[Event], every: int) -> list[Event]:
    """Metrics as one event each ``every`` seconds, by time; other kinds and lone ones as they are.

    Those that differ in a text or in their zone are kept apart, as are those learned later than an interval
    after their own has ended. What was downsampled before is downsampled further.
    """
    groups: dict[object, list[Event]] = {}
    for event in sorted(events, key=_place):
        at: object = _group(event, every * 1_000_000) if event.kind == "metric" else (event.ts, event.key)
        groups.setdefault(at, []).append(event)
    made = [some[0] if len(some) == 1 else _aggregate(some, every) for some in groups.values()]
    return sorted(made, key=_place)


def _place(event: Event) -> tuple[int, int, str]:
    return event.ts, event.rx, event.key


def _group(event: Event, step: int) -> object:
    bucket = -(-event.ts // step)
    late = event.rx // step if event.rx > (bucket + 1) * step else 0
    texts = tuple((name, value) for name, value in event.data.items() if isinstance(value, str | bool))
    return bucket, late, event.tz, texts


def _aggregate(events: Sequence[Event], every: int) -> Event:
    """One event for several; it takes the time and key of the first, which is thereby still known."""
    first = events[0]
    data: Data = {name: value for name, value in first.data.items() if isinstance(value, str | bool)}
    rows = sum(int(_number(event.data, f"{MARK}n", 1)) for event in events)
    fields = dict.fromkeys(name for event in events for name in event.data if MARK not in name)
    for field in fields:
        told = [one for event in events if (one := _told(event.data, field)) is not None]
        data |= _joined(field, told, rows) if told else {}
    lasted = sum(_lasted(event) for event in events)
    data |= {f"{MARK}n": rows, f"{MARK}every": every}
    data |= {f"{MARK}dur": lasted} if lasted else {}
    return replace(
        first,
        dur=max(event.ts + event.dur for event in events) - first.ts,
        rx=max(event.rx for event in events),
        data=data,
    )


def _lasted(event: Event) -> int:
    one = f"{MARK}n" not in event.data
    return event.dur if one else int(_number(event.data, f"{MARK}dur", 0))


def _told(data: Data, field: str) -> _Told | None:
    value = data.get(field)
    if value is None or isinstance(value, str | bool):
        return None
    n = int(_number(data, f"{field}{MARK}n", _number(data, f"{MARK}n", 1)))
    low, high, last = (_number(data, f"{field}{MARK}{one}", value) for one in ("min", "max", "last"))
    return _Told(n, value, _number(data, f"{field}{MARK}std", 0.0), low, high, last)


def _joined(field: str, told: Sequence[_Told], rows: int) -> Data:
    n = sum(one.n for one in told)
    low, high = min(one.low for one in told), max(one.high for one in told)
    counted: Data = {f"{field}{MARK}n": n} if n != rows else {}
    if low == high:
        return {field: low, **counted}
    mean = math.fsum(one.n * one.mean for one in told) / n
    square = math.fsum(one.n * (one.std**2 + (one.mean - mean) ** 2) for one in told) / n
    spread: Data = {"min": low, "max": high, "std": _short(math.sqrt(square)), "last": told[-1].last}
    return {field: _short(mean), **{f"{field}{MARK}{name}": one for name, one in spread.items()}, **counted}


def _number(data: Data, name: str, otherwise: float) -> float:
    value = data.get(name)
    return value if isinstance(value, int | float) else otherwise


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
