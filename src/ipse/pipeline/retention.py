"""Letting go of what is older than the owner wants to keep: by the path of an erasure, without its ledger."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from ipse.pipeline.certificates import SignedCertificate
from ipse.pipeline.forgetting import carry_out
from ipse.pipeline.plans import Plan, make
from ipse.pipeline.workspace import Workspace
from ipse.vault import Cut

__all__ = ["plan_purge", "purge", "purge_if_due"]

DUE = timedelta(days=1)
KIND = "purge"


def plan_purge(workspace: Workspace, now: datetime | None = None) -> Plan | None:
    """What is older than the settings allow, with all that was made of it; None if nothing is."""
    at = now or datetime.now(UTC)
    cuts = [cut for cut in _cuts(workspace, at) if workspace.vault.measure(cut)]
    return make(workspace, "retention", cuts=cuts) if cuts else None


def purge(workspace: Workspace, now: datetime | None = None) -> SignedCertificate | None:
    """Let go of it; returns the certificate, or None if nothing was old enough."""
    at = now or datetime.now(UTC)
    plan = plan_purge(workspace, at)
    done = carry_out(workspace, plan) if plan is not None else None
    workspace.vault.put(KIND, "last", at.isoformat().encode(), action="purge", details={"found": bool(done)})
    return done


def purge_if_due(workspace: Workspace, now: datetime | None = None) -> SignedCertificate | None:
    """:func:`purge`, at most once a day and only where the settings limit anything."""
    at = now or datetime.now(UTC)
    if not workspace.settings.retention.limits:
        return None
    if "last" in workspace.vault.ids(KIND):
        last = datetime.fromisoformat(workspace.vault.get(KIND, "last").decode())
        if last <= at < last + DUE:
            return None
    return purge(workspace, at)


def _cuts(workspace: Workspace, now: datetime) -> Iterator[Cut]:
    """What is to go from each source that has a limit."""
    retention = workspace.settings.retention
    for source in workspace.vault.counts():
        messages, events = retention.days(source, "messages"), retention.days(source, "events")
        if messages or events:
            yield Cut(
                source=source,
                messages_before=now - timedelta(days=messages) if messages else None,
                events_before=now - timedelta(days=events) if events else None,
            )
