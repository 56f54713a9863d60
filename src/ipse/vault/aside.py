"""What changes many times a second, such as how far a job is: a sealed file beside its document.

It is under the document's key, so it goes with it; it is neither durable nor in the audit log, and no backup
takes it along. Whoever reads while it is written sees the one before or the new one.
"""

import os
from pathlib import Path

from ipse.errors import DamagedVaultError
from ipse.vault import crypto
from ipse.vault.keys import Key

__all__ = ["Aside"]


class Aside:
    """The files of one vault, ``live/<token>.seal``."""

    def __init__(self, folder: Path, vault: bytes) -> None:
        self._folder = folder / "live"
        self._vault = vault

    def write(self, key: Key, token: bytes, payload: bytes) -> None:
        """Seal ``payload`` in place of what was there."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        new = self._path(token).with_suffix(f".{os.getpid()}")
        new.write_bytes(crypto.seal(key.secret, payload, self._place(key, token)))
        new.chmod(0o600)
        new.replace(self._path(token))

    def read(self, key: Key, token: bytes) -> bytes | None:
        """What was written last; None where there is nothing, or nothing that this key opens."""
        try:
            sealed = self._path(token).read_bytes()
            return crypto.unseal(key.secret, sealed, self._place(key, token))
        except (FileNotFoundError, DamagedVaultError):
            return None

    def remove(self, token: bytes) -> None:
        """Delete it; one that is not there is fine."""
        self._path(token).unlink(missing_ok=True)

    def _path(self, token: bytes) -> Path:
        return self._folder / f"{token.hex()}.seal"

    def _place(self, key: Key, token: bytes) -> bytes:
        return crypto.place(self._vault, "aside", token, key.id)
