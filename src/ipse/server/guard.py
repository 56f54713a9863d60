"""The first door, before anything is looked at: Host and Origin, on HTTP and WebSocket; and every header.

A page of another site can make a browser ask this machine. It cannot choose Host or Origin: a name that a
stranger's DNS points here is no name of ours, and an Origin that is not ours asks for nothing.
"""

from collections.abc import Collection, Iterable
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ipse.server.headers import SECURITY_HEADERS
from ipse.server.openai_errors import PREFIX, openai_error
from ipse.server.problems import problem

__all__ = ["BODY_BYTES", "COOKIE", "Guard", "hosts_of"]

COOKIE: Final = "ipse_session"
BODY_BYTES: Final = 1_048_576  # of any request that is not an upload
PORTS: Final = {"http": 80, "https": 443}


def hosts_of(names: Iterable[str], port: int, scheme: str) -> frozenset[str]:
    """What a Host header may say for these names; the port is left out where it is the scheme's own."""
    bracketed = [f"[{name}]" if ":" in name else name.lower() for name in names]
    plain = bracketed if port == PORTS[scheme] else []
    return frozenset((*(f"{name}:{port}" for name in bracketed), *plain))


class Guard:
    """Lets in who asks for one of ``hosts`` and comes from none or one of them, over ``scheme``.

    Bodies are cut off at ``BODY_BYTES``, or at ``upload_bytes`` below one of the paths ``uploads``.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Collection[str],
        scheme: str = "http",
        uploads: Collection[str] = (),
        upload_bytes: int = BODY_BYTES,
    ) -> None:
        self._app = app
        self._hosts = frozenset(hosts)
        self._origins = frozenset(f"{scheme}://{host}" for host in hosts)
        self._uploads = tuple(uploads)
        self._upload_bytes = upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request or connection in, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refused = self._refused(scope)
        if refused is not None:
            status, why, hint = refused
            await self._refuse(scope, receive, send, _told(status, why, hint, scope["path"]))
            return
        limit = (
            self._upload_bytes if scope["path"].startswith(self._uploads) and self._uploads else BODY_BYTES
        )
        await self._app(scope, _limited(scope, receive, limit), _with_headers(send))

    def _refused(self, scope: Scope) -> tuple[int, str, str] | None:
        headers = Headers(scope=scope)
        if [host.lower() for host in headers.getlist("host")] != [headers.get("host", "").lower()] or (
            headers.get("host", "").lower() not in self._hosts
        ):
            return 421, "This service has another name.", "Ask for the address that `ipse serve` printed."
        origins = headers.getlist("origin")
        cookie = COOKIE in headers.get("cookie", "")
        if any(origin.lower() not in self._origins for origin in origins) or (
            headers.get("sec-fetch-site") == "cross-site"
            and (scope["type"] == "websocket" or not _visits(headers))
        ):
            return 403, "Another site may not ask.", "Open the web app of the service itself."
        if scope["type"] == "websocket" and cookie and not origins:
            return 403, "A browser says where it comes from.", "Use a token instead of the cookie."
        return None

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, response: ASGIApp) -> None:
        if scope["type"] == "http" or "websocket.http.response" in scope.get("extensions", {}):
            await response(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})


def _told(status: int, why: str, hint: str, path: str) -> ASGIApp:
    if path.startswith(PREFIX):
        return openai_error(status, f"{why} {hint}")
    return problem(status, why, hint=hint, instance=path)


def _visits(headers: Headers) -> bool:
    """Whether somebody followed a link to a page, which carries no session: the cookie is SameSite=Strict."""
    return headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"


def _limited(scope: Scope, receive: Receive, limit: int) -> Receive:
    if scope["type"] != "http":
        return receive
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise HTTPException(413, f"The request is larger than {limit:,} bytes.")
        return message

    return counted


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sent
