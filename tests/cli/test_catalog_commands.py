"""A catalog on PostgreSQL as a user without a terminal meets it."""

import json
import os
from pathlib import Path

import psycopg
import pytest

from ..postgres_server import Server
from .test_commands import Run, chat, run

__all__ = ["chat", "run"]  # fixtures


@pytest.fixture
def mine(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, server: Server) -> Path:
    """A vault whose catalog is on the server, named by IPSE_VAULT."""
    folder = tmp_path / "mine"
    code, out, _ = run("init", str(folder), "--catalog", server.url, "--json")
    made = json.loads(out)
    assert (code, made["catalog"].startswith("postgresql+psycopg://postgres@")) == (0, True)
    monkeypatch.setenv("IPSE_VAULT", str(folder))
    monkeypatch.setenv("IPSE_RECOVERY_KEY", made["recovery_key"])
    return folder


def test_a_vault_on_a_server_is_imported_into_moved_backed_up_and_restored(
    run: Run, mine: Path, chat: Path, tmp_path: Path, server: Server
) -> None:
    assert not (mine / "catalog.db").exists()
    run("consent", "give", "--source", "whatsapp", "--purpose", "archive", "--yes")
    assert run("import", str(chat), "--me", "Nora Feld", "--yes")[0] == 0
    assert run("export", "messages")[1].count("\n") == 160
    assert run("vault", "doctor", "--deep")[0] == 0
    code, out, _ = run("vault", "move-catalog", "sqlite")
    assert (code, "to catalog.db." in out) == (0, True)
    code, _, err = run("vault", "move-catalog", "sqlite")
    assert (code, "is there already" in err) == (1, True)
    moved = json.loads(run("vault", "move-catalog", server.url, "--json")[1])
    assert (moved["before"], moved["rows"] > 160) == ("catalog.db", True)
    assert run("backup", str(tmp_path / "copies"))[0] == 0
    assert run("restore", str(tmp_path / "copies"), str(tmp_path / "new"), "--catalog", server.url)[0] == 0
    assert not (tmp_path / "new" / "catalog.db").exists()
    assert run("export", "messages", "--vault", str(tmp_path / "new"))[1].count("\n") == 160
    assert run("forget", "--source", "whatsapp", "--yes")[0] == 0
    assert run("export", "messages")[1] == ""


def test_the_owner_is_told_where_the_catalog_is(run: Run, tmp_path: Path, server: Server) -> None:
    code, out, _ = run("init", str(tmp_path / "other"), "--catalog", server.url)
    assert (code, "no password is kept there" in out) == (0, True)
    code, _, err = run("init", str(tmp_path / "third"), "--catalog", "mysql://ada:zanzibar@host/x")
    assert (code, "cannot lie in `mysql`" in err, "zanzibar" in err) == (1, True, False)
    assert not (tmp_path / "third").exists()


def test_server_and_password_can_be_set(
    run: Run, tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(server.url, autocommit=True) as db:
        db.execute("DROP ROLE IF EXISTS bea")
        db.execute("CREATE ROLE bea LOGIN SUPERUSER PASSWORD 'zanzibar'")
    monkeypatch.delenv("PGPASSWORD", raising=False)
    monkeypatch.setenv("IPSE_CATALOG__URL", server.url.replace("postgres@", "bea@"))
    monkeypatch.setenv("IPSE_VAULT", str(tmp_path / "set"))
    server.ask("bea")
    try:
        assert "no password supplied" in run("init")[2]
        monkeypatch.setenv("IPSE_CATALOG__PASSWORD", "zanzibar")
        assert run("init")[0] == 0
        assert os.environ.pop("PGPASSWORD") == "zanzibar"
        assert run("audit", "verify")[0] == 0
        assert "zanzibar" not in run("settings", "show")[1]
    finally:
        os.environ.pop("PGPASSWORD", None)
        server.ask()
