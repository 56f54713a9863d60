"""What the owner decided about words: always keep this one, always replace that one.

Words compare without case and accents, and a denied one is found in the forms that names take. The lists name
what should not be named, so they leave the vault only sealed. They know no message and no recognizer.
"""

import re
from collections.abc import Iterator
from typing import Self

import msgspec

from ipse.errors import PrivacyError
from ipse.interfaces import Span
from ipse.privacy.names import UNSPACED_RUN, WORD, Form, fold, forms, name_key

__all__ = ["PRIVATE", "WordLists"]

PRIVATE = "PRIVATE"
"""The kind of a denied word of which nothing more is known."""
MEMORY = 200_000  # words remembered as denied nowhere

_BETWEEN = re.compile(r"[\W_]{1,3}")


class _State(msgspec.Struct, kw_only=True):
    version: int = 1
    allow: dict[str, str] = {}
    deny: dict[str, tuple[str, str]] = {}


class WordLists:
    """The allow list and the deny list of one vault; a word is in one of them at most."""

    def __init__(self) -> None:
        self._allow: dict[str, str] = {}
        self._deny: dict[str, tuple[str, str]] = {}
        self._starts: dict[str, list[tuple[tuple[str, ...], Form, str]]] = {}
        self._runs: dict[str, str] = {}
        self._elsewhere: set[str] = set()

    @classmethod
    def loads(cls, data: bytes) -> Self:
        """Read what :meth:`dumps` wrote; raises ``PrivacyError`` for anything else."""
        try:
            state = msgspec.json.decode(data, type=_State)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise PrivacyError("The lists of words are damaged.", hint="Restore a backup.") from error
        lists = cls()
        for word in state.allow.values():
            lists.allow(word)
        for word, kind in state.deny.values():
            lists.deny(word, kind)
        return lists

    def dumps(self) -> bytes:
        """Both, as JSON in UTF-8. To be sealed."""
        return msgspec.json.encode(_State(allow=self._allow, deny=self._deny))

    @property
    def allowed(self) -> tuple[str, ...]:
        """The words that are kept, as the owner wrote them."""
        return tuple(self._allow.values())

    @property
    def denied(self) -> dict[str, str]:
        """The words that are replaced, as the owner wrote them, each with its kind."""
        return dict(self._deny.values())

    def allow(self, word: str) -> None:
        """Keep ``word`` from now on; raises ``PrivacyError`` for one without a letter or digit."""
        key = _key(word)
        self.forget(word)
        self._allow[key] = word.strip()

    def deny(self, word: str, kind: str = PRIVATE) -> None:
        """Replace ``word`` from now on, by a placeholder of that kind."""
        key = _key(word)
        self.forget(word)
        self._deny[key] = word.strip(), kind
        self._index()

    def forget(self, word: str) -> bool:
        """Take ``word`` off the list it is on; whether it was on one."""
        key = _key(word)
        gone = self._allow.pop(key, None) is not None or self._deny.pop(key, None) is not None
        self._index()
        return gone

    def holds(self, word: str) -> bool:
        """Whether the owner decided about ``word``."""
        key = name_key(word)
        return key in self._allow or key in self._deny

    def allows(self, value: str) -> bool:
        """Whether what a recognizer found is to be kept."""
        return bool(self._allow) and name_key(value) in self._allow

    def keeps(self, written: str) -> bool:
        """Whether a known person's name is meant as the word it also is: allowed, and written small."""
        return bool(self._allow) and written.islower() and self.allows(written)

    def find(self, text: str) -> Iterator[Span]:
        """Every denied word or phrase."""
        for run, kind in self._runs.items():
            at = text.find(run)
            while at != -1:
                yield Span(at, at + len(run), kind)
                at = text.find(run, at + len(run))
        if self._starts:
            line = list(WORD.finditer(text))
            for at, word in enumerate(line):
                for phrase, last, kind in self._of(word.group()):
                    end = _end(text, line, at, phrase, last)
                    if end is not None:
                        yield Span(word.start() + (0 if phrase else last.lead), end, kind)

    def _of(self, word: str) -> list[tuple[tuple[str, ...], Form, str]]:
        """The phrases that begin with a word; one that begins none is remembered as such."""
        if word in self._elsewhere:
            return []
        found = self._starts.get(fold(word))
        if found is None:
            if len(self._elsewhere) >= MEMORY:
                self._elsewhere.clear()
            self._elsewhere.add(word)
        return found or []

    def _index(self) -> None:
        self._starts, self._runs, self._elsewhere = {}, {}, set()
        for word, kind in self._deny.values():
            for run in UNSPACED_RUN.findall(word):
                self._runs[run] = kind
            said = [fold(part) for part in WORD.findall(word)]
            if said:
                *phrase, end = said
                for form in {one.word: one for one in forms(end)}.values():
                    first = phrase[0] if phrase else form.word
                    self._starts.setdefault(first, []).append((tuple(phrase), form, kind))


def _end(text: str, line: list[re.Match[str]], at: int, phrase: tuple[str, ...], last: Form) -> int | None:
    """Where a phrase that may begin with the word ``at`` ends, without the ending of its last word."""
    for place, wanted in enumerate((*phrase, last.word), start=at):
        if place >= len(line) or fold(line[place].group()) != wanted:
            return None
        if place > at and not _BETWEEN.fullmatch(text, line[place - 1].end(), line[place].start()):
            return None
    return line[at + len(phrase)].end() - last.tail


def _key(word: str) -> str:
    key = name_key(word)
    if not any(map(str.isalnum, key)):
        raise PrivacyError(f"`{word}` holds neither letter nor digit.", hint="Give a word or a name.")
    return key
