"""Signing in with a browser: by a one-time code that the terminal hands over, or by the passphrase.

A browser's session is a token of the vault with all of the owner's scopes, in a cookie that scripts cannot
read and other sites cannot send. Wrong passphrases cost the wait that they cost in the terminal.
"""

import secrets
import threading
import time
from datetime import timedelta
from hashlib import sha256
from typing import Final

from ipse.errors import AccessError, BusyError
from ipse.pipeline.tokens import ROLES, Added, add
from ipse.pipeline.unlocking import with_secret
from ipse.server.vaults import OpenVault, Served, Vaults
from ipse.unlocking.attempts import Attempts
from ipse.vault.opening import by_secret, read_header

__all__ = ["CODE_SECONDS", "SignIn"]

CODE_SECONDS: Final = 600.0
BROWSER: Final = "browser"


class SignIn:
    """Who may come in by a browser. Codes are kept as digests, work once, and for ten minutes."""

    def __init__(self, vaults: Vaults) -> None:
        self._vaults = vaults
        self._codes: dict[str, tuple[str, float]] = {}
        self._guard = threading.Lock()
        self._trying = threading.Lock()  # Argon2id takes 64 MiB: one at a time

    def code(self, vault: str) -> str:
        """A new one-time code for an unlocked vault, for the fragment of a link: `…/#code=CODE`."""
        made = secrets.token_urlsafe(24)
        now = time.monotonic()
        with self._guard:
            self._codes = {digest: held for digest, held in self._codes.items() if held[1] > now}
            self._codes[_digest(made)] = (vault, now + CODE_SECONDS)
        return made

    def by_code(self, code: str) -> Added:
        """A session for who brings a code; raises ``AccessError`` for one that is false, old or used."""
        with self._guard:
            vault, until = self._codes.pop(_digest(code), ("", 0.0))
        if not vault or until <= time.monotonic():
            raise AccessError(
                "The code is used, too old or false.", hint="Run `ipse serve` again, or use the passphrase."
            )
        return self.session(self._vaults.opened(vault))

    def by_passphrase(self, vault: str, secret: str) -> Added:
        """A session for who knows the passphrase or recovery key; unlocks the vault if it is locked.

        Raises ``WrongPassphraseError``, and ``BusyError`` until the wait after wrong ones is over.
        """
        served = self._vaults.find(vault)
        if not self._trying.acquire(timeout=5.0):
            raise BusyError("Somebody else is signing in.", hint="Try again in a moment.", after=2.0)
        try:
            due = Attempts(served.folder).wait()
            if due > 0:
                raise BusyError("The last passphrase was wrong.", hint="Wait, then try again.", after=due)
            return self.session(self._opened(served, secret))
        finally:
            self._trying.release()

    def _opened(self, served: Served, secret: str) -> OpenVault:
        opener = by_secret(secret)
        master = with_secret(served.folder, lambda: opener(read_header(served.folder)), wait=_no_wait)
        return served.unlock(lambda _read: master)

    def session(self, vault: OpenVault) -> Added:
        """A session for who was let in otherwise."""
        hours = timedelta(hours=vault.settings.service.session_hours)
        with vault.lend() as workspace:
            return add(workspace, BROWSER, scopes=ROLES["owner"], expires_in=hours, browser=True)


def _digest(code: str) -> str:
    return sha256(code.encode()).hexdigest()


def _no_wait(_seconds: float) -> None:
    """The wait has been looked at before."""
