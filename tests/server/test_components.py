"""Each component over HTTP, on a vault of a made-up person: what the pipeline says is what a route says."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from ipse.config import load_settings
from ipse.pipeline.consents import give
from ipse.pipeline.importing import import_
from ipse.pipeline.learning import prepare, train
from ipse.pipeline.queueing import work_off
from ipse.pipeline.reviewing import deny
from ipse.pipeline.workspace import Workspace
from ipse.vault import Vault

from ..conftest import CHEAP, PASSPHRASE
from ..pipeline.conftest import ME, chat
from .conftest import Running, running
from .surface import OPEN, routes

SETTINGS = {"retrieval": {"epochs": 1}, "scorecard": {"resamples": 100}}
# What needs something that this vault has not.
WANTING = {
    "/api/backups": (409, "a folder in the settings"),
    "/api/profile/drift": (409, "a quarter after the model"),
    "/api/events": (422, "a source"),
    "/api/features/preview": (422, "features in the settings"),
}


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server over a vault with two contacts, a dataset and two models."""
    folder = tmp_path_factory.mktemp("components")
    settings = load_settings(SETTINGS | {"backup": {"folder": str(folder / "backups")}}, environment={})
    vault, _ = Vault.create(folder / "vault", PASSPHRASE, kdf=CHEAP, allow_weak=True)
    with vault:
        workspace = Workspace(vault, settings)
        give(workspace, "whatsapp", ["archive", "style"])
        first = chat(folder / "WhatsApp Chat with Ilka Brandt.txt", "Ilka Brandt", 40, 1)
        second = chat(folder / "WhatsApp Chat with Jun Harada.txt", "Jun Harada", 30, 2)
        import_(workspace, [first, second], me=ME, progress=quiet)
        prepare(workspace)
        train(workspace, progress=quiet)
        train(workspace, progress=quiet)
        deny(workspace, ["Aldebaran"])
    with running([folder / "vault"], settings) as started:
        yield started


PLAIN = [route.path for route in routes() if route.method == "GET" and "{" not in route.path]


@pytest.mark.parametrize("path", [path for path in PLAIN if ("GET", path) not in OPEN])
def test_every_list_answers(owner: httpx2.Client, path: str) -> None:
    answer = owner.get(path, timeout=60)
    assert answer.status_code in (200, WANTING.get(path, (200, ""))[0]), answer.text
    told = answer.json()
    if isinstance(told, dict) and "items" in told:
        assert set(told) >= {"items", "total", "next"}
        assert len(told["items"]) <= told["total"]


def test_pages_of_a_list_make_the_whole(owner: httpx2.Client) -> None:
    whole = [one["id"] for one in owner.get("/api/messages", params={"limit": 500}).json()["items"]]
    assert len(whole) == owner.get("/api/messages").json()["total"] == 140
    got: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = owner.get("/api/messages", params={"limit": 33, "cursor": cursor}).json()
        got += [one["id"] for one in page["items"]]
        cursor = page["next"]
    assert got == whole


def test_messages_are_filtered_and_bear_no_names(owner: httpx2.Client) -> None:
    contact = next(one for one in owner.get("/api/contacts").json()["items"] if one["name"] == "Ilka Brandt")
    found = owner.get("/api/messages", params={"contact": contact["pseudonym"], "own": "false"}).json()
    assert found["total"] == 40
    assert {one["sender"] for one in found["items"]} == {contact["pseudonym"]}
    times = [one["at"] for one in found["items"]]
    assert times == sorted(times, reverse=True)
    assert "Ilka" not in owner.get("/api/messages", params={"limit": 500}).text
    assert "Ilka" not in owner.get("/api/conversations").text
    some = owner.get("/api/messages", params={"q": "STATION", "limit": 500}).json()
    assert some["items"]
    assert all("station" in one["text"].lower() for one in some["items"])
    late = datetime(2023, 1, 20, tzinfo=UTC).isoformat()
    since = owner.get("/api/messages", params={"since": late, "limit": 500}).json()
    until = owner.get("/api/messages", params={"until": late, "limit": 500}).json()
    assert since["total"] + until["total"] == 140
    assert since["total"] > 0


