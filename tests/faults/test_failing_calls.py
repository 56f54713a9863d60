"""A write, fsync, rename or deletion that fails, for every one there is; and a disk that is full.

The error is one line, what was acknowledged before is there, and what is to be forgotten can be.
"""

import errno
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from ipse.config import load_settings
from ipse.errors import FullDiskError, IpseError, WrongPassphraseError
from ipse.pipeline.forgetting import forget
from ipse.pipeline.plans import plan_for
from ipse.pipeline.workspace import Workspace
from ipse.privacy.roster import Roster
from ipse.vault import Cut, KdfParameters, Vault, custody, rekeying, reserve

from ..soak import SOAK, rounds
from .disk import Disk

CHEAP = KdfParameters(memory_kib=64, iterations=1, lanes=1)
FIRST, SECOND = "correct horse", "battery staple"
Clear = Callable[..., list[Any]]


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


class Verb(NamedTuple):
    """Something done to a vault that is open, or to its folder."""

    name: str
    run: Callable[[Vault, Clear], object]
    closed: bool = False


def _closed(run: Callable[[Path], object]) -> Callable[[Vault, Clear], object]:
    def on(vault: Vault, _: Clear) -> object:
        vault.close()
        return run(vault.folder)

    return on


THEIRS = Cut(source="whatsapp", people=frozenset({"PERSON_1"}))


def _removed(vault: Vault, _: Clear) -> None:
    vault.remove("artefact", "v1", action="t", details={})
    vault.compact()


VERBS = [
    Verb("keep", lambda vault, messages: vault.keep(messages("a", range(500, 900)), source="whatsapp")),
    Verb(
        "keep of a new source", lambda vault, messages: vault.keep(messages("s", range(9)), source="signal")
    ),
    Verb("put", lambda vault, _: vault.put("artefact", "v2", bytes(99_000), action="t", details={})),
    Verb("replace", lambda vault, _: vault.put("artefact", "v1", bytes(99_000), action="t", details={})),
    Verb("remove", lambda vault, _: vault.remove("artefact", "v1", action="t", details={})),
    Verb("erase", lambda vault, _: vault.erase("whatsapp")),
    Verb("remove records", lambda vault, _: vault.remove_records(THEIRS, action="t")),
    Verb("checkpoint", lambda vault, _: vault.journal.checkpoint()),
    Verb("reencrypt", lambda vault, _: vault.reencrypt(quiet)),
    Verb("compact", _removed),
    Verb("rotate", _closed(lambda folder: custody.rotate(folder, FIRST))),
    Verb(
        "passphrase",
        _closed(lambda folder: custody.change_passphrase(folder, FIRST, SECOND, kdf=CHEAP, allow_weak=True)),
    ),
    Verb("back up", lambda vault, _: vault.back_up(vault.folder.parent / "copies", progress=quiet)),
]


def content(vault: Vault) -> tuple[object, object]:
    records = {f"{talk.source} {talk.id}": [one.text for one in talk.messages] for talk in vault.scan()}
    kinds = ("artefact", "roster", "signing")
    return records, {(kind, name): vault.get(kind, name) for kind in kinds for name in vault.ids(kind)}


def opened(folder: Path) -> Vault:
    try:
        return Vault.open(folder, FIRST)
    except WrongPassphraseError:
        return Vault.open(folder, SECOND)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory, messages: Clear) -> Path:
    """A vault with a little of everything; each test gets copies."""
    folder = tmp_path_factory.mktemp("ready") / "vault"
    vault, _ = Vault.create(folder, FIRST, kdf=CHEAP, allow_weak=True)
    with vault:
        vault.keep(messages("a", range(300)) + messages("b", range(5)), source="whatsapp")
        vault.keep(messages("m", range(20)), source="gmail")
        vault.put("artefact", "v1", random.Random(1).randbytes(70_000), action="t", details={})
        vault.put("roster", "roster", Roster().dumps(), action="t", details={})
    return folder


class Nth:
    """Fails the n-th call, with EIO; counts them."""

    def __init__(self, n: int) -> None:
        self.left, self.count, self.hit = n, 0, ""

    def __call__(self, kind: str, path: str, size: int) -> int:
        self.count += 1
        self.left -= 1
        if self.left == 0:
            self.hit = f"{kind} {Path(path).name}"
            return errno.EIO
        return 0


class Room:
    """A disk with so many bytes left, to be taken by any file that grows."""

    def __init__(self, root: Path, room: int) -> None:
        self.root = root
        self.most = self.used() + room
        self.hit = 0

    def used(self) -> int:
        return sum(file.stat().st_size for file in self.root.rglob("*") if file.is_file())

    def usage(self, _: object) -> Any:
        return SimpleNamespace(free=max(0, self.most - self.used()))

    def __call__(self, kind: str, path: str, grows: int) -> int:
        if grows and self.used() + grows > self.most:
            self.hit += 1
            return errno.ENOSPC
        return 0


