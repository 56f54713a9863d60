"""A consent as JSON-LD: ISO/IEC TS 27560 in the terms of the W3C Data Privacy Vocabulary (DPV 2).

Follows the guide of the DPV community group (https://w3id.org/dpv/guides/consent-27560): a
``dpv:ConsentReceipt`` around a ``dpv:ConsentRecord``. The context stands in the document, so that nobody has
to fetch one to read it.
"""

import uuid
from datetime import datetime
from types import MappingProxyType

from ipse.consent import NOTICE, NOTICE_VERSION, Consent, SignedConsent

__all__ = ["CONTEXT", "receipt"]

Node = dict[str, object]

PROFILE = "https://w3id.org/dpv/schema/dpv-27560#"
CONTEXT: MappingProxyType[str, object] = MappingProxyType(
    {
        "dct": "http://purl.org/dc/terms/",
        "dpv": "https://w3id.org/dpv#",
        "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
        "pd": "https://w3id.org/dpv/pd#",
        "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        "sec": "https://w3id.org/security#",
        "skos": "http://www.w3.org/2004/02/skos/core#",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
        "DataIntegrityProof": "sec:DataIntegrityProof",
        "created": {"@id": "dct:created", "@type": "xsd:dateTime"},
        "cryptosuite": "sec:cryptosuite",
        "proof": "sec:proof",
        "proofPurpose": {"@id": "sec:proofPurpose", "@type": "@vocab"},
        "assertionMethod": "sec:assertionMethod",
        "proofValue": "sec:proofValue",
        "type": "@type",
        "verificationMethod": {"@id": "sec:verificationMethod", "@type": "@id"},
    }
)
PURPOSES = MappingProxyType(
    {
        "archive": ("dpv:RecordManagement", "records are read, pseudonymized, encrypted and kept"),
        "style": ("dpv:Personalisation", "own words train a model that answers the way the owner writes"),
        "events": ("dpv:Personalisation", "events train models that classify, predict and warn"),
        "enrich": ("dpv:SearchFunctionalities", "sites that links lead to are asked what is behind them"),
    }
)
DATA = MappingProxyType(
    {
        "messages": "pd:Communication",
        "contacts": "pd:Contact",
        "times": "pd:CommunicationsMetadata",
        "events": "pd:Behavioral",
    }
)
SPECIAL = MappingProxyType(
    {
        "health": ("pd:MedicalHealth",),
        "sexuality": ("pd:Sexual",),
        "religion": ("pd:ReligiousBelief", "pd:PhilosophicalBelief"),
        "politics": ("pd:PoliticalOpinion",),
        "union": ("pd:TradeUnionMembership",),
        "ethnicity": ("pd:EthnicOrigin", "pd:Race"),
        "biometrics": ("pd:Genetic", "pd:Biometric"),
    }
)
RIGHTS = MappingProxyType(
    {
        "access": ("eu-gdpr:A15", "ipse export messages"),
        "portability": ("eu-gdpr:A20", "ipse export all"),
        "rectification": ("eu-gdpr:A16", "ipse contacts rename"),
        "erasure": ("eu-gdpr:A17", "ipse forget"),
        "withdrawal": ("eu-gdpr:A7-3", "ipse consent withdraw"),
    }
)


def receipt(signed: SignedConsent, *, at: datetime, name: str) -> Node:
    """The receipt ``name`` (a UUID) of a consent, made ``at``; not signed yet."""
    consent = signed.consent
    return {
        "@context": dict(CONTEXT),
        "@id": f"urn:uuid:{name}",
        "@type": "dpv:ConsentReceipt",
        "dct:identifier": name,
        "dct:conformsTo": _iri(f"{PROFILE}receipt"),
        "dct:created": _time(at),
        "dct:publisher": _iri(_party(consent, "controller")),
        "dct:audience": _iri(_party(consent, "principal")),
        "dpv:hasRecordOfActivity": _record(consent)
        | {
            "dct:provenance": {
                "@type": "dct:ProvenanceStatement",
                "dct:description": f"Ed25519 signature of the record in the vault: {signed.signature}",
            }
        },
    }


def _record(consent: Consent) -> Node:
    return {
        "@id": _urn(consent, "record", consent.id),
        "@type": "dpv:ConsentRecord",
        "dct:identifier": consent.id,
        "dct:conformsTo": {"@id": f"{PROFILE}record", "dct:title": consent.schema_version},
        "dpv:hasDataSubject": {
            "@id": _party(consent, "principal"),
            "@type": "dpv:DataSubject",
            "dct:identifier": consent.principal,
            "dpv:hasIdentifier": consent.vault,
        },
        "dpv:hasDataController": {
            "@id": _party(consent, "controller"),
            "@type": "dpv:DataController",
            "dpv:hasIdentifier": consent.vault,
            "dpv:hasName": consent.controller,
        },
        "dpv:hasNotice": _notice(consent),
        "dpv:hasProcess": _process(consent),
        "dpv:hasConsentStatus": _events(consent),
    }


def _notice(consent: Consent) -> Node:
    notice: Node = {
        "@id": _urn(consent, "notice", consent.notice_version),
        "@type": "dpv:ConsentNotice",
        "dct:identifier": consent.notice_version,
        "dct:language": consent.notice_language,
    }
    if consent.notice_version == NOTICE_VERSION:
        notice["dct:description"] = NOTICE
    return notice


