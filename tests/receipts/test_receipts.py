"""Receipts: every field of ISO/IEC TS 27560 is there as RDF, the proof holds, and people can read them."""

import copy
import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rdflib import DCTERMS, RDF, SKOS, Graph, Literal, Namespace, URIRef

from ipse.consent import NOTICE, TS_27560, Consent, sign, withdraw
from ipse.receipts import proven_by, receipt, secured, to_html, to_text

# rdflib warns of its own use of its own older classes.
pytestmark = pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
KEY = bytes(range(32))
PUBLIC = Ed25519PrivateKey.from_private_bytes(KEY).public_key().public_bytes_raw()
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
NAME = "a6f58318-72e6-46a2-bfd7-f36d795e30cd"
DPV = Namespace("https://w3id.org/dpv#")
PD = Namespace("https://w3id.org/dpv/pd#")
GDPR = Namespace("https://w3id.org/dpv/legal/eu/gdpr#")

PLAIN = Consent(
    id="c1",
    vault="ab" * 16,
    source="whatsapp",
    purposes=("archive", "style"),
    data_categories=("messages", "contacts", "times", "sounds"),
    given_at=NOW - timedelta(days=1),
)
SPECIAL = msgspec.structs.replace(PLAIN, id="c2", purposes=("style",), special=("health", "religion"))
CASES = {
    "plain": PLAIN,
    "special": SPECIAL,
    "limited": msgspec.structs.replace(PLAIN, expires_at=NOW + timedelta(days=30)),
    "withdrawn": withdraw(PLAIN, NOW),
    "given to somebody": msgspec.structs.replace(PLAIN, recipients=("A <b>", "C"), rights=("access", "else")),
}


def document(consent: Consent) -> dict[str, Any]:
    return secured(receipt(sign(consent, KEY), at=NOW, name=NAME), KEY, at=NOW)


def graph(consent: Consent) -> Graph:
    read = Graph()
    read.parse(data=json.dumps(document(consent)), format="json-ld")
    return read


def record(read: Graph) -> Any:
    (found,) = read.subjects(RDF.type, DPV.ConsentRecord)
    return found


def dates(read: Graph, event: URIRef, path: "Any") -> list[datetime]:
    (found,) = read.subjects(RDF.type, event)
    return [one.toPython() for one in read.objects(found, path) if isinstance(one, Literal)]


# The field of the specification → where it stands, from the record on, in RDF terms.
PROCESS = DPV.hasProcess
PLACES: dict[str, "Any"] = {
    "schema_version": DCTERMS.conformsTo / DCTERMS.title,
    "record_id": DCTERMS.identifier,
    "pii_principal_id": DPV.hasDataSubject / DCTERMS.identifier,
    "privacy_notice": DPV.hasNotice / DCTERMS.identifier,
    "language": DPV.hasNotice / DCTERMS.language,
    "purposes": PROCESS / DPV.hasPurpose / DCTERMS.identifier,
    "pii_controllers": DPV.hasDataController / DPV.hasName,
    "collection_method": PROCESS / DPV.hasDataSource / DCTERMS.description,
    "processing_method": PROCESS / DPV.hasProcessing / DCTERMS.description,
    "storage_locations": PROCESS / DPV.hasStorageCondition / DCTERMS.description,
    "retention_period": PROCESS / DPV.hasStorageCondition / DPV.hasDuration / RDF.value,
    "processing_locations": PROCESS / DPV.hasProcessingCondition / DCTERMS.description,
    "services": PROCESS / DPV.hasService / DCTERMS.title,
    "jurisdiction": PROCESS / DPV.hasJurisdiction / DCTERMS.title,
    "withdrawal_method": PROCESS / DPV.hasConsentControl / DPV.isExercisedAt,
    "privacy_rights": PROCESS / DPV.hasRight / DCTERMS.title,
    "entity_id": DPV.hasConsentStatus / DPV.isIndicatedBy / DPV.hasIdentifier,
}


