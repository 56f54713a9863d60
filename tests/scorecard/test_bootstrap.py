import numpy as np
import pytest
from scipy.stats import bootstrap

from ipse.scorecard.bootstrap import Plan, holm


def conversations(rng: np.random.Generator, *, count: int, mean: float) -> tuple[np.ndarray, np.ndarray]:
    """Values of several sizes in clusters that differ from each other."""
    sizes = rng.integers(1, 8, count)
    clusters = np.repeat(np.arange(count), sizes)
    return mean + rng.normal(0, 1, count)[clusters] + rng.normal(0, 1, len(clusters)), clusters


def test_the_value_is_the_mean_and_weights_count_every_cluster() -> None:
    plan = Plan([3], resamples=200, seed=1)
    draws = plan.mean([1.0, 2.0, 3.0, 10.0], np.array([0, 0, 1, 2]))
    assert draws[0] == 4.0
    assert list(draws[1:4]) == [6.5, pytest.approx(13 / 3), 2.0]
    assert (plan.weights[4:].sum(axis=1) == 3).all()


def test_a_bca_interval_is_that_of_scipy_when_every_cluster_holds_one_value() -> None:
    values = np.random.default_rng(3).lognormal(0, 0.8, 40)
    ours = Plan([40], resamples=20_000, seed=1)
    figure = ours.figure(ours.mean(values, np.arange(40)))
    theirs = bootstrap(
        (values,), np.mean, n_resamples=20_000, method="BCa", rng=np.random.default_rng(1),
        confidence_level=1 - 2 * ours.tail(0.95),
    )  # fmt: skip
    assert figure.low == pytest.approx(theirs.confidence_interval.low, rel=0.01)
    assert figure.high == pytest.approx(theirs.confidence_interval.high, rel=0.02)


def test_few_clusters_widen_an_interval_as_a_t_does() -> None:
    assert Plan([600], resamples=2, seed=1).tail(0.95) == pytest.approx(0.025, abs=5e-4)
    assert Plan([15], resamples=2, seed=1).tail(0.95) == pytest.approx(0.0132, abs=1e-3)


def test_two_samples_are_resampled_apart_as_scipy_does() -> None:
    rng = np.random.default_rng(5)
    one, two = rng.exponential(2, 30), rng.exponential(1, 25)
    plan = Plan([30, 25], resamples=20_000, seed=1)
    draws = plan.mean(one, np.arange(30)) - plan.mean(two, 30 + np.arange(25))
    figure = plan.figure(draws)

    def difference(x: np.ndarray, y: np.ndarray, axis: int = -1) -> np.ndarray:
        return np.asarray(x.mean(axis=axis) - y.mean(axis=axis))

    theirs = bootstrap(
        (one, two), difference, n_resamples=20_000, method="BCa", rng=np.random.default_rng(2),
        confidence_level=1 - 2 * plan.tail(0.95),
    )  # fmt: skip
    assert figure.low == pytest.approx(theirs.confidence_interval.low, abs=0.03)
    assert figure.high == pytest.approx(theirs.confidence_interval.high, abs=0.03)


def test_intervals_cover_the_truth_as_often_as_they_say_though_replies_go_together() -> None:
    rng = np.random.default_rng(11)
    covered = naive = 0
    for _ in range(300):
        values, clusters = conversations(rng, count=40, mean=0.3)
        plan = Plan([40], resamples=400, seed=1)
        figure = plan.figure(plan.mean(values, clusters))
        assert figure.low is not None
        assert figure.high is not None
        covered += figure.low <= 0.3 <= figure.high
        half = 1.96 * values.std() / np.sqrt(len(values))
        naive += abs(values.mean() - 0.3) <= half
    assert 0.91 <= covered / 300 <= 0.98
    assert naive / 300 < 0.85  # what ignoring conversations would promise falsely


def test_the_interval_of_a_share_of_the_way_covers_the_truth() -> None:
    rng = np.random.default_rng(12)
    covered = 0
    for _ in range(200):
        noise, clusters = conversations(rng, count=40, mean=0.0)
        plan = Plan([40], resamples=400, seed=1)
        clone = plan.mean(noise + 6.0 + rng.normal(0, 1, len(noise)), clusters)
        wrong, ceiling = plan.mean(noise + 2.0, clusters), plan.mean(noise + 10.0, clusters)
        figure = plan.figure((clone - wrong) / (ceiling - wrong))
        assert figure.low is not None
        assert figure.high is not None
        covered += figure.low <= 0.5 <= figure.high
    assert 0.9 <= covered / 200 <= 0.985


