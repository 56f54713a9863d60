"""Erasure: what would go, then going; and the certificates."""

from datetime import datetime
from hashlib import sha256
from typing import Annotated, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ipse.errors import NotFoundError, PrivacyError, RegistryError, VaultError
from ipse.pipeline.certificates import SignedCertificate, certificates
from ipse.pipeline.forgetting import forget
from ipse.pipeline.plans import Plan, plan_for
from ipse.pipeline.workspace import Workspace
from ipse.server.deps import Administering, Aggregates, Identifier
from ipse.server.mirrors import mirrored, reflected
from ipse.server.paging import Cursor, Limit, Page, paged
from ipse.server.routing import component

__all__ = [
    "Erasing",
    "PlanView",
    "Wanting",
    "erase",
    "list_erasures",
    "plan_erasure",
    "router",
    "show_erasure",
]

router = component("erasure")

CertificateView = mirrored(SignedCertificate)
What = Literal["source", "contact", "conversation", "message", "model", "all"]


class Wanting(BaseModel):
    """What is to be erased."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"what": "contact", "name": "PERSON_2"}]}
    )

    what: What
    name: Annotated[str, StringConstraints(max_length=200)] = Field(
        default="", description="its id, pseudonym or name; nothing for all"
    )


class PlanView(BaseModel):
    """What would go. ``confirm`` is sent back to erase exactly this."""

    what: What
    name: str
    counts: dict[str, int] = Field(examples=[{"messages": 120, "models": 1, "keys": 3}])
    sources: list[str]
    people: list[str]
    datasets: list[str]
    models: list[str]
    confirm: str = Field(examples=["9f3b1c0de5a24f67"])


class Erasing(Wanting):
    """The same as was asked for, with ``confirm`` of the plan that was shown."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"what": "contact", "name": "PERSON_2", "confirm": "9f3b1c0de5a24f67"}]
        },
    )

    confirm: Annotated[str, StringConstraints(min_length=8, max_length=64)]


def _plan(workspace: Workspace, wanted: Wanting) -> Plan:
    if wanted.what != "all" and not wanted.name.strip():
        raise NotFoundError(f"No {wanted.what} was named.", hint="Send its `name`.")
    try:
        return plan_for(workspace, wanted.what, wanted.name)
    except (PrivacyError, RegistryError, VaultError) as error:
        if type(error) not in (PrivacyError, RegistryError, VaultError):
            raise  # damage and the like
        raise NotFoundError(error.message, hint=error.hint) from error


def _confirm(plan: Plan) -> str:
    """A fingerprint of what would go: another plan of the same wish has another."""
    same = msgspec.structs.replace(plan, id="", asked_at=datetime.min)  # noqa: DTZ901 - left out
    return sha256(msgspec.json.encode(same, order="deterministic")).hexdigest()[:16]


@router.post("/erasures/plan")
def plan_erasure(asked: Administering, body: Wanting) -> PlanView:
    """What an erasure would take with it; changes nothing."""
    plan = _plan(asked.workspace, body)
    return PlanView(
        what=body.what,
        name=body.name,
        counts=plan.counts,
        sources=sorted({*plan.sources, *(cut.source for cut in plan.cuts)}),
        people=list(plan.people),
        datasets=list(plan.datasets),
        models=list(plan.models),
        confirm=_confirm(plan),
    )


@router.post("/erasures", status_code=201, response_model=CertificateView)
def erase(asked: Administering, body: Erasing) -> BaseModel:
    """Erase what the plan showed, and no more: keys are destroyed, datasets and models go along."""
    plan = _plan(asked.workspace, body)
    if _confirm(plan) != body.confirm:
        raise PrivacyError("What would go is not what was shown.", hint="Ask for the plan again, and look.")
    return reflected(forget(asked.workspace, plan).certificate)


@router.get("/erasures", response_model=Page[CertificateView])  # type: ignore[valid-type]
def list_erasures(asked: Aggregates, limit: Limit = 100, cursor: Cursor = "") -> Page[BaseModel]:
    """The signed certificates, the newest first."""
    items, total, behind = paged(list(reversed(certificates(asked.workspace))), limit, cursor)
    return Page(items=[reflected(one) for one in items], total=total, next=behind)


@router.get("/erasures/{certificate}", response_model=CertificateView)
def show_erasure(asked: Aggregates, certificate: Identifier) -> BaseModel:
    """One certificate, to keep or to show."""
    for one in certificates(asked.workspace):
        if one.certificate.id == certificate:
            return reflected(one)
    raise NotFoundError(f"There is no certificate `{certificate[:80]}`.", hint="See /api/erasures.")
