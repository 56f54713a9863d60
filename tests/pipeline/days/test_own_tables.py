"""A table of the owner's, from the file to a model that speaks, and what becomes of what it said."""

import gzip
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest

from ipse.config import load_settings
from ipse.errors import ConsentError, DatasetError, RegistryError, SettingsError, SourceError
from ipse.features import compute, parse_features, parse_set
from ipse.pipeline.consents import give
from ipse.pipeline.days import events, featuring, predictors
from ipse.pipeline.days.columns import stream, streams_named
from ipse.pipeline.days.drifting import drift_of
from ipse.pipeline.days.foretelling import learn
from ipse.pipeline.days.outcomes import outcomes
from ipse.pipeline.days.own_tables import read_table, source_name
from ipse.pipeline.days.predicting import predict
from ipse.pipeline.days.predictions import predictions
from ipse.pipeline.days.predictors import feature_set
from ipse.pipeline.days.projects import feature_set_named, feature_set_of, wanted_model
from ipse.pipeline.days.settling import Learned
from ipse.pipeline.days.tables_taking import take
from ipse.pipeline.days.wanting import Wanted
from ipse.pipeline.derived import reached
from ipse.pipeline.lineage import lineage
from ipse.pipeline.workspace import Workspace

from .tables import events_table

HOUR = 3_600_000_000
START = 1_767_225_600
HOURLY = {"last": {"from": "odd", "field": "y", "agg": "last", "window": "1h"}}
SHORT = {"name": "short", "features": ["last"], "origins": {"every": "1h"}}


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


@pytest.fixture
def desk(workspace: Workspace, tmp_path: Path) -> Workspace:
    give(workspace, "desk", ["archive", "events"])
    take(workspace, events_table(tmp_path / "desk.csv"), quiet)
    return workspace


def taught(workspace: Workspace, **more: object) -> Learned:
    wanted = {"project": "desk", "stream": "desk", "field": "load", "algorithm": "ridge"} | more
    return learn(workspace, Wanted(**wanted), quiet)  # type: ignore[arg-type]


def test_without_consent_nothing_of_a_table_is_kept_or_learned_from(
    workspace: Workspace, tmp_path: Path
) -> None:
    table = events_table(tmp_path / "desk.csv", hours=10)
    with pytest.raises(ConsentError):
        take(workspace, table, quiet)
    assert "desk" not in workspace.vault.counts()
    with pytest.raises(ConsentError):
        stream(workspace, "desk")


def test_a_table_comes_back_as_a_stream_and_nothing_twice(desk: Workspace, tmp_path: Path) -> None:
    again = take(desk, tmp_path / "desk.csv", quiet)
    assert (again.kept, again.duplicates, again.rows) == (0, 700, 700)
    held = stream(desk, "desk")
    assert len(held) == 700
    assert set(held.data) == {"number", "load", "place", "heat", "busy"}
    assert held.rx.tolist() == held.ts.tolist()
    assert held.data["place"][0] == "home"
    assert held.numbers("load")[0] == pytest.approx(50, abs=15)


def test_a_model_that_beats_its_baseline_speaks_says_why_and_is_held_to_it(desk: Workspace) -> None:
    found = taught(desk)
    assert found.promoted
    assert found.card.verdict.earned
    assert found.card.verdict.value < 0.8 * found.card.verdict.baseline_value
    assert not any("number" in one for one in found.card.columns)  # it only counts rows
    early = stream(desk, "desk").ts[-60]
    for back in range(15):
        predict(desk, "desk", at=int(early + back * HOUR))
    newest = predict(desk, "desk")
    assert newest.low is not None
    assert newest.high is not None
    assert newest.low < newest.value < newest.high
    assert newest.due == stream(desk, "desk").ts[-1] + HOUR
    assert len(newest.reasons) == 3
    told = outcomes(desk, "desk")
    assert (told.rows, told.waiting) == (15, 1)
    assert told.value is not None
    assert told.value < 2 * told.expected
    assert told.covered is not None
    assert told.covered > 0.6
    assert len(list(predictions(desk, "desk"))) == 16


def test_what_is_served_is_the_row_that_was_trained_on(desk: Workspace) -> None:
    taught(desk)
    made = predictors.card(desk, "desk")
    features, held = feature_set(made), streams_named(desk, ["desk"])
    assert features.version == made.version
    at = held["desk"].ts[300:500:20]
    batch = compute(features, held, at)
    for place, origin in enumerate(at):
        near = streams_named(
            desk, ["desk"], since=int(origin - features.reach * 1e6) - HOUR, until=int(origin) + 1
        )
        assert (
            compute(features, near, at[place : place + 1]).values.tobytes() == batch.values[place].tobytes()
        )


