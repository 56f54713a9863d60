"""Jobs that begin by themselves: by the clock (cron, in local time), each so often, or after so many records.

Some wait for mains power, or until nobody is there. What was missed, however often, is done once. When it is
due again is kept, so it holds over restarts, sleep and crashes.
"""

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from cronsim import CronSim, CronSimError

from ipse.errors import SettingsError
from ipse.jobs.queue import enqueue
from ipse.jobs.records import KIND as JOB
from ipse.jobs.records import Job, Spec, load
from ipse.jobs.surroundings import Surroundings
from ipse.vault import Vault

__all__ = [
    "KIND",
    "NEVER",
    "Planned",
    "Schedule",
    "When",
    "add",
    "due",
    "held",
    "keep_as",
    "planned",
    "remove",
    "ripe",
    "run_due",
    "words",
]

KIND = "schedule"
WORDS = {"hourly": "0 * * * *", "daily": "30 3 * * *", "weekly": "30 3 * * 0", "monthly": "30 3 1 * *"}
EVERY = re.compile(r"every (\d+(?:\.\d+)?)\s*(s|m|h|d|w)")
RECORDS = re.compile(r"(\d+) events of ([a-z][a-z0-9_-]*)")
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
APART = timedelta(minutes=5)  # between two turns that records bring about, at least
NEVER = datetime(9000, 1, 1, tzinfo=UTC)
"""When a schedule is due by the clock that has none."""


class When(msgspec.Struct, frozen=True, kw_only=True):
    """The clock (``cron``), a span (``every``, seconds), or new records of a source; whichever is first."""

    cron: str = ""
    every: float = 0.0
    events: int = 0
    source: str = ""
    idle_minutes: float = 0.0
    on_ac: bool = False

    @classmethod
    def read(cls, text: str, *, idle_minutes: float = 0.0, on_ac: bool = False) -> "When":
        """Of ``30 3 * * *``, ``daily``, ``every 6h`` or ``1000 events of window``."""
        waits = {"idle_minutes": idle_minutes, "on_ac": on_ac}
        if found := EVERY.fullmatch(text.strip()):
            return cls(every=float(found[1]) * UNITS[found[2]], **waits)  # type: ignore[arg-type]
        if found := RECORDS.fullmatch(text.strip()):
            return cls(events=int(found[1]), source=found[2], **waits)  # type: ignore[arg-type]
        return cls(cron=text, **waits)  # type: ignore[arg-type]


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """When to queue what; ``idle_minutes`` and ``on_ac`` let it wait, once it is due, until they hold.

    ``seen`` is how many records the source had when it was last done.
    """

    id: str
    spec: Spec
    cron: str
    every: float = 0.0
    events: int = 0
    source: str = ""
    seen: int = 0
    idle_minutes: float = 0.0
    on_ac: bool = False
    made_at: datetime
    due_at: datetime
    last_at: datetime | None = None
    last_job: str = ""


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """A schedule as it is told, ``when`` in words; without ``due_at`` it waits for records, not the clock."""

    id: str
    spec: Spec
    when: str
    cron: str
    every: float
    events: int
    source: str
    idle_minutes: float
    on_ac: bool
    made_at: datetime
    due_at: datetime | None
    last_at: datetime | None
    last_job: str


def add(
    vault: Vault,
    spec: Spec,
    cron: str,
    *,
    idle_minutes: float = 0.0,
    on_ac: bool = False,
    now: datetime | None = None,
) -> Schedule:
    """Keep a schedule; ``cron`` has five fields, or is hourly, daily, weekly or monthly, or as ``When.read``.

    Raises ``SettingsError`` for one that is none, or that never comes.
    """
    when = When.read(cron, idle_minutes=idle_minutes, on_ac=on_ac)
    return keep_as(vault, secrets.token_hex(6), spec, when, now=now)


def keep_as(vault: Vault, name: str, spec: Spec, when: When, *, now: datetime | None = None) -> Schedule:
    """Keep a schedule under a name, in place of the one that has it; the same again changes nothing.

    Raises ``SettingsError`` for one that never comes.
    """
    at = now or datetime.now(UTC)
    when = msgspec.structs.replace(when, cron=WORDS.get(when.cron, when.cron))
    if not (when.cron or when.every > 0 or when.events > 0):
        raise SettingsError("Nothing is no time of cron.", hint="Write cron, every, or events.")
    made = Schedule(
        id=name, spec=spec, made_at=at, due_at=_next(when.cron, when.every, at),
        **msgspec.structs.asdict(when),
    )  # fmt: skip
    before = next((one for one in held(vault) if one.id == name), None)
    if before is not None:
        changing = {"made_at": before.made_at, "due_at": before.due_at, "seen": before.seen}
        made = msgspec.structs.replace(made, last_at=before.last_at, last_job=before.last_job)
        if msgspec.structs.replace(made, **changing) == before:
            return before
    made = msgspec.structs.replace(made, seen=before.seen if before else _records(vault, when.source))
    _keep(vault, made, "schedule.add")
    return made


