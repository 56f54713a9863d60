"""``vault.json``: a wrong passphrase, damage and an unknown version are three errors."""

import hashlib

import msgspec
import pytest

from ipse.errors import DamagedVaultError, UnknownVersionError, VaultError, WrongPassphraseError
from ipse.vault.crypto import KdfParameters
from ipse.vault.header import compose, parse, unlock

VAULT, MASTER = bytes(range(16)), bytes(range(32))
CHEAP = KdfParameters(memory_kib=64, iterations=1, lanes=1)


@pytest.fixture(scope="module")
def made() -> tuple[bytes, str]:
    return compose(VAULT, MASTER, "Grüße", CHEAP)


def forged(raw: bytes, change: dict[str, object]) -> bytes:
    """The header with fields changed by somebody who knows how the checksum is made, and has no key."""
    tree = {**msgspec.json.decode(raw), **change, "checksum": ""}
    body = msgspec.json.encode(tree, order="sorted") + b"\n"
    tree["checksum"] = hashlib.sha256(body).hexdigest()
    return msgspec.json.encode(tree, order="sorted") + b"\n"


def test_passphrase_and_recovery_key_open_it(made: tuple[bytes, str]) -> None:
    header = parse(made[0])
    assert header.vault == VAULT
    assert unlock(header, "Grüße") == unlock(header, made[1]) == MASTER


def test_a_passphrase_opens_however_its_accents_are_composed(made: tuple[bytes, str]) -> None:
    assert unlock(parse(made[0]), "Gru\u0308ße") == MASTER


@pytest.mark.parametrize(
    "spelling",
    [str.lower, lambda key: key.replace("-", ""), lambda key: f"  {key.replace('-', ' ')}\n"],
    ids=["lower case", "no groups", "spaces"],
)
def test_the_recovery_key_opens_in_any_spelling(made: tuple[bytes, str], spelling: object) -> None:
    assert callable(spelling)
    assert unlock(parse(made[0]), spelling(made[1])) == MASTER


def test_the_recovery_key_holds_256_bit_in_groups_of_four(made: tuple[bytes, str]) -> None:
    groups = made[1].split("-")
    assert [len(group) for group in groups] == [4] * 13
    assert compose(VAULT, MASTER, "x", CHEAP)[1] != made[1]


@pytest.mark.parametrize("secret", ["", "grüße", "Grüße ", "A" * 52, "9" * 52])
def test_anything_else_is_a_wrong_passphrase(made: tuple[bytes, str], secret: str) -> None:
    with pytest.raises(WrongPassphraseError):
        unlock(parse(made[0]), secret)


def test_a_blank_passphrase_makes_no_vault() -> None:
    with pytest.raises(VaultError, match="needs a passphrase"):
        compose(VAULT, MASTER, "  ", CHEAP)


def test_every_flipped_byte_is_damage_before_any_key_is_derived(made: tuple[bytes, str]) -> None:
    for at in range(len(made[0])):
        for bit in (0x01, 0x10, 0x80):
            raw = bytearray(made[0])
            raw[at] ^= bit
            with pytest.raises(DamagedVaultError):
                parse(bytes(raw))


@pytest.mark.parametrize("raw", [b"", b"\n", b"[]", b"{}", b"{", b"\xff", b" " * 70_000])
def test_what_is_no_header_is_damage(raw: bytes) -> None:
    with pytest.raises(DamagedVaultError):
        parse(raw)


def test_every_truncation_is_damage(made: tuple[bytes, str]) -> None:
    for length in range(len(made[0])):
        with pytest.raises(DamagedVaultError):
            parse(made[0][:length])


def test_a_newer_version_is_told_apart_whatever_else_it_holds(made: tuple[bytes, str]) -> None:
    with pytest.raises(UnknownVersionError, match="format 3; this ipse knows up to 2"):
        parse(forged(made[0], {"version": 3, "slots": "elsewhere", "new": True}))


@pytest.mark.parametrize(
    "change",
    [
        {"version": 0},
        {"version": "1"},
        {"format": "other"},
        {"extra": 1},
        {"slots": []},
        {"vault": "!"},
    ],
    ids=str,
)
def test_a_header_with_a_right_checksum_and_wrong_fields_is_refused(
    made: tuple[bytes, str], change: dict[str, object]
) -> None:
    with pytest.raises((DamagedVaultError, WrongPassphraseError)):
        unlock(parse(forged(made[0], change)), "Grüße")


@pytest.mark.parametrize(
    "cost",
    [
        {"memory_kib": 2**31, "iterations": 1, "lanes": 1},
        {"memory_kib": 64, "iterations": 10**6, "lanes": 1},
        {"memory_kib": 64, "iterations": 1, "lanes": 4096},
        {"memory_kib": 8, "iterations": 1, "lanes": 1},
    ],
    ids=str,
)
def test_a_header_cannot_make_this_machine_pay(made: tuple[bytes, str], cost: dict[str, int]) -> None:
    slots = msgspec.json.decode(made[0])["slots"]
    with pytest.raises(DamagedVaultError):
        parse(forged(made[0], {"slots": [{**slots[0], "kdf": cost}, slots[1]]}))


def test_a_slot_that_somebody_rewrote_is_refused_although_the_other_one_opens(
    made: tuple[bytes, str],
) -> None:
    other = msgspec.json.decode(compose(VAULT, MASTER, "another", CHEAP)[0])["slots"]
    slots = msgspec.json.decode(made[0])["slots"]
    planted = parse(forged(made[0], {"slots": [slots[0], other[1]]}))
    with pytest.raises(DamagedVaultError):
        unlock(planted, "Grüße")


@pytest.mark.parametrize("change", ["salt", "wrapped", "kdf"])
def test_a_changed_slot_does_not_open(made: tuple[bytes, str], change: str) -> None:
    slots = msgspec.json.decode(made[0])["slots"]
    other = msgspec.json.decode(compose(VAULT, MASTER, "Grüße", CHEAP)[0])["slots"]
    value = {"memory_kib": 64, "iterations": 2, "lanes": 1} if change == "kdf" else other[0][change]
    with pytest.raises(WrongPassphraseError):
        unlock(parse(forged(made[0], {"slots": [{**slots[0], change: value}, slots[1]]})), "Grüße")
