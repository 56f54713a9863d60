"""Features of metrics that were downsampled are those of the metrics, where windows meet their intervals."""

import random

import numpy as np
import pytest

from ipse.features import FeatureTable, Stream, check_point_in_time, compute, parse_features, parse_set
from ipse.records import Event
from ipse.vault.columns import time_key
from ipse.vault.downsampling import downsampled

HOUR = 3_600_000_000
EXACT = ("count", "duration", "sum", "mean", "min", "max", "std", "last", "seconds_since")
NEAR = ("p05", "p50", "p95")  # and a slope, over windows of many intervals


def drawn(seconds: int) -> list[Event]:
    """A load that wanders, with bursts; every third row with a field of its own; some learned late."""
    rng, level, made = random.Random(3), 40.0, []
    for n in range(seconds):
        level = min(max(level + rng.gauss(0, 0.4), 5), 80)
        ts = n * 1_000_000 + 250_000
        cpu = min(level + (rng.random() < 0.02) * 20 + rng.gauss(0, 2), 100.0)
        data: dict[str, str | int | float | bool | None] = {"cpu": cpu, "name": "ab"[n % 2]}
        if n % 3 == 0:
            data["gpu"] = float(n % 11)
        made.append(
            Event(
                source="system", kind="metric", ts=ts, key=time_key(ts), tz=60,
                rx=ts + (5 * HOUR if n % 97 == 0 else 40_000),
                data=data,
            )
        )  # fmt: skip
    return made


def stream(events: list[Event]) -> Stream:
    fields = dict.fromkeys(name for one in events for name in one.data)
    columns = {name: [one.data.get(name) for one in events] for name in fields}
    data = {
        name: np.array(values, dtype=object)
        if name == "name"
        else np.array([np.nan if one is None else one for one in values], dtype=float)
        for name, values in columns.items()
    }
    ts, dur, rx, tz = (
        np.array([getattr(one, column) for one in events], dtype=np.int64)
        for column in ("ts", "dur", "rx", "tz")
    )
    return Stream(ts, dur, rx, tz, data)


def told(events: list[Event], aggs: tuple[str, ...], window: str, every: int) -> FeatureTable:
    tree: dict[str, object] = {
        f"{agg}_{field}_{lag}": {"from": "system", "agg": agg, "field": field, "window": window, "lag": lag}
        for agg in aggs
        for field in ("cpu", "gpu")
        if (agg, field) != ("last", "gpu")  # of a field that few rows have it is near
        for lag in ("0s", window)
    }
    if aggs is EXACT:
        tree["words"] = {"from": "system", "agg": "entropy", "field": "name", "window": window}
        tree["a"] = {"from": "system", "agg": "count", "window": window, "where": {"name": "a"}}
    features = parse_features(tree)
    made = parse_set({"name": "x", "features": list(features)}, features)
    origins = np.arange(2, 60 * 3, dtype=np.int64) * every * 1_000_000
    return compute(made, {"system": stream(events)}, origins[origins <= 9 * HOUR])


@pytest.mark.parametrize(("every", "window"), [(60, "5m"), (3600, "2h")])
def test_what_is_exact_stays_so_and_what_is_near_stays_near(every: int, window: str) -> None:
    raw = drawn(3 * 3600)
    few = downsampled(downsampled(raw, 60), every)
    assert len(few) < len(raw) / 10
    before, after = (told(events, EXACT, window, every) for events in (raw, few))
    assert before.columns == after.columns
    np.testing.assert_allclose(after.values, before.values, rtol=1e-7, atol=1e-6)
    exact, near = (told(events, NEAR, window, every) for events in (raw, few))
    for name, one, other in zip(exact.columns, exact.values.T, near.values.T, strict=True):
        assert (np.isnan(one) == np.isnan(other)).all()
        off = np.nanmax(np.abs(one - other))
        scale = 100.0 if "cpu" in name else 10.0
        assert off < 0.15 * scale, (name, off)


def test_a_slope_over_many_minutes_is_that_of_their_means() -> None:
    raw = drawn(2 * 3600)
    before, after = (told(events, ("slope",), "30m", 60) for events in (raw, downsampled(raw, 60)))
    cpu = [place for place, name in enumerate(before.columns) if name == "slope_cpu_0s"]
    rows = slice(40, 110)
    np.testing.assert_allclose(after.values[rows, cpu], before.values[rows, cpu], atol=2e-4)


def test_nothing_is_seen_of_an_aggregate_before_all_of_it_was_known() -> None:
    few = stream(downsampled(drawn(2 * 3600), 60))
    features = parse_features(
        {
            f"{agg}{lag}": {"from": "system", "agg": agg, "field": "cpu", "window": "10m", "lag": lag}
            for agg in (*EXACT, *NEAR)
            for lag in ("0s", "90s")
        }
    )
    made = parse_set({"name": "x", "features": list(features)}, features)
    origins = np.sort(np.random.default_rng(2).integers(0, 7 * HOUR, 40))
    assert check_point_in_time(made, {"system": few}, origins, seed=4).breaches == ()


def test_what_lies_beside_a_field_is_no_field_of_its_own() -> None:
    raw = [event for event in drawn(300) if "gpu" not in event.data]
    assert np.isclose(np.nanmean(stream(downsampled(raw, 60)).numbers()), 40, atol=9)
    assert stream(raw).weights is None
    assert stream(raw).spread("cpu").n.tolist() == [1] * len(raw)
