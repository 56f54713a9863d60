"""Chat over HTTP and WebSocket: whole, streamed, kept, explained, stopped; never past a withdrawal."""

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from ipse.pipeline.consents import withdraw
from ipse.pipeline.voicing import Warm
from ipse.server.talking import speaking
from ipse.vault import Vault
from ipse.voices.retrieval import RetrievalVoice

from ..conftest import PASSPHRASE
from .conftest import Running
from .spoken import learned, served, slow

CHAT = "/api/ai-echo/chat"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return learned(tmp_path_factory.mktemp("spoken"))


@pytest.fixture(scope="module")
def service(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with served(Path(shutil.copytree(template, tmp_path_factory.mktemp("served") / "vault"))) as started:
        yield started


@pytest.fixture(scope="module")
def owner(service: Running) -> Iterator[httpx2.Client]:
    with service.client(service.token()) as client:
        yield client


def ask(client: httpx2.Client, text: str, **more: object) -> dict[str, Any]:
    found = client.post(CHAT, json={"message": text, **more}, timeout=30)
    assert found.status_code == 200, found.text
    return dict(found.json()["message"])


def events(lines: Iterator[str]) -> list[tuple[str, dict[str, Any]]]:
    found, name = [], ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            found.append((name, json.loads(line.removeprefix("data: "))))
    return found


def streamed(client: httpx2.Client, text: str, **more: object) -> list[tuple[str, dict[str, Any]]]:
    asked = {"message": text, **more}
    with client.stream("POST", CHAT, json=asked, headers={"Accept": "text/event-stream"}, timeout=30) as got:
        assert got.status_code == 200
        assert got.headers["content-type"].startswith("text/event-stream")
        return events(got.iter_lines())


def test_an_answer_is_labelled_kept_and_explained(owner: httpx2.Client) -> None:
    said = ask(owner, "who brings the soup on friday?", session="one")
    assert said["shown"]
    assert (said["who"], said["method"], said["stopped"]) == ("clone", "retrieval", False)
    assert said["label"].startswith("AI-written")
    history = owner.get("/api/ai-echo/history", params={"session": "one"}).json()
    assert history["total"] == 2
    assert [one["who"] for one in history["items"]] == ["clone", "you"]
    assert history["items"][0] == said
    assert history["items"][1]["shown"] == "who brings the soup on friday?"
    why = owner.get(f"/api/ai-echo/sessions/one/messages/{said['id']}/why").json()
    assert (why["model"], why["label"], len(why["nearest"])) == ("v1", said["label"], 3)
    assert why["nearest"][0]["similarity"] >= why["nearest"][-1]["similarity"]
    assert owner.get("/api/ai-echo/sessions/one/messages/abc/why").status_code == 404
    rated = owner.post(
        f"/api/ai-echo/sessions/one/messages/{said['id']}/rating", json={"up": False, "reason": "too stiff"}
    )
    assert (rated.status_code, rated.json()["model"], rated.json()["up"]) == (201, "v1", False)
    assert owner.get("/api/feedback").json()["rejected_style"] == 1
    listed = owner.get("/api/feedback/ratings", params={"model": "v1", "up": False}).json()
    assert [one["id"] for one in listed["items"]] == [rated.json()["id"]]
    assert rated.json()["answer"]
    assert owner.get("/api/feedback/ratings", params={"up": True}).json()["total"] == 0
    for status in (204, 404):
        assert owner.delete(f"/api/feedback/ratings/{rated.json()['id']}").status_code == status
    assert owner.get("/api/feedback").json()["rejected_style"] == 0
    used = owner.get("/api/usage").json()["items"]
    assert (len(used), used[0]["name"], used[0]["browser"]) == (1, "a test", False)
    assert used[0]["answers"] >= 1
    assert used[0]["tokens"] >= used[0]["answers"]
    row = owner.get("/api/audit", params={"action": "answer", "limit": 1}).json()["items"][0]
    assert row["details"]["by"] == used[0]["token"]
    mine = owner.get("/api/ai-echo/history", params={"session": "one"}).json()["items"][-1]
    for message in (mine["id"], "abc"):  # what one said oneself is no answer
        path = f"/api/ai-echo/sessions/one/messages/{message}/rating"
        assert owner.post(path, json={"up": True}).status_code == 404


def test_the_same_answer_comes_piece_by_piece(owner: httpx2.Client) -> None:
    whole = ask(owner, "did you like the soup at the lake?", session="whole")
    found = streamed(owner, "did you like the soup at the lake?", session="pieces")
    assert [name for name, _ in found] == ["piece"] * (len(found) - 1) + ["done"]
    assert "".join(told["text"] for name, told in found if name == "piece") == whole["shown"]
    assert found[-1][1]["message"]["shown"] == whole["shown"]
    assert len(found) > 3


def test_the_context_is_the_last_ten_messages_until_it_is_reset(
    owner: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []
    stream = RetrievalVoice.stream

    def watched(self: RetrievalVoice, context: Any, **more: Any) -> Iterator[str]:
        seen.append([turn.text for turn in context])
        return stream(self, context, **more)

    monkeypatch.setattr(RetrievalVoice, "stream", watched)
    for n in range(7):
        ask(owner, f"question {n}?", session="long")
    assert [len(one) for one in seen] == [1, 3, 5, 7, 9, 10, 10]
    assert seen[-1][-1] == "question 6?"
    reset = owner.post("/api/ai-echo/reset-context", json={"session": "long"})
    assert reset.status_code == 200
    ask(owner, "and now?", session="long")
    assert seen[-1] == ["and now?"]
    assert owner.get("/api/ai-echo/history", params={"session": "long"}).json()["total"] == 16


def test_long_chats_are_kept_whole_in_parts(
    owner: httpx2.Client, monkeypatch: pytest.MonkeyPatch, service: Running
) -> None:
    from ipse.pipeline import sessions

    monkeypatch.setattr(sessions, "FULL", 6)
    monkeypatch.setattr(sessions, "PART", 4)
    for n in range(6):
        ask(owner, f"question {n}?", session="parts")
    found = owner.get("/api/ai-echo/history", params={"session": "parts"}).json()["items"]
    asked = [one["shown"] for one in reversed(found) if one["who"] == "you"]
    assert asked == [f"question {n}?" for n in range(6)]
    (listed,) = [one for one in owner.get("/api/ai-echo/sessions").json()["items"] if one["id"] == "parts"]
    assert listed["messages"] == 12
    assert owner.delete("/api/ai-echo/sessions/parts").status_code == 200
    assert owner.get("/api/ai-echo/history", params={"session": "parts"}).status_code == 404
    opened = service.vaults.find("").opened
    assert opened is not None
    with opened.lend() as workspace:
        assert not [name for name in workspace.vault.ids("session") if name.startswith("parts")]


def test_only_who_is_addressed_is_named_and_questions_are_kept_as_cleared(
    owner: httpx2.Client, service: Running
) -> None:
    said = ask(owner, "Jun Harada asks for soup", contact="Ilka Brandt", session="who")
    opened = service.vaults.find("").opened
    assert opened is not None
    with opened.lend() as workspace:
        from ipse.pipeline.chatting import read

        kept = read(workspace, "who")
    assert "Harada" not in kept.said[0].text
    assert kept.said[0].shown == "Jun Harada asks for soup"
    assert {kept.contact} <= set(kept.about)
    assert len(kept.about) == 2
    assert said["shown"]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"message": ""}, 422),
        ({"message": "x" * 20_000}, 422),
        ({"message": "hi", "session": "../x"}, 422),
        ({"message": "hi", "model": "v9"}, 409),
        ({"message": "hi", "contact": "Nobody At All"}, 409),
        ({"message": "hi", "extra": 1}, 422),
    ],
)
def test_what_cannot_be_answered_is_a_problem_also_as_a_stream(
    owner: httpx2.Client, asked: dict[str, object], status: int
) -> None:
    for accept in ("application/json", "text/event-stream"):
        found = owner.post(CHAT, json=asked, headers={"Accept": accept})
        assert found.status_code == status, found.text
        assert found.headers["content-type"] == "application/problem+json"


