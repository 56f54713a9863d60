"""Events over HTTP: pushed by the batch and as heartbeats, guarded, kept once, read again."""

import threading
from pathlib import Path

import httpx2
import pytest

from ipse.config import load_settings
from ipse.errors import SettingsError
from ipse.pipeline.consents import give
from ipse.server.rates import Rates
from ipse.vault import Vault

from ..conftest import PASSPHRASE
from .conftest import Running, made, running

NOON = "2026-04-01T12:00:{:02d}+02:00"


def allow(service: Running, *sources: str) -> None:
    (one,) = service.vaults
    opened = one.opened
    assert opened is not None
    with opened.lend() as workspace:
        for source in sources:
            if not workspace.allows(source):
                give(workspace, source, ("archive", "events"))


def client(service: Running, *scopes: str) -> httpx2.Client:
    token = service.token(*scopes)  # type: ignore[arg-type]
    headers = {"Authorization": f"Bearer {token}"}
    return httpx2.Client(base_url=service.address, headers=headers, timeout=60)


def given(second: int, app: str = "mail", **more: object) -> dict[str, object]:
    return {"at": NOON.format(second), "data": {"app": app}, **more}


def test_a_batch_is_kept_once_and_read_again(service: Running) -> None:
    allow(service, "pushed")
    batch = {"source": "pushed", "events": [given(n, kind="point", duration=0.5) for n in range(30)]}
    with client(service, "import") as sender, client(service, "read") as reader:
        assert sender.post("/api/events", json=batch).json() == {
            "kept": 30,
            "duplicates": 0,
            "excluded": 0,
            "late": 0,
        }
        assert sender.post("/api/events", json=batch).json() == {
            "kept": 0,
            "duplicates": 30,
            "excluded": 0,
            "late": 0,
        }
        assert sender.get("/api/events", params={"source": "pushed"}).status_code == 403
        span = {"source": "pushed", "since": NOON.format(10), "until": NOON.format(15), "limit": "2"}
        page = reader.get("/api/events", params=span).json()
        assert (page["total"], page["next"]) == (5, "2")
        assert page["items"][0]["at"] == "2026-04-01T10:00:10Z"
        assert page["items"][0]["offset"] == 120
        assert page["items"][0]["duration"] == 0.5
        assert page["items"][0]["data"] == {"app": "mail"}
        assert reader.get("/api/collecting").json()["running"] is False


def test_heartbeats_extend_the_state_that_goes_on(service: Running) -> None:
    allow(service, "beats")
    with client(service, "import") as sender, client(service, "read") as reader:
        for second in (0, 1, 2, 10, 11):
            beat = {"source": "beats", "pulsetime": 5, "events": [given(second)]}
            assert sender.post("/api/events/heartbeats", json=beat).json()["kept"] == 1
        more = {"source": "beats", "pulsetime": 5, "events": [given(n, "other") for n in (12, 13, 13)]}
        assert sender.post("/api/events/heartbeats", json=more).status_code == 201
        found = reader.get("/api/events", params={"source": "beats"}).json()["items"]
        assert [(one["at"][-4:-1], one["duration"], one["data"]["app"]) for one in found] == [
            (":00", 2.0, "mail"),
            (":10", 1.0, "mail"),
            (":12", 1.0, "other"),
        ]


def test_what_is_not_allowed_or_not_valid_is_refused(service: Running) -> None:
    allow(service, "pushed")
    with client(service, "import") as sender:
        refused = sender.post("/api/events", json={"source": "never", "events": [given(1)]})
        assert refused.status_code == 409
        assert "consent" in refused.json()["detail"].lower() + refused.json()["hint"].lower()
        for bad in (
            given(1, at="2026-04-01T12:00:00"),
            given(1, at="1960-04-01T12:00:00Z"),
            given(1, duration=-1),
            given(1, data={"a": [1]}),
            given(1, kind="odd"),
        ):
            answer = sender.post("/api/events", json={"source": "pushed", "events": [bad]})
            assert answer.status_code == 422, bad
        assert sender.post("/api/events", json={"source": "pushed", "events": []}).json()["kept"] == 0


def test_who_asks_at_once_shares_a_commit_and_each_is_told_its_own(service: Running) -> None:
    allow(service, "many")
    answers: list[dict[str, int]] = []

    def send(number: int) -> None:
        batch = {"source": "many", "events": [given(number), given(number, key=f"{number:032x}")]}
        with client(service, "import") as sender:
            answers.append(sender.post("/api/events", json=batch).json())

    threads = [threading.Thread(target=send, args=(n % 6,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one["kept"] for one in answers) == 12
    assert sum(one["duplicates"] for one in answers) == 12


def test_the_guard_stands_before_what_is_pushed(tmp_path: Path) -> None:
    folder = made(tmp_path / "vault")
    settings = load_settings({"privacy": {"exclude_apps": ["vault*"]}}, environment={})
    with running([folder], settings) as service:
        allow(service, "pushed")
        events = [given(1, "Vaulted"), given(2, data={"app": "mail", "title": "Zsecretz"})]
        with client(service, "import") as sender:
            told = sender.post("/api/events", json={"source": "pushed", "events": events}).json()
        assert told == {"kept": 1, "duplicates": 0, "excluded": 1, "late": 0}
    with Vault.open(folder, PASSPHRASE) as vault:
        assert [one.data for one in vault.events()] == [{"app": "mail", "category": "communication"}]


@pytest.mark.parametrize("source", ["Not a name", "", "a" * 65])
def test_a_source_has_a_plain_name(service: Running, source: str) -> None:
    with client(service, "import") as sender:
        assert sender.post("/api/events", json={"source": source, "events": []}).status_code == 422


def test_what_is_pushed_has_a_rate_of_its_own(tmp_path: Path) -> None:
    settings = load_settings({"service": {"rate": "3/minute", "push_rate": "20/minute"}}, environment={})
    with running([made(tmp_path / "vault")], settings) as service:
        allow(service, "pushed")
        with client(service, "import", "read") as sender:
            batch = {"source": "pushed", "events": [given(1)]}
            paths = ("/api/events", "/api/events/heartbeats")
            told = [sender.post(paths[n % 2], json=batch).status_code for n in range(21)]
            assert told == [201] * 20 + [429]
            read = [sender.get("/api/events", params={"source": "pushed"}).status_code for _ in range(4)]
            assert read == [200] * 3 + [429]
    with pytest.raises(SettingsError, match=r"service\.push_rate: `often` is no rate"):
        Rates("3/minute", "often")


def test_many_heartbeats_of_one_request_and_none_are_taken_too(service: Running) -> None:
    allow(service, "lots")
    with client(service, "import") as sender:
        for count in (0, 1, 40, 0):
            beats = {"source": "lots", "events": [given(n) for n in range(count)]}
            assert sender.post("/api/events/heartbeats", json=beats).json()["kept"] == count
