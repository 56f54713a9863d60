"""An open vault with the settings of this run: what every verb starts from.

It knows where vaults lie and what of them is needed together (consents, the roster); it does no work itself.
"""

from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from ipse.config import Settings, default_vault
from ipse.consent import Permit, Purpose, SignedConsent, decide
from ipse.errors import ConsentError, VaultMissingError
from ipse.privacy.roster import Roster
from ipse.vault import Vault

__all__ = ["Workspace", "locate"]


def locate(settings: Settings) -> Path:
    """Where the vault of this run is: as set, else the current folder if it is one, else the user's own."""
    if settings.vault:
        return Path(settings.vault).expanduser()
    here = Path.cwd()
    return here if (here / "vault.json").is_file() else default_vault()


class Workspace:
    """One open vault and one frozen ``Settings``."""

    def __init__(self, vault: Vault, settings: Settings) -> None:
        self.vault = vault
        self.settings = settings

    @classmethod
    def open(cls, settings: Settings, secret: str) -> Self:
        """Open the vault of this run with its passphrase or recovery key."""
        folder = locate(settings)
        if not (folder / "vault.json").is_file():
            raise VaultMissingError(f"There is no vault in {folder}.", hint="Make one with `ipse init`.")
        return cls(Vault.open(folder, secret), settings)

    def __enter__(self) -> Self:
        """Use it in a ``with`` block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the vault."""
        self.vault.close()

    def consents(self) -> list[SignedConsent]:
        """Every consent ever given, oldest first, withdrawn ones included."""
        return [
            msgspec.json.decode(self.vault.get("consent", name), type=SignedConsent)
            for name in self.vault.ids("consent")
        ]

    def permit(self, source: str, purpose: Purpose) -> Permit:
        """The owner's leave to use ``source`` for ``purpose`` now; raises ``ConsentError``."""
        return decide(self.consents(), source=source, purpose=purpose, now=datetime.now(UTC))

    def allows(self, source: str, purpose: Purpose = "archive") -> bool:
        """Whether there is such leave now."""
        try:
            self.permit(source, purpose)
        except ConsentError:
            return False
        return True

    def roster(self) -> Roster:
        """Who is known in this vault."""
        if "roster" not in self.vault.ids("roster"):
            return Roster()
        return Roster.loads(self.vault.get("roster", "roster"))

    def keep_roster(self, roster: Roster) -> None:
        """Make what the roster learned durable; call before anything that speaks of it is kept."""
        self.vault.put(
            "roster", "roster", roster.dumps(), action="import.people", details={"known": len(roster)}
        )
