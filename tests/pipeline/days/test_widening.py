"""Intervals follow what a model's errors have become since it learned, by outcomes known by then alone."""

from pathlib import Path

import numpy as np
import pytest

from ipse.pipeline.consents import give
from ipse.pipeline.days.foretelling import learn
from ipse.pipeline.days.predicting import batch, predict
from ipse.pipeline.days.tables_taking import take
from ipse.pipeline.days.wanting import Wanted
from ipse.pipeline.days.widening import widths_by
from ipse.pipeline.workspace import Workspace
from ipse.tables import TableModel
from ipse.tables.intervals import coverage

from .tables import events_table

HOUR = 3_600_000_000


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


@pytest.mark.parametrize(("world", "fixed"), [("same", (0.85, 0.95)), ("louder", (0.4, 0.8))])
def test_what_is_promised_holds_where_errors_grow(world: str, fixed: tuple[float, float]) -> None:
    """A world whose noise doubles after a model learned; where nothing changes, it costs nothing."""
    share, wide = [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(600, 2))
        noise = rng.normal(size=600) * np.where((np.arange(600) >= 260) & (world == "louder"), 2.0, 1.0)
        y, times = x[:, 0] + noise, np.cumsum(rng.integers(1, 5, 600)) * HOUR
        model = TableModel("regression", "ridge").fit(x[:260], y[:260], times=times[:260], columns=["a", "b"])
        late, was = x[260:], y[260:]
        plain = model.predict(late)
        assert plain.low is not None
        assert plain.high is not None
        share.append(coverage(plain.low, plain.high, was))
        widen = widths_by(times[260:], times[260:] + HOUR, model.needed(late, was), times[260:])
        said = model.predict(late, widen=widen)
        assert said.low is not None
        assert said.high is not None
        wide.append(coverage(said.low, said.high, was))
        inside = model.needed(late, was) <= 1
        assert np.array_equal(inside, (was >= plain.low) & (was <= plain.high))
    assert fixed[0] <= np.mean(share) <= fixed[1]
    assert 0.86 <= np.mean(wide) <= 0.93


def test_an_outcome_counts_from_when_it_was_known() -> None:
    moments = np.arange(10) * HOUR
    missed = np.full(10, 9.0)
    late = widths_by(moments, np.full(10, 50 * HOUR), missed, np.array([9, 49, 50]) * HOUR)
    assert late[0] == late[1] == 1.0
    assert late[2] > 1.4
    unknown = widths_by(moments, moments + HOUR, np.full(10, np.nan), moments)
    assert unknown.tolist() == [1.0] * 10
    several = np.array([7, 3, 9]) * HOUR
    alone = [widths_by(moments, moments + HOUR, missed, several[[one]])[0] for one in range(3)]
    assert widths_by(moments, moments + HOUR, missed, several).tolist() == alone


def test_many_moments_are_foretold_as_each_alone(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ipse.pipeline.days.widening.BLOCK", 20)
    give(workspace, "desk", ["archive", "events"])
    take(workspace, events_table(tmp_path / "desk.csv", hours=300), quiet)
    made = learn(workspace, Wanted(project="desk", stream="desk", field="load", algorithm="ridge"), quiet)
    assert made.promoted
    take(workspace, events_table(tmp_path / "desk.csv", hours=400), quiet)
    found = list(batch(workspace, "desk", quiet, since=made.card.last, keep_it=False))
    assert len(found) == 101  # the last row that it learned of had no outcome yet
    spans = {round(one.high - one.low, 9) for one in found if one.high is not None and one.low is not None}
    assert len(spans) > 20, "they follow what came in"
    for one in found[::25]:
        alone = predict(workspace, "desk", at=one.origin, keep_it=False)
        told = (one.value, one.low, one.high)
        assert (alone.value, alone.low, alone.high) == pytest.approx(told, rel=1e-12)  # but for a sum's order