def test_what_is_listed_is_read_one_by_one(owner: httpx2.Client) -> None:
    """Each item of a list by its id as the list says it; another id is not found."""
    for path, key in (
        ("/api/messages", "id"),
        ("/api/conversations", "id"),
        ("/api/sources", "name"),
        ("/api/contacts", "pseudonym"),
        ("/api/consents", "id"),
        ("/api/datasets", "id"),
        ("/api/models", "id"),
        ("/api/tokens", "id"),
        ("/api/jobs", "id"),
    ):
        listed = owner.get(path, params={"limit": 3}).json()["items"]
        assert listed, path
        for one in listed:
            found = owner.get(f"{path}/{one[key]}")
            assert (found.status_code, found.json()) == (200, one), path
        assert owner.get(f"{path}/nothing-of-that-id").status_code == 404
    assert owner.get("/api/messages/x").json()["type"] == "urn:ipse:problem:notfound"
    row = owner.get("/api/audit", params={"action": "read", "limit": 1}).json()["items"][0]
    assert row["details"]["why"] == "browse"


def test_a_researcher_sees_figures_and_no_words(service: Running) -> None:
    with service.client(service.token("aggregates")) as researcher:
        assert researcher.get("/api/overview").json()["records"] == 140
        for path in ("/api/messages", "/api/contacts", "/api/profile", "/api/privacy/doubts", "/api/audit"):
            assert researcher.get(path).status_code == 403
        for path in PLAIN:
            text = researcher.get(path).text
            assert "Ilka" not in text, path
            assert "oven already" not in text, path


def test_who_asked_stands_in_the_audit_log(service: Running) -> None:
    token = service.token("read", "admin")
    with service.client(token) as client:
        client.get("/api/messages")
        row = client.get("/api/audit", params={"action": "read", "limit": 1}).json()["items"][0]
    assert row["details"]["why"] == "browse"
    assert row["details"]["by"] == token.split("_")[2]


def test_models_are_promoted_rolled_back_and_traced(owner: httpx2.Client) -> None:
    assert [one["id"] for one in owner.get("/api/models").json()["items"]] == ["v2", "v1"]
    for filters, total in (({"method": "retrieval"}, 2), ({"method": "none"}, 0), ({"dataset": "none"}, 0)):
        assert owner.get("/api/models", params=filters).json()["total"] == total
    assert owner.post("/api/models/v2/promote", json={}).json()["champion"] is True
    assert owner.get("/api/models/champion").json()["id"] == "v2"
    owner.post("/api/models/v1/promote", json={})
    assert owner.post("/api/models/rollback").json()["id"] == "v2"
    graph = owner.get("/api/models/v1/lineage").json()
    kinds = [node["kind"] for node in graph["nodes"]]
    assert kinds == ["consent", "source", "dataset", "model"]
    known = {node["id"] for node in graph["nodes"]}
    assert len(graph["edges"]) == 3
    assert all({edge["out"], edge["into"]} <= known for edge in graph["edges"])
    assert len(owner.get("/api/lineage").json()["nodes"]) == 5


def test_contacts_are_renamed_excluded_and_joined(owner: httpx2.Client) -> None:
    people = {one["name"]: one["pseudonym"] for one in owner.get("/api/contacts").json()["items"]}
    jun = people["Jun Harada"]
    assert owner.get(f"/api/contacts/{jun}").json()["name"] == "Jun Harada"
    assert owner.get("/api/contacts/PERSON_99").status_code == 404
    assert owner.patch(f"/api/contacts/{jun}", json={"name": "J."}).json()["name"] == "J."
    assert owner.put(f"/api/contacts/{jun}/exclusion", json={}).json()["excluded"] is True
    left = owner.put(f"/api/contacts/{jun}/exclusion", json={"excluded": False}).json()
    assert left["excluded"] is False
    assert owner.post("/api/contacts/merge", json={"into": jun, "others": ["nobody"]}).status_code == 404
    assert owner.get("/api/owner").json()["known"] is True


