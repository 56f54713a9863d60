"""The second door: whose a request is, before a byte of its body is read.

The framework reads and parses a body before it asks who sends it. A stranger could so fill the disk with an
upload, or learn from what is said of a body what the service would take. Whatever reads a body comes by here.
"""

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ipse.errors import IpseError
from ipse.server.deps import admit
from ipse.server.openapi import scopes_of
from ipse.server.problems import Refused

__all__ = ["Admission"]


class Admission:
    """Lets the body of a request in once its sender may have the route that was found for it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request or connection on."""
        waits = scope["type"] == "http" and _has_body(scope)
        await self._app(scope, _admitting(scope, receive) if waits else receive, send)


def _has_body(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _admitting(scope: Scope, receive: Receive) -> Receive:
    admitted = False

    async def asked() -> Message:
        nonlocal admitted
        if not admitted:
            needed = scopes_of(scope.get("route"))
            try:
                if needed:
                    await admit(HTTPConnection(scope), needed)
            except IpseError as error:
                raise Refused(error) from error
            admitted = True
        return await receive()

    return asked
