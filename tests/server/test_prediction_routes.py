"""Models of events over HTTP: a table learned from, predictions with reasons, outcomes, words and rules."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from ipse.client import Client, calls
from ipse.config import load_settings
from ipse.pipeline.consents import give
from ipse.pipeline.days.origins import origin_of
from ipse.pipeline.queueing import work_off

from ..pipeline.days.tables import events_table
from .conftest import Running, made, running

FEATURES = {
    "features": {
        "load_3h": {"from": "desk", "field": "load", "agg": "mean", "window": "3h"},
        "hour": {"time": "hour", "encode": "cyclic"},
    },
    "set": {"name": "desk_v1", "origins": {"every": "1h"}, "features": ["load_3h", "hour"]},
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server over a vault that learned from one table, handed over by HTTP."""
    settings = load_settings(FEATURES, environment={})
    with running([made(tmp_path_factory.mktemp("days") / "vault")], settings) as started:
        yield started


@pytest.fixture(scope="module")
def owner(service: Running) -> Iterator[httpx2.Client]:
    """Who may everything, and waits for a busy machine."""
    with service.client(service.token()) as client:
        client.timeout = httpx2.Timeout(120)
        yield client


def work(service: Running) -> None:
    (one,) = service.vaults
    assert one.opened is not None
    with one.opened.lend() as workspace:
        list(work_off(workspace, one.opened.hand, once=True))


