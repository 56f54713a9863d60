"""Models of every kind: forecasts, groups, alarms and orders; each beside its baseline, with its reasons."""

import time
from pathlib import Path

import numpy as np
import pytest

from ipse.config import load_settings
from ipse.errors import DatasetError, RegistryError, SettingsError
from ipse.pipeline.consents import give
from ipse.pipeline.days import events, predictors, suppressions
from ipse.pipeline.days.columns import stream
from ipse.pipeline.days.foretelling import learn
from ipse.pipeline.days.judging import judge
from ipse.pipeline.days.ordering import prefer
from ipse.pipeline.days.outcomes import outcomes
from ipse.pipeline.days.predicting import batch, catch_up, predict
from ipse.pipeline.days.predictions import predictions
from ipse.pipeline.days.projects import wanted_model
from ipse.pipeline.days.settling import Learned
from ipse.pipeline.days.tables_taking import take
from ipse.pipeline.workspace import Workspace
from ipse.records import Event

from .tables import events_table

Data = dict[str, str | int | float | bool | None]
HOUR = 3_600_000_000
DAY = 24 * HOUR
YAML = """
features:
  load_3h: {from: desk, field: load, agg: mean, window: 3h}
  heat_3h: {from: desk, field: heat, agg: mean, window: 3h}
  home: {from: desk, where: {place: home}, agg: count, window: 3h}
set: {name: desk_v1, origins: {every: 1h}}
models:
  - {name: ahead, type: forecast, target: desk.load, params: {horizon: 12h}}
  - {name: hours, type: cluster, target: desk.*, features: [load_3h, heat_3h]}
  - {name: odd, type: anomaly, target: desk.*, features: [load_3h, heat_3h], algorithm: pca,
     params: {alarms_per_week: 9}}
  - {name: line, type: anomaly, target: desk.load, params: {alarms_per_week: 9, threshold: 0.3}}
  - {name: first, type: priority, target: todo.item}
"""


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


HOURS = 2100


@pytest.fixture
def desk(workspace: Workspace, tmp_path: Path) -> Workspace:
    (tmp_path / "ipse.yaml").write_text(YAML)
    workspace.settings = load_settings(environment={}, project_file=tmp_path / "ipse.yaml")
    give(workspace, "desk", ["archive", "events"])
    take(workspace, events_table(tmp_path / "desk.csv", hours=HOURS), quiet)
    return workspace


def taught(workspace: Workspace, name: str) -> Learned:
    return learn(workspace, wanted_model(workspace.settings, name), quiet)


def test_a_forecast_foretells_each_step_with_its_interval_and_is_held_to_it(desk: Workspace) -> None:
    found = taught(desk, "ahead")
    assert found.promoted, found.reason
    assert found.card.task == "forecasting"
    assert found.card.verdict.value < found.card.verdict.baseline_value
    assert 0.75 < found.card.verdict.figures["coverage_90"] <= 1
    said = predict(desk, "ahead", at=int(stream(desk, "desk").ts[-30]))
    assert len(said.path) == 12
    assert said.path[0].due == said.origin + HOUR
    assert said.due == said.path[-1].due == said.origin + 12 * HOUR
    assert all(one.low < one.value < one.high for one in said.path)
    widths = [one.high - one.low for one in said.path]
    assert widths == pytest.approx(sorted(widths))
    assert {one.feature for one in said.reasons} == {"no change", "a season before", "trend (Theta)"}
    told = outcomes(desk, "ahead")
    assert (told.rows, told.waiting) == (1, 0)
    assert told.value is not None
    assert told.value < 3 * told.expected
    assert told.covered is not None
    assert told.covered >= 0.5


