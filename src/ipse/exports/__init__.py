"""A file or folder of an export, wherever it lies: on disk, in a zip, in a zip of zips, or over several zips.

The names follow ``importlib.resources.abc.Traversable``; ours adds what readers need besides (a head, a size,
a label to show). It knows containers and nothing of what is in the files.
"""

from ipse.exports.base import ExportPath
from ipse.exports.places import merged

__all__ = ["ExportPath", "merged"]
