"""The owner's style: figures for plots, and how far a model lies behind them. Measured anew each time."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel

from ipse.errors import NotFoundError
from ipse.pipeline.monitoring import style_drift
from ipse.pipeline.profiling import contact_names, profile
from ipse.profile.drift import Drift
from ipse.profile.results import Profile
from ipse.registry import Registry
from ipse.server.deps import Reading
from ipse.server.mirrors import mirrored, reflected
from ipse.server.routing import component

__all__ = ["ProfileView", "router", "show_drift", "show_profile"]

router = component("profile", prefix="/profile")

Measured = mirrored(Profile)
DriftView = mirrored(Drift)


class ProfileView(BaseModel):
    """A profile, and what you call each contact in it."""

    profile: Measured  # type: ignore[valid-type]
    names: dict[str, str]


@router.get("", response_model=ProfileView)
def show_profile(
    asked: Reading,
    zone: Annotated[
        str | None,
        Query(max_length=64, description="your time zone by IANA name", examples=["Europe/Berlin"]),
    ] = None,
) -> ProfileView:
    """How you write: lengths, hours, waits, words, habits, people, over months and years. Takes seconds."""
    found = profile(asked.workspace, zone=zone)
    return ProfileView(profile=reflected(found), names=contact_names(asked.workspace, found))


@router.get("/drift", response_model=DriftView)
def show_drift(
    asked: Reading, model: Annotated[str, Query(max_length=64, examples=["champion"])] = "champion"
) -> BaseModel:
    """How far a model lies behind how you write now, by quarter."""
    registry = Registry(asked.workspace.vault)
    if model not in asked.workspace.vault.ids("model") and not (model == "champion" and registry.champion()):
        raise NotFoundError(f"There is no model `{model}`.", hint="Train one first.")
    return reflected(style_drift(asked.workspace, model=model))
