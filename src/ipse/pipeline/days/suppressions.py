"""Alarms that the owner does not want again: a rule with an end, made of "this is no anomaly".

A rule is of one project and one column: alarms whose first reason is that column, at a value within the
limits, stay silent until the rule ends. They are kept and shown, marked by the rule.
"""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from ipse.errors import NotFoundError, SettingsError
from ipse.pipeline.derived import Origin, get_made, keep_made
from ipse.pipeline.workspace import Workspace

__all__ = ["DAYS", "Suppression", "add", "in_force", "listed", "matching", "remove"]

KIND = "suppression"
DAYS = 30  # that a rule holds where nobody says otherwise
MOST_DAYS = 366


class Suppression(msgspec.Struct, frozen=True, kw_only=True):
    """A rule: ``low`` and ``high`` are the values of ``column`` that are no anomaly, until ``until``."""

    id: str
    project: str
    column: str
    low: float
    high: float
    made_at: datetime
    until: datetime
    prediction: str = ""

    def holds(self, now: datetime) -> bool:
        """Whether it has not ended."""
        return now < self.until


def add(  # noqa: PLR0913 - what a rule is
    workspace: Workspace,
    *,
    project: str,
    column: str,
    within: tuple[float, float],
    origin: Origin,
    until: datetime | None = None,
    prediction: str = "",
) -> Suppression:
    """Keep a rule; ``origin`` is what it was seen in. Raises ``SettingsError`` for an end that is none."""
    now = datetime.now(UTC)
    ends = until or now + timedelta(days=DAYS)
    if not now < ends <= now + timedelta(days=MOST_DAYS):
        raise SettingsError(
            "A suppression ends later than now, and within a year.", hint="Say until when: 2026-05-01."
        )
    made = Suppression(
        id=secrets.token_hex(6),
        project=project,
        column=column,
        low=min(within),
        high=max(within),
        made_at=now,
        until=ends,
        prediction=prediction,
    )
    keep_made(workspace, (KIND, made.id), msgspec.json.encode(made), origin)
    return made


def listed(workspace: Workspace, project: str = "") -> list[Suppression]:
    """Every rule, those that ended too, oldest first; of one project or of all."""
    found = [
        msgspec.json.decode(get_made(workspace, (KIND, name)), type=Suppression)
        for name in workspace.vault.ids(KIND)
    ]
    return [one for one in found if project in ("", one.project)]


def in_force(workspace: Workspace, project: str, now: datetime | None = None) -> list[Suppression]:
    """The rules of a project that hold now."""
    at = now or datetime.now(UTC)
    return [one for one in listed(workspace, project) if one.holds(at)]


def matching(rules: Sequence[Suppression], column: str, value: float) -> Suppression | None:
    """The rule that keeps an alarm silent whose first reason is this column at this value."""
    return next((one for one in rules if one.column == column and one.low <= value <= one.high), None)


def remove(workspace: Workspace, name: str) -> None:
    """Take a rule back; raises ``NotFoundError``."""
    if name not in workspace.vault.ids(KIND):
        raise NotFoundError(
            f"There is no suppression `{name[:80]}`.", hint="See `ipse predict suppressions`."
        )
    workspace.vault.remove(KIND, name, action="suppression.remove", details={"suppression": name})
