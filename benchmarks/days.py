"""What is told of days and of the machine, on made-up people and machines whose truth is known.

Writes docs/concepts/days-quality.md. Nothing in it was measured on anybody: a rate of false alarms, a coverage
and a learning curve need a truth, and the page says of each how it was made up.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from days_worlds import (  # type: ignore[import-not-found]
    disk_levels,
    error_times,
    focus_weeks,
    machine,
    person,
)
from ipse.pipeline.days.system.anomalies import anomalies
from ipse.tables.bursts import Counting, bursts
from ipse.tables.exhaustion import ending
from ipse.tables.few_labels import FewLabels
from ipse.tables.habits import habits

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "concepts" / "days-quality.md"
DAY, HOUR, MINUTE = 86_400_000_000, 3_600_000_000, 60_000_000
TOLD = (0, 5, 10, 20)
SURE = 0.6


def labels(people: int, *, first: int = 1000) -> list[str]:
    """Accuracy over time spent by corrections: where none was corrected, and everywhere; and how chances hold."""
    right: dict[int, list[tuple[float, float, float, float]]] = {n: [] for n in TOLD}
    sure: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for seed in range(first, first + people):
        one = person(seed)
        rng = np.random.default_rng(seed + 10**6)
        judged = rng.random(len(one.rows)) < 1 / 3
        may = one.weights * ~judged
        picked = rng.choice(
            len(may), size=min(max(TOLD), int((may > 0).sum())), replace=False, p=may / may.sum()
        )
        weight = one.weights * judged / (one.weights * judged).sum()
        for n in TOLD:
            given = picked[:n].tolist()
            learner = FewLabels(one.classes).fit(
                [one.rows[at] for at in given], [one.truth[at] for at in given]
            )
            chances = learner.chances(one.rows)
            chance = chances.max(axis=1)
            said = [learner.classes_[at] for at in chances.argmax(axis=1)]
            hit = np.array([a == b for a, b in zip(said, one.truth, strict=True)], dtype=float)
            told = weight * (chance >= SURE)
            everywhere = hit.copy()
            everywhere[given] = 1.0
            right[n].append(
                (
                    float((hit * weight).sum()),
                    float(told.sum()),
                    float((hit * told).sum() / told.sum()) if told.sum() else float("nan"),
                    float((everywhere * one.weights).sum()),
                )
            )
            if n:
                sure.append((chance[judged], hit[judged], weight[judged]))
    rows = [
        "| corrections | right where none was corrected | told (chance ≥ 0.6) | right of what is told | right of all time |",
        "|---|---|---|---|---|",
    ]
    for n in TOLD:
        every = np.array(right[n])
        mean, error = np.nanmean(every, axis=0), 1.96 * np.nanstd(every, axis=0) / people**0.5
        cells = " | ".join(f"{a:.3f} ± {b:.3f}" for a, b in zip(mean, error, strict=True))
        rows.append(f"| {n} | {cells} |")
    chance, hit, weight = (np.concatenate([each[at] for each in sure]) for at in range(3))
    place = np.minimum((chance * 10).astype(int), 9)
    off = sum(abs(float((weight * (chance - hit))[place == b].sum())) for b in range(10)) / weight.sum()
    return [*rows, "", f"Calibration error of the chances (5 to 20 corrections, ten bins): {off:.3f}."]


def hours(people: int) -> list[str]:
    """Best hours: claims where none is better, and where one is."""
    false = found = 0
    for seed in range(people):
        false += any(one.best for one in habits(focus_weeks(seed, weeks=6, lift=0.0), weeks=4))
        told = habits(focus_weeks(seed, weeks=6, lift=900.0), weeks=4)
        found += any(one.best and one.hour in (10, 11) for one in told)
    return [
        "| | people with an hour called best |", "|---|---|",
        f"| every working hour alike | {false / people:.3f} |",
        f"| control: 10:00 to 12:00 holds 15 minutes more | {found / people:.3f} |",
    ]  # fmt: skip


def disks(runs: int) -> list[str]:
    """When a disk is full, beside when it is on the way that goes on."""
    rows = ["| made up | median off by | 80 % interval holds | an end told |", "|---|---|---|---|"]
    for name, about in (
        ("steady", "steady growth with noise"),
        ("level", "growth, noise about the line"),
        ("weekly", "growth on workdays alone"),
        ("cleaned", "a clean-up half way"),
        ("installed", "a large file half way"),
    ):
        inside, off, told = [], [], 0
        for seed in range(runs):
            days, levels, full = disk_levels(seed, name)
            said = ending(days, levels, horizon=365)
            if said.median is None or said.low is None:
                continue
            told += 1
            inside.append(said.low <= full <= (said.high if said.high is not None else np.inf))
            off.append(abs(said.median - full) / full)
        rows.append(f"| {about} | {np.median(off):.1%} | {np.mean(inside):.3f} | {told / runs:.3f} |")
    for name, about in (("flat", "no growth: an end is false"), ("habit", "growth, cleaned up every week")):
        told = sum(
            ending(*disk_levels(seed, name)[:2], horizon=180).median is not None for seed in range(runs)
        )
        rows.append(f"| {about} | | | {told / runs:.3f} |")
    return rows


def errors(weeks: int) -> list[str]:
    """Bursts: false alarms in a week, and how many of those put in were found."""
    rows = ["| made up | false alarms a week | of 20 errors in 10 minutes found |", "|---|---|---|"]
    for name in ("even", "daily", "uneven"):
        false = found = 0
        for seed in range(weeks):
            until = 5 * 7 * DAY
            times = error_times(seed, name, days=35)
            how = Counting()
            false += len(bursts(times, since=until - 7 * DAY, until=until, east=0, how=how))
            at = until - 3 * DAY + 11 * HOUR
            more = np.sort(np.append(times, at + np.arange(20) * 30_000_000))
            told = bursts(more, since=until - 7 * DAY, until=until, east=0, how=how)
            found += any(one.start <= at + 10 * MINUTE and one.end >= at for one in told)
        rows.append(f"| {name} | {false / weeks:.2f} | {found / weeks:.3f} |")
    return rows


def system(weeks: int) -> list[str]:
    """Anomalies: false alarms in a week of the same machine, and how many of those put in were found."""
    false = found = named = 0
    for seed in range(weeks):
        plain, since = machine(seed, wild=False)
        false += len(anomalies(plain, since=since, per_week=1.0))
        odd, since = machine(seed, wild=True)
        told = [
            one
            for one in anomalies(odd, since=since, per_week=1.0)
            if one.at <= since + 3 * DAY <= one.end + HOUR
        ]
        found += bool(told)
        named += any(one.metric == "cpu" for one in told)
    return [
        "| | |", "|---|---|",
        f"| false alarms a week, where one is put up with | {false / weeks:.2f} |",
        f"| control: a program that takes 40 % more of the processor for 20 minutes, found | {found / weeks:.3f} |",
        f"| and the metric named is the processor | {named / weeks:.3f} |",
    ]  # fmt: skip


PARTS: dict[str, tuple[str, Callable[[int], list[str]], int]] = {
    "labels": ("What an app is for, after a few corrections", labels, 200),
    "hours": ("Best hours", hours, 300),
    "disks": ("When a disk is full", disks, 1500),
    "errors": ("Bursts of errors", errors, 200),
    "system": ("Anomalies of the machine", system, 100),
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=list(PARTS))
    parser.add_argument("--runs", type=int, default=0)
    asked = parser.parse_args()
    told = []
    for name, (title, measure, runs) in PARTS.items():
        if asked.only in (None, name):
            rows = measure(asked.runs or runs)
            told.append(f"## {title}\n{ABOUT[name]}\n\n" + "\n".join(rows))
            print(told[-1], file=sys.stderr)
    if asked.only is None and not asked.runs:
        PAGE.write_text(HEAD + "\n\n".join(told) + "\n", encoding="utf-8")


HEAD = """# Quality, on days

How well what is [told of your days](../guides/productivity.md) and of [your machine](../guides/system-health.md) holds, on **made-up** people and
machines whose truth is known (`benchmarks/days_worlds.py`); nobody was measured. A real day is less regular, so take these as the best case. Written by
`python benchmarks/days.py`; a quick form of each stands in the tests.

"""
ABOUT = {
    "labels": "200 made-up people with five to nine apps, of which the rules know about two thirds and are right about four in five; a browser is for "
    "something else in the evening. A third of the kinds of moments (app, category, part of the day) judges and is never corrected; corrections are of the "
    "others, drawn by the time they took. 0 corrections: the rules alone.",
    "hours": "300 made-up people, six weeks each; focus in a working hour is nothing or up to an hour, by chance.",
    "disks": "1,500 made-up disks each, 30 days seen; the truth is when the same disk, going on, is full.",
    "errors": "Five weeks each, the last one judged. `even`: 0.4 an hour; `daily`: six times that in working hours; `uneven`: negative binomial, "
    "shape 0.3, with a daily course.",
    "system": "Five weeks each of a machine as in the sample days, the last one judged.",
}


if __name__ == "__main__":
    main()