def _process(consent: Consent) -> Node:
    here = _iri("dpv:WithinDevice")
    return {
        "@type": "dpv:Process",
        "dpv:hasPurpose": [_purpose(purpose) for purpose in consent.purposes],
        "dpv:hasPersonalData": [*map(_data, consent.data_categories), *map(_special, consent.special)],
        "dpv:hasLegalBasis": _bases(consent),
        "dpv:hasDataSource": {
            "@type": "dpv:DataSubjectDataSource",
            "dct:description": consent.collection_method,
            "dpv:hasProcessing": _iri("dpv:Collect"),
        },
        "dpv:hasProcessing": {
            "@type": "dpv:Processing",
            "dct:description": consent.processing_method,
            "skos:broader": [_iri("dpv:Pseudonymise"), _iri("dpv:Store"), _iri("dpv:Use")],
        },
        "dpv:hasStorageCondition": [
            {
                "@type": "dpv:StorageLocation",
                "dct:description": consent.storage_location,
                "dpv:hasLocation": here,
            },
            {"@type": "dpv:StorageDuration", "dpv:hasDuration": _until_event(consent.retention)},
        ],
        "dpv:hasProcessingCondition": {
            "@type": "dpv:ProcessingLocation",
            "dct:description": consent.processing_location,
            "dpv:hasLocation": here,
        },
        "dpv:hasService": {"@type": "dpv:Service", "dct:title": consent.source},
        "dpv:hasJurisdiction": {"@type": "dpv:Location", "dct:title": consent.jurisdiction},
        # Mandatory, so where nobody else receives anything it is the controller, who is the owner.
        "dpv:hasRecipient": [{"@type": "dpv:ThirdParty", "dpv:hasName": name} for name in consent.recipients]
        or _iri(_party(consent, "controller")),
        "dpv:hasConsentControl": {
            "@type": "dpv:WithdrawConsent",
            "dpv:isExercisedAt": consent.withdrawal_method,
        },
        "dpv:hasRight": [_right(right) for right in consent.rights],
    }


def _purpose(purpose: str) -> Node:
    broader, meaning = PURPOSES[purpose]
    described = {"dct:identifier": purpose, "dct:description": meaning}
    return {"@type": "dpv:Purpose", "skos:broader": _iri(broader), **described}


def _data(category: str) -> Node:
    broader = _iri(DATA.get(category, "dpv:PersonalData"))
    return {"@type": "dpv:PersonalData", "skos:broader": broader, "dct:identifier": category}


def _special(category: str) -> Node:
    broader = [_iri(term) for term in SPECIAL[category]]
    return {
        "@type": "dpv:SpecialCategoryPersonalData",
        "skos:broader": broader,
        "dct:identifier": category,
    }


def _bases(consent: Consent) -> list[Node]:
    bases = [_iri("dpv:Consent"), _iri("eu-gdpr:A6-1-a")]
    return [*bases, _iri("eu-gdpr:A9-2-a")] if consent.special else bases


def _right(right: str) -> Node:
    if right not in RIGHTS:
        return {"@type": "dpv:DataSubjectRight", "dct:title": right}
    article, command = RIGHTS[right]
    return {
        "@type": ["dpv:DataSubjectRight", article],
        "dct:title": right,
        "dpv:isExercisedAt": command,
    }


def _events(consent: Consent) -> list[Node]:
    """That it was given, and that it was withdrawn where it was."""
    subject = _iri(_party(consent, "principal"))
    until = _until_event("withdrawal")
    if consent.expires_at is not None:
        until = {"@type": "dpv:UntilTimeDuration", "rdf:value": _time(consent.expires_at)}
    given: Node = {
        "@type": ["dpv:ConsentGiven", "dpv:ExplicitlyExpressedConsent"],
        "dpv:isIndicatedAtTime": _time(consent.given_at),
        "dpv:hasDuration": until,
        "dpv:isIndicatedBy": subject,
        "dpv:hasIndicationMethod": "ipse consent give",
    }
    if consent.withdrawn_at is None:
        return [given]
    withdrawn: Node = {
        "@type": "dpv:ConsentWithdrawn",
        "dpv:isIndicatedAtTime": _time(consent.withdrawn_at),
        "dpv:hasDuration": {"@type": "dpv:EndlessDuration"},
        "dpv:isIndicatedBy": subject,
        "dpv:hasIndicationMethod": "ipse consent withdraw",
    }
    return [given, withdrawn]


def _until_event(event: str) -> Node:
    return {"@type": "dpv:UntilEventDuration", "rdf:value": event}


def _time(at: datetime) -> Node:
    return {"@type": "xsd:dateTime", "@value": at.isoformat()}


def _iri(name: str) -> Node:
    return {"@id": name}


def _party(consent: Consent, role: str) -> str:
    return _urn(consent, role)


def _urn(consent: Consent, *parts: str) -> str:
    """The same for the same thing of the same vault, and readable by nobody."""
    return uuid.uuid5(uuid.NAMESPACE_OID, "/".join((consent.vault, *parts))).urn
