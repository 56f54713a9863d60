"""Receipts of consents: written for the owner or anybody they show them to, and verified anywhere."""

import base64
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from ipse.consent import verify
from ipse.errors import ConsentError
from ipse.pipeline.consents import consent_named
from ipse.pipeline.workspace import Workspace
from ipse.receipts import proven_by, receipt, secured, to_html, to_text

__all__ = ["ReceiptFormat", "Verified", "receipt_of", "verify_receipt"]

ReceiptFormat = Literal["jsonld", "html", "text"]


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """Whose key signed a receipt (base64), and of which consents it tells."""

    receipt: str
    public_key: str
    consents: tuple[str, ...]


def receipt_of(workspace: Workspace, name: str, form: ReceiptFormat) -> str:
    """A receipt of the consent whose id begins so; told in the audit log. Raises ``ConsentError``."""
    signed = consent_named(workspace, name)
    verify(signed)
    given, now = str(uuid.uuid4()), datetime.now(UTC).replace(microsecond=0)
    details = {"consent": signed.consent.id, "source": signed.consent.source, "receipt": given}
    workspace.vault.note("consent.receipt", details)
    if form == "html":
        return to_html(signed, name=given, at=now)
    if form == "text":
        return to_text(signed, name=given, at=now)
    document = secured(receipt(signed, at=now, name=given), workspace.vault.signing_key(), at=now)
    return msgspec.json.format(msgspec.json.encode(document)).decode() + "\n"


def verify_receipt(file: Path, *, key: str | None = None) -> Verified:
    """Who signed the receipt in ``file``, which needs no vault; raises ``ConsentError`` unless it verifies.

    With ``key`` (base64, as `ipse consent show` prints it) it must be that one.
    """
    refused = ConsentError(f"{file}: is not what was signed.", hint="Write the receipt again.")
    try:
        document = msgspec.json.decode(file.read_bytes(), type=dict[str, object])
    except (OSError, UnicodeDecodeError, msgspec.MsgspecError) as error:
        raise ConsentError(
            f"{file}: is no receipt.", hint="Name the JSON-LD file that `ipse consent receipt` wrote."
        ) from error
    public = proven_by(document)
    if public is None:
        raise refused
    held = base64.b64encode(public).decode()
    if key is not None and key != held:
        raise ConsentError(f"{file}: another key signed it: {held}.", hint="Ask where it comes from.")
    record = document.get("dpv:hasRecordOfActivity")
    records = record if isinstance(record, list) else [record]
    consents = tuple(str(one["dct:identifier"]) for one in records if isinstance(one, dict))
    return Verified(receipt=str(document.get("dct:identifier")), public_key=held, consents=consents)
