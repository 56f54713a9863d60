"""Features in YAML: what is taken, what is refused in one line, and the version of a set."""

from collections.abc import Mapping

import numpy as np
import pytest
import yaml

from ipse.errors import DatasetError, SettingsError
from ipse.features import Stream, compute, parse_features, parse_set, seconds

from .conftest import DAY, HOUR

CONTRACT = """
features:
  focus_min_1h: {from: window, where: {category: work}, agg: duration, window: 1h}
  cpu_p95_15m:  {from: system.cpu, agg: p95, window: 15m}
  cpu_lag_24h:  {from: system.cpu, agg: mean, window: 1h, lag: 24h}
  hour:         {time: hour_local, encode: cyclic}
set: {name: focus_v1, origins: {every: 15m, when: active}, features: [focus_min_1h, cpu_p95_15m, cpu_lag_24h, hour], ttl: 2d}
"""  # noqa: E501 - as the design has it


def stream(rows: int = 3, **data: object) -> Stream:
    ts = np.arange(rows) * HOUR
    return Stream(ts, ts * 0, ts, ts * 0, {name: np.asarray(one) for name, one in data.items()})


def test_the_example_of_the_contract_is_read() -> None:
    tree = yaml.safe_load(CONTRACT)
    found = parse_set(tree["set"], parse_features(tree["features"]))
    assert found.sources == ("window", "system.cpu")
    assert found.reach == 25 * 3600
    assert found.ttl == 2 * 86400
    table = compute(found, {}, np.array([HOUR]))
    assert table.columns == ("focus_min_1h", "cpu_p95_15m", "cpu_lag_24h", "hour_sin", "hour_cos")
    assert table.values[0, 0] == 0.0
    assert np.isnan(table.values[0, 1:3]).all()
    assert table.values[0, 3] == pytest.approx(np.sin(2 * np.pi / 24))


def test_the_version_is_the_definition() -> None:
    tree = yaml.safe_load(CONTRACT)
    one = parse_set(tree["set"], parse_features(tree["features"])).version
    assert parse_set(tree["set"], parse_features(yaml.safe_load(CONTRACT)["features"])).version == one
    for change in ({"agg": "p94"}, {"window": "16m"}, {"lag": "1s"}, {"where": {"host": "a"}}):
        changed = parse_features(tree["features"] | {"cpu_p95_15m": tree["features"]["cpu_p95_15m"] | change})
        assert parse_set(tree["set"], changed).version != one


