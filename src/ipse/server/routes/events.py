"""Events: pushed by programs of the owner's, by the batch or as heartbeats, and read again."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue
from starlette.concurrency import run_in_threadpool

from ipse.errors import SettingsError
from ipse.heartbeats import Pulse, digest_key
from ipse.pipeline.days.events import read
from ipse.records import Event
from ipse.server.deps import CallingImporting, Reading
from ipse.server.gathering import Gathering, Taken
from ipse.server.paging import Cursor, Limit, Page
from ipse.server.vaults import OpenVault

__all__ = [
    "Accepted",
    "Batch",
    "Beats",
    "EventGiven",
    "EventView",
    "list_events",
    "push_events",
    "push_heartbeats",
    "router",
]

router = APIRouter(tags=["events"])

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
AT_ONCE = 20_000
FEW = 32  # heartbeats that are looked at where they come in; more would hold up everybody
SOURCE = r"^[a-z][a-z0-9_-]{0,63}$"
Name = Annotated[str, Field(max_length=128)]
Value = Annotated[str, Field(max_length=4096)] | int | float | bool | None


class EventGiven(BaseModel):
    """An event; ``duration`` in seconds. Without a ``key``, its content is its key: sent again, kept once."""

    model_config = ConfigDict(extra="forbid")

    at: AwareDatetime = Field(examples=["2026-04-01T10:15:00+02:00"], description="when it began, with zone")
    kind: Literal["state", "point", "metric"] = "state"
    duration: float = Field(default=0.0, ge=0, le=366 * 86_400, examples=[12.5])
    key: Name = Field(default="", examples=["b1946ac92492d234"])
    data: dict[Name, Value] = Field(max_length=64, examples=[{"app": "editor"}])


EXAMPLE: dict[str, JsonValue] = {
    "source": "window",
    "stream": "laptop",
    "events": [{"at": "2026-04-01T10:15:00+02:00", "duration": 12.5, "data": {"app": "editor"}}],
}


class Batch(BaseModel):
    """Events of one source and stream."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    source: str = Field(pattern=SOURCE, examples=["window"])
    stream: Name = ""
    events: list[EventGiven] = Field(max_length=AT_ONCE)


class Beats(Batch):
    """Heartbeats: one with the data of the last extends it, up to ``pulsetime`` seconds after its end."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{**EXAMPLE, "pulsetime": 60.0}]}
    )

    pulsetime: float = Field(default=60.0, ge=0, le=86_400)


class Accepted(BaseModel):
    """What became of it, durable by now. ``excluded`` was left out by the owner's own rules."""

    kept: int = Field(examples=[120])
    duplicates: int = Field(examples=[0])
    excluded: int = Field(examples=[0])


class EventView(BaseModel):
    """An event as it is kept; ``known_at`` is when ipse learned of it."""

    source: str = Field(examples=["window"])
    stream: str = Field(examples=[""])
    kind: str = Field(examples=["state"])
    at: datetime
    duration: float = Field(examples=[12.5])
    offset: int = Field(description="minutes east of UTC at that moment", examples=[120])
    known_at: datetime
    key: str = Field(examples=["b1946ac92492d234"])
    data: dict[str, str | int | float | bool | None] = Field(examples=[{"app": "editor"}])


@router.post("/events", status_code=201)
def push_events(asked: CallingImporting, body: Batch) -> Accepted:
    """Keep events of a source that its owner allows (`archive`); the same ones again change nothing."""
    events = [_event(body, one) for one in body.events]
    taken = asked.vault.part(Gathering, Gathering).take(body.source, events)
    return Accepted(**taken._asdict())


@router.post("/events/heartbeats", status_code=201)
async def push_heartbeats(asked: CallingImporting, body: Beats) -> Accepted:
    """Extend the state that goes on, or begin one."""
    gathering = asked.vault.working(Gathering)
    if gathering is None or len(body.events) > FEW:
        taken = await run_in_threadpool(_pulsed, asked.vault, body)
    else:
        taken = await gathering.taken(body.source, _pulses(body))
    return Accepted(**taken._asdict())


@router.get("/events")
def list_events(  # noqa: PLR0913 - a filter each
    asked: Reading,
    source: Annotated[str, Query(pattern=SOURCE)],
    stream: Annotated[str | None, Query(max_length=128)] = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    limit: Limit = 100,
    cursor: Cursor = "",
) -> Page[EventView]:
    """Events of a source that overlap the time, the oldest first. Told in the audit log as read."""
    table = read(
        asked.workspace,
        source,
        stream=stream,
        since=_micros(since) if since else None,
        until=_micros(until) if until else None,
    )
    at = int(cursor or 0)
    rows = table.slice(at, limit).to_pylist()
    items = [
        EventView(
            source=row["source"],
            stream=row["stream"],
            kind=row["kind"],
            at=_time(row["ts"]),
            duration=row["dur"] / 1_000_000,
            offset=row["tz"],
            known_at=_time(row["rx"]),
            key=row["key"],
            data=msgspec.json.decode(row["data"]),
        )
        for row in rows
    ]
    behind = at + limit
    return Page(items=items, total=table.num_rows, next=str(behind) if behind < table.num_rows else None)


def _pulsed(vault: OpenVault, body: Beats) -> Taken:
    return vault.part(Gathering, Gathering).take(body.source, (), _pulses(body))


def _pulses(body: Beats) -> list[Pulse]:
    return [Pulse(_event(body, one), int(body.pulsetime * 1_000_000)) for one in body.events]


def _event(body: Batch, given: EventGiven) -> Event:
    if not EPOCH <= given.at < LATEST:
        raise SettingsError("A time is not between 1970 and 2200.", hint="Send it in ISO 8601, with a zone.")
    offset = given.at.utcoffset() or timedelta()
    event = Event(
        source=body.source,
        stream=body.stream,
        kind=given.kind,
        ts=_micros(given.at),
        dur=int(given.duration * 1_000_000),
        rx=_micros(datetime.now(UTC)),
        tz=int(offset.total_seconds() // 60),
        key=given.key,
        data=dict(given.data),
    )
    return event if given.key else msgspec.structs.replace(event, key=digest_key(event))


def _micros(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)


def _time(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)
