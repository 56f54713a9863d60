"""Metrics as they grow old: by the minute, by the hour; nothing of what an aggregate tells changes."""

import random
import statistics
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import pytest

from ipse.records import Event
from ipse.vault import Vault
from ipse.vault.columns import DAY, time_key
from ipse.vault.downsampling import downsampled
from ipse.vault.segments import Manifest
from ipse.vault.tiers import Thinned

from .test_events import cleared

START = 20_000 * DAY
SECOND = 1_000_000


def metric(second: float, *, rx: float | None = None, key: str | None = None, **data: Any) -> Event:
    ts = START + round(second * SECOND)
    return Event(
        source="system",
        kind="metric",
        ts=ts,
        rx=ts if rx is None else START + round(rx * SECOND),
        key=time_key(ts) if key is None else key,
        tz=60,
        data=data,
    )


def drawn(seconds: int, seed: int = 1, step: float = 1.0) -> list[Event]:
    rng = random.Random(seed)

    def data(n: int) -> dict[str, Any]:
        return {"cpu": round(rng.gauss(40, 9), 1), "swap": 0} | ({"gpu": n % 7} if n % 3 else {})

    return [metric(n * step + 0.3, **data(n)) for n in range(seconds)]


def values(events: Iterable[Event], field: str) -> list[float]:
    return [one.data[field] for one in events if field in one.data]  # type: ignore[misc]


def test_an_aggregate_tells_what_its_values_tell() -> None:
    some = drawn(600)
    made = downsampled(some, 60)
    assert len(made) == 10
    for one in made[1:3]:
        mine = [event for event in some if one.ts <= event.ts <= one.ts + one.dur]
        cpu, gpu = values(mine, "cpu"), values(mine, "gpu")
        assert one.data["~n"] == len(mine) == 60
        assert one.data["cpu"] == pytest.approx(statistics.fmean(cpu))
        assert one.data["cpu~std"] == pytest.approx(statistics.pstdev(cpu))
        assert [one.data[f"cpu~{name}"] for name in ("min", "max", "last")] == [min(cpu), max(cpu), cpu[-1]]
        assert one.data["gpu~n"] == len(gpu) == 40
        assert one.data["gpu"] == pytest.approx(statistics.fmean(gpu))
        assert (one.data["swap"], one.data["~every"]) == (0, 60)
        assert "swap~std" not in one.data
        assert (one.key, one.ts, one.rx) == (mine[0].key, mine[0].ts, mine[-1].rx)


def test_an_interval_is_open_where_it_begins() -> None:
    made = downsampled([metric(second, x=second) for second in (1, 59, 60, 61, 120)], 60)
    assert [(one.ts - START, one.dur, one.data["x"]) for one in made] == [
        (1 * SECOND, 59 * SECOND, 40),
        (61 * SECOND, 59 * SECOND, 90.5),
    ]


def test_by_the_minute_and_then_by_the_hour_is_by_the_hour() -> None:
    some = drawn(9000, seed=2)
    twice, once = downsampled(downsampled(some, 60), 3600), downsampled(some, 3600)
    assert len(once) == 3
    for one, other in zip(twice, once, strict=True):
        assert (one.ts, one.dur, one.rx, one.key) == (other.ts, other.dur, other.rx, other.key)
        assert one.data == {name: pytest.approx(value, rel=1e-7) for name, value in other.data.items()}
        assert one.data["~every"] == 3600


def test_what_differs_is_kept_apart() -> None:
    text = [metric(n, name="abc"[n % 3], on=n % 2 == 0, x=n) for n in range(1, 13)]
    made = downsampled(text, 60)
    assert len(made) == 6
    assert {(one.data["name"], one.data["on"], one.data["~n"]) for one in made} == {
        (name, on, 2) for name in "abc" for on in (True, False)
    }
    zone = msgspec.structs.replace(metric(2, x=1), tz=120)
    assert len(downsampled([metric(1, x=1), zone, metric(3, x=None)], 60)) == 2


def test_what_was_learned_late_is_not_known_before() -> None:
    late = [metric(n, rx=9000 + n, key=f"late{n}", x=1000.0) for n in (5, 6)]
    slow = metric(59, rx=61, x=2.0)
    soon, after = downsampled([metric(1, x=1.0), slow, *late], 60)
    assert (soon.data["x"], soon.rx) == (1.5, slow.rx)
    assert (after.data["x"], after.rx) == (1000, late[1].rx)