def held(vault: Vault) -> list[Schedule]:
    """Every schedule, oldest first."""
    return [msgspec.json.decode(vault.get(KIND, name), type=Schedule) for name in vault.ids(KIND)]


def remove(vault: Vault, name: str) -> None:
    """Delete a schedule; raises ``VaultError`` where there is none."""
    vault.remove(KIND, name, action="schedule.remove", details={"schedule": name})


def words(schedule: Schedule) -> str:
    """When it is due, as it is written."""
    told = [schedule.cron] if schedule.cron else []
    if schedule.every:
        told.append(f"every {_span(schedule.every)}")
    if schedule.events:
        told.append(f"{schedule.events} events of {schedule.source}")
    return ", ".join(told)


def planned(schedule: Schedule) -> Planned:
    """It, to be told to people and programs."""
    told = {name: value for name, value in msgspec.structs.asdict(schedule).items() if name != "seen"}
    clock = schedule.due_at if schedule.due_at < NEVER else None
    return Planned(**{**told, "due_at": clock}, when=words(schedule))


def ripe(schedule: Schedule, now: datetime, records: int = 0) -> bool:
    """Whether its time has come, or enough ``records`` of its source have."""
    if now >= schedule.due_at:
        return True
    last = schedule.last_at or schedule.made_at
    enough = bool(schedule.events) and records - schedule.seen >= schedule.events
    return enough and (schedule.last_at is None or now - last >= APART)


def due(schedule: Schedule, now: datetime, around: Surroundings, records: int = 0) -> bool:
    """Whether it is to be done now."""
    return (
        ripe(schedule, now, records)
        and (not schedule.on_ac or around.powered())
        and (not schedule.idle_minutes or around.quiet(timedelta(minutes=schedule.idle_minutes)))
    )


def run_due(
    vault: Vault, now: datetime, around: Surroundings, schedules: Sequence[Schedule] | None = None
) -> list[Job]:
    """Queue what is due, each once; what it was queued as and when it is due again is kept with it."""
    queued = []
    for seen in held(vault) if schedules is None else schedules:
        if not due(seen, now, around, _records(vault, seen.source)) or _going(vault, seen):
            continue
        with vault.exclusive():
            one = next((found for found in held(vault) if found.id == seen.id), None)
            if one is None or not ripe(one, now, _records(vault, one.source)):  # somebody else was faster
                continue
            job = enqueue(vault, one.spec, schedule=one.id, name=_turn(one))
            moved = msgspec.structs.replace(
                one,
                due_at=_next(one.cron, one.every, now),
                last_at=now,
                last_job=job.id,
                seen=_records(vault, one.source),
            )
            _keep(vault, moved, "schedule.due")
            queued.append(job)
    return queued


def _going(vault: Vault, schedule: Schedule) -> bool:
    """Turns of the clock queue up as they come; others wait until the one before is over."""
    return (
        bool(schedule.last_job)
        and not schedule.cron
        and vault.find(JOB, schedule.last_job) is not None
        and load(vault, schedule.last_job).state in ("queued", "running")
    )


def _records(vault: Vault, source: str) -> int:
    return vault.counts().get(source, {}).get("records", 0) if source else 0


def _keep(vault: Vault, schedule: Schedule, action: str) -> None:
    details = {"schedule": schedule.id, "task": schedule.spec.kind, "cron": words(schedule)}
    vault.put(KIND, schedule.id, msgspec.json.encode(schedule), action=action, details=details)


def _turn(schedule: Schedule) -> str:
    """The id of the job of this turn: a crash between queueing it and keeping that does not do it twice."""
    last = schedule.last_at.isoformat() if schedule.last_at else ""
    return hashlib.sha256(f"{schedule.id} {schedule.due_at.isoformat()} {last}".encode()).hexdigest()[:12]


def _span(seconds: float) -> str:
    unit = next((one for one in ("w", "d", "h", "m") if seconds % UNITS[one] == 0), "s")
    return f"{seconds / UNITS[unit]:g}{unit}"


def _next(cron: str, every: float, after: datetime) -> datetime:
    """The next time by the clock of this machine, whose offset may change until then, or by the span."""
    spans = [after + timedelta(seconds=every)] if every else []
    if not cron:
        return min(spans, default=NEVER)
    clock = after.astimezone().replace(tzinfo=None)
    try:
        return min([*spans, next(CronSim(cron, clock)).astimezone(UTC)])
    except (CronSimError, StopIteration) as error:
        raise SettingsError(
            f"`{cron}` is no time of cron.",
            hint="Five fields such as `30 3 * * *`, daily, weekly, `every 6h`, `1000 events of window`.",
        ) from error