def test_classes_from_the_same_row(desk: Workspace) -> None:
    found = taught(desk, project="busy", field="busy", when="same", algorithm="auto")
    assert found.promoted
    assert found.card.task == "classification"
    assert found.card.target.labels == ("no", "yes")
    assert set(found.card.tried) == {"logistic", "boosting"}
    said = predict(desk, "busy", keep_it=False)
    assert said.label in ("no", "yes")
    assert said.chance is not None
    assert said.chance > 0.5
    assert list(predictions(desk, "busy")) == []


def test_chance_does_not_speak(workspace: Workspace, tmp_path: Path) -> None:
    give(workspace, "dice", ["archive", "events"])
    rng = np.random.default_rng(1)
    lines = [f"{1_700_000_000 + 3600 * n},{rng.integers(1, 7)}" for n in range(400)]
    (tmp_path / "dice.csv").write_text("\n".join(["ts,eyes", *lines]))
    take(workspace, tmp_path / "dice.csv", quiet)
    found = taught(workspace, project="dice", stream="dice", field="eyes", algorithm="logistic")
    assert not found.promoted
    assert "not better than" in found.reason
    with pytest.raises(RegistryError, match="has earned its place yet"):
        predict(workspace, "dice")
    with pytest.raises(RegistryError, match="may not speak: it is not better than"):
        predictors.promote(workspace, "dice-v1", reason="hope")


def test_champion_challenger_and_the_one_before(desk: Workspace) -> None:
    taught(desk)
    second = taught(desk)  # as good: it challenges
    assert not second.promoted
    held = predictors.project(desk, "desk")
    assert (held.champion, held.challenger, held.previous) == ("desk-v1", "desk-v2", "")
    held = predictors.promote(desk, "desk-v2", reason="by hand")
    assert (held.champion, held.challenger, held.previous) == ("desk-v2", "", "desk-v1")
    assert predictors.rollback(desk, "desk").champion == "desk-v1"
    with pytest.raises(RegistryError, match="no earlier champion"):
        predictors.rollback(desk, "desk")
    with pytest.raises(RegistryError, match="There is no project `tesk`"):
        predictors.project(desk, "tesk")
    assert [one.name for one in predictors.projects(desk)] == ["desk"]


def test_what_came_since_is_held_against_what_was_learned_from(desk: Workspace, tmp_path: Path) -> None:
    taught(desk)
    alone = drift_of(desk, "desk")  # the newest row, whose outcome was not known yet
    assert (alone.since, alone.verdict) == (1, "as it was")
    rows = events_table(tmp_path / "more.csv", hours=1400).read_text(encoding="utf-8").splitlines()
    (tmp_path / "more.csv").write_text("\n".join([rows[0], *rows[701:]]), encoding="utf-8")
    take(desk, tmp_path / "more.csv", quiet, source="desk")
    found = drift_of(desk, "desk")
    assert found.since > 600
    assert found.verdict == "as it was"


def test_erasing_the_source_reaches_what_was_made_of_it(desk: Workspace) -> None:
    taught(desk)
    predict(desk, "desk")
    found = reached(desk, sources=["desk"])
    assert {kind for kind, _ in found} >= {"predictor", "prediction"}


def test_lineage_leads_from_consent_to_a_model_of_events(desk: Workspace) -> None:
    made = taught(desk).card
    graph = lineage(desk)
    consent, source, features, model = graph.nodes
    assert [one.kind for one in graph.nodes] == ["consent", "source", "features", "predictor"]
    assert consent.id == f"consent:{made.consents['desk']}"
    assert (source.name, source.state) == ("desk", "kept")
    assert (model.id, model.state) == (f"predictor:{made.id}", "champion")
    assert [(one.out, one.into) for one in graph.edges] == [
        (consent.id, source.id),
        (source.id, features.id),
        (features.id, model.id),
    ]
    taught(desk, project="other")
    assert [one.name for one in lineage(desk, made.id).nodes if one.kind == "predictor"] == [model.name]
    with pytest.raises(RegistryError):
        lineage(desk, "none")


YAML = """
features:
  load_3h: {from: desk, field: load, agg: mean, window: 3h}
  office: {from: desk, where: {place: office}, agg: count, window: 12h}
  hour: {time: hour, encode: cyclic}
set: {name: desk_v1, origins: {every: 1h}, features: [load_3h, office, hour]}
models:
  - {name: night, target: desk.load, algorithm: ridge, features: [load_3h, hour]}
"""


