"""Moving the catalog between the folder and a server: wholly or not at all, whenever it is stopped."""

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ipse.errors import CancelledError, VaultError
from ipse.vault import Vault
from ipse.vault.backup.manifest import listing
from ipse.vault.backup.restoring import restore
from ipse.vault.location import LOCATION, Location
from ipse.vault.relocation import MARK

from ..postgres_server import Server
from .conftest import CHEAP, PASSPHRASE
from .fixture import FIXTURES
from .fixture import PASSPHRASE as OLD_PASSPHRASE
from .stores import SQLITE_ONLY, catalog_bytes, connected, seeds

Clear = Callable[..., list[Any]]


def quiet(done: float, total: float | None, figures: object) -> None:
    """No progress shown."""


@pytest.fixture
def filled(vault: Vault, messages: Clear, events: Clear) -> Vault:
    vault.keep(messages("a", range(700)) + messages("b", range(9)), source="whatsapp")
    vault.keep(events(range(20)), source="window")
    vault.put("model", "v1", bytes(70_000), action="test", details={}, state="champion")
    vault.put("note", "n1", b"small", action="test", details={})
    vault.journal.checkpoint()
    return vault


@pytest.fixture
def target(engine: str, server: Server) -> str:
    """Where to: the other kind."""
    return server.url if engine == "sqlite" else "sqlite"


def content(vault: Vault) -> object:
    talks = [(one.source, one.id, one.messages) for one in vault.scan()]
    return talks, list(vault.events()), vault.counts(), vault.get("model", "v1"), vault.states("model")


def schemas(server: Server, vault: Vault) -> int:
    found = connected(str(Location.new(server.url, bytes(16)))).execute(
        "SELECT count(*) FROM pg_namespace WHERE nspname LIKE %s", [f"ipse_{vault.id}_%"]
    )
    ((count,),) = found.fetchall()
    return int(count)


def beside(folder: Path) -> set[str]:
    """The files that say where the catalog is, or hold it."""
    return {path.name for path in folder.iterdir() if path.name.startswith("catalog")}


def test_everything_is_there_after_a_move_and_after_the_way_back(
    filled: Vault, folder: Path, target: str, server: Server, catalog_url: str
) -> None:
    before, rows = content(filled), filled.verify_audit()
    held = schemas(server, filled)
    steps: list[tuple[float, float | None]] = []
    moved = filled.move_catalog(target, lambda done, total, _: steps.append((done, total)))
    filled.close()
    assert moved.rows == steps[-1][0] == steps[-1][1]
    with Vault.open(folder, PASSPHRASE) as vault:
        assert (content(vault), vault.verify_audit()) == (before, rows + 1)
        assert list(vault.audit_rows())[-1].details == {
            "before": moved.before,
            "after": moved.after,
            "rows": moved.rows,
        }
        assert Vault.info(folder).catalog == moved.after
        assert vault.move_catalog(catalog_url or "sqlite", quiet).rows == moved.rows + 1
    with Vault.open(folder, PASSPHRASE) as vault:
        assert (content(vault), vault.verify_audit()) == (before, rows + 2)
        vault.erase("whatsapp")
        vault.journal.checkpoint()
        assert schemas(server, vault) == held
    assert beside(folder) == ({LOCATION} if catalog_url else {"catalog.db"})


def test_a_catalog_is_not_moved_to_where_it_is(filled: Vault, catalog_url: str) -> None:
    before = catalog_bytes(filled.folder)
    with pytest.raises(VaultError, match="is there already"):
        filled.move_catalog(catalog_url or "sqlite", quiet)
    assert catalog_bytes(filled.folder) == before


def test_a_move_that_is_stopped_has_changed_nothing(
    filled: Vault, folder: Path, target: str, server: Server
) -> None:
    def stop(done: float, total: float | None, figures: object) -> None:
        raise CancelledError("Stopped.")

    before, files, held = content(filled), beside(folder), schemas(server, filled)
    with pytest.raises(CancelledError):
        filled.move_catalog(target, stop)
    with Vault.open(folder, PASSPHRASE) as vault:
        assert content(vault) == before
        assert schemas(server, vault) == held
        assert vault.keep([], source="x").kept == 0
    assert beside(folder) <= files


def test_who_had_it_open_is_told_and_writes_nothing(
    filled: Vault, folder: Path, target: str, messages: Clear
) -> None:
    with Vault.open(folder, PASSPHRASE) as other:
        other.move_catalog(target, quiet)
    for use in (filled.counts, lambda: filled.keep(messages("z", [1]), source="whatsapp")):
        with pytest.raises(VaultError, match="has been moved"):
            use()


