"""Running the service: where it listens, with what certificate, and the link that signs a browser in."""

import asyncio
import gc
import ipaddress
import os
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import uvicorn

from ipse.config import Settings
from ipse.errors import SettingsError
from ipse.server.app import create
from ipse.server.founding import Founding
from ipse.server.guard import hosts_of
from ipse.server.signin import SignIn
from ipse.server.vaults import Vaults

__all__ = ["Link", "listen", "serve"]

LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
GOODBYE_SECONDS: Final = 5


class Link(NamedTuple):
    """Where the service is. ``signed`` signs a browser in, once, within ten minutes; None if locked.

    ``new`` is the folder of a vault that is yet to be made; by the link then, as long as there is none.
    """

    address: str
    signed: str | None
    new: Path | None = None


def serve(
    vaults: Vaults, settings: Settings, *, started: Callable[[Link], None], new: Path | None = None
) -> None:
    """Serve until told to stop (SIGINT, SIGTERM); ``started`` is called when it listens.

    ``new`` is where a vault is to be made in the browser, where there is none. Raises ``SettingsError`` for
    an address that cannot be had, and for any but loopback without TLS and leave, or a vault.
    """
    if new and not _loopback(settings.service.host):
        raise SettingsError(
            "A vault is made on its own machine.", hint="Make it with `ipse init`, then serve."
        )
    scheme = _scheme(settings)
    founding = Founding(vaults, settings, new) if new else None
    listening = listen(settings.service.host, settings.service.port)
    with listening:
        port = listening.getsockname()[1]
        names = (*LOOPBACK, *_own(settings), *settings.service.names)
        app = create(vaults, settings, hosts=hosts_of(names, port, scheme), scheme=scheme, founding=founding)
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                log_level="warning",
                access_log=False,  # paths name people
                server_header=False,
                timeout_graceful_shutdown=GOODBYE_SECONDS,
                ws="websockets-sansio",
                ws_max_size=1_048_576,
                ssl_certfile=settings.service.certificate or None,
                ssl_keyfile=settings.service.certificate_key or None,
            )
        )
        host = f"[{settings.service.host}]" if ":" in settings.service.host else settings.service.host
        address = f"{scheme}://{'127.0.0.1' if host in ('0.0.0.0', '[::]') else host}:{port}/"  # noqa: S104 - compared
        link = Link(address, _signed(address, app.state.sign_in, founding, vaults), new)
        asyncio.run(_run(server, listening, lambda: started(link)))


def _signed(address: str, way: SignIn, founding: Founding | None, vaults: Vaults) -> str | None:
    if founding is not None:
        return f"{address}#new={founding.code()}"
    opened = next((one.id for one in vaults if one.opened is not None), None)
    return f"{address}#code={way.code(opened)}" if opened else None


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; raises ``SettingsError`` where it cannot."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        made = socket.create_server((host, port), family=family, backlog=2048)
        # asyncio does so for sockets it made itself alone; without it each answer waits 40 ms for an ACK.
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made
    except OSError as error:
        raise SettingsError(
            f"{host}:{port} cannot be listened on: {os.strerror(error.errno or 0)}.",
            hint="Choose another: `--port 0` takes a free one.",
        ) from error


async def _run(server: uvicorn.Server, listening: socket.socket, started: Callable[[], None]) -> None:
    running = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started and not running.done():
        await asyncio.sleep(0.02)
    if server.started:
        # What is there by now stays as long as the process. The collector of cycles need not look at those
        # objects again and again: that took a third of the time of taking events in.
        gc.collect()
        gc.freeze()
        await asyncio.to_thread(started)
    await running


def _scheme(settings: Settings) -> str:
    """`https` with a certificate; who listens beyond this machine needs one, and leave."""
    service = settings.service
    if not _loopback(service.host) and not (service.allow_network and service.certificate):
        raise SettingsError(
            f"{service.host} can be reached from other machines.",
            hint="Set service.allow_network, service.certificate and service.certificate_key.",
        )
    if not service.certificate:
        return "http"
    try:
        key = service.certificate_key or None
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(Path(service.certificate), key)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            f"{service.certificate}: no certificate with its key.", hint="Set both to PEM files."
        ) from error
    return "https"


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _own(settings: Settings) -> tuple[str, ...]:
    host = settings.service.host
    return () if host in ("0.0.0.0", "::") else (host,)  # noqa: S104 - compared
