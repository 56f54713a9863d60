"""The style profile as a user without a terminal meets it."""

import json
from pathlib import Path

from .test_commands import Run, chat, run, vault_folder

__all__ = ["chat", "run", "vault_folder"]  # fixtures


def test_how_you_write(run: Run, vault_folder: Path, chat: Path, tmp_path: Path) -> None:
    code, _, err = run("profile")
    assert (code, err.count("\n"), "vault is empty" in err) == (1, 1, True)
    run("consent", "give", "--source", "whatsapp", "--purpose", "archive", "style", "--yes")
    assert run("import", str(chat), "--me", "Nora Feld", "--tz", "Europe/Berlin", "--yes")[0] == 0
    code, out, _ = run("profile", "--tz", "Europe/Berlin")
    assert (code, "80 messages" in out, "Ilka Brandt" in out, "--out DIR" in out) == (0, True, True, True)
    found = json.loads(run("profile", "--tz", "Asia/Tokyo", "--json")[1])
    assert (found["messages"], found["zone"], found["relations"][0]["messages"]) == (80, "Asia/Tokyo", 80)
    code, out, _ = run("profile", "--out", str(tmp_path / "out"))
    assert (code, out.count("Written:"), "outside your vault" in out) == (0, 2, True)
    page = (tmp_path / "out" / "profile.html").read_text(encoding="utf-8")
    assert "PERSON_" in page
    assert "Ilka" not in page
    assert run("profile", "--out", str(tmp_path / "out"), "--names", "--json")[0] == 0
    assert "Ilka Brandt" in (tmp_path / "out" / "profile.html").read_text(encoding="utf-8")
    code, _, err = run("profile", "--tz", "Nowhere")
    assert (code, err.count("\n"), "no time zone" in err) == (1, 1, True)
