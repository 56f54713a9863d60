"""What the owner keeps for accountability: requests of data subjects, exceptions, the impact assessment.

Each is a sealed document. A request is due one month after it came in (GDPR Art. 12(3)); who made it is kept
as the pseudonym where the vault knows them.
"""

import calendar
import secrets
from datetime import UTC, date, datetime
from typing import Literal, TypeVar

import msgspec

from ipse.errors import SettingsError
from ipse.pipeline.workspace import Workspace

__all__ = [
    "Accepted",
    "Kind",
    "RightsException",
    "RightsRequest",
    "accept_assessment",
    "accepted_assessment",
    "add_exception",
    "add_request",
    "close_request",
    "exceptions",
    "remove_exception",
    "requests",
]

T = TypeVar("T")
Kind = Literal["access", "rectification", "erasure", "restriction", "portability", "objection", "withdrawal"]
REQUEST, EXCEPTION, ASSESSMENT = "request", "exception", ("assessment", "accepted")


class RightsRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request: who asked for what, when, by when it is due, and what became of it."""

    id: str
    kind: Kind
    subject: str
    received: date
    due: date
    closed: date | None = None
    note: str = ""

    def overdue(self, today: date) -> bool:
        """Whether it was answered late, or is late by now."""
        return (self.closed or today) > self.due


class RightsException(msgspec.Struct, frozen=True, kw_only=True):
    """Why the owner stands by a line of the report that does not hold."""

    id: str
    line: str
    reason: str
    at: datetime


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """That the owner assessed the impact: the processing it was of, as a fingerprint, and what they say."""

    processing: str
    statement: str
    at: datetime


def add_request(
    workspace: Workspace, kind: Kind, subject: str, *, received: date | None = None, note: str = ""
) -> RightsRequest:
    """Keep a request; raises ``SettingsError`` for a day that has not come."""
    came = received or datetime.now(UTC).date()
    if came > datetime.now(UTC).date():
        raise SettingsError(f"{came} has not come yet.", hint="Give the day on which the request came in.")
    known = workspace.roster().find(subject) if subject.strip() else None
    made = RightsRequest(
        id=secrets.token_hex(4), kind=kind, subject=known or subject.strip() or "unknown",
        received=came, due=_month_after(came), note=note,
    )  # fmt: skip
    _keep(workspace, REQUEST, made.id, made, "request.add")
    return made


def close_request(
    workspace: Workspace, name: str, *, note: str = "", closed: date | None = None
) -> RightsRequest:
    """Say that a request was answered, and when; raises ``SettingsError`` if there is no open one."""
    held = [one for one in requests(workspace) if one.id.startswith(name) and one.closed is None]
    if len(held) != 1:
        raise SettingsError(f"There is no open request `{name}`.", hint="See `ipse report requests list`.")
    at = closed or datetime.now(UTC).date()
    if at < held[0].received:
        raise SettingsError(f"{at} is before the request came in.", hint="Give the day of the answer.")
    told = "; ".join(filter(None, (held[0].note, note)))
    done = msgspec.structs.replace(held[0], closed=at, note=told)
    _keep(workspace, REQUEST, done.id, done, "request.close")
    return done


def requests(workspace: Workspace) -> list[RightsRequest]:
    """Every request, oldest first."""
    return _all(workspace, REQUEST, RightsRequest)


def add_exception(workspace: Workspace, line: str, reason: str) -> RightsException:
    """Keep why a line (``C7``) does not hold and is left so; it changes no result."""
    if not reason.strip():
        raise SettingsError("An exception needs a reason.", hint="Say why the line is left as it is.")
    made = RightsException(
        id=secrets.token_hex(4), line=line, reason=reason.strip(), at=datetime.now(UTC).replace(microsecond=0)
    )
    _keep(workspace, EXCEPTION, made.id, made, "exception.add")
    return made


def exceptions(workspace: Workspace) -> list[RightsException]:
    """Every exception, oldest first."""
    return _all(workspace, EXCEPTION, RightsException)


def remove_exception(workspace: Workspace, name: str) -> RightsException:
    """Take an exception back; raises ``SettingsError`` if there is none."""
    held = [one for one in exceptions(workspace) if one.id.startswith(name)]
    if len(held) != 1:
        raise SettingsError(f"There is no exception `{name}`.", hint="See `ipse report exception list`.")
    details = {"exception": held[0].id, "line": held[0].line}
    workspace.vault.remove(EXCEPTION, held[0].id, action="exception.remove", details=details)
    return held[0]


def accept_assessment(workspace: Workspace, processing: str, statement: str) -> Accepted:
    """Keep that the impact of this processing was assessed, with the owner's words."""
    if not statement.strip():
        raise SettingsError("An assessment needs a statement.", hint="Say which risks you accept, and why.")
    made = Accepted(
        processing=processing, statement=statement.strip(), at=datetime.now(UTC).replace(microsecond=0)
    )
    details = {"processing": processing}
    payload = msgspec.json.encode(made)
    workspace.vault.put(*ASSESSMENT, payload, action="assessment.accept", details=details)
    return made


def accepted_assessment(workspace: Workspace) -> Accepted | None:
    """The last one that was accepted."""
    kind, name = ASSESSMENT
    if name not in workspace.vault.ids(kind):
        return None
    return msgspec.json.decode(workspace.vault.get(kind, name), type=Accepted)


def _keep(workspace: Workspace, kind: str, name: str, value: msgspec.Struct, action: str) -> None:
    workspace.vault.put(kind, name, msgspec.json.encode(value), action=action, details={kind: name})


def _all(workspace: Workspace, kind: str, type_: type[T]) -> list[T]:
    vault = workspace.vault
    return [msgspec.json.decode(vault.get(kind, name), type=type_) for name in vault.ids(kind)]


def _month_after(day: date) -> date:
    """The same day of the next month, or its last one (Regulation (EEC, Euratom) 1182/71, Art. 3)."""
    year, month = day.year + day.month // 12, day.month % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
