"""What the vault remembers of a job: a sealed document, and beside it what changes while it runs.

That it runs, and its id, are readable, no more.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

import msgspec

from ipse.vault import Vault

__all__ = ["KIND", "Curve", "Job", "Line", "Live", "Spec", "State", "forget_words", "load", "save", "told"]

KIND = "job"
POINTS = 256  # of one figure; when there are more, every second one is let go
CURVES = 12  # figures that are kept as curves
LINES = 200  # of a log
UNCURVED = ("seconds", "eta_seconds", "steps")  # figures that only tell how far it is

State = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done: a task with its arguments, and settings that override all others.

    ``heavy`` work waits for other heavy work; ``resumable`` work goes on by itself after a crash.
    """

    kind: str
    arguments: dict[str, object] = {}
    settings: dict[str, object] = {}
    heavy: bool = True
    resumable: bool = True


class Line(msgspec.Struct, frozen=True):
    """A line of a job's log."""

    at: datetime
    text: str


class Curve(msgspec.Struct, kw_only=True):
    """A figure over the work done, in at most ``POINTS`` points: ``every`` so many were taken."""

    every: int = 1
    seen: int = 0
    points: list[tuple[float, float]] = []

    def add(self, done: float, value: float) -> None:
        """One more point, if it is its turn."""
        if self.seen % self.every == 0:
            self.points.append((done, value))
            if len(self.points) > POINTS:
                self.points = self.points[::2]
                self.every *= 2
        self.seen += 1


class Live(msgspec.Struct, kw_only=True):
    """How far a running job is; ``beat_at`` is when its work last said anything."""

    done: float = 0.0
    total: float | None = None
    figures: dict[str, float] = {}
    curves: dict[str, Curve] = {}
    log: list[Line] = []
    beat_at: datetime | None = None

    def step(self, done: float, total: float | None, figures: Mapping[str, float]) -> None:
        """Take in what the work says."""
        self.done, self.total, self.figures = done, total, dict(figures)
        self.beat_at = datetime.now(UTC)
        for name, value in figures.items():
            if name in self.curves or (len(self.curves) < CURVES and name not in UNCURVED):
                self.curves.setdefault(name, Curve()).add(done, value)

    def say(self, text: str) -> None:
        """One more line of the log; the oldest go."""
        now = datetime.now(UTC)
        self.log += [Line(now, line) for line in text.splitlines() if line.strip()]
        del self.log[:-LINES]


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A job; ``done`` and ``total`` are in the work's own units.

    ``started_at`` is when it was queued, until it starts. ``attempts`` counts how often it was begun.
    ``hung`` is told, not kept: it runs and its work has said nothing for too long.
    """

    id: str
    kind: str
    pid: int
    state: State
    started_at: datetime
    ended_at: datetime | None = None
    done: float = 0.0
    total: float | None = None
    figures: dict[str, float] = {}
    error: str = ""
    hint: str = ""
    queued_at: datetime | None = None
    spec: Spec | None = None
    attempts: int = 1
    result: dict[str, object] = {}
    live: Live | None = None
    schedule: str = ""
    by: str = ""
    hung: bool = False

    @property
    def ended(self) -> bool:
        """Whether nothing more happens to it by itself."""
        return self.state in ("done", "failed", "cancelled")

    def whole(self, live: Live) -> "Job":
        """With how far it is."""
        return msgspec.structs.replace(
            self, live=live, done=live.done, total=live.total, figures=dict(live.figures)
        )


def load(vault: Vault, name: str) -> Job:
    """The job of that id as it was kept; raises ``VaultError``."""
    return msgspec.json.decode(vault.get(KIND, name), type=Job)


def save(vault: Vault, job: Job, action: str) -> None:
    """Make it durable; ``action`` is what the audit log says."""
    payload = msgspec.json.encode(msgspec.structs.replace(job, hung=False))
    row = f"job.{job.kind}.{action}"
    vault.put(KIND, job.id, payload, action=row, details=told(job), state=job.state)


def told(job: Job) -> dict[str, object]:
    """What the audit log says of a job: which, and by whose wish if not this process's."""
    more: dict[str, object] = {"schedule": job.schedule, "by": job.by}
    return {"job": job.id, **{name: value for name, value in more.items() if value}}


def forget_words(vault: Vault) -> int:
    """Let go of what ended jobs say beside counts and times: names of files may name people. How many did.

    One that failed cannot be resumed then.
    """
    gone = 0
    with vault.exclusive():
        for name in vault.ids(KIND):
            job = load(vault, name)
            bare = msgspec.structs.replace(
                job, spec=None, error="", hint="", result={},
                live=Live(curves=job.live.curves) if job.live else None,
            )  # fmt: skip
            if job.ended and bare != job:
                save(vault, bare, "forget")
                gone += 1
    return gone