def elsewhere(read: Graph, consent: Consent) -> dict[str, object]:
    """The fields that are not one text in one place."""
    at = record(read)
    data = list(read.objects(at, PROCESS / DPV.hasPersonalData))
    plain = [one for one in data if (one, RDF.type, DPV.PersonalData) in read]
    kept_out = [one for one in data if (one, RDF.type, DPV.SpecialCategoryPersonalData) in read]
    until = dates(read, DPV.ConsentGiven, DPV.hasDuration / RDF.value)
    states = set(read.objects(at, DPV.hasConsentStatus / RDF.type))
    third = [
        one for one in read.objects(at, PROCESS / DPV.hasRecipient) if (one, RDF.type, DPV.ThirdParty) in read
    ]
    return {
        "pii_information": {str(read.value(one, DCTERMS.identifier)) for one in plain},
        "special_pii_category": {str(read.value(one, DCTERMS.identifier)) for one in kept_out},
        "lawful_basis": "consent" if DPV.Consent in read.objects(at, PROCESS / DPV.hasLegalBasis) else "",
        "recipient_third_parties": {str(read.value(one, DPV.hasName)) for one in third},
        "event_time": dates(read, DPV.ConsentGiven, DPV.isIndicatedAtTime)[0],
        "validity_duration": until[0] if consent.expires_at else None,
        "event_state": "withdrawn" if DPV.ConsentWithdrawn in states else "given",
    }


@pytest.mark.parametrize("case", CASES)
def test_every_field_of_the_specification_is_in_the_graph(case: str) -> None:
    consent, read = CASES[case], graph(CASES[case])
    found: dict[str, object] = {}
    for name, place in PLACES.items():
        values = {str(value) for value in read.objects(record(read), place)}
        asked = getattr(consent, TS_27560[name])
        found[name] = values if isinstance(asked, tuple) else next(iter(values), None)
        assert isinstance(asked, tuple) or len(values) == 1, name
    found |= elsewhere(read, consent)
    expected = {name: getattr(consent, field) for name, field in TS_27560.items()}
    assert found == {
        name: set(value) if isinstance(value, tuple) else value for name, value in expected.items()
    }


@pytest.mark.parametrize("case", CASES)
def test_what_the_guide_demands_is_there(case: str) -> None:
    from pyshacl import validate

    shapes = Graph().parse(HERE / "shapes.ttl")
    conforms, _, told = validate(graph(CASES[case]), shacl_graph=shapes)
    assert conforms, told


@pytest.mark.parametrize(
    "lost",
    ["hasNotice", "hasDataController", "hasRight", "hasRecipient", "isIndicatedBy", "hasConsentStatus"],
)
def test_what_is_missing_is_noticed(lost: str) -> None:
    """The control."""
    from pyshacl import validate

    read = graph(PLAIN)
    read.remove((None, DPV[lost], None))
    assert not validate(read, shacl_graph=Graph().parse(HERE / "shapes.ttl"))[0]


# Of DPV 2.x, the pd and the eu-gdpr extension, as published (https://w3id.org/dpv/2.0); what we say of a
# consent must be in words that others know.
KNOWN = {
    DPV: "Collect Consent ConsentGiven ConsentNotice ConsentReceipt ConsentRecord ConsentWithdrawn "
    "DataController DataSubject DataSubjectDataSource DataSubjectRight EndlessDuration "
    "ExplicitlyExpressedConsent Location Personalisation PersonalData Process Processing ProcessingLocation "
    "Pseudonymise Purpose RecordManagement SearchFunctionalities Service SpecialCategoryPersonalData "
    "StorageDuration StorageLocation Store ThirdParty UntilEventDuration UntilTimeDuration Use "
    "WithdrawConsent WithinDevice "
    "hasConsentControl hasConsentStatus hasDataController hasDataSource hasDataSubject hasDuration "
    "hasIdentifier hasIndicationMethod hasJurisdiction hasLegalBasis hasLocation hasName hasNotice "
    "hasPersonalData hasProcess hasProcessing hasProcessingCondition hasPurpose hasRecipient "
    "hasRecordOfActivity hasRight hasService hasStorageCondition isExercisedAt isIndicatedAtTime "
    "isIndicatedBy",
    PD: "Biometric Communication CommunicationsMetadata Contact EthnicOrigin Genetic MedicalHealth "
    "PhilosophicalBelief PoliticalOpinion Race ReligiousBelief Sexual TradeUnionMembership",
    GDPR: "A15 A16 A17 A20 A6-1-a A7-3 A9-2-a",
}


