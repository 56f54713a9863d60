"""The vault as a whole: made, opened, refused."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ipse.errors import (
    DamagedVaultError,
    UnknownVersionError,
    VaultError,
    VaultExistsError,
    VaultMissingError,
    WrongPassphraseError,
)
from ipse.vault import KdfParameters, Vault

from .stores import SQLITE_ONLY

Clear = Callable[..., list[Any]]
PASSPHRASE = "correct horse"
CHEAP = KdfParameters(memory_kib=64, iterations=1, lanes=1)


def test_a_vault_opens_with_its_passphrase_or_its_recovery_key(folder: Path, recovery: str) -> None:
    with Vault.open(folder, PASSPHRASE) as by_passphrase, Vault.open(folder, recovery.lower()) as by_recovery:
        assert by_passphrase.id == by_recovery.id == Vault.info(folder).id
        assert by_passphrase.folder == folder
        assert by_passphrase.signing_key() == by_recovery.signing_key()
        assert len(by_passphrase.signing_key()) == 32


def test_a_vault_is_made_with_the_strong_cost_unless_told_otherwise(folder: Path) -> None:
    with pytest.raises(VaultError, match="too weak"):
        Vault.create(folder, PASSPHRASE, kdf=CHEAP)
    assert not folder.exists()
    vault, _ = Vault.create(folder, PASSPHRASE)
    vault.close()
    assert Vault.info(folder).kdf == KdfParameters()
    with Vault.open(folder, PASSPHRASE) as opened:
        assert opened.verify_audit() == 1


def test_two_vaults_share_nothing(tmp_path: Path) -> None:
    made = [Vault.create(tmp_path / name, PASSPHRASE, kdf=CHEAP, allow_weak=True) for name in "ab"]
    (first, one), (second, other) = made
    assert first.id != second.id
    assert first.signing_key() != second.signing_key()
    assert one != other
    for vault in (first, second):
        vault.close()
    (tmp_path / "a" / "keys.db").replace(tmp_path / "b" / "keys.db")
    with Vault.open(tmp_path / "b", PASSPHRASE) as mixed, pytest.raises(DamagedVaultError):
        mixed.signing_key()


@SQLITE_ONLY  # its file and log are counted
def test_only_the_owner_can_read_the_files(folder: Path, vault: Vault, messages: Clear) -> None:
    vault.keep(messages("a", range(3)), source="whatsapp")
    vault.put("model", "v1", bytes(70_000), action="test", details={})
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / "objects").stat().st_mode & 0o077 == 0
    sealed = [path for path in folder.rglob("*") if path.is_file() and path.name != "vault.lock"]
    assert len(sealed) == 7  # header, keys, catalog, its log and shared memory, one object, the reserve
    assert [path.name for path in sealed if path.stat().st_mode & 0o077] == []


def test_a_second_vault_in_a_folder_is_refused_and_the_first_one_lives(folder: Path, recovery: str) -> None:
    with pytest.raises(VaultExistsError):
        Vault.create(folder, "another")
    Vault.open(folder, PASSPHRASE).close()


def test_what_is_left_of_a_vault_is_not_overwritten(folder: Path, recovery: str) -> None:
    (folder / "vault.json").unlink()
    with pytest.raises(VaultExistsError, match="what is left"):
        Vault.create(folder, PASSPHRASE)


def test_a_vault_can_be_made_in_a_folder_that_holds_other_files(folder: Path) -> None:
    folder.mkdir(mode=0o755)
    (folder / "notes.txt").write_text("mine")
    vault, _ = Vault.create(folder, PASSPHRASE, kdf=CHEAP, allow_weak=True)
    vault.close()
    assert (folder / "notes.txt").read_text() == "mine"
    assert folder.stat().st_mode & 0o777 == 0o755


def test_a_folder_without_a_vault_is_said_to_have_none(tmp_path: Path) -> None:
    for use in (lambda: Vault.open(tmp_path, PASSPHRASE), lambda: Vault.info(tmp_path)):
        with pytest.raises(VaultMissingError, match="ipse init"):
            use()


def test_wrong_passphrase_damage_and_unknown_version_are_three_errors(folder: Path, recovery: str) -> None:
    header = folder / "vault.json"
    raw = header.read_bytes()
    with pytest.raises(WrongPassphraseError):
        Vault.open(folder, PASSPHRASE.upper())
    header.write_bytes(raw[:-10])
    with pytest.raises(DamagedVaultError):
        Vault.open(folder, PASSPHRASE)
    header.write_bytes(_newer(raw))
    with pytest.raises(UnknownVersionError):
        Vault.open(folder, PASSPHRASE)


def _newer(raw: bytes) -> bytes:
    import hashlib

    import msgspec

    tree = {**msgspec.json.decode(raw), "version": 3, "checksum": ""}
    body = msgspec.json.encode(tree, order="sorted") + b"\n"
    return msgspec.json.encode({**tree, "checksum": hashlib.sha256(body).hexdigest()}, order="sorted") + b"\n"


@SQLITE_ONLY  # its file is overwritten; of a server see test_postgresql
@pytest.mark.parametrize("name", ["keys.db", "catalog.db"])
def test_a_missing_or_overwritten_database_is_damage(folder: Path, recovery: str, name: str) -> None:
    (folder / name).write_bytes(os.urandom(8192))
    with pytest.raises(DamagedVaultError):
        Vault.open(folder, PASSPHRASE)
    (folder / name).unlink()
    with pytest.raises(DamagedVaultError, match="missing"):
        Vault.open(folder, PASSPHRASE)


def test_nothing_kept_is_readable_in_any_file(vault: Vault, folder: Path, messages: Clear) -> None:
    vault.keep(messages("conversation-canary", range(30), text="text-canary"), source="source-canary")
    for size in (10, 100_000):
        vault.put(
            "kind-canary",
            f"id-canary-{size}",
            b"payload-canary " * size,
            action="x",
            details={"a": "b-canary"},
        )
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert sum(map(len, files.values())) > 100_000
    assert [path for path, raw in files.items() if b"canary" in raw or b"PERSON_1" in raw] == []


def test_a_folder_with_a_percent_sign_holds_a_vault(tmp_path: Path) -> None:
    vault, _ = Vault.create(tmp_path / "100%d", PASSPHRASE, kdf=CHEAP, allow_weak=True)
    with vault:
        assert vault.verify_audit() == 1
