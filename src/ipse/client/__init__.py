"""Asking a running service from Python: ``Client`` and ``AsyncClient``.

Knows the service by its interface alone, so it needs neither a vault nor its key on this machine.
"""

from ipse.client.calls import Call
from ipse.client.clients import AsyncClient, Client

__all__ = ["AsyncClient", "Call", "Client"]
