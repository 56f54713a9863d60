"""The operating system's keyring, through the ``keyring`` package, and only where it is one worth the name.

Backends that write a file in the clear, or that are somebody's plugin, are refused: the list says which are
taken. Where several are joined, the best of them that is on it is used.
"""

import base64
import binascii
from typing import TYPE_CHECKING

from ipse.errors import MissingExtraError, VaultError

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

__all__ = ["ALLOWED", "backend_name", "fetch", "forget", "keep"]

SERVICE = "ipse vault"

ALLOWED = {
    "keyring.backends.SecretService.Keyring": "Secret Service (GNOME Keyring, KeePassXC)",
    "keyring.backends.kwallet.DBusKeyring": "KWallet",
    "keyring.backends.libsecret.Keyring": "libsecret",
    "keyring.backends.macOS.Keyring": "macOS Keychain",
    "keyring.backends.Windows.WinVaultKeyring": "Windows Credential Manager",
}


def backend_name() -> str:
    """What the keyring of this machine is; raises like :func:`fetch`."""
    return ALLOWED[_name(_backend())]


def fetch(vault: str) -> bytes | None:
    """The key kept for a vault; None where there is none.

    Raises ``MissingExtraError`` without the package, ``VaultError`` where there is none or it is locked.
    """
    held = _call("get_password", vault)
    try:
        return base64.b64decode(held, validate=True) if isinstance(held, str) else None
    except binascii.Error:
        return None


def keep(vault: str, key: bytes) -> None:
    """Keep a key for a vault, in place of an older one; raises like :func:`fetch`."""
    _call("set_password", vault, base64.b64encode(key).decode())


def forget(vault: str) -> None:
    """Delete the key of a vault; one that is not there is fine. Raises like :func:`fetch`."""
    if fetch(vault) is not None:
        _call("delete_password", vault)


def _call(what: str, *values: str) -> object:
    backend = _backend()
    import keyring.errors

    try:
        result: object = getattr(backend, what)(SERVICE, *values)
    except keyring.errors.KeyringError as error:
        raise VaultError(
            f"The keyring of this machine does not answer ({type(error).__name__}).", hint="Unlock it first."
        ) from error
    return result


def _backend() -> "KeyringBackend":
    try:
        import keyring
        from keyring.backends.chainer import ChainerBackend
    except ImportError as error:
        raise MissingExtraError(
            "The package `keyring` is not installed.", hint="pip install 'ipse[keyring]'"
        ) from error
    found = keyring.get_keyring()
    offered = found.backends if isinstance(found, ChainerBackend) else [found]
    for backend in offered:
        if _name(backend) in ALLOWED:
            return backend
    names = ", ".join(map(_name, offered)) or "none"
    raise VaultError(
        f"This machine has no keyring that ipse trusts (found: {names}).",
        hint="Use the passphrase, or `ipse vault unlock`.",
    )


def _name(backend: object) -> str:
    return f"{type(backend).__module__}.{type(backend).__name__}"