def test_features_of_the_settings_are_looked_at_kept_and_checked(desk: Workspace, tmp_path: Path) -> None:
    (tmp_path / "ipse.yaml").write_text(YAML)
    settings = load_settings(environment={}, project_file=tmp_path / "ipse.yaml")
    features = feature_set_named(settings)
    (tmp_path / "own.yaml").write_text(YAML.split("models:", maxsplit=1)[0])
    assert feature_set_of(tmp_path / "own.yaml") == features
    shown = featuring.preview(desk, features, rows=3)
    assert shown.values.shape == (3, 4)
    card = featuring.build(desk, features)
    assert card.id == f"desk_v1-{features.version}"
    assert (card.rows, card.events) == (699, {"desk": 700})
    again, table = featuring.stored(desk, "desk_v1")
    assert again == card
    assert table.values[-3:].tobytes() == shown.values.tobytes()
    found = featuring.check(desk, features, origins=5)
    assert found.check.breaches == ()
    assert found.check.origins == 5
    with pytest.raises(DatasetError, match="no feature table"):
        featuring.stored(desk, "other")


def test_a_model_of_the_settings_learns_from_the_features_it_names(desk: Workspace, tmp_path: Path) -> None:
    (tmp_path / "ipse.yaml").write_text(YAML)
    settings = load_settings(environment={}, project_file=tmp_path / "ipse.yaml")
    found = learn(desk, wanted_model(settings, "night"), quiet)
    assert found.card.columns == ("load_3h", "hour_sin", "hour_cos")
    assert found.promoted
    with pytest.raises(SettingsError, match="There are: night"):
        wanted_model(settings, "day")
    bare = settings.model_copy(update={"features": {}, "set": {}})
    with pytest.raises(SettingsError, match="define no features"):
        feature_set_named(bare)
    with pytest.raises(SettingsError, match="no set `other`"):
        feature_set_named(settings, "other")


def test_a_file_without_features_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: b")
    with pytest.raises(SettingsError, match="no block `features:`"):
        feature_set_of(tmp_path / "a.yaml")
    with pytest.raises(SettingsError, match="cannot be read as YAML"):
        feature_set_of(tmp_path / "none.yaml")


def test_a_target_that_cannot_be_learned_is_told(desk: Workspace) -> None:
    with pytest.raises(DatasetError, match="There are: number, load"):
        taught(desk, field="lod")
    with pytest.raises(DatasetError, match="holds text"):
        taught(desk, field="place", task="regression")
    with pytest.raises(DatasetError, match="too many"):
        taught(desk, field="load", task="classification")


@pytest.mark.parametrize(
    ("text", "time", "name", "first"),
    [
        ("at,v\n2025-01-01 00:00:00,1\n2025-01-01 01:00:00,2\n", "", "at", "2025-01-01T00:00"),
        ("v;when\n1;2025-01-01T12:00:00Z\n2;2025-01-01T13:00:00Z\n", "", "when", "2025-01-01T12:00"),
        ("day,hr,v\n2025-01-01,5,1\n2025-01-01,6,1\n", "", "day+hr", "2025-01-01T05:00"),
        ("ts,v\n1735689600,1\n1735693200,2\n", "", "ts", "2025-01-01T00:00"),
        ("x,v\n1735689600000,1\n1735693200000,2\n", "x", "x", "2025-01-01T00:00"),
    ],
)
def test_the_column_of_times_is_found(tmp_path: Path, text: str, time: str, name: str, first: str) -> None:
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(text.encode()))
    found = read_table(tmp_path / "t.csv.gz", time=time)
    assert found.time == name
    assert found.ts[0] == int(np.datetime64(first, "us").astype(int))
    assert found.ts[1] - found.ts[0] == HOUR


