"""Making a report: every line measured, the tables beside them, signed by the vault; and verifying one.

A page holds the signed report it was made from, so that it can be verified without the vault: the signature
holds, and the page is what this ipse makes of that report, byte for byte.
"""

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from ipse import __version__
from ipse.errors import DamagedVaultError, SettingsError
from ipse.interfaces import Progress
from ipse.pipeline.compliance.evidence import Facts
from ipse.pipeline.compliance.governance import fingerprint
from ipse.pipeline.compliance.lines import LINES, measured
from ipse.pipeline.compliance.page import embedded, render
from ipse.pipeline.compliance.processing import CANNOT_SHOW, activities, assessment
from ipse.pipeline.compliance.results import (
    Exemption,
    InventoryRow,
    Line,
    ModelRow,
    Month,
    Proof,
    Report,
    RequestRow,
    Section,
    SignedReport,
)
from ipse.pipeline.drills import drills
from ipse.pipeline.requests import Accepted, accept_assessment, exceptions
from ipse.pipeline.workspace import Workspace
from ipse.signing import is_signed, public_key, signature

__all__ = ["Verified", "accept_impact", "compliance", "impact", "verify", "write"]

PURPOSE = "compliance report"


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """A report whose signature holds; ``page`` tells whether the page is what was signed, None without one.

    A page of another version of ipse is not compared: then ``page`` is None too, and ``version`` is not ours.
    """

    report: Report
    public_key: str
    version: str
    page: bool | None


def compliance(
    workspace: Workspace,
    *,
    anchor: Path | None = None,
    backups: Collection[Path] = (),
    now: datetime | None = None,
    progress: Progress,
) -> SignedReport:
    """Measure every line and sign the result; the audit log says so first. Changes nothing else.

    ``anchor`` is a file of checkpoints kept outside the vault, ``backups`` are folders to look into. Raises
    ``SettingsError`` for a path that is not there.
    """
    for path in (*backups, *([anchor] if anchor else [])):
        if not path.exists():
            raise SettingsError(f"{path}: is not there.", hint="Check --anchor and --backups.")
    workspace.vault.note("report.compliance", {"anchor": anchor is not None, "backups": len(backups)})
    at = now or datetime.now(UTC)
    total = float(sum(held["records"] for held in workspace.vault.counts().values()))

    def step(read: int) -> None:
        progress(float(read), total, {})

    facts = Facts(workspace, at, anchor=anchor, backups=backups, step=step)
    lines = tuple(measured(facts, spec) for spec in LINES)
    report = _report(facts, lines)
    seed = workspace.vault.signing_key()
    return SignedReport(report, signature(seed, PURPOSE, _canonical(report)), public_key(seed))


def impact(workspace: Workspace) -> tuple[Section, ...]:
    """The impact assessment as it would stand in a report made now."""
    return assessment(Facts(workspace, datetime.now(UTC)))


def accept_impact(workspace: Workspace, statement: str) -> Accepted:
    """Keep that the owner assessed the processing as it is now."""
    return accept_assessment(workspace, fingerprint(Facts(workspace, datetime.now(UTC))), statement)


