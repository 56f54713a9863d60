"""Restore drills: after every kind of fault a backup is found bad or gives back exactly what was in it."""

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ipse.errors import DamagedVaultError, VaultError, VaultMissingError
from ipse.vault import KdfParameters, Vault
from ipse.vault.backup.checking import check
from ipse.vault.backup.manifest import listing, newest, signed
from ipse.vault.backup.restoring import restore

from ..soak import rounds
from .stores import seeds
from .test_kill import child, fault, numbers

Clear = Callable[..., list[Any]]
CHEAP = KdfParameters(memory_kib=64, iterations=1, lanes=1)
PASSPHRASE = "correct horse"
CLASSES = {"manifest": "snapshots/*.json", "index": "snapshots/*.index", "keys": "snapshots/*.keys"} | {
    "pack": "packs/*.pack"
}


def quiet(done: float, total: float | None, figures: object) -> None:
    """No progress shown."""


def drill(copies: Path, target: Path, recovery: str, name: str | None = None) -> int:
    """Restore, read everything, and tell how many records there are."""
    restore(copies, target, recovery, PASSPHRASE, name=name, kdf=CHEAP, progress=quiet)
    with Vault.open(target, PASSPHRASE) as vault:
        return vault.read_all()


@pytest.fixture
def copies(vault: Vault, messages: Clear, tmp_path: Path) -> Path:
    """Two backups: of 300 records and a file, then of 310."""
    folder = tmp_path / "copies"
    vault.keep(messages("a", range(300)), source="whatsapp")
    vault.put("model", "v1", random.Random(1).randbytes(100_000), action="model.add", details={})
    vault.back_up(folder, progress=quiet)
    vault.keep(messages("a", range(300, 310)), source="whatsapp")
    vault.back_up(folder, progress=quiet)
    return folder


def flip(path: Path, pick: random.Random) -> None:
    raw = bytearray(path.read_bytes())
    raw[pick.randrange(len(raw))] ^= 1 << pick.randrange(8)
    path.write_bytes(raw)


def truncate(path: Path, pick: random.Random) -> None:
    raw = path.read_bytes()
    path.write_bytes(raw[: pick.randrange(len(raw))])


def grow(path: Path, pick: random.Random) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


def remove(path: Path, pick: random.Random) -> None:
    path.unlink()


def empty(path: Path, pick: random.Random) -> None:
    path.write_bytes(bytes(path.stat().st_size))


DAMAGE = {"flip": flip, "truncate": truncate, "grow": grow, "zeros": empty, "remove": remove}


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_file_of_any_class_is_found_and_what_it_leaves_whole_is_restored(
    copies: Path, tmp_path: Path, recovery: str, kind: str, how: str
) -> None:
    pick = random.Random(f"{kind} {how}")
    whole = {one.name: one.counts["seen"] for one in listing(copies).whole}
    for trial in range(rounds(2 if how == "flip" else 1, 40)):
        broken = tmp_path / f"broken-{trial}"
        shutil.copytree(copies, broken)
        path = pick.choice(sorted(broken.glob(CLASSES[kind])))
        DAMAGE[how](path, pick)
        left = {one.name: one.faults for one in check(broken, progress=quiet)}
        if kind == "manifest" and how == "remove":
            left |= {name: ("gone",) for name in whole if name not in left}
        assert any(left.values()), "the fault was not found"
        for name, faults in left.items():
            target = tmp_path / f"new-{trial}-{name}"
            if faults:
                with pytest.raises(VaultError):
                    drill(broken, target, recovery, name)
                with pytest.raises(VaultMissingError):
                    Vault.open(target, PASSPHRASE)
            else:
                assert drill(broken, target, recovery, name) == whole[name]


def test_the_drill_restores_what_is_whole(copies: Path, tmp_path: Path, recovery: str) -> None:
    """The control: without a fault nothing is found, and all of it comes back."""
    for deep in (False, True):
        found = check(copies, recovery_key=recovery, deep=deep, progress=quiet)
        assert [one.faults for one in found] == [(), ()]
        assert [one.records for one in found] == ([300, 310] if deep else [None, None])
        assert all(one.opened for one in found)
    assert drill(copies, tmp_path / "new", recovery) == 310


def test_swapped_backups_are_refused(copies: Path, tmp_path: Path, recovery: str) -> None:
    first, last = (copies / "snapshots" / one.name for one in listing(copies).whole)
    for suffix in (".json", ".index", ".keys"):
        broken = tmp_path / suffix[1:]
        shutil.copytree(copies, broken)
        shutil.copy(first.with_suffix(suffix), broken / "snapshots" / f"{last.name}{suffix}")
        faults = {one.name: one.faults for one in check(broken, progress=quiet)}
        assert faults[last.name]
        with pytest.raises(VaultError):
            drill(broken, tmp_path / f"new-{suffix}", recovery, last.name)
        assert drill(broken, tmp_path / f"old-{suffix}", recovery, first.name) == 300