def attempt(verb: Verb, folder: Path, fault: Any, messages: Clear) -> IpseError | None:
    """Do it on a disk with a fault."""
    disk = Disk(folder.parent, fault)
    with pytest.MonkeyPatch.context() as patch, disk.watched():
        patch.setattr(rekeying, "BATCH_BYTES", 2000)
        vault = None
        try:
            vault = Vault.open(folder, FIRST)
            verb.run(vault, messages)
            vault.close()
        except IpseError as error:
            return error
        finally:
            if vault is not None:
                vault.close()
    return None


def calls(verb: Verb, folder: Path, messages: Clear) -> int:
    """How many calls it makes when none fails."""
    counting = Nth(-1)
    assert attempt(verb, folder, counting, messages) is None
    return counting.count


@pytest.mark.parametrize("verb", VERBS, ids=[verb.name for verb in VERBS])
def test_whichever_call_fails_all_or_nothing_of_it_happened(
    ready: Path, tmp_path: Path, messages: Clear, verb: Verb
) -> None:
    shutil.copytree(ready, tmp_path / "whole" / "vault")
    with opened(tmp_path / "whole" / "vault") as vault:
        before = content(vault)
    count = calls(verb, tmp_path / "whole" / "vault", messages)
    with opened(tmp_path / "whole" / "vault") as vault:
        after = content(vault)
    every = range(1, count + 1)
    for n in every if SOAK else random.Random(verb.name).sample(every, min(4, count)):
        folder = tmp_path / str(n) / "vault"
        shutil.copytree(ready, folder)
        fault = Nth(n)
        error = attempt(verb, folder, fault, messages)
        assert fault.hit, "the harness failed nothing"
        assert error is None or (error.hint and "\n" not in str(error)), error
        with opened(folder) as vault:
            found = content(vault)
            assert found in (before, after), fault.hit
            assert found == after or error is not None, fault.hit
            assert vault.verify_audit(), fault.hit
            vault.erase("gmail")
            assert "gmail" not in vault.counts()
            if vault.reencrypting:
                vault.reencrypt(quiet)
        shutil.rmtree(folder.parent)


def fill(folder: Path, messages: Clear) -> int:
    """Keep batches of 60 until the disk is full; returns how many were acknowledged."""
    done = 0
    with Vault.open(folder, FIRST) as vault:
        while True:
            try:
                vault.keep(messages(f"new-{done}", range(60), text="x" * 50), source="signal")
            except FullDiskError:
                return done
            done += 1


def erase_all_but_mail(folder: Path) -> int:
    """Forget, as the command line does; returns how many of the filling batches were there before."""
    with Workspace.open(load_settings({"vault": str(folder)}, environment={}), FIRST) as workspace:
        held = workspace.vault.counts().get("signal", {"records": 0})["records"]
        for source in ("whatsapp", *(["signal"] if held else [])):
            forget(workspace, plan_for(workspace, "source", source))
        assert set(workspace.vault.counts()) == {"gmail"}
        assert workspace.vault.verify_audit()
    return held // 60


@pytest.mark.parametrize("size", [n * 16_000 for n in range(rounds(3, 50))])
def test_a_full_disk_is_told_in_a_line_and_what_is_to_be_forgotten_can_be(
    ready: Path, tmp_path: Path, messages: Clear, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    folder = Path(shutil.copytree(ready, tmp_path / "vault"))
    room = Room(tmp_path, size)
    monkeypatch.setattr(shutil, "disk_usage", room.usage)
    with Disk(tmp_path, room).watched():
        acked = fill(folder, messages)
        assert room.hit
        assert erase_all_but_mail(folder) == acked
    monkeypatch.undo()
    with Vault.open(folder, FIRST) as vault:
        assert vault.keep(messages("new", range(60)), source="telegram").kept == 60  # there is room again
    assert (folder / reserve.RESERVE).exists()


def test_without_its_reserve_nothing_could_be_forgotten(
    ready: Path, tmp_path: Path, messages: Clear, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    folder = Path(shutil.copytree(ready, tmp_path / "vault"))
    (folder / reserve.RESERVE).unlink()
    room = Room(tmp_path, 0)
    monkeypatch.setattr(shutil, "disk_usage", room.usage)
    with Disk(tmp_path, room).watched(), pytest.raises(FullDiskError):
        erase_all_but_mail(folder)
