"""scikit-learn estimators by name: ours, any by its import name, and whatever a plugin brings.

``forest`` is short for one that is set up for tables of events; ``sklearn.svm.SVC`` is any other.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Literal, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ipse.errors import LearnerError

__all__ = ["CLASSIFIERS", "REGRESSORS", "Estimator", "Task", "estimator"]

Task = Literal["classification", "regression", "forecasting", "clustering", "anomaly", "ranking"]
Table = NDArray[np.float64]

CLASSIFIERS = ("logistic", "boosting", "forest", "sgd", "lda")
REGRESSORS = ("ridge", "boosting")


@runtime_checkable
class Estimator(Protocol):
    """What learns from a table: the contract of scikit-learn."""

    def fit(self, X: Any, y: Any, /) -> Any:  # noqa: ANN401, N803 - scikit-learn's own names and shapes
        """Learn from rows and what they were."""

    def predict(self, X: Any, /) -> Any:  # noqa: ANN401, N803
        """What rows would be."""


@runtime_checkable
class _Settable(Protocol):
    def get_params(self) -> Mapping[str, object]: ...
    def set_params(self, **params: object) -> Self: ...


def estimator(
    task: Task, algorithm: str, *, seed: int, plugins: Mapping[str, type] | None = None, **params: object
) -> Any:  # noqa: ANN401
    """A fresh one by name; raises ``LearnerError`` with the names there are.

    ``params`` are handed to its constructor. One that takes ``random_state`` is given the seed.
    """
    made = _ours(task, algorithm, seed, params)
    if made is not None:
        return made
    if plugins and algorithm in plugins:
        kind = plugins[algorithm]
    elif algorithm.startswith("sklearn."):
        kind = _by_import(algorithm)
    else:
        ours = CLASSIFIERS if task == "classification" else REGRESSORS
        known = ", ".join([*ours, *(plugins or {})])
        raise LearnerError(
            f"There is no algorithm `{algorithm}` for {task}.",
            hint=f"There are: {known}, and any of scikit-learn as `sklearn.module.Name`.",
        )
    try:
        found = kind(**params)
    except (TypeError, ValueError) as error:
        raise LearnerError(f"{algorithm}: {error}.", hint="Check its `params:`.") from error
    if isinstance(found, _Settable) and found.get_params().get("random_state", 0) is None:
        found.set_params(random_state=seed)
    if not isinstance(found, Estimator):
        raise LearnerError(f"`{algorithm}` has no fit and predict.", hint="Name an estimator.")
    return found


def _by_import(name: str) -> type:
    module, _, kind = name.rpartition(".")
    try:
        found = getattr(import_module(module), kind)
    except (ImportError, AttributeError):
        raise LearnerError(
            f"There is no `{name}` in scikit-learn.", hint="See scikit-learn.org/stable/api."
        ) from None
    if not isinstance(found, type):
        raise LearnerError(f"`{name}` is no estimator.", hint="Name a class.")
    return found


def _ours(task: Task, algorithm: str, seed: int, params: Mapping[str, object]) -> Any:  # noqa: ANN401
    if task == "classification":
        return _classifier(algorithm, seed, params)
    if task == "regression":
        return _regressor(algorithm, seed, params)
    return None


def _classifier(algorithm: str, seed: int, params: Mapping[str, object]) -> Any:  # noqa: ANN401
    if algorithm == "boosting":
        from sklearn.ensemble import HistGradientBoostingClassifier

        settings: dict[str, object] = {
            "max_iter": 150,
            "learning_rate": 0.08,
            "max_leaf_nodes": 15,
            "early_stopping": False,
        }
        return HistGradientBoostingClassifier(**(settings | {"random_state": seed, **params}))
    if algorithm == "forest":
        from sklearn.ensemble import RandomForestClassifier

        settings = {"n_estimators": 200, "min_samples_leaf": 5, "random_state": seed}
        return _whole(RandomForestClassifier(**(settings | dict(params))), scale=False)
    if algorithm == "logistic":
        from sklearn.linear_model import LogisticRegression

        return _whole(LogisticRegression(**({"max_iter": 2000, "C": 1.0} | dict(params))))
    if algorithm == "sgd":
        from sklearn.linear_model import SGDClassifier

        settings = {"loss": "log_loss", "alpha": 1e-4, "random_state": seed}
        return _whole(SGDClassifier(**(settings | dict(params))))
    if algorithm == "lda":
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

        return _whole(LinearDiscriminantAnalysis(**params))
    return None


def _regressor(algorithm: str, seed: int, params: Mapping[str, object]) -> Any:  # noqa: ANN401
    if algorithm == "boosting":
        from sklearn.ensemble import HistGradientBoostingRegressor

        settings: dict[str, object] = {
            "loss": "absolute_error",
            "max_iter": 400,
            "learning_rate": 0.05,
            "early_stopping": False,
            "random_state": seed,
        }
        return HistGradientBoostingRegressor(**(settings | dict(params)))
    if algorithm == "ridge":
        from sklearn.linear_model import Ridge

        return _whole(Ridge(**({"alpha": 1.0} | dict(params))))
    return None


def _whole(last: Any, *, scale: bool = True) -> Any:  # noqa: ANN401
    """With what it needs before it: no gaps, and columns of one size."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    steps = [SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler()]
    return make_pipeline(*steps[: 2 if scale else 1], last)