def test_an_objection_freezes_and_is_released(owner: httpx2.Client) -> None:
    people = {one["handles"][0]: one["pseudonym"] for one in owner.get("/api/contacts").json()["items"]}
    jun = people["Jun Harada"]
    assert owner.delete(f"/api/contacts/{jun}/objection").status_code == 409
    assert owner.put(f"/api/contacts/{jun}/objection", json={"note": "by mail"}).status_code == 201
    assert owner.get("/api/objections").json()["items"][0]["contact"] == jun
    left = owner.get("/api/messages", params={"contact": jun, "own": "false"}).json()["items"]
    assert {(one["gap"], one["text"]) for one in left} == {(True, "")}
    assert owner.delete(f"/api/contacts/{jun}/objection").status_code == 200
    back = owner.get("/api/messages", params={"contact": jun, "own": "false"}).json()["items"]
    assert all(one["text"] for one in back)
    assert len(back) == len(left) == 30


def test_words_are_decided_on_and_taken_back(owner: httpx2.Client) -> None:
    assert owner.get("/api/privacy/lists").json() == {"allowed": [], "denied": {"Aldebaran": "PRIVATE"}}
    owner.post("/api/privacy/decisions", json={"words": ["Mercury"], "verdict": "keep"})
    assert owner.get("/api/privacy/lists").json()["allowed"] == ["Mercury"]
    undone = owner.post("/api/privacy/decisions/undo", json={"words": ["Mercury"]})
    assert undone.json()["allowed"] == []
    assert owner.post("/api/privacy/decisions/undo", json={"words": ["Mercury"]}).status_code == 409


def test_settings_tell_where_they_come_from_and_hide_secrets(owner: httpx2.Client) -> None:
    found = {f"{one['section']}.{one['key']}": one for one in owner.get("/api/settings").json()["items"]}
    assert found["retrieval.epochs"]["value"] == 1
    assert found["retrieval.epochs"]["origin"] == "flags"
    assert found["retrieval.dimensions"]["origin"] == "built-in"
    assert found["server.key"]["secret"] is True
    assert found["server.key"]["value"] in ("", "•••")


def test_a_consent_is_given_shown_and_withdrawn(owner: httpx2.Client) -> None:
    body = {"source": "gmail", "purposes": ["archive"], "days": 30}
    given = owner.post("/api/consents", json=body).json()
    assert (given["state"], given["purposes"]) == ("active", ["archive"])
    receipt = owner.get(f"/api/consents/{given['id']}/receipt")
    assert receipt.headers["content-type"].startswith("application/ld+json")
    assert given["id"] in receipt.text
    gone = owner.post(f"/api/consents/{given['id']}/withdraw", json={})
    assert gone.json()["consent"]["state"] == "withdrawn"
    assert owner.post(f"/api/consents/{given['id']}/withdraw", json={}).status_code == 409
    assert owner.post("/api/consents", json={"source": "nothing"}).status_code == 422


def test_requests_of_others_are_kept_and_closed(owner: httpx2.Client) -> None:
    made = owner.post("/api/requests", json={"kind": "access", "subject": "Ilka Brandt"}).json()
    assert made["subject"].startswith("PERSON_")
    assert owner.get("/api/requests", params={"state": "open"}).json()["total"] == 1
    assert owner.post(f"/api/requests/{made['id']}/close", json={"note": "sent"}).json()["closed"]
    assert owner.post(f"/api/requests/{made['id']}/close", json={}).status_code == 422


