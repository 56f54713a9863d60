"""Deposits: whole or not at all, by their own key alone, and nothing of them in the clear."""

from pathlib import Path

import pytest

from ipse.errors import DamagedVaultError
from ipse.vault.deposits import CHUNK, Deposit, Deposits

VAULT = b"v" * 16
STEP = CHUNK + 28


@pytest.fixture
def deposits(tmp_path: Path) -> Deposits:
    return Deposits(tmp_path, VAULT)


def kept(deposit: Deposit, content: bytes, number: int = 0, *, piece: int = 300_000) -> Path:
    out = deposit.write(number)
    for at in range(0, len(content), piece):
        out.write(content[at : at + piece])
    out.close()
    assert out.size == len(content)
    return deposit.folder / f"{number}.seal"


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_what_was_written_is_read(deposits: Deposits, size: int) -> None:
    deposit = deposits.new("a")
    content = (b"a canary %d " % size * (size // 8 + 1))[:size]
    file = kept(deposit, content)
    assert b"".join(deposit.read(0)) == content
    assert file.stat().st_size == size + 28 * max(1, -(-size // CHUNK))
    assert b"canary" not in file.read_bytes()
    assert [one.stat().st_mode & 0o777 for one in (file.parent.parent, file.parent, file)] == [448, 448, 384]


def test_only_its_own_key_and_place_open_it(deposits: Deposits, tmp_path: Path) -> None:
    one = deposits.new("one")
    file = kept(one, b"words")
    other = deposits.new("other")
    assert other.key != one.key
    for stranger, number in (
        (deposits.of("one", other.key), 0),
        (Deposits(tmp_path, b"w" * 16).of("one", one.key), 0),
        (deposits.of("moved", one.key), 0),
        (one, 1),
    ):
        stranger.folder.mkdir(exist_ok=True)
        (stranger.folder / f"{number}.seal").write_bytes(file.read_bytes())
        with pytest.raises(DamagedVaultError):
            list(stranger.read(number))
    assert b"".join(deposits.of("one", one.key).read(0)) == b"words"


@pytest.mark.parametrize(
    "change",
    [
        lambda sealed: sealed[:STEP],  # cut off between chunks
        lambda sealed: sealed[:-1],
        lambda sealed: sealed[STEP:],
        lambda sealed: sealed[STEP : 2 * STEP] + sealed[:STEP] + sealed[2 * STEP :],
        lambda sealed: sealed[:100] + bytes([sealed[100] ^ 1]) + sealed[101:],
        lambda sealed: sealed + sealed[-100:],
        lambda _: b"",
    ],
)
def test_what_was_changed_is_not_read(deposits: Deposits, change: object) -> None:
    deposit = deposits.new("a")
    file = kept(deposit, b"x" * (2 * CHUNK + 500))
    file.write_bytes(change(file.read_bytes()))  # type: ignore[operator]
    with pytest.raises(DamagedVaultError):
        list(deposit.read(0))


def test_a_file_that_was_abandoned_has_no_end(deposits: Deposits) -> None:
    deposit = deposits.new("a")
    out = deposit.write(0)
    out.write(b"x" * (CHUNK + 1))
    out.abandon()
    with pytest.raises(DamagedVaultError):
        list(deposit.read(0))
    with pytest.raises(DamagedVaultError, match="not whole"):
        list(deposit.read(1))


def test_what_is_removed_is_gone(deposits: Deposits) -> None:
    assert deposits.names() == []
    for name in ("b", "a"):
        kept(deposits.new(name), b"words")
    assert deposits.names() == ["a", "b"]
    gone = deposits.of("a", b"")
    gone.remove()
    gone.remove()
    assert deposits.names() == ["b"]