def test_it_is_so_while_others_are_answered(
    service: Running, owner: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who finds a slot free waits for nobody, so nothing is told before the problem."""
    said = slow(monkeypatch)
    talking = {"message": "soup?", "session": "others", "stream": True}
    with owner.stream("POST", CHAT, json=talking, timeout=30) as line:
        assert next(line.iter_lines())
        with service.client(service.token()) as other:
            asked = {"message": "hi", "model": "v9", "stream": True}
            assert other.post(CHAT, json=asked).status_code == 409
    assert said


def test_who_may_not_read_may_not_chat(service: Running) -> None:
    for token, status in ((None, 401), (service.token("aggregates"), 403)):
        with service.client(token) as client:
            assert client.post(CHAT, json={"message": "hi"}).status_code == status
            assert client.get("/api/ai-echo/history").status_code == status


def socket(service: Running, token: str, **headers: str) -> Any:
    address = service.address.replace("http", "ws", 1) + "/api/ai-echo/ws"
    return connect(
        address,
        additional_headers={"Authorization": f"Bearer {token}", **headers},
        proxy=None,
        open_timeout=20,
    )


def heard(line: Any, *last: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while not found or found[-1]["type"] not in last:
        found.append(json.loads(line.recv(timeout=30)))
    return found


def test_a_socket_streams_and_stops_on_demand(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket(service, service.token()) as line:
        line.send(json.dumps({"type": "ask", "message": "soup?", "session": "ws"}))
        found = heard(line, "done", "error")
        assert found[-1]["type"] == "done"
        whole = "".join(one["text"] for one in found if one["type"] == "piece")
        assert whole == found[-1]["message"]["shown"]
        said = slow(monkeypatch)
        line.send(json.dumps({"type": "ask", "message": "soup?", "session": "ws"}))
        heard(line, "piece")
        line.send(json.dumps({"type": "cancel"}))
        assert heard(line, "cancelled", "done")[-1]["type"] == "cancelled"
        time.sleep(0.3)
        count = len(said)
        assert count < 300
        time.sleep(0.2)
        assert len(said) == count, "nobody listens, nothing is said"
        line.send(json.dumps({"type": "dance"}))
        assert heard(line, "error")[-1]["detail"]
        line.send(json.dumps({"type": "ask", "message": ""}))
        assert heard(line, "error")[-1]["status"] == 422


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Host": "evil.example"}, {"Origin": "null"}]
)
def test_a_socket_from_elsewhere_is_refused(service: Running, headers: dict[str, str]) -> None:
    with pytest.raises((InvalidStatus, ConnectionClosed)):
        _asked_from(service, headers)


def _asked_from(service: Running, headers: dict[str, str]) -> None:
    with socket(service, service.token(), **headers) as line:
        line.send("{}")
        line.recv(timeout=5)


def test_when_a_client_goes_away_the_answer_stops_and_what_was_said_is_kept(
    service: Running, owner: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = slow(monkeypatch)
    asked = {"message": "soup?", "session": "gone", "stream": True}
    with owner.stream("POST", CHAT, json=asked, timeout=30) as got:
        for line in got.iter_lines():
            if "word5" in line:
                break
    time.sleep(0.5)
    count = len(said)
    assert 5 < count < 100
    time.sleep(0.2)
    assert len(said) == count
    opened = service.vaults.find("").opened
    assert opened is not None
    assert (speaking(opened).queue.waiting, speaking(opened).queue._free) == (0, 4)
    last = owner.get("/api/ai-echo/history", params={"session": "gone"}).json()["items"][0]
    assert last["stopped"]
    assert last["shown"].startswith("word0 word1")


def test_a_withdrawal_in_the_midst_of_a_stream_ends_it(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        served(Path(shutil.copytree(template, tmp_path / "vault"))) as own,
        own.client(own.token()) as client,
    ):
        said = slow(monkeypatch, 2000)
        found: list[tuple[str, dict[str, Any]]] = []
        talking = threading.Thread(target=lambda: found.extend(streamed(client, "soup?", session="s")))
        talking.start()
        while len(said) < 10:
            time.sleep(0.01)
        with Vault.open(own.folder, PASSPHRASE) as vault:  # another terminal
            from ipse.config import load_settings
            from ipse.pipeline.workspace import Workspace

            withdraw(Workspace(vault, load_settings({}, environment={})), vault.ids("consent")[0])
        talking.join(20)
        assert not talking.is_alive()
        assert found[-1][0] == "error"
        assert found[-1][1]["status"] == 409
        assert len(said) < 1000
        again = client.post(CHAT, json={"message": "soup?"})
        assert again.status_code == 409
        with Vault.open(own.folder, PASSPHRASE) as vault:
            texts = [vault.get("session", name) for name in vault.ids("session")]
        assert not any(b"word0" in one for one in texts), "what it may not say any more is not kept"


def test_many_at_once_take_turns_and_too_many_are_told_when_to_come_again(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(template, tmp_path / "vault"))
    limits = {"answers": 1, "waiting": 6, "waiting_each": 2}
    with served(folder, service=limits) as own:
        order: list[str] = []
        gate = threading.Event()

        def stream(self: RetrievalVoice, context: Any, **more: Any) -> Iterator[str]:
            gate.wait(20)
            order.append(context[-1].text.split()[0])
            yield "yes"

        monkeypatch.setattr(RetrievalVoice, "stream", stream)
        monkeypatch.setattr(Warm, "recalls", lambda *_: False)
        tokens = {name: own.token() for name in ("greedy", "modest", "third")}
        statuses: list[tuple[str, int, str]] = []

        def one(name: str, n: int) -> None:
            with own.client(tokens[name]) as client:
                asked = {"message": f"{name} {n}?", "session": f"{name}{n}"}
                got = client.post(CHAT, json=asked, timeout=60)
                statuses.append((name, got.status_code, got.headers.get("retry-after", "")))

        opened = own.vaults.find("").opened
        assert opened is not None
        queue = speaking(opened).queue
        threads = []

        def begin(name: str, n: int, until: Callable[[], bool]) -> None:
            threads.append(threading.Thread(target=one, args=(name, n)))
            threads[-1].start()
            end = time.monotonic() + 20
            while not until() and time.monotonic() < end:
                time.sleep(0.01)

        begin("greedy", 0, lambda: queue._free == 0)
        begin("greedy", 1, lambda: queue.waiting == 1)
        begin("greedy", 2, lambda: queue.waiting == 2)
        begin("greedy", 3, lambda: len(statuses) == 1)
        begin("modest", 0, lambda: queue.waiting == 3)
        begin("third", 0, lambda: queue.waiting == 4)
        gate.set()
        for thread in threads:
            thread.join(60)
        assert [(name, status) for name, status, _ in statuses if status != 200] == [("greedy", 429)]
        assert int(statuses[0][2]) >= 1
        assert order == ["greedy", "greedy", "modest", "third", "greedy"]
