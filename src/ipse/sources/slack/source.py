"""Slack: the export of a workspace: a zip or folder with users.json, lists of channels, a folder for each.

Where it comes from: an owner or admin of the workspace, or slackdump, which writes the same form.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions, Survey
from ipse.records import Message, Unreadable
from ipse.sources.reading.folders import unwrapped
from ipse.sources.reading.guides import guide
from ipse.sources.reading.records import surveyed
from ipse.sources.slack.workspace import LISTS, Workspace, is_day

__all__ = ["Slack"]

SEEN: Final = 32  # folders looked into where there is no list of people


class Slack:
    """Messages of a workspace."""

    name = "slack"
    aliases: tuple[str, ...] = ("slack_dir", "slack_export")
    reads = "a Slack workspace's export: zip or folder with users.json and a folder per channel"
    general = False

    def guide(self) -> str:
        """How to get the export."""
        return guide(self.name)

    def recognizes(self, path: ExportPath) -> bool:
        """Tell by its lists of people and channels."""
        try:
            return path.is_dir() and _is_workspace(unwrapped(path))
        except SourceError:
            return False

    def survey(self, path: ExportPath, options: ReadOptions) -> Survey:
        """Count who wrote how much; whose export it is it does not say."""
        return surveyed(self.read(path, options))

    def read(self, path: ExportPath, options: ReadOptions) -> Iterator[Message | Unreadable]:  # noqa: ARG002
        """Yield every message, channel by channel."""
        root = unwrapped(path)
        if not root.is_dir() or not _is_workspace(root):
            raise SourceError(
                f"{path.label}: no export of a Slack workspace.",
                hint="Name the zip, or the folder with channels.json and users.json.",
            )
        return Workspace(root).items()


def _is_workspace(root: ExportPath) -> bool:
    lists = [file for name in LISTS if (file := root / name).is_file()]
    if not any(file.head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[") for file in lists):
        return False
    users = (root / "users.json").head
    if b'"id"' in users and (b'"profile"' in users or b'"real_name"' in users):
        return True
    folders = (child for child in islice(root.iterdir(), SEEN) if child.is_dir())
    return any(
        is_day(file) and b'"ts"' in file.head for folder in folders for file in islice(folder.iterdir(), 1)
    )
