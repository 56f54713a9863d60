"""What a compliance report is: lines of checks with their evidence, and the tables beside them.

Evidence is counts, ids, pseudonyms and names of sources; never content, never a person's name. What the owner
wrote themself (exceptions, notes on requests) stands in it as written.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from ipse import __version__

__all__ = [
    "Activity",
    "Check",
    "Exemption",
    "InventoryRow",
    "Line",
    "ModelRow",
    "Month",
    "NotMeasuredError",
    "Outcome",
    "Proof",
    "Report",
    "RequestRow",
    "Section",
    "SignedReport",
    "State",
    "failed",
    "passed",
    "state_of",
]

State = Literal["pass", "fail", "not measured"]
IDS = 20  # ids listed with a finding; the count beside them is always exact


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one check found: in a sentence, in counts, and which things are meant by id."""

    state: State
    found: str
    counts: dict[str, int] = {}
    ids: tuple[str, ...] = ()
    todo: str = ""
    needed: bool = True


class Check(Outcome, frozen=True, kw_only=True):
    """A check in a report: ``id`` such as ``C1.2``, and what it ``asks``.

    Of a line whose check is not ``needed`` the state does not wait for that check.
    """

    id: str
    asks: str


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line of data protection: fails where a check fails, and passes where every needed one passed."""

    id: str
    title: str
    articles: str
    state: State
    checks: tuple[Check, ...]


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the records of processing (GDPR Art. 30(1))."""

    activity: str
    purpose: str
    basis: str
    subjects: str
    categories: str
    recipients: str
    limit: str
    measures: str


class InventoryRow(msgspec.Struct, frozen=True, kw_only=True):
    """How much is kept of a category, by age in years: below 1, 1 to 3, 3 to 5, and 5 or more."""

    source: str
    category: str
    count: int
    ages: tuple[int, int, int, int]
    oldest: datetime | None = None
    newest: datetime | None = None


class Month(msgspec.Struct, frozen=True, kw_only=True):
    """Records dated in one month (``2023-04``), by category."""

    month: str
    counts: dict[str, int]


class ModelRow(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset with its consents by source, and the models trained on it; ``champion`` speaks."""

    dataset: str
    consents: dict[str, str]
    examples: int
    contacts: int
    kept: bool
    models: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    champion: str | None = None


class RequestRow(msgspec.Struct, frozen=True, kw_only=True):
    """A request of a data subject and whether it was answered in time."""

    id: str
    kind: str
    subject: str
    received: str
    due: str
    closed: str | None
    overdue: bool
    note: str = ""


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """Something done that the vault can show: an erasure, a backup, a drill."""

    at: datetime
    what: str
    id: str
    counts: dict[str, int] = {}


class Exemption(msgspec.Struct, frozen=True, kw_only=True):
    """What the owner says of a line that does not hold; it changes no result."""

    id: str
    line: str
    reason: str
    at: datetime


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the impact assessment: what is known, and what only its author can decide."""

    id: str
    title: str
    known: tuple[str, ...]
    open: tuple[str, ...] = ()


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A compliance report. Times are in UTC; ``inventory`` and ``months`` count records."""

    vault: str
    at: datetime
    lines: tuple[Line, ...]
    exceptions: tuple[Exemption, ...]
    activities: tuple[Activity, ...]
    assessment: tuple[Section, ...]
    inventory: tuple[InventoryRow, ...]
    months: tuple[Month, ...]
    models: tuple[ModelRow, ...]
    requests: tuple[RequestRow, ...]
    erasures: tuple[Proof, ...]
    drills: tuple[Proof, ...]
    cannot_show: tuple[str, ...]
    controller: str = ""
    format: Literal["ipse-compliance-report"] = "ipse-compliance-report"
    version: Literal[1] = 1
    code_version: str = __version__

    def tally(self) -> dict[State, int]:
        """How many lines are in each state."""
        states = [line.state for line in self.lines]
        return {"pass": states.count("pass"), "fail": states.count("fail"),
                "not measured": states.count("not measured")}  # fmt: skip


class SignedReport(msgspec.Struct, frozen=True):
    """A report with its Ed25519 signature over its canonical JSON, and the public key, both base64."""

    report: Report
    signature: str
    public_key: str


class NotMeasuredError(Exception):
    """A check has nothing to look at; ``hint`` says what would change that. Never leaves this package."""

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def passed(found: str, **counts: int) -> Outcome:
    """A check that holds."""
    return Outcome(state="pass", found=found, counts=counts)


def failed(found: str, todo: str, ids: Sequence[str] = (), **counts: int) -> Outcome:
    """A check that does not hold, of which things, and what to do."""
    return Outcome(state="fail", found=found, counts=counts, ids=tuple(ids)[:IDS], todo=todo)


def state_of(checks: Sequence[Outcome]) -> State:
    """The state of a line by its checks."""
    if any(check.state == "fail" for check in checks):
        return "fail"
    needed = [check.state for check in checks if check.needed]
    return "pass" if needed and all(state == "pass" for state in needed) else "not measured"