def test_a_forecast_of_the_past_sees_nothing_of_what_came_later(desk: Workspace) -> None:
    taught(desk, "ahead")
    at = int(stream(desk, "desk").ts[-100])
    before = predict(desk, "ahead", at=at, keep_it=False).path
    later = Event(source="desk", kind="metric", ts=at - HOUR, rx=at + 1, key="late", data={"load": 9000.0})
    events.keep(desk, [later])
    assert predict(desk, "ahead", at=at, keep_it=False).path == before
    assert predict(desk, "ahead", at=at + HOUR, keep_it=False).path != before


def test_groups_are_named_stable_and_belong_by_their_columns(desk: Workspace) -> None:
    found = taught(desk, "hours")
    assert found.promoted, found.reason
    verdict = found.card.verdict
    assert verdict.value > verdict.baseline_value
    assert verdict.figures["stability"] > 0.5
    said = predict(desk, "hours")
    assert said.label in found.card.target.labels
    assert said.chance is not None
    assert said.chance > 0.5
    assert {one.feature for one in said.reasons} <= {"load_3h", "heat_3h"}
    assert outcomes(desk, "hours").value is None


def test_alarms_are_few_find_what_is_planted_and_say_why(desk: Workspace) -> None:
    found = taught(desk, "odd")
    assert found.promoted, found.reason
    figures = found.card.verdict.figures
    assert figures["alarms_a_week_high"] <= 9
    assert found.card.verdict.value > found.card.verdict.baseline_value
    last = int(stream(desk, "desk").ts[-1])
    hot = []
    for n in range(1, 5):
        data: Data = {"load": 50.0, "heat": 25.0 + 80 * (n == 3)}
        at = last + n * HOUR
        hot.append(Event(source="desk", kind="metric", ts=at, rx=at, key=f"hot{n}", data=data))
    events.keep(desk, hot)
    alarms = catch_up(desk, "odd", quiet)
    assert alarms
    assert {one.label for one in alarms} == {"anomaly"}
    assert alarms[0].reasons[0].feature == "heat_3h"
    assert alarms[0].chance is not None
    assert alarms[0].chance > 0.9
    assert catch_up(desk, "odd", quiet) == []
    word = judge(desk, alarms[0].id, "not_an_anomaly")
    (rule,) = suppressions.in_force(desk, "odd")
    assert word.suppression == rule.id
    seen = alarms[0].reasons[0].value
    assert seen is not None
    assert rule.low < seen < rule.high
    again = predict(desk, "odd", at=alarms[0].origin, keep_it=False)
    assert (again.label, again.suppressed) == ("anomaly", rule.id)
    suppressions.remove(desk, rule.id)
    assert predict(desk, "odd", at=alarms[0].origin, keep_it=False).suppressed == ""
    with pytest.raises(SettingsError, match="no alarm"):
        judge(desk, predict(desk, "odd", at=last - 50 * HOUR).id, "not_an_anomaly")
    assert outcomes(desk, "odd").not_an_anomaly == 1


def test_too_many_alarms_do_not_speak(desk: Workspace) -> None:
    models = tuple(
        one.model_copy(update={"params": {"alarms_per_week": 0.01}}) for one in desk.settings.models
    )
    desk.settings = desk.settings.model_copy(update={"models": models})
    found = taught(desk, "odd")
    assert not found.promoted
    assert "alarms a week" in found.reason
    with pytest.raises(RegistryError, match="has earned its place yet"):
        predict(desk, "odd")
    with pytest.raises(RegistryError, match="alarms a week"):
        predictors.promote(desk, "odd-v1", reason="hope")


def test_alarms_along_one_series_say_in_which_view(desk: Workspace) -> None:
    found = taught(desk, "line")
    assert found.card.algorithm == "novelty"
    assert found.card.columns == ("value", "mean", "time of day")
    assert found.card.verdict.value > found.card.verdict.baseline_value
    assert found.promoted, found.reason
    last = int(stream(desk, "desk").ts[-1])
    events.keep(
        desk,
        [Event(source="desk", kind="metric", ts=last + HOUR, rx=last + HOUR, key="x", data={"load": 400.0})],
    )
    said = predict(desk, "line")
    assert said.label == "anomaly"
    assert said.value > 1
    assert said.reasons[0].feature in found.card.columns


