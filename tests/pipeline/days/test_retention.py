"""How long events are kept: by stream, by project, by tier; what was made of them goes along."""

from datetime import UTC, datetime, timedelta

import pytest

from ipse.config import Settings
from ipse.features import parse_features, parse_set
from ipse.pipeline.consents import give
from ipse.pipeline.days import events, featuring
from ipse.pipeline.days.keeping import event_days, is_limited, metric_days
from ipse.pipeline.retention import plan_purge, purge, purge_if_due, would_go
from ipse.pipeline.workspace import Workspace
from ipse.records import Event, EventKind
from ipse.vault.columns import DAY, time_key

NOW = datetime.now(UTC)
TODAY = int(NOW.timestamp()) // 86_400


def event(age: int, source: str, stream: str = "", kind: EventKind = "metric") -> Event:
    ts = (TODAY - age) * DAY + 3_600_000_000 + (kind == "point")
    return Event(
        source=source, stream=stream, kind=kind, ts=ts, rx=ts, key=time_key(ts), data={"x": age, "k": kind}
    )  # fmt: skip


@pytest.fixture
def filled(workspace: Workspace) -> Workspace:
    """Events of a source with two streams and of another, 1, 20 and 100 days old."""
    some = [(source, stream) for source, stream in (("system", ""), ("system", "self"), ("window", ""))]
    for source in ("system", "window"):
        give(workspace, source, ("archive", "events"))
    for source, stream in some:
        kind: EventKind = "state" if source == "window" else "metric"
        events.keep(workspace, [event(age, source, stream, kind) for age in (1, 20, 100)])
    return workspace


def limited(workspace: Workspace, **tree: object) -> Workspace:
    workspace.settings = Settings.model_validate(tree)
    return workspace


def left(workspace: Workspace) -> dict[str, list[int]]:
    """The ages of what is left, by stream."""
    found: dict[str, list[int]] = {}
    for one in sorted(workspace.vault.events(), key=lambda one: -one.ts):
        found.setdefault(f"{one.source}.{one.stream}", []).append(TODAY - one.ts // DAY)
    return found


def test_each_stream_has_a_limit_of_its_own(filled: Workspace) -> None:
    held = limited(filled, retention={"events": 50, "sources": {"system.self": 7, "window": {"events": 0}}})
    plan = plan_purge(held)
    assert plan is not None
    assert plan.counts["events"] == 3
    assert left(held)["system.self"] == [1, 20, 100]  # a preview changes nothing
    assert would_go(held, held.settings.retention)["events"] == 3
    assert purge(held) is not None
    assert left(held) == {"system.": [1, 20], "system.self": [1], "window.": [1, 20, 100]}
    assert plan_purge(held) is None
    held.vault.verify_audit()
    assert not held.vault.inspect().faults


def test_a_stream_may_be_kept_beyond_its_source(filled: Workspace) -> None:
    held = limited(filled, retention={"sources": {"system": 7, "system.self": 0}})
    purge(held)
    assert left(held) == {"system.": [1], "system.self": [1, 20, 100], "window.": [1, 20, 100]}


def test_features_made_of_what_goes_go_along(filled: Workspace) -> None:
    features = parse_features({"x": {"from": "system.self", "agg": "mean", "field": "x", "window": "1d"}})
    made = parse_set({"name": "days", "features": ["x"], "origins": {"every": "1d"}}, features)
    other = parse_features({"n": {"from": "window", "agg": "count", "window": "1d"}})
    kept = parse_set({"name": "kept", "features": ["n"], "origins": {"every": "1d"}}, other)
    for one in (made, kept):
        featuring.build(filled, one)
    held = limited(filled, retention={"sources": {"system.self": 7}})
    plan = plan_purge(held)
    assert plan is not None
    assert [name.split("-")[0] for _, name in plan.documents] == ["days"]
    purge(held)
    assert [name.split("-")[0] for name in held.vault.ids("features")] == ["kept"]


def test_what_was_made_of_another_stream_of_the_source_stays(filled: Workspace) -> None:
    parts = {"own": "system.self", "all": "system"}
    for name, source in parts.items():
        features = parse_features({"x": {"from": source, "agg": "mean", "field": "x", "window": "1d"}})
        made = parse_set({"name": name, "features": ["x"], "origins": {"every": "1d"}}, features)
        featuring.build(filled, made)
    events.keep(filled, [event(age, "system", "other") for age in (1, 20)])
    held = limited(filled, retention={"sources": {"system.other": 7}})
    plan = plan_purge(held)
    assert plan is not None
    assert [name.split("-")[0] for _, name in plan.documents] == ["all"]
    purge(held)
    assert [name.split("-")[0] for name in held.vault.ids("features")] == ["own"]
    purge(limited(filled, retention={"sources": {"system.self": 7}}))
    assert held.vault.ids("features") == []


def test_a_project_lets_go_of_its_own_sources(filled: Workspace) -> None:
    project = {"privacy": {"data_retention_days": 10}, "data_sources": [{"name": "window"}]}
    assert not is_limited(Settings())
    held = limited(filled, **project)
    assert purge_if_due(held) is not None
    assert left(held) == {"system.": [1, 20, 100], "system.self": [1, 20, 100], "window.": [1]}
    held = limited(filled, privacy={"data_retention_days": 10}, retention={"events": 90})
    assert [event_days(held.settings, name) for name in ("system", "window")] == [10, 10]
    purge(held)
    assert left(held) == {"system.": [1], "system.self": [1], "window.": [1]}


def test_of_a_tier_that_ends_only_metrics_go(filled: Workspace) -> None:
    events.keep(filled, [event(100, "system", "self", "point"), event(100, "system", "points", "point")])
    held = limited(filled, tiers={"hours": 30, "streams": ["system"]})
    assert (metric_days(held.settings, "system"), event_days(held.settings, "system")) == (30, 0)
    purge(held, NOW + timedelta(minutes=1))
    assert left(held) == {
        "system.": [1, 20],
        "system.self": [1, 20, 100],
        "system.points": [100],
        "window.": [1, 20, 100],
    }
