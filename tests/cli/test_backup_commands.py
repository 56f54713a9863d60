"""Backing up and restoring as a user without a terminal does it."""

import json
import shutil
from pathlib import Path

import pytest

from .test_commands import Run, chat, run

__all__ = ["chat", "run"]  # fixtures


@pytest.fixture
def mine(tmp_path: Path, run: Run, chat: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A vault with a chat in it; IPSE_VAULT and IPSE_RECOVERY_KEY say which."""
    folder = tmp_path / "mine"
    made = json.loads(run("init", str(folder), "--json")[1])
    monkeypatch.setenv("IPSE_VAULT", str(folder))
    monkeypatch.setenv("IPSE_RECOVERY_KEY", made["recovery_key"])
    run("consent", "give", "--source", "whatsapp", "--purpose", "archive", "--yes")
    assert run("import", str(chat), "--me", "Nora Feld", "--yes")[0] == 0
    return folder


def test_back_up_verify_lose_restore(
    run: Run, mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies, new = str(tmp_path / "copies"), str(tmp_path / "new")
    code, out, _ = run("backup", copies)
    assert (code, "recovery key" in out) == (0, True)
    code, out, _ = run("backup", "create", copies, "--keep", "1", "--json")
    made = json.loads(out)
    assert (code, len(made["removed"])) == (0, 1)
    assert "Deleted 1 older" in run("backup", copies, "--keep", "1")[1]
    code, out, _ = run("backup", "list", copies, "--json")
    (listed,) = json.loads(out)
    assert listed["counts"]["seen"] == 160
    assert listed["name"] in run("backup", "list", copies)[1].replace("\n", "")
    assert "whole" in run("backup", "verify", copies)[1]
    assert "160 records read" in run("backup", "verify", copies, "--deep")[1]
    assert json.loads(run("backup", "verify", copies, "--with-key", "--json")[1])[0]["opened"]
    assert run("backup", "ledger", str(tmp_path / "ledger.json"))[0] == 0
    assert json.loads(run("backup", "ledger", str(tmp_path / "ledger.json"), "--json")[1])["file"]
    monkeypatch.setenv("IPSE_PASSPHRASE", "the new passphrase")
    code, out, _ = run("restore", copies, new, "--ledger", str(tmp_path / "ledger.json"))
    assert (code, "recovery key is the same" in out) == (0, True)
    assert run("export", "messages", "--vault", new)[1].count("\n") == 160
    code, out, _ = run("restore", copies, str(tmp_path / "second"), "--json")
    assert (code, json.loads(out)["erased_again"]) == (0, 0)
    assert run("restore", copies, new)[0] == 1


def test_a_damaged_backup_is_told_with_exit_code_1(run: Run, mine: Path, tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    run("backup", str(copies))
    pack = next(copies.glob("packs/*.pack"))
    pack.write_bytes(pack.read_bytes()[:-1])
    code, out, _ = run("backup", "verify", str(copies))
    assert code == 1
    assert "damaged" in out
    assert "cut short" in out.replace("\n", " ")
    assert "of older backups are damaged" in run("backup", str(copies))[1].replace("\n", " ")
    code, _, err = run("restore", str(tmp_path / "absent"), str(tmp_path / "new"))
    assert (code, "there are no backups" in err) == (1, True)


def test_without_a_terminal_the_recovery_key_comes_from_the_environment(
    run: Run, mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("backup", str(tmp_path / "copies"))
    monkeypatch.delenv("IPSE_RECOVERY_KEY")
    code, _, err = run("restore", str(tmp_path / "copies"), str(tmp_path / "new"))
    assert (code, "IPSE_RECOVERY_KEY" in err) == (1, True)


def test_everything_goes_out_is_verified_and_goes_into_another_vault(
    run: Run, mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    code, text, _ = run("export", "all", str(out), "--format", "csv")
    assert (code, "messages.csv" in text) == (0, True)
    assert json.loads(run("export", "all", str(tmp_path / "second"), "--json")[1])["names"] is False
    assert "Signed by this vault" in run("export", "verify", str(out), "--mine")[1]
    assert json.loads(run("export", "verify", str(out), "--json")[1])["rows"]["records"] == 160
    new = str(tmp_path / "new")
    run("init", new)
    monkeypatch.setenv("IPSE_VAULT", new)
    code, text, _ = run("export", "verify", str(out), "--mine")
    assert (code, "Signed by another vault" in text) == (1, True)
    code, _, err = run("import-archive", str(out))
    assert (code, "have not allowed whatsapp" in err) == (1, True)
    run("consent", "give", "--source", "whatsapp", "--purpose", "archive", "--yes")
    code, text, _ = run("import-archive", str(out))
    assert (code, "Kept 160 of 160" in text, "allow nothing here" in text) == (0, True, True)
    assert json.loads(run("import-archive", str(out), "--json")[1])["duplicates"] == 160
    again = run("export", "messages", "--format", "csv")[1]
    assert again.splitlines() == (out / "messages.csv").read_text(encoding="utf-8").splitlines()
    (out / "messages.csv").write_text("changed", encoding="utf-8")
    code, _, err = run("export", "verify", str(out))
    assert (code, "is not what was exported" in err) == (1, True)


def test_an_import_finds_the_export_of_a_vault_among_downloads(
    run: Run, mine: Path, chat: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    downloads = tmp_path / "downloads"
    assert run("export", "all", str(downloads / "old-vault"))[0] == 0
    other = downloads / "WhatsApp Chat with Bo Lind.txt"
    other.write_text(chat.read_text(encoding="utf-8").replace("Ilka Brandt", "Bo Lind"), encoding="utf-8")
    found = json.loads(run("sources", "find", str(downloads), "--json")[1])
    assert found["archives"] == ["downloads/old-vault"]
    assert "ipse import-archive" in run("sources", "find", str(downloads))[1].replace("\n", " ")
    run("init", str(tmp_path / "new"))
    monkeypatch.setenv("IPSE_VAULT", str(tmp_path / "new"))
    run("consent", "give", "--source", "gmail", "--purpose", "archive", "--yes")
    code, _, err = run("import", str(downloads / "old-vault"), "--me", "Nora Feld")
    assert (code, "have not allowed whatsapp" in err) == (1, True)
    run("consent", "give", "--source", "whatsapp", "--purpose", "archive", "--yes")
    code, text, _ = run("import", str(downloads), "--me", "Nora Feld")
    assert (code, "Kept 160 of 160 records of vault" in text) == (0, True)
    report = json.loads(run("import", str(downloads), "--me", "Nora Feld", "--json")[1])
    assert (report["archives"][0]["duplicates"], report["exports"][0]["duplicates"]) == (160, 160)
    code, text, _ = run("import", str(downloads / "old-vault"))
    assert (code, "160 were here already" in text) == (0, True)
    shutil.make_archive(str(tmp_path / "packed"), "zip", downloads / "old-vault")
    code, _, err = run("import", str(tmp_path / "packed.zip"), "--me", "Nora Feld")
    assert (code, "Unpack it first" in err) == (1, True)
