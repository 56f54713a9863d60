"""What opens a vault, in the order in which it is tried; unlocking, and changing all of it while unlocked."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ipse.config import Settings, load_settings
from ipse.errors import CancelledError, MissingExtraError, SettingsError, VaultError, WrongPassphraseError
from ipse.pipeline import keys
from ipse.pipeline.keys import Unlocked
from ipse.pipeline.unlocking import Ways
from ipse.pipeline.workspace import Workspace
from ipse.privacy import gate
from ipse.privacy.gate import Cleared
from ipse.records import Message, Person, Record
from ipse.unlocking import client, keychain
from ipse.vault import Vault, custody

PASSPHRASE = "a passphrase for tests"


def no_wait(seconds: float) -> None:
    raise AssertionError(f"waited {seconds}")


def nobody() -> str:
    raise SettingsError("nobody is asked")


@pytest.fixture
def run_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="ipse-run-", dir="/tmp"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def settings(vault: Vault, run_folder: Path) -> Iterator[Settings]:
    """Settings that name a vault nobody has open; what was unlocked is locked in the end."""
    vault.close()
    made = load_settings({"vault": str(vault.folder)}, environment={})
    yield made
    keys.lock(made)


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """A keyring in memory in place of the system's."""
    held: dict[str, bytes] = {}
    monkeypatch.setattr(keychain, "backend_name", lambda: "a test's keyring")
    monkeypatch.setattr(keychain, "fetch", held.get)
    monkeypatch.setattr(keychain, "keep", held.__setitem__)
    monkeypatch.setattr(keychain, "forget", lambda vault: held.pop(vault, None))
    return held


def ways(settings: Settings, secret: str | None = None) -> Ways:
    return Ways(Path(settings.vault), nobody if secret is None else lambda: secret, wait=no_wait)


def unlock(settings: Settings, minutes: float | None = None) -> Unlocked:
    return keys.unlock(settings, ways(settings, PASSPHRASE), minutes=minutes)


def opened_by(settings: Settings, secret: str | None = None) -> str:
    tried = ways(settings, secret)
    with Workspace.open(settings, tried) as workspace:
        assert workspace.vault.verify_audit() > 0
    return tried.used


def test_the_agent_comes_first_then_the_keyring_then_the_passphrase(
    settings: Settings, ring: dict[str, bytes]
) -> None:
    assert opened_by(settings, PASSPHRASE) == "passphrase"
    with pytest.raises(SettingsError, match="nobody is asked"):
        opened_by(settings)
    assert keys.add_keyring(settings, PASSPHRASE, wait=no_wait) == "a test's keyring"
    assert opened_by(settings) == "keyring"
    unlock(settings)
    assert opened_by(settings) == "agent"
    assert (keys.lock(settings), keys.lock(settings)) == (True, False)
    assert opened_by(settings) == "keyring"
    assert keys.remove_keyring(settings, PASSPHRASE, wait=no_wait)
    assert ring == {}
    with pytest.raises(SettingsError):
        opened_by(settings)


def test_unlocked_it_says_until_when_and_what_is_inside(settings: Settings) -> None:
    assert keys.status(settings).unlocked is None
    held = unlock(settings)
    assert held.idle == 15
    assert held.until is not None
    assert timedelta(minutes=14) < held.until - datetime.now(UTC) <= timedelta(minutes=15)
    told = keys.status(settings)
    assert (told.unlocked is not None, told.opened_by, told.master_key) == (
        True,
        ("passphrase", "recovery"),
        1,
    )
    assert told.size > 10_000
    assert unlock(settings, minutes=0).until is None
    with Workspace.open(settings, ways(settings)) as workspace:
        found = keys.inside(workspace)
    assert (found.sources, found.last_backup, found.last_verified, found.reencrypting) == (
        {},
        None,
        None,
        False,
    )


def test_a_killed_agent_is_as_none(settings: Settings) -> None:
    os.kill(unlock(settings).pid, signal.SIGKILL)
    while client.session(Path(settings.vault)):
        time.sleep(0.01)
    with pytest.raises(SettingsError):
        opened_by(settings)
    unlock(settings)
    assert opened_by(settings) == "agent"


def test_a_new_master_key_is_held_by_the_agent_from_then_on(
    settings: Settings, ring: dict[str, bytes]
) -> None:
    assert keys.rotate(settings, PASSPHRASE, wait=no_wait).master_key == 2
    assert keys.status(settings).unlocked is None
    keys.add_keyring(settings, PASSPHRASE, wait=no_wait)
    unlock(settings, minutes=7)
    done = keys.rotate(settings, PASSPHRASE, wait=no_wait)
    assert (done.master_key, done.recovery_key) == (3, None)
    assert opened_by(settings) == "agent"
    held = keys.status(settings).unlocked
    assert held is not None
    assert held.idle == 7
    keys.lock(settings)
    assert opened_by(settings) == "keyring"


def test_an_agent_whose_key_was_changed_elsewhere_is_ended(settings: Settings) -> None:
    unlock(settings)
    custody.rotate(Path(settings.vault), PASSPHRASE)
    assert opened_by(settings, PASSPHRASE) == "passphrase"
    assert keys.status(settings).unlocked is None


