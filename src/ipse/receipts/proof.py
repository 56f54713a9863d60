"""Proofs on JSON documents: W3C Data Integrity, cryptosuite ``eddsa-jcs-2022`` (Ed25519 over RFC 8785).

https://www.w3.org/TR/vc-di-eddsa/#eddsa-jcs-2022; anything that knows that suite can verify. Documents hold
strings, lists and objects here, no numbers, which is all of RFC 8785 that is needed. Keys are ``did:key``.
"""

import hashlib
import json
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

__all__ = ["proven_by", "secured"]

Node = dict[str, object]

SUITE = {"type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022"}
ED25519 = b"\xed\x01"  # multicodec ed25519-pub, before the 32 bytes of the key
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
LONGEST = 128  # characters of a key or signature; ours have 48 and 90


def secured(document: Node, seed: bytes, *, at: datetime) -> Node:
    """``document`` with a proof by the Ed25519 ``seed`` of 32 bytes."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public = _multibase(ED25519 + key.public_key().public_bytes_raw())
    proof: Node = {
        "@context": document["@context"],
        **SUITE,
        "created": at.isoformat(),
        "verificationMethod": f"did:key:{public}#{public}",
        "proofPurpose": "assertionMethod",
    }
    return document | {"proof": proof | {"proofValue": _multibase(key.sign(_hashed(document, proof)))}}


def proven_by(document: Node) -> bytes | None:
    """The public key (32 bytes) whose proof ``document`` carries; None where there is none that holds."""
    proof = document.get("proof")
    if (
        not isinstance(proof, dict)
        or not proof.items() >= {**SUITE, "proofPurpose": "assertionMethod"}.items()
    ):
        return None
    if proof.get("@context", document.get("@context")) != document.get("@context"):
        return None
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    bare = {name: value for name, value in document.items() if name != "proof"}
    key = _bytes(str(proof.get("verificationMethod")).rpartition("#")[2])
    signature = _bytes(str(proof.get("proofValue")))
    if not key.startswith(ED25519):
        return None
    try:
        public = Ed25519PublicKey.from_public_bytes(key.removeprefix(ED25519))
        public.verify(signature, _hashed(bare, options))
    except (InvalidSignature, ValueError):
        return None
    return public.public_bytes_raw()


def _hashed(document: Node, options: Node) -> bytes:
    return hashlib.sha256(_canonical(options)).digest() + hashlib.sha256(_canonical(document)).digest()


def _canonical(value: Node) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _multibase(data: bytes) -> str:
    """Base 58 (Bitcoin's alphabet) behind its letter; none of ours begins with a zero byte that counts."""
    number, written = int.from_bytes(data), ""
    while number:
        number, digit = divmod(number, 58)
        written = BASE58[digit] + written
    return "z" + BASE58[0] * (len(data) - len(data.lstrip(b"\0"))) + written


def _bytes(written: str) -> bytes:
    """What :func:`_multibase` wrote; nothing where it did not."""
    digits = written[1:]
    if not written.startswith("z") or len(digits) > LONGEST or not set(digits) <= set(BASE58):
        return b""
    number = 0
    for digit in digits:
        number = number * 58 + BASE58.index(digit)
    zeros = len(digits) - len(digits.lstrip(BASE58[0]))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8)