def test_every_term_is_one_of_the_vocabulary() -> None:
    everything = msgspec.structs.replace(
        SPECIAL, special=("health", "sexuality", "religion", "politics", "union", "ethnicity", "biometrics")
    )
    used = {term for case in (*CASES.values(), everything) for triple in graph(case) for term in triple}
    known = {space[term] for space, terms in KNOWN.items() for term in terms.split()}
    asked = {
        term for term in used if isinstance(term, URIRef) and str(term).startswith("https://w3id.org/dpv")
    }
    profiles = {term for term in asked if "/schema/" in term}
    assert asked - profiles - known == set()
    assert {str(term).rpartition("#")[2] for term in profiles} == {"record", "receipt"}


def test_special_categories_are_marked_and_rest_on_explicit_consent() -> None:
    read = graph(SPECIAL)
    marked = set(read.subjects(RDF.type, DPV.SpecialCategoryPersonalData))
    assert {PD.MedicalHealth, PD.ReligiousBelief} <= {
        term for one in marked for term in read.objects(one, SKOS.broader)
    }
    assert GDPR["A9-2-a"] in read.objects(record(read), PROCESS / DPV.hasLegalBasis)
    assert GDPR["A9-2-a"] not in graph(PLAIN).objects()


def test_the_notice_that_was_shown_is_in_it_and_no_other() -> None:
    told = document(PLAIN)["dpv:hasRecordOfActivity"]["dpv:hasNotice"]["dct:description"]
    assert told == NOTICE
    older = document(msgspec.structs.replace(PLAIN, notice_version="2"))
    assert "dct:description" not in older["dpv:hasRecordOfActivity"]["dpv:hasNotice"]


def test_a_receipt_proves_whose_it_is() -> None:
    assert proven_by(document(PLAIN)) == PUBLIC
    again = json.loads(json.dumps(document(SPECIAL), indent=4, ensure_ascii=True, sort_keys=True))
    assert proven_by(again) == PUBLIC


def leaves(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(node, dict):
        return [one for name, held in node.items() for one in leaves(held, (*path, name))]
    if isinstance(node, list):
        return [one for at, held in enumerate(node) for one in leaves(held, (*path, at))]
    return [path]


def test_whatever_is_changed_in_it_is_noticed() -> None:
    whole = document(SPECIAL)
    paths = leaves(whole)
    assert len(paths) > 100
    for path in paths:
        changed = copy.deepcopy(whole)
        at: Any = changed
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] += "x"
        assert proven_by(changed) is None, path
    for name in whole:
        assert proven_by({key: value for key, value in whole.items() if key != name}) is None, name
    assert proven_by(whole | {"more": "x"}) is None
    assert proven_by(whole | {"proof": []}) is None


@pytest.mark.parametrize("value", ["", "z", "z0", "x11", "z" + "2" * 200, "z" + "2" * 60])
@pytest.mark.parametrize("field", ["proofValue", "verificationMethod"])
def test_what_is_no_key_or_signature_is_refused(field: str, value: str) -> None:
    whole = document(PLAIN)
    assert proven_by(whole | {"proof": whole["proof"] | {field: value}}) is None


def test_another_key_does_not_pass_for_the_first() -> None:
    other = secured(receipt(sign(PLAIN, KEY), at=NOW, name=NAME), bytes(32), at=NOW)
    assert proven_by(other) not in (None, PUBLIC)
    mixed = document(PLAIN)
    mixed["proof"]["verificationMethod"] = other["proof"]["verificationMethod"]  # type: ignore[index]
    assert proven_by(mixed) is None


