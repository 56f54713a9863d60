"""How the machine is: false alarms and causes on made-up machines, and the whole of it from a vault."""

import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from ipse.config import load_settings
from ipse.errors import ConsentError, SettingsError, VaultError
from ipse.features import Stream
from ipse.pipeline.consents import give
from ipse.pipeline.days import events
from ipse.pipeline.days.sample import has_sample, sample_events, take_sample
from ipse.pipeline.days.system.anomalies import anomalies, causes_of
from ipse.pipeline.days.system.figures import binned, groups
from ipse.pipeline.days.system.overview import health
from ipse.pipeline.workspace import Workspace
from ipse.records import Event
from ipse.vault import Vault

from ...soak import rounds

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))

import days_worlds as worlds  # type: ignore[import-not-found]

MINUTE, HOUR, DAY = 60_000_000, 3_600_000_000, 86_400_000_000
END = datetime(2026, 3, 20, 17, 30, tzinfo=UTC)


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


def micros(at: datetime) -> int:
    return int(at.timestamp()) * 1_000_000


def test_no_two_states_of_a_stream_overlap_in_sample_days() -> None:
    streams: dict[str, list[tuple[int, int]]] = {}
    for one in sample_events(END, days=28, tz="Asia/Kolkata"):
        if one.kind == "state":
            streams.setdefault(one.stream, []).append((one.ts, one.ts + one.dur))
    assert set(streams) == {"window", "activity"}
    for spans in streams.values():
        assert len(spans) > 200
        assert all(begun < ended for begun, ended in spans)
        assert all(before[1] <= after[0] for before, after in pairwise(sorted(spans)))


def test_a_usual_week_has_few_alarms_and_a_wild_program_is_seen() -> None:
    weeks = rounds(5, 60)
    false = 0
    for seed in range(weeks):
        plain, since = worlds.machine(seed + 900, wild=False)
        false += len(anomalies(plain, since=since, per_week=1.0))
    assert false / weeks <= 1.6
    odd, since = worlds.machine(900, wild=True)
    (one,) = [each for each in anomalies(odd, since=since, per_week=1.0) if each.score > 2]
    assert one.metric == "cpu"
    assert one.value > one.usual + 20
    assert since + 3 * DAY <= one.at < one.end <= since + 3 * DAY + 30 * MINUTE


def test_too_little_before_tells_nothing() -> None:
    plain, since = worlds.machine(1, wild=True)
    assert anomalies(plain, since=since - 25 * DAY, per_week=1.0) == []
    assert binned(Stream.empty()).names == ()


def test_weekends_are_apart_and_hours_are_local() -> None:
    monday = 4 * DAY
    assert groups(np.array([monday, monday + 5 * DAY]), 0).tolist() == [0, 24]
    assert groups(np.array([monday]), -60).tolist() == [23 + 24], "there it is Sunday still"


def test_a_program_that_was_not_there_before_is_named() -> None:
    odd, since = worlds.machine(900, wild=True)
    one = max(anomalies(odd, since=since, per_week=1.0), key=lambda each: each.score)
    ts = np.arange(one.at - DAY, one.end, 5 * MINUTE)
    rows = np.repeat(ts, 2)
    names = np.array(["usual", "wild"] * len(ts), dtype=object)
    took = np.where(names == "usual", 1.0, np.where(rows >= one.at, 18.0, 0.1))
    none = np.zeros(len(rows), dtype=np.int64)
    held = Stream(rows, none, rows, none, {"name": names, "cpu_seconds": took})
    first = causes_of(one, held)[0]
    assert (first.kind, first.name) == ("process", "wild")
    assert first.share == pytest.approx(1.0)
    assert first.grew == pytest.approx(17.9)
    assert causes_of(one, Stream.empty()) == one.causes


def test_sample_days_are_told_of_whole_and_taken_once(vault: Vault) -> None:
    workspace = Workspace(vault, load_settings({"imports": {"tz": "Europe/Berlin"}}, environment={}))
    with pytest.raises(ConsentError):
        take_sample(workspace, quiet)
    give(workspace, "sample", ["archive", "events"])
    with pytest.raises(SettingsError, match="too few"):
        take_sample(workspace, quiet, days=2)
    made = take_sample(workspace, quiet, days=15, until=END)
    assert has_sample(workspace)
    with pytest.raises(VaultError, match="already"):
        take_sample(workspace, quiet, days=15, until=END)
    assert made.events > 20_000
    found = health(workspace, since=micros(END - timedelta(days=7)), until=micros(END))
    assert found.whose == "sample"
    by_score = sorted(found.anomalies, key=lambda one: -one.score)
    assert {"cpu", "memory"} <= {one.metric for one in by_score[:3]}
    assert by_score[0].causes[0].name in ("tracker-miner-fs", "photo-viewer")
    assert [one.what for one in found.forecasts] == ["disk", "memory"]
    assert found.bursts[0].errors >= 40
    early = health(workspace, since=micros(END - timedelta(days=13)), until=micros(END))
    assert early.anomalies == ()
    assert "six days" in early.notes[0]
    with pytest.raises(SettingsError, match="before it begins"):
        health(workspace, since=1, until=1)


def test_own_figures_come_before_the_sample(vault: Vault) -> None:
    workspace = Workspace(vault, load_settings({}, environment={}))
    for source in ("sample", "system"):
        give(workspace, source, ["archive", "events"])
    events.keep(workspace, [one for one in sample_events(END, days=14) if one.stream == "errors"])
    at = micros(END)
    own = Event(
        source="system", kind="metric", ts=at, rx=at, key="a", data={"cpu": 1.0, "disk_free_mib": 5.0}
    )
    assert health(workspace, since=at - DAY, until=at + 1).whose == "sample"
    events.keep(workspace, [own])
    found = health(workspace, since=at - DAY, until=at + 1)
    assert found.whose == "own"
    assert found.forecasts == (), "one row makes no day"


def test_the_same_sample_whenever_it_is_made() -> None:
    late = [one for one in sample_events(END, days=14) if one.stream == "window"]
    early = [one for one in sample_events(END - timedelta(hours=5), days=14) if one.stream == "window"]
    assert late[: len(early) - 1] == early[:-1]
    assert len({(one.stream, one.key) for one in late}) == len(late)
    assert max(one.ts + one.dur for one in late) <= micros(END)
