"""The catalog: its migrations, its transactions, and who may write."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import ipse.vault
from ipse.errors import DamagedVaultError, UnknownVersionError, VaultError
from ipse.vault.catalog import METADATA, REVISION, Catalog, seen, shreds
from ipse.vault.engines import interface
from ipse.vault.location import Location

from .stores import POSTGRESQL_ONLY, SQLITE_ONLY


@pytest.fixture
def catalog(tmp_path: Path, catalog_url: str) -> Catalog:
    Location.new(catalog_url, bytes(16)).write(tmp_path)
    catalog = Catalog(tmp_path)
    catalog.create()
    return catalog


def test_the_migrations_make_the_tables_as_declared(catalog: Catalog) -> None:
    with catalog.read() as db:
        assert compare_metadata(MigrationContext.configure(db), METADATA) == []
    catalog.close()


def test_the_newest_migration_is_the_one_the_code_expects() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(ipse.vault.__file__).with_name("migrations")))
    assert ScriptDirectory.from_config(config).get_current_head() == REVISION


def test_importing_the_migrations_runs_nothing() -> None:
    from ipse.vault.migrations import env, versions

    assert callable(env.run)
    assert versions.__all__ == []


@SQLITE_ONLY  # its file
def test_a_catalog_up_to_date_is_left_alone(catalog: Catalog, tmp_path: Path) -> None:
    catalog.close()
    before = (tmp_path / "catalog.db").read_bytes()
    catalog.check()
    catalog.close()
    assert (tmp_path / "catalog.db").read_bytes() == before


def test_a_catalog_of_a_later_version_is_an_unknown_version(catalog: Catalog) -> None:
    with catalog.write() as db:
        db.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UnknownVersionError):
        catalog.check()


@pytest.mark.parametrize("sql", ["DELETE FROM alembic_version", "DROP TABLE alembic_version"])
def test_a_catalog_without_its_version_is_damaged(catalog: Catalog, sql: str) -> None:
    with catalog.write() as db:
        db.execute(sa.text(sql))
    with pytest.raises(DamagedVaultError):
        catalog.check()


def test_a_missing_catalog_is_damage_and_is_not_made_anew(tmp_path: Path) -> None:
    with pytest.raises(DamagedVaultError, match="missing"):
        Catalog(tmp_path).check()
    assert not (tmp_path / "catalog.db").exists()


@SQLITE_ONLY  # its file
def test_every_connection_is_durable_and_logs_ahead(catalog: Catalog) -> None:
    with catalog.read() as db:
        values = {
            name: db.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys")
        }
    assert values == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1}


@POSTGRESQL_ONLY
def test_every_connection_to_a_server_is_durable_and_sees_one_schema(catalog: Catalog) -> None:
    names = ("synchronous_commit", "transaction_isolation", "search_path", "application_name")
    with catalog.read() as db, catalog.write() as writing:
        for one in (db, writing):
            values = [one.exec_driver_sql(f"SHOW {name}").scalar() for name in names]
            assert values[:2] == ["on", "repeatable read"]
            assert str(values[2]).startswith(f"ipse_{bytes(16).hex()}_")
            assert values[3] == "ipse"


def test_a_transaction_that_fails_leaves_nothing(catalog: Catalog) -> None:
    with pytest.raises(DamagedVaultError), catalog.write() as db:  # noqa: PT012 - the first statement is to be undone
        db.execute(sa.insert(shreds).values(key_id=bytes(16)))
        db.execute(sa.insert(shreds).values(key_id=bytes(16)))
    with catalog.read() as db:
        assert db.execute(sa.select(shreds)).all() == []


def test_a_view_does_not_change_while_it_is_held(catalog: Catalog) -> None:
    with catalog.read() as view:
        assert view.execute(sa.select(shreds)).all() == []
        with catalog.write() as db:
            db.execute(sa.insert(shreds).values(key_id=bytes(16)))
        assert view.execute(sa.select(shreds)).all() == []
    with catalog.read() as view:
        assert len(view.execute(sa.select(shreds)).all()) == 1


def test_a_row_without_its_source_is_refused(catalog: Catalog) -> None:
    with pytest.raises(VaultError), catalog.write() as db:
        db.execute(sa.insert(seen).values(token=bytes(16), source=7))


@SQLITE_ONLY  # its file
def test_the_log_is_empty_after_truncating_and_gone_after_closing(catalog: Catalog, tmp_path: Path) -> None:
    with catalog.write() as db:
        db.execute(sa.insert(shreds).values(key_id=b"\x5a" * 16))
    log = tmp_path / "catalog.db-wal"
    assert b"\x5a" * 16 in log.read_bytes()
    catalog.scrub()
    assert log.stat().st_size == 0
    catalog.close()
    assert not log.exists()


HOLD = """
import sys
from pathlib import Path
from threading import Thread
from ipse.vault.catalog import Catalog
with Catalog(Path(sys.argv[1])).locked():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_writing_waits_for_the_other_process_and_reading_does_not(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == b"held\n"
        monkeypatch.setattr(interface, "LOCK_SECONDS", 0.05)
        hurried = Catalog(tmp_path)
        with pytest.raises(VaultError, match="Another ipse"), hurried.write():
            pass
        with hurried.read() as db:
            assert db.execute(sa.select(shreds)).all() == []
        other.stdin.close()
    with hurried.write() as db:
        db.execute(sa.insert(shreds).values(key_id=bytes(16)))
    hurried.close()
    catalog.close()


def test_another_thread_waits_too(catalog: Catalog, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(interface, "LOCK_SECONDS", 0.05)
    hurried, told = Catalog(tmp_path), list[str]()

    def write() -> None:
        try:
            with hurried.write():
                told.append("written")
        except VaultError as error:
            told.append(error.message)

    with hurried.locked(), hurried.locked():
        thread = Thread(target=write)
        thread.start()
        thread.join()
    write()
    assert told == ["Another ipse has been writing to this vault for 0 s.", "written"]
    hurried.close()
    catalog.close()


def test_a_catalog_moved_by_another_process_is_not_used_any_more(catalog: Catalog, tmp_path: Path) -> None:
    Location.new("postgresql://elsewhere/x", bytes(16)).write(tmp_path)
    with pytest.raises(VaultError, match="has been moved"), catalog.read():
        pass
    with pytest.raises(VaultError, match="has been moved"), catalog.write():
        pass
    catalog.close()


@SQLITE_ONLY  # its file
def test_a_full_disk_is_no_damage_and_keeps_what_was_acknowledged(catalog: Catalog, tmp_path: Path) -> None:
    with catalog.write() as db:
        db.execute(sa.insert(shreds).values(key_id=bytes(16)))
    with pytest.raises(VaultError, match="disk is full") as caught, catalog.write() as db:  # noqa: PT012 - as above
        # As many pages as there are and no more: what SQLite meets when the disk has no room.
        db.exec_driver_sql("PRAGMA max_page_count=1")
        db.execute(sa.insert(shreds), [{"key_id": number.to_bytes(16, "big")} for number in range(1, 9999)])
    assert not isinstance(caught.value, DamagedVaultError)
    catalog.close()
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as db:
        assert db.execute("SELECT count(*) FROM shreds").fetchone() == (1,)
