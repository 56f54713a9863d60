"""Letting go of what is older than the owner wants to keep: by the path of an erasure, without its ledger.

Records go with all that was made of them. A dataset alone, or a draft, goes without the models it trained:
what these were made of is then known by its sources only, so erasing anything of those takes the models.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from ipse.config import RetentionSettings
from ipse.jobs import listed
from ipse.pipeline.certificates import SignedCertificate
from ipse.pipeline.days.keeping import event_days, is_limited, metric_days
from ipse.pipeline.derived import KINDS, Name, made_at
from ipse.pipeline.forgetting import PROOFS, carry_out
from ipse.pipeline.plans import Plan, make
from ipse.pipeline.workspace import Workspace
from ipse.registry import Registry
from ipse.scorecard import Scorecard
from ipse.vault import Cut

__all__ = ["plan_purge", "purge", "purge_if_due", "would_go"]

DUE = timedelta(days=1)
ALONE = ("dataset", "draft", "rating")  # these go without the models that learned from them
KIND = "purge"


def plan_purge(workspace: Workspace, now: datetime | None = None) -> Plan | None:
    """What is older than the settings allow, with all that was made of it; None if nothing is."""
    at = now or datetime.now(UTC)
    cuts = [cut for cut in _cuts(workspace, at) if workspace.vault.measure(cut)]
    old = list(_old(workspace, at))
    audit, rows = workspace.settings.retention.audit, 0
    before = at - timedelta(days=audit) if audit else None
    if before is not None:
        rows = len(workspace.vault.journal.older(before, PROOFS))
    if not (cuts or old or rows):
        return None
    plan = make(workspace, "retention", cuts=cuts, documents=[one for one in old if one[0] not in ALONE])
    alone = [name for kind, name in old if kind == "dataset" and name not in plan.datasets]
    decided = [one for one in old if one[0] in ALONE and one[0] != "dataset" and one not in plan.documents]
    more = {"audit details": rows, "datasets": plan.counts.get("datasets", 0) + len(alone)}
    more["keys"] = plan.counts.get("keys", 0) + len(alone) + len(decided)
    for kind, _ in decided:
        told = KINDS[kind].told
        more[told] = more.get(told, plan.counts.get(told, 0)) + 1
    return msgspec.structs.replace(
        plan,
        datasets=(*plan.datasets, *alone),
        documents=(*plan.documents, *decided),
        audit_before=before if rows else None,
        counts={name: n for name, n in (plan.counts | more).items() if n},
    )


def would_go(workspace: Workspace, limits: RetentionSettings) -> dict[str, int]:
    """How much of what these limits would let go now, by kind."""
    trial = Workspace(workspace.vault, workspace.given)
    trial.settings = workspace.settings.model_copy(update={"retention": limits})
    plan = plan_purge(trial)
    return dict(plan.counts) if plan else {}


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
    if not is_limited(workspace.settings):
        return None
    if "last" in workspace.vault.ids(KIND):
        last = datetime.fromisoformat(workspace.vault.get(KIND, "last").decode())
        if last <= at < last + DUE:
            return None
    return purge(workspace, at)


def _cuts(workspace: Workspace, now: datetime) -> Iterator[Cut]:
    """What is to go from each source that has a limit."""
    settings = workspace.settings
    parts = {(source, one.stream) for source, one in workspace.vault.event_partitions()}
    for source in workspace.vault.counts():
        messages, events = settings.retention.days(source, "messages"), event_days(settings, source)
        streams = [stream for name, stream in parts if name == source]
        own = {one: event_days(settings, source, one) for one in streams}
        metrics = {one: metric_days(settings, source, one) for one in streams}
        cut = Cut(
            source=source,
            messages_before=_before(now, messages),
            events_before=_before(now, events),
            streams={one: _before(now, days) for one, days in own.items() if days != events},
            metrics={
                one: now - timedelta(days=days) for one, days in metrics.items() if days and days != own[one]
            },
        )
        if messages or events or any(own.values()) or cut.metrics:
            yield cut


def _before(now: datetime, days: int) -> datetime | None:
    return now - timedelta(days=days) if days else None


def _old(workspace: Workspace, now: datetime) -> Iterator[Name]:
    """The documents of each family that has a limit."""
    for kind, known in KINDS.items():
        days = getattr(workspace.settings.retention, known.family) if known.family else 0
        if days:
            made = _TIMES[kind](workspace) if kind in _TIMES else _made(workspace, kind)
            yield from ((kind, name) for name, at in made.items() if at < now - timedelta(days=days))


def _made(workspace: Workspace, kind: str) -> dict[str, datetime]:
    return {name: made_at(workspace, (kind, name)) for name in workspace.vault.ids(kind)}


def _prepared(workspace: Workspace) -> dict[str, datetime]:
    """When each dataset was last prepared; its card has no clock, the audit log has."""
    held = set(workspace.vault.ids("dataset"))
    return {
        str(row.details["dataset"]): row.at
        for row in workspace.vault.audit_rows()
        if row.action == "dataset.prepare" and row.at is not None and row.details["dataset"] in held
    }


def _copied(workspace: Workspace) -> dict[str, datetime]:
    """An optimized copy is as old as its model."""
    cards, held = Registry(workspace.vault).cards(), workspace.vault.ids("optimized")
    return {card.id: card.created_at for card in cards if card.id in held}


def _judged(workspace: Workspace) -> dict[str, datetime]:
    vault = workspace.vault
    return {
        name: Scorecard.from_json(vault.get("scorecard", name)).created_at for name in vault.ids("scorecard")
    }


def _ended(workspace: Workspace) -> dict[str, datetime]:
    return {
        job.id: job.ended_at or job.started_at for job in listed(workspace.vault) if job.state != "running"
    }


def _ends(month: str) -> datetime:
    """When a month such as `2026-04` is over."""
    year, number = map(int, month.split("-"))
    return datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)


_TIMES: dict[str, Callable[[Workspace], dict[str, datetime]]] = {
    "dataset": _prepared,
    "model": lambda workspace: {card.id: card.created_at for card in Registry(workspace.vault).cards()},
    "optimized": _copied,
    "scorecard": _judged,
    "job": _ended,
    "usage": lambda workspace: {month: _ends(month) for month in workspace.vault.ids("usage")},
}
"""When each document of a kind was made; of other kinds their envelope tells."""