def test_a_backup_that_another_followed_cannot_be_put_in_its_place(
    vault: Vault, copies: Path, recovery: str
) -> None:
    """Signed anew by the vault itself, it is still not the one that the next was made after."""
    first, last = listing(copies).whole
    other = signed(msgspec.structs.replace(first, counts={}), vault._parts.backup, vault.signing_key())
    (copies / "snapshots" / f"{first.name}.json").write_bytes(other.raw())
    found = {one.name: one.faults for one in check(copies, progress=quiet)}
    assert found == {first.name: (), last.name: (f"{first.name} is not the backup that this one followed",)}


def test_a_manifest_signed_by_somebody_else_is_refused_with_the_recovery_key(
    vault: Vault, copies: Path, tmp_path: Path, recovery: str
) -> None:
    manifest = newest(copies)
    forged = signed(manifest, bytes(32), bytes(32))
    (copies / "snapshots" / f"{manifest.name}.json").write_bytes(forged.raw())
    assert not any(one.faults for one in check(copies, progress=quiet))  # whole, but by whom?
    with pytest.raises(DamagedVaultError, match="not written by its vault"):
        drill(copies, tmp_path / "new", recovery)
    with pytest.raises(DamagedVaultError, match="not written by its vault"):
        check(copies, recovery_key=recovery, progress=quiet)


def test_a_backup_over_a_damaged_one_is_whole_again(
    vault: Vault, copies: Path, tmp_path: Path, recovery: str
) -> None:
    for path in (*copies.glob("packs/*.pack"), *copies.glob("snapshots/*.index")):
        flip(path, random.Random(3))
    made = vault.back_up(copies, progress=quiet)
    assert len(made.damaged) == 2
    assert drill(copies, tmp_path / "new", recovery) == 310
    assert [bool(one.faults) for one in check(copies, progress=quiet)] == [True, True, False]


def test_what_a_damaged_manifest_may_need_is_not_deleted(vault: Vault, copies: Path) -> None:
    flip(min(copies.glob("snapshots/*.json")), random.Random(3))
    packs = set(copies.glob("packs/*.pack"))
    made = vault.back_up(copies, keep=1, progress=quiet)
    assert (made.removed, len(made.damaged)) == ((), 1)
    assert packs <= set(copies.glob("packs/*.pack"))
    assert len(check(copies, progress=quiet)) == 3


def test_an_old_recovery_key_leaves_newer_backups_closed_and_that_is_no_fault(
    vault: Vault, copies: Path, tmp_path: Path, recovery: str
) -> None:
    _, key = Vault.create(tmp_path / "other", PASSPHRASE, kdf=CHEAP, allow_weak=True)
    there = newest(tmp_path_copies(tmp_path / "other", tmp_path / "b", key))
    first = listing(copies).whole[0]
    foreign = msgspec.structs.replace(first, recovery=there.recovery)
    foreign = signed(foreign, vault._parts.backup, vault.signing_key())
    (copies / "snapshots" / f"{first.name}.json").write_bytes(foreign.raw())
    found = check(copies, recovery_key=recovery, progress=quiet)
    assert [one.opened for one in found] == [False, True]
    assert found[0].faults == ()
    assert "is not the backup" in found[1].faults[0]


def tmp_path_copies(folder: Path, copies: Path, key: str) -> Path:
    with Vault.open(folder, key) as vault:
        vault.back_up(copies, progress=quiet)
    return copies


@contextmanager
def at_most(size: int) -> Iterator[None]:
    """No file grows above ``size`` bytes, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_the_backups_before_and_the_next_one_works(
    vault: Vault, copies: Path, tmp_path: Path, messages: Clear, recovery: str
) -> None:
    names = [one.name for one in listing(copies).whole]
    vault.put("model", "v2", random.Random(2).randbytes(400_000), action="model.add", details={})
    for number in range(rounds(5, 50)):
        with at_most(number * 8_000), pytest.raises(VaultError):
            vault.back_up(copies, progress=quiet)
        assert [one.name for one in listing(copies).whole] == names
        assert not any(one.faults for one in check(copies, progress=quiet))
    with at_most(10_000_000):  # the control
        vault.back_up(copies, progress=quiet)
    with at_most(50_000), pytest.raises(VaultError):
        drill(copies, tmp_path / "new", recovery)
    with pytest.raises(VaultMissingError):
        Vault.open(tmp_path / "new", PASSPHRASE)
    assert drill(copies, tmp_path / "new", recovery) == 310  # and again into the same folder


@pytest.mark.parametrize("call", ["fsync", "rename", "write"])
def test_any_call_that_fails_leaves_a_backup_or_none(
    vault: Vault, copies: Path, tmp_path: Path, recovery: str, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """The n-th call fails, for each n until none does."""
    vault.put("model", "v2", random.Random(2).randbytes(100_000), action="model.add", details={})
    calls, failing = 0, 0
    told: list[int] = []

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **named: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == failing:
                raise OSError(28, "No space left on device")
            return real(*args, **named)

        return run

    with monkeypatch.context() as patched:
        if call == "fsync":
            patched.setattr(os, "fsync", counted(os.fsync))
        elif call == "rename":
            patched.setattr(Path, "replace", counted(Path.replace))
        else:
            patched.setattr(os, "fdopen", counted(os.fdopen))
        for failing in range(1, 100):
            calls, before = 0, len(listing(copies).whole)
            with suppress(VaultError):
                vault.back_up(copies, progress=quiet)
            assert not any(one.faults for one in check(copies, progress=quiet))
            assert len(listing(copies).whole) in (before, before + 1)
            if calls < failing:
                break
            told.append(calls)
    assert told == list(range(1, failing))
    assert failing > 3
    assert drill(copies, tmp_path / "new", recovery) == 310


BACK_UP = """
import sys
from pathlib import Path
from ipse.vault import Vault

