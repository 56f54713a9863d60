"""The owner's word on predictions, what it changes, and that all of it goes with its source or consent."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest

from ipse.config import load_settings
from ipse.errors import LearnerError, NotFoundError, SettingsError
from ipse.jobs import Spec, listed
from ipse.jobs.schedules import held, run_due, words
from ipse.jobs.surroundings import Surroundings
from ipse.pipeline.consents import give, withdraw
from ipse.pipeline.days import events, featuring, predictors, suppressions
from ipse.pipeline.days.columns import stream
from ipse.pipeline.days.corrections import correct, labels_of
from ipse.pipeline.days.foretelling import learn
from ipse.pipeline.days.handing import export_predictor, write_batch
from ipse.pipeline.days.judging import judge
from ipse.pipeline.days.origins import origin_of
from ipse.pipeline.days.outcomes import history, outcomes
from ipse.pipeline.days.predicting import predict
from ipse.pipeline.days.predictions import Reason, keep, predictions
from ipse.pipeline.days.projects import feature_set_named
from ipse.pipeline.days.relearning import needs_relearning, relearn
from ipse.pipeline.days.scheduling import schedule_models
from ipse.pipeline.days.tables_taking import take
from ipse.pipeline.days.wanting import Wanted
from ipse.pipeline.forgetting import forget
from ipse.pipeline.plans import plan_for
from ipse.pipeline.tabular import read_rows
from ipse.pipeline.tasks import make, task
from ipse.pipeline.workspace import Workspace
from ipse.records import Event

from .tables import events_table

HOUR = 3_600_000_000
IDLE = Surroundings(on_ac=True, idle=timedelta(hours=1), load=0.0)


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


@pytest.fixture
def desk(workspace: Workspace, tmp_path: Path) -> Workspace:
    give(workspace, "desk", ["archive", "events"])
    take(workspace, events_table(tmp_path / "desk.csv"), quiet)
    return workspace


def taught(workspace: Workspace, field: str = "busy", **more: object) -> str:
    wanted: dict[str, object] = {"when": "same", "algorithm": "logistic"} | more
    made = learn(
        workspace,
        Wanted(project="desk", stream="desk", field=field, **wanted),  # type: ignore[arg-type]
        quiet,
    )
    return made.card.id


def test_a_corrected_label_is_known_from_now_on_and_never_before(desk: Workspace) -> None:
    taught(desk)
    before = stream(desk, "desk")
    at = int(before.ts[-10])
    said = predict(desk, "desk", at=at)
    other = "no" if said.label == "yes" else "yes"
    now = datetime.now(UTC).timestamp() * 1e6
    judge(desk, said.id, "wrong", label=other)
    target = predictors.card(desk, "desk").target
    assert labels_of(desk, target) == {at: other}
    told = events.read(desk, "desk", stream="corrections")
    assert told["rx"].to_pylist()[0] >= now
    after = stream(desk, "desk")
    assert len(after) == len(before), "what was said of a stream is no row of it"
    assert set(after.data) == set(before.data)
    assert predict(desk, "desk", at=at, keep_it=False).chances == said.chances, "nothing leaks backwards"
    found = outcomes(desk, "desk")
    assert (found.rows, found.value, found.wrong) == (1, 0.0, 1)
    judge(desk, said.id, "right")
    assert labels_of(desk, target) == {at: said.label}, "the last word counts"
    assert outcomes(desk, "desk").value == 1.0
    assert [(one.was, one.word.verdict if one.word else "") for one in history(desk, "desk", 5)] == [
        (said.label, "right")
    ]


def test_corrected_labels_are_what_is_learned(workspace: Workspace, tmp_path: Path) -> None:
    give(workspace, "desk", ["archive", "events"])
    take(workspace, events_table(tmp_path / "desk.csv", hours=200), quiet)
    taught(workspace)
    first = predictors.card(workspace, "desk-v1")
    known = stream(workspace, "desk")
    for at, was in zip(known.ts[-30:].tolist(), known.data["busy"][-30:].tolist(), strict=True):
        correct(workspace, first.target, at, "no" if was == "yes" else "yes", about="a test")
    again = relearn(workspace, "desk", quiet).card
    assert (again.rows, again.version) == (first.rows, first.version)
    assert again.verdict.value < 0.5 < first.verdict.value, "it is judged by what the owner said"


def test_a_challenger_is_held_to_the_champions_outcomes(desk: Workspace, tmp_path: Path) -> None:
    taught(desk, "load", when="next", algorithm="ridge")
    rows = events_table(tmp_path / "more.csv", hours=900)
    taught(desk, "load", when="next", algorithm="sklearn.dummy.DummyRegressor")
    assert predictors.project(desk, "desk").challenger == "desk-v2"
    take(desk, rows, quiet, source="desk")
    for at in stream(desk, "desk").ts[-40:-1]:
        predict(desk, "desk", at=int(at))
    found = outcomes(desk, "desk").beside
    assert found is not None
    assert (found.champion, found.challenger, found.rows) == ("desk-v1", "desk-v2", 39)
    assert found.champion_wrong < found.challenger_wrong
    assert found.low < found.high < 0


def turned(file: Path, start: int, *, rows: int = 500, other: bool = False) -> Path:
    """A number that follows from another; in the other world from a higher one, and the other way round."""
    rng = np.random.default_rng(start)
    x = rng.normal(size=rows) + 2 * other
    y = (-3 if other else 3) * x + rng.normal(size=rows) * 0.3
    lines = [f"{1_700_000_000 + 3600 * (start + n)},{x[n]:.4f},{y[n]:.4f}" for n in range(rows)]
    file.write_text("\n".join(["ts,x,y", *lines]), encoding="utf-8")
    return file


def test_only_what_beats_the_champion_on_rows_new_to_both_takes_its_place(
    workspace: Workspace, tmp_path: Path
) -> None:
    give(workspace, "desk", ["archive", "events"])
    take(workspace, turned(tmp_path / "one.csv", 0), quiet, source="desk")
    taught(workspace, "y", algorithm="ridge")
    assert not needs_relearning(workspace, "desk")
    take(workspace, turned(tmp_path / "two.csv", 500, other=True), quiet, source="desk")
    assert needs_relearning(workspace, "desk")
    done = task("learn").run(workspace, _spec("learn", project="desk", if_drifted=True), quiet)
    assert (done["model"], done["promoted"]) == ("desk-v2", True), done
    assert "and than desk-v1 by" in str(done["reason"])
    last = [row for row in workspace.vault.audit_rows() if row.action == "project.promote"][-1]
    assert last.details["model"] == "desk-v2", "it is told, with why"
    assert last.details["reason"] == done["reason"]
    same = relearn(workspace, "desk", quiet)
    assert not same.promoted
    assert "desk-v2 speaks" in same.reason
    told = task("learn").run(workspace, _spec("learn", project="desk", if_drifted=True), quiet)
    assert told["learned"] is False


def _spec(kind: str, **arguments: object) -> Spec:
    return make(kind, arguments)


YAML = """
features:
  load_3h: {from: desk, field: load, agg: mean, window: 3h}