def todo(workspace: Workspace, many: int = 40) -> list[tuple[str, float, str]]:
    """Items with a deadline and a kind; returns them."""
    give(workspace, "todo", ["archive", "events"])
    rng = np.random.default_rng(3)
    start = time.time_ns() // 1000 - 10 * DAY
    items = []
    rows = []
    for number in range(many):
        left, kind = float(rng.integers(1, 100)), str(rng.choice(["bill", "chore"]))
        name = f"task{number}"
        items.append((name, left, kind))
        data: Data = {"item": name, "hours_left": left, "kind": kind, "done": "no"}
        at = start + number * HOUR
        rows.append(Event(source="todo", kind="point", ts=at, rx=at, key=name, data=data))
    events.keep(workspace, rows)
    return items


def urgency(item: tuple[str, float, str]) -> float:
    return -item[1] + 40 * (item[2] == "bill")


def test_what_comes_first_is_learned_from_decisions(desk: Workspace) -> None:
    items = todo(desk)
    with pytest.raises(DatasetError, match="There are 0 decisions"):
        taught(desk, "first")
    rng = np.random.default_rng(4)
    for _ in range(60):
        one, other = rng.choice(len(items), 2, replace=False)
        pair = sorted((items[one], items[other]), key=urgency, reverse=True)
        prefer(desk, "todo", "item", pair[0][0], pair[1][0])
    found = taught(desk, "first")
    assert found.promoted, found.reason
    assert found.card.verdict.value > 0.8
    said = predict(desk, "first")
    assert said.label == said.order[0]
    best = [name for name, *_ in sorted(items, key=urgency, reverse=True)]
    assert said.label in best[:4]
    assert set(said.order[:5]) <= set(best[:10])
    assert {one.feature for one in said.reasons} & {"hours_left", "kind=bill", "kind=chore"}
    now = time.time_ns() // 1000
    data: Data = {"item": said.label, "hours_left": 1.0, "kind": "bill", "done": "yes"}
    events.keep(desk, [Event(source="todo", kind="point", ts=now, rx=now, key="d", data=data)])
    assert said.label not in predict(desk, "first").order
    assert len(stream(desk, "todo")) == 41, "decisions are no rows of what they are about"


def test_a_challenger_of_every_kind_is_held_to_the_champion_on_time_that_neither_saw(
    desk: Workspace, tmp_path: Path
) -> None:
    """A forecast and alarms learned anew a month later; groups answer no question that two could share."""
    before = {name: taught(desk, name) for name in ("ahead", "odd", "hours")}
    assert all(one.promoted and one.beside is None for one in before.values())
    again = taught(desk, "ahead")
    assert again.beside is None, "nothing came in that neither saw"
    take(desk, events_table(tmp_path / "desk.csv", hours=HOURS + 700), quiet)
    for name in ("ahead", "odd"):
        champion = predictors.project(desk, name).champion
        found = taught(desk, name)
        assert found.beside is not None, name
        assert found.beside.champion == champion
        assert found.beside.rows >= 50
        assert found.promoted == (found.beside.low > 0)
        assert found.promoted or f"on {found.beside.rows} rows that neither had seen" in found.reason
    assert taught(desk, "hours").beside is None


def test_a_batch_says_what_it_would_have_said(desk: Workspace) -> None:
    taught(desk, "hours")
    last = int(stream(desk, "desk").ts[-1])
    said = list(batch(desk, "hours", quiet, since=last - DAY, until=last))
    assert len(said) == 24
    alone = predict(desk, "hours", at=said[5].origin, keep_it=False)
    assert (alone.label, alone.chances) == (said[5].label, said[5].chances)
    assert list(predictions(desk, "hours")) == []
    list(batch(desk, "hours", quiet, since=last - DAY, until=last, keep_it=True))
    assert len(list(predictions(desk, "hours"))) == 24
