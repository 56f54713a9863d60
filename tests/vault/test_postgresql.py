"""A catalog on a PostgreSQL server, which goes away, refuses, is shared, keeps some of what was deleted."""

import random
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from ipse.errors import DamagedVaultError, UnknownVersionError, VaultError
from ipse.vault import Cut, Vault
from ipse.vault.catalog import shreds
from ipse.vault.location import LOCATION, Location

from ..postgres_server import Server, binaries, served
from ..soak import rounds
from .conftest import CHEAP, PASSPHRASE
from .stores import POSTGRESQL_ONLY, connected, run_sql
from .test_kill import child, fault, numbers

Clear = Callable[..., list[Any]]
PIECE = 24  # bytes of ciphertext that do not come about twice


@pytest.fixture(scope="module")
def durable() -> Iterator[Server]:
    """A server that writes to the disk as one in use does, and may be stopped. `ada` needs a password."""
    if binaries() is None:
        pytest.skip("there is no PostgreSQL here (apt: postgresql)")
    with served(durable=True) as started:
        with psycopg.connect(started.url, autocommit=True) as db:
            db.execute("CREATE ROLE ada LOGIN PASSWORD 'zanzibar'")
            db.execute("GRANT CREATE ON DATABASE postgres TO ada")
            db.execute("CREATE ROLE eve LOGIN")
        started.ask("ada")
        yield started


@pytest.fixture
def kept(durable: Server, folder: Path) -> Iterator[Vault]:
    vault, _ = Vault.create(folder, PASSPHRASE, catalog=durable.url, kdf=CHEAP, allow_weak=True)
    with vault:
        yield vault


def ada(server: Server, password: str = "") -> str:
    return server.url.replace("postgres@", f"ada{':' if password else ''}{password}@", 1)


@pytest.mark.parametrize("seed", range(rounds(2, 50)))
def test_what_was_acknowledged_before_the_server_crashed_is_there_once(
    durable: Server, folder: Path, seed: int
) -> None:
    vault, _ = Vault.create(folder, PASSPHRASE, catalog=durable.url, kdf=CHEAP, allow_weak=True)
    vault.close()
    pick, acknowledged = random.Random(seed), -1
    try:
        with child(folder, 0, 10_000) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"open\n"
            for _ in range(pick.randrange(1, 5)):
                acknowledged = int(process.stdout.readline())
            time.sleep(pick.random() * 0.03)
            durable.stop()
            rest = process.stdout.read().split(b"\n")[:-1]
            acknowledged = int(rest[-1]) if rest else acknowledged
        assert process.returncode == 1
    finally:
        durable.start()
    assert fault(numbers(folder), acknowledged) is None
    with child(folder, 0, acknowledged + 2) as again:
        assert again.wait(30) == 0
    assert fault(numbers(folder), acknowledged + 1) is None


@pytest.mark.parametrize("seed", range(rounds(1, 100)))
def test_what_was_acknowledged_before_the_client_was_killed_is_there_once(
    durable: Server, folder: Path, seed: int
) -> None:
    vault, _ = Vault.create(folder, PASSPHRASE, catalog=durable.url, kdf=CHEAP, allow_weak=True)
    vault.close()
    pick = random.Random(seed)
    with child(folder, 0, 10_000) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        acknowledged = [int(process.stdout.readline()) for _ in range(pick.randrange(1, 5))][-1]
        time.sleep(pick.random() * 0.03)
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split(b"\n")[:-1]
        acknowledged = int(rest[-1]) if rest else acknowledged
    assert fault(numbers(folder), acknowledged) is None


def test_a_server_that_went_away_costs_one_line_and_is_used_again(
    durable: Server, kept: Vault, messages: Clear
) -> None:
    kept.keep(messages("a", range(3)), source="whatsapp")
    catalog = kept._parts.catalog
    try:
        with pytest.raises(VaultError, match="was lost") as lost, catalog.write() as db:  # noqa: PT012 - it goes in the midst
            db.execute(sa.insert(shreds).values(key_id=bytes(16)))
            durable.stop()
            db.execute(sa.insert(shreds).values(key_id=bytes(15) + b"1"))
        for use in (kept.counts, lambda: kept.keep(messages("a", [9]), source="whatsapp"), kept.compact):
            with pytest.raises(VaultError, match="cannot be reached") as gone:
                use()
    finally:
        durable.start()
    for error in (lost.value, gone.value):
        assert "\n" not in str(error)
        assert not isinstance(error, DamagedVaultError)
    assert kept.keep(messages("a", range(5)), source="whatsapp")[:2] == (2, 3)
    assert kept.verify_audit() == 3
    with catalog.read() as db:
        assert db.execute(sa.select(shreds)).all() == []


