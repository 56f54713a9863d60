"""A vault made in the browser: by the code of the terminal, once, where there is none."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from ipse.config import load_settings
from ipse.errors import SettingsError
from ipse.server.serving import serve
from ipse.server.vaults import Vaults
from ipse.vault import Vault

from .conftest import Running, running

SECRET = "seven lamps over the old mill"
COOKIE = {"X-Ipse": "1"}


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Running]:
    """A service without a vault."""
    with running([], new=tmp_path / "fresh" / "vault") as started:
        yield started


def code(service: Running) -> str:
    return str(service.app.state.founding.code())  # type: ignore[attr-defined]


def test_a_vault_is_made_and_the_first_run_goes_on(bare: Running) -> None:
    brought = code(bare)
    with bare.client() as client:
        assert client.get("/api/health").json()["new"] is True
        assert client.get("/api/overview").status_code == 401
        looked = client.post("/api/vault/new/look", json={"code": brought}).json()
        assert looked == {"folder": str(bare.folder), "shortest": 8}
        weak = client.post("/api/vault/new", json={"code": brought, "passphrase": "short"})
        assert weak.status_code == 422
        assert not bare.folder.exists()
        made = client.post("/api/vault/new", json={"code": brought, "passphrase": SECRET}, timeout=120)
        assert made.status_code == 201
        assert "HttpOnly" in made.headers["set-cookie"]
        assert client.get("/api/overview").json()["next"] == "consent"
        assert client.get("/api/health").json() | {"version": "", "vaults": []} == {
            "status": "ok", "version": "", "vaults": [], "new": False,
        }  # fmt: skip
        given = client.post("/api/consents", json={"source": "whatsapp"}, headers=COOKIE)
        assert given.status_code == 201
        begun = client.post("/api/datasets", json={}, headers=COOKIE).json()["job"]
        assert client.get(f"/api/jobs/{begun}").status_code == 200  # jobs begin in it too
        for word in (brought, ""):
            again = client.post("/api/vault/new", json={"code": word, "passphrase": SECRET})
            assert again.status_code == 401
    with Vault.open(bare.folder, made.json()["recovery_key"]) as vault:
        assert vault.id == made.json()["session"]["vault"]


def test_without_the_code_nothing_is_told_or_made(bare: Running) -> None:
    code(bare)
    with bare.client() as client:
        for word in ("", "guess", "x" * 32):
            for path in ("/api/vault/new/look", "/api/vault/new"):
                body = {"code": word} | ({"passphrase": SECRET} if path.endswith("new") else {})
                answer = client.post(path, json=body)
                assert answer.status_code == 401
                assert str(bare.folder) not in answer.text
        assert not bare.folder.exists()
        for _ in range(60):
            refused = client.post("/api/vault/new/look", json={"code": "guess"})
            if refused.status_code == 429:
                break
        assert refused.status_code == 429  # who guesses is slowed down


def test_a_service_with_a_vault_makes_no_other(service: Running, owner: httpx2.Client) -> None:
    answer = owner.post("/api/vault/new", json={"code": "x", "passphrase": SECRET})
    assert answer.status_code == 403
    assert owner.get("/api/health").json()["new"] is False


def test_what_lies_there_is_not_written_over(bare: Running) -> None:
    bare.folder.mkdir(parents=True)
    (bare.folder / "keys.db").write_bytes(b"of somebody")
    with bare.client() as client:
        answer = client.post("/api/vault/new", json={"code": code(bare), "passphrase": SECRET}, timeout=60)
        assert answer.status_code == 409
    assert (bare.folder / "keys.db").read_bytes() == b"of somebody"


def test_a_vault_is_made_on_its_own_machine_alone(tmp_path: Path) -> None:
    settings = load_settings(
        {"service": {"host": "0.0.0.0", "port": 0, "allow_network": True, "certificate": "x"}},
        environment={},
    )
    with pytest.raises(SettingsError, match="own machine"):
        serve(Vaults(settings, []), settings, started=lambda _: None, new=tmp_path / "vault")
