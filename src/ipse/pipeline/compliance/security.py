"""Whether what is kept is safe, whole and accounted for: C8, C10, C16."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from ipse.errors import AuditError, DamagedVaultError, VaultError
from ipse.pipeline import surroundings
from ipse.pipeline.auditing import verify as verify_audit
from ipse.pipeline.backups import check_backups, list_backups
from ipse.pipeline.compliance.evidence import Facts
from ipse.pipeline.compliance.results import NotMeasuredError, Outcome, failed, passed
from ipse.pipeline.drills import drills
from ipse.signing import public_key
from ipse.vault import Vault

__all__ = [
    "anchored",
    "backed_up",
    "backups_whole",
    "chain_holds",
    "drilled",
    "everything_opens",
    "files_private",
    "no_bare_keys",
    "nothing_left_lying",
    "passphrase_costs",
    "rows_for_models",
]

AROUND = ("left-over files", "swap", "core dumps")
SQLITE = b"SQLite format 3\0"


def passphrase_costs(facts: Facts) -> Outcome:
    """The passphrase is stretched by Argon2id at no less than the floor."""
    cost = Vault.info(facts.vault.folder).kdf
    if cost is None:
        raise NotMeasuredError("No passphrase opens this vault.", hint="Set one: ipse vault passphrase.")
    told = {"memory_kib": cost.memory_kib, "iterations": cost.iterations, "lanes": cost.lanes}
    try:
        cost.require_strong()
    except VaultError as error:
        return failed(
            f"Argon2id with {cost.memory_kib:,} KiB and {cost.iterations} passes is too weak. {error.hint}",
            "Set the passphrase anew: ipse vault passphrase.",
            [],
            **told,
        )
    return passed(f"Argon2id, {cost.memory_kib // 1024} MiB, {cost.iterations} passes.", **told)


def files_private(facts: Facts) -> Outcome:
    """No file of the vault can be read by other users of this machine."""
    found = _around(facts)["file rights"]
    if found.state == "wrong":
        return failed(f"{found.found[0].upper()}{found.found[1:]}.", found.todo)
    return passed("Every file and folder of the vault is the owner's alone.")


def nothing_left_lying(facts: Facts) -> Outcome:
    """Nothing of the vault goes to swap, to core dumps or to left-over files."""
    found = [one for name, one in _around(facts).items() if name in AROUND and one.state != "ok"]
    if found:
        told = "; ".join(f"{one.name}: {one.found}" for one in found)
        raise NotMeasuredError(f"{len(found)} warnings: {told}.", hint="See ipse vault doctor.")
    return passed("Nothing does.")


def everything_opens(facts: Facts) -> Outcome:
    """Every key, record, dataset, model and document opens and is what was written."""
    try:
        files = facts.vault.inspect()
        wrong = [
            *files.faults,
            *_lost("keys are missing", files.missing),
            *_lost("keys are closed", files.closed),
        ]
        wrong += _lost("files are missing", files.objects)
    except DamagedVaultError as error:
        wrong = [error.message]
    wrong += [f"source {name}" for name in facts.census.damaged]
    wrong += facts.damaged()
    if wrong:
        return failed(
            f"{len(wrong)} things are not what was written.",
            "Stop writing to the vault and restore a backup.",
            wrong,
            damaged=len(wrong),
        )
    read = facts.census.read.total()
    return passed(
        f"{files.keys:,} keys, {read:,} records and all documents opened.", keys=files.keys, records=read
    )


def no_bare_keys(facts: Facts) -> Outcome:
    """No key file or catalog of a vault lies among the backups."""
    if not facts.backups:
        raise NotMeasuredError("No folder of backups was named.", hint="Name it: --backups DIR.")
    bare = [
        path.relative_to(folder).as_posix()
        for folder in facts.backups
        for path in _files(folder)
        if path.name == "keys.db" or _begins(path, SQLITE)
    ]
    if bare:
        return failed(
            f"{len(bare)} files of a vault lie unsealed among the backups.",
            "Delete them: an old keys.db with the passphrase opens what was erased since.",
            bare,
            files=len(bare),
        )
    return passed(f"None in {len(facts.backups)} folders.", folders=len(facts.backups))


def chain_holds(facts: Facts) -> Outcome:
    """The audit log verifies from its first row to its last."""
    if isinstance(facts.audit, AuditError):
        return failed(facts.audit.message, facts.audit.hint)
    found = facts.audit
    return passed(
        f"{found.rows:,} rows hold together; {found.checkpoints} checkpoints cover {found.covered:,}.",
        rows=found.rows,
        checkpoints=found.checkpoints,
        covered=found.covered,
    )


def anchored(facts: Facts) -> Outcome:
    """The audit log is the one that checkpoints outside the vault vouch for."""
    if facts.anchor is None:
        raise NotMeasuredError(
            "No anchor was given: an older copy in place of the vault would not show.",
            hint="ipse audit checkpoint --to FILE, then --anchor FILE.",
        )
    if isinstance(facts.audit, AuditError):
        raise NotMeasuredError("The audit log itself does not verify.", hint="Look there first.")
    if not facts.anchor.is_file():
        raise NotMeasuredError("The anchor of the settings is not there.", hint="Put its medium in.")
    try:
        found = verify_audit(facts.workspace, facts.anchor)
    except AuditError as error:
        return failed(error.message, error.hint)
    return passed(f"The anchor vouches for the first {found.anchored:,} rows.", anchored=found.anchored or 0)


def rows_for_models(facts: Facts) -> Outcome:
    """Every dataset and every model came by an action that the audit log tells."""
    told = {str(row.details.get("dataset")) for row in facts.log("dataset.prepare")}
    told |= {str(row.details.get("model")) for row in facts.log("model.add")}
    held = [*facts.datasets, *(card.id for card in facts.models)]
    silent = [name for name in held if name not in told]
    if silent:
        return failed(
            f"{len(silent)} datasets or models stand in the vault without a row of the audit log.",
            "Find out who put them there; erase them: ipse forget --model NAME.",
            silent,
            silent=len(silent),
        )
    if not held:
        raise NotMeasuredError("There is no dataset and no model yet.", hint="Nothing to do.")
    return passed(f"{len(held)} datasets and models have their rows.", told=len(held))


def backed_up(facts: Facts) -> Outcome:
    """A backup was written, and read again, within the days of the settings."""
    records = sum(facts.sources().values())
    days = facts.settings.backup.max_age
    written = [row for row in facts.log("backup.write") if row.at is not None]
    if not written:
        return failed(
            f"Of {records:,} records no backup was ever written.",
            "Make one: ipse backup DIR.",
            records=records,
        )
    last = written[-1]
    assert last.at is not None
    age = (facts.now - last.at).days
    if last.at < facts.now - timedelta(days=days):
        return failed(
            f"The last backup is {age} days old; {days} are allowed.",
            "Make one: ipse backup DIR.",
            [f"backup {last.details.get('backup')}"],
            days=age,
        )
    return passed(f"{len(written)} backups, the last {age} days ago.", backups=len(written), days=age)


def drilled(facts: Facts) -> Outcome:
    """A backup was restored in a drill without a fault within the days of the settings."""
    records = sum(facts.sources().values())
    days = facts.settings.report.drill_days
    done = drills(facts.workspace)
    todo = "Try it: ipse backup drill DIR."
    if not done:
        return failed(f"No backup of {records:,} records was ever tried.", todo, records=records)
    last = done[-1]
    if last.faults:
        found = f"The last drill found {len(last.faults)} faults."
        return failed(found, "Make a new backup: ipse backup DIR.", [f"backup {last.backup}"])
    age = (facts.now - last.at).days
    if age > days:
        return failed(f"The last drill was {age} days ago; {days} are allowed.", todo, [last.id], days=age)
    return passed(f"{last.records:,} records were read from a backup {age} days ago.", records=last.records)


def backups_whole(facts: Facts) -> Outcome:
    """Every backup in the folders named is whole, and the newest is of this vault."""
    if not facts.backups:
        raise NotMeasuredError("No folder of backups was named.", hint="Name it: --backups DIR.")
    own = public_key(facts.vault.signing_key())
    wrong: list[str] = []
    count = 0
    for folder in facts.backups:
        for one in check_backups(folder, progress=lambda _done, _total, _figures: None):
            count += 1
            wrong += [f"backup {one.name}: {fault}" for fault in one.faults]
        mine = [one for one in list_backups(folder) if one.public_key == own]
        wrong += [] if mine else [f"folder {folder.name}: no backup of this vault"]
    if wrong:
        return failed(
            f"{len(wrong)} faults in {count} backups.",
            "Make a new one: ipse backup DIR.",
            wrong,
            faults=len(wrong),
        )
    return passed(f"{count} backups: every byte is what was signed.", backups=count)


def _around(facts: Facts) -> dict[str, surroundings.Check]:
    return {one.name: one for one in surroundings.checks(facts.vault.folder)}


def _lost(what: str, count: int) -> list[str]:
    return [f"{count:,} {what}"] if count else []


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _begins(path: Path, with_: bytes) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(with_)) == with_