def test_who_lost_the_lock_with_the_connection_does_not_write(
    durable: Server, kept: Vault, messages: Clear
) -> None:
    catalog = kept._parts.catalog
    with catalog.locked():
        durable.stop()
        durable.start()
        for _ in range(2):
            with pytest.raises(VaultError, match="was lost"):
                kept.keep(messages("a", [1]), source="whatsapp")
    assert kept.keep(messages("a", [1]), source="whatsapp").kept == 1
    with catalog.locked():
        durable.stop()
        durable.start()
    assert kept.keep(messages("a", [2]), source="whatsapp").kept == 1


def test_no_password_is_written_anywhere_or_told(
    durable: Server, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guess = "mom" + "basa"  # whole in no line of this test, which the traceback quotes
    with pytest.raises(VaultError, match="no password supplied"):
        Vault.create(folder, PASSPHRASE, catalog=ada(durable), kdf=CHEAP, allow_weak=True)
    with pytest.raises(VaultError, match='password authentication failed for user "ada"') as wrong:
        Vault.create(folder, PASSPHRASE, catalog=ada(durable, guess), kdf=CHEAP, allow_weak=True)
    assert not folder.exists()
    assert guess not in "".join(traceback.format_exception(wrong.value))
    vault, _ = Vault.create(folder, PASSPHRASE, catalog=ada(durable, "zanzibar"), kdf=CHEAP, allow_weak=True)
    with vault:
        vault.note("answer", {})
        assert "zanzibar" not in repr(vault._parts.catalog._engine.name)
    assert not [path for path in folder.rglob("*") if path.is_file() and b"zanzibar" in path.read_bytes()]
    with pytest.raises(VaultError, match="no password supplied"):
        Vault.open(folder, PASSPHRASE)
    with monkeypatch.context() as patched:
        patched.setenv("PGPASSWORD", "zanzibar")
        with Vault.open(folder, PASSPHRASE) as again:
            assert again.verify_audit() == 2
    (tmp_path / "pass").write_text("*:*:*:ada:zanzibar\n")
    (tmp_path / "pass").chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pass"))
    with Vault.open(folder, PASSPHRASE) as again:
        assert again.verify_audit() == 2


def test_a_server_that_cannot_take_a_catalog_says_why_and_nothing_is_left(
    durable: Server, folder: Path, tmp_path: Path
) -> None:
    for url, told in (
        (durable.url.replace("/postgres?", "/nothing?"), 'database "nothing" does not exist'),
        (durable.url.replace("postgres@", "eve@"), "eve may make no schema"),
        (f"postgresql://postgres@/postgres?host={tmp_path}", "cannot be reached"),
        ("postgresql://postgres@127.0.0.1:1/postgres", "cannot be reached"),
    ):
        with pytest.raises(VaultError, match=told) as caught:
            Vault.create(folder, PASSPHRASE, catalog=url, kdf=CHEAP, allow_weak=True)
        assert "\n" not in str(caught.value)
        assert not folder.exists()


@POSTGRESQL_ONLY
def test_a_newer_a_missing_and_a_plundered_catalog_are_three_errors(
    vault: Vault, folder: Path, sql: Any
) -> None:
    sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(UnknownVersionError):
        Vault.open(folder, PASSPHRASE)
    sql("UPDATE alembic_version SET version_num = '0002'")
    sql("DROP TABLE shreds")
    with pytest.raises(DamagedVaultError, match="catalog is damaged"):
        Vault.open(folder, PASSPHRASE)
    stored = Location.read(folder).stored
    assert stored is not None
    sql(f"DROP SCHEMA {stored.schema} CASCADE")
    with pytest.raises(DamagedVaultError, match=f"schema {stored.schema} of postgresql.* is missing"):
        Vault.open(folder, PASSPHRASE)


@POSTGRESQL_ONLY
def test_vaults_on_one_server_see_nothing_of_each_other(
    vault: Vault, catalog_url: str, tmp_path: Path, messages: Clear
) -> None:
    other, _ = Vault.create(tmp_path / "other", PASSPHRASE, catalog=catalog_url, kdf=CHEAP, allow_weak=True)
    with other:
        vault.keep(messages("a", range(3)), source="whatsapp")
        other.keep(messages("b", range(5)), source="whatsapp")
        with vault.exclusive():  # the lock of one keeps nobody out of the other
            assert other.erase("whatsapp") == 5
        assert vault.read_all() == 3
        assert other.read_all() == 0
    (tmp_path / "other" / LOCATION).write_bytes((vault.folder / LOCATION).read_bytes())
    with pytest.raises(DamagedVaultError, match="another vault"):
        Vault.open(tmp_path / "other", PASSPHRASE)


def tables(folder: Path, data: Path) -> bytes:
    """The files of the schema's tables and indexes on the server's disk; not its log."""
    stored = Location.read(folder).stored
    assert stored is not None
    db = connected(stored.url)
    db.execute("CHECKPOINT")
    mine = "SELECT pg_relation_filepath(c.oid) FROM pg_class c WHERE relfilenode <> 0 AND"
    schema = f"relnamespace = '{stored.schema}'::regnamespace"
    toast = f"oid IN (SELECT reltoastrelid FROM pg_class WHERE {schema})"
    found = db.execute(f"{mine} ({schema} OR {toast})".encode()).fetchall()
    return b"\0".join((data / str(name)).read_bytes() for (name,) in found)


def pieces(folder: Path) -> set[bytes]:
    found = [row[0] for row in run_sql(folder, "SELECT sealed FROM segments")]
    return {one[at : at + PIECE] for one in found for at in range(0, len(one) - PIECE, 1301)}


@POSTGRESQL_ONLY
def test_room_is_given_back_and_with_it_goes_the_ciphertext_from_the_tables(
    vault: Vault, folder: Path, server: Server, messages: Clear
) -> None:
    vault.keep(messages("a", range(900), text="x" * 3000), source="whatsapp")
    vault.keep(
        messages("b", range(99), text="x" * 3000), source="whatsapp"
    )  # behind: the end of a file is cut
    gone = pieces(folder)
    assert not vault.compact()
    before = tables(folder, server.data)
    assert sum(piece in before for piece in gone) > len(gone) * 0.9  # the search finds what is there
    vault.remove_records(Cut(source="whatsapp", conversations=frozenset({"a"})), action="forget.remove")
    gone -= pieces(folder)
    assert any(piece in tables(folder, server.data) for piece in gone)  # VACUUM frees room, it wipes nothing
    with vault._parts.catalog.read() as db:
        db.execute(sa.text("SELECT count(*) FROM segments"))
        assert not vault.compact()  # it would have to wait for the reader
    assert vault.compact()
    left = tables(folder, server.data)
    assert [piece for piece in gone if piece in left] == []
    assert len(left) < len(before) / 4
    assert not vault.compact()
    assert [talk.id for talk in vault.scan()] == ["b"]


@POSTGRESQL_ONLY
def test_while_somebody_reads_word_of_it_stays_and_the_next_opening_sees_to_it(
    vault: Vault, folder: Path, sql: Any, messages: Clear
) -> None:
    vault.keep(messages("a", range(40)), source="whatsapp")
    keys = len(vault._parts.keys.names())
    with vault._parts.catalog.read() as db:
        assert db.exec_driver_sql("SELECT count(*) FROM seen").scalar() == 40
        with Vault.open(folder, PASSPHRASE) as other:
            other.erase("whatsapp")
        assert sql("SELECT count(*) FROM shreds") == [(1,)]
        assert len(vault._parts.keys.names()) == keys - 2  # they are destroyed at once
    Vault.open(folder, PASSPHRASE).close()
    assert sql("SELECT count(*) FROM shreds") == [(0,)]


@POSTGRESQL_ONLY
def test_a_statement_that_fails_outside_of_a_transaction_leaves_the_connection_as_it_was(
    vault: Vault,
) -> None:
    engine: Any = vault._parts.catalog._engine
    with engine.locked(), pytest.raises(DamagedVaultError), engine._told():
        engine._outside("SELECT nothing FROM nowhere")
    with pytest.raises(ZeroDivisionError), vault._parts.catalog.write() as db:  # noqa: PT012 - to be undone
        db.execute(sa.insert(shreds).values(key_id=bytes(16)))
        raise ZeroDivisionError
    with vault._parts.catalog.read() as db:
        assert db.execute(sa.select(shreds)).all() == []


@POSTGRESQL_ONLY
def test_nothing_kept_is_readable_on_the_server(
    vault: Vault, folder: Path, sql: Any, messages: Clear
) -> None:
    vault.keep(messages("conversation-canary", range(30), text="text-canary"), source="source-canary")
    vault.put("kind-canary", "id-canary", b"payload-canary " * 9, action="x", details={"a": "b-canary"})
    names = [name for (name,) in sql("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")]
    assert len(names) == 9
    dump = b"".join(
        value if isinstance(value, bytes) else str(value).encode()
        for name in names
        for row in sql(f"SELECT * FROM {name}")
        for value in row
    )
    assert len(dump) > 1000
    assert b"canary" not in dump
    assert b"PERSON_1" not in dump
