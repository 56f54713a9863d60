"""The Numenta Anomaly Benchmark's scoring, written from its rules (Lavin and Ahmad, 2015; its version 1.1).

Each detection within a labelled window counts by how early it is, and only the best of a window; each
outside costs by how far it lies behind the window before it; each window missed costs too. The first 15 %
of a file (at most 750 rows) are for settling in and count nothing. 0 is a detector that says nothing, 100 a
perfect one.
"""

import csv
import json
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

__all__ = ["Profile", "Series", "best_threshold", "read_profiles", "read_series", "score"]

Floats = NDArray[np.float64]


class Profile(msgspec.Struct, frozen=True, rename={"tp": "tpWeight", "fn": "fnWeight", "fp": "fpWeight"}):
    """What a detection, a missed window and a false alarm weigh."""

    tp: float
    fn: float
    fp: float


class Series(msgspec.Struct, frozen=True):
    """One file: ``windows`` are the first and last row of each labelled anomaly."""

    name: str
    ts: NDArray[np.int64]
    values: Floats
    windows: tuple[tuple[int, int], ...]


def read_series(folder: Path) -> list[Series]:
    """Every file with labels."""
    labels = json.loads((folder / "labels" / "combined_windows.json").read_text(encoding="utf-8"))
    return [_read(folder / "data" / name, name, windows) for name, windows in sorted(labels.items())]


def _read(file: Path, name: str, windows: list[tuple[str, str]]) -> Series:
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))[1:]
    ts = np.array([row[0] for row in rows], dtype="datetime64[us]").astype(np.int64)
    ends = [tuple(int(np.datetime64(one, "us").astype(np.int64)) for one in pair) for pair in windows]
    found = tuple(
        (int(np.flatnonzero(ts == first)[0]), int(np.flatnonzero(ts == last)[0])) for first, last in ends
    )
    return Series(name, ts, np.array([float(row[1]) for row in rows]), found)


def read_profiles(folder: Path) -> dict[str, Profile]:
    """The application profiles by name: ``standard`` and those that weigh false alarms or misses more."""
    held = json.loads((folder / "config" / "profiles.json").read_text(encoding="utf-8"))
    return {name: msgspec.convert(one["CostMatrix"], Profile) for name, one in held.items()}


def sigmoid(place: float) -> float:
    """1 at the very start of a window, 0 at its end, -1 far behind it."""
    return -1.0 if place > 3.0 else 2.0 / (1.0 + float(np.exp(5.0 * place))) - 1.0


def probation(rows: int) -> int:
    """Rows at the start that count nothing."""
    return min(int(np.floor(0.15 * rows)), int(0.15 * 5000))


def worth(series: Series, profile: Profile) -> tuple[Floats, NDArray[np.int64]]:
    """What a detection at each row is worth, and the window it lies in (-1: none)."""
    rows = len(series.values)
    inside, values = np.full(rows, -1), np.empty(rows)
    for number, (first, last) in enumerate(series.windows):
        inside[first : last + 1] = number
    before: tuple[int, int] | None = None
    for row in range(rows):
        if inside[row] >= 0:
            first, last = before = series.windows[inside[row]]
            place = -(last - row + 1) / (last - first + 1)
            values[row] = sigmoid(place) * profile.tp / sigmoid(-1.0)
        elif before is None:
            values[row] = -profile.fp
        else:
            first, last = before
            values[row] = sigmoid((row - last) / (last - first)) * profile.fp
    return values, inside


def best_threshold(series: list[Series], scores: list[Floats], profile: Profile) -> tuple[float, float]:
    """The threshold for all files with the best score, and that score."""
    points, wins = _points(series, scores, profile)
    best, where = -np.inf, np.inf
    found = dict.fromkeys(range(wins), -profile.fn)
    total = sum(found.values())
    for at, (level, value, window) in enumerate(points):
        if window < 0:
            total += value
        elif value > found[window]:
            total += value - found[window]
            found[window] = value
        ends = at + 1 == len(points) or points[at + 1][0] < level
        if ends and total > best:
            best, where = total, level
    return where, _normal(best, wins, profile)


def score(series: list[Series], scores: list[Floats], profile: Profile, threshold: float) -> float:
    """The score at one threshold for all files."""
    points, wins = _points(series, scores, profile)
    found = dict.fromkeys(range(wins), -profile.fn)
    total = 0.0
    for level, value, window in points:
        if level < threshold:
            break
        if window < 0:
            total += value
        else:
            found[window] = max(found[window], value)
    return _normal(total + sum(found.values()), wins, profile)


def _points(
    series: list[Series], scores: list[Floats], profile: Profile
) -> tuple[list[tuple[float, float, int]], int]:
    """Every row that counts by falling score: score, worth, and the number of its window among all."""
    points: list[tuple[float, float, int]] = []
    wins = 0
    for one, said in zip(series, scores, strict=True):
        values, inside = worth(one, profile)
        for row in range(probation(len(said)), len(said)):
            if said[row] > 0:
                window = int(inside[row])
                points.append((float(said[row]), float(values[row]), window + wins if window >= 0 else -1))
        wins += len(one.windows)
    points.sort(key=lambda point: -point[0])
    return points, wins


def _normal(raw: float, windows: int, profile: Profile) -> float:
    nothing, perfect = -profile.fn * windows, profile.tp * windows
    return 100 * (raw - nothing) / (perfect - nothing)
