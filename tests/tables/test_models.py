"""Learners over tables: they learn, know how sure they are, and are held against the plainest method."""

import json

import numpy as np
import pytest
import skops.io

from ipse.errors import DatasetError, LearnerError
from ipse.tables import (
    CLASSIFIERS,
    REGRESSORS,
    TableModel,
    contributions,
    judge_classes,
    judge_numbers,
    rolling_splits,
    time_split,
)
from ipse.tables.intervals import block_interval, conformal_radius, temperature
from ipse.tables.persistence import dump, load

MINUTE = 60_000_000


def rows(many: int = 600, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(many, 3))
    y = (x[:, 0] + 0.5 * x[:, 1] + 0.3 * rng.normal(size=many) > 0).astype(float)
    return x, y, np.arange(many) * MINUTE


def fitted(algorithm: str, **more: object) -> TableModel:
    x, y, times = rows()
    made = TableModel("classification", algorithm, **more)  # type: ignore[arg-type]
    return made.fit(x, y, times=times, columns=("a", "b", "c"), labels=("no", "yes"))


@pytest.mark.parametrize(
    "algorithm", [*CLASSIFIERS, "sklearn.naive_bayes.GaussianNB", "sklearn.svm.LinearSVC"]
)
def test_each_classifier_learns_is_calibrated_and_comes_back_from_its_files(algorithm: str) -> None:
    model = fitted(algorithm)
    x, y, _ = rows(400, seed=1)
    said = model.predict(x)
    verdict = judge_classes(said, y, baselines={"majority": np.ones(len(y))}, seed=1)
    assert verdict.earned
    assert verdict.value > 0.85
    assert verdict.figures["calibration_error"] < 0.12
    assert said.chance is not None
    np.testing.assert_allclose(said.chance.sum(axis=1), 1)
    files = model.files()
    assert not any(b"pickle" in one for one in files.values())
    again = TableModel.load(files).predict(x)
    assert again.chance is not None
    assert again.chance.tobytes() == said.chance.tobytes()


@pytest.mark.parametrize("algorithm", [*REGRESSORS, "sklearn.neighbors.KNeighborsRegressor"])
def test_each_regressor_learns_and_its_interval_covers(algorithm: str) -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(1500, 2))
    y = 10 * x[:, 0] + (1 + np.abs(x[:, 1])) * rng.normal(size=1500)
    times = np.arange(1500) * MINUTE
    model = TableModel("regression", algorithm).fit(
        x[:1000], y[:1000], times=times[:1000], columns=("a", "b")
    )
    said = TableModel.load(model.files()).predict(x[1000:])
    verdict = judge_numbers(said, y[1000:], baselines={"mean": np.full(500, y[:1000].mean())}, seed=2)
    assert verdict.earned
    assert 0.85 <= verdict.figures["coverage_90"] <= 0.95


def test_counts_are_learned_on_a_scale_of_their_own_and_never_fall_below_nothing() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(800, 1))
    y = rng.poisson(np.exp(2 + 1.5 * x[:, 0])).astype(float)
    model = TableModel("regression", "ridge").fit(x, y, times=np.arange(800) * MINUTE, columns=("a",))
    said = model.predict(np.array([[-6.0], [0.0], [2.0]]))
    assert said.low is not None
    assert said.high is not None
    assert said.low.min() >= 0
    assert said.value[0] < said.value[1] < said.value[2]
    assert said.high[2] - said.low[2] > 3 * (said.high[1] - said.low[1])


def test_what_is_no_better_than_the_baseline_has_not_earned_its_place() -> None:
    x, _, times = rows()
    noise = np.random.default_rng(4).integers(0, 2, len(x)).astype(float)
    model = TableModel("classification", "forest").fit(x, noise, times=times, columns=("a", "b", "c"))
    fresh, _, _ = rows(300, seed=5)
    truth = np.random.default_rng(6).integers(0, 2, 300).astype(float)
    assert not judge_classes(model.predict(fresh), truth, baselines={"majority": np.ones(300)}, seed=1).earned


def test_gaps_in_a_row_are_no_reason_to_fail() -> None:
    x, y, times = rows()
    x[::7, 1] = np.nan
    for algorithm in ("logistic", "boosting", "forest"):
        model = TableModel("classification", algorithm).fit(x, y, times=times, columns=("a", "b", "c"))
        assert np.isfinite(model.predict(np.full((1, 3), np.nan)).value).all()


