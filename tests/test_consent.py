"""Consent: what is signed stays what it is, and only an active grant permits."""

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from ipse.consent import (
    NOTICE,
    TS_27560,
    Consent,
    Permit,
    Purpose,
    SignedConsent,
    _Seal,
    decide,
    sign,
    special_allowed,
    verify,
    withdraw,
)
from ipse.errors import ConsentError

KEY = bytes(range(32))
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def grant(**fields: object) -> Consent:
    base = Consent(
        id="c1",
        vault="ab" * 16,
        source="whatsapp",
        purposes=("archive", "style"),
        data_categories=("messages",),
        given_at=NOW - timedelta(days=1),
    )
    return msgspec.structs.replace(base, **fields)


def test_a_signed_consent_verifies_also_after_a_round_trip_through_json() -> None:
    berlin = timezone(timedelta(hours=2))
    signed = sign(grant(given_at=NOW.astimezone(berlin), expires_at=NOW + timedelta(days=9)), KEY)
    again = msgspec.json.decode(msgspec.json.encode(signed), type=SignedConsent)
    assert again == signed
    verify(again)


# Signed under notice version 2, before there were special categories.
OLDER = (
    '{"consent":{"id":"c0ffee","vault":"abababababababababababababababab","source":"whatsapp","purpos'
    'es":["archive","style"],"data_categories":["messages"],"given_at":"2026-04-30T12:00:00Z","expire'
    's_at":null,"withdrawn_at":null,"state":"given","notice_version":"2","notice_language":"en","sche'
    'ma_version":"ISO/IEC TS 27560:2023","principal":"owner of the vault","controller":"owner of the '
    'vault","lawful_basis":"consent","jurisdiction":"where the owner lives","collection_method":"expo'
    'rt handed over by the owner","processing_method":"pseudonymized, encrypted, used on this machine'
    '","processing_location":"this machine","storage_location":"the vault on this machine","retention'
    '":"until expiry, withdrawal or erasure","recipients":[],"withdrawal_method":"ipse consent withdr'
    'aw","rights":["access","portability","rectification","erasure","withdrawal"]},"signature":"9lz21'
    'mvMkXPAdW/ryO4+PW3bFFqKQf6UuYxsJurU72gsJ8Xzb28QPY01DI6qpWktqfB57YotIWFFEd3wXJ+lAg==","public_key'
    '":"A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="}'
)


def test_a_record_signed_before_there_was_a_field_verifies_and_cannot_be_given_it() -> None:
    signed = msgspec.json.decode(OLDER, type=SignedConsent)
    verify(signed)
    assert (signed.consent.notice_version, signed.consent.special) == ("2", ())
    assert decide([signed], source="whatsapp", purpose="style", now=NOW).consent_id == "c0ffee"
    more = msgspec.structs.replace(signed.consent, special=("health",), purposes=("style",))
    with pytest.raises(ConsentError):
        verify(SignedConsent(more, signed.signature, signed.public_key))


def special(**fields: object) -> Consent:
    return grant(**{"id": "s1", "purposes": ("style",), "special": ("health", "religion"), **fields})


def test_special_categories_are_allowed_by_consents_of_their_own_alone() -> None:
    both = [sign(grant(), KEY), sign(special(), KEY)]
    assert special_allowed(both, source="whatsapp", now=NOW) == {"health": "s1", "religion": "s1"}
    assert special_allowed(both[:1], source="whatsapp", now=NOW) == {}
    assert special_allowed(both, source="gmail", now=NOW) == {}
    with pytest.raises(ConsentError):
        decide(both[1:], source="whatsapp", purpose="style", now=NOW)
    newer = sign(special(id="s0", given_at=NOW, special=("health",)), KEY)
    assert special_allowed([newer, *both], source="whatsapp", now=NOW) == {"health": "s0", "religion": "s1"}
    gone = sign(withdraw(special(), NOW), KEY)
    assert special_allowed([*both, gone], source="whatsapp", now=NOW) == {}
    assert special_allowed([sign(special(expires_at=NOW), KEY)], source="whatsapp", now=NOW) == {}


def test_special_categories_that_were_signed_cannot_be_changed() -> None:
    signed = sign(special(), KEY)
    verify(msgspec.json.decode(msgspec.json.encode(signed), type=SignedConsent))
    for change in (("health",), ("health", "religion", "union"), ()):
        forged = SignedConsent(special(special=change), signed.signature, signed.public_key)
        with pytest.raises(ConsentError):
            verify(forged)
        with pytest.raises(ConsentError):
            special_allowed([forged], source="whatsapp", now=NOW)


def test_a_consent_for_special_categories_is_for_style_alone() -> None:
    text = msgspec.json.encode(special()).replace(b'["style"]', b'["archive"]')
    with pytest.raises(msgspec.ValidationError, match="for style alone"):
        msgspec.json.decode(text, type=Consent)