def test_a_server_that_is_gone_holds_up_nobody_and_is_asked_again(
    filled: Vault, folder: Path, server: Server, messages: Clear, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mark of a move from another server, cut short when that one was not there any more."""
    gone = Location.new(f"postgresql://postgres@/postgres?host={folder}", bytes.fromhex(filled.id))
    here = Location.read(folder)
    filled.close()
    (folder / MARK).write_bytes(gone.raw() + here.raw())
    for _ in range(2):
        with Vault.open(folder, PASSPHRASE) as vault:
            assert vault.read_all() == 729
        assert (folder / MARK).exists()
    with Vault.open(folder, PASSPHRASE) as vault:
        vault.move_catalog(server.url if here.stored is None else "sqlite", quiet)
        assert gone.raw() in (folder / MARK).read_bytes()
    with Vault.open(folder, PASSPHRASE) as vault:
        assert vault.read_all() == 729
    monkeypatch.setattr("ipse.vault.engines.postgresql.PostgreSQL.remove", lambda self: None)
    Vault.open(folder, PASSPHRASE).close()
    assert not (folder / MARK).exists()


def test_a_mark_that_was_cut_off_while_it_was_written_is_swept_away(filled: Vault, folder: Path) -> None:
    filled.close()
    unfinished = folder / f"{MARK}.new"
    unfinished.write_bytes(b"half a pl")
    Vault.open(folder, PASSPHRASE).close()
    assert not unfinished.exists()


@SQLITE_ONLY  # the place it waits for first is made up
def test_an_opening_that_waited_for_a_move_finds_the_new_place(
    filled: Vault, folder: Path, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The place changes between being read and being locked."""
    held = Location.read
    (folder / MARK).write_bytes(held(folder).raw())
    unfinished = folder / f"{LOCATION}.new"
    unfinished.write_bytes(b"{")
    said = [Location.new("postgresql://postgres@/postgres?host=/nowhere", bytes(16))]

    def late(at: Path) -> Location:
        return said.pop() if said else held(at)

    from ipse.vault import relocation

    monkeypatch.setattr("ipse.vault.engines.postgresql.PostgreSQL.locked", lambda self: filled.exclusive())
    monkeypatch.setattr(Location, "read", late)
    relocation.settle(folder)
    assert not (folder / MARK).exists()
    assert not unfinished.exists()


CHILD = """
import sys
from pathlib import Path
from ipse.vault import Vault

folder, passphrase, url = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
print("open", flush=True)
while True:
    with Vault.open(folder, passphrase) as vault:
        there = Vault.info(folder).catalog == "catalog.db"
        vault.move_catalog(url if there else "sqlite", lambda done, total, figures: None)
"""


@seeds(2, 200)
def test_killed_at_any_moment_of_a_move_all_is_there_and_nothing_else(
    filled: Vault, folder: Path, server: Server, catalog_url: str, seed: int
) -> None:
    before, others = content(filled), schemas(server, filled) - bool(catalog_url)
    filled.close()
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), PASSPHRASE, server.url], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        time.sleep(0.2 + random.Random(seed).random() * 1.5)
        process.send_signal(signal.SIGKILL)
    for _ in range(100):  # until the server has noticed that its client is gone
        with Vault.open(folder, PASSPHRASE) as vault:
            there = vault._parts.catalog._engine.name != "catalog.db"
            if schemas(server, vault) == others + there:
                break
        time.sleep(0.02)
    assert beside(folder) - {"catalog.db-wal", "catalog.db-shm"} == ({LOCATION} if there else {"catalog.db"})
    with Vault.open(folder, PASSPHRASE) as vault:
        assert content(vault) == before
        assert schemas(server, vault) == others + there
        assert vault.verify_audit() > 0


@pytest.mark.parametrize("name", sorted(path.name for path in FIXTURES.iterdir() if path.is_dir()))
def test_a_vault_of_every_older_version_can_be_moved(tmp_path: Path, server: Server, name: str) -> None:
    folder = Path(shutil.copytree(FIXTURES / name, tmp_path / name))
    with Vault.open(folder, OLD_PASSPHRASE) as vault:
        before = vault.read_all()
        vault.move_catalog(server.url, quiet)
    with Vault.open(folder, json.loads((FIXTURES / f"{name}.json").read_text())["recovery_key"]) as vault:
        assert vault.read_all() == before


def test_a_backup_comes_back_into_either_kind(
    filled: Vault, folder: Path, tmp_path: Path, target: str, recovery: str, catalog_url: str
) -> None:
    copies = tmp_path / "copies"
    filled.back_up(copies, progress=quiet)
    for number, where in enumerate((target, catalog_url)):
        new = tmp_path / f"new{number}"
        restore(copies, new, recovery, PASSPHRASE, catalog=where, kdf=CHEAP, progress=quiet)
        with Vault.open(new, PASSPHRASE) as vault:
            assert content(vault) == content(filled)
            assert vault.id == filled.id
            vault.keep([], source="x")
            assert vault.verify_audit() == filled.verify_audit() + 1
            vault.erase("whatsapp")
        assert content(filled)  # which lies on the same server, and is another catalog
    with Vault.open(folder, PASSPHRASE) as vault:
        vault.move_catalog(target, quiet)
    with Vault.open(folder, PASSPHRASE) as vault:
        made = vault.back_up(copies, progress=quiet)
        assert made.written < made.size / 2  # after the move it costs what changed
    assert len(listing(copies).whole) == 2


def test_a_restore_that_broke_off_leaves_no_schema_behind(
    filled: Vault, tmp_path: Path, server: Server, recovery: str
) -> None:
    copies, new, held = tmp_path / "copies", tmp_path / "new", schemas(server, filled)
    filled.back_up(copies, progress=quiet)

    def stop(done: float, total: float | None, figures: object) -> None:
        raise CancelledError("Stopped.")

    for _ in range(3):
        with pytest.raises(CancelledError):
            restore(copies, new, recovery, PASSPHRASE, catalog=server.url, kdf=CHEAP, progress=stop)
        assert schemas(server, filled) == held + 1
    restore(copies, new, recovery, PASSPHRASE, kdf=CHEAP, progress=quiet)
    assert schemas(server, filled) == held
    with Vault.open(new, PASSPHRASE) as vault:
        assert content(vault) == content(filled)
