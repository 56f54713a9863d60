"""Nothing that was uploaded outlives the time its vault is open, but what a job still has to read.

Uploads lie in the clear until they are imported, for sources read them as they would lie on a disk: whole,
and from any place in them. So they are deleted when they were imported, when the vault is locked, and, after
a crash, as soon as it is opened.
"""

from contextlib import suppress
from pathlib import Path

from ipse.errors import IpseError
from ipse.jobs import listed
from ipse.pipeline.workspace import Workspace
from ipse.server.uploads import Uploads
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
            uploads = Uploads(workspace.vault.folder, workspace.settings.service.uploads)
            uploads.sweep(_needed(workspace))


def sweeping(vault: OpenVault) -> Sweeping:
    """The one of this vault."""
    return vault.part(Sweeping, Sweeping)


def _needed(workspace: Workspace) -> frozenset[str]:
    """The uploads that a job which has not ended reads."""
    told = (job.spec.arguments for job in listed(workspace.vault) if job.spec is not None and not job.ended)
    paths = (path for one in told if isinstance(held := one.get("paths"), list | tuple) for path in held)
    return frozenset(Path(str(path)).name for path in paths)
