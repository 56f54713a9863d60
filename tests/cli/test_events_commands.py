"""`ipse events`: what there is and how good it is, and `ipse purge` of old metrics."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from .test_commands import run, vault_folder

__all__ = ["run", "vault_folder"]  # fixtures

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def words(run: Run, vault_folder: Path) -> Callable[..., str]:
    assert vault_folder.is_dir()

    def call(*given: str) -> str:
        code, out, err = run(*given)
        assert code == 0, err
        return out

    return call


def test_streams_are_listed_checked_and_kept_by_the_hour(
    words: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "There are no events" in words("events", "list")
    assert "There are no events" in words("events", "check")
    rows = [f"2020-03-01T{n // 60:02}:{n % 60:02}:00Z,{n % 50}" for n in range(300) if not 100 < n < 130]
    (tmp_path / "room.csv").write_text("\n".join(["time,temp", *rows]))
    project = tmp_path / "project"
    project.mkdir()
    (project / "ipse.yaml").write_text(
        "data_sources: [{name: room, path: ../room.csv, fields: {temp: {max: 40}}}]\n"
        "tiers: {streams: [room], raw: 0, minutes: 1}\n"
    )
    monkeypatch.chdir(project)
    assert "room: 271 events kept" in words("collect", "import", "--yes")
    assert "room" in words("events", "list")
    told = words("events", "check")
    assert "room: 271 events, usually every 60 s" in told
    assert "gap: 1; first at 2020-03-01 02:10:00" in told
    assert "out of range (temp): 54" in told
    (found,) = json.loads(words("events", "check", "room", "--json"))
    assert {one["problem"] for one in found["findings"]} == {"gap", "out of range"}
    assert "nothing found" not in told
    assert json.loads(words("events", "check", "--days", "1", "--json")) == []
    assert "Nothing is older" in words("purge", "--preview")
    monkeypatch.setattr("ipse.pipeline.days.tiers.QUIET", 0)
    assert "271 events of 1 days" in words("purge", "--preview").replace("\n", " ")
    assert json.loads(words("purge", "--preview", "--json"))["downsampled"] == {"days": 1, "events": 271}
    assert "Of 271 events 6 are left" in words("purge", "--yes")
    (stream,) = json.loads(words("events", "list", "--json"))
    assert (stream["events"], stream["tiers"]) == (6, {"3600": 1})
    assert "by the hour" in words("events", "list").replace("\n", " ")
    assert json.loads(words("purge", "--yes", "--json")) is None
