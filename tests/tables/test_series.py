"""Anomalies, forecasts, groups and orders."""

import numpy as np
import pytest

from ipse.errors import LearnerError
from ipse.tables import (
    ManyMetrics,
    NoveltyDetector,
    PairwiseRanker,
    SharedForecaster,
    cluster,
    detect,
    forecast,
    intervals,
    smape,
)

STEP = 300_000_000


def daily(days: int = 12, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rows = days * 288
    ts = np.arange(rows) * STEP
    return ts, 50 + 20 * np.sin(2 * np.pi * np.arange(rows) / 288) + np.random.default_rng(seed).normal(
        size=rows
    )


def test_a_score_depends_on_nothing_that_comes_later() -> None:
    ts, values = daily()
    whole = detect(ts, values)
    rng = np.random.default_rng(1)
    for end in (100, 1000, 2500):
        changed = np.concatenate([values[:end], rng.normal(size=len(values) - end) * 1e6])
        assert detect(ts, changed)[:end].tobytes() == whole[:end].tobytes()
        assert detect(ts[:end], values[:end]).tobytes() == whole[:end].tobytes()


def test_each_view_finds_what_it_is_for() -> None:
    for at, change, view in (
        (200, 60.0, "value"),
        (3000, -18.0, "time of day"),
    ):
        ts, values = daily(seed=3)
        values[at] += change
        detector = NoveltyDetector()
        told = [detector.update(int(a), float(b)) for a, b in zip(ts, values, strict=True)]
        assert told[at].anomalous
        assert told[at].view == view
        assert not told[at].low <= told[at].seen <= told[at].high
    ts, values = daily(seed=4)
    values[2000:2100] = np.maximum(
        values[2000:2100], 68.0
    )  # neither beyond what was nor far from usual for long
    assert detect(ts, values)[2000:2100].max() >= 1


def test_it_is_quiet_where_nothing_happens_and_tells_an_onset_once() -> None:
    ts, values = daily(seed=5)
    assert (detect(ts, values)[500:] >= 1).sum() <= 3
    values[3000:3020] += 100
    assert (detect(ts, values)[3000:3020] >= 1).sum() <= 4


def test_memory_is_bounded_and_what_cannot_be_is_nothing_new() -> None:
    detector = NoveltyDetector(memory=100)
    for at in range(300):
        detector.update(at * STEP, float(at % 7))
    assert not detector.update(300 * STEP, float("nan")).anomalous
    assert detector.update(301 * STEP, 100.0).anomalous
    for at in range(302, 420):
        detector.update(at * STEP, float(at % 7))
    assert detector.update(421 * STEP, 100.0).anomalous  # the hundred of then is forgotten


@pytest.mark.parametrize("algorithm", ["pca", "isolation"])
def test_many_metrics_name_the_column_that_went_astray(algorithm: str) -> None:
    rng = np.random.default_rng(0)
    load = rng.normal(size=900)
    x = np.column_stack(
        [load + 0.1 * rng.normal(size=900), load + 0.1 * rng.normal(size=900), rng.normal(size=900)]
    )
    model = ManyMetrics(algorithm, rate=0.05).fit(x[:800], ("cpu", "heat", "disk"))
    assert (model.score(x[800:]) >= 1).mean() < 0.2
    strange = np.array([[3.0, -3.0, 12.0]])
    assert model.score(strange)[0] >= 1
    assert model.why(strange)[0][0][0] == "disk"
    if algorithm == "pca":  # each is usual by itself, and not beside the other
        assert model.score(np.array([[1.5, -1.5, 0.0]]))[0] >= 1
    assert np.isfinite(model.score(np.array([[np.nan, 0.0, 0.0]])))[0]


def test_many_metrics_refuse_what_they_cannot_learn() -> None:
    with pytest.raises(LearnerError, match="too few"):
        ManyMetrics().fit(np.ones((10, 2)), ("a", "b"))
    with pytest.raises(LearnerError, match="There are: pca"):
        ManyMetrics("oracle")
    with pytest.raises(LearnerError, match="ipse\\[pyod\\]"):
        ManyMetrics("pyod").fit(np.random.default_rng(0).normal(size=(100, 2)), ("a", "b"))


def weekly(seed: int = 0, rows: int = 400) -> np.ndarray:
    rng = np.random.default_rng(seed)
    at = np.arange(rows)
    return np.exp(5 + 0.4 * np.sin(2 * np.pi * at / 52) + 0.001 * at + 0.03 * rng.normal(size=rows))


@pytest.mark.parametrize("method", ["seasonal", "theta", "shared", "mixed"])
def test_each_forecaster_tells_a_seasonal_series_better_than_no_change(method: str) -> None:
    wrong, plain = [], []
    for seed in range(4):
        values = weekly(seed)
        season = 52 if method != "theta" else 12
        if method == "theta":
            at = np.arange(200)
            values = (
                (100 + at)
                * (1 + 0.3 * np.sin(2 * np.pi * at / 12))
                * np.exp(0.01 * np.random.default_rng(seed).normal(size=200))
            )
        said = forecast(method, values[:-13], season, 13)
        wrong.append(smape(said, values[-13:]))
        plain.append(smape(forecast("naive", values[:-13], season, 13), values[-13:]))
    assert np.mean(wrong) < 0.7 * np.mean(plain)


def test_a_forecast_of_a_short_or_flat_or_negative_series_is_still_one() -> None:
    for values in (np.ones(5), np.arange(6.0), -np.arange(200.0), np.zeros(200)):
        for method in ("seasonal", "theta", "mixed"):
            assert np.isfinite(forecast(method, values, 12, 3)).all()
    with pytest.raises(LearnerError, match="too short"):
        SharedForecaster(12, 5).fit([np.ones(10)])
    with pytest.raises(LearnerError, match="There are: naive"):
        forecast("crystal", np.ones(5), 1, 1)
    with pytest.raises(LearnerError, match="ipse\\[forecast\\]"):
        forecast("statsforecast", np.ones(50), 1, 1)


def test_the_interval_of_a_forecast_covers_and_widens() -> None:
    covered, widths = [], []
    for seed in range(60):
        walk = 100 + np.cumsum(np.random.default_rng(seed).normal(size=170))

        def naive(known: np.ndarray) -> np.ndarray:
            return forecast("naive", known, 1, 5)

        radius = intervals(naive, walk[:-5], 5)
        covered.append(np.abs(naive(walk[:-5]) - walk[-5:]) <= radius)
        widths.append(radius)
    assert 0.84 <= np.mean(covered) <= 0.97
    assert np.mean(widths, axis=0)[4] > 1.5 * np.mean(widths, axis=0)[0]
    assert np.isinf(intervals(naive, np.ones(6), 5)).all()


@pytest.mark.parametrize("algorithm", ["kmeans", "hdbscan"])
def test_groups_that_are_there_are_found_and_those_that_are_not_have_not_earned_it(algorithm: str) -> None:
    rng = np.random.default_rng(0)
    apart = np.concatenate(
        [rng.normal(size=(120, 2)) + 12 * np.array(one) for one in ((0, 0), (1, 0), (0, 1))]
    )
    found = cluster(apart, algorithm=algorithm)  # type: ignore[arg-type]
    assert found.many == 3
    assert found.earned
    assert found.stability > 0.9
    assert len({tuple(found.labels[i * 120 : (i + 1) * 120].tolist()) for i in range(3)}) == 3
    one = cluster(rng.normal(size=(300, 5)), algorithm=algorithm)  # type: ignore[arg-type]
    assert not one.earned


def test_what_cannot_be_grouped_is_told() -> None:
    with pytest.raises(LearnerError, match="too few"):
        cluster(np.ones((5, 2)))
    with pytest.raises(LearnerError, match="kmeans, hdbscan"):
        cluster(np.random.default_rng(0).normal(size=(50, 2)), algorithm="tarot")  # type: ignore[arg-type]


def test_an_order_is_learned_from_pairs() -> None:
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.normal(size=60), 100 * rng.normal(size=60), rng.normal(size=60)])
    urgent = 2 * x[:, 0] - 0.01 * x[:, 1]
    picks = rng.integers(0, 60, (150, 2))
    pairs = [(int(a), int(b)) if urgent[a] > urgent[b] else (int(b), int(a)) for a, b in picks if a != b]
    ranker = PairwiseRanker().fit(x[:, :], pairs[:100])
    assert (ranker.chance(x, pairs[100:]) > 0.5).mean() > 0.9
    assert np.corrcoef(np.argsort(np.argsort(ranker.score(x))), np.argsort(np.argsort(urgent)))[0, 1] > 0.95
    with pytest.raises(LearnerError, match="no decisions"):
        PairwiseRanker().fit(x, [])
