"""What a project says in its file, from the file to the effect."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ipse.config import Settings, load_settings, underlaid
from ipse.errors import SettingsError
from ipse.pipeline.consents import give
from ipse.pipeline.days import collecting
from ipse.pipeline.days.declared import import_declared, require_declared
from ipse.pipeline.days.keeping import event_days
from ipse.pipeline.days.projects import feature_set_named, wanted_model
from ipse.pipeline.taking import Intake, guard_of
from ipse.pipeline.workspace import Workspace
from ipse.records import Event, Sample

Loaded = Callable[..., Settings]


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    """Settings of a user's file, a project's file and a run."""

    def load(project: str, user: str = "", **run: object) -> Settings:
        files = [tmp_path / "user.yaml", tmp_path / "ipse.yaml"]
        for file, text in zip(files, (user, project), strict=True):
            file.write_text(text, encoding="utf-8")
        return load_settings(run, environment={}, user_file=files[0], project_file=files[1])

    return load


def test_what_one_layer_excludes_no_other_lets_in(workspace: Workspace, loaded: Loaded) -> None:
    given = loaded(
        "privacy: {exclude_apps: [chat*], exclude_paths: [/srv/mine]}",
        "privacy: {exclude_apps: [vault*], exclude_paths: [/srv/ours]}",
        privacy={"exclude_apps": ["mail"]},
    )
    chosen: dict[str, dict[str, object]] = {"privacy": {"exclude_apps": ["bank"]}}
    workspace.settings = underlaid(given, chosen)
    assert workspace.settings.privacy.exclude_apps == ("bank", "vault*", "chat*", "mail")
    guard = guard_of(workspace)
    for app in ("Vault", "chatter", "mail", "bank"):
        assert guard.passed(Sample(data={"app": app})) is None
    for path in ("/srv/mine/a", "/srv/ours/b"):
        assert guard.passed(Sample(data={"path": path})) is None
    assert guard.passed(Sample(data={"app": "editor"})) is not None


def test_a_layer_stands_in_for_what_is_below_it_else(loaded: Loaded) -> None:
    both = loaded("privacy: {data_retention_days: 7}", "privacy: {data_retention_days: 90, titles: off}")
    assert (both.privacy.data_retention_days, both.privacy.titles) == (7, "off")
    assert event_days(both, "window") == 7
    assert event_days(loaded("", "privacy: {data_retention_days: 90}"), "window") == 90


def test_projects_learn_from_what_they_name_alone(loaded: Loaded) -> None:
    text = """
data_sources: [{name: room}, {name: system, streams: [self]}]
features:
  heat: {from: room, agg: mean, field: temp, window: 1h}
  cost: {from: system.self, agg: mean, field: cpu_seconds, window: 1h}
  apps: {from: window, agg: count, window: 1h}
models:
  - {name: warm, target: room.temp, features: [heat, cost]}
  - {name: away, target: room.temp, features: [apps]}
  - {name: busy, target: window.app}
"""
    settings = loaded(text)
    assert wanted_model(settings, "warm").stream == "room"
    for name in ("away", "busy"):
        with pytest.raises(SettingsError, match="`window` is not among"):
            wanted_model(settings, name)
    with pytest.raises(SettingsError, match="`window` is not among"):
        feature_set_named(settings)
    with pytest.raises(SettingsError, match=r"`system` is not among.*system\.self"):
        require_declared(settings, ["system"])
    require_declared(loaded(""), ["anything"])


def test_collectors_that_projects_name_are_collected(loaded: Loaded) -> None:
    text = "collect: {collectors: [context]}\ndata_sources: [{name: system}, {name: room, path: room.csv}]"
    settings = loaded(text)
    assert collecting.wanted(settings) == ["context", "system"]
    assert [one.name for one in collecting.configured(settings)] == ["context", "system"]


def test_tables_that_projects_name_are_read(workspace: Workspace, loaded: Loaded, tmp_path: Path) -> None:
    table = tmp_path / "room.csv"
    table.write_text("when,temp\n2026-01-01 10:00,20.5\n2026-01-01 11:00,21\n", encoding="utf-8")
    workspace.settings = loaded(
        f"data_sources: [{{name: room, path: {table}, time: when, tz: Europe/Berlin}}, {{name: system}}]"
    )
    give(workspace, "room", ("archive", "events"))
    (done,) = import_declared(workspace, progress=quiet)
    assert (done.source, done.kept) == ("room", 2)
    assert [one.tz for one in workspace.vault.events()] == [60, 60]
    assert import_declared(workspace, progress=quiet)[0].duplicates == 2


def test_of_what_is_sensitive_only_the_kind_is_kept(workspace: Workspace, loaded: Loaded) -> None:
    given = "privacy: {titles: full, anonymize_sensitive_data: %s}"
    told: dict[str, list[object]] = {}
    for number, word in enumerate(("false", "true")):
        workspace.settings = loaded(given % word)
        give(workspace, "scratch", ("archive", "events"))
        text = "mail ilka@example.org or jun@example.org"
        sample = Sample(data={"note": text, "title": "vim plan"})
        passed = guard_of(workspace).passed(sample)
        assert passed is not None
        event = Event(source="scratch", kind="point", ts=number, rx=1, key=f"{number:016x}", data=passed.data)
        before = len(workspace.roster())
        Intake(workspace).keep("scratch", [event])
        (one,) = [held for held in workspace.vault.events() if held.ts == number]
        told[word] = [one.data["note"], one.data.get("title"), one.data.get("category")]
        assert (len(workspace.roster()) > before) == (word == "false")
    note, title, category = told["false"]
    assert (title, category) == ("vim plan", None)
    assert str(note).startswith("mail <EMAIL_1")
    assert told["true"] == ["mail <EMAIL> or <EMAIL>", None, "code"]


def test_what_a_project_says_reaches_the_recorder(
    workspace: Workspace, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = loaded("collect: {collectors: [], flush: 0.1}\ndata_sources: [{name: context}]")
    workspace.settings = settings
    collecting.allow(workspace, ["context"])
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    monkeypatch.setattr("ipse.pipeline.days.collecting.asked_to_stop", lambda *_: "")
    assert list(collecting.record(workspace, stop).collectors) == ["context"]
