"""Where the catalog of a vault lies: in its folder, or in a schema of its own on a PostgreSQL server.

``catalog.json`` in the folder says so; where there is none, it is ``catalog.db``. No password is written
there: PostgreSQL's client finds it in ``~/.pgpass`` or PGPASSWORD. This module opens nothing.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import msgspec
import sqlalchemy as sa

from ipse.errors import DamagedVaultError, VaultError
from ipse.vault import crypto
from ipse.vault.engines.interface import Engine
from ipse.vault.engines.sqlite import FILE, SQLite
from ipse.vault.files import sync_folder, write_durably

__all__ = ["LOCATION", "Location"]

LOCATION = "catalog.json"
HERE = "sqlite"  # what an owner writes for the file in the folder
DRIVER = "postgresql+psycopg"
DRIVERS = ("postgres", "postgresql", DRIVER)
SECRETS = ("password", "sslpassword")  # parameters of libpq that a URL can carry behind its `?`

_HINT = f"Write {DRIVER}://you@host/database, or {HERE}."


class _Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    url: str
    schema: str


@dataclass(frozen=True)
class Location:
    """Where a catalog lies; two are equal where their passwords alone differ."""

    stored: _Stored | None = None
    password: str = field(default="", compare=False, repr=False)

    @classmethod
    def new(cls, url: str, vault: bytes) -> Self:
        """Where a new catalog of ``vault`` is to be: a schema that is nobody's yet; empty for the file.

        The schema has the vault's id and a random number: two catalogs of one vault can lie on one server, as
        after a restore. Raises ``VaultError`` for a URL of anything but PostgreSQL, and never quotes it, for
        there may be a password in it.
        """
        if url in ("", HERE):
            return cls()
        try:
            parsed = sa.make_url(url)
        except sa.exc.ArgumentError as error:
            raise VaultError("The catalog's URL cannot be read.", hint=_HINT) from error
        if parsed.drivername not in DRIVERS:
            raise VaultError(f"A catalog cannot lie in `{parsed.drivername}`.", hint=_HINT)
        return cls._parted(parsed, f"{_own(vault)}_{crypto.random_bytes(4).hex()}")

    @classmethod
    def read(cls, folder: Path) -> Self:
        """What the folder says; raises ``DamagedVaultError``."""
        try:
            raw = (folder / LOCATION).read_bytes()
        except FileNotFoundError:
            return cls()
        return cls.parsed(raw)

    @classmethod
    def parsed(cls, raw: bytes) -> Self:
        """What :meth:`raw` made; raises ``DamagedVaultError``."""
        damaged = DamagedVaultError(
            f"{LOCATION} does not say where the catalog is.",
            hint='It reads {"url": "postgresql+psycopg://…", "schema": "ipse_…"}.',
        )
        try:
            stored = msgspec.json.decode(raw, type=_Stored | None)
            url = sa.make_url(stored.url) if stored else None
        except (msgspec.MsgspecError, UnicodeDecodeError, sa.exc.ArgumentError) as error:
            raise damaged from error
        if stored is None or url is None:
            return cls()
        if url.drivername != DRIVER or not re.fullmatch(r"ipse_[0-9a-f]{32}_[0-9a-f]{8}", stored.schema):
            raise damaged
        return cls._parted(url, stored.schema)

    @classmethod
    def _parted(cls, url: sa.URL, schema: str) -> Self:
        """The place, and the password that stood in its URL, if only because somebody wrote it there."""
        held = url.query.get("password", "")
        password = url.password or (held if isinstance(held, str) else held[-1])
        bare = url.difference_update_query(SECRETS)._replace(drivername=DRIVER, password=None)
        return cls(_Stored(bare.render_as_string(hide_password=False), schema), str(password))

    def raw(self) -> bytes:
        """The bytes to keep, without a password."""
        return msgspec.json.encode(self.stored) + b"\n"

    def write(self, folder: Path) -> None:
        """Say so in the folder; durable when this returns."""
        if self.stored is not None:
            write_durably(folder / LOCATION, [self.raw()])
        elif (folder / LOCATION).exists():
            (folder / LOCATION).unlink()
            sync_folder(folder)

    def require(self, vault: bytes) -> None:
        """Raise ``DamagedVaultError`` if it is the catalog of another vault."""
        if self.stored is not None and not self.stored.schema.startswith(_own(vault)):
            raise DamagedVaultError(
                f"{LOCATION} names the catalog of another vault.", hint="Restore it from a backup."
            )

    def engine(self, folder: Path) -> Engine:
        """What opens it; nothing is opened yet."""
        if self.stored is None:
            return SQLite(folder)
        from ipse.vault.engines.postgresql import PostgreSQL

        url = sa.make_url(self.stored.url)
        return PostgreSQL(url.set(password=self.password) if self.password else url, self.stored.schema)

    def __str__(self) -> str:
        """The URL without its password, or the name of the file."""
        return self.stored.url if self.stored else FILE


def _own(vault: bytes) -> str:
    return f"ipse_{vault.hex()}"
