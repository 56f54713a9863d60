"""``check_learner``: passes the example, which is short, and names what breaks the contract."""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ipse.errors import PluginError
from ipse.testing import check_learner

FILE = Path(__file__).resolve().parents[2] / "examples" / "learner" / "centroids.py"


def centroids() -> Any:
    spec = importlib.util.spec_from_file_location("centroids", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["centroids"] = module  # a type is saved by its module's name
    spec.loader.exec_module(module)
    return module.Centroids


def test_the_example_is_short_and_keeps_the_contract() -> None:
    assert FILE.read_text(encoding="utf-8").count("\n") < 40
    check_learner(centroids())


def broken(what: str) -> type:
    class Broken(centroids()):  # type: ignore[misc]
        def fit(self, x: Any, y: Any) -> Any:
            super().fit(x, y)
            if what == "rows":
                self.rows_ = x.copy()
            if what == "name":
                self.learned = 1
            if what == "change":
                x[0, 0] = 9
            return None if what == "self" else self

        def predict(self, x: Any) -> Any:
            said = super().predict(x)
            if what == "shape":
                return said[:, None]
            if what == "nothing":
                return np.zeros(len(x), dtype=int)
            return np.random.default_rng().permutation(said) if what == "twice" else said

    return Broken


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("rows", "keeps the rows"),
        ("name", "what is learned ends in"),
        ("change", "changes the rows"),
        ("self", "does not return itself"),
        ("shape", "predicts shape"),
        ("nothing", "learned nothing"),
        ("twice", "learned nothing|says other things twice"),
        ("saved", "does not survive being saved"),
    ],
)
def test_what_breaks_the_contract_is_named(what: str, says: str) -> None:
    with pytest.raises(PluginError, match=says):
        check_learner(broken(what))  # a class within a function cannot be found again by its name


def test_what_is_no_estimator_is_named() -> None:
    with pytest.raises(PluginError, match="has no `fit`"):
        check_learner(dict)
