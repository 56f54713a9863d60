"""Consents: what is asked, what was given, receipts, and withdrawal."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from ipse.consent import NOTICE, NOTICE_VERSION, Purpose, SignedConsent, Special
from ipse.pipeline.consents import consent_named, give, withdraw
from ipse.pipeline.receipting import receipt_of
from ipse.server.deps import Administering, Aggregates, Identifier, Importing, Reading, require
from ipse.server.paging import Cursor, Limit, Page, paged
from ipse.server.routing import component

__all__ = [
    "ConsentView",
    "Giving",
    "Notice",
    "Withdrawing",
    "Withdrawn",
    "consent_notice",
    "consent_receipt",
    "give_consent",
    "list_consents",
    "router",
    "show_consent",
    "withdraw_consent",
]

router = component("consents", prefix="/consents")

State = Literal["active", "expired", "withdrawn"]
MEDIA = {"jsonld": "application/ld+json", "html": "text/html", "text": "text/plain"}


class Notice(BaseModel):
    """What is shown before a consent is given."""

    version: str = Field(examples=["3"])
    language: str = Field(examples=["en"])
    text: str = Field(examples=["What you allow, for one source of yours …"])


class ConsentView(BaseModel):
    """A consent: for which source and what, since when and until when."""

    id: str = Field(examples=["5f0c9d2e7b1a4c38"])
    source: str = Field(examples=["whatsapp"])
    purposes: list[Purpose] = Field(examples=[["archive", "style"]])
    special: list[Special] = Field(description="special categories that it is for", examples=[[]])
    state: State
    given_at: datetime
    expires_at: datetime | None
    withdrawn_at: datetime | None
    notice_version: str = Field(examples=["3"])
    public_key: str = Field(description="Ed25519, base64: whose signature the record bears")
    signature: str


class Giving(BaseModel):
    """What is allowed."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"source": "whatsapp", "purposes": ["archive", "style"]}]},
    )

    source: str = Field(max_length=64, description="a source by its name")
    purposes: list[Purpose] = Field(default=["archive", "style"], min_length=1)
    days: int | None = Field(default=None, ge=1, le=36500, description="until it ends; null: until withdrawn")
    special: list[Special] = Field(
        default=[], description="for these special categories, on top of a consent for style"
    )


class Withdrawing(BaseModel):
    """Whether something is erased with it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"erase": "records"}]})

    erase: Literal["nothing", "models", "records"] = Field(
        default="nothing", description="records: the source with all that was made of it; models: only that"
    )


class Withdrawn(BaseModel):
    """The consent as it stands now, and how many records went with it."""

    consent: ConsentView
    erased: int


def _view(signed: SignedConsent) -> ConsentView:
    held = signed.consent
    over = held.expires_at is not None and held.expires_at <= datetime.now(UTC)
    return ConsentView(
        id=held.id,
        source=held.source,
        purposes=list(held.purposes),
        special=list(held.special),
        state="withdrawn" if held.state == "withdrawn" else "expired" if over else "active",
        given_at=held.given_at,
        expires_at=held.expires_at,
        withdrawn_at=held.withdrawn_at,
        notice_version=held.notice_version,
        public_key=signed.public_key,
        signature=signed.signature,
    )


@router.get("/notice")
def consent_notice(asked: Aggregates) -> Notice:  # noqa: ARG001 - whoever is signed in
    """What a consent says, to be shown before it is given."""
    return Notice(version=NOTICE_VERSION, language="en", text=NOTICE)


@router.get("")
def list_consents(
    asked: Aggregates,
    state: State | None = None,
    source: Annotated[str, Query(max_length=64)] = "",
    limit: Limit = 100,
    cursor: Cursor = "",
) -> Page[ConsentView]:
    """Every consent ever given, the newest first."""
    found = [_view(signed) for signed in reversed(asked.workspace.consents())]
    kept = [one for one in found if state in (None, one.state) and source in ("", one.source)]
    items, total, behind = paged(kept, limit, cursor)
    return Page(items=list(items), total=total, next=behind)


@router.post("", status_code=201)
def give_consent(asked: Importing, body: Giving) -> ConsentView:
    """Allow a source, for some purposes; signed and kept."""
    return _view(give(asked.workspace, body.source, body.purposes, days=body.days, special=body.special))


@router.get("/{consent}")
def show_consent(asked: Aggregates, consent: Identifier) -> ConsentView:
    """One consent."""
    require(asked.workspace, "consent", consent)
    return _view(consent_named(asked.workspace, consent))


@router.get(
    "/{consent}/receipt",
    response_class=Response,
    responses={
        200: {
            "description": "The receipt",
            "content": {
                "application/ld+json": {"schema": {"type": "object"}},
                "text/html": {"schema": {"type": "string"}},
                "text/plain": {"schema": {"type": "string"}},
            },
        }
    },
)
def consent_receipt(
    asked: Reading, consent: Identifier, form: Literal["jsonld", "html", "text"] = "jsonld"
) -> Response:
    """The receipt of a consent, to keep or to show; JSON-LD bears a proof that anybody can verify."""
    require(asked.workspace, "consent", consent)
    return Response(receipt_of(asked.workspace, consent, form), media_type=MEDIA[form])


@router.post("/{consent}/withdraw")
def withdraw_consent(asked: Administering, consent: Identifier, body: Withdrawing) -> Withdrawn:
    """Withdraw it: from now on nothing of its source is used. What is erased cannot be brought back."""
    require(asked.workspace, "consent", consent)
    erase = {"nothing": False, "models": "models", "records": "records"}[body.erase]
    signed, erased = withdraw(asked.workspace, consent, erase=erase)  # type: ignore[arg-type]
    return Withdrawn(consent=_view(signed), erased=erased)
