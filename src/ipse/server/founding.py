"""Making a vault in the browser, where the service has none yet: who brings the code of the terminal may.

The code lies in the fragment of the link, works until a vault is made, and never after. Only this machine is
served meanwhile.
"""

import hmac
import secrets
import threading
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from ipse.config import Settings
from ipse.errors import AccessError, SettingsError
from ipse.pipeline.catalogs import chosen
from ipse.server.vaults import Vaults
from ipse.vault import Vault
from ipse.vault.opening import by_secret

__all__ = ["SHORTEST", "Founded", "Founding"]

SHORTEST: Final = 8  # characters of a passphrase, as in the terminal


class Founded(NamedTuple):
    """A vault that was made, and is open; its recovery key is told this once."""

    vault: str
    recovery_key: str


class Founding:
    """The one chance of a service without a vault to get one."""

    def __init__(self, vaults: Vaults, settings: Settings, folder: Path) -> None:
        self.folder = folder
        self._vaults = vaults
        self._settings = settings
        self._digest = b""
        self._guard = threading.Lock()  # Argon2id takes 64 MiB, and there is one vault to make

    def code(self) -> str:
        """The code for the fragment of a link: `…/#new=CODE`."""
        made = secrets.token_urlsafe(24)
        self._digest = sha256(made.encode()).digest()
        return made

    def check(self, code: str) -> None:
        """Raise ``AccessError`` unless this is the code and there is no vault yet."""
        if not (self._digest and hmac.compare_digest(sha256(code.encode()).digest(), self._digest)):
            raise AccessError(
                "The code is used or false.", hint="Open the link that `ipse serve` printed last."
            )

    def found(self, code: str, passphrase: str) -> Founded:
        """Make the vault, serve it and open it; raises ``VaultExistsError`` where something lies there."""
        with self._guard:
            self.check(code)
            if len(passphrase) < SHORTEST:
                raise SettingsError(
                    f"A passphrase of fewer than {SHORTEST} characters protects nothing.",
                    hint="Choose a longer one.",
                )
            made, recovery = Vault.create(self.folder, passphrase, catalog=chosen(self._settings))
            made.close()
            self._digest = b""
            self._vaults.adopt(self.folder).unlock(by_secret(passphrase))
            return Founded(made.id, recovery)
