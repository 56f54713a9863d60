"""The application: its door, its routers, its pages, and what they share."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager

from fastapi import FastAPI

from ipse import __version__
from ipse.config import Settings
from ipse.server import openapi, pages, problems
from ipse.server.admission import Admission
from ipse.server.founding import Founding
from ipse.server.guard import Guard
from ipse.server.labour import labour
from ipse.server.rates import Rates
from ipse.server.routes import ROUTERS, openai
from ipse.server.routing import mount
from ipse.server.signin import SignIn
from ipse.server.sweeping import sweeping
from ipse.server.vaults import Vaults

__all__ = ["MEGABYTE", "UPLOADS", "assembled", "create"]

MEGABYTE = 1_000_000
UPLOADS = ("/api/uploads",)


def create(
    vaults: Vaults,
    settings: Settings,
    *,
    hosts: Collection[str],
    scheme: str = "http",
    founding: Founding | None = None,
) -> FastAPI:
    """The service over ``vaults``, for who asks for one of ``hosts`` (`name:port`).

    ``founding`` makes one, where there is none. ``app.state`` has ``vaults``, ``sign_in`` and ``rates``.
    Closing the application locks the vaults.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await asyncio.to_thread(vaults.close)

    app = assembled()
    app.router.lifespan_context = lifespan
    app.state.vaults = vaults
    app.state.settings = settings
    app.state.founding = founding
    app.state.rates = Rates(settings.service.rate, settings.service.push_rate)
    app.state.sign_in = SignIn(vaults)
    app.state.locking = _locking(vaults)
    vaults.when_open(labour)  # jobs begin as long as a vault is open
    vaults.when_open(sweeping)
    app.add_middleware(Admission)
    app.add_middleware(
        Guard,
        hosts=hosts,
        scheme=scheme,
        uploads=UPLOADS,
        upload_bytes=settings.service.upload_mb * MEGABYTE,
    )
    return app


def assembled() -> FastAPI:
    """The routes and pages without a vault behind them: what the OpenAPI document is made of."""
    app = FastAPI(
        title="ipse",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    mount(app, (*ROUTERS, openai.router))
    openapi.install(app)
    problems.install(app)
    pages.install(app)
    return app


def _locking(vaults: Vaults) -> Callable[[str], None]:
    """Lock a vault once the request that asks for it has given its workspace back."""

    def lock(id_: str) -> None:
        threading.Thread(target=vaults.find(id_).lock, name="locking").start()

    return lock
