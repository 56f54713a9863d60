"""`ipse productivity`, `ipse tasks` and `ipse system`, as their owner uses them: on sample days."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from .test_commands import run, vault_folder

__all__ = ["run", "vault_folder"]  # fixtures

Run = Callable[..., tuple[int, str, str]]
Words = Callable[..., str]


@pytest.fixture
def said(run: Run, vault_folder: Path) -> Words:
    assert vault_folder.is_dir()

    def call(*words: str, fails: bool = False) -> str:
        code, out, err = run(*words)
        assert (code != 0) == fails, err
        return err if fails else out

    return call


def test_days_are_shown_corrected_and_asked_about(said: Words) -> None:
    assert "Nothing is known" in said("productivity", "show")
    assert "no windows yet" in said("productivity", "correct", "anki", "study", fails=True)
    assert "Add --yes" in said("collect", "sample", fails=True)
    assert "14 made-up days" in said("collect", "sample", "--yes", "--days", "14")
    told = said("productivity", "show")
    assert "Made-up sample days" in told
    assert "What is anki for" in told
    assert "Focus " in told
    assert "anki is study" in said("productivity", "correct", "anki", "Study")
    listed = json.loads(said("productivity", "corrections", "--json"))
    assert [(one["app"], one["category"]) for one in listed] == [("anki", "study")]
    found = json.loads(said("productivity", "show", "--json"))
    assert "study" in [one["category"] for one in found["activities"]]
    assert "anki" not in said("productivity", "corrections", "--remove", listed[0]["id"])
    machine = said("system", "show")
    assert "tracker-miner-fs" in machine
    assert "GiB left" in machine
    assert "errors until" in machine
    watched = said("system", "watch", "--looks", "1", "--json")
    assert watched == "" or "anomaly" in watched or "burst" in watched


def test_tasks_are_added_ordered_and_done(said: Words) -> None:
    one = json.loads(said("tasks", "add", "Water [the] plants", "--due", "2020-01-01", "--json"))["id"]
    other = said("tasks", "add", "Read", "--minutes", "30").split()[-1].rstrip(".")
    told = said("tasks", "list")
    assert "Water [the] plants" in told
    assert told.index("Water") < told.index("Read")
    assert "Nothing learned yet" in told
    assert f"{other} before {one}" in said("tasks", "first", other, one)
    assert "Learned from 1 time" in said("tasks", "list")
    assert "is done" in said("tasks", "done", other)
    assert "is gone" in said("tasks", "remove", other)
    assert [each["task"]["id"] for each in json.loads(said("tasks", "list", "--json"))["tasks"]] == [one]
    assert "There is no task" in said("tasks", "done", "t0", fails=True)
