"""Messenger: Facebook's "Download your information" as JSON or HTML, and the download of encrypted chats.

Knows no more than its name and what its exports are called: what they hold is read by the parts in ``meta``.
"""

from ipse.sources.meta.source import MetaExport

__all__ = ["Messenger"]


class Messenger(MetaExport):
    """Reads the conversations of a Facebook export."""

    name = "messenger"
    aliases: tuple[str, ...] = ("messenger_dir", "messenger_json", "messenger_html", "messenger_e2ee")
    reads = "Messenger conversations of a Facebook export: JSON or HTML, encrypted chats, a folder or zips"
