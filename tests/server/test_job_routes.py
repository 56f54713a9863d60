"""Jobs over HTTP: queued by who may, followed live, stopped, resumed; schedules; how training stands."""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ipse.jobs.queue import enqueue
from ipse.pipeline.tasks import make
from ipse.vault import Vault

from ..conftest import PASSPHRASE
from ..pipeline.conftest import chat
from .conftest import Running
from .spoken import learned, served

LONG = 120.0


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


def followed(client: httpx2.Client, job: str) -> list[dict[str, Any]]:
    with client.stream("GET", f"/api/jobs/{job}/events", timeout=LONG) as got:
        assert got.status_code == 200
        return [json.loads(line[6:]) for line in got.iter_lines() if line.startswith("data: ")]


def test_a_training_is_queued_followed_and_speaks(owner: httpx2.Client) -> None:
    made = owner.post("/api/models", json={"settings": {"retrieval": {"epochs": 2}}})
    assert made.status_code == 202, made.text
    seen = followed(owner, made.json()["job"])
    assert seen[-1]["state"] == "done", seen[-1]
    assert {"queued", "running"} & {one["state"] for one in seen[:-1]}
    assert seen[-1]["result"]["model"] == "v2"
    assert seen[-1]["live"]["log"][0]
    status = owner.get("/api/training/status").json()
    assert (status["state"], status["champion"], status["models"]) == ("idle", "v2", 2)
    assert status["last"]["id"] == made.json()["job"]
    listed = owner.get("/api/jobs", params={"kind": "train", "state": "done"}).json()
    assert made.json()["job"] in [one["id"] for one in listed["items"]]


def test_an_upload_is_imported_and_gone(owner: httpx2.Client, service: Running, tmp_path: Path) -> None:
    export = chat(tmp_path / "WhatsApp Chat with Bo Lind.txt", "Bo Lind", 5, 7)
    with export.open("rb") as file:
        upload = owner.post("/api/uploads", files={"files": (export.name, file)})
    assert upload.status_code == 201, upload.text
    job = owner.post("/api/imports", json={"upload": upload.json()["id"], "me": ["Nora Feld"]})
    assert job.status_code == 202, job.text
    end = followed(owner, job.json()["job"])[-1]
    assert end["state"] == "done", end
    assert end["result"]["exports"][0]["kept"] == 10
    assert owner.get("/api/uploads").json()["total"] == 0


def test_a_queued_job_is_cancelled_and_resumed(owner: httpx2.Client) -> None:
    first = owner.post("/api/models", json={}).json()["job"]
    second = owner.post("/api/datasets", json={}).json()["job"]
    stopped = owner.post(f"/api/jobs/{second}/stop", json={})
    assert stopped.status_code == 200
    assert stopped.json()["state"] in ("cancelled", "running")
    end = followed(owner, second)[-1]
    assert followed(owner, first)[-1]["state"] == "done"
    if end["state"] == "cancelled":
        assert owner.post(f"/api/jobs/{second}/resume").status_code == 202
        assert followed(owner, second)[-1]["state"] == "done"
    assert owner.post(f"/api/jobs/{first}/resume").status_code == 409
    assert owner.post(f"/api/jobs/{first}/stop", json={}).status_code == 409


def test_what_is_not_there_is_not_found(owner: httpx2.Client) -> None:
    assert owner.get("/api/jobs/nothing").status_code == 404
    assert owner.get("/api/jobs/nothing/events").status_code == 404
    assert owner.post("/api/jobs/nothing/stop", json={}).status_code == 404
    assert owner.post("/api/jobs/nothing/resume").status_code == 404
    assert owner.delete("/api/schedules/nothing").status_code == 404
    assert owner.get("/api/schedules/nothing").status_code == 404
    assert owner.get("/api/imports/nothing").status_code == 404


def test_each_job_takes_the_scope_of_what_it_does(service: Running, owner: httpx2.Client) -> None:
    job = owner.get("/api/jobs").json()["items"][0]["id"]
    with service.client(service.token("read", "import")) as importer:
        assert importer.post("/api/schedules", json={"kind": "train", "cron": "daily"}).status_code == 403
        assert importer.post("/api/schedules", json={"kind": "backup", "cron": "daily"}).status_code == 403
        assert importer.post(f"/api/jobs/{job}/resume").status_code == 403
        assert importer.post(f"/api/jobs/{job}/stop", json={}).status_code == 403
    with service.client(service.token("aggregates")) as researcher:
        assert researcher.get("/api/jobs").status_code == 403


def test_schedules_are_made_listed_and_deleted(owner: httpx2.Client) -> None:
    told = {"kind": "prepare", "cron": "30 3 * * *", "idle_minutes": 10, "on_ac": True}
    made = owner.post("/api/schedules", json=told)
    assert made.status_code == 201, made.text
    listed = owner.get("/api/schedules").json()["items"]
    assert [one["id"] for one in listed] == [made.json()["id"]]
    assert owner.post("/api/schedules", json={**told, "cron": "soon"}).status_code == 422
    at = f"/api/schedules/{made.json()['id']}"
    assert owner.get(at).json() == listed[0]
    waits = {"kind": "evaluate", "cron": "1000 events of window"}
    changed = owner.put(at, json=waits).json()
    assert (changed["due_at"], changed["when"]) == (None, "1000 events of window")
    assert (changed["id"], changed["spec"]["kind"]) == (made.json()["id"], "evaluate")
    assert owner.get(at).json() == changed
    assert owner.put(at, json={**waits, "cron": "soon"}).status_code == 422
    assert owner.put("/api/schedules/nothing", json=waits).status_code == 404
    assert owner.put(at, json=told).json()["due_at"] == listed[0]["due_at"]
    beyond = {**told, "settings": {"lora": {"allow_network": True}}}
    assert owner.post("/api/schedules", json=beyond).status_code == 422
    assert owner.delete(f"/api/schedules/{made.json()['id']}").status_code == 200
    assert owner.get("/api/schedules").json()["total"] == 0


def test_a_job_outlives_the_service_and_goes_on_with_the_next(template: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(template, tmp_path / "vault"))
    chat(tmp_path / "WhatsApp Chat with Bo Lind.txt", "Bo Lind", 500, 7)
    words: dict[str, object] = {
        "paths": [str(tmp_path / "WhatsApp Chat with Bo Lind.txt")],
        "me": ["Nora Feld"],
    }
    spec = make("import", words, {"imports": {"languages": ["en"], "batch": 5}})
    with Vault.open(folder, PASSPHRASE) as vault:
        job = enqueue(vault, spec).id
    with served(folder) as first, first.client(first.token()) as client:
        end = time.monotonic() + LONG
        while client.get(f"/api/jobs/{job}").json()["done"] < 20:
            assert time.monotonic() < end
            time.sleep(0.1)
    with served(folder) as second, second.client(second.token()) as client:
        last = followed(client, job)[-1]
        assert (last["state"], last["result"]["exports"][0]["read"]) == ("done", 1000)
        assert client.get("/api/jobs", params={"kind": "import"}).json()["total"] == 1
