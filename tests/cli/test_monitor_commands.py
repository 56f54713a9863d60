"""The style monitor as a user without a terminal meets it."""

import json
from pathlib import Path

from .test_commands import Run, chat, run, vault_folder

__all__ = ["chat", "run", "vault_folder"]  # fixtures


def test_whether_a_retrain_is_worth_it(run: Run, vault_folder: Path, chat: Path, tmp_path: Path) -> None:
    code, _, err = run("monitor", "style")
    assert (code, err.count("\n"), "ipse train" in err) == (1, 1, True)
    run("consent", "give", "--source", "whatsapp", "--purpose", "archive", "style", "--yes")
    run("import", str(chat), "--me", "Nora Feld", "--yes")
    run("prepare")
    run("train", "--yes")
    code, out, _ = run("monitor", "style", "--out", str(tmp_path / "out"), "--check")
    assert (code, "all since" in out, out.count("Written:")) == (0, True, 2)
    found = json.loads(run("monitor", "style", "--model", "v1", "--json")[1])
    assert (found["lineage"]["model"], found["verdict"]) == ("v1", "too little to tell")
    assert found["newer"] < 50
    assert run("monitor", "style", "--model", "v9")[0] == 1
