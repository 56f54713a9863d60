"""`ipse vault` as a user without a terminal meets it."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ipse.cli import main
from ipse.cli.vault_ import minutes
from ipse.errors import SettingsError
from ipse.unlocking import keychain

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


@pytest.fixture
def no_passphrase(folder: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> Iterator[None]:
    """Nothing but an agent opens the vault."""
    short = Path(tempfile.mkdtemp(prefix="ipse-run-", dir="/tmp"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short))
    assert run("vault", "unlock", "--for", "10m", "--json")[0] == 0
    monkeypatch.delenv("IPSE_PASSPHRASE")
    yield
    run("vault", "lock")
    shutil.rmtree(short)


@pytest.mark.usefixtures("no_passphrase")
def test_unlocked_no_command_asks_and_locked_every_one_does(run: Run) -> None:
    assert run("jobs", "list")[0] == 0
    code, out, _ = run("vault", "status")
    assert (code, "without use" in out, "never: `ipse audit verify`" in out) == (0, True, True)
    assert run("audit", "verify")[0] == 0
    told = json.loads(run("vault", "status", "--json")[1])
    assert (told["inside"]["last_verified"] is not None, told["unlocked"]["idle"]) == (True, 10)
    for words in (["passphrase"], ["recovery", "--yes"], ["rotate", "--yes"]):
        code, _, err = run("vault", *words)
        assert (code, "no terminal to ask" in err) == (1, True), words
    assert run("vault", "lock")[1] == "Locked.\n"
    assert json.loads(run("vault", "lock", "--json")[1]) == {"locked": True, "was_unlocked": False}
    code, _, err = run("jobs", "list")
    assert (code, "ipse vault unlock" in err) == (1, True)
    code, out, _ = run("vault", "status")
    assert (code, "More is told once it is unlocked" in out) == (0, True)


def test_everything_that_opens_a_vault_is_changed(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPSE_NEW_PASSPHRASE", "another passphrase")
    code, out, _ = run("vault", "passphrase")
    assert (code, "The new passphrase opens" in out) == (0, True)
    monkeypatch.setenv("IPSE_PASSPHRASE", "another passphrase")
    code, out, _ = run("vault", "recovery", "--yes")
    assert (code, "shown this once" in out) == (0, True)
    recovery = json.loads(run("vault", "recovery", "--yes", "--json")[1])["recovery_key"]
    assert "Master key 2 holds" in run("vault", "rotate", "--yes")[1]
    assert json.loads(run("vault", "reencrypt", "--yes", "--json")[1])["pieces"] > 0
    monkeypatch.setenv("IPSE_PASSPHRASE", recovery)
    monkeypatch.setenv("IPSE_NEW_PASSPHRASE", "short")
    assert "fewer than 8 characters" in run("vault", "passphrase")[2]
    monkeypatch.setenv("IPSE_NEW_PASSPHRASE", "a third passphrase")
    assert json.loads(run("vault", "passphrase", "--json")[1]) == {"changed": "passphrase"}
    code, _, err = run("vault", "rotate", "--yes")
    assert (code, "needs the passphrase" in err) == (1, True)


def test_the_keyring_is_used_where_there_is_one(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, err = run("vault", "keyring", "add")
    assert (code, "no keyring that ipse trusts" in err) == (1, True)
    held: dict[str, bytes] = {}
    monkeypatch.setattr(keychain, "backend_name", lambda: "a test's keyring")
    monkeypatch.setattr(keychain, "fetch", held.get)
    monkeypatch.setattr(keychain, "keep", held.__setitem__)
    monkeypatch.setattr(keychain, "forget", lambda vault: held.pop(vault, None))
    assert "a test's keyring opens the vault" in run("vault", "keyring", "add")[1]
    assert json.loads(run("vault", "keyring", "add", "--json")[1]) == {"keyring": "a test's keyring"}
    assert "keyring" in run("vault", "status")[1]
    assert run("vault", "keyring", "remove")[1] == "The keyring opens the vault no more.\n"
    code, _, err = run("vault", "keyring", "remove")
    assert (code, "Nothing in the keyring opens" in err) == (1, True)


def test_a_wrong_passphrase_makes_the_next_command_wait(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    monkeypatch.setenv("IPSE_PASSPHRASE", "not this one")
    assert "neither the passphrase" in run("jobs", "list")[2]
    assert run("vault", "status")[0] == 0
    assert [round(seconds) for seconds in waited] == [1]


@pytest.mark.parametrize(
    ("text", "expected"), [("15m", 15), ("2h", 120), ("90s", 1.5), ("1d", 1440), ("7", 7), (" 0 ", 0)]
)
def test_a_length_of_time_is_read(text: str, expected: float) -> None:
    assert minutes(text) == expected


@pytest.mark.parametrize("text", ["", "m", "-5m", "1h30m", "soon", "1e3"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="no length of time"):
        minutes(text)
