"""Labels from few corrections, best hours, ends of disks, bursts, rare scores: each against a known truth."""

import sys
from pathlib import Path

import numpy as np
import pytest

from ipse.tables.bursts import Counting, bursts
from ipse.tables.exhaustion import ending
from ipse.tables.few_labels import FewLabels, Seen
from ipse.tables.habits import habits
from ipse.tables.rarity import limit, peaks

from ..soak import rounds

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import days  # type: ignore[import-not-found]
import days_worlds as worlds  # type: ignore[import-not-found]

DAY, HOUR, MINUTE = 86_400_000_000, 3_600_000_000, 60_000_000


def seen(app: str, rule: str, part: str = "morning") -> Seen:
    return Seen(frozenset({("app", app), ("part", f"{app} {part}")}), rule)


def test_without_corrections_the_rules_speak_and_else_nobody_knows() -> None:
    chances = FewLabels(["code", "media", "games"]).fit([], []).chances([seen("a", "code"), seen("b", "")])
    assert chances[0].argmax() == 0
    assert 0.8 < chances[0, 0] < 1
    assert np.allclose(chances[1], 1 / 3)


def test_a_correction_reaches_its_app_and_not_others() -> None:
    learner = FewLabels(["code", "media"])
    learner.fit([seen("a", "media"), seen("b", ""), seen("b", "", "evening")], ["study", "code", "media"])
    told = learner.chances([seen("a", "media"), seen("c", "media"), seen("b", ""), seen("b", "", "evening")])
    said = [learner.classes_[at] for at in told.argmax(axis=1)]
    assert said == ["study", "media", "code", "media"]
    assert np.allclose(told.sum(axis=1), 1)


def test_more_corrections_make_it_better_and_chances_hold() -> None:
    told = days.labels(rounds(40, 200), first=5000)
    right = [float(row.split("|")[2].split("±")[0]) for row in told[2:6]]
    assert right[3] > right[1] > right[0] + 0.1
    assert float(told[-1].rsplit(" ", 1)[1].rstrip(".")) < 0.12


def test_best_hours_are_claimed_where_there_are_some() -> None:
    many = rounds(25, 300)
    alike = [habits(worlds.focus_weeks(seed, weeks=6, lift=0.0), weeks=4) for seed in range(many)]
    assert sum(any(one.best for one in each) for each in alike) <= 0.08 * many
    better = [habits(worlds.focus_weeks(seed, weeks=8, lift=1500.0), weeks=4) for seed in range(5)]
    assert all(any(one.best and one.hour in (10, 11) for one in each) for each in better)
    assert all(one.low <= one.mean <= one.high for each in better for one in each)
    few = habits(worlds.focus_weeks(1, weeks=3, lift=3000.0), weeks=4)
    assert few
    assert not any(one.best for one in few), "three weeks are too few for any claim"
    assert habits(np.full((4, 168), np.nan), weeks=4) == []


@pytest.mark.parametrize("kind", ["steady", "level", "weekly", "cleaned", "installed"])
def test_an_end_lies_where_it_is_said_to(kind: str) -> None:
    many = rounds(60, 400)
    inside = 0
    for seed in range(many):
        at, levels, full = worlds.disk_levels(seed, kind)
        said = ending(at, levels, horizon=365)
        assert said.low is not None
        assert said.median is not None
        inside += said.low <= full <= (said.high if said.high is not None else float("inf"))
    assert inside / many >= 0.66, "an interval of 80 % holds in most cases"


def test_there_is_no_end_where_nothing_goes() -> None:
    for kind in ("flat", "habit"):
        found = [ending(*worlds.disk_levels(seed, kind)[:2], horizon=180) for seed in range(20)]
        assert all(one.median is None and "no end in sight" in one.why for one in found)
    assert "too few" in ending([1, 2], [5.0, 4.0], horizon=30).why
    gone = ending(list(range(10)), [90.0 - 10 * day for day in range(10)], horizon=30)
    assert gone.median == 0
    cleaned = ending(*worlds.disk_levels(3, "cleaned")[:2], horizon=365)
    assert cleaned.steps == 1


def test_bursts_are_found_and_usual_hours_are_none() -> None:
    until, how = 35 * DAY, Counting()
    weeks = rounds(15, 200)
    for kind in ("even", "daily", "uneven"):
        false = found = 0
        for seed in range(weeks):
            times = worlds.error_times(seed, kind, days=35)
            false += len(bursts(times, since=until - 7 * DAY, until=until, east=0, how=how))
            at = until - 3 * DAY + 11 * HOUR
            more = np.append(times, at + np.arange(20) * 30_000_000)
            told = bursts(more, since=until - 7 * DAY, until=until, east=0, how=how)
            found += any(one.start <= at + 10 * MINUTE and one.end >= at and one.many >= 20 for one in told)
        assert false / weeks <= 1.7, (kind, false)
        assert found == weeks, kind
    assert bursts(np.empty(0, np.int64), since=0, until=DAY, east=0, how=how) == []
    first = np.arange(30, dtype=np.int64) * MINUTE
    assert bursts(first, since=0, until=DAY, east=0, how=how) == [], "nothing is known before yet"


def test_a_limit_is_exceeded_about_as_often_as_is_said() -> None:
    rng = np.random.default_rng(3)
    many = []
    for _ in range(rounds(60, 600)):
        scores = rng.exponential(size=8000)
        beyond = limit(scores[:4000], expected=2.0)
        many.append(len(peaks(scores[4000:] > beyond)))
    assert 1.0 < np.mean(many) < 3.0
    assert limit(np.zeros(50), expected=1.0) == 0.0
