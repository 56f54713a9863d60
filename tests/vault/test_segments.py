"""Segments: what goes in comes out, in pieces of the size that was promised."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ipse.records import Event, Message, Person
from ipse.vault.segments import pack, unpack_events, unpack_messages

Clear = Callable[..., list[Any]]


def message(text: str = "", at: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> Message:
    return Message(id="1", conversation="c", platform="p", at=at, sender=Person("me"), text=text)


@pytest.mark.parametrize("count", [1, 255, 256, 257, 1000])
def test_a_segment_holds_at_most_256_messages(messages: Clear, count: int) -> None:
    records = [cleared.record for cleared in messages("c", range(count))]
    segments = [unpack_messages(plain) for plain in pack(records)]
    assert [one for segment in segments for one in segment] == records
    assert [len(segment) for segment in segments[:-1]] == [256] * (len(segments) - 1)
    assert len(segments) == -(-count // 256)


def test_a_segment_holds_at_most_64_kib_unless_one_message_is_larger() -> None:
    records = [message("x" * size) for size in (30_000, 30_000, 30_000, 200_000, 10)]
    sizes = [[len(one.text) for one in unpack_messages(plain)] for plain in pack(records)]
    assert sizes == [[30_000, 30_000], [30_000], [200_000], [10]]


@pytest.mark.parametrize(
    "zone",
    [
        UTC,
        timezone(timedelta(hours=5, minutes=45)),
        timezone(-timedelta(hours=9, minutes=30)),
        timezone(timedelta(seconds=1)),
        ZoneInfo("Europe/Berlin"),
        ZoneInfo("UTC"),
    ],
    ids=str,
)
def test_a_time_keeps_its_moment_and_its_offset(zone: timezone) -> None:
    at = datetime(2026, 7, 1, 23, 59, 59, 123456, tzinfo=zone)
    ((back,),) = [unpack_messages(plain) for plain in pack([message(at=at)])]
    assert back.at == at
    assert back.at.utcoffset() == at.utcoffset()


def test_events_come_back_as_they_were() -> None:
    events = [
        Event(source="s", kind="point", ts=n, rx=n, key=str(n), data={"a": None, "b": 1.5})
        for n in range(300)
    ]
    assert [one for plain in pack(events) for one in unpack_events(plain)] == events
