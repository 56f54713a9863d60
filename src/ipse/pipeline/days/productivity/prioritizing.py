"""Tasks of the owner's and which comes first: learned from which of two they put first, told with why.

A task's words are sealed and never learned from; when it is due, how long it waits and what it takes are.
Before anything was said, what is due sooner comes first, then what waits longer and what takes less: that is
what a few pairs of common sense say, which the owner's own soon outweigh.
"""

import math
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
import numpy as np
from numpy.typing import NDArray

from ipse.errors import NotFoundError, SettingsError
from ipse.pipeline.workspace import Workspace
from ipse.tables import PairwiseRanker

__all__ = [
    "Preference",
    "Ranked",
    "Reason",
    "Task",
    "add_task",
    "change_task",
    "order",
    "prefer",
    "preferences",
    "ranked",
    "remove_task",
    "tasks",
]

KIND, PREFERENCE = "task", "priority"
FEATURES = ("due", "late", "waits", "takes")
DAY = 86_400.0
USUAL_MINUTES = 60.0  # a task of which nobody said what it takes
LONGEST = 4000  # characters

Floats = NDArray[np.float64]


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """Something to do, in its owner's words; ``minutes`` is what they think it takes."""

    id: str
    text: str
    due: datetime | None = None
    minutes: float | None = None
    added_at: datetime
    done_at: datetime | None = None


class Preference(msgspec.Struct, frozen=True, kw_only=True):
    """That one task came before another, with what was known of both at that time."""

    id: str
    better: tuple[float, ...]
    worse: tuple[float, ...]
    at: datetime
    tasks: tuple[str, str]


class Reason(msgspec.Struct, frozen=True):
    """What of a task moves it up (above 0) or down, in logits against the mean of the open tasks."""

    feature: str
    told: str
    moves: float


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """A task with its place; ``ahead`` is the chance that it comes before the next one."""

    task: Task
    place: int
    score: float
    ahead: float | None
    why: tuple[Reason, ...]


def add_task(
    workspace: Workspace, text: str, *, due: datetime | None = None, minutes: float | None = None
) -> Task:
    """Keep a task; raises ``SettingsError`` for one without words."""
    _check(text, due, minutes)
    made = Task(
        id=f"t{secrets.token_hex(6)}", text=text.strip(), due=due, minutes=minutes, added_at=datetime.now(UTC)
    )
    return _keep(workspace, made, "task.add")


def tasks(workspace: Workspace, *, done: bool = False) -> list[Task]:
    """The open tasks, oldest first; with ``done`` also those that are done."""
    found = [_task(workspace, name) for name in workspace.vault.ids(KIND)]
    return [one for one in found if done or one.done_at is None]


def change_task(workspace: Workspace, name: str, **changes: object) -> Task:
    """Change what is said of a task: ``text``, ``due``, ``minutes``, ``done``; raises ``NotFoundError``."""
    held = _task(workspace, name)
    done = changes.pop("done", None)
    made: Task = msgspec.structs.replace(held, **changes)
    _check(made.text, made.due, made.minutes)
    if done is not None:
        made = msgspec.structs.replace(made, done_at=datetime.now(UTC) if done else None)
    return _keep(workspace, made, "task.change")


def remove_task(workspace: Workspace, name: str) -> None:
    """Take a task away; what was learned from its place stays, without its words."""
    _task(workspace, name)
    workspace.vault.remove(KIND, name, action="task.remove", details={"task": name})


def prefer(workspace: Workspace, better: str, worse: str, *, now: datetime | None = None) -> Preference:
    """Keep that one task comes before another, as both are known now; raises ``NotFoundError``."""
    at = now or datetime.now(UTC)
    if better == worse:
        raise SettingsError("A task does not come before itself.", hint="Name two tasks.")
    first, second = (_features(_task(workspace, one), at) for one in (better, worse))
    made = Preference(id=f"p{secrets.token_hex(6)}", better=first, worse=second, at=at, tasks=(better, worse))
    details = {"better": better, "worse": worse}
    workspace.vault.put(PREFERENCE, made.id, msgspec.json.encode(made), action="task.prefer", details=details)
    return made


def preferences(workspace: Workspace) -> list[Preference]:
    """Everything that was put first so far, oldest first."""
    return [
        msgspec.json.decode(workspace.vault.get(PREFERENCE, name), type=Preference)
        for name in workspace.vault.ids(PREFERENCE)
    ]


def ranked(workspace: Workspace, *, now: datetime | None = None) -> list[Ranked]:
    """The open tasks, what comes first in front, each with why."""
    found, at = tasks(workspace), now or datetime.now(UTC)
    if not found:
        return []
    return order(found, preferences(workspace), at)


