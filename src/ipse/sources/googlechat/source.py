"""Google Chat, and Hangouts before it, out of Google Takeout.

Where it comes from: `Takeout/Google Chat/Groups/*/messages.json` (`takeout.py`) and, until 2022,
`Takeout/Hangouts/Hangouts.json` (`hangouts.py`). The names of folders vary with the language, so files are
told by content. Does not know e-mail, where Hangouts stand as mails of the label Chat.
"""

from collections.abc import Iterator

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions, Survey
from ipse.records import Message, Person, Unreadable
from ipse.sources.googlechat.hangouts import Cast, events, is_hangouts
from ipse.sources.googlechat.takeout import is_group, is_root, is_talk, owners, talk
from ipse.sources.reading.guides import guide
from ipse.sources.reading.records import surveyed

__all__ = ["GoogleChat"]


class GoogleChat:
    """Reads Google Chat and Hangouts from Takeout."""

    name = "googlechat"
    aliases: tuple[str, ...] = ("google_chat", "hangouts", "hangouts_json", "googlechat_takeout")
    reads = "Google Chat and Hangouts from Takeout: the folder, messages.json, Hangouts.json"
    general = False

    def guide(self) -> str:
        """How to get the export."""
        return guide(self.name)

    def recognizes(self, path: ExportPath) -> bool:
        """Tell by the beginning of a file, or by the files that lie in a conversation's folder."""
        try:
            if path.is_file():
                return path.suffix == ".json" and (is_talk(path) or is_hangouts(path))
            return path.is_dir() and (is_group(path) or is_root(path))
        except SourceError:
            return False

    def survey(self, path: ExportPath, options: ReadOptions) -> Survey:
        """Count who wrote how much; both forms say whose they are."""
        found: dict[Person, None] = {}
        talks, hangouts = _files(path)
        if talks:
            found |= dict.fromkeys(owners(path) or ())
        for file in hangouts:
            found |= dict.fromkeys(Cast(file).owner() or ())
        return surveyed(self.read(path, options), owner=tuple(found) or None)

    def read(self, path: ExportPath, options: ReadOptions) -> Iterator[Message | Unreadable]:  # noqa: ARG002
        """Yield the messages of each conversation in the order of its file."""
        talks, hangouts = _files(path)
        if not talks and not hangouts:
            raise SourceError(
                f"{path.label}: there are no messages of Google Chat or Hangouts in it.",
                hint="Import the folder `Google Chat` of the Takeout.",
            )
        owner = owners(path) or () if talks else ()
        for file in talks:
            yield from talk(file, owner)
        for file in hangouts:
            yield from events(file, Cast(file))


def _files(path: ExportPath) -> tuple[list[ExportPath], list[ExportPath]]:
    """The files with messages: of Google Chat, and of Hangouts."""
    found = [path] if path.is_file() else [file for file in path.walk() if file.suffix == ".json"]
    kinds = [(file, is_talk(file)) for file in found]
    talks = [file for file, ours in kinds if ours]
    return talks, [file for file, ours in kinds if not ours and is_hangouts(file)]
