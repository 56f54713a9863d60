"""Somebody with the files and without the keys changes them: refused, never another plaintext."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ipse.errors import AuditError, DamagedVaultError, UnknownVersionError, VaultError, WrongPassphraseError
from ipse.vault import Vault

from .stores import SQLITE_ONLY

Clear = Callable[..., list[Any]]
PASSPHRASE = "correct horse"


@pytest.fixture
def filled(vault: Vault, messages: Clear) -> Vault:
    for first in (0, 300):
        vault.keep(
            messages("a", range(first, first + 300)) + messages("b", range(first, first + 20)),
            source="whatsapp",
        )
    vault.keep([one for number in range(60) for one in messages(f"m{number}", [1])], source="gmail")
    return vault


def content(vault: Vault) -> list[tuple[str, list[Any]]]:
    return [(conversation.id, conversation.messages) for conversation in vault.scan()]


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("segments", "conversation * 1000 + number"),
        ("conversations", "position"),
        ("sources", "position"),
    ],
)
def test_sampled_bytes_of_sealed_values_flipped_are_refused(
    filled: Vault, sql: Any, table: str, row: str
) -> None:
    pick = random.Random(7)
    rows = sql(f"SELECT {row}, sealed FROM {table} ORDER BY 1")
    for at_row, sealed in (rows[0], rows[len(rows) // 2], rows[-1]):
        ends = [*range(0, 14, 3), *range(len(sealed) - 17, len(sealed), 3)]
        for at in [*ends, *pick.sample(range(len(sealed)), 8)]:
            changed = bytearray(sealed)
            changed[at] ^= 1 << pick.randrange(8)
            sql(f"UPDATE {table} SET sealed = ? WHERE {row} = ?", bytes(changed), at_row)
            with pytest.raises(DamagedVaultError):
                content(filled)
        sql(f"UPDATE {table} SET sealed = ? WHERE {row} = ?", sealed, at_row)
    assert len(content(filled)) == 62


A, B, C = 1, 2, 3  # positions of the conversations
MOVES = {
    "a segment dropped": [f"DELETE FROM segments WHERE conversation = {A} AND number = 1"],
    "the last segment dropped": [f"DELETE FROM segments WHERE conversation = {A} AND number = 3"],
    "segments swapped": [
        f"UPDATE segments SET number = 99 WHERE conversation = {A} AND number = 0",
        f"UPDATE segments SET number = 0 WHERE conversation = {A} AND number = 1",
        f"UPDATE segments SET number = 1 WHERE conversation = {A} AND number = 99",
    ],
    "a segment repeated": [
        f"DELETE FROM segments WHERE conversation = {A} AND number = 1",
        f"INSERT INTO segments SELECT {A}, 1, sealed FROM segments WHERE conversation = {A} AND number = 0",
    ],
    "a segment of another conversation": [
        f"DELETE FROM segments WHERE conversation = {A} AND number = 0",
        f"INSERT INTO segments SELECT {A}, 0, sealed FROM segments WHERE conversation = {B} AND number = 0",
    ],
    "conversations swapped": [
        f"UPDATE conversations SET position = 99 WHERE position = {A}",
        f"UPDATE conversations SET position = {A} WHERE position = {B}",
        f"UPDATE conversations SET position = {B} WHERE position = 99",
    ],
    "a conversation dropped": [
        f"DELETE FROM segments WHERE conversation = {B}",
        f"DELETE FROM conversations WHERE position = {B}",
    ],
    "a conversation moved to another source": [f"UPDATE conversations SET source = 2 WHERE position = {A}"],
    "a conversation under another token": [
        f"UPDATE conversations SET token = zeroblob(16) WHERE position = {A}"
    ],
    "a conversation under another key": [
        "UPDATE conversations SET key_id = (SELECT max(key_id) FROM conversations) WHERE position < 3"
    ],
    "a conversation without its key": [
        f"UPDATE conversations SET key_id = zeroblob(16) WHERE position = {A}"
    ],
    "a source under another token": ["UPDATE sources SET token = zeroblob(16) WHERE position = 1"],
    "a source under another key": ["UPDATE sources SET key_id = zeroblob(16) WHERE position = 1"],
    "text for bytes": ["UPDATE segments SET sealed = 'text'"],
}


@pytest.mark.parametrize("moves", MOVES.values(), ids=MOVES.keys())
def test_moved_swapped_and_dropped_pieces_are_refused(filled: Vault, sql: Any, moves: list[str]) -> None:
    content(filled)
    for move in moves:
        sql(move)
    with pytest.raises(DamagedVaultError):
        content(filled)


def test_a_damaged_manifest_stops_keeping_too(filled: Vault, sql: Any, messages: Clear) -> None:
    sql("UPDATE conversations SET sealed = zeroblob(60) WHERE position = 1")
    with pytest.raises(DamagedVaultError):
        filled.keep(messages("a", [9999]), source="whatsapp")


@SQLITE_ONLY  # the bits of its file
@pytest.mark.parametrize("name", ["vault.json", "keys.db", "catalog.db"])
def test_flipped_bytes_of_a_file_are_refused_or_change_nothing(
    filled: Vault, folder: Path, tmp_path: Path, name: str
) -> None:
    """Free space in a database has no meaning; anywhere else a flip is an error, never other content."""
    expected, rows, ids = content(filled), filled.verify_audit(), filled.ids("signing")
    filled.close()
    original = (folder / name).read_bytes()
    pick = random.Random(11)
    refused = 0
    for trial in range(40):
        raw = bytearray(original)
        raw[pick.randrange(len(raw))] ^= 1 << pick.randrange(8)
        copy = tmp_path / f"{name}-{trial}"
        shutil.copytree(folder, copy)
        (copy / name).write_bytes(raw)
        try:
            with Vault.open(copy, PASSPHRASE) as vault:
                assert content(vault) == expected
                assert (vault.verify_audit(), vault.ids("signing")) == (rows, ids)
        except (AuditError, DamagedVaultError, UnknownVersionError):
            refused += 1
    assert refused >= (40 if name == "vault.json" else 8)


def test_no_error_of_a_damaged_vault_is_taken_for_a_wrong_passphrase() -> None:
    assert not issubclass(DamagedVaultError, WrongPassphraseError)
    assert not issubclass(WrongPassphraseError, DamagedVaultError)
    assert issubclass(DamagedVaultError, VaultError)
