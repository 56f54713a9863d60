"""X, formerly Twitter: the archive that the account's settings offer, as a zip or unpacked.

Where it comes from: a folder with `Your archive.html` and `data/`, in which every file assigns a list to a
variable (`files.py`). The owner's own posts are public; what others answered is not in it. Does not know
whether a post still stands.
"""

from collections.abc import Collection, Iterator, Mapping

from ipse.enrichment.results import TweetContent
from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions, Survey
from ipse.records import Message, Person, Unreadable
from ipse.sources.reading.guides import guide
from ipse.sources.reading.records import surveyed
from ipse.sources.x.direct import messages_in
from ipse.sources.x.files import MESSAGES, NOTES, POSTS, account, files, kind_of
from ipse.sources.x.lookup import tweets_by_id
from ipse.sources.x.posts import Notes, Threads, note_message, post_message, posts_in

__all__ = ["X"]

_READ = {*POSTS, *NOTES, *MESSAGES}


class X:
    """Reads posts and direct messages of an X archive."""

    name = "x"
    aliases: tuple[str, ...] = ("x_archive", "twitter_archive", "twitter", "tweets_js")
    reads = "X (Twitter) archives: posts and direct messages, as the zip or unpacked"
    general = False

    def guide(self) -> str:
        """How to get the archive."""
        return guide(self.name)

    def recognizes(self, path: ExportPath) -> bool:
        """Tell by the variables that the files assign to."""
        if path.is_file():
            return kind_of(path) in _READ
        names = ("manifest.js", "account.js", "tweets.js", "tweet.js", "direct-messages.js")
        try:
            return path.is_dir() and any(
                kind_of(folder / name) for folder in (path / "data", path) for name in names
            )
        except SourceError:
            return False

    def posts(self, path: ExportPath, ids: Collection[str]) -> Mapping[str, TweetContent]:
        """Posts by their numbers, own and liked ones, for links that lead to them."""
        return tweets_by_id(path, ids)

    def survey(self, path: ExportPath, options: ReadOptions) -> Survey:
        """Count who wrote how much; the owner stands in `account.js`."""
        found = files(path)
        who = account(found)
        owner: tuple[Person, ...] | None = (who.person,) if who else ()
        if who is None and not any(kind in found for kind in POSTS):
            owner = None
        notes = []
        if any(kind in found for kind in MESSAGES):
            notes.append("People in direct messages have names only where a post of yours mentions them.")
        if "like" in found:
            notes.append("Likes are not messages and are left out.")
        return surveyed(self.read(path, options), owner=owner, notes=notes)

    def read(self, path: ExportPath, options: ReadOptions) -> Iterator[Message | Unreadable]:  # noqa: ARG002
        """Yield posts, long posts whose short form is missing, and direct messages."""
        found = files(path)
        if not _READ & found.keys():
            raise SourceError(
                f"{path.label}: there are no posts and no direct messages in it.",
                hint="Import the whole archive, as downloaded.",
            )
        owner = account(found)
        posts = [file for kind in POSTS for file in found.get(kind, ())]
        gone = [file for kind in POSTS if kind.startswith("deleted") for file in found.get(kind, ())]
        threads = Threads(posts, owner)
        notes = Notes([file for kind in NOTES for file in found.get(kind, ())])
        person = owner.person if owner else Person("")
        for file, post in posts_in(posts):
            if isinstance(post, Unreadable):
                yield post
                continue
            try:
                yield post_message(post, person, threads, notes, deleted=file in gone)
            except ValueError:
                yield Unreadable(file.label, f"post {post.key}", "its time cannot be read")
        yield from notes.unreadable
        for key, note in notes.left.items():
            try:
                yield note_message(key, note, person)
            except ValueError:
                yield Unreadable(path.label, f"note {key}", "its time cannot be read")
        yield from messages_in(
            [file for kind in MESSAGES for file in found.get(kind, ())], owner, threads.people
        )
