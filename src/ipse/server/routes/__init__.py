"""One file a component, each with a ``router``; all of them stand in :data:`ROUTERS`."""

from typing import Final

from fastapi import APIRouter

from ipse.server.routes import health, session, tokens

__all__ = ["ROUTERS"]

ROUTERS: Final[tuple[APIRouter, ...]] = (
    health.router,
    session.router,
    tokens.router,
)
"""In the order of the documentation."""
