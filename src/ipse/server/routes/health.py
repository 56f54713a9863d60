"""Whether the service runs, and which vaults it serves: what may be known without signing in."""

from typing import Annotated

from fastapi import Depends, Request
from pydantic import BaseModel, Field

from ipse import __version__
from ipse.server.deps import served
from ipse.server.routing import component
from ipse.server.vaults import Vaults

__all__ = ["Health", "VaultState", "health", "router"]

router = component("service")


class VaultState(BaseModel):
    """One vault. Its id says nothing about whose it is."""

    id: str = Field(examples=["3f6d0c5b9a7e41d28b0c6a1f5e9d7c34"])
    open: bool = Field(description="whether it is unlocked")


class Health(BaseModel):
    """The service is up."""

    status: str = Field(examples=["ok"])
    version: str = Field(examples=["0.1.0"])
    vaults: list[VaultState]
    new: bool = Field(description="whether there is none yet, and one can be made by the terminal's link")


@router.get("/health", response_model_exclude_none=True)
async def health(vaults: Annotated[Vaults, Depends(served)], request: Request) -> Health:
    """Whether the service is up, and which of its vaults are unlocked."""
    states = [VaultState(id=one.id, open=one.opened is not None) for one in vaults]
    return Health(
        status="ok",
        version=__version__,
        vaults=states,
        new=not states and request.app.state.founding is not None,
    )
