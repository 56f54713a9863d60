"""Every route of the application, from the application itself: a new one cannot be forgotten."""

from functools import cache
from typing import NamedTuple

from fastapi import FastAPI

from ipse.server.app import assembled
from ipse.server.openapi import known_routes

__all__ = ["OPEN", "Route", "application", "routes", "sockets"]

# What may be asked without signing in, and why.
OPEN = {
    ("GET", "/api/health"): "whether the service is up; ids that say nothing",
    ("POST", "/api/session"): "signing in",
    (
        "POST",
        "/api/vault/new/look",
    ): "where a vault would be made: by the terminal's code, where there is none",
    ("POST", "/api/vault/new"): "making it: by the terminal's code, once",
}
# Pages and their files: they hold nothing of anybody.
PAGES = {"/api/docs", "/api/docs/start.js", "/api/redoc", "/api/docs/files/{name}", "/{path:path}"}


@cache
def application() -> FastAPI:
    """The routes without a vault, made once."""
    return assembled()


class Route(NamedTuple):
    """One route: its method, its path as written, and the scopes it takes."""

    method: str
    path: str
    scopes: tuple[str, ...]

    @property
    def address(self) -> str:
        """A path that leads there, its parameters filled in with what is in no vault."""
        parts = ["nothing-of-that-id" if part.startswith("{") else part for part in self.path.split("/")]
        return "/".join(parts)


def routes() -> list[Route]:
    return [
        Route(method, route.path, route.scopes)
        for route in known_routes(application())
        if route.path not in PAGES
        for method in route.methods
    ]


def sockets() -> list[Route]:
    return [
        Route("WS", route.path, route.scopes) for route in known_routes(application()) if not route.methods
    ]
