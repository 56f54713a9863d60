"""The compliance report as a user without a terminal meets it."""

import json
from pathlib import Path

import pytest

from .test_commands import Run, chat, run, vault_folder

__all__ = ["chat", "run", "vault_folder"]  # fixtures


def test_a_report_from_the_first_look_to_its_page(
    run: Run, vault_folder: Path, chat: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("consent", "give", "--source", "whatsapp", "--purpose", "archive", "style", "--yes")
    assert run("import", str(chat), "--me", "Nora Feld", "--yes")[0] == 0
    code, out, _ = run("report", "compliance")
    assert (code, "C16" in out, "no legal advice" in out, "--out DIR" in out) == (0, True, True, True)
    assert "Of 160 records no backup" in out
    assert run("report", "compliance", "--check")[0] == 1
    assert run("backup", str(tmp_path / "copies"))[0] == 0
    code, out, _ = run(
        "report", "compliance", "--out", str(tmp_path / "out"), "--backups", str(tmp_path / "copies")
    )
    assert (code, out.count("Written:")) == (0, 2)
    page, data = (next((tmp_path / "out").glob(f"*.{kind}")) for kind in ("html", "json"))
    monkeypatch.delenv("IPSE_PASSPHRASE")
    code, out, _ = run("report", "verify", str(page))
    assert (code, "The signature holds" in out, "byte for byte" in out) == (0, True, True)
    found = json.loads(run("report", "verify", str(data), "--json")[1])
    assert (found["valid"], found["page"], sum(found["tally"].values())) == (True, None, 18)
    page.write_text(page.read_text(encoding="utf-8").replace("records", "regrets"), encoding="utf-8")
    code, _, err = run("report", "verify", str(page))
    assert (code, err.count("\n"), "not what the vault signed" in err) == (1, 1, True)


def test_requests_exceptions_and_the_assessment_are_logged_and_listed(run: Run, vault_folder: Path) -> None:
    code, out, _ = run(
        "report", "requests", "add", "access", "--of", "Ilka", "--received", "2024-01-31", "--note", "x"
    )
    assert (code, "due on 2024-02-29" in out) == (0, True)
    made = json.loads(run("report", "requests", "add", "erasure", "--json")[1])
    assert (made["kind"], made["subject"]) == ("erasure", "unknown")
    out = run("report", "requests", "list")[1]
    assert (out.count("open"), out.count("late")) == (2, 1)
    assert "was answered on" in run("report", "requests", "close", made["id"], "--note", "done")[1]
    held = json.loads(run("report", "requests", "list", "--json")[1])
    assert [one["closed"] is None for one in held] == [True, False]
    code, out, _ = run("report", "requests", "close", held[0]["id"], "--on", "2024-02-20", "--json")
    assert (code, json.loads(out)["closed"]) == (0, "2024-02-20")
    assert run("report", "requests", "close", "zz")[0] == 1
    assert run("report", "requests", "add", "gossip")[0] == 2
    code, out, _ = run("report", "exception", "add", "c7", "kept for good")
    assert (code, "C7" in out) == (0, True)
    made = json.loads(run("report", "exception", "add", "C2", "x", "--json")[1])
    assert "kept for good" in run("report", "exception", "list")[1]
    assert "no such exception" in run("report", "exception", "remove", made["id"])[1]
    (left,) = json.loads(run("report", "exception", "list", "--json")[1])
    assert json.loads(run("report", "exception", "remove", left["id"], "--json")[1])["line"] == "C7"
    assert run("report", "exception", "add", "C19", "x")[0] == 1
    out = run("report", "dpia")[1]
    assert ("Necessity and proportionality" in out, "[ ] Which risk is left" in out) == (True, True)
    assert "Accepted on" in run("report", "dpia", "--accept", "small")[1]
    assert json.loads(run("report", "dpia", "--accept", "small", "--json")[1])["statement"] == "small"
    assert len(json.loads(run("report", "dpia", "--json")[1])) == 4


def test_a_backup_is_tried(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = json.loads(run("init", str(tmp_path / "mine"), "--json")[1])
    monkeypatch.setenv("IPSE_VAULT", str(tmp_path / "mine"))
    copies = tmp_path / "copies"
    assert run("backup", str(copies))[0] == 0
    assert run("backup", "drill", str(copies))[0] == 1  # nobody to ask for the recovery key
    monkeypatch.setenv("IPSE_RECOVERY_KEY", made["recovery_key"])
    code, out, _ = run("backup", "drill", str(copies))
    assert (code, "can be restored" in out) == (0, True)
    assert json.loads(run("backup", "drill", str(copies), "--json")[1])["faults"] == []
    file = next(path for path in (copies / "snapshots").iterdir() if path.suffix != ".json")
    file.chmod(0o600)
    file.write_bytes(b"")
    code, out, _ = run("backup", "drill", str(copies))
    assert (code, "cannot be restored" in out) == (1, True)
    monkeypatch.setenv("IPSE_VAULT", str(tmp_path / "other"))
    assert run("init", str(tmp_path / "other"))[0] == 0
    code, _, err = run("backup", "drill", str(copies))
    assert (code, "no backup of this vault" in err) == (1, True)
