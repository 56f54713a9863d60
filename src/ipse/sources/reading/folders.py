"""Folders as people pack them. It knows no export."""

from ipse.exports import ExportPath

__all__ = ["unwrapped"]


def unwrapped(path: ExportPath) -> ExportPath:
    """The one folder in an archive that holds nothing else: packing a folder makes such an archive."""
    if path.suffix == ".zip" and path.is_dir():
        children = [child for child, _ in zip(path.iterdir(), range(2), strict=False)]
        if len(children) == 1 and children[0].is_dir():
            return children[0]
    return path