def test_a_keyring_that_fails_leaves_the_passphrase(
    settings: Settings, ring: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.add_keyring(settings, PASSPHRASE, wait=no_wait)
    ring[Vault.info(Path(settings.vault)).id] = bytes(32)
    assert opened_by(settings, PASSPHRASE) == "passphrase"

    def refuse(vault: str) -> None:
        raise MissingExtraError("not here")

    monkeypatch.setattr(keychain, "fetch", refuse)
    monkeypatch.setattr(keychain, "forget", refuse)
    assert opened_by(settings, PASSPHRASE) == "passphrase"
    assert keys.remove_keyring(settings, PASSPHRASE, wait=no_wait) is False
    assert keys.status(settings).opened_by == ("passphrase", "recovery")


def test_a_slot_that_could_not_be_made_leaves_the_keyring_as_it_was(
    settings: Settings, ring: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path, secret: str, key: bytes) -> None:
        raise VaultError("full")

    keys.add_keyring(settings, PASSPHRASE, wait=no_wait)
    before = dict(ring)
    monkeypatch.setattr(custody, "add_keyring", refuse)
    with pytest.raises(VaultError, match="full"):
        keys.add_keyring(settings, PASSPHRASE, wait=no_wait)
    assert ring == before
    ring.clear()
    with pytest.raises(VaultError, match="full"):
        keys.add_keyring(settings, PASSPHRASE, wait=no_wait)
    assert ring == {}


def test_each_wrong_passphrase_makes_the_next_wait_longer(settings: Settings) -> None:
    waited: list[float] = []

    def attempt(secret: str) -> None:
        with Workspace.open(settings, Ways(Path(settings.vault), lambda: secret, wait=waited.append)):
            pass

    for n in range(4):
        with pytest.raises(WrongPassphraseError):
            attempt(f"guess {n}")
    with pytest.raises(WrongPassphraseError):
        keys.change_passphrase(settings, "guess", "battery staple", wait=waited.append)
    assert [round(seconds) for seconds in waited] == [1, 2, 4, 8]
    attempt(PASSPHRASE)
    assert round(waited[-1]) == 16
    assert opened_by(settings, PASSPHRASE) == "passphrase"


def test_the_passphrase_and_the_recovery_key_are_changed(settings: Settings) -> None:
    recovery = keys.new_recovery(settings, PASSPHRASE, wait=no_wait)
    keys.change_passphrase(settings, recovery, "battery staple", wait=no_wait)
    assert opened_by(settings, "battery staple") == "passphrase"
    with pytest.raises(WrongPassphraseError):
        keys.new_recovery(settings, PASSPHRASE, wait=no_wait)


def message(number: int, at: datetime) -> Cleared[Record]:
    sent = Message(
        id=f"m{number}", conversation="CONV_1", platform="whatsapp", at=at, sender=Person("me"), text="hello"
    )
    return Cleared(sent, gate._SEAL)


def test_sealing_anew_is_a_job_that_goes_on_where_it_was_stopped(workspace: Workspace) -> None:
    workspace.vault.keep([message(n, datetime.now(UTC)) for n in range(9)], source="whatsapp")

    def stop(done: float, total: float | None, figures: object) -> None:
        raise CancelledError("stopped")

    with pytest.raises(CancelledError, match="goes on where it stopped"):
        keys.reencrypt(workspace, stop)
    assert workspace.vault.reencrypting
    steps: list[float] = []
    assert keys.reencrypt(workspace, lambda done, total, figures: steps.append(done)) > 1
    assert (not workspace.vault.reencrypting, steps == sorted(steps)) == (True, True)
    actions = [row.action for row in workspace.vault.audit_rows()]
    assert {"job.reencrypt.start", "job.reencrypt.cancelled", "job.reencrypt.done"} <= set(actions)


def test_while_unlocked_what_is_too_old_goes_each_day_by_itself(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The agent's day is made short; the command is the one it runs, in a process of its own."""
    with Workspace.open(settings, PASSPHRASE) as workspace:
        old, new = datetime.now(UTC) - timedelta(days=400), datetime.now(UTC)
        batch = [message(0, old), message(1, old), message(2, new)]
        workspace.vault.keep(batch, source="whatsapp")
    monkeypatch.setenv("IPSE_RETENTION__MESSAGES", "365")
    monkeypatch.setattr(client.start, "__kwdefaults__", {"daily": None, "every": 0.1})
    limited = load_settings({"vault": settings.vault})
    keys.unlock(limited, ways(limited, PASSPHRASE))
    end = time.monotonic() + 120
    while True:
        assert time.monotonic() < end, "nothing was purged"
        with Vault.open(Path(settings.vault), PASSPHRASE) as vault:
            if vault.counts()["whatsapp"]["records"] == 1 and not vault.ids("forgetting"):
                break
        time.sleep(0.2)


def test_the_daily_command_is_there_and_asks_nothing(settings: Settings) -> None:
    command = keys.purge_command(Path(settings.vault))
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert (done.returncode, "no terminal" in done.stderr) == (1, True)
    unlock(settings)
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert command[0] == sys.executable