def write(signed: SignedReport, folder: Path) -> tuple[Path, Path]:
    """Write it as JSON and as one page into ``folder``; returns both files."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"compliance-{signed.report.at:%Y-%m-%d}"
    json_file, page = folder / f"{name}.json", folder / f"{name}.html"
    json_file.write_bytes(msgspec.json.format(msgspec.json.encode(signed)) + b"\n")
    page.write_text(render(signed), encoding="utf-8")
    return json_file, page


def verify(file: Path, key: str | None = None) -> Verified:
    """Check a report in a file, JSON or page, by its own key or by ``key`` (base64); needs no vault.

    Raises ``DamagedVaultError`` unless every byte of the report is what was signed, ``SettingsError`` for a
    file that holds none.
    """
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read.", hint="Check the path.") from error
    page = raw if raw.lstrip()[:1] == b"<" else None
    try:
        signed = msgspec.json.decode(embedded(page) if page is not None else raw, type=SignedReport)
    except (msgspec.MsgspecError, ValueError) as error:
        raise SettingsError(
            f"{file}: holds no compliance report.", hint="Name the JSON or the page."
        ) from error
    changed = DamagedVaultError(f"{file}: is not what the vault signed.", hint="Make the report again.")
    if key is not None and key != signed.public_key:
        raise DamagedVaultError(f"{file}: was signed by another key.", hint="Check --key.")
    if not is_signed(signed.public_key, PURPOSE, _canonical(signed.report), signed.signature):
        raise changed
    same: bool | None = None
    if page is not None and signed.report.code_version == __version__:
        same = render(signed).encode() == page
        if not same:
            raise changed
    return Verified(
        report=signed.report, public_key=signed.public_key, version=signed.report.code_version, page=same
    )


def _report(facts: Facts, lines: tuple[Line, ...]) -> Report:
    return Report(
        vault=facts.vault.id,
        at=facts.now.astimezone(UTC).replace(microsecond=0),
        controller=facts.settings.report.controller,
        lines=lines,
        exceptions=tuple(
            Exemption(id=one.id, line=one.line, reason=one.reason, at=one.at)
            for one in exceptions(facts.workspace)
        ),
        activities=activities(facts),
        assessment=assessment(facts),
        inventory=_inventory(facts),
        months=tuple(
            Month(month=month, counts=dict(sorted(counts.items())))
            for month, counts in sorted(facts.census.months.items())
        ),
        models=_models(facts),
        requests=tuple(
            RequestRow(
                id=one.id,
                kind=one.kind,
                subject=one.subject,
                received=one.received.isoformat(),
                due=one.due.isoformat(),
                closed=one.closed.isoformat() if one.closed else None,
                overdue=one.overdue(facts.now.date()),
                note=one.note,
            )
            for one in facts.requests
        ),
        erasures=tuple(
            Proof(at=one.done_at, what=one.what, id=one.id, counts=one.counts)
            for one in (held.certificate for held in facts.certificates)
        ),
        drills=_drills(facts),
        cannot_show=CANNOT_SHOW,
    )


def _inventory(facts: Facts) -> tuple[InventoryRow, ...]:
    rows = [
        InventoryRow(
            source=source,
            category=category,
            count=tally.count,
            ages=(tally.ages[0], tally.ages[1], tally.ages[2], tally.ages[3]),
            oldest=tally.oldest,
            newest=tally.newest,
        )
        for (source, category), tally in facts.census.tallies.items()
    ]
    return tuple(sorted(rows, key=lambda row: (row.source, -row.count, row.category)))


def _models(facts: Facts) -> tuple[ModelRow, ...]:
    """Each dataset with its models; a dataset that a model names and that is not there has a row too."""
    champion = facts.champion.id if facts.champion else None
    rows = []
    for name in dict.fromkeys((*facts.datasets, *(card.dataset for card in facts.models))):
        cards = [card for card in facts.models if card.dataset == name]
        held = facts.readable().get(name)
        rows.append(
            ModelRow(
                dataset=name,
                consents=held.card.consents if held else cards[0].consents if cards else {},
                examples=held.card.counts.get("examples", 0) if held else 0,
                contacts=len(held.card.contacts) if held else 0,
                kept=name in facts.datasets,
                models=tuple(card.id for card in cards),
                methods=tuple(card.method for card in cards),
                champion=champion if any(card.id == champion for card in cards) else None,
            )
        )
    return tuple(rows)


def _drills(facts: Facts) -> tuple[Proof, ...]:
    """Backups, restores and drills, by time."""
    what = {"backup.write": "backup", "backup.restore": "restore"}
    found = [
        Proof(at=row.at, what=what[row.action], id=str(row.details.get("backup", "")))
        for row in facts.rows
        if row.action in what and row.at is not None
    ]
    found += [
        Proof(
            at=one.at,
            what="drill",
            id=one.backup,
            counts={"records": one.records, "faults": len(one.faults)},
        )
        for one in drills(facts.workspace)
    ]
    return tuple(sorted(found, key=lambda one: one.at))


def _canonical(report: Report) -> bytes:
    return msgspec.json.encode(report, order="sorted")
