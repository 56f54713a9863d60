"""What the clock says at an origin: in UTC, or where its owner was."""

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from ipse.errors import SettingsError
from ipse.features.definitions import TimeFeature
from ipse.features.streams import Stream

__all__ = ["clock", "offsets"]

_DAY = 86_400_000_000
_PERIOD = {"hour": 24.0, "weekday": 7.0, "hour_of_week": 168.0, "day_of_month": 31.0, "month": 12.0}


def offsets(origins: NDArray[np.int64], streams: Sequence[Stream], tz: str) -> NDArray[np.int64]:
    """Minutes east of UTC at each origin: by the zone, else that of the latest row known at it, else 0."""
    if tz:
        return _by_zone(origins, tz)
    out, latest = np.zeros(len(origins), dtype=np.int64), np.full(len(origins), np.iinfo(np.int64).min)
    for stream in streams:
        if not len(stream):
            continue
        # By when a row was learned; of several learned at once, by when it happened.
        order = np.lexsort((stream.ts, stream.rx))
        at = np.searchsorted(stream.rx[order], origins, side="right") - 1
        row = order[np.maximum(at, 0)]
        newer = (at >= 0) & (stream.rx[row] > latest)
        out = np.where(newer, stream.tz[row], out)
        latest = np.where(newer, stream.rx[row], latest)
    return out


def _by_zone(origins: NDArray[np.int64], tz: str) -> NDArray[np.int64]:
    try:
        zone = ZoneInfo(tz)
    except (ZoneInfoNotFoundError, ValueError):
        raise SettingsError(
            f"set.tz: `{tz}` is no zone.", hint="Write for example `Europe/Berlin`."
        ) from None
    hours, back = np.unique(origins // 900_000_000, return_inverse=True)  # no zone moves within a quarter
    east = [
        (datetime.fromtimestamp(int(hour) * 900, UTC).astimezone(zone).utcoffset() or UTC.utcoffset(None))
        for hour in hours
    ]
    return np.array([one.total_seconds() // 60 for one in east], dtype=np.int64)[back]


def clock(
    feature: TimeFeature, origins: NDArray[np.int64], minutes: NDArray[np.int64]
) -> NDArray[np.float64]:
    """One column, or a sine and a cosine: shape ``(origins, 1 or 2)``."""
    local = feature.time.endswith("_local")
    name = feature.time.removesuffix("_local")
    at = origins + minutes * 60_000_000 if local else origins
    value = _value(name, at)
    if feature.encode == "plain" or name not in _PERIOD:
        return value[:, None]
    from_one = 1.0 if name in ("day_of_month", "month") else 0.0
    angle = 2 * np.pi * (value - from_one) / _PERIOD[name]
    return np.column_stack([np.sin(angle), np.cos(angle)])


def _value(name: str, at: NDArray[np.int64]) -> NDArray[np.float64]:
    hour: NDArray[np.float64] = (at % _DAY) / np.float64(3.6e9)
    weekday = (at // _DAY + 3) % 7  # the epoch was a Thursday; Monday is 0
    if name == "hour":
        return hour
    if name == "weekday":
        return weekday.astype(np.float64)
    if name == "hour_of_week":
        return np.asarray(weekday * 24 + hour, dtype=np.float64)
    if name == "weekend":
        return (weekday >= 5).astype(np.float64)
    days = at.astype("datetime64[us]").astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    if name == "month":
        return np.asarray(months.astype(np.int64) % 12 + 1, dtype=np.float64)
    return np.asarray((days - months.astype("datetime64[D]")).astype(np.int64) + 1, dtype=np.float64)
