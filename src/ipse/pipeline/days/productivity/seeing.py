"""What was in front while somebody was there: events as spans, of one's own days or of the sample's."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec
import numpy as np

from ipse.features import Stream
from ipse.pipeline.days.columns import stream
from ipse.pipeline.days.sample import SAMPLE
from ipse.pipeline.workspace import Workspace

__all__ = ["Place", "Span", "Watched", "Whose", "allowed", "places", "present", "spans"]

Whose = Literal["own", "sample"]
AWAY = ("away", "afk")


class Place(NamedTuple):
    """Where events of a kind lie, as features name them: ``source`` or ``source.stream``."""

    name: str

    @property
    def source(self) -> str:
        """The source, which consent is for."""
        return self.name.partition(".")[0]


class Span(NamedTuple):
    """An app in front, in µs UTC, ``tz`` minutes east; ``shown`` and ``title``: what the guard left of it."""

    start: int
    end: int
    tz: int
    app: str
    shown: str
    title: str


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """Spans in order of time, without those when nobody was there; whose days, and what could not be read."""

    spans: tuple[Span, ...]
    whose: Whose
    sources: tuple[str, ...]
    notes: tuple[str, ...] = ()


def places(workspace: Workspace, kind: str, others: Sequence[str] = ()) -> tuple[list[Place], Whose]:
    """Where events of a collector lie: one's own, else the sample's if there is one.

    ``others`` are where programs besides ours keep the same.
    """
    counts = workspace.vault.counts()
    own = [Place(one) for one in (kind, *others) if Place(one).source in counts]
    if own or SAMPLE not in counts:
        return own, "own"
    return [Place(f"{SAMPLE}.{kind}")], "sample"


def allowed(workspace: Workspace, found: Sequence[Place]) -> tuple[list[Place], list[str]]:
    """Those whose owner allows that they are learned from, and a line about each of the others."""
    may = [one for one in found if workspace.allows(one.source, "events")]
    notes = [
        f"{one.source} may not be learned from: ipse consent give --source {one.source} --purpose events"
        for one in found
        if one not in may
    ]
    return may, notes


def spans(workspace: Workspace, *, since: int | None = None, until: int | None = None) -> Watched:
    """What was in front between two moments (µs UTC); empty where nothing is known or allowed."""
    found, whose = places(workspace, "window", ("activitywatch.window",))
    windows, notes = allowed(workspace, found)
    idle, _ = places(workspace, "activity", ("activitywatch.afk",))
    watched, more = allowed(workspace, idle if windows else [])
    gone = np.concatenate(
        [np.empty((0, 2), dtype=np.int64)]
        + [_away(stream(workspace, one.name, since=since, until=until)) for one in watched]
    )
    rows = [
        row
        for one in windows
        for row in _rows(stream(workspace, one.name, since=since, until=until), since, until)
    ]
    rows.sort()
    return Watched(
        spans=tuple(present(rows, gone)),
        whose=whose,
        sources=tuple(dict.fromkeys(one.source for one in (*windows, *watched))),
        notes=tuple(dict.fromkeys((*notes, *more))),
    )


def present(rows: Sequence[Span], gone: "np.ndarray[tuple[int, int], np.dtype[np.int64]]") -> list[Span]:
    """The spans (in order of time) without the times, rows of from and to, when nobody was there."""
    gone = gone[np.argsort(gone[:, 0], kind="stable")]
    ends = np.maximum.accumulate(gone[:, 1]) if len(gone) else gone[:, 1]
    found: list[Span] = []
    for row in rows:
        at = row.start
        first = int(np.searchsorted(ends, row.start, side="right"))
        for begun, back in gone[first:].tolist():
            if begun >= row.end:
                break
            if begun > at:
                found.append(row._replace(start=at, end=begun))
            at = max(at, back)
        if at < row.end:
            found.append(row._replace(start=at))
    return found


def _away(held: Stream) -> "np.ndarray[tuple[int, int], np.dtype[np.int64]]":
    if not len(held) or "status" not in held.data:
        return np.empty((0, 2), dtype=np.int64)
    rows = np.isin(held.data["status"].astype(str), AWAY)
    return np.stack([held.ts[rows], held.ts[rows] + held.dur[rows]], axis=1)


def _rows(held: Stream, since: int | None, until: int | None) -> list[Span]:
    """Rows of windows, cut to the time that is asked for."""
    if not len(held) or "app" not in held.data:
        return []
    empty = np.full(len(held), None, dtype=object)
    texts = [held.data.get(name, empty).tolist() for name in ("app", "category", "title")]
    starts = held.ts if since is None else np.maximum(held.ts, since)
    ends = held.ts + held.dur if until is None else np.minimum(held.ts + held.dur, until)
    return [
        Span(start, end, tz, str(app or "?"), str(shown or ""), str(title or ""))
        for start, end, tz, app, shown, title in zip(
            starts.tolist(), ends.tolist(), held.tz.tolist(), *texts, strict=True
        )
        if end > start
    ]
