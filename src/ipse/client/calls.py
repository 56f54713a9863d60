"""The operations of the service, once for both clients: method, path, what is sent, and what comes back."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, TypedDict, TypeVar, Unpack
from urllib.parse import quote

import msgspec

from ipse.client import results
from ipse.client.results import Page

__all__ = [
    "Call",
    "Chatting",
    "answer",
    "begin_import",
    "begin_learning",
    "begin_table",
    "begin_training",
    "collecting",
    "consents",
    "contacts",
    "evaluate",
    "exclude_contact",
    "give_consent",
    "health",
    "job",
    "jobs",
    "judge_prediction",
    "merge_contacts",
    "messages",
    "models",
    "overview",
    "pause_collecting",
    "predict",
    "predictions",
    "project",
    "projects",
    "promote",
    "push_events",
    "push_heartbeats",
    "rate",
    "rename_contact",
    "reset_context",
    "resume_job",
    "series",
    "session",
    "sources",
    "start_collecting",
    "stop_collecting",
    "stop_job",
    "stream",
    "streams",
    "suppressions",
    "upload",
    "withdraw_consent",
]

T = TypeVar("T")


class Call(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One request; ``returns`` is the type of what comes back. Any route can be asked by one of your own."""

    method: str
    path: str
    returns: Any
    query: Mapping[str, Any] = {}
    body: object = None
    files: tuple[Path, ...] = ()

    def read(self, content: bytes) -> T:
        """What came back; raises ``msgspec.ValidationError`` where it is something else."""
        found: T = msgspec.json.decode(content or b"null", type=self.returns)
        return found


def health() -> Call[results.Health]:
    """Whether the service is up."""
    return Call(method="GET", path="/api/health", returns=results.Health)


def session() -> Call[results.Session]:
    """Who asks."""
    return Call(method="GET", path="/api/session", returns=results.Session)


def overview() -> Call[results.Overview]:
    """What is here, and what is next."""
    return Call(method="GET", path="/api/overview", returns=results.Overview)


def sources(*, limit: int = 100, cursor: str = "") -> Call[Page[results.Source]]:
    """Every kind of export."""
    return _list("/api/sources", results.Source, limit=limit, cursor=cursor)


def consents(*, limit: int = 100, cursor: str = "") -> Call[Page[results.Consent]]:
    """Every consent, the newest first."""
    return _list("/api/consents", results.Consent, limit=limit, cursor=cursor)


def give_consent(
    source: str, purposes: Sequence[str] = ("archive", "style"), *, days: int | None = None
) -> Call[results.Consent]:
    """Allow a source."""
    body = {"source": source, "purposes": list(purposes), "days": days}
    return Call(method="POST", path="/api/consents", returns=results.Consent, body=body)


def withdraw_consent(consent: str, *, erase: str = "nothing") -> Call[dict[str, Any]]:
    """Withdraw one; ``erase`` is nothing, models or records."""
    path = f"/api/consents/{quote(consent, safe='')}/withdraw"
    return Call(method="POST", path=path, returns=dict[str, Any], body={"erase": erase})


def upload(*files: Path) -> Call[results.Upload]:
    """Hand an export over."""
    return Call(method="POST", path="/api/uploads", returns=results.Upload, files=files)


def begin_import(held: str, *, me: Collection[str] = (), source: str = "") -> Call[results.Started]:
    """Import an upload by its id."""
    body = {"upload": held, "me": list(me), "source": source}
    return Call(method="POST", path="/api/imports", returns=results.Started, body=body)


def begin_training(
    method: str = "retrieval", *, prepare: bool = True, settings: Mapping[str, Any] | None = None
) -> Call[results.Started]:
    """Train a model; ``prepare`` freezes a dataset before."""
    body = {"method": method, "prepare": prepare, "settings": dict(settings or {})}
    return Call(method="POST", path="/api/models", returns=results.Started, body=body)


def evaluate(model: str = "champion") -> Call[results.Started]:
    """Measure a model."""
    return Call(method="POST", path="/api/scorecards", returns=results.Started, body={"model": model})


def models(*, limit: int = 100, cursor: str = "") -> Call[Page[results.Model]]:
    """Every model, the newest first."""
    return _list("/api/models", results.Model, limit=limit, cursor=cursor)