def test_other_kinds_lone_ones_and_no_numbers_stay() -> None:
    state = msgspec.structs.replace(metric(5, app="a"), kind="state", dur=9)
    lone, wordy = metric(100, x=1), [metric(n, what=f"{n}") for n in (200, 201)]
    assert downsampled([state, lone, *wordy], 60) == [state, lone, *wordy]


def test_what_lasted_is_summed() -> None:
    long = [msgspec.structs.replace(metric(n, x=n), dur=SECOND // 2) for n in (1, 2, 60, 61, 62)]
    (first, second) = downsampled(long, 60)
    assert (first.data["~dur"], first.dur) == (3 * SECOND // 2, 59 * SECOND + SECOND // 2)
    (all_,) = downsampled([first, second], 3600)
    assert all_.data["~dur"] == 5 * SECOND // 2


def by(seconds: int, *streams: str) -> object:
    return lambda held: seconds if held.stream in streams else 0


def keep(vault: Vault, some: Sequence[Event]) -> tuple[int, int, int]:
    kept = vault.keep_events(cleared(some), source="system", told={})
    return kept.kept, kept.duplicates, kept.late


def test_a_vault_keeps_by_the_minute_and_says_so(vault: Vault) -> None:
    some = drawn(400, step=30)
    state = msgspec.structs.replace(metric(7, app="a"), kind="state", dur=9)
    other = [msgspec.structs.replace(one, stream="self") for one in some[:50]]
    keep(vault, [*some, state, *other])
    due: object = by(60, "")
    before = vault.counts()["system"]
    assert vault.to_downsample("system", due) == Thinned(1, 401)  # type: ignore[arg-type]
    assert vault.to_downsample("window", due) == Thinned()  # type: ignore[arg-type]
    assert vault.downsample("window", due) is None  # type: ignore[arg-type]
    assert vault.downsample("system", due) == Thinned(1, 401, 201)  # type: ignore[arg-type]
    assert vault.downsample("system", due) is None  # type: ignore[arg-type]
    assert sorted(vault.events(), key=lambda one: (one.stream, one.ts)) == [
        *sorted([*downsampled(some, 60), state], key=lambda one: one.ts),
        *other,
    ]
    after = vault.counts()["system"]
    assert (after["records"], before["records"]) == (251, 451)
    rows = [row for row in vault.audit_rows() if row.action == "events.downsample"]
    assert [row.details for row in rows] == [{"source": "system", "days": 1, "before": 401, "after": 201}]
    assert vault.downsample("system", by(3600, "")) == Thinned(1, 201, 5)  # type: ignore[arg-type]
    assert sum(one.data.get("~n", 0) for one in vault.events()) == 400  # type: ignore[misc]
    vault.verify_audit()
    found = vault.inspect()
    assert (found.faults, found.orphans, found.missing, found.doomed) == ((), 0, 0, 0)


def test_what_comes_later_is_counted_and_changes_nothing(vault: Vault) -> None:
    some = drawn(120)
    keep(vault, some)
    vault.downsample("system", by(60, ""))  # type: ignore[arg-type]
    held = list(vault.events())
    state = msgspec.structs.replace(metric(7, app="a"), kind="state", dur=9)
    assert keep(vault, [*some, metric(500, x=1), metric(500, x=1), state]) == (1, 3, 119)
    assert vault.keep(cleared([metric(600, x=1)]), source="system")[:2] == (0, 0)
    assert [one for one in vault.events() if one.kind == "metric"] == held
    assert keep(vault, [metric(2 * 86_400, x=1)]) == (1, 0, 0)


def test_many_days_are_done_some_at_a_time(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ipse.vault.tiers.AT_A_TIME", 1)
    keep(vault, drawn(40, step=7200))
    done = []
    while (one := vault.downsample("system", lambda _held: 3600)) is not None:
        done.append(one)
    assert done == [Thinned(1, 12, 12), Thinned(1, 12, 12), Thinned(1, 12, 12), Thinned(1, 4, 4)]


def test_a_partition_of_an_older_ipse_has_none_of_it() -> None:
    old = msgspec.msgpack.encode(["5/a", "events", 1, 2, 3, [[0, 2, 1, 2, 3, 9]]])
    held = msgspec.msgpack.decode(old, type=Manifest)
    assert (held.day, held.stream, held.every, held.grown) == (5, "a", 0, 0)
