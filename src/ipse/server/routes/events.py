"""Events: pushed by programs of the owner's, by the batch or as heartbeats, and read again."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from ipse.pipeline.days.events import read
from ipse.server.deps import CallingImporting, Reading
from ipse.server.gathering import Gathering, Taken
from ipse.server.paging import Cursor, Limit, Page
from ipse.server.pushed import SOURCE, Batch, Beats, body_of, described
from ipse.server.routing import component
from ipse.server.vaults import OpenVault

__all__ = [
    "Accepted",
    "EventView",
    "list_events",
    "push_events",
    "push_heartbeats",
    "router",
]

router = component("events")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FEW = 32  # heartbeats that are looked at where they come in; more would hold up everybody


class Accepted(BaseModel):
    """What became of it, durable by now. ``excluded`` was left out by the owner's own rules."""

    kept: int = Field(examples=[120])
    duplicates: int = Field(examples=[0])
    excluded: int = Field(examples=[0])
    late: int = Field(examples=[0], description="metrics of a day that is kept by the minute by now")


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


@router.post("/events", status_code=201, response_model=Accepted, openapi_extra=described(Batch))
async def push_events(asked: CallingImporting, request: Request) -> Response:
    """Keep events of a source that its owner allows (`archive`); the same ones again change nothing."""
    body = await body_of(request, Batch)
    return _answer(await run_in_threadpool(_taken, asked.vault, body))


@router.post("/events/heartbeats", status_code=201, response_model=Accepted, openapi_extra=described(Beats))
async def push_heartbeats(asked: CallingImporting, request: Request) -> Response:
    """Extend the state that goes on, or begin one."""
    body = await body_of(request, Beats)
    gathering = asked.vault.working(Gathering)
    if gathering is None or len(body.events) > FEW:
        return _answer(await run_in_threadpool(_pulsed, asked.vault, body))
    pulses, excluded = gathering.reader.pulses(body)
    return _answer((await gathering.taken(body.source, pulses))._replace(excluded=excluded))


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


def _taken(vault: OpenVault, body: Batch) -> Taken:
    gathering = vault.part(Gathering, Gathering)
    sent = gathering.reader.events(body)
    return gathering.take(sent.source, sent.events)._replace(excluded=sent.excluded)


def _pulsed(vault: OpenVault, body: Beats) -> Taken:
    gathering = vault.part(Gathering, Gathering)
    pulses, excluded = gathering.reader.pulses(body)
    return gathering.take(body.source, (), pulses)._replace(excluded=excluded)


def _answer(taken: Taken) -> Response:
    return Response(msgspec.json.encode(taken._asdict()), 201, media_type="application/json")


def _micros(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)


def _time(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)
