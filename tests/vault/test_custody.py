"""What opens a vault can be changed; a new master key wraps every key anew, whatever interrupts it."""

import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ipse.errors import DamagedVaultError, VaultError, WrongPassphraseError
from ipse.vault import KdfParameters, Vault, custody
from ipse.vault.backup import writing
from ipse.vault.backup.checking import check
from ipse.vault.backup.manifest import listing
from ipse.vault.backup.restoring import restore
from ipse.vault.keys import KeyRing
from ipse.vault.opening import by_key, by_master, by_secret, opened

from .stores import seeds

Clear = Callable[..., list[Any]]
CHEAP = KdfParameters(memory_kib=64, iterations=1, lanes=1)
PASSPHRASE = "correct horse"
KEY = bytes(range(32))


@pytest.fixture
def filled(folder: Path, recovery: str, messages: Clear) -> Path:
    with Vault.open(folder, PASSPHRASE) as vault:
        vault.keep(messages("a", range(300)) + messages("b", range(9)), source="whatsapp")
        vault.keep(messages("m", range(5)), source="gmail")
        vault.put("model", "v1", bytes(70_000), action="test", details={})
    return folder


def content(vault: Vault) -> object:
    found = [(one.source, one.id, len(one.messages)) for one in vault.scan()]
    assert vault.known(["a-3", "nobody"], source="whatsapp") == {"a-3"}
    assert len(vault.get("model", "v1")) == 70_000
    return found, vault.counts(), vault.signing_key()


def actions(vault: Vault) -> list[str]:
    return [row.action for row in vault.audit_rows()]


def wrapped(folder: Path) -> dict[bytes, bytes]:
    """The wraps of the keys directly under the master key."""
    with closing(sqlite3.connect(folder / "keys.db")) as db:
        return dict(db.execute("SELECT id, wrapped FROM keys WHERE parent = x''").fetchall())


def test_another_passphrase_opens_it_and_the_old_one_does_not(filled: Path, recovery: str) -> None:
    custody.change_passphrase(filled, PASSPHRASE, "battery staple", kdf=CHEAP, allow_weak=True)
    with pytest.raises(WrongPassphraseError):
        Vault.open(filled, PASSPHRASE)
    Vault.open(filled, recovery).close()
    with Vault.open(filled, "battery staple") as vault:
        assert actions(vault)[-2:] == ["vault.passphrase.start", "vault.passphrase"]


def test_a_forgotten_passphrase_is_replaced_by_the_recovery_key(filled: Path, recovery: str) -> None:
    custody.change_passphrase(filled, recovery, "battery staple")
    assert Vault.info(filled).kdf == KdfParameters()  # and the cost is the strong one again
    Vault.open(filled, "battery staple").close()


def test_a_weak_cost_or_a_blank_passphrase_changes_nothing(filled: Path) -> None:
    before = (filled / "vault.json").read_bytes()
    with pytest.raises(VaultError, match="too weak"):
        custody.change_passphrase(filled, PASSPHRASE, "battery staple", kdf=CHEAP)
    with pytest.raises(VaultError, match="needs a passphrase"):
        custody.change_passphrase(filled, PASSPHRASE, " ")
    with pytest.raises(WrongPassphraseError):
        custody.change_passphrase(filled, "guess", "battery staple")
    assert (filled / "vault.json").read_bytes() == before


def test_another_recovery_key_opens_it_and_the_old_one_does_not(filled: Path, recovery: str) -> None:
    new = custody.new_recovery(filled, PASSPHRASE)
    assert new != recovery
    with pytest.raises(WrongPassphraseError):
        Vault.open(filled, recovery)
    with Vault.open(filled, new) as vault:
        assert actions(vault)[-1] == "vault.recovery"
    Vault.open(filled, PASSPHRASE).close()


