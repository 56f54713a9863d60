"""The contract: only rows with rx ≤ t that overlap (t - window - lag, t - lag], in training as in serving."""

import math
import statistics
from collections import Counter
from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from ipse.features import (
    Aggregation,
    FeatureSet,
    FeatureTable,
    Stream,
    check_point_in_time,
    compute,
    origins_of,
    parse_features,
    parse_set,
)

from ..soak import rounds
from .conftest import DAY, HOUR, drawn

AGGREGATES = (
    "count", "duration", "sum", "mean", "min", "max", "std", "p50", "p95", "last", "seconds_since", "nunique",
    "entropy", "slope",
)  # fmt: skip


def everything(**more: object) -> FeatureSet:
    tree: dict[str, object] = {
        f"{agg}_{window}_{lag}": {
            "from": "x", "agg": agg, "window": window, "lag": lag,
            **({"field": "app"} if agg in ("nunique", "entropy") else {}),
        }
        for agg in AGGREGATES
        for window, lag in (("45m", 0), ("6h", "2h"))
    }  # fmt: skip
    tree["in_editor"] = {"from": "x", "agg": "duration", "window": "3h", "where": {"app": ["editor", None]}}
    tree["hour"] = {"time": "hour_local", "encode": "cyclic"}
    tree["weekday"] = {"time": "weekday_local"}
    features = parse_features(tree | more)
    return parse_set({"name": "all", "origins": {"every": "15m"}, "features": list(features)}, features)


def plainly(stream: Stream, t: int, one: Aggregation) -> float:
    """The contract in plain words, row by row."""
    high = t - round(one.lag * 1e6)
    low = high - round(one.window * 1e6)
    spans, values, words = [], [], []
    for ts, dur, rx, value, app in zip(
        stream.ts, stream.dur, stream.rx, stream.data["value"], stream.data["app"], strict=True
    ):
        if one.where and app not in one.where["app"]:  # type: ignore[operator]
            continue
        if rx <= t and ts <= high and ts + dur > low:
            spans.append((int(max(ts, low)), int(min(ts + dur, high))))
            values.append((int(ts), float(value)))
            words.append((app, spans[-1][1] - spans[-1][0]))
    known = [(at, value) for at, value in values if not math.isnan(value)]
    numbers = [value for _, value in known]
    if one.agg == "count":
        return len(spans)
    if one.agg == "duration":
        return sum(end - start for start, end in spans) / 1e6
    if one.agg == "seconds_since":
        return (high - max(end for _, end in spans)) / 1e6 if spans else math.nan
    if one.agg in ("nunique", "entropy"):
        held = [(word, span) for word, span in words if word is not None]
        if one.agg == "nunique":
            return len({word for word, _ in held})
        return entropy(held)
    if one.agg == "sum":
        return math.fsum(numbers)
    if not numbers:
        return math.nan
    if one.agg == "slope":
        times = [(at - high) / 1e6 for at, _ in known]
        same = len(set(times)) < 2
        return math.nan if same else statistics.linear_regression(times, numbers).slope
    told = {
        "mean": lambda: math.fsum(numbers) / len(numbers),
        "min": lambda: min(numbers),
        "max": lambda: max(numbers),
        "std": lambda: statistics.pstdev(numbers),
        "last": lambda: numbers[-1],
        "p50": lambda: float(np.quantile(numbers, 0.5)),
        "p95": lambda: float(np.quantile(numbers, 0.95)),
    }
    return told[one.agg]()


def entropy(held: list[tuple[object, int]]) -> float:
    if not held:
        return math.nan
    total: Counter[object] = Counter()
    for word, span in held:
        total[word] += span if sum(each for _, each in held) else 1
    whole = total.total()
    return -sum(each / whole * math.log2(each / whole) for each in total.values() if each)


