"""Events from tables and ActivityWatch, and into files that can be read again."""

import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ipse.config import PrivacySettings
from ipse.errors import ConsentError, SettingsError, SourceError, VaultError
from ipse.pipeline.days import events, files
from ipse.pipeline.days.collecting import allow
from ipse.pipeline.days.files import export_events, import_activitywatch, import_table
from ipse.pipeline.workspace import Workspace

AW = {
    "buckets": {
        "aw-watcher-window_host": {
            "events": [
                {
                    "timestamp": "2026-04-01T10:00:00+00:00",
                    "duration": 12.5,
                    "data": {"app": "firefox", "title": "Zsecretz – mail"},
                },
                {"timestamp": "2026-04-01T10:01:00.250000+00:00", "duration": 3, "data": {"app": "hidden"}},
                {"timestamp": "soon", "duration": 3, "data": {}},
            ]
        },
        "aw-watcher-afk_host": {
            "events": [
                {"timestamp": "2026-04-01T10:00:00+00:00", "duration": 60, "data": {"status": "not-afk"}}
            ]
        },
    }
}


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


def rows(workspace: Workspace, source: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = events.read(workspace, source).to_pylist()
    return found


def test_a_table_with_times_becomes_events(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "Power 2026.csv"
    file.write_text("time,watts,room\n2026-04-01 12:00:00,5.5,hall\n2026-04-01 12:01:00,6,\nno,7,x\n")
    assert files.source_of(file) == "power_2026"
    with pytest.raises(ConsentError):
        import_table(workspace, file, "power", progress=quiet)
    allow(workspace, ["power"])
    told = import_table(workspace, file, "power", zone=ZoneInfo("Europe/Berlin"), progress=quiet)
    assert (told.kept, told.unreadable, told.duplicates) == (2, 1, 0)
    again = import_table(workspace, file, "power", zone=ZoneInfo("Europe/Berlin"), progress=quiet)
    assert (again.kept, again.duplicates) == (0, 2)
    first = rows(workspace, "power")[0]
    assert (first["ts"], first["tz"], first["kind"]) == (1_775_037_600_000_000, 120, "metric")
    assert json.loads(str(first["data"])) == {"watts": 5.5, "room": "hall"}


@pytest.mark.parametrize(
    "written", ["1775037600", "1775037600000", "1775037600000000", "2026-04-01T10:00:00Z"]
)
def test_times_are_read_in_any_usual_way(workspace: Workspace, tmp_path: Path, written: str) -> None:
    file = tmp_path / "t.csv"
    file.write_text(f"id,when,n\na,{written},1\n")
    allow(workspace, ["power"])
    import_table(workspace, file, "power", time_column="when", progress=quiet)
    assert [row["ts"] for row in rows(workspace, "power")] == [1_775_037_600_000_000]


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_what_is_written_can_be_read_again(workspace: Workspace, tmp_path: Path, ending: str) -> None:
    allow(workspace, ["power", "again"])
    table = tmp_path / "t.json"
    table.write_text(
        json.dumps([{"at": f"2026-04-01T10:00:{n:02}Z", "n": n / 2, "s": f"é{n}"} for n in range(40)])
    )
    assert import_table(workspace, table, "power", kind="point", progress=quiet).kept == 40
    file = tmp_path / f"out.{ending}"
    assert export_events(workspace, file, "power") == 40
    assert import_table(workspace, file, "again", progress=quiet).kept == 40
    first, second = rows(workspace, "power"), rows(workspace, "again")
    assert [{**row, "source": "", "data": json.loads(str(row["data"]))} for row in first] == [
        {**row, "source": "", "data": json.loads(str(row["data"]))} for row in second
    ]
    assert [row.action for row in workspace.vault.audit_rows()].count("export.events") == 1


def test_an_export_of_activitywatch_passes_the_guard(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "aw.json"
    file.write_text(json.dumps(AW))
    assert files.is_activitywatch(file)
    allow(workspace, ["activitywatch"])
    settings = workspace.settings.model_copy(update={"privacy": PrivacySettings(exclude_apps=("hidden",))})
    told = import_activitywatch(Workspace(workspace.vault, settings), file, progress=quiet)
    assert (told.kept, told.excluded, told.unreadable, told.streams) == (2, 1, 1, ("afk", "window"))
    found = {str(row["stream"]): row for row in rows(workspace, "activitywatch")}
    assert json.loads(str(found["window"]["data"])) == {"app": "firefox", "category": "communication"}
    assert found["window"]["dur"] == 12_500_000


def test_what_is_no_table_says_so(workspace: Workspace, tmp_path: Path) -> None:
    allow(workspace, ["power"])
    for name, text, says in (
        ("a.txt", "x", "is no table"),
        ("a.csv", "a,b\n1\n2,3\n", "cannot be read"),
        ("b.csv", "a,b\n1,2\n", "No column holds times"),
        ("a.json", "{", "cannot be read"),
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(SourceError, match=says):
            import_table(workspace, tmp_path / name, "power", progress=quiet)
    with pytest.raises(SourceError, match="no column `z`"):
        import_table(workspace, tmp_path / "b.csv", "power", time_column="z", progress=quiet)
    with pytest.raises(SourceError, match="cannot be read"):
        files.is_activitywatch(tmp_path / "no.json")
    allow(workspace, ["activitywatch"])
    (tmp_path / "c.json").write_text("{}")
    with pytest.raises(SourceError, match="no export of ActivityWatch"):
        import_activitywatch(workspace, tmp_path / "c.json", progress=quiet)
    with pytest.raises(SettingsError, match="no time zone"):
        files.zone("Mars")
    with pytest.raises(VaultError, match="no events of power"):
        export_events(workspace, tmp_path / "x.csv", "power")
    with pytest.raises(SourceError, match="says no format"):
        export_events(workspace, tmp_path / "x.doc", "power")
