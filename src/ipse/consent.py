"""What the owner allowed: signed consent records and the one function that decides by them.

A record has the fields of ISO/IEC TS 27560:2023 (header, processing, party, event) under names of this
project; :data:`TS_27560` maps them. It is signed with Ed25519 (RFC 8032) over its canonical JSON: sorted
keys, no spaces, UTF-8. This module does not know where records are kept, nor who asks.
"""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Literal, final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ipse.errors import ConsentError

__all__ = [
    "NOTICE",
    "NOTICE_VERSION",
    "TS_27560",
    "Consent",
    "Permit",
    "Purpose",
    "SignedConsent",
    "Special",
    "decide",
    "sign",
    "special_allowed",
    "verify",
    "withdraw",
]

Purpose = Literal["archive", "style", "events", "enrich"]
Special = Literal["health", "sexuality", "religion", "politics", "union", "ethnicity", "biometrics"]
"""Special categories of personal data (GDPR, Art. 9): health; sexual life or orientation; religion or belief;
political opinion; trade-union membership; racial or ethnic origin; genetic or biometric data."""

NOTICE_VERSION = "3"

NOTICE = """\
What you allow, for one source of yours and only for the purposes you name:

  archive  its records are read, pseudonymized, encrypted and kept in your vault;
  style    your own words in them train a model that answers the way you write; what others
           wrote is context for it and is never what it learns to say;
  events   what your machine or sensors recorded trains models that classify, predict and warn;
  enrich   `ipse enrich` may ask the sites that its links lead to what is behind them. They learn that
           somebody at your address asks for the link, and nothing else.

Special categories are off: messages about health, sexual life or orientation, religion or belief, politics,
trade unions, ethnic origin, genetic or biometric data train nothing and are not answered with. What they
are is guessed by word lists, which miss some. A consent of its own for such a category, for one source,
lets style learn from them as well; you may withdraw it alone.

But for enrich, everything stays on this machine: nothing is sent anywhere, nobody else receives
anything. What is kept is pseudonymized and encrypted, which is not the same as anonymous. Messages hold
other people's words too: give only exports that you are entitled to use in this way.

You may withdraw at any time with `ipse consent withdraw`; from then on nothing of the source is used.
You may see, export, correct and erase what is kept. Erasing a source destroys its keys.
"""

TS_27560 = MappingProxyType(
    {
        "schema_version": "schema_version",
        "record_id": "id",
        "pii_principal_id": "principal",
        "privacy_notice": "notice_version",
        "language": "notice_language",
        "purposes": "purposes",
        "lawful_basis": "lawful_basis",
        "pii_information": "data_categories",
        "special_pii_category": "special",
        "pii_controllers": "controller",
        "collection_method": "collection_method",
        "processing_method": "processing_method",
        "storage_locations": "storage_location",
        "retention_period": "retention",
        "processing_locations": "processing_location",
        "services": "source",
        "jurisdiction": "jurisdiction",
        "recipient_third_parties": "recipients",
        "withdrawal_method": "withdrawal_method",
        "privacy_rights": "rights",
        "event_time": "given_at",
        "validity_duration": "expires_at",
        "entity_id": "vault",
        "event_state": "state",
    }
)
"""Field of the specification → field of :class:`Consent`."""


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """One grant for one source. ``id`` is random, ``vault`` the vault's id; times are aware of their zone.

    ``data_categories`` are words such as ``messages`` or ``contacts``; ``expires_at`` None means until
    withdrawn. One with ``special`` categories is a grant for them alone, on top of one without. The rest
    says how the data is handled and is the same for every grant of this version.
    """

    id: str
    vault: str
    source: str
    purposes: tuple[Purpose, ...]
    data_categories: tuple[str, ...]
    special: tuple[Special, ...] = ()
    given_at: datetime
    expires_at: datetime | None = None
    withdrawn_at: datetime | None = None
    state: Literal["given", "withdrawn"] = "given"
    notice_version: str = NOTICE_VERSION
    notice_language: str = "en"
    schema_version: str = "ISO/IEC TS 27560:2023"
    principal: str = "owner of the vault"
    controller: str = "owner of the vault"
    lawful_basis: Literal["consent"] = "consent"
    jurisdiction: str = "where the owner lives"
    collection_method: str = "export handed over by the owner"
    processing_method: str = "pseudonymized, encrypted, used on this machine"
    processing_location: str = "this machine"
    storage_location: str = "the vault on this machine"
    retention: str = "until expiry, withdrawal or erasure"
    recipients: tuple[str, ...] = ()
    withdrawal_method: str = "ipse consent withdraw"
    rights: tuple[str, ...] = ("access", "portability", "rectification", "erasure", "withdrawal")

    def __post_init__(self) -> None:
        """Refuse a record that contradicts itself."""
        times = (self.given_at, self.expires_at, self.withdrawn_at)
        if any(at is not None and at.tzinfo is None for at in times):
            raise ValueError("times of a consent need a zone")
        if (self.withdrawn_at is not None) != (self.state == "withdrawn"):
            raise ValueError("a consent is withdrawn if and only if it says when")
        if self.special and self.purposes != ("style",):
            raise ValueError("a consent for special categories is for style alone")


