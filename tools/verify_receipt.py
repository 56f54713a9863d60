"""Verify a consent receipt without ipse: `verify_receipt.py RECEIPT [--key KEY]`.

It shares no code with ipse and needs Python 3.11 and `cryptography` alone. RECEIPT is the JSON-LD that
`ipse consent receipt` wrote. Its proof is W3C Data Integrity, cryptosuite ``eddsa-jcs-2022``: with both in
canonical form (RFC 8785; there are no numbers in a receipt), Ed25519 over

    SHA-256(the proof without its proofValue) || SHA-256(the document without its proof)

The key stands behind the ``#`` of ``verificationMethod``, the signature in ``proofValue``; both are base 58
behind a ``z``, the key with ED 01 before its 32 bytes. Whose key that is only KEY tells, base64, as
`ipse consent show` prints it. Exit status 0: verified; 1: not; 2: it cannot be read.
"""

import argparse
import base64
import hashlib
import json
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
EXPECTED = {
    "type": "DataIntegrityProof",
    "cryptosuite": "eddsa-jcs-2022",
    "proofPurpose": "assertionMethod",
}


class NotVerifiedError(Exception):
    """The receipt is not what was signed; the message says why."""


def canonical(value: object) -> bytes:
    """RFC 8785, for what is made of strings."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def base58(written: object, length: int) -> bytes:
    """``length`` bytes behind a ``z``."""
    if not isinstance(written, str) or not 1 < len(written) < 130 or written[0] != "z":
        raise NotVerifiedError("a key or signature is not written in base 58")
    number = 0
    for digit in written[1:]:
        if digit not in ALPHABET:
            raise NotVerifiedError("a key or signature is not written in base 58")
        number = number * 58 + ALPHABET.index(digit)
    if number >= 256**length:
        raise NotVerifiedError("a key or signature has another length")
    return number.to_bytes(length)


def verified(document: dict[str, object]) -> bytes:
    """The key (32 bytes) whose signature the receipt bears; raises where it bears none that holds."""
    proof = document.pop("proof", None)
    if not isinstance(proof, dict) or any(proof.get(name) != value for name, value in EXPECTED.items()):
        raise NotVerifiedError("there is no proof in it")
    if proof.get("@context", document.get("@context")) != document.get("@context"):
        raise NotVerifiedError("the proof is of another context")
    signature = base58(proof.pop("proofValue", None), 64)
    key = base58(str(proof.get("verificationMethod")).rpartition("#")[2], 34)
    if key[:2] != b"\xed\x01":
        raise NotVerifiedError("the key is no Ed25519 key")
    data = hashlib.sha256(canonical(proof)).digest() + hashlib.sha256(canonical(document)).digest()
    try:
        Ed25519PublicKey.from_public_bytes(key[2:]).verify(signature, data)
    except InvalidSignature as error:
        raise NotVerifiedError("it is not what was signed") from error
    return key[2:]


def main() -> int:
    """Read the arguments, verify, print one line."""
    parser = argparse.ArgumentParser(description="Verify a consent receipt without ipse.")
    parser.add_argument("receipt", type=Path)
    parser.add_argument("--key", help="base64: whose it must be")
    given = parser.parse_args()
    try:
        document = json.loads(given.receipt.read_bytes())
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{given.receipt}: cannot be read: {error}\n")
        return 2
    if not isinstance(document, dict):
        sys.stderr.write(f"{given.receipt}: is no receipt\n")
        return 2
    try:
        key = base64.b64encode(verified(document)).decode()
        if given.key not in (None, key):
            raise NotVerifiedError(f"another key signed it: {key}")
    except NotVerifiedError as error:
        sys.stderr.write(f"NOT VERIFIED: {error}\n")
        return 1
    record = document.get("dpv:hasRecordOfActivity")
    consent = record.get("dct:identifier") if isinstance(record, dict) else "?"
    told = f"verified: receipt {document.get('dct:identifier')} of consent {consent}, signed by {key}"
    sys.stdout.write(told + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
