"""Discord: its own data package (what the owner wrote) and DiscordChatExporter's JSON (whole conversations).

Both number messages alike, so that what is in both is kept once.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions, Survey
from ipse.records import Message, Unreadable
from ipse.sources.discord.exporter import header, is_folder, messages
from ipse.sources.discord.package import Package
from ipse.sources.reading.folders import unwrapped
from ipse.sources.reading.guides import guide
from ipse.sources.reading.records import surveyed

__all__ = ["Discord"]


class Discord:
    """Messages of Discord."""

    name = "discord"
    aliases: tuple[str, ...] = ("discord_package", "discord_dce_json")
    reads = "Discord's data package (JSON, CSV before 2024) and DiscordChatExporter's JSON"
    general = False

    def guide(self) -> str:
        """How to get the export."""
        return guide(self.name)

    def recognizes(self, path: ExportPath) -> bool:
        """Tell the package by the files in its folders, whatever they are called; the other by its head."""
        try:
            if not path.is_dir():
                return header(path) is not None
            path = unwrapped(path)
            return Package.find(path) is not None or is_folder(path)
        except SourceError:
            return False

    def survey(self, path: ExportPath, options: ReadOptions) -> Survey:
        """Count who wrote how much; a package is all its owner's."""
        survey = surveyed(self.read(path, options))
        package = Package.find(unwrapped(path))
        if package is None:
            return survey
        note = "Discord gives only what you wrote: what others said is not in this export."
        owner = (package.owner,) if package.owner is not None else ()
        return replace(survey, owner=owner, notes=(note,))

    def read(self, path: ExportPath, options: ReadOptions) -> Iterator[Message | Unreadable]:  # noqa: ARG002
        """Yield every message, in the order of the files."""
        path = unwrapped(path)
        package = Package.find(path)
        if package is not None:
            return package.items()
        if path.is_dir() and is_folder(path):
            return messages(child for child in path.iterdir() if child.is_file())
        if path.is_file() and header(path) is not None:
            return messages([path])
        raise SourceError(
            f"{path.label}: neither Discord's data package nor JSON of DiscordChatExporter.",
            hint="Name the whole package (the zip or its folder), or the exporter's .json.",
        )