def test_a_key_in_the_keyring_opens_it_until_it_is_removed(filled: Path, recovery: str) -> None:
    with pytest.raises(WrongPassphraseError, match="keyring"):
        Vault.open_by(filled, by_key(KEY))
    custody.add_keyring(filled, PASSPHRASE, bytes(32))
    custody.add_keyring(filled, PASSPHRASE, KEY)  # in place of the first
    with pytest.raises(WrongPassphraseError):
        Vault.open_by(filled, by_key(bytes(32)))
    with Vault.open_by(filled, by_key(KEY)) as vault:
        assert content(vault)
    custody.remove_keyring(filled, recovery)
    with pytest.raises(WrongPassphraseError):
        Vault.open_by(filled, by_key(KEY))
    with pytest.raises(VaultError, match="Nothing in the keyring"):
        custody.remove_keyring(filled, PASSPHRASE)


def test_a_new_master_key_opens_all_and_wraps_every_key_anew(filled: Path, recovery: str) -> None:
    with Vault.open(filled, PASSPHRASE) as vault:
        before, rows = content(vault), vault.verify_audit()
    old, master = wrapped(filled), opened(filled, by_secret(PASSPHRASE)).master
    assert custody.rotate(filled, PASSPHRASE) is None
    after = opened(filled, by_secret(PASSPHRASE))
    assert (after.master != master, after.header.generation) == (True, 1)
    assert set(wrapped(filled)) == set(old)
    raw = b"".join(path.read_bytes() for path in filled.rglob("*") if path.is_file())
    assert [name for name, wrap in old.items() if wrap in raw] == []
    for secret in (PASSPHRASE, recovery):
        with Vault.open(filled, secret) as vault:
            assert content(vault) == before
            assert vault.verify_audit() == rows + 2
    custody.rotate(filled, PASSPHRASE)
    with Vault.open(filled, recovery) as vault:
        assert content(vault) == before
        assert actions(vault)[-2:] == ["vault.rotate.start", "vault.rotate"]


def test_what_was_made_under_a_new_master_key_is_found_and_grows(filled: Path, messages: Clear) -> None:
    custody.rotate(filled, PASSPHRASE)
    with Vault.open(filled, PASSPHRASE) as vault:
        assert vault.keep(messages("a", range(310)), source="whatsapp").kept == 10
        assert vault.counts()["whatsapp"] == {"records": 319, "conversations": 2} | {
            "bytes": vault.counts()["whatsapp"]["bytes"]
        }
        assert vault.erase("whatsapp") == 319


def test_only_its_own_master_key_opens_it(filled: Path) -> None:
    master = opened(filled, by_secret(PASSPHRASE)).master
    with Vault.open_by(filled, by_master(master)) as vault:
        assert content(vault)
    with pytest.raises(DamagedVaultError):
        Vault.open_by(filled, by_master(KEY))


def test_a_new_master_key_needs_the_passphrase_itself(filled: Path, recovery: str) -> None:
    before = (filled / "vault.json").read_bytes()
    with pytest.raises(WrongPassphraseError, match="needs the passphrase"):
        custody.rotate(filled, recovery)
    assert (filled / "vault.json").read_bytes() == before


def test_the_keyring_slot_follows_the_master_key_or_it_stays_as_it_is(filled: Path) -> None:
    custody.add_keyring(filled, PASSPHRASE, KEY)
    with pytest.raises(VaultError, match="cannot be reached"):
        custody.rotate(filled, PASSPHRASE)
    custody.rotate(filled, PASSPHRASE, keyring=KEY)
    with Vault.open_by(filled, by_key(KEY)) as vault:
        assert content(vault)


def test_who_had_it_open_can_neither_read_nor_write_under_the_old_key(filled: Path, messages: Clear) -> None:
    with Vault.open(filled, PASSPHRASE) as before:
        custody.rotate(filled, PASSPHRASE)
        for use in (
            lambda: list(before.scan()),
            lambda: before.keep(messages("new", [1]), source="signal"),
            lambda: before.put("roster", "roster", b"x", action="x", details={}),
            lambda: before.erase("whatsapp"),
        ):
            with pytest.raises(VaultError, match="has been changed") as caught:
                use()
            assert not isinstance(caught.value, DamagedVaultError)
    with Vault.open(filled, PASSPHRASE) as now:
        assert content(now)


