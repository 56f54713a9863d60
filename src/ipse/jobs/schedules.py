"""Jobs at set times: by the clock (cron, in local time), and only on mains power or while nobody is there.

What was missed, however often, is done once. When it is due again is kept, so it holds over restarts.
"""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta

import msgspec
from cronsim import CronSim, CronSimError

from ipse.errors import SettingsError
from ipse.jobs.queue import enqueue
from ipse.jobs.records import Job, Spec
from ipse.jobs.surroundings import Surroundings
from ipse.vault import Vault

__all__ = ["KIND", "Schedule", "add", "due", "held", "remove", "run_due"]

KIND = "schedule"
WORDS = {"hourly": "0 * * * *", "daily": "30 3 * * *", "weekly": "30 3 * * 0", "monthly": "30 3 1 * *"}


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """When to queue what; ``idle_minutes`` and ``on_ac`` let it wait, once it is due, until they hold."""

    id: str
    spec: Spec
    cron: str
    idle_minutes: float = 0.0
    on_ac: bool = False
    made_at: datetime
    due_at: datetime
    last_at: datetime | None = None
    last_job: str = ""


def add(
    vault: Vault,
    spec: Spec,
    cron: str,
    *,
    idle_minutes: float = 0.0,
    on_ac: bool = False,
    now: datetime | None = None,
) -> Schedule:
    """Keep a schedule; ``cron`` has five fields, or is hourly, daily, weekly or monthly.

    Raises ``SettingsError`` for one that is none, or that never comes.
    """
    at = now or datetime.now(UTC)
    fields = WORDS.get(cron, cron)
    made = Schedule(
        id=secrets.token_hex(6), spec=spec, cron=fields, idle_minutes=idle_minutes, on_ac=on_ac,
        made_at=at, due_at=_next(fields, at),
    )  # fmt: skip
    _keep(vault, made, "schedule.add")
    return made


def held(vault: Vault) -> list[Schedule]:
    """Every schedule, oldest first."""
    return [msgspec.json.decode(vault.get(KIND, name), type=Schedule) for name in vault.ids(KIND)]


def remove(vault: Vault, name: str) -> None:
    """Delete a schedule; raises ``VaultError`` where there is none."""
    vault.remove(KIND, name, action="schedule.remove", details={"schedule": name})


def due(schedule: Schedule, now: datetime, around: Surroundings) -> bool:
    """Whether it is to be done now."""
    return (
        now >= schedule.due_at
        and (not schedule.on_ac or around.powered())
        and (not schedule.idle_minutes or around.quiet(timedelta(minutes=schedule.idle_minutes)))
    )


def run_due(vault: Vault, now: datetime, around: Surroundings) -> list[Job]:
    """Queue what is due, each once; what it was queued as and when it is due again is kept with it."""
    queued = []
    for seen in held(vault):
        if not due(seen, now, around):
            continue
        with vault.exclusive():
            one = next((found for found in held(vault) if found.id == seen.id), None)
            if one is None or now < one.due_at:  # somebody else was faster
                continue
            job = enqueue(vault, one.spec, schedule=one.id, name=_turn(one))
            moved = {"due_at": _next(one.cron, now), "last_at": now, "last_job": job.id}
            _keep(vault, msgspec.structs.replace(one, **moved), "schedule.due")
            queued.append(job)
    return queued


def _keep(vault: Vault, schedule: Schedule, action: str) -> None:
    details = {"schedule": schedule.id, "task": schedule.spec.kind, "cron": schedule.cron}
    vault.put(KIND, schedule.id, msgspec.json.encode(schedule), action=action, details=details)


def _turn(schedule: Schedule) -> str:
    """The id of the job of this turn: a crash between queueing it and keeping that does not do it twice."""
    return hashlib.sha256(f"{schedule.id} {schedule.due_at.isoformat()}".encode()).hexdigest()[:12]


def _next(cron: str, after: datetime) -> datetime:
    """The next time by the clock of this machine, whose offset may change until then."""
    clock = after.astimezone().replace(tzinfo=None)
    try:
        return next(CronSim(cron, clock)).astimezone(UTC)
    except (CronSimError, StopIteration) as error:
        raise SettingsError(
            f"`{cron}` is no time of cron.", hint="Five fields such as `30 3 * * *`, or daily, weekly."
        ) from error
