"""An open vault with the settings of this run: what every verb starts from.

It knows where vaults lie and what of them is needed together (consents, the roster); it does no work itself.
"""

import hashlib
import os
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self
from weakref import WeakKeyDictionary

import msgspec

from ipse.config import Settings, default_vault, underlaid
from ipse.consent import Permit, Purpose, SignedConsent, decide
from ipse.errors import ConsentError, PrivacyError, VaultMissingError
from ipse.privacy.erasures import Erasures
from ipse.privacy.roster import Roster
from ipse.vault import Vault
from ipse.vault.opening import Opener, by_secret
from ipse.vault.scratch import scratch

__all__ = ["CHOSEN", "FORGETTING", "Workspace", "lend_password", "locate"]

CHOSEN: Final = ("settings", "own")
"""The document of the settings that were chosen in the vault: a tree like a settings file, as JSON."""

FORGETTING: Final = "forgetting"
"""The kind of the documents that say which erasures are under way."""


def locate(settings: Settings) -> Path:
    """Where the vault of this run is: as set, else the current folder if it is one, else the user's own.

    Who asks will open it: the password of its catalog's server is lent on the way, see :func:`lend_password`.
    """
    lend_password(settings)
    if settings.vault:
        return Path(settings.vault).expanduser()
    here = Path.cwd()
    return here if (here / "vault.json").is_file() else default_vault()


def lend_password(settings: Settings) -> None:
    """Hand PostgreSQL's client the password that is set, unless it has one from elsewhere.

    It looks for one itself, in the environment of this process among others.
    """
    password = settings.catalog.password.get_secret_value()
    if password:
        os.environ.setdefault("PGPASSWORD", password)


class _Read(NamedTuple):
    """What stood there when a roster was read: the ledger's revision, and a digest of the roster kept."""

    revision: int
    held: bytes


class Workspace:
    """One open vault and one frozen ``Settings``: those given, over what was chosen in the vault itself."""

    def __init__(self, vault: Vault, settings: Settings) -> None:
        self.vault = vault
        self.given = settings
        self.settings = settings
        self.settle()
        self._open = ExitStack()
        self.warnings: list[str] = []  # for the owner, a line each: what did not stop the work
        self._erasures = Erasures(vault.signing_key())
        self._read: WeakKeyDictionary[Roster, _Read] = WeakKeyDictionary()

    @classmethod
    def open(
        cls, settings: Settings, secret: str | Opener, *, purge: bool = True, temporary: bool = True
    ) -> Self:
        """Open the vault of this run with its passphrase or recovery key, or another way to its key.

        An erasure that was cut short is finished first, and what is kept no longer than now is let go, but
        without ``purge``. Until it is closed, temporary files of this process lie in the vault, but without
        ``temporary``: who opens several at once sees to that.
        """
        folder = locate(settings)
        if not (folder / "vault.json").is_file():
            raise VaultMissingError(f"There is no vault in {folder}.", hint="Make one with `ipse init`.")
        opener = by_secret(secret) if isinstance(secret, str) else secret
        workspace = cls(Vault.open_by(folder, opener), settings)
        try:
            if temporary:
                workspace._open.enter_context(scratch(folder))
            _settle(workspace, purge=purge)
        except BaseException:
            workspace.close()
            raise
        return workspace

    def __enter__(self) -> Self:
        """Use it in a ``with`` block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it; a checkpoint of the audit log leaves it first where one is due."""
        from ipse.pipeline.auditing import keep_anchor  # it starts from a workspace itself

        try:
            if kind is None:
                keep_anchor(self)
        finally:
            self.close()

    def close(self) -> None:
        """Close the vault; its temporary files go."""
        self.vault.close()
        self._open.close()

    def settle(self) -> None:
        """Read anew what was chosen in the vault; for what stays open while others may choose."""
        self.settled_at = time.monotonic()
        held = self.vault.find(*CHOSEN)
        self.settings = underlaid(self.given, msgspec.json.decode(held)) if held else self.given

    def consents(self) -> list[SignedConsent]:
        """Every consent ever given, oldest first, withdrawn ones included."""
        return [
            msgspec.json.decode(self.vault.get("consent", name), type=SignedConsent)
            for name in self.vault.ids("consent")
        ]

    def permit(self, source: str, purpose: Purpose) -> Permit:
        """The owner's leave to use ``source`` for ``purpose`` now; raises ``ConsentError``.

        Rosters read before learn here what was erased in another terminal meanwhile.
        """
        self.erasures()
        return decide(self.consents(), source=source, purpose=purpose, now=datetime.now(UTC))

    def allows(self, source: str, purpose: Purpose = "archive") -> bool:
        """Whether there is such leave now."""
        try:
            self.permit(source, purpose)
        except ConsentError:
            return False
        return True

    def erasures(self) -> Erasures:
        """What was erased and is not to be taken in again, as it is now."""
        if "ledger" in self.vault.ids("erasures"):
            self._erasures.load(self.vault.get("erasures", "ledger"))
        return self._erasures

    def keep_erasures(self) -> None:
        """Make the ledger durable."""
        payload, details = self._erasures.dumps(), {"tokens": len(self._erasures)}
        self.vault.put("erasures", "ledger", payload, action="forget.ledger", details=details)

    def roster(self) -> Roster:
        """Who is known in this vault."""
        erasures = self.erasures()
        held = self._kept_roster()
        roster = Roster.loads(held) if held else Roster()
        roster.erasures = erasures
        self._read[roster] = _Read(erasures.revision, _digest(held))
        return roster

    def keep_roster(self, roster: Roster) -> None:
        """Make what the roster learned durable; call before anything that speaks of it is kept.

        Raises ``PrivacyError`` if since it was read something was erased, which would come back, or somebody
        was excluded, joined, renamed or made known in another process, which would be undone.
        """
        with self.vault.exclusive():
            before = self._read.get(roster, _Read(0, _digest(b"")))
            if self.erasures().revision != before.revision:
                raise PrivacyError("Something was erased meanwhile.", hint="Run this again; it goes on.")
            if _digest(self._kept_roster()) != before.held:
                raise PrivacyError("The contacts were changed meanwhile.", hint="Run this again; it goes on.")
            payload = roster.dumps()
            self.vault.put(
                "roster", "roster", payload, action="import.people", details={"known": len(roster)}
            )
            self._read[roster] = _Read(before.revision, _digest(payload))

    def _kept_roster(self) -> bytes:
        return self.vault.get("roster", "roster") if "roster" in self.vault.ids("roster") else b""


def _digest(payload: bytes) -> bytes:
    return hashlib.sha256(payload).digest()


def _settle(workspace: Workspace, *, purge: bool) -> None:
    # They start from a workspace themselves; and bring 18 MiB of learners, which who collects has no use for.
    if workspace.vault.ids(FORGETTING):
        from ipse.pipeline.forgetting import finish

        finish(workspace)
    if purge:
        from ipse.pipeline.days.keeping import is_limited
        from ipse.pipeline.days.tiers import downsample_if_due

        # By default nothing is, and what follows takes as long to load as the rest of a small command.
        if is_limited(workspace.settings):
            from ipse.pipeline.retention import purge_if_due

            purge_if_due(workspace)
        downsample_if_due(workspace)