def test_p_values_are_even_where_there_is_nothing_and_agree_with_the_interval() -> None:
    rng = np.random.default_rng(13)
    found = []
    for _ in range(200):
        values, clusters = conversations(rng, count=40, mean=0.0)
        plan = Plan([40], resamples=400, seed=1)
        draws = plan.mean(values, clusters)
        found.append(plan.p(draws))
        low, high = plan.figure(draws).low, plan.figure(draws).high
        assert low is not None
        assert high is not None
        if not 0.03 < found[-1] < 0.08:  # apart from the grain of 400 resamples at the border itself
            assert (low > 0 or high < 0) == (found[-1] < 0.05)
    assert 0.02 <= np.mean(np.array(found) < 0.05) <= 0.1
    assert 0.35 <= np.mean(np.array(found) < 0.5) <= 0.65


def test_a_clear_difference_is_clear_with_few_resamples_too() -> None:
    plan = Plan([30], resamples=100, seed=1)
    values = np.random.default_rng(1).normal(3, 1, 30)
    assert plan.p(plan.mean(values, np.arange(30))) < 1e-5
    assert plan.p(-plan.mean(values, np.arange(30))) < 1e-5
    assert plan.p(plan.mean(np.full(30, 2.0), np.arange(30))) < 1e-6


def test_the_area_under_the_curve_is_that_of_sklearn_on_every_resample() -> None:
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(2)
    up, down = rng.normal(1, 1, 30).round(1), rng.normal(0, 1, 25).round(1)  # rounded: there are ties
    at_up, at_down = rng.integers(0, 10, 30), rng.integers(0, 10, 25)
    plan = Plan([10], resamples=100, seed=1)
    draws = plan.auc((up, at_up), (down, at_down))
    scores, labels, clusters = np.r_[up, down], np.r_[np.ones(30), np.zeros(25)], np.r_[at_up, at_down]
    for n in (0, 3, 60):
        weights = plan.weights[n][clusters]
        assert draws[n] == pytest.approx(roc_auc_score(labels, scores, sample_weight=weights))


def test_there_is_no_interval_of_too_few_conversations_nor_of_what_is_mostly_undefined() -> None:
    few = Plan([4], resamples=100, seed=1)
    assert few.figure(few.mean(np.arange(4.0), np.arange(4))).low is None
    assert few.p(few.mean(np.arange(4.0), np.arange(4))) == 1.0
    plan = Plan([20], resamples=100, seed=1)
    alone = plan.mean([1.0], np.array([0]))  # a third of the resamples miss the one conversation
    assert plan.figure(alone).low is None


def test_what_never_varies_has_an_interval_of_one_point() -> None:
    plan = Plan([10], resamples=100, seed=1)
    figure = plan.figure(plan.mean(np.ones(10), np.arange(10)))
    assert (figure.value, figure.low, figure.high) == (1.0, 1.0, 1.0)


def test_the_interval_of_a_distance_holds_the_distance_found() -> None:
    """A profile drawn with some twice is farther from another than the whole is: resamples are biased."""
    rng = np.random.default_rng(2)
    counts = rng.normal(0, 1, (40, 60))
    plan = Plan([40], resamples=400, seed=1)
    profile = (plan.weights @ counts) / plan.weights.sum(axis=1, keepdims=True)
    draws = np.abs(profile).mean(axis=1)
    assert (draws[41:] > draws[0]).all()
    figure = plan.figure(draws)
    assert figure.low is not None
    assert figure.high is not None
    assert figure.low <= figure.value <= figure.high


def test_what_was_found_in_none_of_twenty_is_not_told_from_what_is_found_in_one_of_a_hundred() -> None:
    plan = Plan([20], resamples=100, seed=1)
    never = plan.mean(np.zeros(20), np.arange(20))
    rarely = plan.mean(np.full(20, 0.01), np.arange(20))
    figure = plan.difference(never - rarely)
    assert (figure.value, figure.low, figure.high) == pytest.approx((-0.01, -0.149, 0.129), abs=5e-4)
    assert plan.p(never - rarely) == 1.0
    always = plan.difference(plan.mean(np.ones(20), np.arange(20)) - never)
    assert always.low == pytest.approx(0.05 ** (1 / 20))  # of so many, at least
    assert plan.p(plan.mean(np.ones(20), np.arange(20)) - never) < 1e-6
    varied = plan.mean(np.arange(20) / 20, np.arange(20))
    assert plan.difference(varied) == plan.figure(varied)


def test_the_same_seed_draws_the_same() -> None:
    assert (Plan([9], resamples=50, seed=4).weights == Plan([9], resamples=50, seed=4).weights).all()
    assert (Plan([9], resamples=50, seed=4).weights != Plan([9], resamples=50, seed=5).weights).any()


def test_holm_adjusts_step_by_step() -> None:
    adjusted = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert adjusted == pytest.approx({"d": 0.02, "a": 0.03, "c": 0.06, "b": 0.06})
    assert holm({"a": 0.9, "b": 0.8}) == {"b": 1.0, "a": 1.0}
    assert holm({}) == {}
