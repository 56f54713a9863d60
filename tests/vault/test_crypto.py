"""The cipher: sealed bytes open only unchanged, with their key, in their place."""

import pytest

from ipse.errors import DamagedVaultError, VaultError
from ipse.vault.crypto import (
    OVERHEAD,
    KdfParameters,
    derive,
    place,
    seal,
    sealer,
    stretch,
    token,
    tokens,
    unseal,
)

KEY = bytes(range(32))
CHEAP = KdfParameters(memory_kib=64, iterations=1, lanes=1)


def test_what_was_sealed_opens_and_grows_by_nonce_and_tag() -> None:
    sealed = seal(KEY, b"plain", b"here")
    assert unseal(KEY, sealed, b"here") == b"plain"
    assert len(sealed) == len(b"plain") + OVERHEAD


def test_sealing_the_same_twice_gives_different_bytes() -> None:
    run = sealer(KEY)
    assert seal(KEY, b"plain", b"here") != run(b"plain", b"here") != run(b"plain", b"here")
    assert unseal(KEY, run(b"plain", b"here"), b"here") == b"plain"


@pytest.mark.parametrize("at", range(33))
def test_every_changed_byte_is_refused(at: int) -> None:
    sealed = bytearray(seal(KEY, b"plain", b"here"))
    sealed[at] ^= 0x80
    with pytest.raises(DamagedVaultError):
        unseal(KEY, bytes(sealed), b"here")


@pytest.mark.parametrize("length", [0, 11, 12, 27, 32])
def test_a_cut_is_refused(length: int) -> None:
    with pytest.raises(DamagedVaultError):
        unseal(KEY, seal(KEY, b"plain", b"here")[:length], b"here")


def test_another_place_or_key_is_refused() -> None:
    sealed = seal(KEY, b"plain", b"here")
    for key, where in ((KEY, b"there"), (bytes(32), b"here")):
        with pytest.raises(DamagedVaultError):
            unseal(key, sealed, where)


def test_a_place_is_not_mistaken_for_another_with_the_same_letters() -> None:
    places = [
        place("a", "bc"),
        place("ab", "c"),
        place("abc"),
        place(b"a", "bc"),
        place("a", "bc", 0),
        place(1),
    ]
    assert len(set(places)) == len(places)


def test_tokens_of_many_names_are_those_of_each() -> None:
    assert tokens(KEY, ("record", "gmail"), ["a", "b"]) == [
        token(KEY, "record", "gmail", "a"),
        token(KEY, "record", "gmail", "b"),
    ]
    assert token(KEY, "a") != token(bytes(32), "a")


def test_derived_keys_differ_by_purpose_and_salt() -> None:
    keys = {
        derive(KEY, "wrap"),
        derive(KEY, "tokens"),
        derive(KEY, "wrap", b"salt"),
        derive(bytes(32), "wrap"),
    }
    assert len(keys) == 4


def test_argon2id_gives_the_answer_of_its_reference_and_depends_on_each_input() -> None:
    from argon2.low_level import Type, hash_secret_raw

    key = stretch("pä", b"salt" * 4, CHEAP)
    assert key == hash_secret_raw("pä".encode(), b"salt" * 4, 1, 64, 1, 32, Type.ID)
    dearer = KdfParameters(memory_kib=64, iterations=2, lanes=1)
    assert len({key, stretch("pa", b"salt" * 4, CHEAP), stretch("pä", b"salt" * 4, dearer)}) == 3


def test_the_default_cost_is_64_mib_3_passes_4_lanes_and_less_is_weak() -> None:
    default = KdfParameters()
    assert (default.memory_kib, default.iterations, default.lanes) == (65536, 3, 4)
    default.require_strong()
    for weak in (CHEAP, KdfParameters(memory_kib=65535), KdfParameters(iterations=2)):
        with pytest.raises(VaultError, match="too weak"):
            weak.require_strong()