class SignedConsent(msgspec.Struct, frozen=True):
    """A consent with its Ed25519 signature and the public key that verifies it, both base64."""

    consent: Consent
    signature: str
    public_key: str


@final
class _Seal:
    """What only :func:`decide` holds: the right to permit."""


_SEAL = _Seal()


@final
@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to use a source for a purpose until ``expires_at``. Only :func:`decide` makes one."""

    source: str
    purpose: Purpose
    consent_id: str
    expires_at: datetime | None
    seal: _Seal = field(repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse a seal that is not ours."""
        if self.seal is not _SEAL:
            raise ConsentError("Only a consent permits.", hint="Give one with `ipse consent give`.")


def withdraw(consent: Consent, at: datetime) -> Consent:
    """The record that withdraws ``consent``: same id, to be signed and kept in its place."""
    return msgspec.structs.replace(consent, withdrawn_at=at, state="withdrawn")


def sign(consent: Consent, private_key: bytes) -> SignedConsent:
    """Sign with an Ed25519 seed of 32 bytes."""
    key = Ed25519PrivateKey.from_private_bytes(private_key)
    signature = key.sign(_canonical(consent))
    public = key.public_key().public_bytes_raw()
    return SignedConsent(consent, base64.b64encode(signature).decode(), base64.b64encode(public).decode())


def verify(signed: SignedConsent) -> None:
    """Raise ``ConsentError`` unless every byte of the record is what was signed."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(signed.public_key, validate=True))
        key.verify(base64.b64decode(signed.signature, validate=True), _canonical(signed.consent))
    except (InvalidSignature, binascii.Error, ValueError) as error:
        raise ConsentError(
            "A consent record is not what was signed; nothing is allowed by it.",
            hint="Withdraw it and give consent again.",
        ) from error


def decide(consents: Iterable[SignedConsent], *, source: str, purpose: Purpose, now: datetime) -> Permit:
    """The permit to use ``source`` for ``purpose`` at ``now``, by the latest consent that allows it.

    Pure: the same consents and time give the same answer. A record that was tampered with, a withdrawn one
    (even beside an older copy of itself) and an expired one allow nothing. Raises ``ConsentError``.
    """
    active = [consent for consent in _active(consents, source, purpose, now) if not consent.special]
    if not active:
        raise ConsentError(
            f"You have not allowed {source} for the purpose {purpose}.",
            hint=f"Give it: ipse consent give --source {source} --purpose {purpose}",
        )
    latest = max(active, key=lambda consent: (consent.given_at, consent.id))
    return Permit(source, purpose, latest.id, latest.expires_at, _SEAL)


def special_allowed(consents: Iterable[SignedConsent], *, source: str, now: datetime) -> dict[Special, str]:
    """The special categories of ``source`` that style may learn from at ``now``, each with its consent's id.

    Pure, and as strict as :func:`decide`; of several consents the latest counts. None is an empty answer.
    """
    active = [consent for consent in _active(consents, source, "style", now) if consent.special]
    active.sort(key=lambda consent: (consent.given_at, consent.id))
    return {category: consent.id for consent in active for category in consent.special}


def _active(consents: Iterable[SignedConsent], source: str, purpose: Purpose, now: datetime) -> list[Consent]:
    records = list(consents)
    for signed in records:
        verify(signed)
    withdrawn = {signed.consent.id for signed in records if signed.consent.state == "withdrawn"}
    return [
        signed.consent
        for signed in records
        if signed.consent.source == source
        and purpose in signed.consent.purposes
        and signed.consent.id not in withdrawn
        and signed.consent.given_at <= now
        and (signed.consent.expires_at is None or now < signed.consent.expires_at)
    ]


def _canonical(consent: Consent) -> bytes:
    """What is signed. Records from before there was a field verify: where it is empty, it is left out."""
    if consent.special:
        return msgspec.json.encode(consent, order="sorted")
    tree: dict[str, object] = msgspec.to_builtins(consent)
    del tree["special"]
    return msgspec.json.encode(tree, order="sorted")
