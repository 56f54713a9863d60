"""Looking a vault over finds what is damaged, missing or left behind, and nothing in a whole one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ipse.errors import DamagedVaultError
from ipse.vault import Vault, custody
from ipse.vault.catalog import REVISION

from .stores import SQLITE_ONLY

Clear = Callable[..., list[Any]]
Sql = Callable[..., list[tuple[object, ...]]]
PASSPHRASE = "correct horse"


@pytest.fixture
def filled(vault: Vault, messages: Clear) -> Vault:
    vault.keep(messages("a", range(30)) + messages("b", range(9)), source="whatsapp")
    vault.put("model", "v1", bytes(70_000), action="test", details={})
    return vault


def test_a_whole_vault_is_whole_also_under_a_new_master_key_and_while_it_is_sealed_anew(
    filled: Vault, folder: Path
) -> None:
    def stop(done: float, total: float | None, figures: object) -> None:
        raise KeyboardInterrupt

    found = filled.inspect()
    assert (found.revision, found.faults) == (REVISION, ())
    assert found.keys > 4
    assert (found.orphans, found.missing, found.closed, found.doomed, found.objects) == (0, 0, 0, 0, 0)
    with pytest.raises(KeyboardInterrupt):
        filled.reencrypt(stop)
    assert filled.reencrypting
    found = filled.inspect()
    assert (found.missing, found.closed) == (0, 0)
    assert (found.orphans, filled.drop_orphans()) == (2, 2)  # of streams that have moved
    custody.rotate(folder, PASSPHRASE)
    with Vault.open(folder, PASSPHRASE) as vault:
        found = vault.inspect()
        assert (found.faults, found.orphans, found.missing, found.closed) == ((), 0, 0, 0)
        assert vault.read_all() == 39
        assert vault.reencrypt(lambda done, total, figures: None) > 2
        assert (vault.inspect().orphans, vault.read_all()) == (0, 39)


def test_keys_that_nothing_names_are_counted_and_destroyed(filled: Vault) -> None:
    before = filled.inspect().keys
    (parent,) = filled._parts.keys.make(1)
    filled._parts.keys.make(2, parent)
    assert (filled.inspect().orphans, filled.drop_orphans()) == (3, 3)
    found = filled.inspect()
    assert (found.keys, found.orphans, found.missing) == (before, 0, 0)
    assert filled.read_all() == 39


def test_keys_that_are_gone_or_do_not_open_are_counted(filled: Vault, sql: Sql) -> None:
    mine = "SELECT key_id FROM conversations WHERE position = 1"
    sql(f"DELETE FROM keys WHERE id = ({mine})".replace(mine, "?"), sql(mine)[0][0], file="keys.db")
    assert filled.inspect().missing == 1
    (source,) = sql("SELECT key_id FROM sources")[0]
    below = sql("SELECT count(*) FROM keys WHERE parent = ?", source, file="keys.db")[0][0]
    sql("UPDATE keys SET wrapped = zeroblob(60) WHERE id = ?", source, file="keys.db")
    assert filled.inspect().closed == 1 + int(str(below)) == 2
    sql("DELETE FROM keys WHERE id = ?", source, file="keys.db")
    found = filled.inspect()
    assert (found.missing, found.closed) == (2, 1)


def test_an_object_that_is_gone_is_counted(filled: Vault, folder: Path) -> None:
    next((folder / "objects").iterdir()).unlink()
    assert filled.inspect().objects == 1


def test_keys_still_to_be_destroyed_are_counted(filled: Vault, folder: Path) -> None:
    with filled._parts.catalog.read() as db:
        db.exec_driver_sql("SELECT count(*) FROM seen").scalar()
        with Vault.open(folder, PASSPHRASE) as other:
            other.erase("whatsapp")
    found = filled.inspect()
    assert (found.doomed, found.missing) == (1, 0)


def test_rows_that_belong_to_nothing_are_told(filled: Vault, sql: Sql) -> None:
    sql("DELETE FROM conversations WHERE position = 1")
    assert any("belong to nothing" in fault for fault in filled.inspect().faults)


@SQLITE_ONLY  # pages of its files; the files of a server are its keeper's to check
def test_a_damaged_index_is_told(filled: Vault, sql: Sql) -> None:
    sql("PRAGMA writable_schema = ON")
    for file, table, index in (
        ("catalog.db", "audit", "ix_audit_key_id"),
        ("keys.db", "keys", "sqlite_autoindex_keys_1"),
    ):
        (root,) = sql("SELECT rootpage FROM sqlite_master WHERE name = ?", index, file=file)[0]
        size = int(str(sql("PRAGMA page_size", file=file)[0][0]))
        sql("PRAGMA wal_checkpoint(TRUNCATE)", file=file)
        path = filled.folder / file
        raw = bytearray(path.read_bytes())
        page = slice((int(str(root)) - 1) * size, int(str(root)) * size)
        raw[page] = bytes([10, 0, 0, 0, 0]) + (size % 65536).to_bytes(2) + bytes(size - 7)  # an empty leaf
        path.write_bytes(raw)
        with Vault.open(filled.folder, PASSPHRASE) as again:
            assert any(fault.startswith(file) for fault in again.inspect().faults), table


def test_a_file_that_cannot_be_read_is_an_error(filled: Vault, folder: Path) -> None:
    (folder / "keys.db").write_bytes(b"nothing of the kind" * 300)
    with pytest.raises(DamagedVaultError):
        filled.inspect()
