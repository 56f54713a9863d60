"""What the service says, as frozen structs. Fields that a newer service adds are passed over."""

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

import msgspec

__all__ = [
    "Accepted",
    "Answer",
    "Collecting",
    "Consent",
    "Contact",
    "Health",
    "Job",
    "Judgement",
    "Message",
    "Model",
    "Overview",
    "Page",
    "Piece",
    "Place",
    "Point",
    "Prediction",
    "Project",
    "Said",
    "Series",
    "Session",
    "Source",
    "Started",
    "Stream",
    "Suppression",
    "Upload",
    "VaultState",
]

T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A part of a list; ``next`` asks for the part behind it."""

    items: tuple[T, ...]
    total: int
    next: str | None = None


class VaultState(msgspec.Struct, frozen=True, kw_only=True):
    """A vault of the service, and whether it is unlocked."""

    id: str
    open: bool


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """The service is up."""

    status: str
    version: str
    vaults: tuple[VaultState, ...]


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, of which vault, and what they may do."""

    vault: str
    id: str
    name: str
    scopes: tuple[str, ...]
    browser: bool
    expires_at: datetime | None = None


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """What is in the vault, and what comes next."""

    records: int
    conversations: int
    sources: tuple[str, ...]
    allowed: tuple[str, ...]
    owner_known: bool
    datasets: int
    models: int
    champion: str | None
    scored: bool
    next: str


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """A consent as it stands."""

    id: str
    source: str
    purposes: tuple[str, ...]
    state: Literal["active", "expired", "withdrawn"]
    given_at: datetime
    expires_at: datetime | None = None


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of export, what of it is allowed, and how much is kept."""

    name: str
    reads: str
    allowed: tuple[str, ...]
    records: int
    conversations: int


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in the vault."""

    pseudonym: str
    name: str
    handles: tuple[str, ...]
    platforms: tuple[str, ...]
    messages: int
    excluded: bool
    objected: bool


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it is kept: pseudonymized."""

    id: str
    conversation: str
    source: str
    at: datetime
    sender: str
    own: bool
    text: str
    gap: bool


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """A model, as its card says."""

    id: str
    champion: bool
    scored: bool
    method: str
    dataset: str
    metrics: dict[str, float]
    created_at: datetime
    base: str | None = None


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """An export that was handed over, and which sources read what in it."""

    id: str
    size: int
    files: dict[str, int]
    exports: tuple[dict[str, Any], ...] = ()
    unrecognized: tuple[str, ...] = ()


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """A job was queued."""

    job: str


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """The owner's word on a prediction."""

    verdict: str
    at: datetime
    label: str | None = None
    suppression: str | None = None


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """What a model of events said, how sure it was, why, and what happened."""

    id: str
    project: str
    model: str
    at: datetime
    due: datetime
    value: float
    label: str | None = None
    chance: float | None = None
    low: float | None = None
    high: float | None = None
    reasons: tuple[dict[str, Any], ...] = ()
    path: tuple[dict[str, Any], ...] = ()
    suppressed: str | None = None
    outcome: float | str | None = None
    feedback: Judgement | None = None


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """A project of models of events, and who speaks for it."""

    name: str
    task: str
    champion: str | None = None
    challenger: str | None = None
    previous: str | None = None
    versions: tuple[dict[str, Any], ...] = ()
    schedule: str | None = None
    next_run: datetime | None = None


class Suppression(msgspec.Struct, frozen=True, kw_only=True):
    """Alarms that stay silent, until when."""

    id: str
    project: str
    column: str
    low: float
    high: float
    until: datetime
    active: bool


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A job: how far it is, and how it ended."""

    id: str
    kind: str
    state: str
    done: float = 0.0
    total: float | None = None
    figures: dict[str, float] = {}
    error: str = ""
    hint: str = ""
    result: dict[str, Any] = {}

    @property
    def ended(self) -> bool:
        """Whether nothing more happens to it by itself."""
        return self.state in ("done", "failed", "cancelled")


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A message of a chat; ``shown`` is as the owner reads it, ``label`` says that a machine wrote it."""

    id: str
    who: str
    shown: str
    at: datetime
    model: str = ""
    method: str = ""
    label: str = ""
    fallback: str | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the clone said, in which chat."""

    session: str
    message: Said


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """So many are answered before, which takes about so many seconds."""

    ahead: int
    seconds: float


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """The next words of an answer."""

    text: str


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """A stream of events."""

    source: str
    stream: str
    kind: str
    events: int
    first: datetime
    last: datetime


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a stream: events that begin in it, seconds that they cover, figures of a field."""

    at: datetime
    count: int
    duration: float
    mean: float | None = None
    min: float | None = None
    max: float | None = None


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """A stream by steps of ``every`` seconds."""

    every: int
    points: tuple[Point, ...]


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """What became of events that were pushed."""

    kept: int
    duplicates: int
    excluded: int


class Collecting(msgspec.Struct, frozen=True, kw_only=True):
    """How collecting stands; ``collectors`` says of each that runs how it is."""

    running: bool
    private: bool
    private_until: datetime | None = None
    kept: int
    excluded: int
    dropped: int
    cpu: float
    memory_mib: float
    collectors: dict[str, str]
    notes: tuple[str, ...]
