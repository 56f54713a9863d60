"""Days over HTTP: sample days, what time went to, corrections, tasks and the machine's health."""

from collections.abc import Iterator

import httpx2
import pytest

from .conftest import Running


@pytest.fixture(scope="module")
def days(service: Running) -> Iterator[httpx2.Client]:
    """A client of the owner's, over a vault with sample days."""
    token = service.token()
    client = httpx2.Client(
        base_url=service.address, headers={"Authorization": f"Bearer {token}"}, timeout=240, trust_env=False
    )
    empty = client.get("/api/days/productivity").json()
    assert (empty["whose"], empty["activities"], empty["timeline_total"]) == ("own", [], 0)
    assert client.get("/api/days/system").json()["forecasts"] == []
    nothing = {"app": "code", "category": "work"}
    assert client.post("/api/days/corrections", json=nothing).status_code == 422
    assert client.post("/api/days/sample").json()["days"] == 28
    again = client.post("/api/days/sample")
    assert "ipse forget --source sample" in again.json()["hint"]
    yield client
    client.close()


def test_a_correction_changes_what_is_told(days: httpx2.Client) -> None:
    before = days.get("/api/days/productivity").json()
    assert before["whose"] == "sample"
    assert before["focus"]
    assert sum(one["share"] for one in before["activities"]) == pytest.approx(1)
    asked = before["questions"][0]
    assert (asked["app"], asked["guess"]) == ("anki", "unknown")
    body = {"app": "anki", "category": "Study"}
    made = days.post("/api/days/corrections", json=body).json()
    after = days.get("/api/days/productivity").json()
    told = {one["category"]: one for one in after["activities"]}
    assert told["study"]["focus"]
    assert told["study"]["sure"] == 1.0
    assert {one["how"] for one in after["timeline"] if one["app"] == "anki"} == {"corrected"}
    assert [one["id"] for one in days.get("/api/days/corrections").json()["items"]] == [made["id"]]
    assert days.delete(f"/api/days/corrections/{made['id']}").status_code == 204
    assert days.get("/api/days/productivity").json()["activities"] == before["activities"]


def test_tasks_have_an_order_and_say_why(days: httpx2.Client) -> None:
    def add(**body: object) -> str:
        return str(days.post("/api/days/tasks", json=body).json()["id"])

    far = add(text="The far one", due="2099-01-01T00:00:00Z", minutes=30)
    late = add(text="The late one", due="2020-01-01T00:00:00Z", minutes=300)
    listed = days.get("/api/days/tasks").json()["items"]
    assert [(one["id"], one["priority"]) for one in listed] == [(late, 1), (far, 2)]
    assert listed[0]["ahead"] > 0.5
    assert any("late" in one["told"] for one in listed[0]["why"])
    for number in range(8):
        answer = days.post("/api/days/tasks/preferences", json={"better": far, "worse": late})
        assert answer.json()["total"] == number + 1
    assert [one["id"] for one in days.get("/api/days/tasks").json()["items"]] == [far, late]
    assert days.patch(f"/api/days/tasks/{far}", json={"done": True}).json()["priority"] is None
    everything = days.get("/api/days/tasks", params={"done": True}).json()["items"]
    assert [one["id"] for one in everything] == [late, far]
    assert days.delete(f"/api/days/tasks/{far}").status_code == 204
    assert days.patch(f"/api/days/tasks/{far}", json={"done": True}).status_code == 404


def test_the_machine_tells_what_was_wrong_and_why(days: httpx2.Client) -> None:
    told = days.get("/api/days/system").json()
    by_score = sorted(told["anomalies"], key=lambda one: one["score"])
    found = {one["metric"]: one for one in by_score}
    assert set(found) >= {"cpu", "memory"}
    assert found["cpu"]["causes"][0]["name"] == "tracker-miner-fs"
    assert found["memory"]["causes"][0]["name"] == "photo-viewer"
    assert found["memory"]["score"] > 1
    assert not found["cpu"]["suppressed"]
    body = {"metric": "cpu", "value": found["cpu"]["value"]}
    assert days.post("/api/days/system/dismissals", json=body).status_code == 201
    after = days.get("/api/days/system").json()["anomalies"]
    assert {one["metric"] for one in after if one["suppressed"]} == {"cpu"}
    assert days.post("/api/days/system/dismissals", json={"metric": "x", "value": 1}).status_code == 422
    disk, memory = told["forecasts"]
    assert disk["full_at"]["low"] < disk["full_at"]["median"] < disk["full_at"]["high"]
    assert disk["steps"] == 1
    assert disk["a_day"] == pytest.approx(610, rel=0.1)
    assert memory["full_at"] is None
    assert "no end in sight" in memory["why"]
    burst = max(told["bursts"], key=lambda one: one["errors"])
    assert 46 <= burst["errors"] < 50
    assert "kernel · critical" in burst["examples"][0]
    assert "sector" not in burst["examples"][0], "the guard leaves a digest of what a log says"
