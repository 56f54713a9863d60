"""What the owner refuses to keep: people, conversations, words. It reads a message and replaces nothing."""

import re

from ipse.config import PrivacySettings
from ipse.errors import RefusedError
from ipse.privacy.names import WORD, address_key, fold, name_key
from ipse.records import Message, Person

__all__ = ["Exclusions"]


class Exclusions:
    """What the owner refuses, in comparable form."""

    def __init__(self, settings: PrivacySettings) -> None:
        people = settings.exclude_people
        self._names = {name_key(name) for name in people}
        self._addresses = {address_key(name) for name in people}
        self._conversations = {fold(name) for name in settings.exclude_conversations}
        words = [_whole(fold(word)) for word in settings.exclude_words if word.strip()]
        self._words = re.compile("|".join(words)) if words else None

    def check(self, message: Message, author: Person) -> None:
        """Raise ``RefusedError``; its text names no content, for it is counted in a report."""
        self.check_conversation(message.conversation)
        if self._names and (
            name_key(author.name) in self._names
            or not self._addresses.isdisjoint(
                {address_key(author.address), address_key(author.name)} - {None}
            )
        ):
            raise RefusedError("a person you exclude wrote it")
        if self._words is not None:
            fields = (message.text, message.subject, message.raw, *message.attachments)
            if any(field and self._words.search(fold(field)) for field in fields):
                raise RefusedError("it holds a word you exclude")

    def check_conversation(self, conversation: str) -> None:
        """Raise ``RefusedError`` if the conversation is excluded whole."""
        if self._conversations and fold(conversation) in self._conversations:
            raise RefusedError("it is of a conversation you exclude")


def _whole(word: str) -> str:
    """A pattern for the word between non-letters; in scripts without spaces, for the word anywhere."""
    word = word.strip()
    before = r"(?<!\w)" if WORD.match(word) else ""
    after = r"(?!\w)" if WORD.match(word[-1]) else ""
    return before + re.escape(word) + after
