"""Fetching pages as a guest: one address at a time, within bounds, and never inside the owner's network.

Redirects are followed here, so that each step is looked at; a name is resolved once, and the connection goes
to the address that was looked at. No cookies, no scripts, nothing of the message is sent.
"""

import ipaddress
import re
import socket
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urljoin, urlsplit

from ipse.errors import EnrichmentError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from httpcore2 import SOCKET_OPTION, NetworkBackend, NetworkStream, Response

__all__ = ["Page", "Web"]

LARGEST: Final = 1 << 20  # bytes of a page; what says what it is stands in its head
SECONDS: Final = 10.0  # to connect, and between two pieces
HOPS: Final = 5
AGENT: Final = "ipse/0.1 (looks up links in a personal archive)"
_CHARSET = re.compile(r"charset=[\"']?([\w-]{2,40})", re.IGNORECASE)


class Page(NamedTuple):
    """An answer: where it came from at last, its status, its media type, and its text."""

    url: str
    status: int
    media: str
    text: str
    retry_after: float | None = None


class Web:
    """Fetches pages. ``private`` allows addresses of the own network, which only tests may want."""

    def __init__(self, *, private: bool = False, seconds: float = SECONDS) -> None:
        try:
            import httpcore2
        except ImportError as error:
            raise MissingExtraError(
                "Looking up links needs one more package.", hint="pip install 'ipse[enrich]'"
            ) from error
        self._core = httpcore2
        self._seconds = seconds
        self._pool = httpcore2.ConnectionPool(network_backend=_guarded(private=private), max_connections=4)

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def get(self, url: str, *, accept: str = "text/html,application/xhtml+xml") -> Page:
        """The page at ``url``, or at the end of its redirects; raises ``EnrichmentError``."""
        for _ in range(HOPS + 1):
            if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
                raise EnrichmentError("no address of the web")
            page = self._once(url, accept)
            if page.status not in (301, 302, 303, 307, 308):
                return page
            url = urljoin(url, page.text)
        raise EnrichmentError("it leads on without end")

    def _once(self, url: str, accept: str) -> Page:
        headers: dict[bytes | str, bytes | str] = {
            "User-Agent": AGENT,
            "Accept": accept,
            "Accept-Encoding": "identity",
        }
        timeout = dict.fromkeys(("connect", "read", "write", "pool"), self._seconds)
        core = self._core
        try:
            with self._pool.stream("GET", url, headers=headers, extensions={"timeout": timeout}) as answer:
                fields = {
                    name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers
                }
                if 300 <= answer.status < 400:
                    return Page(url, answer.status, "", fields.get("location", ""))
                media = fields.get("content-type", "")
                body = _body(answer) if answer.status == 200 and _is_text(media) else b""
        except (
            core.NetworkError,
            core.TimeoutException,
            core.ProtocolError,
            core.UnsupportedProtocol,
        ) as error:
            raise EnrichmentError(f"no answer ({type(error).__name__})", again=True) from error
        except (ValueError, UnicodeError) as error:
            raise EnrichmentError("no address of the web") from error
        wait = fields.get("retry-after", "")
        return Page(
            url,
            answer.status,
            media.partition(";")[0].strip().lower(),
            body.decode(_charset(media, body), "replace"),
            float(wait) if wait.isdecimal() else None,
        )


def _body(answer: "Response") -> bytes:
    out = bytearray()
    for piece in answer.iter_stream():
        out += piece
        if len(out) >= LARGEST:
            break
    return bytes(out[:LARGEST])


def _is_text(media: str) -> bool:
    return bool(re.match(r"\s*(text/|application/(xhtml\+xml|json|ld\+json))", media, re.IGNORECASE))


def _charset(media: str, body: bytes) -> str:
    match = _CHARSET.search(media) or _CHARSET.search(body[:2048].decode("latin-1"))
    try:
        return "".encode(match[1]).decode() or match[1] if match else "utf-8"
    except LookupError:
        return "utf-8"


def _guarded(*, private: bool) -> "NetworkBackend":
    """The network, without the owner's own: no link may make this machine ask a router or a printer."""
    from httpcore2 import ConnectError, SyncBackend

    class Guarded(SyncBackend):
        def connect_tcp(
            self,
            host: str,
            port: int,
            timeout: float | None = None,
            local_address: str | None = None,
            socket_options: "Iterable[SOCKET_OPTION] | None" = None,
        ) -> "NetworkStream":
            try:
                found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            except (OSError, UnicodeError) as error:
                raise ConnectError("the name is not known") from error
            address = str(found[0][4][0])
            if not private and not ipaddress.ip_address(address.partition("%")[0]).is_global:
                raise EnrichmentError("an address of a private network")
            return super().connect_tcp(address, port, timeout, local_address, socket_options)

    return Guarded()
