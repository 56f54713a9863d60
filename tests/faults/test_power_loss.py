"""The power goes at any moment of a vault's life: what was acknowledged is there, and nothing is damaged."""

import random
import shutil
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ipse.errors import IpseError, VaultMissingError, WrongPassphraseError
from ipse.vault import Cut, KdfParameters, Vault, custody, rekeying
from ipse.vault.engines import sqlite

from ..soak import rounds
from .disk import Disk
from .replay import crash, points

CHEAP = KdfParameters(memory_kib=64, iterations=1, lanes=1)
FIRST, SECOND = "correct horse", "battery staple"
Clear = Callable[..., list[Any]]


class Held(NamedTuple):
    """What a vault holds: records by conversation, documents, and how many audit rows."""

    records: dict[str, list[str]]
    documents: dict[tuple[str, str], bytes]
    rows: int


def held(vault: Vault) -> Held:
    records = {f"{talk.source} {talk.id}": [one.id for one in talk.messages] for talk in vault.scan()}
    records["events"] = [event.key for event in vault.events()]
    kinds = ("model", "roster", "signing")
    documents = {(kind, name): vault.get(kind, name) for kind in kinds for name in vault.ids(kind)}
    return Held(records, documents, vault.verify_audit())


def live(folder: Path, disk: Disk, messages: Clear, events: Clear) -> None:
    """A vault's life in steps, each acknowledged with what the vault then holds."""
    pick = random.Random(3)
    vault, _ = Vault.create(folder, FIRST, kdf=CHEAP, allow_weak=True)
    secret = FIRST
    steps: list[Callable[[], object]] = [
        lambda: vault.keep(messages("a", range(40)), source="whatsapp"),
        lambda: vault.keep(messages("a", range(40, 300)) + messages("b", range(5)), source="whatsapp"),
        lambda: vault.keep(events(range(30)), source="window"),
        lambda: vault.put("model", "v1", pick.randbytes(70_000), action="t", details={}),
        lambda: vault.put("roster", "roster", pick.randbytes(900), action="t", details={}),
        lambda: vault.keep(messages("m", range(20)), source="gmail"),
        lambda: vault.put("model", "v1", pick.randbytes(80_000), action="t", details={}),
        lambda: vault.remove_records(Cut(source="whatsapp", people=frozenset({"PERSON_1"})), action="t"),
        lambda: vault.journal.checkpoint(),  # noqa: PLW0108 - the vault is another by then
        lambda: vault.erase("gmail"),
        lambda: vault.keep(messages("m", range(9)), source="gmail"),
        lambda: vault.remove("model", "v1", action="t", details={}),
        lambda: vault.reencrypt(lambda _done, _total, _figures: None),
        lambda: vault.compact(),  # noqa: PLW0108
    ]
    disk.ack((held(vault), secret))
    for number, step in enumerate(steps):
        step()
        disk.ack((held(vault), secret))
        if number % 4 == 3:  # closing writes the log back, and the next opening begins a new one
            vault.close()
            vault = Vault.open(folder, secret)
    vault.close()
    custody.rotate(folder, FIRST)
    custody.change_passphrase(folder, FIRST, SECOND, kdf=CHEAP, allow_weak=True)
    with Vault.open(folder, SECOND) as vault:
        disk.ack((held(vault), SECOND))


def verdict(folder: Path, acked: list[Any], following: Any) -> str:
    """What is found in a vault after a power loss: ``whole``, ``lost`` or ``damaged``.

    ``following`` is what would have been acknowledged next: of that all may be there.
    """
    secrets = [FIRST, SECOND]
    for secret in secrets:
        try:
            with Vault.open(folder, secret) as vault:
                found = held(vault)
            break
        except WrongPassphraseError:
            continue
        except VaultMissingError:
            return "lost" if acked else "whole"
        except IpseError:
            return "damaged"
    else:
        return "damaged"
    for name in ("catalog.db", "keys.db"):
        with closing(sqlite3.connect(folder / name)) as db:
            if db.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                return "damaged"
    if not acked:
        return "whole"
    (last, opens), now = acked[-1], found[:2]
    if opens == SECOND and secret != SECOND:
        return "lost"
    known = [last[:2], *([following[0][:2]] if following else [])]
    return "whole" if now in known and found.rows >= last.rows else "lost"


def record(root: Path, messages: Clear, events: Clear, synchronous: str = "") -> Disk:
    """Everything that such a life does to the disk; ``synchronous`` is SQLite's, where it is not ours."""
    disk = Disk(root)
    real = sqlite._prepare

    def loose(connection: Any, other: object) -> None:
        real(connection, other)
        connection.execute(f"PRAGMA synchronous={synchronous}")

    with pytest.MonkeyPatch.context() as patch, disk.watched():
        patch.setattr(rekeying, "BATCH_BYTES", 2000)
        if synchronous:
            patch.setattr(sqlite, "_prepare", loose)
        live(root / "vault", disk, messages, events)
    return disk


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory, messages: Clear, events: Clear) -> Disk:
    return record(tmp_path_factory.mktemp("life"), messages, events)


def run(disk: Disk, into: Path, count: int) -> Counter[str]:
    """The verdicts after so many power losses."""
    pick, found = random.Random(17), Counter[str]()
    for number, at in enumerate(points(disk.ops, count, pick)):
        folder = into / str(number)
        acked = crash(disk.ops, at, disk.root, folder, pick)
        following = next((op.value for op in disk.ops[at:] if op.kind == "ack"), None)
        found[verdict(folder / "vault", acked, following)] += 1
        shutil.rmtree(folder)
    return found


def test_no_power_loss_damages_or_loses_anything(life: Disk, tmp_path: Path) -> None:
    count = rounds(25, 1000)
    assert run(life, tmp_path, count) == {"whole": count}


@pytest.mark.parametrize("synchronous", ["OFF", "NORMAL"][: rounds(1, 2)])
def test_the_harness_finds_what_is_lost_where_sqlite_does_not_sync(
    tmp_path: Path, messages: Clear, events: Clear, synchronous: str
) -> None:
    """The control."""
    disk = record(tmp_path / "life", messages, events, synchronous)
    found = run(disk, tmp_path / "after", rounds(10, 1000))
    sys.stderr.write(f"{synchronous}: {dict(found)}\n")
    assert found["lost"] + found["damaged"] > 0


def test_the_harness_finds_what_is_lost_where_our_own_files_are_not_synced(
    life: Disk, tmp_path: Path
) -> None:
    """The other control: the header, objects, the key file and their renames."""
    careless = Disk(tmp_path)
    careless.root = life.root
    theirs = ("-wal", "-journal", "catalog.db", "keys.db")
    careless.ops = [op for op in life.ops if not op.kind.startswith("sync") or op.path.endswith(theirs)]
    found = run(careless, tmp_path, rounds(10, 1000))
    sys.stderr.write(f"own files not synced: {dict(found)}\n")
    assert found["lost"] + found["damaged"] > 0
