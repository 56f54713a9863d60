"""How this run comes to the master key: from the vault's agent, else the keyring, else its passphrase."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Self

from ipse.errors import DamagedVaultError, IpseError, VaultError, WrongPassphraseError
from ipse.unlocking import client, keychain
from ipse.unlocking.attempts import Attempts
from ipse.unlocking.memory import KEY_BYTES, Secret
from ipse.vault.header import Header
from ipse.vault.opening import Opener, by_key, by_master, by_secret

__all__ = ["Ask", "Keeper", "Wait", "Ways", "with_secret"]

Ask = Callable[[], str]
"""Gives the passphrase or the recovery key, when it is needed; may raise."""

Wait = Callable[[float], None]
"""Waits so many seconds, because passphrases before were wrong."""


class Ways:
    """The ways to the master key of the vault in ``folder``, tried in order: an ``Opener``.

    ``used`` tells which one opened it.
    """

    def __init__(self, folder: Path, ask: Ask, *, wait: Wait = time.sleep) -> None:
        self._folder = folder
        self._ask = ask
        self._wait = wait
        self._secret: str | None = None
        self.used = ""

    def __call__(self, read: Header) -> bytes:
        """The master key; raises ``WrongPassphraseError``, and what asking raises."""
        for name, way in (("agent", self._by_agent), ("keyring", self._by_keyring)):
            master = way(read)
            if master is not None:
                self.used = name
                return master
        self.used = "passphrase"
        return self._by_secret(read)

    def _by_agent(self, read: Header) -> bytes | None:
        held = client.fetch(self._folder, read.vault.hex())
        if held is None:
            return None
        try:
            return by_master(held)(read)
        except DamagedVaultError:  # of another master key; if the header is damaged, the passphrase tells
            client.lock(self._folder)
            return None

    def _by_keyring(self, read: Header) -> bytes | None:
        if all(slot.kind != "keyring" for slot in read.slots):
            return None
        try:
            held = keychain.fetch(read.vault.hex())
            return by_key(held)(read) if held is not None else None
        except IpseError:  # locked, not installed here, or of another copy: `ipse vault doctor` tells
            return None

    def _by_secret(self, read: Header) -> bytes:
        if self._secret is None:
            self._secret = self._ask()
        secret = self._secret
        return with_secret(self._folder, lambda: by_secret(secret)(read), wait=self._wait)


def with_secret(folder: Path, work: Callable[[], bytes], *, wait: Wait = time.sleep) -> bytes:
    """Do ``work``, which tries a secret, after the wait that wrong ones before have earned."""
    attempts = Attempts(folder)
    seconds = attempts.wait()
    if seconds > 0:
        wait(seconds)
    try:
        done = work()
    except WrongPassphraseError:
        attempts.failed()
        raise
    attempts.passed()
    return done


class Keeper:
    """A way to the master key that remembers it, in a page of its own, for children that do jobs.

    An ``Opener``: what it opens the vault with it can :meth:`hand` on.
    """

    def __init__(self, opener: Opener | None = None) -> None:
        self._opener = opener
        self._secret = Secret()
        self._held = False

    @classmethod
    def read(cls, handle: int) -> Self | None:
        """One that was handed the key through a pipe; None where that ended before."""
        made = cls()
        made._held = made._secret.read(handle)
        return made if made._held else None

    def __call__(self, read: Header) -> bytes:
        """The master key; raises what its opener raises."""
        if self._opener is None:
            return by_master(self.key())(read)
        master = self._opener(read)
        self._secret.view[:] = master
        self._held = True
        return master

    def key(self) -> bytes:
        """The master key; raises ``VaultError`` before the vault was opened."""
        if not self._held:
            raise VaultError("The vault is locked.", hint="Open it first.")
        return bytes(self._secret.view)

    def hand(self, pipe: IO[bytes]) -> None:
        """Write it to a pipe."""
        if not self._held:
            raise VaultError("The vault is locked.", hint="Open it first.")
        pipe.write(self._secret.view)

    def wipe(self) -> None:
        """Forget it."""
        self._held = False
        self._secret.view[:] = bytes(KEY_BYTES)
