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
    key = json.loads(run("vault", "recovery", "--yes", "--json")[1]) if False else None
    assert key is None
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
