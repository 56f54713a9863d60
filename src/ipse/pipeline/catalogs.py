"""Where the catalog of a vault lies: chosen for a new vault, and moved."""

from ipse.config import Settings
from ipse.interfaces import Progress
from ipse.pipeline.workspace import Workspace, lend_password
from ipse.vault.moving import Moved

__all__ = ["chosen", "move_catalog"]


def chosen(settings: Settings, url: str = "") -> str:
    """The URL of a new catalog: as said, else as set; empty for the vault's folder."""
    lend_password(settings)
    return url or settings.catalog.url


def move_catalog(workspace: Workspace, url: str, *, progress: Progress) -> Moved:
    """Move the catalog to a PostgreSQL server, or into the vault's folder for ``sqlite``.

    The workspace is done with after that. Raises ``VaultError`` where the catalog is there already.
    """
    return workspace.vault.move_catalog(url, progress)
