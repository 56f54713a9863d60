"""Reading what programs push: each thing carried once, keys by content, faults by place."""

import asyncio
import sys
from concurrent.futures import Future, ThreadPoolExecutor

import msgspec
import pytest
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.types import Message

from ipse.config import load_settings
from ipse.heartbeats import own_key
from ipse.privacy.guard import Guard
from ipse.server import pushed
from ipse.server.gathering import Taken, _Given, _tell  # the part that tells, alone
from ipse.server.pushed import Batch, Beats, Reader, body_of

NOON = "2026-04-01T12:00:{:02d}+02:00"


def reader(**privacy: object) -> Reader:
    settings = load_settings({"privacy": privacy}, environment={})
    return Reader(Guard(settings.privacy, settings.collect, b"k" * 32))


def request(body: bytes, kind: str = "application/json") -> Request:
    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    return Request({"type": "http", "headers": [(b"content-type", kind.encode())]}, receive)


def read(tree: object, kind: type[Batch] = Batch) -> Batch:
    return asyncio.run(body_of(request(msgspec.json.encode(tree)), kind))


def batch(*data: dict[str, object], **more: object) -> dict[str, object]:
    events = [{"at": NOON.format(n), "data": one, **more} for n, one in enumerate(data)]
    return {"source": "pushed", "events": events}


def test_events_that_carry_the_same_share_it_and_have_keys_of_their_own() -> None:
    sent = reader().events(read(batch({"app": "mail"}, {"app": "code"}, {"app": "mail"})))
    first, second, third = sent.events
    assert first.data is third.data
    assert (first.data, second.data) == ({"app": "mail"}, {"app": "code"})
    assert len({one.key for one in sent.events}) == 3
    assert all(one.key == own_key(one) for one in sent.events)
    assert (first.ts, first.tz, first.dur) == (1775037600_000_000, 120, 0)


def test_a_key_of_ones_own_stays_and_a_kind_or_stream_makes_another() -> None:
    own = reader().events(read(batch({"app": "mail"}, key="b1946ac92492d234"))).events[0]
    assert own.key == "b1946ac92492d234"
    one = batch({"app": "mail"})
    same = [
        reader().events(read(tree)).events[0].key
        for tree in (one, {**one, "stream": "other"}, batch({"app": "mail"}, kind="point"))
    ]
    assert len(set(same)) == 3


def test_what_the_guard_takes_away_leaves_no_trace_in_the_key() -> None:
    told = [batch({"app": "mail", "title": title}) for title in ("one thing", "quite another")]
    guarded = reader(titles="off")
    first, second = (guarded.events(read(tree)).events[0] for tree in told)
    assert first.data == {"app": "mail"}
    assert first.key == second.key
    full = reader(titles="full")
    first, second = (full.events(read(tree)).events[0] for tree in told)
    assert first.key != second.key


def test_what_is_excluded_is_counted_each_time() -> None:
    guarded = reader(exclude_apps=["vault*"])
    for _ in range(2):
        sent = guarded.events(read(batch({"app": "Vaulted"}, {"app": "mail"}, {"app": "Vaulted"})))
        assert (len(sent.events), sent.excluded) == (1, 2)
    pulses, excluded = guarded.pulses(Beats(source="s", events=[], pulsetime=2.5))
    assert (pulses, excluded) == ([], 0)


def test_it_forgets_before_it_knows_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushed, "MANY", 5)
    many = reader()
    for n in range(30):
        sent = many.events(read(batch({"app": f"app {n}"}, {"app": f"app {n}"})))
        assert [one.data["app"] for one in sent.events] == [f"app {n}"] * 2
        assert len(many._known) <= 5


def test_what_one_thread_forgets_is_not_missed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushed, "MANY", 3)
    shared = reader()

    def push(thread: int) -> list[bool]:
        told = [[f"app {thread} {n}", f"app {n % 5}"] for n in range(400)]
        trees = [read(batch({"app": one}, {"app": other})) for one, other in told]
        return [
            [event.data["app"] for event in shared.events(tree).events] == apps
            for tree, apps in zip(trees, told, strict=True)
        ]

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            assert all(map(all, threads.map(push, range(4))))
    finally:
        sys.setswitchinterval(before)


@pytest.mark.parametrize(
    ("tree", "where"),
    [
        ({"source": "pushed"}, "body"),
        ({"source": "Not a name", "events": []}, "body.source"),
        (batch({"app": "a"}, more=1), "body.events.0"),
        (batch({"app": "a"}, kind="odd"), "body.events.0.kind"),
        (batch({"app": "a"}, duration=-1), "body.events.0.duration"),
        (batch({"app": "a"}, at="2026-04-01T12:00:00"), "body.events.0.at"),
        (batch({"app": "a"}, {"app": [1]}), "body.events.1.data"),
        (batch({"app": "a" * 4097}), "body.events.0.data"),
        (batch({"n": 2**64}), "body.events.0.data"),
        (batch({f"n{n}": n for n in range(65)}), "body.events.0.data"),
    ],
)
def test_a_fault_is_told_with_its_place(tree: object, where: str) -> None:
    with pytest.raises(RequestValidationError) as caught:
        reader().events(read(tree))
    (error,) = caught.value.errors()
    assert ".".join(error["loc"]).startswith(where)
    assert error["msg"]
    assert " - at " not in error["msg"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"source": "a", "events": [1]}'])
def test_a_body_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(RequestValidationError):
        asyncio.run(body_of(request(body), Batch))


def test_a_body_says_that_it_is_json() -> None:
    body = msgspec.json.encode(batch({"app": "mail"}))
    with pytest.raises(RequestValidationError, match="Content-Type"):
        asyncio.run(body_of(request(body, "text/plain"), Batch))
    assert len(asyncio.run(body_of(request(body, "application/json; charset=utf-8"), Batch)).events) == 1


def test_who_went_away_meanwhile_is_not_told() -> None:
    async def asked() -> Taken:
        loop = asyncio.get_running_loop()
        gone, there = loop.create_future(), loop.create_future()
        gone.cancel()
        waits: Future[Taken] = Future()
        given = [_Given("s", (), (), done) for done in (gone, there, waits)]
        _tell([(one, Taken(1, 0)) for one in given])
        assert waits.result(0) == Taken(1, 0)
        found: Taken = await there
        return found

    assert asyncio.run(asked()) == Taken(1, 0)


def test_a_loop_that_has_ended_is_told_nothing() -> None:
    loop = asyncio.new_event_loop()
    done = loop.create_future()
    loop.close()
    _tell([(_Given("s", (), (), done), Taken(1, 0))])
    assert not done.done()