def promote(model: str, *, force: bool = False) -> Call[results.Model]:
    """Let a model speak."""
    path = f"/api/models/{quote(model, safe='')}/promote"
    return Call(method="POST", path=path, returns=results.Model, body={"force": force})


def contacts(*, q: str = "", limit: int = 100, cursor: str = "") -> Call[Page[results.Contact]]:
    """Everybody in the vault."""
    return _list("/api/contacts", results.Contact, q=q, limit=limit, cursor=cursor)


def merge_contacts(into: str, others: Sequence[str]) -> Call[results.Contact]:
    """Say that several are one person."""
    body = {"into": into, "others": list(others)}
    return Call(method="POST", path="/api/contacts/merge", returns=results.Contact, body=body)


def rename_contact(who: str, name: str) -> Call[results.Contact]:
    """Call somebody by another name."""
    path = f"/api/contacts/{quote(who, safe='')}"
    return Call(method="PATCH", path=path, returns=results.Contact, body={"name": name})


def exclude_contact(who: str, *, excluded: bool = True) -> Call[results.Contact]:
    """Keep nothing more that somebody writes, or allow it again."""
    path = f"/api/contacts/{quote(who, safe='')}/exclusion"
    return Call(method="PUT", path=path, returns=results.Contact, body={"excluded": excluded})


def messages(
    *, contact: str = "", conversation: str = "", q: str = "", limit: int = 100, cursor: str = ""
) -> Call[Page[results.Message]]:
    """Messages, the newest first."""
    query = {"contact": contact, "conversation": conversation, "q": q, "limit": limit, "cursor": cursor}
    return _list("/api/messages", results.Message, **query)


def streams(*, limit: int = 100, cursor: str = "") -> Call[Page[results.Stream]]:
    """Every stream of events, and from when to when."""
    return _list("/api/streams", results.Stream, limit=limit, cursor=cursor)


def series(source: str, **asked: object) -> Call[results.Series]:
    """A source over time, by steps; ``stream``, ``field``, ``since``, ``until`` (ISO 8601), ``every`` (s)."""
    path = f"/api/streams/{quote(source, safe='')}/series"
    return Call(method="GET", path=path, returns=results.Series, query=asked)


def push_events(
    source: str, events: Sequence[Mapping[str, Any]], *, stream: str = ""
) -> Call[results.Accepted]:
    """Keep events: each with ``at``, and ``kind``, ``duration``, ``key`` and ``data`` where it has them."""
    body = {"source": source, "stream": stream, "events": list(events)}
    return Call(method="POST", path="/api/events", returns=results.Accepted, body=body)


def push_heartbeats(
    source: str, beats: Sequence[Mapping[str, Any]], *, stream: str = "", pulsetime: float = 60.0
) -> Call[results.Accepted]:
    """Extend the state that goes on, or begin one."""
    body = {"source": source, "stream": stream, "pulsetime": pulsetime, "events": list(beats)}
    return Call(method="POST", path="/api/events/heartbeats", returns=results.Accepted, body=body)


def collecting() -> Call[results.Collecting]:
    """How collecting on that machine stands."""
    return Call(method="GET", path="/api/collecting", returns=results.Collecting)


def start_collecting() -> Call[results.Collecting]:
    """Begin to collect what is allowed, or go on after a pause."""
    return Call(method="POST", path="/api/collecting/start", returns=results.Collecting)


def stop_collecting() -> Call[results.Collecting]:
    """End it."""
    return Call(method="POST", path="/api/collecting/stop", returns=results.Collecting)


def pause_collecting(minutes: float | None = None) -> Call[results.Collecting]:
    """Collect nothing for so many minutes, or until it is started again."""
    path = "/api/collecting/pause"
    return Call(method="POST", path=path, returns=results.Collecting, body={"minutes": minutes})


def jobs(*, limit: int = 100, cursor: str = "") -> Call[Page[results.Job]]:
    """Every job, the newest first."""
    return _list("/api/jobs", results.Job, limit=limit, cursor=cursor)


def job(name: str) -> Call[results.Job]:
    """One job."""
    return Call(method="GET", path=f"/api/jobs/{quote(name, safe='')}", returns=results.Job)


def stop_job(name: str, *, force: bool = False) -> Call[results.Job]:
    """Ask a job to stop."""
    path = f"/api/jobs/{quote(name, safe='')}/stop"
    return Call(method="POST", path=path, returns=results.Job, body={"force": force})


