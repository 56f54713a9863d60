"""The owner's word on what recognizers were not sure of, and on any other word: keep it, or replace it.

Decisions hold from the next record on. What is kept already stays as it was cleared: placeholders can be
restored by the owner, and text that was left in the clear is not rewritten.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

from ipse.errors import PrivacyError
from ipse.pipeline.clearing import keep_lists, keep_review, review_queue, word_lists
from ipse.pipeline.workspace import Workspace
from ipse.privacy.review import Doubt

__all__ = ["Decided", "Verdict", "WordList", "allow", "decide_on", "deny", "lists", "undo", "waiting"]

Verdict = Literal["keep", "replace"]


class WordList(msgspec.Struct, frozen=True, kw_only=True):
    """Both lists, as the owner wrote the words; the denied ones with the kind of their placeholder."""

    allowed: tuple[str, ...]
    denied: dict[str, str]


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided now, and how many doubtful words still wait."""

    words: tuple[str, ...]
    verdict: Verdict
    waiting: int


def waiting(workspace: Workspace) -> list[Doubt]:
    """The doubtful words, most frequent first; told in the audit log, for each comes with its text."""
    workspace.vault.note("privacy.review", {})
    return list(review_queue(workspace))


def lists(workspace: Workspace) -> WordList:
    """What was decided so far; told in the audit log, for the words may be names."""
    workspace.vault.note("privacy.list", {})
    held = word_lists(workspace)
    return WordList(allowed=held.allowed, denied=held.denied)


def decide_on(workspace: Workspace, words: Sequence[str], verdict: Verdict) -> Decided:
    """Put words on the allow list (``keep``) or the deny list (``replace``) and off the queue.

    Raises ``PrivacyError`` for a word without letter or digit; then nothing is changed.
    """
    with workspace.vault.exclusive():
        held, queue = word_lists(workspace), review_queue(workspace)
        for word in words:
            doubt = queue.settle(word)
            if verdict == "keep":
                held.allow(word)
            elif doubt is not None:
                held.deny(word, doubt.kind)
            else:
                held.deny(word)
        keep_lists(workspace, held, action="privacy.allow" if verdict == "keep" else "privacy.deny")
        if queue.changed:
            keep_review(workspace, queue)
    return Decided(words=tuple(words), verdict=verdict, waiting=len(queue))


def allow(workspace: Workspace, words: Sequence[str]) -> Decided:
    """Keep these words wherever a recognizer finds them, and as known names where they are written small."""
    return decide_on(workspace, words, "keep")


def deny(workspace: Workspace, words: Sequence[str]) -> Decided:
    """Replace these words wherever they stand, in any case and in the forms that names take."""
    return decide_on(workspace, words, "replace")


def undo(workspace: Workspace, words: Sequence[str]) -> WordList:
    """Take words off the list they are on; raises ``PrivacyError`` for one that is on none."""
    with workspace.vault.exclusive():
        held = word_lists(workspace)
        for word in words:
            if not held.forget(word):
                raise PrivacyError(f"`{word}` is on no list.", hint="See `ipse privacy list`.")
        keep_lists(workspace, held, action="privacy.undo")
    return lists(workspace)
