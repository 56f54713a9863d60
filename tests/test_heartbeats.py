"""Heartbeats merge by the rule of ActivityWatch, and not over a jump of the clock."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipse.heartbeats import Heartbeats, Pulse, merged, own_key, pulse_of
from ipse.records import Event

START = 1_760_000_000_000_000


def event(second: float, dur: float = 0.0, app: str = "a") -> Event:
    ts = START + int(second * 1_000_000)
    return Event(
        source="window", kind="state", ts=ts, dur=int(dur * 1e6), rx=ts + 9, tz=60, key=f"{ts:x}",
        data={"app": app},
    )  # fmt: skip


Told = tuple[datetime, timedelta, dict[str, Any]]


def reference(beats: list[Told], pulsetime: float) -> list[Told]:
    """``heartbeat_reduce`` of aw-core 0.5.18, written anew from its words, in its own terms of time."""
    reduced: list[Told] = []
    for at, dur, data in beats:
        if reduced:
            last_at, last_dur, last_data = reduced[-1]
            if last_data == data and last_at <= at <= last_at + last_dur + timedelta(seconds=pulsetime):
                reduced[-1] = (last_at, max(last_dur, at - last_at + dur), last_data)
                continue
        reduced.append((at, dur, data))
    return reduced


def ours(beats: list[Event], pulsetime: float) -> list[Event]:
    held, out = Heartbeats(), list[Event]()
    for beat in beats:
        state, extended = held.take(Pulse(beat, int(pulsetime * 1_000_000)))
        out[-1:] = [state] if extended else [*out[-1:], state]
    return out


beats = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 60), st.sampled_from("ab")), min_size=1, max_size=40
)


@settings(max_examples=300, deadline=None)
@given(drawn=beats, pulsetime=st.sampled_from([0.0, 0.5, 1.0, 5.0, 60.0]), ordered=st.booleans())
def test_merging_is_that_of_activitywatch(
    drawn: list[tuple[int, int, str]], pulsetime: float, *, ordered: bool
) -> None:
    given_beats = [event(at / 4, dur / 4, app) for at, dur, app in (sorted(drawn) if ordered else drawn)]
    told = [(_at(one.ts), timedelta(microseconds=one.dur), dict(one.data)) for one in given_beats]
    expected = reference(told, pulsetime)
    assert [
        (_at(one.ts), timedelta(microseconds=one.dur), dict(one.data)) for one in ours(given_beats, pulsetime)
    ] == expected
    aw = _activitywatch(told, pulsetime)
    assert aw is None or aw == expected


def test_what_is_extended_keeps_its_key_and_when_it_was_learned() -> None:
    first, later = event(0), event(1, dur=2)
    state = merged(first, later, 1_000_000)
    assert state is not None
    assert (state.ts, state.dur, state.rx, state.key) == (first.ts, 3_000_000, first.rx, first.key)
    assert merged(first, event(1.01), 1_000_000) is None
    assert merged(first, event(0.5, app="b"), 1_000_000) is None
    assert merged(later, first, 1_000_000) is None


def test_nothing_is_extended_once_states_are_closed() -> None:
    held = Heartbeats()
    held.take(Pulse(event(0), 5_000_000))
    assert held.last("window", "") == event(0)
    held.close()
    assert held.last("window", "") is None
    assert held.take(Pulse(event(1), 5_000_000)) == (event(1), False)


def test_the_pulse_is_one_and_a_half_looks_or_a_second_more() -> None:
    assert [pulse_of(every) for every in (0.5, 1, 2, 4, 60)] == [
        1_500_000,
        2_000_000,
        3_000_000,
        6_000_000,
        90_000_000,
    ]


def test_a_key_of_content_tells_events_apart() -> None:
    one = event(0)
    assert own_key(one) == own_key(event(0, dur=5))
    assert len({own_key(other) for other in (one, event(1), event(0, app="b"))}) == 3


def _at(ts: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=ts)


def _activitywatch(told: list[Told], pulsetime: float) -> list[Told] | None:
    """What aw-core itself makes of it, where it is installed (it holds platformdirs to another release)."""
    try:
        from aw_core.models import Event as Theirs  # type: ignore[import-not-found, unused-ignore]
        from aw_transform import heartbeat_reduce  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        return None
    reduced = heartbeat_reduce([Theirs(None, at, dur, data) for at, dur, data in told], pulsetime)
    return [(one.timestamp, one.duration, one.data) for one in reduced]


@pytest.mark.parametrize("pulsetime", [0.0, 1.0])
def test_the_reference_itself_tells_rules_apart(pulsetime: float) -> None:
    told = [(_at(START + n * 1_500_000), timedelta(0), {"app": "a"}) for n in range(3)]
    assert len(reference(told, pulsetime)) == 3
    assert len(reference(told, 2.0)) == 1
