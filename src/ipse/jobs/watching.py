"""How jobs stand: what was kept of them, what lies beside it, and whether anyone still does them."""

from datetime import UTC, datetime, timedelta

import msgspec

from ipse.jobs.records import KIND, Job, Live, load
from ipse.jobs.stopping import alive
from ipse.vault import Vault

__all__ = ["HUNG_AFTER", "find", "listed"]

HUNG_AFTER = timedelta(minutes=10)
"""Silence of a running job's work after which it is said to hang; loading a large model takes minutes."""


def listed(vault: Vault, *, hung_after: timedelta = HUNG_AFTER) -> list[Job]:
    """Every job, oldest first; one whose process is gone is shown as interrupted."""
    return [_now(vault, load(vault, name), hung_after) for name in vault.ids(KIND)]


def find(vault: Vault, name: str, *, hung_after: timedelta = HUNG_AFTER) -> Job:
    """One of them; raises ``VaultError``."""
    return _now(vault, load(vault, name), hung_after)


def _now(vault: Vault, job: Job, hung_after: timedelta) -> Job:
    if job.state != "running":
        return job
    held = vault.get_aside(KIND, job.id)
    if held is not None:
        job = job.whole(msgspec.json.decode(held, type=Live))
    if not alive(vault.folder, job.id):
        # It may have ended between the two looks.
        kept = load(vault, job.id)
        return msgspec.structs.replace(job, state="interrupted") if kept.state == "running" else kept
    beat = job.live.beat_at if job.live and job.live.beat_at else job.started_at
    return msgspec.structs.replace(job, hung=datetime.now(UTC) - beat > hung_after)
