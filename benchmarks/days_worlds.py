"""Made-up people, disks, logs and machines whose truth is known, for benchmarks/days.py and its tests."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ipse.features import Stream
from ipse.pipeline.days.sample.machine import Moments, figures
from ipse.pipeline.days.sample.person import away, sessions
from ipse.pipeline.days.system.figures import Figures, binned
from ipse.privacy.guard import CATEGORIES
from ipse.tables.few_labels import Seen

DAY, HOUR, MINUTE = 86_400_000_000, 3_600_000_000, 60_000_000
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
PARTS = ("night", "morning", "afternoon", "evening")


class Person(NamedTuple):
    """Kinds of moments, what they are really for, and the share of time of each."""

    rows: list[Seen]
    truth: list[str]
    weights: Floats
    classes: tuple[str, ...]


def person(seed: int) -> Person:
    rng = np.random.default_rng(seed)
    known = list(CATEGORIES)
    own = ["research", "study", "planning"]
    rows, truth, weights = [], [], []
    for number in range(int(rng.integers(5, 10))):
        ruled = rng.random() < 0.67
        rule = str(rng.choice(known)) if ruled else ""
        meant = rule if ruled and rng.random() < 0.8 else str(rng.choice([*known, *own]))
        shown = [(rule or "other", meant)]
        if number == 0:  # a browser: what its titles fall in tells most of it
            shown = [
                (one, one if rng.random() < 0.75 else str(rng.choice([*known, *own])))
                for one in ("browsing", "media", "social", "code", "other")
            ]
        evening = str(rng.choice(["media", "social", "study"])) if rng.random() < 0.3 else ""
        share = rng.gamma(1.0)
        for category, really in shown:
            voted = "" if category == "other" else category
            part_of = share * rng.gamma(1.0) / len(shown)
            for place, part in enumerate(PARTS):
                app = f"app-{number}"
                rows.append(
                    Seen(
                        frozenset(
                            {
                                ("app", app),
                                ("shown", category),
                                ("both", f"{app} {category}"),
                                ("part", f"{app} {part}"),
                            }
                        ),
                        voted,
                    )
                )
                truth.append(evening if evening and part == "evening" else really)
                weights.append(part_of * (0.02, 0.4, 0.38, 0.2)[place])
    told = np.array(weights)
    return Person(rows, truth, told / told.sum(), tuple(known))  # fmt: skip


def focus_weeks(seed: int, *, weeks: int, lift: float) -> Floats:
    """Seconds of focus by week and hour: working hours alike but those of ``lift``."""
    rng = np.random.default_rng(seed)
    table = np.full((weeks, 168), 0.0)
    for day in range(5):
        for hour in range(9, 18):
            more = lift if hour in (10, 11) else 0.0
            some = rng.random(weeks) < 0.6
            table[:, day * 24 + hour] = np.clip(
                np.where(some, rng.uniform(600, 3000, weeks), 0) + more, 0, 3600
            )
    return table


def disk_levels(seed: int, kind: str) -> tuple[list[int], list[float], float]:
    """Thirty days of free MiB, and in how many days more nothing is left (between two days)."""
    rng = np.random.default_rng(seed)
    days, far = 30, 4000
    rate = float(rng.uniform(300, 1200)) if kind != "flat" else 0.0
    at = np.arange(days + far)
    change = np.full(days + far, -rate)
    if kind == "weekly":
        change = np.where(at % 7 < 5, -rate * 1.4, 0.0)
    change = change + rng.normal(0, 250.0, days + far) * (0.0 if kind == "level" else 1.0)
    if kind == "habit":
        change = change + np.where(at % 7 == 6, 7 * rate, 0.0)
    free = 60_000.0 + np.cumsum(change)
    if kind in ("cleaned", "installed"):
        free = free + np.where(at >= 15, 15_000.0 if kind == "cleaned" else -15_000.0, 0.0)
    seen = free + (rng.normal(0, 400.0, days + far) if kind == "level" else 0.0)
    gone = np.flatnonzero(free[days:] <= 0)
    full = float(gone[0]) + 0.5 if len(gone) else float("inf")
    return at[:days].tolist(), seen[:days].tolist(), full


def error_times(seed: int, kind: str, *, days: int) -> Ints:
    rng = np.random.default_rng(seed)
    hour = np.arange(days * 24)
    rate = (
        np.where((hour % 24 >= 9) & (hour % 24 < 18), 2.4, 0.4) if kind != "even" else np.full(len(hour), 0.4)
    )
    if kind == "uneven":
        rate = rate * rng.gamma(0.3, 1 / 0.3, len(hour))
    many = rng.poisson(rate)
    return np.sort((np.repeat(hour, many) * HOUR + rng.integers(0, HOUR, int(many.sum()))).astype(np.int64))


def busy_weeks(seed: int, days: int) -> NDArray[np.bool_]:
    rng = np.random.default_rng(seed)
    busy = np.zeros((days + 1) * 1440, dtype=bool)
    for day in range(days):
        for session in sessions(day % 7, rng):
            begun = session.start
            for gone, back in (*away(session, rng), (session.end, session.end)):
                busy[day * 1440 + int(begun / 60) : day * 1440 + int(gone / 60)] = True
                begun = back
    return busy[: days * 1440]


def machine(seed: int, *, wild: bool, days: int = 35) -> tuple[Figures, int]:
    """Five weeks of figures and when the last one begins; ``wild``: 20 minutes of it are not usual."""
    rng = np.random.default_rng(seed)
    busy = busy_weeks(seed, days)
    never = Moments((0, 0), (10**9, 10**9 + 1), (0, 0), days * 720)
    told = figures(busy, never, rng)
    since = (days - 7) * DAY
    if wild:
        at = (days - 4) * 1440
        told["cpu"][at : at + 20] += 40.0
        told["load"][at : at + 20] += 3.2
    rows = len(busy)
    none = np.zeros(rows, dtype=np.int64)
    stream = Stream(np.arange(rows, dtype=np.int64) * MINUTE, none, none, none, told)
    start = 4 * DAY  # a Monday
    held = binned(Stream(stream.ts + start, none, none, none, told))
    return held, since + start
