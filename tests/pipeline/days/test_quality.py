"""A report of quality finds what was planted in a clean week, and nothing in the week itself."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from ipse.config import Settings
from ipse.errors import VaultError
from ipse.pipeline.consents import give
from ipse.pipeline.days import events
from ipse.pipeline.days.listing import listed
from ipse.pipeline.days.quality import Finding, check
from ipse.pipeline.workspace import Workspace
from ipse.records import Event
from ipse.vault.columns import time_key

START = 1_780_000_020_000_000
SECOND = 1_000_000
Found = dict[tuple[str, str], int]


def clean(count: int = 400) -> list[Event]:
    rng = random.Random(4)
    return [
        metric(n * 60, cpu=round(rng.uniform(1, 99), 2), disk=50.0, load=0.5, name="ab"[n % 2])
        for n in range(count)
    ]


def metric(second: float, **data: str | float | bool | None) -> Event:
    ts = START + round(second * SECOND)
    return Event(source="system", kind="metric", ts=ts, rx=ts, key=time_key(ts), data=dict(data))


def state(second: int, seconds: int) -> Event:
    ts = START + second * SECOND
    return Event(
        source="window", kind="state", ts=ts, rx=ts, key=time_key(ts), dur=seconds * SECOND, data={"app": "a"}
    )


@pytest.fixture
def found(workspace: Workspace) -> Callable[..., Found]:
    """``found(events)`` keeps them and returns what a check finds, by problem and field."""
    for source in ("system", "window"):
        give(workspace, source, ("archive", "events"))

    def look(some: list[Event], **settings: object) -> Found:
        workspace.settings = Settings.model_validate(settings)
        events.keep(workspace, some)
        return told([each for one in check(workspace) for each in one.findings])

    return look


def told(findings: list[Finding]) -> Found:
    return {(one.problem, one.field): one.count for one in findings}


def changed(some: list[Event], rows: range, **data: str | float | bool | None) -> list[Event]:
    return [
        msgspec.structs.replace(one, data={**one.data, **data}) if n in rows else one
        for n, one in enumerate(some)
    ]


def test_a_clean_week_has_nothing(found: Callable[..., Found]) -> None:
    assert found([*clean(), *[state(n * 60, 60) for n in range(50)]]) == {}


def test_each_problem_is_found_where_it_is(found: Callable[..., Found], workspace: Workspace) -> None:
    some = clean()
    del some[100:120]
    some = changed(some, range(5, 8), cpu=140.0)
    some = changed(some, range(200, 280), cpu=12.0)
    some = changed(some, range(300, 303), load="high")
    some = [
        msgspec.structs.replace(one, data={k: v for k, v in one.data.items() if k != "disk"})
        if n in range(310, 320)
        else one
        for n, one in enumerate(some)
    ]
    late = msgspec.structs.replace(metric(900.5, cpu=3.0, disk=50.0, load=0.5, name="a"), rx=some[-1].rx)
    again = msgspec.structs.replace(some[30], key="again")
    soon = msgspec.structs.replace(some[-1], ts=some[-1].ts + 60 * SECOND, key=f"{0:016x}")
    states = [state(0, 60), state(30, 60), state(200, 60)]
    assert found([*some, late, again, soon, *states]) == {
        ("gap", ""): 1,
        ("out of range", "cpu"): 3,
        ("flatlined", "cpu"): 1,
        ("wrong type", "load"): 3,
        ("missing field", "disk"): 10,
        ("out of order", ""): 1,
        ("duplicate", ""): 1,
        ("future time", ""): 1,
        ("overlapping states", ""): 1,
    }
    (system, window) = check(workspace)
    assert system.every == 60
    (gap,) = [one for one in system.findings if one.problem == "gap"]
    assert gap.samples[0].at == datetime.fromtimestamp((START + 120 * 60 * SECOND) / 1e6, tz=UTC)
    assert [one.samples[0].row for one in window.findings] == [1]
    assert len(check(workspace, source="window")) == 1
    since = datetime.fromtimestamp(START / 1e6, tz=UTC) + timedelta(minutes=390)
    (last,) = check(workspace, source="system", since=since)
    assert {one.problem for one in last.findings} == {"future time"}
    with pytest.raises(VaultError, match="no events of nothing"):
        check(workspace, source="nothing")
    assert b"high" not in msgspec.json.encode(check(workspace))


def test_a_clock_that_was_set_back_is_told(found: Callable[..., Found], workspace: Workspace) -> None:
    found(clean(100))
    assert found([metric(30 * 60 + n * 60 + 7, cpu=1.5) for n in range(3)])["clock set back", ""] == 1
    imported = [msgspec.structs.replace(metric(n, cpu=2), key=f"row{n}") for n in range(3)]
    assert found(imported)["clock set back", ""] == 1


def test_fields_are_what_the_settings_say(found: Callable[..., Found]) -> None:
    rules = {"cpu": {"max": 60}, "name": {"type": "number"}, "gone": {"required": True}}
    some = changed(clean(30), range(30), cpu=50.0)
    some = changed(some, range(2), cpu=70.0)
    assert found(some, data_sources=[{"name": "system", "fields": rules}]) == {
        ("out of range", "cpu"): 2,
        ("wrong type", "name"): 30,
        ("missing field", "gone"): 30,
    }


def test_what_is_downsampled_is_judged_by_its_extremes(
    found: Callable[..., Found], workspace: Workspace
) -> None:
    burst = changed(clean(), range(7, 8), cpu=140.0)
    found(burst)
    workspace.vault.downsample("system", lambda _held: 3600)
    (one,) = check(workspace)
    assert told(list(one.findings)) == {("out of range", "cpu"): 1}
    (kept,) = listed(workspace)
    assert (kept.source, kept.stream, kept.tiers) == ("system", "", {3600: kept.days})
    assert kept.events == one.events < 30
