"""What a PostgreSQL server and its driver report, as errors of ours: damage is one thing, trouble another.

Of what a failed connection says only the server's own words are passed on: others may quote what was given.
"""

import re
from typing import Any

from ipse.errors import DamagedVaultError, VaultError
from ipse.vault.engines import interface

__all__ = ["connection_lost", "refused", "reported"]

_AGAIN = "See to that and try again; what was acknowledged is kept."
_TROUBLE = {  # by the beginning of the SQLSTATE, the longest first
    "53100": "The disk of the PostgreSQL server is full.",
    "53300": "The PostgreSQL server takes no more connections.",
    "53": "The PostgreSQL server is out of something it needs.",
    "58": "The PostgreSQL server reports an error of its disk.",
    "42501": "The user may not do that on the PostgreSQL server.",
    "25006": "The PostgreSQL server only lets us read.",
    "40": "Another program wrote to the catalog meanwhile.",
    "57014": "The PostgreSQL server was told to stop what it was doing.",
}
_LOST = ("08", "57P")
_DAMAGE = ("22", "23", "3F", "42", "XX")
"""Values, rows and tables that are not as written; 23 is a row that another contradicts."""


def reported(error: Any, where: str) -> VaultError:  # noqa: ANN401 - of a package that may be missing
    """The error of ours; ``where`` is the server, without a password. Our own mistakes are raised."""
    state: str | None = error.sqlstate
    if state is None and type(error).__name__ not in ("OperationalError", "InterfaceError"):
        raise error
    if state is None:  # it had no time to say more
        return connection_lost(where)
    if state == "55P03":
        return VaultError(interface.busy(), hint="Let it finish and try again.")
    for begins, said in _TROUBLE.items():
        if state.startswith(begins):
            return VaultError(f"{said} ({where})", hint=_AGAIN)
    if state.startswith(_LOST):
        return connection_lost(where)
    if state.startswith(_DAMAGE):
        return DamagedVaultError(f"The catalog is damaged ({where}).", hint="Restore a backup.")
    return VaultError(f"The PostgreSQL server reports {state} ({where}).", hint=_AGAIN)


def refused(error: BaseException, where: str) -> VaultError:
    """What to tell when no connection came about: in the server's words, where it has answered."""
    said = re.search(r"(?:FATAL|fe_sendauth): +(.*)", str(error))
    if said is None:
        return VaultError(
            f"The PostgreSQL server cannot be reached ({where}).", hint="Is it running? See `pg_isready`."
        )
    return VaultError(
        f"The PostgreSQL server refuses ({where}): {said[1].strip()}.",
        hint="The password comes from ~/.pgpass or PGPASSWORD; try the URL with psql.",
    )


def connection_lost(where: str) -> VaultError:
    """What to tell when the server went away."""
    return VaultError(
        f"The connection to the PostgreSQL server was lost ({where}).",
        hint="Try again once it runs; what was acknowledged is kept.",
    )
