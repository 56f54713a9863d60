"""A consent for people: rows of plain words, as text and as one page that asks nothing of any network."""

from datetime import datetime

from ipse.consent import NOTICE, NOTICE_VERSION, Consent, SignedConsent
from ipse.receipts.document import PURPOSES, RIGHTS

__all__ = ["rows", "to_html", "to_text"]

Rows = dict[str, dict[str, str]]

MEANINGS = {
    "health": "health",
    "sexuality": "sexual life or orientation",
    "religion": "religion or belief",
    "politics": "political opinion",
    "union": "trade-union membership",
    "ethnicity": "racial or ethnic origin",
    "biometrics": "genetic or biometric data",
}


def rows(signed: SignedConsent, *, at: datetime) -> Rows:
    """What it says at that time, by section; label to value. Nothing of the record is left out."""
    consent = signed.consent
    return {
        "What is allowed": _allowed(consent),
        "When": _when(consent, at),
        "Who": {
            "whose data": consent.principal,
            "who decides": consent.controller,
            "who receives it": ", ".join(consent.recipients) or "nobody else",
            "vault": consent.vault,
        },
        "How": {
            "collected": consent.collection_method,
            "processed": consent.processing_method,
            "where": consent.processing_location,
            "stored": f"{consent.storage_location}, {consent.retention}",
            "lawful basis": consent.lawful_basis + (", explicit (GDPR Art. 9)" if consent.special else ""),
            "jurisdiction": consent.jurisdiction,
        },
        "Your rights": {right: RIGHTS[right][1] if right in RIGHTS else "" for right in consent.rights},
        "The record": {
            "consent": consent.id,
            "form": consent.schema_version,
            "notice": f"version {consent.notice_version}, {consent.notice_language}",
            "signed by": signed.public_key,
            "signature": signed.signature,
        },
    }


def to_text(signed: SignedConsent, *, name: str, at: datetime) -> str:
    """The receipt as lines for a terminal or a file."""
    lines = [f"Consent receipt {name}, {_shown(at)}"]
    for title, held in rows(signed, at=at).items():
        lines += ["", title, *(f"  {label:<16} {value}" for label, value in held.items())]
    return "\n".join(lines) + "\n"


def to_html(signed: SignedConsent, *, name: str, at: datetime) -> str:
    """The receipt as a page; everything is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("ipse.receipts", "."), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    sections = rows(signed, at=at)
    consent = signed.consent
    return environment.get_template("page.html.j2").render(
        consent=consent,
        state=sections["When"]["state"],
        name=name,
        made=_shown(at),
        sections=sections,
        notice=NOTICE if consent.notice_version == NOTICE_VERSION else "",
    )


def _allowed(consent: Consent) -> dict[str, str]:
    allowed = {"source": consent.source}
    allowed |= {purpose: PURPOSES[purpose][1] for purpose in consent.purposes}
    if consent.special:
        allowed["special"] = "; ".join(MEANINGS[category] for category in consent.special)
    return allowed | {"data": ", ".join(consent.data_categories)}


def _when(consent: Consent, at: datetime) -> dict[str, str]:
    expired = consent.state == "given" and consent.expires_at is not None and consent.expires_at <= at
    when = {"given": _shown(consent.given_at)}
    when["until"] = _shown(consent.expires_at) if consent.expires_at else "you withdraw it"
    if consent.withdrawn_at:
        when["withdrawn"] = _shown(consent.withdrawn_at)
    return when | {
        "state": "expired" if expired else consent.state,
        "withdraw with": f"{consent.withdrawal_method} {consent.id}",
    }


def _shown(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} {at.tzname() or ''}".rstrip()