@pytest.mark.parametrize(
    ("feature", "says"),
    [
        ({"from": "x", "agg": "mode", "window": "1h"}, "`mode` is no aggregation. There are: count"),
        ({"from": "x", "agg": "mean"}, "how far back it looks is missing. Write `window: 1h`."),
        ({"from": "x", "agg": "mean", "window": "1y"}, "`1y` is no length of time. Write for example `15m`"),
        ({"from": "x", "agg": "mean", "window": 0}, "it has no length"),
        ({"agg": "mean", "window": "1h"}, "the stream is missing"),
        ({"from": ["x", "y"], "agg": "mean", "window": "1h"}, "reads one stream. Use `sql:` for several."),
        ({"from": "x", "agg": "mean", "windw": "1h"}, "windw: this is not known. Write `window` instead."),
        ({"from": "x", "agg": "mean", "window": "1h", "where": {"a": {"mn": 1}}}, "Write a value, a list"),
        ({"time": "noon"}, "`noon` is no time. There are: hour"),
        ("mean", "this is a block"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(feature: object, says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_features({"f": feature})
    assert str(caught.value).startswith("features.f")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"features": ["hou"]}, "there is no feature `hou`. Write `hour` instead."),
        ({"features": []}, "a set needs features"),
        ({"name": "no name"}, "a set needs a name"),
        ({"origins": {"every": 0}}, "it has no length"),
        ({"origins": {"when": "awake"}}, "`awake` is not known. Write `always` or `active`."),
    ],
)
def test_a_set_that_is_wrong_is_told_in_a_line(change: dict[str, object], says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_set({"name": "s", "features": ["hour"]} | change, parse_features({"hour": {"time": "hour"}}))
    assert says in str(caught.value)


def test_spans() -> None:
    assert [seconds(one) for one in ("250ms", "2s", "15m", "1.5h", "2d", "1w", 7)] == [
        0.25, 2, 900, 5400, 172800, 604800, 7,
    ]  # fmt: skip


def told(feature: Mapping[str, object], rows: Stream, at: int, **more: object) -> float:
    features = parse_features({"f": dict(feature)})
    table = compute(
        parse_set({"name": "s", "features": ["f"], **more}, features), {"x": rows}, np.array([at])
    )
    return float(table.values[0, 0])


def test_where_takes_values_lists_ranges_and_what_is_missing() -> None:
    rows = stream(4, v=np.array([1.0, 2.0, np.nan, 4.0]), w=np.array(["a", "b", None, "a"], dtype=object))
    count = {"from": "x", "agg": "count", "window": "1d"}
    for where, many in [
        ({"v": 2}, 1), ({"v": [1, 4]}, 2), ({"v": {"min": 2}}, 2), ({"v": {"min": 2, "max": 3}}, 1),
        ({"v": None}, 1),
        ({"w": "a"}, 2), ({"w": ["b", None]}, 2), ({"w": 1}, 0), ({"v": "a"}, 0), ({"w": {"min": 0}}, 0),
        ({"no": 1}, 0), ({"no": None}, 4), ({"no": {"min": 0}}, 0), ({"w": "a", "v": 4}, 1),
    ]:  # fmt: skip
        assert told(count | {"where": where}, rows, 4 * HOUR) == many, where


def test_a_feature_that_could_mean_several_fields_must_say_which() -> None:
    rows = stream(a=np.ones(3), b=np.ones(3))
    with pytest.raises(DatasetError, match=r"which field it means: a, b\. Add `field"):
        told({"from": "x", "agg": "mean", "window": "1h"}, rows, HOUR)
    assert told({"from": "x", "agg": "mean", "window": "1h", "field": "b"}, rows, HOUR) == 1
    assert np.isnan(told({"from": "x", "agg": "mean", "window": "1h", "field": "c"}, rows, HOUR))
    assert told({"from": "x", "agg": "nunique", "window": "1h", "field": "c"}, rows, HOUR) == 0


def test_local_time_is_that_of_the_zone_over_a_change_of_the_clocks() -> None:
    before = int(np.datetime64("2025-10-26T00:30", "us").astype(int))
    for at, hour in ((before, 2.5), (before + HOUR, 2.5), (before + 2 * HOUR, 3.5)):
        assert told({"time": "hour_local"}, stream(), at, tz="Europe/Berlin") == hour
        assert told({"time": "hour"}, stream(), at, tz="Europe/Berlin") == (at % DAY) / HOUR
    with pytest.raises(SettingsError, match="is no zone"):
        told({"time": "hour_local"}, stream(), before, tz="Europe/Nowhere")


def test_each_clock() -> None:
    at = int(np.datetime64("2024-02-29T12:00", "us").astype(int))  # a Thursday
    wanted = {"hour": 12, "weekday": 3, "hour_of_week": 84, "day_of_month": 29, "month": 2, "weekend": 0}
    assert {name: told({"time": name}, stream(), at) for name in wanted} == wanted
    assert told({"time": "weekend", "encode": "cyclic"}, stream(), at + 2 * DAY) == 1


def sql(text: str, rows: Stream | None = None) -> float:
    feature = {"sql": text, "from": "x", "window": "2h"}
    return told(feature, stream(v=np.array([1.0, 2.0, 4.0])) if rows is None else rows, 2 * HOUR)


def test_sql_sees_what_the_window_holds_and_nothing_else() -> None:
    assert sql("select sum(v) from x") == 6  # the first row lies on the open end
    assert sql("select t from t") == 2 * HOUR
    assert np.isnan(sql("select v from x where v > 9"))
    assert np.isnan(sql("select null"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("select * from y", "fails"),
        ("select v, v from x", "more than one number"),
        ("select v from x", "more than one number"),
        ("select 'a'", "tells no number"),
        ("select count(*) from read_csv('/etc/passwd')", "fails"),
        ("select * from '/etc/passwd'", "fails"),
        ("copy (select 1) to '/tmp/out.csv'", "fails"),
        ("set enable_external_access = true", "fails"),
        ("select * from CONTRACT", "fails"),
    ],
)
def test_sql_that_reaches_out_or_tells_no_number_is_refused(text: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        sql(text)


def test_columns_of_other_lengths_are_refused() -> None:
    with pytest.raises(DatasetError, match="not of one length"):
        Stream(np.arange(3), np.arange(3), np.arange(2), np.arange(3), {})