@pytest.mark.parametrize(
    ("algorithm", "says"),
    [
        ("fortune", "There are: logistic, boosting"),
        ("sklearn.ensemble.Nothing", "There is no `sklearn.ensemble.Nothing`"),
        ("sklearn.preprocessing.StandardScaler", "has no fit and predict"),
        ("sklearn.metrics.accuracy_score", "is no estimator"),
        ("os.system", "There is no algorithm"),
    ],
)
def test_an_algorithm_that_is_none_is_told(algorithm: str, says: str) -> None:
    with pytest.raises(LearnerError, match=says):
        fitted(algorithm)


def test_settings_that_an_algorithm_lacks_are_told() -> None:
    with pytest.raises(LearnerError, match="KNeighborsClassifier"):
        fitted("sklearn.neighbors.KNeighborsClassifier", params={"depth": 3})


def test_one_class_is_nothing_to_learn() -> None:
    x, _, times = rows()
    with pytest.raises(LearnerError, match="one class"):
        TableModel("classification").fit(x, np.ones(len(x)), times=times, columns=("a", "b", "c"))


def test_other_columns_than_it_was_fitted_on_are_refused() -> None:
    with pytest.raises(LearnerError, match="knows 3 columns, not 2"):
        fitted("lda").predict(np.ones((1, 2)))


class Foreign:
    """A type that nobody trusts."""

    def __init__(self) -> None:
        self.held = 1


def test_files_with_a_foreign_type_are_refused_before_anything_of_them_is_made() -> None:
    data = dump(Foreign())
    assert skops.io.get_untrusted_types(data=data)
    with pytest.raises(LearnerError, match=r"not trusted: .*Foreign"):
        load(data)
    assert isinstance(load(data, plugins=[f"{Foreign.__module__}.Foreign"]), Foreign)
    with pytest.raises(LearnerError, match="no files of a model"):
        TableModel.load({"model.json": b"{}"})


def test_onnx_says_what_the_model_says() -> None:
    import onnxruntime

    model = fitted("logistic")
    x, _, _ = rows(50, seed=8)
    session = onnxruntime.InferenceSession(model.onnx(), providers=["CPUExecutionProvider"])
    said = session.run(None, {"X": x.astype(np.float32)})[0]
    assert (said == model.predict(x).value).all()


def test_what_does_not_convert_to_onnx_is_told() -> None:
    with pytest.raises(LearnerError, match="does not convert"):
        fitted("sklearn.semi_supervised.LabelPropagation").onnx()


def test_a_split_by_time_keeps_its_distance() -> None:
    times = np.random.default_rng(0).permutation(200) * MINUTE
    learned, judged = time_split(times, share=0.25, embargo=10 * MINUTE)
    assert times[judged].min() - times[learned].max() > 10 * MINUTE
    assert (len(learned), len(judged)) == (140, 50)
    with pytest.raises(DatasetError, match="0 would be learned from"):
        time_split(times, embargo=500 * MINUTE)


def test_rolling_splits_learn_from_all_before_and_judge_each_row_once() -> None:
    times = np.arange(100) * MINUTE
    pieces = list(rolling_splits(times, folds=4, share=0.4, embargo=5 * MINUTE))
    assert [len(judged) for _, judged in pieces] == [10] * 4
    assert [len(learned) for learned, _ in pieces] == [55, 65, 75, 85]


def test_the_interval_of_a_mean_holds_it_as_often_as_it_says_also_where_neighbours_are_alike() -> None:
    rng, held = np.random.default_rng(1), 0
    for _ in range(200):
        noise = rng.normal(size=420)
        alike = np.array([noise[i : i + 5].mean() for i in range(400)])
        low, high = block_interval(alike, seed=int(rng.integers(1 << 30)))
        held += low <= 0 <= high
    assert 0.85 <= held / 200 <= 0.99


def test_conformal_radius_promises_what_it_can() -> None:
    assert conformal_radius(np.arange(1.0, 20.0), 0.9) == 18.0
    assert conformal_radius(np.arange(5.0), 0.9) == np.inf


def test_temperature_cools_what_boasts() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(4000, 2)) * 2
    truth = (rng.random(4000) < 1 / (1 + np.exp(logits[:, 0] - logits[:, 1]))).astype(int)
    assert temperature(logits * 3, truth) == pytest.approx(3, rel=0.15)


def test_an_explanation_names_what_moves_the_answer() -> None:
    model = fitted("logistic")
    found = contributions(model, np.array([2.0, 0.5, 0.0]), np.zeros(3))
    assert [name for name, _, _ in found][:2] == ["a", "b"]
    assert found[0][2] > found[1][2] > 0
    assert json.dumps(found)
