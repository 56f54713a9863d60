"""What changes often lies sealed beside its document: under its key, gone with it, in no log."""

from pathlib import Path

import pytest

from ipse.errors import VaultError
from ipse.vault import Vault


@pytest.fixture
def held(vault: Vault) -> Vault:
    vault.put("job", "j1", b"kept", action="test", details={})
    return vault


def test_what_was_put_last_is_read_and_the_log_says_nothing(held: Vault, folder: Path) -> None:
    rows = len(list(held.audit_rows()))
    assert held.get_aside("job", "j1") is None
    for text in (b"first words", b"second words"):
        held.put_aside("job", "j1", text)
    assert held.get_aside("job", "j1") == b"second words"
    assert len(list(held.audit_rows())) == rows
    (file,) = (folder / "live").iterdir()
    assert b"words" not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0
    held.remove_aside("job", "j1")
    assert held.get_aside("job", "j1") is None


def test_it_goes_with_its_document(held: Vault, folder: Path) -> None:
    held.put_aside("job", "j1", b"words")
    held.remove("job", "j1", action="test", details={})
    assert list((folder / "live").iterdir()) == []
    with pytest.raises(VaultError, match="no job"):
        held.get_aside("job", "j1")
    with pytest.raises(VaultError, match="no job"):
        held.put_aside("job", "j1", b"")


def test_what_was_sealed_under_another_key_or_changed_is_nothing(held: Vault, folder: Path) -> None:
    held.put_aside("job", "j1", b"words")
    (file,) = (folder / "live").iterdir()
    raw = file.read_bytes()
    file.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    assert held.get_aside("job", "j1") is None
    file.write_bytes(raw)
    assert held.get_aside("job", "j1") == b"words"
    held.reencrypt(lambda _done, _total, _figures: None)
    assert held.get_aside("job", "j1") is None
