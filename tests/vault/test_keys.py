"""``keys.db``: keys are durable, bound to their place, and gone when they are shredded."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ipse.errors import DamagedVaultError, VaultError
from ipse.vault import keys as module
from ipse.vault.keys import KeyRing

VAULT, WRAPPING = bytes(16), bytes(range(32))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.db"


@pytest.fixture
def ring(file: Path) -> KeyRing:
    ring = KeyRing(file, VAULT, WRAPPING)
    ring.create()
    return ring


def test_keys_made_are_read_back_by_a_ring_opened_later(file: Path, ring: KeyRing) -> None:
    (source,) = ring.make(1)
    made = ring.make(1200, source)  # more than one statement takes
    again = KeyRing(file, VAULT, WRAPPING)
    assert again.one(source.id) == source
    assert again.get([key.id for key in made], source) == {key.id: key for key in made}
    assert len({key.secret for key in made}) == 1200


def test_only_the_owner_can_read_the_file_before_and_after_shredding(file: Path, ring: KeyRing) -> None:
    (key,) = ring.make(1)
    assert file.stat().st_mode & 0o777 == 0o600
    ring.shred([key.id])
    assert file.stat().st_mode & 0o777 == 0o600


def test_an_unknown_id_is_left_out_and_asked_for_alone_it_is_damage(ring: KeyRing) -> None:
    assert ring.get([bytes(16)]) == {}
    with pytest.raises(DamagedVaultError, match="key of the vault is missing"):
        ring.one(bytes(16))


def test_shredding_a_key_takes_those_it_wraps_and_no_other(ring: KeyRing) -> None:
    first, second = ring.make(2)
    below = ring.make(3, first)
    kept = ring.make(2, second)
    assert ring.shred([first.id]) == 4
    assert ring.get([first.id, second.id]) == {second.id: second}
    assert ring.get([key.id for key in below], first) == {}
    assert len(ring.get([key.id for key in kept], second)) == 2


def test_shredded_keys_are_in_no_file_of_the_folder(file: Path, ring: KeyRing) -> None:
    keys = ring.make(50)
    with closing(sqlite3.connect(file)) as db:
        wrapped = {row[0]: row[1] for row in db.execute("SELECT id, wrapped FROM keys")}
    gone, stays = keys[:25], keys[25:]
    ring.shred(key.id for key in gone)
    left = b"".join(path.read_bytes() for path in file.parent.iterdir())
    assert not any(key.id in left or wrapped[key.id] in left for key in gone)
    assert all(wrapped[key.id] in left for key in stays)  # the search finds what is there


def test_shredding_nothing_leaves_the_file_alone(file: Path, ring: KeyRing) -> None:
    ring.make(1)
    before = file.stat().st_ino
    assert ring.shred([bytes(16)]) == 0
    assert file.stat().st_ino == before


def test_what_a_killed_shredding_left_is_overwritten(file: Path, ring: KeyRing) -> None:
    (key,) = ring.make(1)
    file.with_name("keys.db.new").write_bytes(b"half a file")
    assert ring.shred([key.id]) == 1
    assert [path.name for path in file.parent.iterdir()] == ["keys.db"]


def test_a_ring_sees_the_file_that_another_process_put_in_place(file: Path, ring: KeyRing) -> None:
    first, second = ring.make(2)
    KeyRing(file, VAULT, WRAPPING).shred([first.id])
    assert ring.get([first.id, second.id]) == {second.id: second}


def test_a_key_under_another_parent_wrapping_key_or_vault_does_not_open(file: Path, ring: KeyRing) -> None:
    first, second = ring.make(2)
    (below,) = ring.make(1, first)
    with pytest.raises(DamagedVaultError):
        ring.get([below.id], second)
    for other in (KeyRing(file, VAULT, bytes(32)), KeyRing(file, bytes([1]) * 16, WRAPPING)):
        with pytest.raises(DamagedVaultError):
            other.one(first.id)


def test_every_changed_byte_of_a_key_record_is_refused(file: Path, ring: KeyRing) -> None:
    (key,) = ring.make(1)
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        ((wrapped,),) = db.execute("SELECT wrapped FROM keys").fetchall()
        for at in range(len(wrapped)):
            changed = bytearray(wrapped)
            changed[at] ^= 0x04
            db.execute("UPDATE keys SET wrapped = ?", [bytes(changed)])
            with pytest.raises(DamagedVaultError):
                ring.one(key.id)


def test_swapped_key_records_are_refused(file: Path, ring: KeyRing) -> None:
    first, second = ring.make(2)
    with closing(sqlite3.connect(file)) as db, db:
        rows = dict(db.execute("SELECT id, wrapped FROM keys").fetchall())
        db.execute("UPDATE keys SET wrapped = ? WHERE id = ?", [rows[second.id], first.id])
    with pytest.raises(DamagedVaultError):
        ring.one(first.id)


def test_a_missing_file_and_one_that_is_no_database_are_damage(file: Path, ring: KeyRing) -> None:
    ring.check()
    file.write_bytes(b"not a database, and long enough to be looked at" * 20)
    with pytest.raises(DamagedVaultError, match="database"):
        ring.check()
    file.unlink()
    with pytest.raises(DamagedVaultError, match="missing"):
        ring.check()


def test_a_file_in_use_is_no_damage(file: Path, ring: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.01)
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        with pytest.raises(VaultError, match="Another program") as caught:
            ring.check()
    assert not isinstance(caught.value, DamagedVaultError)


def test_a_key_under_another_parent_than_its_own_is_refused(file: Path, ring: KeyRing) -> None:
    """The parent decides what is destroyed together with what."""
    (home,) = ring.make(1)
    (key,) = ring.make(1, home)
    assert ring.get([key.id], home) == {key.id: key}
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("UPDATE keys SET parent = x'' WHERE id = ?", [key.id])
    with pytest.raises(DamagedVaultError, match="not where it was"):
        ring.get([key.id], home)
