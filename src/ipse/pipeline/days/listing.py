"""Which streams of events there are: how many events, from when to when, how finely metrics are kept."""

from datetime import UTC, datetime

import msgspec

from ipse.pipeline.workspace import Workspace
from ipse.vault.segments import Manifest

__all__ = ["StreamKept", "listed"]


class StreamKept(msgspec.Struct, frozen=True, kw_only=True):
    """A stream of events. ``size`` is in bytes before sealing.

    Of its days some may be kept by the minute or the hour: ``tiers`` are days by the seconds that their
    metrics are kept by (0: as they came).
    """

    source: str
    stream: str
    events: int
    first: datetime
    last: datetime
    size: int
    days: int
    tiers: dict[int, int]


def listed(workspace: Workspace) -> list[StreamKept]:
    """Every stream, by source and name; no event is opened."""
    found: dict[tuple[str, str], list[Manifest]] = {}
    for source, held in workspace.vault.event_partitions():
        found.setdefault((source, held.stream), []).append(held)
    return [_view(*name, some) for name, some in sorted(found.items())]


def _view(source: str, stream: str, held: list[Manifest]) -> StreamKept:
    parts = [part for one in held for part in one.parts]
    tiers: dict[int, int] = {}
    for one in held:
        tiers[one.every] = tiers.get(one.every, 0) + 1
    return StreamKept(
        source=source,
        stream=stream,
        events=sum(one.records for one in held),
        first=_time(min(part.first for part in parts)),
        last=_time(max(part.end for part in parts)),
        size=sum(one.size for one in held),
        days=len(held),
        tiers=dict(sorted(tiers.items())),
    )


def _time(micros: int) -> datetime:
    return datetime.fromtimestamp(micros / 1_000_000, tz=UTC)
