"""The contract of a learner over tables, tried out: ``check_learner(MyEstimator)`` in a test of yours."""

from typing import Any, Literal

import numpy as np

from ipse.errors import IpseError, PluginError
from ipse.tables import TableModel

__all__ = ["check_learner"]

MINUTE = 60_000_000
COLUMNS = ("a", "b", "c")


def check_learner(part: type, task: Literal["classification", "regression"] = "classification") -> None:
    """Fit it on a small table, ask it, put it away and take it out again; ``PluginError`` at what breaks.

    It must: be made without arguments, return itself from ``fit``, leave what it is given as it was, learn
    something, give the same twice, name what it learned with ``_`` at the end, keep no rows, and survive
    being saved without pickle.
    """
    for name in ("fit", "predict"):
        _require(callable(getattr(part, name, None)), part, f"has no `{name}`")
    rng = np.random.default_rng(7)
    x = rng.normal(size=(400, 3))
    number = 2 * x[:, 0] - x[:, 1] + 0.1 * rng.normal(size=400)
    y = (number > 0).astype(np.intp) if task == "classification" else number
    before = x.tobytes(), y.tobytes()
    try:
        made = part()
    except TypeError as error:
        raise PluginError(f"{part.__name__} cannot be made without arguments: {error}.") from error
    own = set(vars(made))
    _require(made.fit(x[:300], y[:300]) is made, part, "does not return itself from fit")
    said = np.asarray(made.predict(x[300:]))
    _require((x.tobytes(), y.tobytes()) == before, part, "changes the rows it is given")
    _require(said.shape == (100,), part, f"predicts shape {said.shape} for 100 rows")
    _require(_learned(said, y, task), part, "learned nothing from a plain pattern")
    _require(
        (np.asarray(part().fit(x[:300], y[:300]).predict(x[300:])) == said).all(),
        part,
        "says other things twice",
    )
    new = set(vars(made)) - own
    odd = sorted(one for one in new if not one.endswith("_") and not one.startswith("_"))
    _require(not odd, part, f"learns {', '.join(odd)}: what is learned ends in `_`")
    _require(not any(_holds(vars(made)[one], x[:300]) for one in new), part, "keeps the rows it learned from")
    _saved(part, task, x, y)


def _saved(part: type, task: Literal["classification", "regression"], x: Any, y: Any) -> None:  # noqa: ANN401
    """As a model of the registry, with its uncertainty, through its files."""
    plugins = {"checked": part}
    try:
        model = TableModel(task, "checked", plugins=plugins).fit(
            x[:300], y[:300].astype(np.float64), times=np.arange(300) * MINUTE, columns=COLUMNS
        )
        again = TableModel.load(model.files(), plugins=plugins)
    except (IpseError, TypeError, ValueError, AttributeError) as error:
        raise PluginError(f"{part.__name__} does not survive being saved: {error}") from error
    same = (again.predict(x[300:]).value == model.predict(x[300:]).value).all()
    _require(bool(same), part, "says other things after it was saved")


def _learned(said: Any, y: Any, task: str) -> bool:  # noqa: ANN401
    if task == "classification":
        return bool((said == y[300:]).mean() > 0.75)
    return bool(np.abs(said - y[300:]).mean() < 0.6 * np.abs(y[300:] - y[:300].mean()).mean())


def _holds(value: Any, rows: Any) -> bool:  # noqa: ANN401
    return isinstance(value, np.ndarray) and value.shape == rows.shape and bool((value == rows).all())


def _require(holds: bool, part: type, what: str) -> None:  # noqa: FBT001
    if not holds:
        raise PluginError(f"{part.__name__} {what}.", hint="See docs/concepts/plugins.md.")
