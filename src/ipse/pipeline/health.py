"""Whether a vault is sound: a list of checks, each ok, a warning or wrong, with what to do about it.

A check looks and changes nothing; :func:`repair` does what loses nothing. What lies around the vault (the
machine, its disk and memory) is in :mod:`ipse.pipeline.surroundings`.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ipse.consent import verify as verify_consent
from ipse.errors import AuditError, ConsentError, DamagedVaultError, IpseError, UnknownVersionError
from ipse.jobs import listed
from ipse.pipeline import surroundings
from ipse.pipeline.surroundings import Check
from ipse.pipeline.workspace import Workspace
from ipse.signing import public_key
from ipse.unlocking import keychain
from ipse.vault import Vault
from ipse.vault.crypto import FLOOR_ITERATIONS, FLOOR_KIB

__all__ = ["Check", "checks", "closed_checks", "last_rows", "repair"]

SKEW = timedelta(minutes=5)  # what network time leaves far behind


def checks(workspace: Workspace, *, deep: bool = False, now: datetime | None = None) -> list[Check]:
    """Every check of an open vault; ``deep`` reads every record too, which takes as long as a backup."""
    vault, at = workspace.vault, now or datetime.now(UTC)
    found = [*surroundings.checks(vault.folder), _header(vault.folder), *_inspected(vault)]
    found += [
        _passphrase(vault.folder),
        _keyring(vault.folder),
        _audit(vault),
        *_by_the_log(workspace, at),
        _consents(workspace),
    ]
    found.append(_open_work(workspace))
    if deep:
        vault.note("read", {"why": "doctor"})
        found.append(_content(vault))
    return found


def closed_checks(folder: Path, refused: IpseError) -> list[Check]:
    """What can be told of a vault that does not open for another reason than its passphrase."""
    return [
        *surroundings.checks(folder),
        _header(folder),
        Check("opening", "wrong", refused.message, refused.hint),
    ]


def last_rows(vault: Vault) -> dict[str, datetime]:
    """When each action of the audit log was last done; under ``""`` the newest row. Raises ``AuditError``."""
    found: dict[str, datetime] = {}
    for row in vault.audit_rows():
        if row.at is not None:
            found[row.action] = row.at
            found[""] = max(row.at, found.get("", row.at))
    return found


def repair(workspace: Workspace) -> list[str]:
    """Do what loses nothing: rights of files, left-over files, keys that open nothing; tells what it did."""
    vault = workspace.vault
    with vault.exclusive():
        done = surroundings.repair(vault.folder)
        orphans = vault.drop_orphans()
    if orphans:
        done.append(f"destroyed {orphans:,} keys that opened nothing")
    if done:
        vault.note("vault.repair", {"done": len(done)})
    return done


def _header(folder: Path) -> Check:
    try:
        info = Vault.info(folder)
    except (DamagedVaultError, UnknownVersionError) as error:
        return Check("header", "wrong", error.message, error.hint)
    if "recovery" in info.opened_by and info.version == 1:
        return Check(
            "header",
            "warning",
            "format 1, whose recovery key does not outlive a new master key",
            "Run `ipse vault recovery` and write the new key down.",
        )
    return Check("header", "ok", f"format {info.version}, master key {info.generation + 1}")


def _inspected(vault: Vault) -> Iterator[Check]:
    try:
        found = vault.inspect()
    except DamagedVaultError as error:
        yield Check("files", "wrong", error.message, error.hint)
        return
    faults = found.faults + ((f"{found.objects:,} files are missing in objects/",) if found.objects else ())
    restore = "Restore the newest backup: `ipse restore`."
    whole = Check("files", "ok", f"catalog {found.revision} and keys.db are whole")
    yield Check("files", "wrong", "; ".join(faults), restore) if faults else whole
    lost = found.missing + found.closed
    told = f"{found.missing:,} keys are missing, {found.closed:,} do not open"
    fine = Check("keys", "ok", f"{found.keys:,} keys, all of them open")
    yield Check("keys", "wrong", told, restore) if lost else fine
    if found.orphans:
        todo = "`ipse vault doctor --repair` destroys them."
        yield Check("orphan keys", "warning", f"{found.orphans:,} keys open nothing (a killed import)", todo)
    else:
        yield Check("orphan keys", "ok", "none")
    if found.doomed:
        todo = "Close what reads this vault and open it again."
        told = f"the log still holds ciphertext of {found.doomed:,} destroyed keys: a reader held it"
        yield Check("destroyed keys", "warning", told, todo)
    else:
        yield Check("destroyed keys", "ok", "nothing of what they sealed is left")


def _passphrase(folder: Path) -> Check:
    cost = Vault.info(folder).kdf
    name = "passphrase cost"
    if cost is None:
        return Check(name, "wrong", "no passphrase opens this vault", "Set one: `ipse vault passphrase`.")
    told = f"Argon2id, {cost.memory_kib / 1024:.3g} MiB, {cost.iterations} passes, {cost.lanes} lanes"
    if cost.memory_kib < FLOOR_KIB or cost.iterations < FLOOR_ITERATIONS:
        return Check(name, "wrong", f"{told}: too little", "Set it anew: `ipse vault passphrase`.")
    return Check(name, "ok", told)


def _keyring(folder: Path) -> Check:
    used = "keyring" in Vault.info(folder).opened_by
    try:
        name = keychain.backend_name()
        held = keychain.fetch(Vault.info(folder).id) is not None if used else False
    except IpseError as error:
        if used:
            return Check("keyring", "warning", error.message, error.hint)
        return Check("keyring", "ok", "not used")
    if used and not held:
        return Check(
            "keyring", "warning", f"{name} holds no key of this vault", "Run `ipse vault keyring add` again."
        )
    return Check("keyring", "ok", f"{name} opens the vault" if used else f"not used; there is {name}")


def _audit(vault: Vault) -> Check:
    try:
        report = vault.journal.verify()
    except (AuditError, DamagedVaultError) as error:
        return Check("audit log", "wrong", error.message, error.hint)
    told = f"{report.rows:,} rows, each follows from the one before; checkpoints cover {report.covered:,}"
    return Check("audit log", "ok", told)


def _by_the_log(workspace: Workspace, now: datetime) -> Iterator[Check]:
    """What the times in the log tell: of the clock, and of backups."""
    vault, oldest = workspace.vault, timedelta(days=workspace.settings.backup.max_age)
    try:
        last = last_rows(vault)
    except (AuditError, DamagedVaultError):
        return  # told by the check of the log
    newest = last.get("", now)
    if newest > now + SKEW:
        told = f"the newest row is of {newest:%Y-%m-%d %H:%M} UTC, and it is {now:%Y-%m-%d %H:%M} UTC"
        yield Check("clock", "wrong", told, "Set this machine's clock: consents and retention go by it.")
    else:
        yield Check("clock", "ok", f"it is {now:%Y-%m-%d %H:%M} UTC, after every row of the audit log")
    yield _backup(last, now, oldest, empty=not vault.counts())


def _backup(last: dict[str, datetime], now: datetime, oldest: timedelta, *, empty: bool) -> Check:
    made, todo = last.get("backup.write"), "Run `ipse backup DIR`, on another disk."
    if made is None:
        told = "none yet"
        return Check("backup", "ok", f"{told}; the vault is empty") if empty else Check(
            "backup", "warning", told, todo
        )  # fmt: skip
    days = (now - made).days
    told = f"the last one is of {made:%Y-%m-%d %H:%M} UTC, {days} days ago"
    changed = last.get("vault.recovery")
    if changed is not None and changed > made:
        return Check("backup", "warning", f"{told}, and opens with the recovery key before this one", todo)
    return Check("backup", "warning", told, todo) if now - made > oldest else Check("backup", "ok", told)


def _consents(workspace: Workspace) -> Check:
    own = public_key(workspace.vault.signing_key())
    bad: list[str] = []
    consents = workspace.consents()
    for signed in consents:
        try:
            verify_consent(signed)
            mine = signed.public_key == own and signed.consent.vault == workspace.vault.id
        except ConsentError:
            mine = False
        if not mine:
            bad.append(signed.consent.id)
    if bad:
        told = f"not signed by this vault: {', '.join(bad)}"
        return Check("consents", "wrong", told, "Withdraw them and give consent again.")
    return Check("consents", "ok", f"{len(consents):,} records, each signed by this vault")


def _open_work(workspace: Workspace) -> Check:
    """Erasures, sealing anew and jobs that were begun and not finished; opening has done what it could."""
    vault = workspace.vault
    erasures = len(vault.ids("forgetting"))
    if erasures:
        told = f"{erasures:,} erasures were begun and cannot be finished: something else is damaged"
        return Check("open work", "wrong", told, "See the other lines; then open the vault again.")
    if vault.reencrypting:
        told = "sealing everything anew was begun and not finished"
        return Check("open work", "warning", told, "Go on with it: `ipse vault reencrypt`.")
    cut = sorted({job.kind for job in listed(vault) if job.state == "interrupted"})
    if cut:
        todo = "Run it again; see `ipse jobs list`."
        return Check("open work", "warning", f"cut short: {', '.join(cut)}", todo)
    return Check("open work", "ok", "no erasure, rotation or job is half done")


def _content(vault: Vault) -> Check:
    try:
        records = vault.read_all()
    except (AuditError, DamagedVaultError) as error:
        return Check("content", "wrong", error.message, error.hint)
    return Check("content", "ok", f"{records:,} records and every document were read")