def resume_job(name: str) -> Call[results.Job]:
    """Let a job that was cut off, stopped or failed go on."""
    path = f"/api/jobs/{quote(name, safe='')}/resume"
    return Call(method="POST", path=path, returns=results.Job)


class Chatting(TypedDict, total=False):
    """Whom to ask in which chat; left out: nobody in particular asks the one that answers by default."""

    contact: str | None
    model: str
    session: str


def answer(message: str, **how: Unpack[Chatting]) -> Call[results.Answer]:
    """Ask the clone, and wait for the whole answer."""
    return _asking({**how, "message": message, "stream": False})


def stream(message: str, **how: Unpack[Chatting]) -> Call[results.Answer]:
    """The same, to be followed by ``Client.stream``."""
    return _asking({**how, "message": message, "stream": True})


def reset_context(session: str = "main") -> Call[dict[str, str]]:
    """Begin anew: what was said stays in the history and is told to the clone no more."""
    body = {"session": session}
    return Call(method="POST", path="/api/ai-echo/reset-context", returns=dict[str, str], body=body)


def rate(
    message: str, *, up: bool, about: str = "style", reason: str = "", session: str = "main"
) -> Call[dict[str, Any]]:
    """Say whether an answer of a chat, by its id, was as the owner would say it."""
    parts = (quote(session, safe=""), quote(message, safe=""))
    path = "/api/ai-echo/sessions/{}/messages/{}/rating".format(*parts)
    body = {"up": up, "about": about, "reason": reason}
    return Call(method="POST", path=path, returns=dict[str, Any], body=body)


def _asking(body: Mapping[str, Any]) -> Call[results.Answer]:
    return Call(method="POST", path="/api/ai-echo/chat", returns=results.Answer, body=body)


def projects(*, limit: int = 100, cursor: str = "") -> Call[Page[results.Project]]:
    """Every project of models of events."""
    return _list("/api/projects", results.Project, limit=limit, cursor=cursor)


def project(name: str) -> Call[results.Project]:
    """One project."""
    return Call(method="GET", path=f"/api/projects/{quote(name, safe='')}", returns=results.Project)


def begin_learning(name: str) -> Call[results.Started]:
    """Learn a project's next version."""
    path = f"/api/projects/{quote(name, safe='')}/learn"
    return Call(method="POST", path=path, returns=results.Started)


def begin_table(held: str, target: str, *, same_row: bool = False, name: str = "") -> Call[results.Started]:
    """Keep a table that was uploaded, and learn to foretell a column of it."""
    body = {"upload": held, "target": target, "same_row": same_row, "name": name}
    return Call(method="POST", path="/api/tables", returns=results.Started, body=body)


def predict(name: str, at: datetime | None = None) -> Call[results.Prediction]:
    """What a project's champion says now, or said of a moment."""
    path = f"/api/projects/{quote(name, safe='')}/predictions"
    body = {"at": at.isoformat() if at else None}
    return Call(method="POST", path=path, returns=results.Prediction, body=body)


def predictions(name: str, *, limit: int = 100, cursor: str = "") -> Call[Page[results.Prediction]]:
    """What a project's models said, the newest first."""
    path = f"/api/projects/{quote(name, safe='')}/predictions"
    return _list(path, results.Prediction, limit=limit, cursor=cursor)


def judge_prediction(
    prediction: str, verdict: str, *, label: str | None = None, until: datetime | None = None
) -> Call[results.Judgement]:
    """Say whether a prediction was right, wrong, or not_an_anomaly."""
    path = f"/api/predictions/{quote(prediction, safe='')}/feedback"
    body = {"verdict": verdict, "label": label, "until": until.isoformat() if until else None}
    return Call(method="POST", path=path, returns=results.Judgement, body=body)


def suppressions(*, project: str = "", limit: int = 100, cursor: str = "") -> Call[Page[results.Suppression]]:
    """Rules that keep alarms silent."""
    return _list("/api/suppressions", results.Suppression, project=project, limit=limit, cursor=cursor)


def _list(path: str, kind: Any, **query: object) -> Call[Page[T]]:  # noqa: ANN401 - a type
    return Call(
        method="GET", path=path, returns=Page[kind], query={k: v for k, v in query.items() if v != ""}
    )
