"""Drafts over HTTP: read to see, approve to decide; two reviewers at once send once."""

import base64
import threading
from collections import Counter
from collections.abc import Iterator

import httpx2
import pytest

from ipse.config import load_settings

from ..deliveries.servers import Hook, hook
from ..pipeline.drafted import KEY, made
from ..soak import rounds
from .conftest import Running, running

TEXT = "who brings the soup on friday?"


@pytest.fixture(scope="module")
def web() -> Iterator[Hook]:
    with hook() as started:
        yield started


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, web: Hook) -> Iterator[Running]:
    folder = made(tmp_path_factory.mktemp("drafts") / "made")
    settings = load_settings(
        {"webhook": {"url": web.url}, "service": {"rate": "100000/minute"}}, environment={}
    )
    with running([folder], settings) as started:
        yield started


@pytest.fixture
def client(service: Running) -> Iterator[httpx2.Client]:
    with service.client(service.token("read", "approve")) as client:
        yield client


def new(client: httpx2.Client, **more: str) -> dict[str, object]:
    answer = client.post("/api/drafts", json={"text": TEXT, "contact": "Ilka Brandt", **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_figures_leave_no_row_and_a_list_does(service: Running, client: httpx2.Client) -> None:
    opened = service.vaults.find("").opened
    assert opened is not None

    def rows() -> list[str]:
        with opened.lend() as workspace:
            return [row.action for row in workspace.vault.audit_rows()]

    before = client.get("/api/drafts/counts").json()
    draft = new(client)
    seen = rows()
    counts = client.get("/api/drafts/counts").json()
    assert counts["waiting"] == before["waiting"] + 1
    assert counts["states"]["proposed"] == before["states"].get("proposed", 0) + 1
    assert counts["changed_at"] > (before["changed_at"] or "")
    assert TEXT not in str(counts)
    assert rows() == seen
    listed = client.get("/api/drafts", params={"limit": 500}).json()
    assert draft["id"] in [one["id"] for one in listed["items"]]
    assert sum(counts["states"].values()) == listed["total"]
    assert rows() == [*seen, "draft.list"]


def test_the_way_of_a_draft(client: httpx2.Client) -> None:
    draft = new(client)
    at = f"/api/drafts/{draft['id']}"
    assert (draft["state"], draft["contact"], draft["message"]) == ("proposed", "Ilka Brandt", TEXT)
    assert client.post(f"{at}/send").status_code == 409
    edited = client.patch(at, json={"text": "me!\u200b"}).json()
    assert [one["kind"] for one in edited["hidden"]] == ["invisible"]
    assert client.post(f"{at}/approve", json={"digest": draft["digest"]}).status_code == 409
    refused = client.post(f"{at}/approve", json={"digest": edited["digest"]})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:ipse:problem:draft")
    clean = client.patch(at, json={"clean": True}).json()
    assert (clean["text"], clean["hidden"]) == ("me!", [])
    approved = client.post(f"{at}/approve", json={"digest": clean["digest"]}).json()
    assert (approved["state"], approved["steps"][-1]["by"]) == ("approved", "a test")
    sent = client.post(f"{at}/send").json()
    assert sent["text"] == clean["leaves"] == base64.b64decode(sent["content"]).decode()
    assert sent["draft"]["state"] == client.get(at).json()["state"] == "sent"
    assert client.post(f"{at}/send").status_code == 409
    listed = client.get("/api/drafts", params={"state": "sent", "contact": "Ilka"}).json()
    assert draft["id"] in [one["id"] for one in listed["items"]]


def test_rejecting_and_taking_back(client: httpx2.Client) -> None:
    draft = new(client)
    at = f"/api/drafts/{draft['id']}"
    no = client.post(f"{at}/reject", json={"reason": "not me", "about": "content"}).json()
    assert (no["state"], no["reason"], no["about"]) == ("rejected", "not me", "content")
    assert client.post(f"{at}/reopen").json()["state"] == "proposed"
    client.post(f"{at}/approve", json={"digest": draft["digest"]})
    assert client.post(f"{at}/revoke").json()["state"] == "proposed"
    assert client.post(f"{at}/settle", json={"sent": True}).status_code == 409


def test_what_is_not_there_and_who_may_not(service: Running, client: httpx2.Client) -> None:
    assert client.get("/api/drafts/0123456789abcdef").status_code == 404
    assert client.get("/api/drafts/nothing").status_code == 404
    assert client.post("/api/drafts", json={}).status_code == 422
    assert client.post("/api/drafts", json={"message": "nothing"}).status_code == 404
    draft = new(client)
    at = f"/api/drafts/{draft['id']}"
    with service.client(service.token("read")) as reader:
        assert reader.get(at).status_code == 200
        assert reader.get("/api/channels").json()["total"] == 5
        for path in ("approve", "reject", "revoke", "reopen", "send", "settle"):
            assert reader.post(f"{at}/{path}", json={"digest": "x", "sent": True}).status_code in (403, 422)
        assert reader.patch(at, json={"text": "x"}).status_code == 403
        assert reader.get(at).json()["state"] == "proposed"
    with service.client(service.token("aggregates")) as stranger:
        assert stranger.get("/api/drafts").status_code == 403
    assert client.put("/api/channels/webhook/secret", json={"secret": KEY}).status_code == 403


def test_two_reviewers_at_once_send_once(service: Running, client: httpx2.Client, web: Hook) -> None:
    with service.client(service.token()) as owner:
        assert owner.put("/api/channels/webhook/secret", json={"secret": KEY}).status_code == 204
    clients = [
        httpx2.Client(base_url=service.address, headers=client.headers, trust_env=False, timeout=60)
        for _ in "ab"
    ]
    drafts = []
    for _ in range(rounds(6, 1000)):
        draft = new(client, channel="webhook")
        drafts.append(draft["id"])
        gate, seen = threading.Barrier(2), Counter[int]()

        def decide(
            one: httpx2.Client,
            draft: dict[str, object] = draft,
            gate: threading.Barrier = gate,
            seen: Counter[int] = seen,
        ) -> None:
            gate.wait()
            one.post(f"/api/drafts/{draft['id']}/approve", json={"digest": draft["digest"]})
            seen[one.post(f"/api/drafts/{draft['id']}/send").status_code] += 1

        threads = [threading.Thread(target=decide, args=(one,)) for one in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert seen == {200: 1, 409: 1}
    for one in clients:
        one.close()
    ids = [posted.headers["webhook-id"] for posted in web.posted]
    assert Counter(ids) == Counter(drafts)


def test_a_channel_that_fails_is_not_the_reviewers_fault(client: httpx2.Client, web: Hook) -> None:
    draft = new(client, channel="webhook")
    at = f"/api/drafts/{draft['id']}"
    client.post(f"{at}/approve", json={"digest": draft["digest"]})
    web.status = 500
    failed = client.post(f"{at}/send")
    web.status = 200
    assert (failed.status_code, failed.json()["type"]) == (502, "urn:ipse:problem:delivery")
    assert client.get(at).json()["state"] == "perhaps"
    assert client.post(f"{at}/settle", json={"sent": False}).json()["state"] == "proposed"


def test_answers_are_rated_and_decisions_counted(client: httpx2.Client) -> None:
    before = client.get("/api/feedback").json()
    body = {"question": "soup?", "answer": "Certainly.", "model": "v1", "up": False, "reason": "too polite"}
    assert client.post("/api/feedback", json=body).json()["reason"] == "too polite"
    assert client.post("/api/feedback", json={**body, "about": "content"}).status_code == 201
    after = client.get("/api/feedback").json()
    assert after["rejected_style"] == before["rejected_style"] + 1
    assert after["rejected_content"] == before["rejected_content"] + 1
    assert after["needed"] == 50
    assert client.post("/api/feedback", json={**body, "model": "v9"}).status_code == 409
    assert client.post("/api/feedback", json={**body, "contact": "Zora"}).status_code == 409
