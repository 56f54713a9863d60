"""``--server URL``: ask a running service instead of opening a vault here; its token is in IPSE_TOKEN."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from ipse.errors import SettingsError

if TYPE_CHECKING:
    from ipse.client import Client

__all__ = ["ServerOption", "service"]

ServerOption = Annotated[
    str | None,
    typer.Option(
        "--server",
        metavar="URL",
        envvar="IPSE_SERVICE",
        help="Ask the service there (`ipse serve`) with the token in IPSE_TOKEN; no vault is opened here.",
    ),
]


def service(address: str) -> "Client":
    """A client of that service; use it in a ``with`` block. Raises ``SettingsError`` without a token."""
    from ipse.client import Client

    token = os.environ.get("IPSE_TOKEN", "")
    if not token:
        raise SettingsError(
            "There is no token for the service.", hint="Put one into IPSE_TOKEN: ipse token add."
        )
    if not address.startswith(("http://", "https://")):
        raise SettingsError(f"`{address}` is no address.", hint="Write one such as http://127.0.0.1:4773.")
    return Client(token, address=address, verify=os.environ.get("IPSE_CERTIFICATE") or True)
