"""`ipse serve` as a process of its own: what it prints, whom it lets in, how it ends; and `ipse token`."""

import json
import os
import re
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ipse.config import load_settings
from ipse.errors import SettingsError
from ipse.server.headers import DOCS_POLICY
from ipse.server.serving import listen, serve
from ipse.server.vaults import Vaults

from ..cli.test_commands import Run, run
from ..conftest import PASSPHRASE
from .conftest import Running, made

__all__ = ["run"]  # a fixture


@contextmanager
def process(
    folder: Path, *words: str, **environment: str
) -> Iterator[tuple[dict[str, Any], subprocess.Popen[str]]]:
    """A server of its own, and what it printed when it listened."""
    own = {**os.environ, "IPSE_PASSPHRASE": PASSPHRASE, **environment}
    command = [sys.executable, "-m", "ipse", "serve", "--port", "0", "--no-browser", "--json", *words]
    with subprocess.Popen(
        [*command, "--vault", str(folder)], env=own, stdout=subprocess.PIPE, text=True, cwd=folder.parent
    ) as started:
        assert started.stdout is not None
        text = ""
        for line in started.stdout:
            text += line
            if line.startswith("}"):
                break
        try:
            yield json.loads(text), started
        finally:
            started.send_signal(signal.SIGTERM)
            assert started.wait(30) in (0, -signal.SIGTERM)


def test_the_link_signs_in_and_a_session_outlives_a_restart(tmp_path: Path) -> None:
    folder = made(tmp_path / "vault")
    with process(folder) as (link, _):
        address, code = link["address"], link["sign_in"].split("#code=")[1]
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address)
        with httpx2.Client(base_url=address, trust_env=False) as browser:
            assert browser.post("/api/session", json={"code": code}).status_code == 201
            cookie = dict(browser.cookies)
    with process(folder) as (link, _), httpx2.Client(base_url=link["address"], trust_env=False) as browser:
        answer = browser.get(
            "/api/session", headers={"Cookie": "; ".join(f"{k}={v}" for k, v in cookie.items())}
        )
        assert answer.status_code == 200
    assert not list((folder / "tmp").glob("*"))


def test_locked_it_says_so_and_gives_no_link(tmp_path: Path) -> None:
    with process(made(tmp_path / "vault"), "--locked") as (link, _):
        assert link["sign_in"] is None
        health = httpx2.get(f"{link['address']}api/health", trust_env=False).json()
        assert [one["open"] for one in health["vaults"]] == [False]


def certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8
    chain, private = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return chain, private


def test_with_a_certificate_it_speaks_tls_alone(tmp_path: Path) -> None:
    chain, key = certificate(tmp_path)
    told = {"IPSE_SERVICE__CERTIFICATE": str(chain), "IPSE_SERVICE__CERTIFICATE_KEY": str(key)}
    with process(made(tmp_path / "vault"), **told) as (link, _):
        assert link["address"].startswith("https://127.0.0.1:")
        address = link["address"].replace("127.0.0.1", "localhost")
        trusted = ssl.create_default_context(cafile=str(chain))
        with httpx2.Client(base_url=address, verify=trusted, trust_env=False) as browser:
            code = link["sign_in"].split("#code=")[1]
            signed = browser.post("/api/session", json={"code": code})
            assert "secure" in signed.headers["set-cookie"].lower()
        with pytest.raises(httpx2.TransportError):
            httpx2.get(link["address"].replace("https", "http") + "api/health", trust_env=False)


@pytest.mark.parametrize(
    "service",
    [
        {"host": "0.0.0.0"},
        {"host": "0.0.0.0", "allow_network": True},
        {"host": "192.0.2.1"},
        {"host": "example.org"},
        {"certificate": "/nowhere.pem"},
    ],
)
def test_beyond_this_machine_it_needs_leave_and_tls(tmp_path: Path, service: dict[str, object]) -> None:
    settings = load_settings({"service": service}, environment={})
    vaults = Vaults(settings, [made(tmp_path / "vault")])
    try:
        with pytest.raises(SettingsError, match=r"other machines|certificate"):
            serve(vaults, settings, started=lambda _link: pytest.fail("it listens"))
    finally:
        vaults.close()


def test_a_taken_port_is_told() -> None:
    with listen("127.0.0.1", 0) as held, pytest.raises(SettingsError, match="in use"):
        listen("127.0.0.1", held.getsockname()[1])


def test_tokens_of_the_terminal(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = made(tmp_path / "vault")
    monkeypatch.setenv("IPSE_PASSPHRASE", PASSPHRASE)
    words = ("--vault", str(folder), "--json")
    assert run("token", "add", "none", *words)[0] == 1
    assert run("token", "add", "none", "--scope", "everything", *words)[0] == 1
    added = json.loads(run("token", "add", "my notebook", "--role", "researcher", *words)[1])
    assert added["scopes"] == ["aggregates"]
    assert added["secret"].startswith("ipse_")
    shown = run("token", "list", "--vault", str(folder))[1]
    assert "my notebook" in shown
    assert added["secret"] not in shown
    assert run("token", "revoke", added["id"], *words)[0] == 0
    assert json.loads(run("token", "list", *words)[1]) == []
    assert json.loads(run("token", "list", "--all", *words)[1])[0]["revoked_at"]
    assert run("token", "revoke", "nobody", *words)[0] == 1
    assert not any(
        added["secret"].encode() in file.read_bytes() for file in folder.rglob("*") if file.is_file()
    )


def test_the_documentation_asks_no_other_machine(service: Running) -> None:
    with service.client() as browser:
        for page in ("/api/docs", "/api/redoc"):
            answer = browser.get(page)
            assert answer.headers["content-security-policy"] == DOCS_POLICY
            assert "http" not in answer.text
            for file in re.findall(r'(?:src|href)="([^"]+)"', answer.text):
                assert browser.get(file).status_code == 200, file
        assert browser.get("/api/docs/files/other.js").status_code == 404
        assert browser.get("/api/openapi.json").json()["openapi"].startswith("3.1")


def test_the_built_app_is_served_and_nothing_beside_it(service: Running, tmp_path: Path) -> None:
    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from ipse.server import pages

    (tmp_path / "static" / "assets").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("no")
    (tmp_path / "static" / "index.html").write_text("<meta content='__CSP_NONCE__'>")
    (tmp_path / "static" / "assets" / "app-1.js").write_text("1")
    app = FastAPI()
    pages.install(app, tmp_path / "static")
    browser = TestClient(app)
    page = browser.get("/review/7")
    nonce = re.findall(r"nonce-([^']+)'", page.headers["content-security-policy"])[0]
    assert page.text == f"<meta content='{nonce}'>"
    assert browser.get("/").text != page.text  # another nonce each time
    assert "immutable" in browser.get("/assets/app-1.js").headers["cache-control"]
    for path in ("/assets/none.js", "/../secret.txt", "/%2e%2e/secret.txt", "/api/none", "/v1/none"):
        assert browser.get(path).status_code == 404, path
