"""Drift: silent on what is alike, also where neighbours are; loud on what truly changed in public data."""

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import lfilter

from ipse.tables.drift import drift, psi

from ..soak import rounds

HOUR = 3_600_000_000
COLUMNS = ("temp", "hum", "windspeed", "cnt")


def bike(shared: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    with gzip.open(shared / "events" / "bike" / "hour.csv.gz", "rt", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    day = np.array([row["dteday"] for row in rows], dtype="datetime64[us]").astype(np.int64)
    at = day + np.array([int(row["hr"]) for row in rows]) * HOUR
    return (
        at,
        np.array([[float(row[name]) for name in COLUMNS] for row in rows]),
        np.array([int(row["yr"]) for row in rows]),
    )


@pytest.mark.shared
def test_splits_of_one_distribution_raise_few_alarms(shared: Path) -> None:
    _, x, year = bike(shared)
    x, rng, alarms = x[year == 0], np.random.default_rng(1), 0
    many = rounds(200, 1000)
    for _ in range(many):
        order = rng.permutation(len(x))[:2000]
        alarms += any(one.drifted for one in drift(x[order[:1000]], x[order[1000:]], COLUMNS))
    assert alarms / many <= 0.05


def test_splits_of_series_whose_neighbours_are_alike_raise_few_alarms() -> None:
    alarms, rng = 0, np.random.default_rng(2)
    for _ in range(200):
        x = lfilter([1.0], [1.0, -0.9], rng.normal(size=(3000, 3)), axis=0)
        alarms += any(one.drifted for one in drift(x[:1500], x[1500:], "abc"))
    assert alarms / 200 <= 0.05


@pytest.mark.shared
def test_the_second_year_of_bike_rentals_is_another(shared: Path) -> None:
    at, x, year = bike(shared)
    found = drift(x[year == 0], x[year == 1], COLUMNS, times=(at[year == 0], at[year == 1]))
    assert {one.feature for one in found if one.drifted} == {"cnt"}


@pytest.mark.shared
def test_the_drift_of_elec2_is_found(shared: Path) -> None:
    with gzip.open(shared / "events" / "elec2" / "elec.csv.gz", "rt", encoding="utf-8") as stream:
        rows = list(csv.reader(stream))
    x = np.array(rows[1:], dtype=np.float64)[:, 1:6]
    half = len(x) // 2
    found = {one.feature: one for one in drift(x[:half], x[half:], rows[0][1:6])}
    assert found["vicprice"].drifted
    assert found["transfer"].drifted


def test_a_weekend_is_no_drift() -> None:
    rng = np.random.default_rng(3)
    at = np.arange(168 * 20) * HOUR
    weekend = (at // (24 * HOUR) + 3) % 7 >= 5
    x = (np.where(weekend, 5.0, 0.0) + rng.normal(size=len(at)))[:, None]
    before, now = at < at[168 * 10], (at >= at[168 * 10]) & weekend
    assert drift(x[before], x[now], ["a"])[0].drifted
    assert not drift(x[before], x[now], ["a"], times=(at[before], at[now]))[0].drifted


def test_few_rows_tell_nothing_and_one_shift_among_many_features_is_named() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(500, 20)), rng.normal(size=(500, 20))
    y[:, 7] += 0.6
    names = [f"f{n}" for n in range(20)]
    assert [one.feature for one in drift(x, y, names) if one.drifted] == ["f7"]
    assert not any(one.drifted for one in drift(x[:40], y[:40] + 3, names))
    assert not any(one.drifted for one in drift(np.full((500, 1), np.nan), y[:, :1], ["a"]))


def test_psi_of_the_same_is_nothing_and_of_another_world_is_much() -> None:
    x = np.random.default_rng(5).normal(size=2000)
    assert psi(x, x) == 0
    assert psi(x, x + 2) > 1