@pytest.mark.parametrize("name", ["vault.json", "keys.db"])
def test_one_of_the_two_files_from_before_is_refused(filled: Path, tmp_path: Path, name: str) -> None:
    shutil.copy(filled / name, tmp_path / name)
    custody.rotate(filled, PASSPHRASE)
    shutil.copy(tmp_path / name, filled / name)
    with pytest.raises(DamagedVaultError, match="do not belong together"):
        Vault.open(filled, PASSPHRASE)


def test_keys_of_a_killed_import_are_dropped(filled: Path) -> None:
    held = opened(filled, by_secret(PASSPHRASE))
    (orphan,) = held.parts.keys.make(1)
    held.parts.keys.make(2, orphan)
    held.parts.catalog.close()
    count = len(held.parts.keys.names())
    custody.rotate(filled, PASSPHRASE)
    assert len(opened(filled, by_secret(PASSPHRASE)).parts.keys.names()) == count - 3


class _Killed(BaseException):
    """Stands for a kill: nothing of ours catches it."""


@pytest.mark.parametrize(
    ("module", "name", "when", "generation"),
    [
        (KeyRing, "prepare", "before", 0),
        (KeyRing, "prepare", "after", 0),
        (custody, "write_header", "before", 0),
        (custody, "write_header", "after", 1),
        (KeyRing, "adopt", "before", 1),
        (KeyRing, "adopt", "after", 1),
        (custody, "_noted", "before", 1),
    ],
)
def test_cut_short_at_any_step_either_master_key_opens_everything(
    filled: Path, monkeypatch: pytest.MonkeyPatch, module: Any, name: str, when: str, generation: int
) -> None:
    with Vault.open(filled, PASSPHRASE) as vault:
        before = content(vault)
    real = getattr(module, name)

    def step(*values: Any) -> None:
        if when == "after":
            real(*values)
        raise _Killed

    with monkeypatch.context() as patch:
        patch.setattr(module, name, step)
        with pytest.raises(_Killed):
            custody.rotate(filled, PASSPHRASE)
    with Vault.open(filled, PASSPHRASE) as vault:
        assert content(vault) == before
        assert vault.verify_audit()
    assert opened(filled, by_secret(PASSPHRASE)).header.generation == generation
    assert sorted(path.name for path in filled.glob("*.n*")) == []
    custody.rotate(filled, PASSPHRASE)
    with Vault.open(filled, PASSPHRASE) as vault:
        assert content(vault) == before


def test_half_a_key_file_of_the_next_generation_is_taken_away(filled: Path) -> None:
    (filled / "keys.db.next").write_bytes((filled / "keys.db").read_bytes()[:5000] + bytes(3000))
    (filled / "keys.db.new").write_bytes(b"half a file")
    with Vault.open(filled, PASSPHRASE) as vault:
        assert content(vault)
    assert not (filled / "keys.db.next").exists()
    (filled / "keys.db.next").write_bytes(b"half a file, and long enough to be looked at" * 99)
    with Vault.open(filled, PASSPHRASE) as vault:
        assert content(vault)


@pytest.mark.parametrize("rows", [None, 0], ids=["nothing in it", "a table without keys"])
def test_a_waiting_file_of_the_generation_in_use_never_takes_its_place(
    filled: Path, rows: int | None
) -> None:
    """A new file says generation 0, and so does a vault whose master key was never changed."""
    waiting = filled / "keys.db.next"
    waiting.touch()
    if rows is not None:
        with closing(sqlite3.connect(waiting)) as db:
            db.execute("CREATE TABLE keys (id BLOB NOT NULL UNIQUE, parent BLOB, wrapped BLOB)")
    assert opened(filled, by_secret(PASSPHRASE)).header.generation == 0
    assert not waiting.exists()
    with Vault.open(filled, PASSPHRASE) as vault:
        assert content(vault)