def test_local_times_are_those_of_the_zone_that_was_told(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("at,v\n2025-07-01 12:00:00,1\n")
    found = read_table(tmp_path / "t.csv", tz="Europe/Berlin")
    assert found.ts[0] == int(np.datetime64("2025-07-01T10:00", "us").astype(int))


@pytest.mark.parametrize(
    ("text", "time", "says"),
    [
        ("a,b\n1,2\n", "", "no column of times"),
        ("a,b\n1,2\n", "c", "no column `c`"),
        ("a,b\n1,2\n", "a", "is no times"),
        ("a,b\nx,2\n", "a", "holds no times"),
        ("a,b\n", "a", "holds no times|no row has a time"),
        ("", "", "not a table"),
    ],
)
def test_a_table_without_times_is_told(tmp_path: Path, text: str, time: str, says: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(SourceError, match=says):
        read_table(tmp_path / "t.csv", time=time)


def test_a_source_is_called_by_its_file() -> None:
    assert source_name(Path("My Desk 2025.csv.gz")) == "my-desk-2025"
    assert source_name(Path("2025.csv")) == "table"


def test_names_in_a_table_pass_the_gate(workspace: Workspace, tmp_path: Path) -> None:
    give(workspace, "notes-table", ["archive", "events"])  # `notes` are journals
    (tmp_path / "notes.csv").write_text("time,note\n2025-01-01 10:00:00,mail marked@example.org now\n")
    take(workspace, tmp_path / "notes.csv", quiet)
    kept = msgspec.json.encode([one.as_py() for one in events.read(workspace, "notes-table")["data"]])
    assert b"marked@example.org" not in kept
    assert b"<EMAIL" in kept


def test_a_table_of_another_country_is_read(tmp_path: Path) -> None:
    """Semicolons, decimal commas, days with dots, an hour of its own, a value that is missing."""
    file = tmp_path / "laeufe.csv"
    file.write_text(
        "Datum;Stunde;km;Ort\n06.01.2025;7;5,25;Wald\n06.01.2025;18;;Park\n07.01.2025;7;-1,5;Wald\n"
    )
    found = read_table(file)
    assert found.time == "Datum+Stunde"
    assert found.ts.tolist() == [1736146800000000, 1736186400000000, 1736233200000000]
    assert found.columns["km"][[0, 2]].tolist() == [5.25, -1.5]
    assert found.columns["km"][1] != found.columns["km"][1]
    file.write_text("Zeit;a;b\n06.01.2025 07:30;1.5;x,y\n06.01.2025 08:30;2.5;u,v\n")
    found = read_table(file)
    assert (found.time, found.columns["a"].tolist()) == ("Zeit", [1.5, 2.5])


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (lambda hour: "same", "always same"),
        (lambda hour: 7.5, "always 7.5"),
        (lambda hour: "odd" if hour == 250 else "usual", "always usual in the first"),
    ],
)
def test_a_target_that_tells_nothing_is_said_to(
    workspace: Workspace, tmp_path: Path, rows: Callable[[int], object], says: str
) -> None:
    with pytest.raises(DatasetError, match=says):
        told(workspace, tmp_path, [(f"{START + hour * 3600}", rows(hour)) for hour in range(260)])


def test_too_few_times_are_said_to_be_so_and_shared_ones_counted(
    workspace: Workspace, tmp_path: Path
) -> None:
    twice = [(f"{START + hour // 2 * 3600}", hour % 24) for hour in range(260)]
    with pytest.raises(DatasetError, match="129 times with an outcome are too few"):
        told(workspace, tmp_path, twice)
    assert take(workspace, tmp_path / "odd.csv", quiet).shared == 130


def test_little_is_not_chosen_by(workspace: Workspace, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    some = [(f"{START + hour * 3600}", 10 * np.sin(hour) + rng.normal()) for hour in range(135)]
    made = told(workspace, tmp_path, some, features=parse_set(SHORT, parse_features(HOURLY)))
    assert (made.card.algorithm, made.card.tried) == ("ridge", {})


def test_times_that_say_their_zone_keep_it(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "zoned.csv"
    file.write_text(
        "time,y\n2026-03-01T20:00:00+05:30,1\n2026-03-01T22:00:00-0300,2\n2026-03-02T01:00:00Z,3\n,4\n"
    )
    give(workspace, "zoned", ["archive", "events"])
    taken = take(workspace, file, quiet)
    assert (taken.zoned, taken.skipped, taken.shared) == (True, 1, 1)
    found = sorted((one.tz, one.data["y"]) for one in workspace.vault.events())
    assert found == [(-180, 2), (0, 3), (330, 1)]
    assert not read_table(events_table(tmp_path / "local.csv", hours=3)).east


def told(
    workspace: Workspace, folder: Path, rows: Sequence[tuple[object, object]], **more: object
) -> Learned:
    file = folder / "odd.csv"
    file.write_text("time,y\n" + "".join(f"{at},{y}\n" for at, y in rows))
    give(workspace, "odd", ["archive", "events"])
    take(workspace, file, quiet)
    return learn(workspace, Wanted(project="odd", stream="odd", field="y", **more), quiet)  # type: ignore[arg-type]