def test_the_report_and_its_page(owner: httpx2.Client) -> None:
    signed = owner.post("/api/reports/compliance", timeout=120).json()
    assert len(signed["report"]["lines"]) == 18
    page = owner.post("/api/reports/compliance/page", timeout=120)
    assert page.headers["content-type"].startswith("text/html")
    assert "script-src" not in page.headers["content-security-policy"]


def test_the_audit_log_verifies_and_is_paged(owner: httpx2.Client) -> None:
    report = owner.post("/api/audit/verify").json()
    first = owner.get("/api/audit", params={"limit": 5}).json()
    then = owner.get("/api/audit", params={"limit": 5, "cursor": first["next"]}).json()
    numbers = [one["seq"] for one in (*first["items"], *then["items"])]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[0] > report["rows"]
    made = owner.post("/api/audit/checkpoint").json()
    assert made["rows"] >= report["rows"]


def test_what_is_taken_away_comes_as_lines_and_leaves_no_file(owner: httpx2.Client, service: Running) -> None:
    dataset = owner.get("/api/datasets").json()["items"][0]["id"]
    at = f"/api/datasets/{dataset}/export"
    taken = owner.post(at, json={"part": "train", "form": "chat"})
    assert taken.headers["content-type"] == "application/x-ndjson"
    assert f"{dataset}-train.jsonl" in taken.headers["content-disposition"]
    lines = [json.loads(line) for line in taken.text.splitlines()]
    assert lines
    assert all(one["messages"][-1]["role"] == "assistant" for one in lines)
    assert "Ilka" not in taken.text
    assert owner.post("/api/datasets/nothing/export", json={}).status_code == 404
    log = owner.post("/api/audit/export").text.splitlines()
    assert len(log) > 10
    assert json.loads(owner.post("/api/backups/ledger").text)["vault"] == service.vaults.find("").id
    with service.client(service.token("aggregates")) as researcher:
        for path in (at, "/api/audit/export", "/api/backups/ledger"):
            assert researcher.post(path, json={}).status_code == 403
    assert not [one for one in service.folder.rglob("download-*") if any(one.iterdir())]


def test_an_upload_is_looked_into_imported_and_gone(
    service: Running, owner: httpx2.Client, tmp_path: Path
) -> None:
    file = chat(tmp_path / "WhatsApp Chat with Bo Lind.txt", "Bo Lind", 5, 3)
    made = owner.post("/api/uploads", files=[("files", (file.name, file.read_bytes()))]).json()
    assert [(one["source"], one["allowed"]) for one in made["exports"]] == [("whatsapp", True)]
    looked = owner.get(f"/api/uploads/{made['id']}/preview", params={"me": "Nora Feld"}).json()
    assert {one["name"] for one in looked["senders"]} == {"Bo Lind", "Nora Feld"}
    assert looked["items"][0]["text"]
    assert looked["zoned"] is False  # WhatsApp says no zone
    body = {"upload": made["id"], "me": ["Nora Feld"], "zone": "Asia/Tbilisi"}
    begun = owner.post("/api/imports", json=body)
    assert begun.status_code == 202
    assert begun.headers["location"] == f"/api/jobs/{begun.json()['job']}"
    held = next(iter(service.vaults)).opened
    assert held is not None
    with held.lend() as workspace:
        list(work_off(workspace, held.hand, once=True))
    assert owner.get("/api/messages", params={"q": "", "limit": 1}).json()["total"] == 150
    listed = owner.get("/api/imports").json()["items"]
    assert listed[0] == owner.get(f"/api/imports/{begun.json()['job']}").json()
    assert (listed[0]["state"], listed[0]["report"]["exports"][0]["kept"]) == ("done", 10)
    training = [one["id"] for one in owner.get("/api/jobs").json()["items"] if one["kind"] == "train"]
    assert owner.get(f"/api/imports/{training[0]}").status_code == 404
    told = {one["name"]: one["pseudonym"] for one in owner.get("/api/contacts").json()["items"]}
    mine = owner.get("/api/messages", params={"contact": told["Bo Lind"], "limit": 500}).json()["items"]
    assert min(one["at"] for one in mine).startswith("2023-01-02T09:00:00+04:00")
    assert owner.get(f"/api/uploads/{made['id']}").status_code == 404
    assert not list((service.folder / "uploads").glob("*"))


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a/../../b", "x" * 300, "a\nb"])
def test_names_of_files_lead_nowhere(owner: httpx2.Client, service: Running, name: str) -> None:
    answer = owner.post("/api/uploads", files=[("files", (name, b"text"))])
    assert answer.status_code in (201, 422)
    outside = [file for file in service.folder.rglob("*") if file.name == "passwd"]
    assert all(file.is_relative_to(service.folder / "uploads") for file in outside)
    for one in owner.get("/api/uploads").json()["items"]:
        assert owner.delete(f"/api/uploads/{one['id']}").status_code == 204


