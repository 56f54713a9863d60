"""Large content as files of its own: ``objects/<random>.seal``, in chunks of 1 MiB.

Each chunk is bound to its object, its number and to being the last or not, so none can be swapped, dropped
or cut off. A file is durable under its name before anything speaks of it.
"""

from collections.abc import Collection, Iterator
from pathlib import Path

from ipse.errors import DamagedVaultError
from ipse.vault import crypto
from ipse.vault.files import sync_folder, write_durably
from ipse.vault.keys import Key

__all__ = ["Objects"]

CHUNK = 1024 * 1024


class Objects:
    """The object files of one vault."""

    def __init__(self, folder: Path, vault: bytes) -> None:
        self._folder = folder / "objects"
        self._vault = vault

    def write(self, key: Key, payload: bytes) -> bytes:
        """Seal ``payload`` into a new file, durable when this returns; returns its random name, 16 bytes."""
        name = crypto.random_bytes(crypto.ID_BYTES)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        write_durably(self._path(name), self._chunks(key, name, payload))
        sync_folder(self._folder.parent)
        return name

    def read(self, key: Key, name: bytes) -> bytes:
        """The content of an object; raises ``DamagedVaultError``."""
        try:
            sealed = self._path(name).read_bytes()
        except FileNotFoundError as error:
            raise DamagedVaultError("A file of the vault is missing.", hint="Restore a backup.") from error
        step = CHUNK + crypto.OVERHEAD
        return b"".join(
            crypto.unseal(
                key.secret,
                sealed[at : at + step],
                self._place(key, name, at // step, last=at + step >= len(sealed)),
            )
            for at in range(0, max(len(sealed), 1), step)
        )

    def remove(self, name: bytes) -> None:
        """Delete an object; one that is not there is fine."""
        self._path(name).unlink(missing_ok=True)

    def strays(self, named: Collection[bytes]) -> Iterator[Path]:
        """Files that are none of those named: left by a process that was killed."""
        known = {self._path(name).name for name in named}
        if self._folder.is_dir():
            yield from (path for path in sorted(self._folder.iterdir()) if path.name not in known)

    def _chunks(self, key: Key, name: bytes, payload: bytes) -> Iterator[bytes]:
        for at in range(0, len(payload), CHUNK):
            where = self._place(key, name, at // CHUNK, last=at + CHUNK >= len(payload))
            yield crypto.seal(key.secret, payload[at : at + CHUNK], where)

    def _path(self, name: bytes) -> Path:
        return self._folder / f"{name.hex()}.seal"

    def _place(self, key: Key, name: bytes, number: int, *, last: bool) -> bytes:
        return crypto.place(self._vault, "object", name, key.id, number, last)
