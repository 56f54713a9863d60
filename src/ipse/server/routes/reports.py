"""Reports: compliance, the impact assessment, requests of data subjects, exceptions."""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ipse.errors import NotFoundError
from ipse.pipeline.compliance import SignedReport, accept_impact, compliance, impact
from ipse.pipeline.compliance.page import render
from ipse.pipeline.compliance.results import Section
from ipse.pipeline.requests import (
    Kind,
    RightsRequest,
    add_exception,
    add_request,
    close_request,
    exceptions,
    remove_exception,
    requests,
)
from ipse.server.deps import Administering, Asked, Identifier
from ipse.server.headers import PAGE_POLICY
from ipse.server.mirrors import mirrored, reflected
from ipse.server.paging import Cursor, Limit, Page, paged
from ipse.server.routing import component

__all__ = [
    "Asking",
    "Assessing",
    "AssessmentView",
    "Closing",
    "Excepting",
    "ExceptionView",
    "RequestView",
    "accept_assessment",
    "add_rights_request",
    "close_rights_request",
    "compliance_page",
    "compliance_report",
    "except_line",
    "list_exceptions",
    "list_requests",
    "remove_line_exception",
    "router",
    "show_assessment",
]

router = component("reports")

ReportView = mirrored(SignedReport)
SectionView = mirrored(Section)
HTML = {200: {"description": "The page", "content": {"text/html": {"schema": {"type": "string"}}}}}
Words = Annotated[str, StringConstraints(max_length=4000)]


class RequestView(BaseModel):
    """A request of somebody for their rights."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["1f2a9c07"])
    kind: Kind = Field(examples=["access"])
    subject: str = Field(description="a pseudonym where they are known", examples=["PERSON_2"])
    received: date
    due: date
    closed: date | None
    note: str


class Asking(BaseModel):
    """Somebody asked."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"kind": "access", "subject": "PERSON_2"}]}
    )

    kind: Kind
    subject: Annotated[str, StringConstraints(max_length=200)]
    received: date | None = Field(default=None, description="the day it came in; null: today")
    note: Words = ""


class Closing(BaseModel):
    """It was answered."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"note": "sent them a copy"}]})

    note: Words = ""
    closed: date | None = Field(default=None, description="the day of the answer; null: today")


class ExceptionView(BaseModel):
    """Why a line is left as it is."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["7be0c114"])
    line: str = Field(examples=["C7"])
    reason: str
    at: datetime


class Excepting(BaseModel):
    """Which line, and why."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"line": "C7", "reason": "kept for my memoirs"}]}
    )

    line: Annotated[str, StringConstraints(pattern=r"^C([1-9]|1[0-8])$")]
    reason: Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]


class AssessmentView(BaseModel):
    """The impact assessment, filled in with what the vault knows."""

    sections: list[SectionView]  # type: ignore[valid-type]


class Assessing(BaseModel):
    """You assessed it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"statement": "I accept the risks named above."}]}
    )

    statement: Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]


@router.post("/reports/compliance", response_model=ReportView)
def compliance_report(asked: Administering) -> BaseModel:
    """Measure eighteen lines of data protection now, each pass, fail or not measured; signed."""
    return reflected(_measured(asked))


@router.post("/reports/compliance/page", response_class=Response, responses=HTML)  # type: ignore[arg-type]
def compliance_page(asked: Administering) -> Response:
    """The same as one self-contained page, which holds the signed report."""
    page = render(_measured(asked))
    return Response(page, media_type="text/html", headers={"Content-Security-Policy": PAGE_POLICY})


@router.get("/reports/assessment")
def show_assessment(asked: Administering) -> AssessmentView:
    """The impact assessment as it would stand in a report made now."""
    return AssessmentView(sections=[reflected(one) for one in impact(asked.workspace)])


@router.post("/reports/assessment")
def accept_assessment(asked: Administering, body: Assessing) -> AssessmentView:
    """Say that you assessed the processing as it is now."""
    accept_impact(asked.workspace, body.statement)
    return show_assessment(asked)


@router.get("/requests")
def list_requests(
    asked: Administering,
    state: Literal["open", "closed"] | None = None,
    limit: Limit = 100,
    cursor: Cursor = "",
) -> Page[RequestView]:
    """Requests of data subjects, the newest first."""
    found = [one for one in reversed(requests(asked.workspace)) if state in (None, _state(one))]
    items, total, behind = paged(found, limit, cursor)
    return Page(items=[RequestView.model_validate(one) for one in items], total=total, next=behind)


@router.post("/requests", status_code=201)
def add_rights_request(asked: Administering, body: Asking) -> RequestView:
    """Keep that somebody asked for their rights; it is due in a month."""
    made = add_request(asked.workspace, body.kind, body.subject, received=body.received, note=body.note)
    return RequestView.model_validate(made)


@router.post("/requests/{request}/close")
def close_rights_request(asked: Administering, request: Identifier, body: Closing) -> RequestView:
    """Say that it was answered, and when."""
    if request not in [one.id for one in requests(asked.workspace)]:
        raise NotFoundError(f"There is no request `{request[:80]}`.", hint="See /api/requests.")
    return RequestView.model_validate(
        close_request(asked.workspace, request, note=body.note, closed=body.closed)
    )


@router.get("/exceptions")
def list_exceptions(asked: Administering) -> Page[ExceptionView]:
    """Why lines of the report are left as they are."""
    found = [ExceptionView.model_validate(one) for one in exceptions(asked.workspace)]
    return Page(items=found, total=len(found))


@router.post("/exceptions", status_code=201)
def except_line(asked: Administering, body: Excepting) -> ExceptionView:
    """Keep why a line that does not hold is left so; it changes no result."""
    return ExceptionView.model_validate(add_exception(asked.workspace, body.line, body.reason))


@router.delete("/exceptions/{exception}")
def remove_line_exception(asked: Administering, exception: Identifier) -> ExceptionView:
    """Take it back."""
    if exception not in [one.id for one in exceptions(asked.workspace)]:
        raise NotFoundError(f"There is no exception `{exception[:80]}`.", hint="See /api/exceptions.")
    return ExceptionView.model_validate(remove_exception(asked.workspace, exception))


def _measured(asked: Asked) -> SignedReport:
    return compliance(asked.workspace, progress=lambda _done, _total, _figures: None)


def _state(request: RightsRequest) -> str:
    return "open" if request.closed is None else "closed"
