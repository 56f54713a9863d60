"""Signatures over bytes: Ed25519 (RFC 8032), each with the name of what it is for before what is signed.

So a signature of one kind never passes for another. Seeds come in as bytes; this module keeps none.
"""

import base64
import binascii

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

__all__ = ["is_signed", "public_key", "signature"]


def public_key(seed: bytes) -> str:
    """The public key of a seed of 32 bytes, base64."""
    raw = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return base64.b64encode(raw).decode()


def signature(seed: bytes, purpose: str, data: bytes) -> str:
    """Sign ``data`` for one purpose; base64."""
    return base64.b64encode(Ed25519PrivateKey.from_private_bytes(seed).sign(_bound(purpose, data))).decode()


def is_signed(public: str, purpose: str, data: bytes, signed: str) -> bool:
    """Whether ``signed`` is the signature of ``data`` for that purpose by ``public``; both base64.

    Each has one way to be written: bits that base64 would pass over must be zero.
    """
    try:
        key = Ed25519PublicKey.from_public_bytes(_bytes(public))
        key.verify(_bytes(signed), _bound(purpose, data))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _bytes(written: str) -> bytes:
    """What is written; ``ValueError`` where it is not the one way to write that."""
    held = base64.b64decode(written, validate=True)
    if base64.b64encode(held).decode() != written:
        raise ValueError(written)
    return held


def _bound(purpose: str, data: bytes) -> bytes:
    return f"ipse {purpose}\n".encode() + data
