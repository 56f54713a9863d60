"""The checks of a vault: a sound one passes, and each fault is told by the check that is for it."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from ipse.config import load_settings
from ipse.consent import sign
from ipse.errors import DamagedVaultError, VaultError
from ipse.pipeline import health, surroundings
from ipse.pipeline.backups import back_up
from ipse.pipeline.consents import give
from ipse.pipeline.health import Check, checks, closed_checks, repair
from ipse.pipeline.workspace import Workspace
from ipse.privacy import gate
from ipse.privacy.gate import Cleared
from ipse.records import Message, Person, Record
from ipse.unlocking import keychain
from ipse.vault import Vault, custody

PASSPHRASE = "a passphrase for tests"
Spoil = Callable[[Workspace, pytest.MonkeyPatch], None]


class Usage(NamedTuple):
    free: int


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


def message(number: int) -> Cleared[Record]:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=number)
    sent = Message(
        id=f"m{number}",
        conversation="CONV_1",
        platform="whatsapp",
        at=at,
        sender=Person("me"),
        text=f"hello {number}",
    )
    return Cleared(sent, gate._SEAL)


def found(workspace: Workspace, *, deep: bool = False) -> dict[str, Check]:
    return {check.name: check for check in checks(workspace, deep=deep)}


def states(workspace: Workspace) -> dict[str, str]:
    """The checks that hang on the vault alone, not on the machine the tests run on."""
    machine = {"sqlite", "disk", "swap", "core dumps", "keyring"}
    return {name: check.state for name, check in found(workspace).items() if name not in machine}


@pytest.fixture
def sound(workspace: Workspace, tmp_path: Path) -> Workspace:
    give(workspace, "whatsapp", ["archive"])
    workspace.vault.keep([message(n) for n in range(20)], source="whatsapp")
    custody.change_passphrase(workspace.vault.folder, PASSPHRASE, PASSPHRASE)  # at its full cost
    back_up(workspace, tmp_path / "backups", progress=quiet)
    return workspace


def test_a_sound_vault_passes_every_check(sound: Workspace) -> None:
    assert {name: state for name, state in states(sound).items() if state != "ok"} == {}
    assert found(sound, deep=True)["content"].state == "ok"
    assert "content" not in found(sound)
    assert found(sound)["header"].found == "format 2, master key 1"


def sql(workspace: Workspace, statement: str, file: str = "catalog.db") -> None:
    with closing(sqlite3.connect(workspace.vault.folder / file)) as db, db:
        db.execute(statement)


def break_consent(workspace: Workspace, _: pytest.MonkeyPatch) -> None:
    signed = give(workspace, "signal", ["archive"])
    other = sign(signed.consent, bytes(32))
    workspace.vault.put(
        "consent", signed.consent.id, msgspec.json.encode(other), action="test", details={}, state="given"
    )


def change_consent(workspace: Workspace, _: pytest.MonkeyPatch) -> None:
    signed = give(workspace, "signal", ["archive"])
    more = msgspec.structs.replace(signed.consent, purposes=("archive", "style"))
    changed = msgspec.json.encode(msgspec.structs.replace(signed, consent=more))
    workspace.vault.put("consent", signed.consent.id, changed, action="test", details={}, state="given")


def leave_erasure(workspace: Workspace, _: pytest.MonkeyPatch) -> None:
    workspace.vault.put("forgetting", "f1", b"{}", action="forget.begin", details={})


def stop_sealing(workspace: Workspace, _: pytest.MonkeyPatch) -> None:
    def stop(done: float, total: float | None, figures: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        workspace.vault.reencrypt(stop)


def kill_job(workspace: Workspace, _: pytest.MonkeyPatch) -> None:
    raw = b'{"id":"j1","kind":"train","pid":999999999,"state":"running","started_at":"2026-01-01T00:00:00Z"}'
    workspace.vault.put("job", "j1", raw, action="job.train.start", details={}, state="running")


def make_orphan(workspace: Workspace, _: pytest.MonkeyPatch) -> None:
    workspace.vault._parts.keys.make(1)


def hold_log(workspace: Workspace, _: pytest.MonkeyPatch) -> None:
    held = workspace.vault._parts.keys.make(1)[0].id.hex()
    sql(workspace, f"INSERT INTO shreds VALUES (x'{held}')")


def take_objects(workspace: Workspace, _: pytest.MonkeyPatch) -> None:
    workspace.vault.put("model", "v1", bytes(70_000), action="test", details={})
    for path in (workspace.vault.folder / "objects").iterdir():
        path.unlink()


def lose_key(workspace: Workspace, _: pytest.MonkeyPatch) -> None:
    sql(workspace, "DELETE FROM keys WHERE parent != x''", "keys.db")


def loosen(workspace: Workspace, _: pytest.MonkeyPatch) -> None:
    (workspace.vault.folder / "keys.db").chmod(0o644)


def leave_file(workspace: Workspace, _: pytest.MonkeyPatch) -> None:
    file = workspace.vault.folder / "keys.db.new"
    file.touch(mode=0o600)


def newer_recovery(workspace: Workspace, _: pytest.MonkeyPatch) -> None:
    custody.new_recovery(workspace.vault.folder, PASSPHRASE)


def fill_disk(workspace: Workspace, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(shutil, "disk_usage", lambda _: Usage(10_000_000))


def nearly_fill_disk(workspace: Workspace, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(shutil, "disk_usage", lambda _: Usage(100_000_000))


def own_by_another(workspace: Workspace, patch: pytest.MonkeyPatch) -> None:
    other = os.getuid() + 1
    patch.setattr(os, "getuid", lambda: other)


FAULTS: list[tuple[Spoil, str, str]] = [
    (break_consent, "consents", "wrong"),
    (change_consent, "consents", "wrong"),
    (leave_erasure, "open work", "wrong"),
    (stop_sealing, "open work", "warning"),
    (kill_job, "open work", "warning"),
    (make_orphan, "orphan keys", "warning"),
    (hold_log, "destroyed keys", "warning"),
    (take_objects, "files", "wrong"),
    (loosen, "file rights", "wrong"),
    (own_by_another, "file rights", "wrong"),
    (leave_file, "left-over files", "warning"),
    (newer_recovery, "backup", "warning"),
    (fill_disk, "disk", "wrong"),
    (nearly_fill_disk, "disk", "warning"),
    (lambda workspace, _: sql(workspace, "DELETE FROM audit WHERE seq = 2"), "audit log", "wrong"),
    (lambda workspace, _: sql(workspace, "UPDATE audit SET mac = zeroblob(32)"), "audit log", "wrong"),
    (lambda workspace, _: sql(workspace, "DELETE FROM conversations WHERE position = 1"), "files", "wrong"),
    (lose_key, "keys", "wrong"),
]


@pytest.mark.parametrize(("spoil", "name", "state"), FAULTS)
def test_each_fault_is_told_by_its_check(
    sound: Workspace, spoil: Spoil, name: str, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found(sound)[name].state == "ok" or name == "disk"
    spoil(sound, monkeypatch)
    told = found(sound)[name]
    assert (told.state, bool(told.todo)) == (state, True), told


def test_a_log_that_cannot_be_read_leaves_the_other_checks(sound: Workspace) -> None:
    sql(sound, "UPDATE audit SET sealed = zeroblob(90) WHERE seq = 3")
    told = found(sound)
    assert (told["audit log"].state, told["consents"].state) == ("wrong", "ok")
    assert "clock" not in told


def test_an_old_or_missing_backup_and_a_clock_behind_the_log_are_told(sound: Workspace) -> None:
    later = {check.name: check for check in checks(sound, now=datetime.now(UTC) + timedelta(days=40))}
    assert (later["backup"].state, later["clock"].state) == ("warning", "ok")
    before = {check.name: check for check in checks(sound, now=datetime.now(UTC) - timedelta(hours=1))}
    assert before["clock"].state == "wrong"


@pytest.mark.parametrize(("days", "state"), [(7, "ok"), (9, "warning")])
def test_how_old_a_backup_may_be_is_a_setting(sound: Workspace, days: int, state: str) -> None:
    own = Workspace(sound.vault, load_settings({"backup": {"max_age": 8}}, environment={}))
    told = {one.name: one for one in checks(own, now=datetime.now(UTC) + timedelta(days=days))}
    assert told["backup"].state == state


def test_an_empty_vault_needs_no_backup_and_a_filled_one_does(workspace: Workspace, exports: Path) -> None:
    assert found(workspace)["backup"].state == "ok"
    assert found(workspace)["passphrase cost"].state == "wrong"  # the tests' own is cheap


def test_a_filled_vault_without_a_backup_is_told(workspace: Workspace) -> None:
    workspace.vault.keep([message(1)], source="whatsapp")
    told = found(workspace)["backup"]
    assert (told.found, told.state) == ("none yet", "warning")


def test_content_that_does_not_open_is_found_by_reading_it(sound: Workspace) -> None:
    sql(sound, "UPDATE segments SET sealed = zeroblob(90) WHERE conversation = 1")
    assert found(sound)["files"].state == "ok"
    assert found(sound, deep=True)["content"].state == "wrong"


def test_what_loses_nothing_is_repaired(sound: Workspace) -> None:
    folder = sound.vault.folder
    for spoil in (loosen, leave_file, make_orphan):
        spoil(sound, pytest.MonkeyPatch())
    (folder / "notes.txt").write_text("not ours")
    (folder / "notes.txt").chmod(0o600)
    assert [line.split()[0] for line in repair(sound)] == ["made", "deleted", "destroyed"]
    assert (states(sound)["file rights"], states(sound)["orphan keys"]) == ("ok", "ok")
    assert found(sound)["left-over files"].found == "in the vault's folder: notes.txt"
    assert repair(sound) == []
    assert [row.action for row in sound.vault.audit_rows()][-1] == "vault.repair"


def test_a_key_file_that_is_no_database_is_told(sound: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise DamagedVaultError("keys.db is damaged.", hint="Restore it.")

    monkeypatch.setattr(sound.vault, "inspect", refuse)
    assert list(health._inspected(sound.vault)) == [
        Check("files", "wrong", "keys.db is damaged.", "Restore it.")
    ]


def test_of_a_vault_that_does_not_open_what_can_be_told_is(vault: Vault) -> None:
    (vault.folder / "vault.json").write_bytes(b"{}")
    told = {check.name: check.state for check in closed_checks(vault.folder, DamagedVaultError("damaged"))}
    assert (told["header"], told["opening"], told["file rights"]) == ("wrong", "wrong", "ok")


def test_a_header_of_the_first_format_is_told(tmp_path: Path) -> None:
    old = Path(__file__).resolve().parents[1] / "vault" / "fixtures" / "1-0001"
    assert health._header(old).state == "warning"


def test_the_keyring_is_told(sound: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, held = sound.vault.folder, {sound.vault.id: bytes(32)}

    def refuse() -> str:
        raise VaultError("no keyring", hint="Get one.")

    def told() -> tuple[str, str]:
        return (check := health._keyring(folder)).state, check.found

    monkeypatch.setattr(keychain, "backend_name", lambda: "KWallet")
    monkeypatch.setattr(keychain, "fetch", held.get)
    assert told() == ("ok", "not used; there is KWallet")
    custody.add_keyring(folder, PASSPHRASE, bytes(32))
    assert told() == ("ok", "KWallet opens the vault")
    held.clear()
    assert told() == ("warning", "KWallet holds no key of this vault")
    monkeypatch.setattr(keychain, "backend_name", refuse)
    assert told() == ("warning", "no keyring")
    custody.remove_keyring(folder, PASSPHRASE)
    assert told() == ("ok", "not used")


@pytest.mark.parametrize(
    ("version", "state"),
    [("3.6.23", "ok"), ("3.7.0", "warning"), ("3.40.1", "warning"), ("3.51.2", "warning"), ("3.51.3", "ok")],
)
def test_the_range_of_sqlite_is_told(version: str, state: str) -> None:
    assert surroundings._sqlite(version).state == state


def test_swap_in_the_clear_is_told_and_memory_or_encrypted_is_not(tmp_path: Path) -> None:
    swaps, blocks = tmp_path / "swaps", tmp_path / "block"
    (blocks / "dm-0" / "dm").mkdir(parents=True)
    head = "Filename Type Size Used Priority\n"
    for device, uuid, state in (
        ("/dev/sda2", "", "warning"),
        ("/dev/zram0", "", "ok"),
        ("/dev/dm-0", "CRYPT-PLAIN-x", "ok"),
        ("/dev/dm-0", "LVM-x", "warning"),
    ):
        (blocks / "dm-0" / "dm" / "uuid").write_text(uuid)
        swaps.write_text(f"{head}{device} partition 1 0 -2\n")
        assert surroundings._swap(swaps, blocks).state == state, device
    assert surroundings._swap(tmp_path / "none").state == "ok"


def test_core_dumps_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    pattern = tmp_path / "core_pattern"
    for limit, written, state in (
        (0, "core", "ok"),
        (4096, "core", "warning"),
        (0, "|/usr/share/apport/apport %p", "warning"),
        (0, "|/usr/lib/systemd/systemd-coredump %P", "ok"),
    ):
        pattern.write_text(written)
        monkeypatch.setattr(resource, "getrlimit", lambda _, limit=limit: (limit, limit))
        assert surroundings._cores(pattern).state == state
    assert surroundings._cores(tmp_path / "none").state == "ok"


def test_what_goes_while_it_is_looked_at_is_passed_over(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Jobs and uploads come and go below an open vault."""
    folder = workspace.vault.folder
    (folder / "live").mkdir(mode=0o700, exist_ok=True)
    passing = folder / "live" / "a-job.1"
    real = Path.lstat

    def gone(path: Path) -> os.stat_result:
        passing.unlink(missing_ok=True)
        return real(path)

    for measured in (lambda: checks(workspace), lambda: list(surroundings.there(folder))):
        passing.touch(mode=0o666)
        with monkeypatch.context() as patch:
            patch.setattr(Path, "lstat", gone)
            assert measured()
    assert folder in [path for path, _ in surroundings.there(folder)]
