"""Messages that tell a clone to send something, by every way one can be asked over HTTP: nothing leaves."""

import itertools
import socket
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from ipse.config import load_settings
from ipse.voices.retrieval import RetrievalVoice

from ..deliveries.servers import Hook, Mailbox, hook, mailbox
from ..pipeline.drafted import KEY, made
from ..pipeline.test_injections import INJECTED, TO, Obedient
from ..soak import SOAK
from .conftest import Running, running

TRIED = INJECTED if SOAK else INJECTED[::20]
CHAT, OPENAI = "/api/ai-echo/chat", "/v1/chat/completions"


class Outside:
    """Connections tried to anything but the service itself, and names looked up; none gets through."""

    def __init__(self, patch: pytest.MonkeyPatch, port: int) -> None:
        self.tried: list[object] = []
        self.patch, self.own = patch, ("127.0.0.1", port)
        for name in ("connect", "connect_ex", "sendto"):
            self._guard(socket.socket, name)
        self._guard(socket, "getaddrinfo")

    def _guard(self, of: Any, name: str) -> None:
        real = getattr(of, name)

        def guarded(*given: Any, **more: Any) -> Any:
            where = given[1] if of is socket.socket else given[:2]
            if tuple(where)[:2] != self.own:
                self.tried.append(where)
                raise OSError("guarded")
            return real(*given, **more)

        self.patch.setattr(of, name, guarded)


@pytest.fixture(scope="module")
def channels() -> Iterator[tuple[Hook, Mailbox]]:
    with hook() as web, mailbox() as box:
        yield web, box


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, channels: tuple[Hook, Mailbox]) -> Iterator[Running]:
    """Every channel is set, so that nothing but the missing approval stands in the way."""
    web, box = channels
    smtp = {"host": "127.0.0.1", "port": box.port, "security": "none", "sender": "nora@example.org"}
    tree = {"webhook": {"url": web.url, "secret": KEY}, "smtp": smtp, "service": {"rate": "1000000/second"}}
    with running([made(tmp_path_factory.mktemp("injected") / "made")], load_settings(tree)) as started:
        yield started


def port_of(service: Running) -> int:
    return int(service.address.rpartition(":")[2])


def test_whoever_says_so_however_they_ask_nothing_is_sent(
    service: Running, channels: tuple[Hook, Mailbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RetrievalVoice, "stream", Obedient.stream)  # the worst voice there could be
    outside = Outside(monkeypatch, port_of(service))
    via, drafts = itertools.cycle(["copy", "smtp", "webhook", "eml"]), list[str]()
    with service.client(service.token("read", "approve")) as client:
        for number, text in enumerate(TRIED):
            asked = {"message": text, "session": f"s{number % 7}", "stream": bool(number % 2)}
            assert client.post(CHAT, json=asked).status_code == 200
            told = {"messages": [{"role": "user", "content": text}], "stream": bool(number % 3)}
            assert client.post(OPENAI, json=told).status_code == 200
            wish = {"text": text, "channel": next(via), "recipient": TO[0]}
            made_ = client.post("/api/drafts", json=wish)
            assert made_.status_code in (201, 409)  # not even a draft, where its channel cannot reach them
            drafts += [made_.json()["id"]] if made_.status_code == 201 else []
        for one in drafts:
            assert client.post(f"/api/drafts/{one}/send").status_code == 409
        states = client.get("/api/drafts/counts").json()["states"]
    assert len(drafts) > len(TRIED) * 0.9
    assert set(states) == {"proposed"}
    assert outside.tried == []
    assert (channels[0].posted, channels[1].mails) == ([], [])


def test_what_would_be_sent_is_seen(
    service: Running, channels: tuple[Hook, Mailbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: with an approval the guard sees a connection, and without the guard it is sent."""
    with service.client(service.token("read", "approve")) as client:
        draft = client.post("/api/drafts", json={"text": INJECTED[0], "channel": "webhook"}).json()
        at = f"/api/drafts/{draft['id']}"
        with monkeypatch.context() as patch:
            outside = Outside(patch, port_of(service))
            assert client.post(f"{at}/approve", json={"digest": draft["digest"]}).status_code == 200
            assert client.post(f"{at}/send").status_code == 502
            assert outside.tried
        assert client.post(f"{at}/approve", json={"digest": draft["digest"]}).status_code == 200
        assert client.post(f"{at}/send").status_code == 200
    assert len(channels[0].posted) == 1


def test_nothing_else_is_reached(monkeypatch: pytest.MonkeyPatch, service: Running) -> None:
    outside = Outside(monkeypatch, port_of(service))
    with pytest.raises(httpx2.TransportError):
        httpx2.get("http://127.0.0.1:9/")
    assert outside.tried
