"""The scorer of NAB: worked by hand from its rules."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import nab  # type: ignore[import-not-found]

STANDARD = nab.Profile(tp=1.0, fn=1.0, fp=0.11)


def series(*windows: tuple[int, int], rows: int = 100) -> nab.Series:
    return nab.Series("a", np.arange(rows), np.zeros(rows), windows)


def said(*rows: int, many: int = 100) -> np.ndarray:
    out = np.zeros(many)
    out[list(rows)] = 1.0
    return out


def score(one: nab.Series, scores: np.ndarray) -> float:
    return float(nab.score([one], [scores], STANDARD, 0.5))


def test_the_first_row_of_a_window_is_perfect_and_silence_is_nothing() -> None:
    assert score(series((40, 49)), said(40)) == pytest.approx(100)
    assert score(series((40, 49)), said()) == 0


def test_later_in_a_window_is_worth_less_and_only_the_best_counts() -> None:
    late = 2 / (1 + np.exp(5 * -0.1)) - 1  # the last of ten rows lies at -1/10
    best = 2 / (1 + np.exp(-5)) - 1
    assert score(series((40, 49)), said(49)) == pytest.approx(100 * (late / best + 1) / 2)
    assert score(series((40, 49)), said(40, 44, 49)) == pytest.approx(100)


def test_a_false_alarm_costs_by_how_far_it_lies_behind_the_window_before() -> None:
    window = series((40, 49))
    near = 0.11 * (2 / (1 + np.exp(5 / 9)) - 1)
    assert score(window, said(40, 50)) == pytest.approx(100 * (2 + near) / 2)
    assert score(window, said(40, 90)) == pytest.approx(100 * (2 - 0.11) / 2)  # further than three windows
    assert score(window, said(30, 40)) == pytest.approx(100 * (2 - 0.11) / 2)  # before the first


def test_the_first_rows_count_nothing() -> None:
    assert nab.probation(100) == 15
    assert nab.probation(20_000) == 750
    assert score(series((40, 49)), said(14, 40)) == pytest.approx(100)
    assert score(series((40, 49)), said(15, 40)) < 100


def test_the_best_threshold_is_the_best_of_all() -> None:
    rng = np.random.default_rng(0)
    files = [series((40, 49), (70, 79)), series((20, 60)), series()]
    scores = [np.round(rng.random(100), 2) for _ in files]
    at, best = nab.best_threshold(files, scores, STANDARD)
    every = {float(level): nab.score(files, scores, STANDARD, level) for level in np.unique(scores)}
    assert best == pytest.approx(max(every.values()))
    assert every[float(at)] == pytest.approx(best)


@pytest.mark.shared
def test_the_files_given_are_read_with_their_windows(shared: Path) -> None:
    found = nab.read_series(shared / "events" / "nab")
    assert len(found) == 29
    assert sum(len(one.windows) for one in found) == 61
    assert nab.read_profiles(shared / "events" / "nab")["standard"] == STANDARD
