"""Errors as ``application/problem+json`` (RFC 9457): what happened, and what to do next.

Which status each error of the tree has stands in :data:`STATUSES`; the nearest parent counts.
"""

import logging
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Request, WebSocket
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocketState

from ipse import errors
from ipse.errors import AccessError, BusyError, IpseError
from ipse.server.headers import SECURITY_HEADERS
from ipse.server.openai_errors import PREFIX, openai_error

__all__ = ["MEDIA_TYPE", "STATUSES", "Fault", "Problem", "Refused", "install", "problem", "status_of"]

MEDIA_TYPE: Final = "application/problem+json"
LOG = logging.getLogger("ipse.server")
WS_POLICY, WS_BUSY, WS_BUG = 1008, 1013, 1011  # close codes of RFC 6455

STATUSES: Final[Mapping[type[IpseError], int]] = {
    errors.SettingsError: 422,
    errors.SourceError: 422,
    errors.UnknownFormatError: 422,
    errors.OwnerUnknownError: 409,
    errors.ConsentError: 409,
    errors.PrivacyError: 409,
    errors.VaultMissingError: 404,
    errors.WrongPassphraseError: 401,
    errors.DamagedVaultError: 500,
    errors.FullDiskError: 507,
    errors.ServerError: 502,
    errors.DeliveryError: 502,
    errors.EnrichmentError: 502,
    errors.NotFoundError: 404,
    errors.BusyError: 429,
    errors.AccessError: 401,
    errors.IpseError: 409,
}


class Fault(BaseModel):
    """One field that is not as it should be."""

    where: str = Field(description="the field, such as `body.name`", examples=["body.name"])
    what: str = Field(examples=["Field required"])


class Problem(BaseModel):
    """What went wrong and what to do next (RFC 9457)."""

    type: str = Field(
        description="which error, as `urn:ipse:problem:NAME`", examples=["urn:ipse:problem:consent"]
    )
    title: str = Field(examples=["Conflict"])
    status: int = Field(examples=[409])
    detail: str = Field(description="one line", examples=["The owner has not allowed this."])
    hint: str = Field(default="", description="what to do next", examples=["Give consent first."])
    instance: str = Field(default="", description="path that was asked for", examples=["/api/imports"])
    errors: list[Fault] = Field(default=[], description="the fields at fault, where it is the request's")


class Refused(HTTPException):
    """One of our errors where the framework would take any but its own for a body that cannot be read."""

    def __init__(self, why: IpseError) -> None:
        super().__init__(status_of(why), str(why))
        self.why = why


def status_of(error: IpseError) -> int:
    """The status of an error; 403 for who is known and may not."""
    if isinstance(error, AccessError) and error.known:
        return 403
    return next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)


def problem(
    status: int,
    detail: str,
    *,
    hint: str = "",
    name: str = "",
    instance: str = "",
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """A response that says so."""
    title = HTTPStatus(status).phrase
    told = Problem(
        type=f"urn:ipse:problem:{name or title.lower().replace(' ', '-')}",
        title=title,
        status=status,
        detail=detail,
        hint=hint,
        instance=instance,
    )
    return JSONResponse(
        told.model_dump(),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers={**SECURITY_HEADERS, **(headers or {})},
    )


def install(app: FastAPI) -> None:
    """Let ``app`` answer every error so."""
    app.add_exception_handler(IpseError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _bug)


def _name(error: IpseError) -> str:
    return type(error).__name__.removesuffix("Error").lower()


async def _ours(asked: Request | WebSocket, error: Exception) -> Response:
    assert isinstance(error, IpseError)
    status = status_of(error)
    if isinstance(asked, WebSocket):
        await _closed(asked, WS_BUSY if isinstance(error, BusyError) else WS_POLICY, str(error))
        return Response()
    headers = {"Retry-After": str(math.ceil(error.after))} if isinstance(error, BusyError) else {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status >= 500:
        LOG.error("%s: %s", _name(error), error.message)
    return problem(
        status,
        error.message,
        hint=error.hint,
        name=_name(error),
        instance=asked.url.path,
        headers=headers,
    )


async def _invalid(asked: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [
        Fault(where=".".join(map(str, one["loc"])), what=str(one["msg"])).model_dump()
        for one in error.errors()
    ]
    told = Problem(
        type="urn:ipse:problem:invalid-request",
        title="Unprocessable Content",
        status=422,
        detail="The request is not as it should be.",
        hint="See `errors`, and the schema at /api/docs.",
        instance=asked.url.path,
    ).model_dump()
    return JSONResponse(told | {"errors": faults}, status_code=422, media_type=MEDIA_TYPE)


async def _http(asked: Request, error: Exception) -> Response:
    """What the framework refuses: unknown paths, methods, bodies."""
    assert isinstance(error, HTTPException)
    if isinstance(error, Refused):
        return await _ours(asked, error.why)
    hint = "See /api/docs for what there is." if error.status_code in (404, 405) else ""
    if asked.url.path.startswith(PREFIX):
        return openai_error(error.status_code, f"{error.detail} {hint}".strip(), headers=error.headers)
    return problem(
        error.status_code,
        str(error.detail),
        hint=hint,
        instance=asked.url.path,
        headers=dict(error.headers or {}),
    )


async def _bug(asked: Request | WebSocket, error: Exception) -> Response:
    """Anything else: nothing of it is told; the server logs where it happened."""
    if isinstance(asked, WebSocket):
        await _closed(asked, WS_BUG, "This is a bug.")
        return Response()
    LOG.error("%s at %s", type(error).__name__, asked.url.path)
    return problem(
        500, "This is a bug in ipse.", hint="The terminal of the server shows more.", instance=asked.url.path
    )


async def _closed(socket: WebSocket, code: int, why: str) -> None:
    if socket.client_state is not WebSocketState.DISCONNECTED:
        await socket.close(code=code, reason=why.encode()[:120].decode(errors="ignore"))