def test_a_whole_file_that_waits_takes_the_place_of_one_that_cannot_be_read(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The header has moved on to it, so nothing is lost with the former one."""
    with Vault.open(filled, PASSPHRASE) as vault:
        before = content(vault)

    def killed(_self: object) -> None:
        raise _Killed

    with monkeypatch.context() as patch:
        patch.setattr(KeyRing, "adopt", killed)
        with pytest.raises(_Killed):
            custody.rotate(filled, PASSPHRASE)
    (filled / "keys.db").write_bytes(b"no database, and long enough to be looked at" * 99)
    with Vault.open(filled, PASSPHRASE) as vault:
        assert content(vault) == before
    assert not (filled / "keys.db.next").exists()


def test_without_any_key_file_an_empty_one_that_waits_is_not_taken_for_it(filled: Path) -> None:
    (filled / "keys.db").unlink()
    (filled / "keys.db.next").touch()
    with pytest.raises(DamagedVaultError, match=r"keys\.db"):
        Vault.open(filled, PASSPHRASE)


def test_a_header_that_changes_while_it_is_opened_is_read_again(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody changes the master key between our reading of the header and of the keys."""
    real = by_secret(PASSPHRASE)
    asked: list[int] = []

    def opener(read: Any) -> bytes:
        master = real(read)
        if not asked:
            asked.append(1)
            custody.rotate(filled, PASSPHRASE)
        return master

    with Vault.open_by(filled, opener) as vault:
        assert content(vault)


ROTATE = """
import sys
from pathlib import Path
from ipse.vault import custody

print("begin", flush=True)
while True:
    custody.rotate(Path(sys.argv[1]), sys.argv[2])
"""


@seeds(4, 200)
def test_killed_at_a_random_moment_the_vault_opens_whole(filled: Path, recovery: str, seed: int) -> None:
    with Vault.open(filled, PASSPHRASE) as vault:
        before = content(vault)
    command = [sys.executable, "-c", ROTATE, str(filled), PASSPHRASE]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begin\n"
        time.sleep(random.Random(seed).random() * 0.15)
        process.send_signal(signal.SIGKILL)
    for secret in (PASSPHRASE, recovery):
        with Vault.open(filled, secret) as vault:
            assert content(vault) == before
            assert vault.verify_audit()
    custody.rotate(filled, PASSPHRASE)
    with Vault.open(filled, recovery) as vault:
        assert content(vault) == before


def quiet(done: float, total: float | None, figures: object) -> None:
    """No progress shown."""


def test_backups_from_before_and_after_are_restored_by_the_one_recovery_key(
    filled: Path, recovery: str, tmp_path: Path
) -> None:
    copies = tmp_path / "copies"
    with Vault.open(filled, PASSPHRASE) as vault:
        before = content(vault)
        old = vault.back_up(copies, progress=quiet).name
    custody.rotate(filled, PASSPHRASE)
    with Vault.open(filled, PASSPHRASE) as vault:
        new = vault.back_up(copies, progress=quiet).name
    for name in (old, new):
        restore(copies, tmp_path / name, recovery, "new one", name=name, kdf=CHEAP, progress=quiet)
        for secret in ("new one", recovery):
            with Vault.open(tmp_path / name, secret) as vault:
                assert content(vault) == before
                assert vault.verify_audit()
    assert [one.opened for one in check(copies, recovery_key=recovery, deep=True, progress=quiet)] == [
        True
    ] * 2
    custody.rotate(tmp_path / new, "new one")


def test_a_backup_during_which_the_master_key_changes_is_none(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = writing._Writing._repack

    def slow(*values: Any) -> None:
        real(*values)
        custody.rotate(filled, PASSPHRASE)

    monkeypatch.setattr(writing._Writing, "_repack", slow)
    with Vault.open(filled, PASSPHRASE) as vault, pytest.raises(VaultError, match="has been changed"):
        vault.back_up(tmp_path / "copies", progress=quiet)
    assert listing(tmp_path / "copies").whole == ()
