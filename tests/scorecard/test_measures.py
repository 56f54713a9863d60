import numpy as np
import pytest

from ipse.scorecard.bootstrap import Plan
from ipse.scorecard.measures import Measured, Missing, Spec, row
from ipse.scorecard.results import CEILING, CLONE, WRONG

PLAN = Plan([60], resamples=400, seed=1)
NOISE = np.random.default_rng(1).normal(0, 0.2, 60)


def spec(*, higher: bool = True, against: str = WRONG) -> Spec:
    return Spec(
        id="1",
        name="x",
        definition="",
        good="",
        unit="share",
        higher=higher,
        against=against,
        meets=(0.0, 1.0),
    )


def measured(spec: Spec, **means: float) -> Measured:
    names = {"clone": CLONE, "ceiling": CEILING, "wrong": WRONG}
    wobble = {name: np.random.default_rng(n).normal(0, 0.1, 60) for n, name in enumerate(names)}
    draws = {
        names[name]: PLAN.mean(mean + NOISE + wobble[name], np.arange(60)) for name, mean in means.items()
    }
    return Measured(spec=spec, plan=PLAN, draws=draws)


def test_the_headline_is_the_share_of_the_way_whichever_direction_is_better() -> None:
    up = row(measured(spec(), clone=0.8, ceiling=1.0, wrong=0.0))
    down = row(measured(spec(higher=False), clone=0.2, ceiling=0.0, wrong=1.0))
    for each in (up, down):
        assert each.headline is not None
        assert each.headline.value == pytest.approx(0.8, abs=0.05)
        assert each.verdict == "better"
        assert each.difference is not None
        assert each.difference.value == pytest.approx(0.8, abs=0.05)


def test_worse_and_cannot_tell() -> None:
    assert row(measured(spec(), clone=0.2, ceiling=1.0, wrong=0.6)).verdict == "worse"
    assert row(measured(spec(higher=False), clone=0.9, ceiling=0.0, wrong=0.5)).verdict == "worse"
    same = row(measured(spec(), clone=0.5, ceiling=1.0, wrong=0.5))
    assert same.verdict == "cannot tell"
    assert same.p is not None
    assert same.p > 0.05


def test_no_share_is_given_where_the_wrong_author_is_as_good_as_the_owner() -> None:
    found = row(measured(spec(), clone=0.5, ceiling=0.5, wrong=0.5))
    assert found.headline is None
    assert "cannot be told apart" in found.note


def test_against_nothing_is_against_nought() -> None:
    assert row(measured(spec(against=""), clone=0.5)).verdict == "better"
    assert row(measured(spec(against=""), clone=-0.5)).verdict == "worse"


def test_without_the_other_there_is_nothing_to_tell() -> None:
    found = row(measured(spec(), clone=0.5, ceiling=0.5))
    assert (found.verdict, found.difference, found.p, found.headline) == ("cannot tell", None, None, None)
    assert found.value is not None


def test_the_range_asked_for_is_held_against_the_value() -> None:
    assert row(measured(spec(), clone=0.5)).met is True
    assert row(measured(spec(), clone=1.5)).met is False


def test_what_is_missing_has_no_figures() -> None:
    found = row(Missing(spec(), "There is no text."))
    assert (found.verdict, found.value, found.note) == ("not measured", None, "There is no text.")
