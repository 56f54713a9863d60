"""`ipse vault` as a user without a terminal meets it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ipse.cli import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("IPSE_PASSPHRASE", "a passphrase for tests")

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["ipse", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        code = ended.value.code
        return code if isinstance(code, int) else 0, captured.out, " ".join(captured.err.split())

    return call


@pytest.fixture
def folder(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A vault that IPSE_VAULT names."""
    folder = tmp_path / "mine"
    assert run("init", str(folder), "--json")[0] == 0
    monkeypatch.setenv("IPSE_VAULT", str(folder))
    return folder


def test_the_doctor_finds_nothing_wrong_with_a_new_vault(run: Run, folder: Path) -> None:
    code, out, _ = run("vault", "doctor", "--deep", "--json")
    told = {check["name"]: check["state"] for check in json.loads(out)["checks"]}
    assert (code, "wrong" in told.values(), told["content"]) == (0, False, "ok")
    code, out, _ = run("vault", "doctor")
    assert (code, "audit log" in out, "wrong" in out) == (0, True, False)


def test_the_doctor_tells_what_is_wrong_and_mends_it(run: Run, folder: Path) -> None:
    (folder / "keys.db").chmod(0o644)
    code, out, _ = run("vault", "doctor")
    assert (code, "1 wrong" in out, "--repair" in out) == (1, True, True)
    code, out, _ = run("vault", "doctor", "--repair")
    assert (code, "Repaired: made 1 files and folders yours alone." in out) == (0, True)
    assert (folder / "keys.db").stat().st_mode & 0o777 == 0o600


def test_the_doctor_sees_a_vault_that_does_not_open(run: Run, folder: Path) -> None:
    (folder / "catalog.db").unlink()
    code, out, _ = run("vault", "doctor", "--json")
    told = {check["name"]: check for check in json.loads(out)["checks"]}
    assert (code, told["opening"]["state"], told["header"]["state"]) == (1, "wrong", "ok")
    assert "catalog.db" in told["opening"]["found"]
