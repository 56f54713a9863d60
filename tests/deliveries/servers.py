"""Real servers on this machine: one that takes mail, one that takes web requests; both count what came."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

if TYPE_CHECKING:
    import asyncio
    from email.message import EmailMessage

__all__ = ["Hook", "Mailbox", "Posted", "hook", "mailbox"]


class Mailbox:
    """Takes mail; answers with ``says`` where that is set, at the step it is set for."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.to: list[list[str]] = []
        self.signed_in: list[tuple[bytes, bytes]] = []
        self.refuses: dict[str, str] = {}
        self.hangs_up = False
        self.port = 0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd names it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "RCPT" in self.refuses:
            return self.refuses["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if "DATA" in self.refuses:
            return self.refuses["DATA"]
        content = cast("bytes", envelope.content)
        self.mails.append(message_from_bytes(content, policy=policy.default))
        self.to.append(list(envelope.rcpt_tos))
        if self.hangs_up:
            cast("asyncio.Transport", server.transport).abort()
        return "250 taken"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, how: str, data: Any
    ) -> AuthResult:
        self.signed_in.append((data.login, data.password))
        return AuthResult(success=data.password == b"open sesame")


@contextmanager
def mailbox(*, sign_in: bool = False) -> Iterator[Mailbox]:
    """A mail server on loopback, in the clear."""
    box = Mailbox()
    more: dict[str, Any] = {
        "authenticator": box.authenticate,
        "auth_required": True,
        "auth_require_tls": False,
    }
    controller = Controller(box, hostname="127.0.0.1", port=0, **(more if sign_in else {}))
    controller.port = _free_port()
    controller.start()
    box.port = controller.port
    try:
        yield box
    finally:
        controller.stop()


def _free_port() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Posted(NamedTuple):
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


class Hook:
    """Takes posts; answers with ``status`` after ``before`` was called with the request."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.posted: list[Posted] = []
        self.status = 200
        self.before: Callable[[Posted], None] = lambda _posted: None


@contextmanager
def hook() -> Iterator[Hook]:
    """A web server on loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            posted = Posted(self.path, {name.lower(): held for name, held in self.headers.items()}, body)
            made.posted.append(posted)
            made.before(posted)
            self.send_response(made.status)
            self.send_header("content-length", "0")
            if made.status in (301, 302, 307, 308):
                self.send_header("location", "http://127.0.0.1:1/elsewhere")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server names it
            """Say nothing."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that was killed is what is tested."""

    server = Quiet(("127.0.0.1", 0), Handler)
    made = Hook(f"http://127.0.0.1:{server.server_port}/drafts")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