def test_the_signature_is_over_sorted_keys_without_spaces() -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    consent = grant(source="Straße")
    tree = msgspec.json.decode(msgspec.json.encode(consent))
    del tree["special"]  # empty
    text = (
        "{" + ",".join(f'"{name}":{msgspec.json.encode(tree[name]).decode()}' for name in sorted(tree)) + "}"
    )
    expected = Ed25519PrivateKey.from_private_bytes(KEY).sign(text.encode())
    assert msgspec.json.decode(msgspec.json.encode(sign(consent, KEY).signature), type=bytes) == expected


@pytest.mark.parametrize(
    "change",
    [
        {"purposes": ("archive", "style", "events")},
        {"source": "gmail"},
        {"expires_at": NOW + timedelta(days=999)},
        {"recipients": ("somebody",)},
        {"vault": "cd" * 16},
    ],
)
def test_a_changed_record_does_not_verify(change: dict[str, object]) -> None:
    signed = sign(grant(), KEY)
    forged = SignedConsent(grant(**change), signed.signature, signed.public_key)
    with pytest.raises(ConsentError, match="not what was signed"):
        verify(forged)


@pytest.mark.parametrize(("signature", "public_key"), [("?", ""), ("AAAA", "AAAA"), ("", "not base64")])
def test_a_malformed_signature_or_key_is_refused(signature: str, public_key: str) -> None:
    with pytest.raises(ConsentError):
        verify(SignedConsent(grant(), signature, public_key))


def test_the_signature_of_another_key_does_not_verify() -> None:
    mine, other = sign(grant(), KEY), sign(grant(), bytes(32))
    with pytest.raises(ConsentError):
        verify(SignedConsent(mine.consent, other.signature, mine.public_key))


def test_every_field_of_the_specification_is_in_the_record() -> None:
    assert set(TS_27560.values()) <= set(Consent.__struct_fields__)
    assert len(set(TS_27560.values())) == len(TS_27560)


def test_the_notice_says_how_to_withdraw_and_names_each_purpose() -> None:
    assert "ipse consent withdraw" in NOTICE
    assert all(f"  {purpose}" in NOTICE for purpose in ("archive", "style", "events"))


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        Consent(
            id="c",
            vault="v",
            source="s",
            purposes=("archive",),
            data_categories=(),
            given_at=datetime(2026, 1, 1),  # noqa: DTZ001 - that is the case
        )


def test_a_record_that_says_withdrawn_without_a_time_is_refused() -> None:
    text = msgspec.json.encode(grant()).replace(b'"given"', b'"withdrawn"')
    with pytest.raises(msgspec.ValidationError, match="if and only if"):
        msgspec.json.decode(text, type=Consent)


def test_an_active_consent_permits_its_purposes_for_its_source() -> None:
    permit = decide([sign(grant(), KEY)], source="whatsapp", purpose="style", now=NOW)
    assert (permit.source, permit.purpose, permit.consent_id, permit.expires_at) == (
        "whatsapp",
        "style",
        "c1",
        None,
    )


@pytest.mark.parametrize(("source", "purpose"), [("gmail", "archive"), ("whatsapp", "events")])
def test_another_source_or_purpose_is_not_permitted_and_the_hint_says_what_to_do(
    source: str, purpose: Purpose
) -> None:
    with pytest.raises(ConsentError, match=f"ipse consent give --source {source} --purpose {purpose}"):
        decide([sign(grant(), KEY)], source=source, purpose=purpose, now=NOW)


@pytest.mark.parametrize(
    "change",
    [{"expires_at": NOW}, {"given_at": NOW + timedelta(seconds=1)}],
    ids=["expired", "not yet given"],
)
def test_a_consent_permits_only_between_being_given_and_expiring(change: dict[str, object]) -> None:
    with pytest.raises(ConsentError):
        decide([sign(grant(**change), KEY)], source="whatsapp", purpose="archive", now=NOW)


def test_a_consent_permits_until_the_moment_before_it_expires() -> None:
    consent = grant(expires_at=NOW + timedelta(microseconds=1))
    permit = decide([sign(consent, KEY)], source="whatsapp", purpose="archive", now=NOW)
    assert permit.expires_at == consent.expires_at


def test_a_withdrawn_consent_permits_nothing_even_beside_its_older_copy() -> None:
    gone = withdraw(grant(), NOW)
    assert (gone.state, gone.withdrawn_at) == ("withdrawn", NOW)
    with pytest.raises(ConsentError):
        decide([sign(gone, KEY), sign(grant(), KEY)], source="whatsapp", purpose="archive", now=NOW)


def test_of_several_consents_the_latest_permits() -> None:
    older, newer = grant(), grant(id="c2", given_at=NOW)
    permit = decide([sign(newer, KEY), sign(older, KEY)], source="whatsapp", purpose="archive", now=NOW)
    assert permit.consent_id == "c2"


def test_one_forged_record_stops_the_decision() -> None:
    forged = SignedConsent(grant(id="c2"), sign(grant(), KEY).signature, sign(grant(), KEY).public_key)
    with pytest.raises(ConsentError, match="not what was signed"):
        decide([sign(grant(), KEY), forged], source="whatsapp", purpose="archive", now=NOW)


def test_nobody_else_makes_a_permit() -> None:
    with pytest.raises(ConsentError, match="Only a consent permits"):
        Permit("whatsapp", "style", "c1", None, _Seal())
