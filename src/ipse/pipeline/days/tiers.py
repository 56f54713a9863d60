"""Upkeep of metrics: kept as they came, later by the minute, then by the hour (the settings `tiers`).

Opening a vault does it once a day, as `ipse purge` does. It may be stopped at any moment and goes on the next
time. Nothing that was made of the metrics goes: what they told is still there, at longer intervals.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

import msgspec

from ipse.config import TierSettings
from ipse.interfaces import Progress
from ipse.pipeline.workspace import Workspace
from ipse.vault.segments import Manifest

__all__ = ["Downsampled", "covered", "downsample", "downsample_if_due", "to_downsample"]

KIND, LAST = "tiers", "last"
EVERY = timedelta(days=1)
MINUTE, HOUR = 60, 3600
DAY = 86_400
QUIET = DAY  # seconds that a day must not have grown, so that no import is cut in the midst


class Downsampled(msgspec.Struct, frozen=True, kw_only=True):
    """Days of streams, and how many events they held before and hold now."""

    days: int = 0
    before: int = 0
    after: int = 0


def covered(settings: TierSettings, source: str, stream: str) -> bool:
    """Whether the metrics of a stream are downsampled at all."""
    return any(fnmatchcase(one, rule) for rule in settings.streams for one in (source, f"{source}.{stream}"))


def to_downsample(workspace: Workspace, now: datetime | None = None) -> Downsampled:
    """What :func:`downsample` would look at now; how many events it would leave is not known before."""
    at, found = now or datetime.now(UTC), Downsampled()
    for source in workspace.vault.counts():
        one = workspace.vault.to_downsample(source, _due(workspace.settings.tiers, source, at))
        found = Downsampled(days=found.days + one.partitions, before=found.before + one.before)
    return found


def downsample(
    workspace: Workspace, now: datetime | None = None, *, progress: Progress | None = None
) -> Downsampled:
    """Do it, some megabytes in a transaction; ``progress`` may raise to stop, what is done is done."""
    at = now or datetime.now(UTC)
    total, done = to_downsample(workspace, at), Downsampled()
    for source in workspace.vault.counts() if total.days else ():
        due = _due(workspace.settings.tiers, source, at)
        while (one := workspace.vault.downsample(source, due)) is not None:
            done = Downsampled(
                days=done.days + one.partitions,
                before=done.before + one.before,
                after=done.after + one.after,
            )
            if progress is not None:
                progress(float(done.days), float(max(total.days, done.days)), {"events": float(done.after)})
    if done.days:
        workspace.vault.compact()
    details = {"days": done.days, "before": done.before, "after": done.after}
    workspace.vault.put(KIND, LAST, at.isoformat().encode(), action="tiers", details=details)
    return done


def downsample_if_due(workspace: Workspace, now: datetime | None = None) -> Downsampled | None:
    """:func:`downsample`, at most once a day and only where there is something to look at."""
    at, settings = now or datetime.now(UTC), workspace.settings.tiers
    if not (settings.raw or settings.minutes):
        return None
    held = workspace.vault.find(KIND, LAST)
    if held is not None and timedelta(0) <= at - datetime.fromisoformat(held.decode()) < EVERY:
        return None
    return downsample(workspace, at) if to_downsample(workspace, at).days else None


def _due(settings: TierSettings, source: str, now: datetime) -> Callable[[Manifest], int]:
    """By how many seconds a stream's day is to be kept, as old as it is."""

    def due(held: Manifest) -> int:
        at = now.timestamp()
        if at - held.grown < QUIET or not covered(settings, source, held.stream):
            return 0
        age = at - (held.day + 1) * DAY
        if settings.minutes and age >= settings.minutes * DAY:
            return HOUR
        return MINUTE if settings.raw and age >= settings.raw * DAY else 0

    return due
