"""Whoever asks and goes: nothing more is computed for them, whatever way they asked, and however early."""

import json
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from ipse.server.queue import FairQueue
from ipse.server.routes import chat
from ipse.server.talking import speaking
from ipse.voices.retrieval import RetrievalVoice

from .conftest import Running
from .spoken import learned, served, slow

WORDS = 400  # of an answer, 20 ms each
CHAT, OPENAI = "/api/ai-echo/chat", "/v1/chat/completions"
SOUP = {"messages": [{"role": "user", "content": "soup?"}]}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    limits = {"answers": 1, "waiting_each": 8}
    with served(learned(tmp_path_factory.mktemp("left")), service=limits) as started:
        yield started


def queue_of(service: Running) -> FairQueue:
    opened = service.vaults.find("").opened
    assert opened is not None
    return speaking(opened).queue


@contextmanager
def asking(service: Running, path: str, body: Mapping[str, object]) -> Iterator[socket.socket]:
    """A connection with a request on its way, closed at the end; nothing of the answer is waited for."""
    host, _, port = service.address.removeprefix("http://").partition(":")
    sent = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {service.token()}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(sent)}\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=30) as line:
        line.sendall(head.encode() + sent)
        yield line


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.01)


def stops(said: list[int]) -> bool:
    """Whether nothing more is said, long before the end of the answer."""
    time.sleep(0.3)
    count = len(said)
    time.sleep(0.3)
    return len(said) == count < WORDS // 2


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (CHAT, {"message": "soup?", "session": "whole", "stream": False}),
        (CHAT, {"message": "soup?", "session": "pieces", "stream": True}),
        (OPENAI, {**SOUP, "stream": False}),
        (OPENAI, {**SOUP, "stream": True}),
    ],
    ids=["whole", "pieces", "openai whole", "openai pieces"],
)
def test_an_answer_ends_when_its_connection_does(
    service: Running, monkeypatch: pytest.MonkeyPatch, path: str, body: dict[str, object]
) -> None:
    said = slow(monkeypatch, WORDS)
    with asking(service, path, body):
        until(lambda: len(said) > 5)
    assert stops(said)
    until(lambda: queue_of(service)._free == 1)
    if path == CHAT:
        with service.client(service.token()) as owner:
            history = owner.get("/api/ai-echo/history", params={"session": str(body["session"])}).json()
        last, asked = history["items"]
        assert (last["who"], last["stopped"], asked["shown"]) == ("clone", True, "soup?")
        assert last["shown"].startswith("word0 word1")


def test_without_listening_it_goes_on(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""

    async def deaf(_asked: Request, answer: Coroutine[Any, Any, Response]) -> Response:
        return await answer

    monkeypatch.setattr(chat, "while_heard", deaf)
    said = slow(monkeypatch, 60)
    with asking(service, CHAT, {"message": "soup?", "session": "deaf", "stream": False}):
        until(lambda: len(said) > 5)
    until(lambda: len(said) == 60)
    until(lambda: queue_of(service)._free == 1)


@pytest.mark.parametrize("path", [CHAT, OPENAI])
@pytest.mark.parametrize("how", ["whole", "pieces"])
def test_who_goes_before_their_turn_is_not_answered(
    service: Running, monkeypatch: pytest.MonkeyPatch, path: str, how: str
) -> None:
    asked, gate = list[str](), threading.Event()

    def waits(self: RetrievalVoice, context: Any, **more: Any) -> Iterator[str]:
        asked.append(context[-1].text)
        assert gate.wait(20)
        yield "yes"

    slow(monkeypatch)
    monkeypatch.setattr(RetrievalVoice, "stream", waits)
    queue = queue_of(service)
    first = {"message": "first?", "session": "first"}
    second: dict[str, object] = {"message": "second?", "session": "second", "stream": how == "pieces"}
    if path == OPENAI:
        second = {"messages": [{"role": "user", "content": "second?"}], "stream": how == "pieces"}
    with asking(service, CHAT, first) as line:
        until(lambda: asked == ["first?"])
        with asking(service, path, second):
            until(lambda: queue.waiting == 1)
        until(lambda: queue.waiting == 0)
        gate.set()
        assert line.recv(100).startswith(b"HTTP/1.1 200")
    until(lambda: queue._free == 1)
    assert asked == ["first?"]
