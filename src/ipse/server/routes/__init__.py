"""One file a component, each with a ``router``; all of them stand in :data:`ROUTERS`."""

from typing import Final

from fastapi import APIRouter

from ipse.server.routes import (
    archives,
    audit,
    backups,
    bases,
    channels,
    chat,
    comparisons,
    configuration,
    consents,
    contacts,
    datasets,
    drafts,
    erasures,
    feedback,
    health,
    jobs,
    messages,
    models,
    overview,
    privacy,
    profile,
    reports,
    retention,
    scorecards,
    session,
    sources,
    starting,
    tokens,
    uploads,
    usage,
)

__all__ = ["ROUTERS"]

ROUTERS: Final[tuple[APIRouter, ...]] = (
    health.router,
    session.router,
    overview.router,
    consents.router,
    sources.router,
    uploads.router,
    contacts.router,
    messages.router,
    profile.router,
    datasets.router,
    models.router,
    bases.router,
    scorecards.router,
    comparisons.router,
    starting.router,
    chat.router,
    jobs.router,
    privacy.router,
    erasures.router,
    retention.router,
    archives.router,
    reports.router,
    audit.router,
    backups.router,
    configuration.router,
    tokens.router,
    usage.router,
    drafts.router,
    channels.router,
    feedback.router,
)
"""In the order of the documentation."""