with Vault.open(Path(sys.argv[1]), sys.argv[2]) as vault:
    print("open", flush=True)
    while True:
        print(vault.back_up(Path(sys.argv[3]), keep=3, progress=lambda *_: None).name, flush=True)
        vault.put("roster", "roster", b"x" * 90_000, action="roster.keep", details={})
"""

RESTORE = """
import sys
from pathlib import Path
from ipse.vault import KdfParameters
from ipse.vault.backup.restoring import restore

print("open", flush=True)
restore(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4], progress=lambda *_: None,
        kdf=KdfParameters(memory_kib=64, iterations=1, lanes=1))
"""


@seeds(4, 200)
def test_a_backup_killed_while_others_write_leaves_whole_backups_of_whole_batches(
    folder: Path, recovery: str, tmp_path: Path, seed: int
) -> None:
    """0 acknowledged rows lost: what was durable before the first backup is in every one of them."""
    pick, copies = random.Random(seed), tmp_path / "copies"
    with child(folder, 0, 3) as first:
        assert first.wait(30) == 0
    command = [sys.executable, "-c", BACK_UP, str(folder), PASSPHRASE, str(copies)]
    with (
        child(folder, 3, 10_000) as writer,
        subprocess.Popen(command, stdout=subprocess.PIPE) as process,
    ):
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        begun, names = time.perf_counter(), list[str]()
        for _ in range(pick.randrange(1, 4)):
            names.append(process.stdout.readline().decode().strip())
        time.sleep(pick.random() * (time.perf_counter() - begun) / len(names))  # within the next one
        process.send_signal(signal.SIGKILL)
        names += process.stdout.read().decode().split("\n")[:-1]
        writer.send_signal(signal.SIGKILL)
    found = check(copies, recovery_key=recovery, deep=True, progress=quiet)
    assert [one.faults for one in found] == [()] * len(found)
    assert names[-1] in {one.name for one in found}
    restore(copies, tmp_path / "new", recovery, PASSPHRASE, kdf=CHEAP, progress=quiet)
    held = numbers(tmp_path / "new")
    assert fault(held, 2) is None
    with Vault.open(folder, PASSPHRASE) as vault:
        vault.back_up(copies, keep=1, progress=quiet)
    assert drill(copies, tmp_path / "last", recovery) == len(numbers(folder))
    left = {path.name for path in copies.rglob("*.*") if path.is_file()} - {"backup.lock"}
    manifest = newest(copies)
    needed = {manifest.index.name, manifest.keys.name, *(pack.name for pack in manifest.packs)}
    assert left == {f"{manifest.name}.json", *needed}


def killed_restore(copies: Path, target: Path, recovery: str, after: float | None) -> float:
    """Restore in a process that is killed so many seconds after, or not; returns how many it took."""
    command = [sys.executable, "-c", RESTORE, str(copies), str(target), recovery, PASSPHRASE]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        begun = time.perf_counter()
        if after is not None:
            time.sleep(after)
            process.send_signal(signal.SIGKILL)
        process.wait(60)
    return time.perf_counter() - begun


@seeds(4, 200)
def test_a_restore_that_is_killed_is_no_vault_and_can_be_done_again(
    copies: Path, tmp_path: Path, recovery: str, seed: int
) -> None:
    target = tmp_path / "new"
    whole = killed_restore(copies, tmp_path / "whole", recovery, None)
    killed_restore(copies, target, recovery, random.Random(seed).random() * whole)
    if not (target / "vault.json").exists():
        with pytest.raises(VaultMissingError):
            Vault.open(target, PASSPHRASE)
        restore(copies, target, recovery, PASSPHRASE, kdf=CHEAP, progress=quiet)
    with Vault.open(target, PASSPHRASE) as vault:
        assert vault.read_all() == 310
