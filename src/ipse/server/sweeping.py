"""Nothing that was uploaded outlives the time its vault is open, but what a job still has to read.

Uploads are sealed; still nobody wants what was forgotten. They are deleted when they were imported, when the
vault is locked, and, after a crash, as soon as it is opened.
"""

from contextlib import suppress

from ipse.errors import IpseError
from ipse.jobs import listed
from ipse.pipeline.uploads import Uploads
from ipse.pipeline.workspace import Workspace
from ipse.server.vaults import OpenVault

__all__ = ["Sweeping", "sweeping"]


class Sweeping:
    """The one of a vault; sweeps as it is opened, and as it is locked."""

    def __init__(self, vault: OpenVault) -> None:
        self._vault = vault
        self._sweep()

    def close(self) -> None:
        """The vault is about to be locked."""
        self._sweep()

    def _sweep(self) -> None:
        with suppress(IpseError), self._vault.lend() as workspace:  # next time, where it is busy or moved
            Uploads(workspace).sweep(_needed(workspace))


def sweeping(vault: OpenVault) -> Sweeping:
    """The one of this vault."""
    return vault.part(Sweeping, Sweeping)


def _needed(workspace: Workspace) -> frozenset[str]:
    """The uploads that a job which has not ended reads."""
    told = (job.spec.arguments for job in listed(workspace.vault) if job.spec is not None and not job.ended)
    return frozenset(str(one["upload"]) for one in told if one.get("upload"))
