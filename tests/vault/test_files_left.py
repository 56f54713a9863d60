"""What is erased is in no file, not even a piece of it; all files are the owner's alone and in the folder."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ipse.vault import Vault, custody

from .stores import SQLITE_ONLY

Clear = Callable[..., list[Any]]
PASSPHRASE = "correct horse"
PIECE = 24  # bytes of ciphertext that do not come about twice


@pytest.fixture
def filled(vault: Vault, messages: Clear) -> Vault:
    for n in range(30):
        vault.keep(messages(f"c{n}", range(40), text="x" * 300), source="whatsapp")
    vault.keep(messages("m", range(40)), source="gmail")
    vault.put("model", "v1", bytes(70_000), action="test", details={})
    vault.put("note", "n1", bytes(5_000), action="test", details={})
    return vault


def sealed(folder: Path, source: int) -> list[bytes]:
    """What is sealed of a source, the largest of which span pages."""
    with closing(sqlite3.connect(folder / "catalog.db")) as db:
        mine = "SELECT position FROM conversations WHERE source = ?"
        rows = db.execute(f"SELECT sealed FROM segments WHERE conversation IN ({mine})", [source]).fetchall()
        rows += db.execute("SELECT sealed FROM conversations WHERE source = ?", [source]).fetchall()
        rows += db.execute("SELECT sealed FROM sources WHERE position = ?", [source]).fetchall()
    return [row[0] for row in rows]


def pieces(values: list[bytes]) -> list[bytes]:
    """Beginnings, ends, and pieces of the midst: pages cut long values."""
    found = []
    for value in values:
        found += [value[at : at + PIECE] for at in range(0, len(value) - PIECE, 997)] + [value[-PIECE:]]
    return found


def found(folder: Path, wanted: list[bytes]) -> int:
    raw = b"\0".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    return sum(piece in raw for piece in wanted)


@SQLITE_ONLY  # SQLite wipes what it deletes; of a server see test_postgresql
def test_erased_ciphertext_is_in_no_file_not_even_a_piece_of_it(filled: Vault, folder: Path) -> None:
    gone, kept = pieces(sealed(folder, 1)), pieces(sealed(folder, 2))
    assert len(gone) > 300
    assert found(folder, gone) > len(gone) * 0.9  # the search finds what is there; pages cut a few pieces
    filled.erase("whatsapp")
    assert found(folder, gone) == 0
    assert found(folder, kept) > len(kept) * 0.9


@SQLITE_ONLY  # its log; of a server see test_postgresql
def test_while_somebody_reads_word_of_it_stays_and_the_next_opening_sees_to_it(
    filled: Vault, folder: Path
) -> None:
    gone = pieces(sealed(folder, 1))
    with filled._parts.catalog.read() as db:
        assert db.exec_driver_sql("SELECT count(*) FROM seen").scalar() == 1240
        with Vault.open(folder, PASSPHRASE) as other:
            other.erase("whatsapp")
            with other._parts.catalog.read() as also:
                assert also.exec_driver_sql("SELECT count(*) FROM shreds").scalar() == 1
            assert found(folder, gone) > 0  # in the log that the reader holds; its keys are destroyed
            assert len(other._parts.keys.names()) == 6
    Vault.open(folder, PASSPHRASE).close()
    assert found(folder, gone) == 0
    with filled._parts.catalog.read() as db:
        assert db.exec_driver_sql("SELECT count(*) FROM shreds").scalar() == 0


@SQLITE_ONLY  # SQLite wipes what it deletes; of a server see test_postgresql
def test_a_document_removed_is_in_no_file(filled: Vault, folder: Path) -> None:
    with closing(sqlite3.connect(folder / "catalog.db")) as db:
        gone = pieces([row[0] for row in db.execute("SELECT sealed FROM documents WHERE sealed IS NOT NULL")])
    gone += pieces([path.read_bytes() for path in (folder / "objects").iterdir()])
    assert found(folder, gone) > 60
    for kind, name in (("model", "v1"), ("note", "n1")):
        filled.remove(kind, name, action="test", details={})
    assert found(folder, gone) <= 2  # the signing key stays


@SQLITE_ONLY  # its file and log are among them
def test_every_file_and_folder_is_the_owners_alone_whatever_the_umask(
    filled: Vault, folder: Path, messages: Clear
) -> None:
    before = os.umask(0)
    try:
        filled.keep(messages("n", [1]), source="signal")
        filled.erase("signal")
        filled.reencrypt(lambda done, total, figures: None)
        custody.rotate(folder, PASSPHRASE)
        custody.new_recovery(folder, PASSPHRASE)
        with Vault.open(folder, PASSPHRASE) as vault:
            vault.put("model", "v2", bytes(70_000), action="test", details={})
            modes = {
                path.name: path.stat().st_mode & 0o777
                for path in folder.rglob("*")
                if path.name != "vault.lock"
            }
    finally:
        os.umask(before)
    assert {mode for name, mode in modes.items() if name != "objects"} == {0o600}
    assert (modes["objects"], folder.stat().st_mode & 0o777) == (0o700, 0o700)
    assert {"vault.json", "keys.db", "catalog.db", "catalog.db-wal", "catalog.db-shm"} < set(modes)


def test_a_new_lock_file_is_the_owners_alone(tmp_path: Path) -> None:
    from ipse.vault.catalog import Catalog

    before = os.umask(0)
    try:
        catalog = Catalog(tmp_path)
        with catalog.locked():
            assert (tmp_path / "vault.lock").stat().st_mode & 0o777 == 0o600
    finally:
        os.umask(before)


@SQLITE_ONLY  # its own settings
def test_sqlite_keeps_what_is_temporary_in_memory(filled: Vault) -> None:
    with filled._parts.catalog.read() as db:
        assert db.exec_driver_sql("PRAGMA temp_store").scalar() == 2
        assert db.exec_driver_sql("PRAGMA secure_delete").scalar() == 1
    with filled._parts.keys._open() as ring:
        assert ring.execute("PRAGMA temp_store").fetchone() == (2,)
        assert ring.execute("PRAGMA secure_delete").fetchone() == (1,)


def test_nothing_is_written_outside_the_folder(
    filled: Vault, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The places where SQLite and Python put temporary files are there, and stay empty."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o500)
    for name in ("TMPDIR", "SQLITE_TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(name, str(elsewhere))
    stamp = elsewhere.stat().st_mtime_ns
    filled.erase("whatsapp")
    filled.reencrypt(lambda done, total, figures: None)
    filled.compact()
    assert (list(elsewhere.iterdir()), elsewhere.stat().st_mtime_ns) == ([], stamp)
    assert {path.name for path in tmp_path.iterdir()} <= {"elsewhere", "vault", "home"}