def test_a_key_that_begins_with_zeros_is_written_as_others_write_it() -> None:
    from ipse.receipts import proof

    assert proof._multibase(b"\0\0a") == "z112g"
    assert proof._bytes("z112g") == b"\0\0a"


def test_the_page_is_for_reading_and_asks_nothing_of_the_network() -> None:
    for case, consent in CASES.items():
        page = to_html(sign(consent, KEY), name=NAME, at=NOW)
        assert not re.search(r"(?:src|href|url|@import)\s*[=(]", page), case
        assert "<script" not in page
        assert "default-src 'none'" in page
        assert consent.id in page
    page = to_html(sign(CASES["given to somebody"], KEY), name=NAME, at=NOW)
    assert "A &lt;b&gt;, C" in page
    assert "health; religion or belief" in to_html(sign(SPECIAL, KEY), name=NAME, at=NOW)
    assert "withdrawn" in to_html(sign(CASES["withdrawn"], KEY), name=NAME, at=NOW).partition("</p>")[2][:200]


def test_the_text_says_what_the_record_says() -> None:
    expired = msgspec.structs.replace(PLAIN, expires_at=NOW)
    told = to_text(sign(expired, KEY), name=NAME, at=NOW)
    assert "state            expired" in told
    assert "withdraw with    ipse consent withdraw c1" in told
    for name, value in msgspec.structs.asdict(PLAIN).items():
        if isinstance(value, str) and name != "state":
            assert value in told, name


VERIFIER = ROOT / "tools" / "verify_receipt.py"


def verifier(*words: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-I", VERIFIER, *words], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_the_verifier_that_shares_no_code_agrees(tmp_path: Path) -> None:
    assert "ipse" not in re.findall(
        r"^(?:from|import) (\w+)", VERIFIER.read_text(encoding="utf-8"), re.MULTILINE
    )
    file, whole = tmp_path / "receipt.jsonld", document(SPECIAL)
    file.write_text(json.dumps(whole), encoding="utf-8")
    import base64

    key = base64.b64encode(PUBLIC).decode()
    assert verifier(str(file)) == (0, f"verified: receipt {NAME} of consent c2, signed by {key}\n")
    assert verifier(str(file), "--key", key)[0] == 0
    assert verifier(str(file), "--key", base64.b64encode(bytes(32)).decode())[0] == 1
    whole["dpv:hasRecordOfActivity"]["dct:identifier"] = "c3"
    file.write_text(json.dumps(whole), encoding="utf-8")
    assert verifier(str(file))[0] == 1
    for wrong in ("", "[]", "{}", '{"proof": 1}'):
        file.write_text(wrong, encoding="utf-8")
        assert verifier(str(file))[0] in (1, 2)
    assert verifier(str(tmp_path / "none"))[0] == 2


# The test vector of the specification (https://www.w3.org/TR/vc-di-eddsa/#representation-eddsa-jcs-2022).
VECTOR: dict[str, object] = {
    "@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"],
    "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
    "type": ["VerifiableCredential", "AlumniCredential"],
    "name": "Alumni Credential",
    "description": "A minimum viable example of an Alumni Credential.",
    "issuer": "https://vc.example/issuers/5678",
    "validFrom": "2023-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "The School of Examples"},
    "proof": {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "created": "2023-02-24T23:36:38Z",
        "verificationMethod": "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
        "#z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2",
        "proofPurpose": "assertionMethod",
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"],
        "proofValue": "z2HnFSSPPBzR36zdDgK8PbEHeXbR56YF24jwMpt3R1eHXQzJDMWS"
        "93FCzpvJpwTWd3GAVFuUfjoJdcnTMuVor51aX",
    },
}


def test_the_proof_is_that_of_the_specification() -> None:
    assert proven_by(VECTOR) is not None
    assert proven_by(VECTOR | {"name": "Another"}) is None