@pytest.mark.parametrize("orderly", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_each_aggregate_is_what_the_contract_says_row_by_row(seed: int, *, orderly: bool) -> None:
    stream, features = drawn(seed, orderly=orderly), everything()
    origins = np.sort(np.random.default_rng(seed).integers(0, 5 * DAY, 25))
    table = compute(features, {"x": stream}, origins)
    for name, one in features.features.items():
        if isinstance(one, Aggregation):
            told = table.values[:, table.columns.index(name)]
            wanted = [plainly(stream, int(t), one) for t in origins]
            np.testing.assert_allclose(told, wanted, rtol=1e-7, atol=1e-9, err_msg=name)


def test_what_is_known_later_moves_no_bit() -> None:
    """Also batch against serving: each origin is computed alone and held against the table of all."""
    streams = {"x": drawn(11)}
    origins = np.sort(np.random.default_rng(1).integers(HOUR, 4 * DAY, rounds(60, 1000)))
    found = check_point_in_time(everything(), streams, origins, seed=5)
    assert found.breaches == ()
    assert found.rows > 1000 * found.origins // 10


def test_sql_is_held_to_the_same() -> None:
    sql = {
        "sql": "select sum(value * dur) / max(t) from x, t where app = 'editor'",
        "from": "x",
        "window": "6h",
        "lag": "1h",
    }
    features = everything(weighted=sql)
    origins = np.sort(np.random.default_rng(2).integers(HOUR, 4 * DAY, rounds(12, 200)))
    assert check_point_in_time(features, {"x": drawn(12)}, origins, seed=6).breaches == ()


def leaky(features: FeatureSet, streams: Mapping[str, Stream], origins: NDArray[np.int64]) -> FeatureTable:
    """As many feature stores have it: by when things happened, whenever they were learned."""
    as_if = {name: Stream(one.ts, one.dur, one.ts, one.tz, one.data) for name, one in streams.items()}
    return compute(features, as_if, origins)


def test_a_leaky_aggregator_is_caught() -> None:
    origins = np.sort(np.random.default_rng(1).integers(HOUR, 4 * DAY, 10))
    found = check_point_in_time(everything(), {"x": drawn(11)}, origins, seed=5, by=leaky)
    caught = {one.column for one in found.breaches}
    assert {"mean_6h_2h", "count_45m_0", "duration_45m_0", "in_editor"} <= caught
    assert {one.done for one in found.breaches} == {"deleted", "changed", "added"}


def test_serving_needs_no_more_than_the_reach_of_the_set() -> None:
    stream, features = drawn(3), everything()
    origins = np.sort(np.random.default_rng(3).integers(2 * DAY, 4 * DAY, rounds(40, 1000)))
    batch = compute(features, {"x": stream}, origins)
    for place, origin in enumerate(origins):
        near = stream.ts + stream.dur > origin - round(features.reach * 1e6)
        # The offset of local time is that of the latest row known, which may lie further back.
        near[np.flatnonzero(stream.rx <= origin)[np.argmax(stream.rx[stream.rx <= origin])]] = True
        alone = compute(features, {"x": stream.take(near & (stream.rx <= origin))}, np.array([origin]))
        assert alone.values.tobytes() == np.ascontiguousarray(batch.values[place : place + 1]).tobytes()


def test_pieces_of_the_origins_give_what_all_of_them_give(monkeypatch: pytest.MonkeyPatch) -> None:
    origins = np.sort(np.random.default_rng(4).integers(0, 4 * DAY, 50))
    whole = compute(everything(), {"x": drawn(4)}, origins)
    monkeypatch.setattr("ipse.features.streams.AT_A_TIME", 30)
    monkeypatch.setattr("ipse.features.aggregates.WIDE", 0)
    assert compute(everything(), {"x": drawn(4)}, origins).values.tobytes() == whole.values.tobytes()


def test_active_origins_are_those_with_a_row_known_in_the_step_before() -> None:
    step = HOUR // 4
    at, none = np.array([step + 1, 9 * step]), np.zeros(2, dtype=np.int64)
    stream = Stream(at, none, np.array([step + 1, 20 * step]), none, {})
    features = parse_features({"n": {"from": "x", "agg": "count", "window": "1h"}})
    tree = {"name": "n", "origins": {"every": "15m", "when": "active"}, "features": ["n"]}
    found = origins_of(parse_set(tree, features), {"x": stream}, 0, 30 * step)
    assert found.tolist() == [2 * step]  # the second was learned too late to have been seen


def test_a_stored_row_is_used_until_it_is_too_old() -> None:
    table = FeatureTable(
        name="n",
        version="v",
        columns=("a",),
        origins=np.array([10, 20]) * 1_000_000,
        values=np.array([[1.0], [2.0]]),
    )
    times = np.array([9, 10, 19, 20, 25, 26]) * 1_000_000
    assert table.as_of(times, 5)[:, 0].tolist()[1:5] == [1.0, pytest.approx(math.nan, nan_ok=True), 2.0, 2.0]
    assert np.isnan(table.as_of(times, 5)[[0, 5], 0]).all()
    assert table.as_of(times, 0)[5, 0] == 2.0
