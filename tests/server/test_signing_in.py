"""Signing in: codes, cookies, passphrases, tokens."""

from pathlib import Path

import httpx2
import pytest

from ipse.server.guard import COOKIE

from ..conftest import PASSPHRASE
from .conftest import Running, made, running

BODY = {"name": "my notebook", "role": "researcher", "days": 30}


def test_a_code_signs_one_browser_in_once(service: Running) -> None:
    code = service.code()
    with service.client() as browser:
        assert browser.get("/api/session").status_code == 401
        signed = browser.post("/api/session", json={"code": code})
        assert signed.status_code == 201
        cookie = signed.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert browser.get("/api/session").json()["browser"] is True
        again = browser.post("/api/session", json={"code": code})
    assert (again.status_code, again.json()["type"]) == (401, "urn:ipse:problem:access")


def test_a_browser_changes_nothing_without_the_header(service: Running) -> None:
    with service.client() as browser:
        browser.post("/api/session", json={"code": service.code()})
        assert browser.post("/api/tokens", json=BODY).status_code == 403
        assert browser.post("/api/tokens", json=BODY, headers={"X-Ipse": "1"}).status_code == 201


def test_signing_out_ends_the_session(service: Running) -> None:
    with service.client() as browser:
        browser.post("/api/session", json={"code": service.code()})
        held = str(browser.cookies.get(COOKIE))
        assert browser.delete("/api/session", headers={"X-Ipse": "1"}).status_code == 204
        assert browser.cookies.get(COOKIE) is None
        assert browser.get("/api/session", headers={"Cookie": f"{COOKIE}={held}"}).status_code == 401


def test_a_token_may_what_its_scopes_say_until_it_is_revoked(service: Running, owner: httpx2.Client) -> None:
    added = owner.post("/api/tokens", json=BODY).json()
    assert added["scopes"] == ["aggregates"]
    with service.client(added["secret"]) as researcher:
        assert researcher.get("/api/session").json()["id"] == added["id"]
        refused = researcher.get("/api/tokens")
        assert (refused.status_code, refused.headers["content-type"]) == (403, "application/problem+json")
        assert owner.delete(f"/api/tokens/{added['id']}").json()["active"] is False
        assert researcher.get("/api/session").status_code == 401
    assert owner.delete("/api/tokens/nobody").status_code == 404


def test_nobody_gives_what_they_may_not(service: Running) -> None:
    with service.client(service.token("admin", "aggregates")) as admin:
        assert admin.post("/api/tokens", json={"name": "more", "scopes": ["read"]}).status_code == 403
        assert admin.post("/api/tokens", json={"name": "less", "scopes": ["aggregates"]}).status_code == 201


@pytest.mark.parametrize("text", ["", "x", "ipse_a_b_c", "Basic abc"])
def test_what_is_no_token_opens_nothing(service: Running, text: str) -> None:
    with service.client(text) as stranger:
        assert stranger.get("/api/session").status_code == 401


def test_a_passphrase_unlocks_and_a_wrong_one_costs_a_wait(tmp_path: Path) -> None:
    with running([made(tmp_path / "vault")], locked=True) as started, started.client() as browser:
        assert browser.get("/api/health").json()["vaults"][0]["open"] is False
        wrong = browser.post("/api/session", json={"passphrase": "not this"})
        assert (wrong.status_code, wrong.json()["type"]) == (401, "urn:ipse:problem:wrongpassphrase")
        early = browser.post("/api/session", json={"passphrase": PASSPHRASE})
        assert early.status_code == 429
        assert int(early.headers["retry-after"]) >= 1
        (started.folder / "attempts").unlink()  # as if the wait were over
        assert browser.post("/api/session", json={"passphrase": PASSPHRASE}).status_code == 201
        assert browser.get("/api/health").json()["vaults"][0]["open"] is True
        assert browser.post("/api/vault/lock", headers={"X-Ipse": "1"}).status_code == 202
        for _ in range(200):
            if not browser.get("/api/health").json()["vaults"][0]["open"]:
                break
        assert browser.get("/api/session").status_code == 401
