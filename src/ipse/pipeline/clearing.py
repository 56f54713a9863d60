"""What a gate is made of in this vault: the recognizers of the settings, the owner's lists, the review queue.

One for a whole import or conversation, since recognizers may hold a model. Lists and queue are documents of
the vault, sealed like everything else.
"""

from collections.abc import Callable, Collection
from datetime import UTC, datetime

from ipse import plugins
from ipse.consent import Permit, Special
from ipse.pipeline.workspace import Workspace
from ipse.privacy.gate import Gate
from ipse.privacy.lists import WordLists
from ipse.privacy.review import Review
from ipse.privacy.roster import Roster
from ipse.records import Message, Person

__all__ = ["Clearing", "clearing_of", "keep_lists", "keep_review", "review_queue", "word_lists"]


class Clearing:
    """Makes gates for one roster."""

    def __init__(self, workspace: Workspace, roster: Roster) -> None:
        self._workspace = workspace
        self._roster = roster
        self._recognizers = plugins.recognizers(workspace.settings.privacy)
        self._lists = word_lists(workspace)
        self._review = Review(workspace.settings.privacy.review_items)

    def gate(self, permit: Permit, *, refuse: Collection[Special] = ()) -> Gate:
        """A gate for what ``permit`` covers, that refuses these special categories."""
        return Gate(
            self._roster,
            self._workspace.settings.privacy,
            recognizers=self._recognizers,
            permit=permit,
            lists=self._lists,
            review=self._review,
            refuse=refuse,
        )

    def remember(self) -> None:
        """Add what was doubtful since the last call to the queue in the vault.

        The queue is read anew, so that what the owner decided in another terminal meanwhile stays decided.
        """
        if not self._review.changed:
            return
        with self._workspace.vault.exclusive():
            lists, queue = word_lists(self._workspace), review_queue(self._workspace)
            for doubt in self._review:
                if not lists.holds(doubt.value):
                    queue.add(doubt)
            queue.left_out += self._review.left_out
            keep_review(self._workspace, queue)
        self._review = Review(self._workspace.settings.privacy.review_items)


def clearing_of(workspace: Workspace, roster: Roster, source: str) -> Callable[[str], str]:
    """The privacy gate of this vault for single texts; what it meets is not remembered."""
    gate = Clearing(workspace, roster).gate(workspace.permit(source, "archive"))

    def clear(text: str) -> str:
        message = Message(
            id="text",
            conversation="text",
            platform=source,
            at=datetime.now(UTC),
            sender=Person(""),
            text=text,
        )
        return gate.clear(message).record.text

    return clear


def word_lists(workspace: Workspace) -> WordLists:
    """The allow and deny lists of the vault."""
    if "lists" not in workspace.vault.ids("privacy"):
        return WordLists()
    return WordLists.loads(workspace.vault.get("privacy", "lists"))


def keep_lists(workspace: Workspace, lists: WordLists, *, action: str) -> None:
    """Make the lists durable; the audit log says how many words they hold, and none of them."""
    details = {"allowed": len(lists.allowed), "denied": len(lists.denied)}
    workspace.vault.put("privacy", "lists", lists.dumps(), action=action, details=details)


def review_queue(workspace: Workspace) -> Review:
    """The doubtful finds that wait for the owner."""
    limit = workspace.settings.privacy.review_items
    if "review" not in workspace.vault.ids("privacy"):
        return Review(limit)
    return Review.loads(workspace.vault.get("privacy", "review"), limit)


def keep_review(workspace: Workspace, review: Review) -> None:
    """Make the queue durable."""
    workspace.vault.put(
        "privacy", "review", review.dumps(), action="privacy.queue", details={"words": len(review)}
    )
