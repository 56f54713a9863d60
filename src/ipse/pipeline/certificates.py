"""Certificates of erasure: what went, by kind and count, signed with the vault's key. No content."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from ipse.errors import VaultError
from ipse.pipeline.workspace import Workspace
from ipse.signing import is_signed, public_key, signature

__all__ = ["Certificate", "SignedCertificate", "certificates", "keep", "verify", "write"]

KIND = "certificate"
PURPOSE = "certificate of erasure"


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """What was erased. ``audit_hash`` is the MAC, in hex, of the row that the audit log has of it.

    ``counts`` is what went, by kind, keys among it; ``remnants`` is what a search found of it afterwards.
    ``datasets`` and ``models`` are ids of those that held any of it.
    """

    id: str
    vault: str
    what: str
    asked_at: datetime
    done_at: datetime
    counts: dict[str, int]
    datasets: tuple[str, ...]
    models: tuple[str, ...]
    remnants: int
    audit_row: int
    audit_hash: str
    format: str = "ipse-certificate-of-erasure"
    version: int = 1


class SignedCertificate(msgspec.Struct, frozen=True):
    """A certificate with its Ed25519 signature and the vault's public key, both base64."""

    certificate: Certificate
    signature: str
    public_key: str


def keep(workspace: Workspace, certificate: Certificate, details: Mapping[str, object]) -> SignedCertificate:
    """Note the erasure in the audit log, then sign the certificate with that row in it and keep it."""
    vault = workspace.vault
    with vault.exclusive():
        vault.note("forget.done", details)
        row, mac = vault.journal.head()
        full = msgspec.structs.replace(certificate, audit_row=row, audit_hash=mac)
        seed = vault.signing_key()
        signed = SignedCertificate(full, signature(seed, PURPOSE, _canonical(full)), public_key(seed))
        payload = msgspec.json.encode(signed)
        vault.put(KIND, full.id, payload, action="forget.certificate", details={"erasure": full.id})
    return signed


def certificates(workspace: Workspace) -> list[SignedCertificate]:
    """Every certificate, oldest first."""
    vault = workspace.vault
    return [msgspec.json.decode(vault.get(KIND, name), type=SignedCertificate) for name in vault.ids(KIND)]


def verify(signed: SignedCertificate) -> None:
    """Raise ``VaultError`` unless every byte of the certificate is what was signed."""
    if not is_signed(signed.public_key, PURPOSE, _canonical(signed.certificate), signed.signature):
        raise VaultError("The certificate is not what was signed.", hint="Write it again from the vault.")


def write(signed: SignedCertificate, file: Path) -> None:
    """Write it as JSON."""
    file.write_bytes(msgspec.json.format(msgspec.json.encode(signed)) + b"\n")


def _canonical(certificate: Certificate) -> bytes:
    return msgspec.json.encode(certificate, order="sorted")