def order(found: Sequence[Task], said: Sequence[Preference], at: datetime) -> list[Ranked]:
    """Those tasks ordered by what was said; see :func:`ranked`."""
    x = np.array([_features(one, at) for one in found])
    ranker = _learned(said)
    score = ranker.score(x)
    parts = ranker.parts(x)
    parts -= parts.mean(axis=0)
    places = np.argsort(-score, kind="stable").tolist()
    told = []
    for place, row in enumerate(places):
        behind = places[place + 1] if place + 1 < len(places) else None
        told.append(
            Ranked(
                task=found[row],
                place=place + 1,
                score=float(score[row]),
                ahead=_chance(score[row] - score[behind]) if behind is not None else None,
                why=_why(found[row], parts[row], at),
            )
        )
    return told


def _learned(said: Sequence[Preference]) -> PairwiseRanker:
    """From the owner's words and a few of common sense; the scale of each feature is that of common sense."""
    rows: list[tuple[float, ...]] = []
    pairs: list[tuple[int, int]] = []
    for one in (*_common(), *((one.better, one.worse) for one in said)):
        pairs.append((len(rows), len(rows) + 1))
        rows += [one[0], one[1]]
    return PairwiseRanker(alpha=0.5).fit(np.array(rows), pairs)


def _common() -> list[tuple[tuple[float, ...], tuple[float, ...]]]:
    """Due tomorrow before due in two weeks, late before due, old before new, short before long."""
    base = (_nearness(7 * DAY), 0.0, _log_days(3 * DAY), _log_hours(USUAL_MINUTES))
    pairs = [
        (0, _nearness(DAY), _nearness(14 * DAY)),
        (1, 1.0, 0.0),
        (2, _log_days(14 * DAY), _log_days(DAY)),
        (3, _log_hours(15), _log_hours(480)),
    ]
    found = []
    for at, better, worse in pairs:
        first, second = list(base), list(base)
        first[at], second[at] = better, worse
        found += [(tuple(first), tuple(second))] * (4 if at < 2 else 1)
    return found


def _features(task: Task, at: datetime) -> tuple[float, ...]:
    left = (task.due - at).total_seconds() if task.due is not None else None
    waits = max((at - task.added_at).total_seconds(), 0.0)
    minutes = task.minutes if task.minutes is not None else USUAL_MINUTES
    late = 0.0 if left is None or left > 0 else 1.0
    return (0.0 if left is None else _nearness(max(left, 0.0)), late, _log_days(waits), _log_hours(minutes))


def _nearness(seconds: float) -> float:
    """1 where it is due now, a half in three days, towards 0 far ahead."""
    return 1.0 / (1.0 + seconds / (3 * DAY))


def _log_days(seconds: float) -> float:
    return math.log1p(seconds / DAY)


def _log_hours(minutes: float) -> float:
    return math.log1p(minutes / 60.0)


def _why(task: Task, moves: Floats, at: datetime) -> tuple[Reason, ...]:
    told = dict(zip(FEATURES, _told(task, at), strict=True))
    found = [
        Reason(name, told[name], float(moved))
        for name, moved in zip(FEATURES, moves.tolist(), strict=True)
        if told[name]
    ]
    return tuple(sorted(found, key=lambda one: -abs(one.moves)))


def _told(task: Task, at: datetime) -> tuple[str, str, str, str]:
    left = (task.due - at).total_seconds() if task.due is not None else None
    waits = (at - task.added_at).total_seconds()
    due = "no date" if left is None else f"due in {_length(left)}" if left > 0 else "due by now"
    late = f"{_length(-left)} late" if left is not None and left <= 0 else ""
    takes = f"takes {_length(task.minutes * 60)}" if task.minutes is not None else ""
    return due, late, f"waits for {_length(waits)}" if waits >= DAY else "", takes


def _length(seconds: float) -> str:
    for size, name in ((DAY, "d"), (3600.0, "h")):
        if seconds >= size:
            return f"{seconds / size:.0f} {name}"
    return f"{max(seconds, 0) / 60:.0f} min"


def _chance(ahead: float) -> float:
    return 1.0 / (1.0 + math.exp(-ahead))


def _check(text: str, due: datetime | None, minutes: float | None) -> None:
    if not text.strip() or len(text) > LONGEST:
        raise SettingsError("A task is a few words.", hint=f"Write some, {LONGEST} characters at most.")
    if due is not None and due.tzinfo is None:
        raise SettingsError("When is that? The date has no time zone.", hint="Write it in ISO 8601 with one.")
    if minutes is not None and not 0 < minutes <= 60 * 24 * 366:
        raise SettingsError("A task takes some minutes.", hint="Give more than 0.")


def _task(workspace: Workspace, name: str) -> Task:
    if name not in workspace.vault.ids(KIND):
        raise NotFoundError(f"There is no task `{name[:80]}`.", hint="See `ipse tasks list`.")
    return msgspec.json.decode(workspace.vault.get(KIND, name), type=Task)


def _keep(workspace: Workspace, made: Task, action: str) -> Task:
    workspace.vault.put(KIND, made.id, msgspec.json.encode(made), action=action, details={"task": made.id})
    return made
