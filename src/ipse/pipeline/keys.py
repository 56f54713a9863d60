"""The keys of a vault as its owner uses them: what opens it, unlocking, locking, and changing all of it."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from stat import S_ISREG

import msgspec

from ipse.config import Settings
from ipse.errors import CancelledError, IpseError
from ipse.interfaces import Progress
from ipse.jobs import run
from ipse.pipeline.health import last_rows
from ipse.pipeline.surroundings import there
from ipse.pipeline.unlocking import Wait, Ways, with_secret
from ipse.pipeline.workspace import Workspace, locate
from ipse.unlocking import client, keychain
from ipse.unlocking.client import Session
from ipse.vault import Vault, custody
from ipse.vault.crypto import KEY_BYTES, KdfParameters, random_bytes
from ipse.vault.opening import by_secret, read_header

__all__ = [
    "Inside",
    "Rotated",
    "Status",
    "Unlocked",
    "add_keyring",
    "change_passphrase",
    "inside",
    "lock",
    "new_recovery",
    "purge_command",
    "reencrypt",
    "remove_keyring",
    "rotate",
    "status",
    "unlock",
]

MINUTE = 60.0


class Unlocked(msgspec.Struct, frozen=True, kw_only=True):
    """A session: until when it lasts if nothing uses it (None: until it is locked); ``idle`` in minutes."""

    until: datetime | None
    idle: float
    pid: int
    pinned: bool


class Inside(msgspec.Struct, frozen=True, kw_only=True):
    """What only an open vault tells: catalog, records by source, and when it was backed up and verified."""

    catalog: str
    keys: int
    sources: dict[str, dict[str, int]]
    last_backup: datetime | None
    last_verified: datetime | None
    checkpoints: int
    reencrypting: bool


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """What anyone can read of a vault, whether it is unlocked, and what is inside if it opened.

    ``master_key`` counts the master keys from 1; ``size`` is in bytes, of the folder. ``catalog`` is the name
    of its file, or the URL of its server.
    """

    folder: str
    id: str
    format: int
    master_key: int
    opened_by: tuple[str, ...]
    kdf: KdfParameters | None
    catalog: str
    size: int
    unlocked: Unlocked | None
    inside: Inside | None = None


class Rotated(msgspec.Struct, frozen=True, kw_only=True):
    """The number of the new master key, counted from 1, and a new recovery key where there had to be one."""

    master_key: int
    recovery_key: str | None


def status(settings: Settings) -> Status:
    """What needs no key; raises like :meth:`~ipse.vault.Vault.info`."""
    folder = locate(settings)
    info = Vault.info(folder)
    running = client.session(folder)
    return Status(
        folder=str(folder.resolve()),
        id=info.id,
        format=info.version,
        master_key=info.generation + 1,
        opened_by=info.opened_by,
        kdf=info.kdf,
        catalog=info.catalog,
        size=sum(stat.st_size for _, stat in there(folder) if S_ISREG(stat.st_mode)),
        unlocked=_unlocked(running) if running is not None and running.vault == info.id else None,
    )


def inside(workspace: Workspace) -> Inside:
    """What an open vault tells of itself."""
    vault = workspace.vault
    found, last = vault.inspect(), last_rows(vault)
    return Inside(
        catalog=found.revision,
        keys=found.keys,
        sources=vault.counts(),
        last_backup=last.get("backup.write"),
        last_verified=last.get("audit.verify"),
        checkpoints=len(vault.journal.checkpoints()),
        reencrypting=vault.reencrypting,
    )


def unlock(settings: Settings, ways: Ways, *, minutes: float | None = None) -> Unlocked:
    """Start the agent of the vault; it locks after ``minutes`` without use (0: it does not).

    Without ``minutes`` the setting ``keys.auto_lock`` holds. Raises ``VaultError`` where nothing can hold it.
    """
    folder = locate(settings)
    client.require()  # before anything is asked
    read = read_header(folder)
    return _hold(settings, folder, ways(read), settings.keys.auto_lock if minutes is None else minutes)


def lock(settings: Settings) -> bool:
    """End the agent and its key with it; tells whether there was one."""
    return client.lock(locate(settings))


def change_passphrase(settings: Settings, secret: str, new: str, *, wait: Wait) -> None:
    """Put ``new`` in place of the passphrase; ``secret`` is that or the recovery key."""
    folder = _tried(settings, secret, wait)
    custody.change_passphrase(folder, secret, new)


def new_recovery(settings: Settings, secret: str, *, wait: Wait) -> str:
    """Put a new recovery key in place of the old one and return it; backups before keep theirs."""
    folder = _tried(settings, secret, wait)
    return custody.new_recovery(folder, secret)


def add_keyring(settings: Settings, secret: str, *, wait: Wait) -> str:
    """Let the keyring of this machine open the vault; returns its name.

    Raises ``VaultError`` where there is none that ipse trusts, ``MissingExtraError`` without the package.
    """
    name = keychain.backend_name()
    folder = _tried(settings, secret, wait)
    vault, key = Vault.info(folder).id, random_bytes(KEY_BYTES)
    before = keychain.fetch(vault)
    keychain.keep(vault, key)
    try:
        custody.add_keyring(folder, secret, key)
    except BaseException:
        keychain.forget(vault) if before is None else keychain.keep(vault, before)
        raise
    return name


def remove_keyring(settings: Settings, secret: str, *, wait: Wait) -> bool:
    """Let the keyring open the vault no more; tells whether its key there could be deleted too."""
    folder = _tried(settings, secret, wait)
    custody.remove_keyring(folder, secret)
    try:
        keychain.forget(Vault.info(folder).id)
    except IpseError:
        return False  # it opens nothing any more
    return True


def rotate(settings: Settings, passphrase: str, *, wait: Wait) -> Rotated:
    """Give the vault a new master key; a session that runs goes on with it."""
    folder = _tried(settings, passphrase, wait)
    held = Vault.info(folder)
    running = client.session(folder)
    key = keychain.fetch(held.id) if custody.KEYRING in held.opened_by else None
    recovery = custody.rotate(folder, passphrase, keyring=key)
    if running is not None:
        _hold(settings, folder, by_secret(passphrase)(read_header(folder)), running.idle / MINUTE)
    return Rotated(master_key=Vault.info(folder).generation + 1, recovery_key=recovery)


def reencrypt(workspace: Workspace, progress: Progress) -> int:
    """Seal everything under new keys as a job, or go on with that; returns how many pieces were sealed."""
    try:
        return run(workspace.vault, "reencrypt", workspace.vault.reencrypt, progress)
    except CancelledError as error:
        raise CancelledError(error.message, hint="`ipse vault reencrypt` goes on where it stopped.") from None


def purge_command(folder: Path) -> list[str]:
    """What the agent runs once a day."""
    return [sys.executable, "-P", "-m", "ipse", "purge", "--due", "--vault", str(folder.resolve())]


def _hold(settings: Settings, folder: Path, master: bytes, minutes: float) -> Unlocked:
    limited = settings.retention.limits or settings.privacy.data_retention_days
    daily = purge_command(folder) if limited else []
    started = client.start(
        folder, read_header(folder).vault.hex(), master, idle=minutes * MINUTE, daily=daily
    )
    return _unlocked(started)


def _unlocked(running: Session) -> Unlocked:
    left = running.left
    until = datetime.now(UTC) + timedelta(seconds=left) if left is not None else None
    return Unlocked(until=until, idle=running.idle / MINUTE, pid=running.pid, pinned=running.pinned)


def _tried(settings: Settings, secret: str, wait: Wait) -> Path:
    """The folder of the vault, once the secret is known to open it."""
    folder = locate(settings)
    read = read_header(folder)
    with_secret(folder, lambda: by_secret(secret)(read), wait=wait)
    return folder
