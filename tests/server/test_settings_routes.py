"""Settings, exclusions and retention over HTTP: chosen in the vault, in force at once, by who may."""

import time
from pathlib import Path

import httpx2
import pytest

from ipse.config import load_settings
from ipse.pipeline.choosing import choose
from ipse.pipeline.workspace import Workspace
from ipse.vault import Vault

from ..conftest import PASSPHRASE
from .conftest import Running, made, running


def named(client: httpx2.Client, name: str) -> dict[str, object]:
    items = client.get("/api/settings").json()["items"]
    return next(one for one in items if f"{one['section']}.{one['key']}" == name)


def test_a_setting_is_changed_undone_and_known_to_every_workspace(owner: httpx2.Client) -> None:
    now = owner.patch("/api/settings", json={"changes": {"dataset.few_shot": 5}}).json()["items"]
    assert [(one["key"], one["value"], one["origin"]) for one in now] == [("few_shot", 5, "vault")]
    for _ in range(6):
        assert named(owner, "dataset.few_shot")["value"] == 5
    back = owner.patch("/api/settings", json={"reset": ["dataset.few_shot"]}).json()["items"][0]
    assert (back["value"], back["origin"]) == (back["default"], "built-in")


def test_what_is_wrong_is_said_and_nothing_changes(owner: httpx2.Client) -> None:
    wrong = {"changes": {"dataset.few_shot": 5, "dataset.gap_hours": "long"}}
    answer = owner.patch("/api/settings", json=wrong)
    assert answer.status_code == 422
    assert "gap_hours" in answer.json()["detail"]
    assert named(owner, "dataset.few_shot")["origin"] == "built-in"


def test_only_the_owner_chooses_what_reaches_out(service: Running) -> None:
    with service.client(service.token("aggregates", "admin")) as admin:
        for name, value in (
            ("server.allow_network", True),
            ("server.url", "https://evil.example/v1"),
            ("webhook.url", "https://evil.example"),
            ("backup.folder", "/tmp"),
            ("lora.allow_network", True),
        ):
            assert admin.patch("/api/settings", json={"changes": {name: value}}).status_code == 403, name
        assert admin.patch("/api/settings", json={"changes": {"retention.logs": 30}}).status_code == 200
        assert admin.patch("/api/settings", json={"reset": ["retention.logs"]}).status_code == 200
    with service.client(service.token("train")) as other:
        assert other.patch("/api/settings", json={"changes": {"retention.logs": 1}}).status_code == 403


def test_exclusions_are_kept_and_hidden_from_who_sees_figures(service: Running, owner: httpx2.Client) -> None:
    wish = {"people": ["Bo Lind", " Bo Lind ", ""], "conversations": [], "words": ["biopsy"]}
    assert owner.put("/api/privacy/exclusions", json=wish).status_code == 422  # an empty word
    wish["people"] = ["Bo Lind", " Bo Lind "]
    kept = owner.put("/api/privacy/exclusions", json=wish).json()
    assert kept == {"people": ["Bo Lind"], "conversations": [], "words": ["biopsy"], "fixed": {}}
    assert owner.get("/api/privacy/exclusions").json() == kept
    with service.client(service.token("aggregates")) as researcher:
        assert "Bo Lind" not in researcher.get("/api/settings").text
        assert researcher.get("/api/privacy/exclusions").status_code == 403
    rows = owner.get("/api/audit", params={"action": "settings"}).json()["items"]
    assert {row["action"] for row in rows} == {"settings.change", "settings.read"}
    assert "Bo Lind" not in str(rows)
    owner.put("/api/privacy/exclusions", json={"people": [], "conversations": [], "words": []})


def test_limits_show_what_they_would_take_before_they_hold(owner: httpx2.Client) -> None:
    wish = {"logs": 30, "sources": {"gmail": 365, "whatsapp": {"messages": 10}}}
    plan = owner.post("/api/retention/plan", json=wish).json()
    assert (plan["days"]["logs"], plan["sources"]["gmail"]["messages"], plan["due"]) == (30, 365, {})
    assert owner.get("/api/retention").json()["days"]["logs"] == 0
    held = owner.put("/api/retention", json=wish).json()
    assert held["days"]["logs"] == 30
    assert held["sources"]["whatsapp"] == {"messages": 10, "events": 0}
    assert owner.put("/api/retention", json={"logs": 10**9}).status_code == 422
    assert owner.put("/api/retention", json={}).json()["sources"] == {}


def test_what_a_file_or_flag_says_is_not_chosen_here(tmp_path: Path) -> None:
    settings = load_settings({"retention": {"logs": 7}, "privacy": {"exclude_words": ["x"]}}, environment={})
    with running([made(tmp_path / "vault")], settings) as service, service.client(service.token()) as owner:
        assert owner.get("/api/retention").json()["fixed"] == {"logs": "flags"}
        assert owner.get("/api/privacy/exclusions").json()["fixed"] == {"words": "flags"}
        refused = owner.put("/api/retention", json={"logs": 8})
        assert (refused.status_code, refused.json()["hint"]) == (422, "Change it there.")
        assert owner.put("/api/retention", json={"logs": 7, "drafts": 9}).json()["days"]["drafts"] == 9


def test_what_another_process_chose_is_known_within_a_second(tmp_path: Path) -> None:
    folder = made(tmp_path / "vault")
    with running([folder]) as service, service.client(service.token()) as owner:
        assert named(owner, "dataset.few_shot")["origin"] == "built-in"
        with Vault.open(folder, PASSPHRASE) as vault:
            choose(Workspace(vault, load_settings({}, environment={})), {"dataset.few_shot": 6})
        until = time.monotonic() + 30
        while named(owner, "dataset.few_shot")["value"] != 6:
            assert time.monotonic() < until


@pytest.mark.parametrize("zone", ["Nowhere/Else", "../etc/passwd", "\x00"])
def test_no_zone_is_no_zone(owner: httpx2.Client, zone: str) -> None:
    held = owner.post("/api/uploads", files=[("files", ("a.txt", b"text"))]).json()["id"]
    answer = owner.post("/api/imports", json={"upload": held, "zone": zone})
    assert answer.status_code == 422
    assert owner.delete(f"/api/uploads/{held}").status_code == 204
