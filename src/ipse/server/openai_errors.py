"""Errors as clients of OpenAI's interface read them, for everything below `/v1`."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from starlette.responses import JSONResponse

from ipse.server.headers import SECURITY_HEADERS

__all__ = ["PREFIX", "openai_error"]

PREFIX: Final = "/v1/"
KINDS: Final = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


def openai_error(
    status: int,
    message: str,
    *,
    code: str | None = None,
    param: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """A response that says so; ``code`` is the status's own name where none is given."""
    kind = KINDS.get(status, "invalid_request_error" if status < 500 else "server_error")
    named = code or HTTPStatus(status).phrase.lower().replace(" ", "_")
    return JSONResponse(
        {"error": {"message": message, "type": kind, "param": param, "code": named}},
        status_code=status,
        headers={**SECURITY_HEADERS, **(headers or {})},
    )
