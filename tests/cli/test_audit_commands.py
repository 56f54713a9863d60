"""The audit log as a user meets it: checkpoints on a stick, verifying with them, an export."""

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from .test_commands import Run, run, vault_folder

__all__ = ["run", "vault_folder"]  # fixtures
TOOL = Path(__file__).resolve().parents[2] / "tools" / "verify_audit.py"


def test_a_log_is_anchored_verified_exported_and_verified_elsewhere(
    run: Run, vault_folder: Path, tmp_path: Path
) -> None:
    anchor, log = tmp_path / "anchor.jsonl", tmp_path / "log.jsonl"
    assert "would not show without an anchor" in run("audit", "verify")[1]
    code, out, _ = run("audit", "checkpoint", "--to", str(anchor))
    assert (code, "1 lines added" in out) == (0, True)
    assert "Checkpoint 2 signs" in run("audit", "checkpoint")[1]
    made = json.loads(run("audit", "checkpoint", "--to", str(anchor), "--json")[1])
    assert (made["epoch"], made["written"], made["public_key"] in out) == (3, 2, True)
    code, out, _ = run("audit", "verify", "--anchor", str(anchor))
    assert (code, "3 checkpoints cover" in out, made["public_key"] in out) == (0, True, True)
    assert f"vouches for the first {made['rows']}" in out
    report = json.loads(run("audit", "verify", "--anchor", str(anchor), "--json")[1])["report"]
    assert (report["anchored"], report["public_key"]) == (made["rows"], made["public_key"])
    code, out, _ = run("audit", "export", str(log))
    assert (code, "No content" in out) == (0, True)
    assert json.loads(run("audit", "export", str(log), "--json")[1])["written"] == len(
        log.read_bytes().splitlines()
    )
    command = [sys.executable, str(TOOL), str(log), "--key", made["public_key"], "--anchor", str(anchor)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "verified: " in done.stdout) == (0, True)
    assert "audit.export" in run("audit", "show")[1]
    shown = json.loads(run("audit", "show", "--last", "2", "--json")[1])
    assert [row["action"] for row in shown] == ["audit.export", "audit.checkpoint"]


def test_an_older_copy_put_in_place_is_told_in_one_line(run: Run, vault_folder: Path, tmp_path: Path) -> None:
    anchor = tmp_path / "anchor.jsonl"
    shutil.copytree(vault_folder, tmp_path / "copy")
    assert run("audit", "checkpoint", "--to", str(anchor))[0] == 0
    shutil.rmtree(vault_folder)
    shutil.copytree(tmp_path / "copy", vault_folder)
    assert run("audit", "verify")[0] == 0
    code, _, err = run("audit", "verify", "--anchor", str(anchor))
    assert (code, err.count("\n"), "older copy" in err) == (1, 1, True)
    code, _, err = run("audit", "verify", "--anchor", str(tmp_path / "absent"))
    assert (code, "cannot be read" in err) == (1, True)


def test_a_changed_log_is_told_in_one_line(run: Run, vault_folder: Path) -> None:
    with closing(sqlite3.connect(vault_folder / "catalog.db")) as db, db:
        db.execute("UPDATE audit SET mac = zeroblob(32) WHERE seq = 1")
    for words in (("verify",), ("checkpoint",)):
        code, _, err = run("audit", *words)
        assert (code, err.count("\n"), "Audit row 1 is not" in err) == (1, 1, True)
