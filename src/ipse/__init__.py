"""ipse: your own AI, learned from your own words and days, on your own machine.

``ipse.Client`` and ``ipse.AsyncClient`` ask a running service; they are imported when they are first named.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipse.client import AsyncClient, Client

__all__ = ["AsyncClient", "Client", "__version__"]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    if name in ("AsyncClient", "Client"):
        from ipse import client

        return getattr(client, name)
    raise AttributeError(f"module `ipse` has no attribute `{name}`")