def test_work_cannot_set_what_reaches_out(owner: httpx2.Client) -> None:
    for settings in ({"lora": {"allow_network": True}}, {"server": {"url": "http://evil.example"}}):
        assert owner.post("/api/models", json={"settings": settings}).status_code == 422
    assert owner.post("/api/models", json={"method": "none"}).status_code == 422
    assert owner.post("/api/models", json={"dataset": "none"}).status_code == 404


def test_models_are_compared_as_a_job(service: Running, owner: httpx2.Client) -> None:
    for models, status in ((["v1"], 422), (["v1", "v1"], 422), (["v1", "none"], 404)):
        assert owner.post("/api/comparisons", json={"models": models}).status_code == status
    job = owner.post("/api/comparisons", json={"models": ["v1", "v2"]}).json()["job"]
    assert owner.get(f"/api/comparisons/{job}").status_code == 404
    held = next(iter(service.vaults)).opened
    assert held is not None
    with held.lend() as workspace:
        list(work_off(workspace, held.hand, once=True))
    assert owner.get(f"/api/jobs/{job}").json()["state"] == "done"
    assert owner.get("/api/comparisons").json()["items"] == [{"job": job, "models": ["v1", "v2"]}]
    found = owner.get(f"/api/comparisons/{job}").json()
    assert found["contexts"] > 0
    measured = [row for row in found["rows"] if {"v1", "v2"} <= set(row["figures"])]
    assert measured
    for row in measured:
        assert [(one["one"], one["other"]) for one in row["differences"]] in ([], [("v1", "v2")])


def test_an_erasure_takes_what_its_plan_showed(owner: httpx2.Client) -> None:
    people = {one["handles"][0]: one["pseudonym"] for one in owner.get("/api/contacts").json()["items"]}
    wish = {"what": "contact", "name": people["Jun Harada"]}
    plan = owner.post("/api/erasures/plan", json=wish).json()
    assert plan["counts"]["messages"] > 0
    stale = owner.post("/api/erasures", json={**wish, "confirm": "0" * 16})
    assert stale.status_code == 409
    done = owner.post("/api/erasures", json={**wish, "confirm": plan["confirm"]})
    assert done.status_code == 201
    proof = done.json()["certificate"]
    assert proof["counts"]["messages"] == plan["counts"]["messages"]
    assert owner.get(f"/api/erasures/{proof['id']}").json()["signature"] == done.json()["signature"]
    assert owner.post("/api/erasures/plan", json=wish).status_code == 404
    assert "Jun Harada" not in owner.get("/api/contacts").text


def test_no_route_keeps_a_workspace(service: Running, owner: httpx2.Client) -> None:
    """More requests than there are workspaces, some of them refused, one after another."""
    for _ in range(service.vaults.find("").settings.service.workers + 1):
        assert owner.get("/api/overview").status_code == 200
        assert owner.get("/api/models/none").status_code == 404
        assert owner.get("/api/messages", params={"limit": 0}).status_code == 422
