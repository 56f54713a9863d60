"""Streams of events and their series over HTTP, and collecting begun, paused and ended by it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import ipse
from ipse.client import Client, calls
from ipse.config import load_settings
from ipse.errors import AccessError, ConsentError, NotFoundError

from .conftest import Running, made, running
from .test_events import allow


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = made(tmp_path_factory.mktemp("streams") / "vault")
    settings = load_settings({"collect": {"collectors": ["context"]}}, environment={})
    with running([folder], settings) as started:
        yield started


@pytest.fixture
def client(service: Running) -> Iterator[Client]:
    with ipse.Client(service.token(), address=service.address) as made_:
        yield made_


def noon(minute: int, **data: object) -> dict[str, object]:
    return {"at": f"2026-04-01T12:{minute:02d}:00+02:00", "data": data}


def test_a_stream_is_listed_and_drawn_by_steps(client: Client, service: Running) -> None:
    allow(service, "power", "desk")
    metrics = [noon(n, watts=n) | {"kind": "metric"} for n in range(30)]
    client.do(calls.push_events("power", metrics, stream="mains"))
    client.do(calls.push_events("desk", [noon(3, app="mail") | {"duration": 600}]))
    found = {one.source: one for one in client.every(calls.streams, limit=1)}
    assert (found["power"].stream, found["power"].kind, found["power"].events) == ("mains", "metric", 30)
    assert (found["desk"].kind, (found["desk"].last - found["desk"].first).seconds) == ("state", 600)
    span = {"since": "2026-04-01T12:00:00+02:00", "until": "2026-04-01T12:30:00+02:00", "every": 600}
    watts = client.do(calls.series("power", field="watts", **span))
    assert watts.every == 600
    assert [(one.count, one.mean, one.min, one.max) for one in watts.points] == [
        (10, 4.5, 0, 9), (10, 14.5, 10, 19), (10, 24.5, 20, 29)
    ]  # fmt: skip
    desk = client.do(calls.series("desk", **span))
    assert [(one.count, one.duration, one.mean) for one in desk.points] == [
        (1, 420, None), (0, 180, None), (0, 0, None)
    ]  # fmt: skip
    with pytest.raises(NotFoundError, match="no events of `nothing`"):
        client.do(calls.series("nothing"))


def test_collecting_is_begun_paused_and_ended(client: Client, service: Running) -> None:
    with pytest.raises(ConsentError, match="No collector is allowed"):
        client.do(calls.start_collecting())
    assert client.do(calls.collecting()).running is False
    allow(service, "context")
    begun = client.do(calls.start_collecting())
    try:
        assert begun.running
        assert not begun.private
        held = client.do(calls.pause_collecting(5))
        assert held.private
        assert held.private_until is not None
        assert client.do(calls.pause_collecting()).private_until is None
        again = client.do(calls.start_collecting())
        assert (again.running, again.private) == (True, False)
        with (
            ipse.Client(service.token("read"), address=service.address) as reader,
            pytest.raises(AccessError),
        ):
            reader.do(calls.stop_collecting())
    finally:
        ended = client.do(calls.stop_collecting())
    assert ended.running is False


def test_a_token_for_figures_reads_no_series(service: Running, tmp_path: Path) -> None:
    with (
        ipse.Client(service.token("aggregates"), address=service.address) as reader,
        pytest.raises(AccessError),
    ):
        reader.do(calls.streams())
