"""Events kept through the gate and read as a table."""

import random

import pytest

from ipse.errors import ConsentError
from ipse.pipeline.consents import give
from ipse.pipeline.days import events
from ipse.pipeline.workspace import Workspace
from ipse.records import Event

NOON = 1_760_000_000_000_000
MINUTE = 60_000_000


def event(minute: int, *, dur: int = 0, stream: str = "", **data: str | float | bool | None) -> Event:
    ts = NOON + minute * MINUTE
    return Event(
        source="window", stream=stream, kind="state", ts=ts, dur=dur * MINUTE, rx=ts + 5, tz=120,
        key=f"{ts:016x}", data=dict(data) or {"app": "mail"},
    )  # fmt: skip


def test_what_is_kept_comes_back_as_a_table_by_time(workspace: Workspace) -> None:
    give(workspace, "window", ("archive", "events"))
    some = [event(n, dur=2, app=f"app {n % 3}", n=n) for n in range(3000)]
    mixed = random.Random(1).sample(some, len(some))
    assert events.keep(workspace, mixed[:2000])[:2] == (2000, 0)
    assert events.keep(workspace, mixed[1000:])[:2] == (1000, 1000)
    table = events.read(workspace, "window")
    assert table["ts"].to_pylist() == [one.ts for one in some]
    assert table["rx"].to_pylist() == [one.rx for one in some]
    assert table["key"].to_pylist() == [one.key for one in some]
    assert set(table["dur"].to_pylist()) == {2 * MINUTE}
    assert {name: set(table[name].to_pylist()) for name in ("tz", "source", "stream", "kind")} == {
        "tz": {120},
        "source": {"window"},
        "stream": {""},
        "kind": {"state"},
    }
    data = events.fields(table, ["app", "n", "no"])
    assert data["app"].to_pylist() == [one.data["app"] for one in some]
    assert data["n"].to_pylist() == [float(n) for n in range(3000)]
    assert data["no"].null_count == 3000


def test_a_span_holds_what_overlaps_it(workspace: Workspace) -> None:
    give(workspace, "window", ("archive", "events"))
    some = [event(0, dur=10), event(5), event(10), event(5, dur=3000, stream="b"), event(20)]
    events.keep(workspace, some)

    def minutes(since: int | None = None, until: int | None = None, stream: str | None = "") -> list[int]:
        bounds = (None if at is None else NOON + at * MINUTE for at in (since, until))
        since_us, until_us = bounds
        table = events.read(workspace, "window", stream=stream, since=since_us, until=until_us)
        return [(ts - NOON) // MINUTE for ts in table["ts"].to_pylist()]

    assert minutes() == [0, 5, 10, 20]
    assert minutes(stream=None) == [0, 5, 5, 10, 20]
    assert minutes(since=9, until=20) == [0, 10]
    assert minutes(since=10) == [10, 20]
    assert minutes(until=5) == [0]
    assert minutes(since=2900, stream="b") == [5]
    assert minutes(since=2900) == []
    assert events.read(workspace, "nothing").num_rows == 0
    assert events.fields(events.read(workspace, "nothing"), ["app"]).num_rows == 0
    assert events.streams(workspace, "window") == ["", "b"]


def test_an_extended_event_is_there_once(workspace: Workspace) -> None:
    give(workspace, "window", ("archive", "events"))
    events.keep(workspace, [event(0), event(1)])
    events.keep(workspace, [], became=[event(0, dur=1)])
    table = events.read(workspace, "window")
    assert table["dur"].to_pylist() == [MINUTE, 0]


def test_fields_of_any_kind_become_columns(workspace: Workspace) -> None:
    give(workspace, "window", ("archive", "events"))
    events.keep(workspace, [event(0, a=1, b="x", c=True), event(1, a=2.5, b=3, c=None)])
    table = events.fields(events.read(workspace, "window"), ["a", "b", "c"])
    assert table.select(["a", "b", "c"]).to_pylist() == [
        {"a": 1.0, "b": "x", "c": 1.0},
        {"a": 2.5, "b": "3", "c": None},
    ]


def test_no_event_is_kept_without_consent(workspace: Workspace) -> None:
    with pytest.raises(ConsentError):
        events.keep(workspace, [event(0)])
    assert events.read(workspace, "window").num_rows == 0


def test_what_an_event_says_goes_through_the_gate(workspace: Workspace) -> None:
    give(workspace, "window", ("archive", "events"))
    said = event(0, title="write to anna.canary@example.com")
    events.keep(workspace, [said, event(1, title="write to anna.canary@example.com"), event(2, title="x")])
    titles = events.fields(events.read(workspace, "window"), ["title"])["title"].to_pylist()
    assert titles == ["write to <EMAIL_1>"] * 2 + ["x"]
