"""Instagram: the messages in "Download your information", as JSON or HTML.

Knows no more than its name and what its exports are called: what they hold is read by the parts in ``meta``.
"""

from ipse.sources.meta.source import MetaExport

__all__ = ["Instagram"]


class Instagram(MetaExport):
    """Reads the conversations of an Instagram export."""

    name = "instagram"
    aliases: tuple[str, ...] = ("instagram_json", "instagram_dir", "instagram_html")
    reads = "Instagram conversations of its export: JSON or HTML, a folder or zips"
