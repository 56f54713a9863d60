"""Zulip: the export of an organization, or a dump of messages.

Where it comes from: an administrator's export (`realm.py`), unpacked; a script that keeps what the API
answers, or an archive of public channels (`dumps.py`). Knows nothing of who the owner is.
"""

from collections.abc import Iterator

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions, Survey
from ipse.records import Message, Unreadable
from ipse.sources.reading.guides import guide
from ipse.sources.reading.records import surveyed
from ipse.sources.zulip.dumps import dumped, is_dump
from ipse.sources.zulip.realm import Realm, is_messages, is_realm, message_files

__all__ = ["Zulip"]

_SUFFIXES = (".json", ".jsonl", ".ndjson")


class Zulip:
    """Reads messages of Zulip."""

    name = "zulip"
    aliases: tuple[str, ...] = ("zulip_json", "zulip_jsonl", "zulip_export")
    reads = "Zulip: an organization's export (unpacked), messages of the API as JSON or JSON lines"
    general = False

    def guide(self) -> str:
        """How to get the export."""
        return guide(self.name)

    def recognizes(self, path: ExportPath) -> bool:
        """Tell by the names of tables, or of what a message has."""
        try:
            if path.is_file():
                return path.suffix in _SUFFIXES and (is_messages(path) or is_dump(path))
            return path.is_dir() and is_realm(path)
        except SourceError:
            return False

    def survey(self, path: ExportPath, options: ReadOptions) -> Survey:
        """Count who wrote how much."""
        return surveyed(self.read(path, options))

    def read(self, path: ExportPath, options: ReadOptions) -> Iterator[Message | Unreadable]:  # noqa: ARG002
        """Yield the messages in the order of their numbers, as exports have them."""
        if path.is_file() and not is_messages(path):
            yield from dumped(path)
            return
        files = [path] if path.is_file() else message_files(path)
        if not files:
            raise SourceError(
                f"{path.label}: there is no messages-000001.json in it.",
                hint="Unpack the .tar.gz of the export and import the folder.",
            )
        folder = path.parent if path.is_file() else path
        about = folder / "realm.json" if folder is not None else None
        realm = Realm(about if about is not None and about.is_file() else None)
        yield from realm.unreadable
        for file in files:
            yield from realm.messages(file)