@pytest.fixture(scope="module")
def desk(service: Running, owner: httpx2.Client, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The project of that table."""
    table = events_table(tmp_path_factory.mktemp("table") / "desk.csv")
    upload = owner.post("/api/uploads", files={"files": ("desk.csv", table.read_bytes())}).json()["id"]
    asked = {"upload": upload, "target": "busy", "same_row": True, "algorithm": "logistic"}
    refused = owner.post("/api/tables", json=asked)
    assert refused.status_code == 409, refused.text
    (one,) = service.vaults
    assert one.opened is not None
    with one.opened.lend() as workspace:
        give(workspace, "desk", ["archive", "events"])
    with service.client(service.token("import")) as importer:
        assert importer.post("/api/tables", json=asked).status_code == 403
    begun = owner.post("/api/tables", json=asked)
    assert begun.status_code == 202, begun.text
    work(service)
    job = owner.get(f"/api/jobs/{begun.json()['job']}").json()
    assert job["state"] == "done", job
    assert (job["result"]["model"], job["result"]["promoted"]) == ("desk-v1", True)
    assert owner.get(f"/api/uploads/{upload}").status_code == 404
    return "desk"


def test_a_project_shows_its_versions_beside_their_baselines(owner: httpx2.Client, desk: str) -> None:
    found = owner.get("/api/projects").json()
    assert found["total"] == 1
    shown = owner.get(f"/api/projects/{desk}").json()
    assert shown == found["items"][0]
    assert (shown["champion"], shown["task"], shown["schedule"]) == ("desk-v1", "classification", None)
    (version,) = shown["versions"]
    assert version["verdict"]["earned"]
    assert version["verdict"]["value"] > version["verdict"]["baseline_value"]
    assert version["target"] == "desk.busy"
    assert owner.get("/api/projects/nothing").status_code == 404


def test_what_is_said_is_kept_with_reasons_outcome_and_word(owner: httpx2.Client, desk: str) -> None:
    path = f"/api/projects/{desk}/predictions"
    first = owner.post(path, json={})
    assert first.status_code == 201, first.text
    said = first.json()
    assert said["label"] in ("no", "yes")
    assert said["chance"] > 0.5
    assert said["reasons"]
    assert said["outcome"] == said["label"]
    early = owner.post(path, json={"at": "2025-03-20T10:00:00Z"}).json()
    page = owner.get(path).json()
    assert [one["id"] for one in page["items"]] == [early["id"], said["id"]]
    assert owner.post(path, json={}).json()["id"] == said["id"], "the same moment is one prediction"
    other = "no" if said["label"] == "yes" else "yes"
    word = owner.post(f"/api/predictions/{said['id']}/feedback", json={"verdict": "wrong", "label": other})
    assert word.status_code == 201, word.text
    shown = owner.get(path).json()["items"][1]
    assert shown["outcome"] == other, "the owner's word is what happened"
    assert (shown["feedback"]["verdict"], shown["feedback"]["label"]) == ("wrong", other)
    told = owner.get(f"/api/projects/{desk}/outcomes").json()
    assert (told["rows"], told["wrong"]) == (2, 1)
    assert sum(one["rows"] for one in told["bins"]) == sum(one["rows"] for one in told["weeks"]) == 2
    assert told["brier"] > 0.5


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"verdict": "not_an_anomaly"}, 422),
        ({"verdict": "right", "label": "no"}, 422),
        ({"verdict": "wrong", "label": "sometimes"}, 422),
        ({"verdict": "wrong", "until": "2027-01-01T00:00:00Z"}, 422),
        ({"verdict": "perhaps"}, 422),
        ({"verdict": "right"}, 201),
    ],
)
def test_a_word_that_makes_no_sense_is_refused(
    owner: httpx2.Client, desk: str, body: dict[str, object], status: int
) -> None:
    path = f"/api/projects/{desk}/predictions"
    said = owner.post(path, json={"at": "2025-03-21T10:00:00Z"}).json()
    assert owner.post(f"/api/predictions/{said['id']}/feedback", json=body).status_code == status
    assert owner.post("/api/predictions/nothing/feedback", json={"verdict": "right"}).status_code == 404


def test_it_is_learned_anew_promoted_and_taken_back(
    service: Running, owner: httpx2.Client, desk: str
) -> None:
    begun = owner.post(f"/api/projects/{desk}/learn")
    assert begun.status_code == 202, begun.text
    work(service)
    assert owner.get(f"/api/jobs/{begun.json()['job']}").json()["state"] == "done"
    shown = owner.get(f"/api/projects/{desk}").json()
    assert (shown["champion"], shown["challenger"]) == ("desk-v1", "desk-v2")
    promoted = owner.post(f"/api/projects/{desk}/promote", json={"version": "desk-v2"}).json()
    assert (promoted["champion"], promoted["previous"]) == ("desk-v2", "desk-v1")
    assert owner.post(f"/api/projects/{desk}/promote", json={"version": "x-v2"}).status_code == 404
    assert owner.post(f"/api/projects/{desk}/rollback").json()["champion"] == "desk-v1"
    assert owner.post("/api/projects/nothing/learn").status_code == 404
    drift = owner.get(f"/api/projects/{desk}/drift")
    assert drift.status_code == 409, "nothing came in since"


def test_features_are_listed_and_shown(owner: httpx2.Client, desk: str) -> None:
    found = owner.get("/api/features").json()["items"]
    assert [(one["name"], one["kind"]) for one in found] == [("load_3h", "agg"), ("hour", "time")]
    assert found[0]["sources"] == ["desk"]
    assert found[0]["definition"]["window"] == 10_800
    shown = owner.get("/api/features/preview", params={"rows": 3}).json()
    assert shown["columns"] == ["load_3h", "hour_sin", "hour_cos"]
    assert len(shown["rows"]) == 3


def test_the_client_has_a_method_for_each(service: Running, owner: httpx2.Client, desk: str) -> None:
    with Client(service.token(), address=service.address) as client:
        (one,) = client.every(calls.projects)
        assert client.do(calls.project(desk)) == one
        said = client.do(calls.predict(desk, datetime(2025, 3, 22, 10, tzinfo=UTC)))
        assert said.due == said.at
        word = client.do(calls.judge_prediction(said.id, "right"))
        assert word.label == said.label
        newest = client.do(calls.predictions(desk, limit=1)).items[0]
        assert newest.feedback == word
        assert list(client.every(calls.suppressions, project=desk)) == []
        assert client.do(calls.begin_learning(desk)).job


def test_a_rule_is_listed_ends_and_is_taken_back(service: Running, owner: httpx2.Client) -> None:
    from ipse.pipeline.days.suppressions import add

    (one,) = service.vaults
    assert one.opened is not None
    with one.opened.lend() as workspace:
        until = datetime.now(UTC) + timedelta(days=2)
        rule = add(
            workspace,
            project="laptop",
            column="cpu",
            within=(0.9, 0.2),
            origin=origin_of(["system"]),
            until=until,
        )
    (shown,) = owner.get("/api/suppressions", params={"project": "laptop"}).json()["items"]
    assert (shown["id"], shown["low"], shown["high"], shown["active"]) == (rule.id, 0.2, 0.9, True)
    assert owner.delete(f"/api/suppressions/{rule.id}").status_code == 204
    assert owner.delete(f"/api/suppressions/{rule.id}").status_code == 404
    assert owner.get("/api/suppressions").json()["total"] == 0