models:
  - name: busy
    target: desk.busy
    when: same
    algorithm: logistic
    schedule: {every: 6h, events: 50, only_when: [idle, ac_power], on_drift: true}
    predict: {cron: hourly}
"""


def test_a_model_learns_when_its_settings_say(desk: Workspace, tmp_path: Path) -> None:
    (tmp_path / "ipse.yaml").write_text(YAML)
    desk.settings = load_settings(environment={}, project_file=tmp_path / "ipse.yaml")
    schedule_models(desk)
    schedule_models(desk)
    found = {one.id: one for one in held(desk.vault)}
    assert set(found) == {"learn-busy", "predict-busy"}
    learns = found["learn-busy"]
    assert words(learns) == "every 6h, 50 events of desk"
    assert (learns.on_ac, learns.idle_minutes, learns.seen) == (True, 10, 700)
    assert learns.spec.arguments == {"project": "busy", "if_drifted": True}
    rows = [
        Event(source="desk", kind="metric", ts=n, rx=n, key=f"k{n}", data={"load": 1.0}) for n in range(50)
    ]
    now = datetime.now(UTC)
    busy = Surroundings(on_ac=False, idle=timedelta(0), load=2.0)
    events.keep(desk, rows[:49])
    assert run_due(desk.vault, now, IDLE) == []
    events.keep(desk, rows[49:])
    assert run_due(desk.vault, now, busy) == []
    (job,) = run_due(desk.vault, now, IDLE)
    assert (job.kind, job.schedule) == ("learn", "learn-busy")
    assert run_due(desk.vault, now, IDLE) == [], "once"
    assert run_due(desk.vault, now + timedelta(hours=7), IDLE)[0].kind == "predict", "the other still runs"
    assert job.spec is not None
    inside = Workspace(desk.vault, load_settings(job.spec.settings, environment={}))
    done = task("learn").run(inside, job.spec, quiet)
    assert done["model"] == "busy-v1", "it holds without the file"
    assert len(listed(desk.vault)) == 2
    (tmp_path / "ipse.yaml").write_text(YAML.split("    schedule:", maxsplit=1)[0])
    desk.settings = load_settings(environment={}, project_file=tmp_path / "ipse.yaml")
    schedule_models(desk)
    assert held(desk.vault) == []


def everything(workspace: Workspace) -> dict[str, int]:
    """A document of each kind that is made of events."""
    settings = load_settings(
        {"features": {"a": {"from": "desk", "agg": "count", "window": "3h"}}}, environment={}
    )
    featuring.build(workspace, feature_set_named(settings))
    taught(workspace)
    said = predict(workspace, "desk")
    judge(workspace, said.id, "right")
    suppressions.add(workspace, project="desk", column="a", within=(0, 1), origin=origin_of(["desk"]))
    return counts(workspace)


def counts(workspace: Workspace) -> dict[str, int]:
    kinds = ("features", "predictor", "prediction", "judgement", "suppression")
    return {kind: len(workspace.vault.ids(kind)) for kind in kinds}


def test_erasing_the_source_takes_models_predictions_words_and_rules(desk: Workspace) -> None:
    assert set(everything(desk).values()) == {1}
    done = forget(desk, plan_for(desk, "source", "desk")).certificate.certificate
    assert done.remnants == 0
    assert set(counts(desk).values()) == {0}
    assert predictors.project(desk, "desk").champion == ""
    assert "desk" not in desk.vault.counts(), "corrections lay in their source"


def test_a_withdrawn_consent_takes_what_was_learned_under_it(desk: Workspace) -> None:
    give(desk, "other", ["archive", "events"])
    everything(desk)
    consent = predictors.card(desk, "desk").consents["desk"]
    withdraw(desk, consent, erase="models")
    left = counts(desk)
    assert (left["features"], left["predictor"], left["prediction"], left["judgement"]) == (0, 0, 0, 0)
    assert desk.vault.counts()["desk"]["records"] == 701, "the records stay, and the word on them"


def test_a_rule_ends_within_a_year_and_later_than_now(desk: Workspace) -> None:
    now = datetime.now(UTC)
    for until in (now - timedelta(days=1), now + timedelta(days=400)):
        with pytest.raises(SettingsError, match="within a year"):
            suppressions.add(
                desk, project="a", column="x", within=(0, 1), origin=origin_of(["desk"]), until=until
            )
    rule = suppressions.add(desk, project="a", column="x", within=(2, 1), origin=origin_of(["desk"]))
    assert suppressions.in_force(desk, "a", now + timedelta(days=29)) == [rule]
    assert suppressions.in_force(desk, "a", now + timedelta(days=31)) == []
    assert suppressions.matching([rule], "x", 1.5) == rule
    assert suppressions.matching([rule], "x", 2.5) is None
    assert suppressions.matching([rule], "y", 1.5) is None
    with pytest.raises(NotFoundError):
        suppressions.remove(desk, "nothing")


@pytest.mark.parametrize("end", ["csv", "jsonl", "parquet"])
def test_a_batch_is_written_as_a_table(desk: Workspace, tmp_path: Path, end: str) -> None:
    from ipse.pipeline.days.handing import Row
    from ipse.pipeline.tabular import columns_of

    taught(desk)
    last = int(stream(desk, "desk").ts[-1])
    file = tmp_path / f"said.{end}"
    assert write_batch(desk, "desk", file, quiet, span=(last - 24 * HOUR, last)) == 24
    rows = list(read_rows(file, columns_of(Row)))
    assert len(rows) == 24
    assert {row["label"] for row in rows} == {"yes", "no"}
    with pytest.raises(SettingsError, match="of what kind"):
        write_batch(desk, "desk", tmp_path / "said.txt", quiet)


def test_a_model_goes_out_whole_and_as_onnx_where_it_converts(desk: Workspace, tmp_path: Path) -> None:
    import onnxruntime

    taught(desk)
    files = export_predictor(desk, "desk", tmp_path / "own")
    assert {one.name for one in files} == {"card.json", "model.json", "model.skops"}
    export_predictor(desk, "desk-v1", tmp_path / "onnx", shape="onnx")
    session = onnxruntime.InferenceSession((tmp_path / "onnx" / "model.onnx").read_bytes())
    made = predictors.card(desk, "desk")
    row = np.array([made.usual], dtype=np.float32)
    assert session.run(None, {"X": row})[0].tolist() in ([0], [1])
    with pytest.raises(SettingsError, match="is not empty"):
        export_predictor(desk, "desk", tmp_path / "own")
    learn(
        desk,
        Wanted(project="ahead", stream="desk", field="load", task="forecasting", algorithm="seasonal"),
        quiet,
    )
    with pytest.raises(LearnerError, match="does not convert"):
        export_predictor(desk, "ahead-v1", tmp_path / "ahead", shape="onnx")


def test_a_reason_that_was_not_known_is_kept_as_such(desk: Workspace) -> None:
    taught(desk, "load", when="next", algorithm="ridge")
    said = predict(desk, "desk", keep_it=False)
    unknown = msgspec.structs.replace(said, reasons=(Reason.of("last_0", float("nan"), 1.0),))
    (kept,) = keep(desk, predictors.card(desk, "desk"), [unknown])
    assert list(predictions(desk, "desk")) == [kept]
    assert kept.reasons[0].value is None
    with pytest.raises(SettingsError, match="is no number"):
        judge(desk, kept.id, "wrong", label="much")


def test_a_word_that_says_the_same_is_refused(desk: Workspace) -> None:
    taught(desk)
    said = predict(desk, "desk")
    with pytest.raises(SettingsError, match="That is what it said"):
        judge(desk, said.id, "wrong", label=said.label)
