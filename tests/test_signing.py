"""A signature holds for its bytes, its key and its purpose, and for nothing else."""

import base64

import pytest

from ipse.signing import is_signed, public_key, signature

SEED, OTHER = bytes(range(32)), bytes(32)


def test_what_was_signed_is_signed_and_nothing_else() -> None:
    signed = signature(SEED, "backup", b"data")
    assert is_signed(public_key(SEED), "backup", b"data", signed)
    assert not is_signed(public_key(OTHER), "backup", b"data", signed)
    assert not is_signed(public_key(SEED), "export", b"data", signed)
    assert not is_signed(public_key(SEED), "backup", b"date", signed)
    assert signed == signature(SEED, "backup", b"data")


@pytest.mark.parametrize("broken", ["", "AAAA", "no base64 ä", "A" * 88])
def test_what_is_no_key_or_no_signature_signs_nothing(broken: str) -> None:
    assert not is_signed(broken, "backup", b"data", signature(SEED, "backup", b"data"))
    assert not is_signed(public_key(SEED), "backup", b"data", broken)


def test_bits_that_base64_passes_over_are_held_to() -> None:
    """64 bytes leave four bits of the last character free, 32 bytes two."""
    key, signed = public_key(SEED), signature(SEED, "backup", b"data")
    assert base64.b64decode(signed[:-3] + chr(ord(signed[-3]) + 1) + "==") == base64.b64decode(signed)
    assert not is_signed(key, "backup", b"data", signed[:-3] + chr(ord(signed[-3]) + 1) + "==")
    assert not is_signed(key[:-2] + chr(ord(key[-2]) + 1) + "=", "backup", b"data", signed)
