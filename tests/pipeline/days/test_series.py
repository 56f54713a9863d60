"""Series by steps against the same told event by event, whatever a partition went through."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from ipse.errors import NotFoundError
from ipse.pipeline.consents import give
from ipse.pipeline.days.events import keep, read
from ipse.pipeline.days.series import POINTS, Span, series, streams
from ipse.pipeline.workspace import Workspace
from ipse.records import Event

NOON = datetime(2026, 4, 1, 10, tzinfo=UTC)
SECOND = 1_000_000
START = int(NOON.timestamp()) * SECOND


def event(ts: int, dur: int = 0, stream: str = "", key: str = "", **data: object) -> Event:
    return Event(
        source="desk", stream=stream, kind="state", ts=ts, dur=dur, rx=ts + dur, tz=0,
        key=key or f"{ts:016x}", data=data,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.fixture
def desk(workspace: Workspace) -> Workspace:
    give(workspace, "desk", ("archive", "events"))
    return workspace


def test_steps_are_what_each_event_adds_to_them(desk: Workspace) -> None:
    """Also of states that grew in later blocks, of one moment twice, over midnights, of several streams."""
    rng = np.random.default_rng(4)
    rows = [
        event(
            START + int(at) * SECOND,
            int(dur) * SECOND // 2,
            stream="ab"[n % 2],
            key=f"{n:x}",
            **({} if n % 7 == 0 else {"n": float(at)} if n % 5 else {"n": "text"}),
        )
        for n, (at, dur) in enumerate(
            zip(rng.integers(0, 400_000, 300), rng.integers(0, 50_000, 300), strict=True)
        )
    ]
    keep(desk, rows)
    grown = [
        Event(**{name: getattr(one, name) for name in one.__struct_fields__} | {"dur": one.dur * 2})
        for one in rows[::3]
    ]
    keep(desk, [], became=grown)
    keep(desk, [event(rows[0].ts, 5 * SECOND, stream="a", key="twin")])
    since, until, every = START + 3_333 * SECOND, START + 333_333 * SECOND, 7_000
    asked = Span(since=NOON + timedelta(seconds=3_333), until=NOON + timedelta(seconds=333_333), every=every)
    for stream, field in ((None, ""), ("a", ""), (None, "n"), ("b", "n")):
        found = series(
            desk, "desk", Span(stream=stream, field=field, since=asked.since, until=asked.until, every=every)
        )
        table = read(desk, "desk", stream=stream).to_pylist()
        assert len(found.points) == 48
        for n, point in enumerate(found.points):
            low = since + n * every * SECOND
            high = min(low + every * SECOND, until)
            own = [one for one in table if not field or '"n"' in one["data"]]
            begun = [one for one in own if low <= one["ts"] < high]
            assert point.at == NOON + timedelta(microseconds=low - START)
            numbers = [float(one["data"][5:-1]) for one in begun if field and "text" not in one["data"]]
            assert point.count == len(begun)
            if n < 47:
                covered = sum(max(0, min(one["ts"] + one["dur"], high) - max(one["ts"], low)) for one in own)
                assert point.duration == pytest.approx(covered / SECOND)
            assert (point.mean is None) == (not numbers)
            if numbers:
                assert point.mean == pytest.approx(np.mean(numbers))
                assert (point.min, point.max) == (min(numbers), max(numbers))


def test_what_nobody_names_is_the_whole_in_steps_people_count_in(desk: Workspace) -> None:
    assert streams(desk) == []
    keep(desk, [event(START + n * 3600 * SECOND, 60 * SECOND, n=n) for n in range(48)])
    whole = series(desk, "desk", Span())
    assert (whole.every, whole.points[0].at) == (120, NOON)
    assert sum(one.count for one in whole.points) == 48
    assert sum(one.duration for one in whole.points) == 48 * 60
    fine = series(desk, "desk", Span(every=1))
    assert (fine.every, len(fine.points) <= POINTS) == (120, True)
    assert series(desk, "desk", Span(since=NOON, until=NOON)).points == ()
    (one,) = streams(desk)
    assert (one.events, one.first, one.last) == (48, NOON, NOON + timedelta(hours=47, minutes=1))
    with pytest.raises(NotFoundError):
        series(desk, "desk", Span(stream="other"))
