"""The words of ``phrases.yaml``, made ready to be looked for.

Knows languages, and neither quotes nor signatures. Words are looked for one by one in folded text: a
pattern of all languages at once tries each of them at each letter, which takes a hundred times as long.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple, Self

import yaml

__all__ = ["LABEL_KINDS", "Phrases", "Words", "folded", "holds", "phrases", "unmarked"]

LABEL_KINDS: Final = ("from", "date", "to", "subject", "cc")
"""The lines of the header block above a quoted mail."""
BEHIND_VERB: Final = 200  # characters between "wrote" and the colon: a name, an address, a date

# Marks of the writing direction, and other characters that show nothing.
_MARKS: Final = dict.fromkeys(
    map(ord, "\u200b\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
)
_AROUND: Final = " \t*_-–—"


def unmarked(text: str) -> str:
    """Without blanks around, and without what shows nothing."""
    return text.strip() if text.isascii() else text.translate(_MARKS).strip()


def folded(text: str) -> str:
    """In one letter case, one kind of blank and one kind of apostrophe."""
    if text.isascii():
        return text.lower()
    text = text.casefold().replace("i\u0307", "i")
    return text.replace("\xa0", " ").replace("\u202f", " ").replace("’", "'")


class Words(NamedTuple):
    """Words to look for: all of them, and those that a text of ASCII can hold, which is half the work."""

    every: tuple[str, ...]
    plain: tuple[str, ...]

    @classmethod
    def of(cls, words: Iterable[str]) -> Self:
        """Sort them out."""
        every = tuple(words)
        return cls(every, tuple(word for word in every if word.isascii()))

    def for_text(self, text: str) -> tuple[str, ...]:
        """Those that ``text`` can hold."""
        return self.plain if text.isascii() else self.every


def holds(text: str, words: Words) -> bool:
    """Whether one of the words is in the folded text."""
    for word in words.for_text(text):  # noqa: SIM110 - half the time of a generator, and this runs for every mail
        if word in text:
            return True
    return False


class Phrases:
    """Every language at once; all words are folded."""

    def __init__(self, tongues: Mapping[str, Mapping[str, list[str] | str]]) -> None:
        self._tongues = tongues
        self._wrote = Words.of(self._all("wrote"))
        self._dated = Words.of((*self._wrote.every, *self._all("dated")))
        last = [word.split()[-1] for word in self._wrote.every]
        self._last_words = frozenset(last)
        self.tails = frozenset(word[-2:] for word in last)
        """The last two letters of what lines end in that end in "wrote"."""
        self._last_unspaced = tuple(word for word in last if not _is_spaced(word[-1]))
        begins = self._all("begins")
        self._begins = frozenset(word.split()[0] for word in begins)
        self._begins_unspaced = tuple(word for word in begins if not _is_spaced(word[-1]))
        self._days = tuple({day for names in self._all("weekdays") for day in names.split()})
        self.kinds: Final = {label: kind for kind in reversed(LABEL_KINDS) for label in self._all(kind)}
        """The kind of header line that a label stands for."""
        self.message = Words.of(self._all("message"))
        self.forwarded = Words.of(self._all("forwarded"))
        device = self._all("device")
        self.device_begins = tuple(phrase for phrase in device if not phrase.startswith("~"))
        self.device_ends = tuple(phrase.lstrip("~ ") for phrase in device if phrase.startswith("~"))
        self.closings = frozenset(self._all("closing"))
        self.notices = tuple(tuple(map(folded, words)) for words in self._each("notice"))
        """Words of legal notices, language by language; one of the first two is in every notice."""
        self.noticed = Words.of(word for words in self.notices for word in words[:2])
        self.leave = Words.of(self._all("leave"))
        self.scanned = Words.of(self._all("scanned"))
        self.aside = frozenset(label for key in ("spam", "trash", "draft") for label in self._all(key))
        """Labels under which there is nothing to keep."""
        self.promotion = Words.of(self._all("promotion"))

    def _each(self, key: str) -> Iterator[list[str]]:
        for words in self._tongues.values():
            found = words.get(key, [])
            if found:
                yield [found] if isinstance(found, str) else found

    def _all(self, key: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(folded(word) for words in self._each(key) for word in words))

    def starts(self, line: str, *, undated: bool = False) -> bool:
        """Whether a line starts as a quote header may: with a word such as "On", a weekday or the date.

        ``undated`` if it holds no digit: then a weekday is none, for many words begin like one.
        """
        text = folded(line[:60]).lstrip(_AROUND)
        if text[:1].isdigit():
            return True
        word = text.partition(" ")[0].rstrip(".,،")
        if word in self._begins:
            return len(word) < len(text)
        return (not undated and word.startswith(self._days)) or text.startswith(self._begins_unspaced)

    def ends_with_verb(self, line: str) -> bool:
        """Whether a line ends in "wrote"."""
        word = folded(line[-40:].rpartition(" ")[2])
        return word in self._last_words or word.endswith(self._last_unspaced)

    def wrote(self, line: str, *, dated: bool) -> bool:
        """Whether "wrote" ends a line, or a colon does not far behind it.

        ``dated`` if a date is in it: some verbs mean it only then.
        """
        text = folded(line).rstrip(_AROUND)
        colon = text[-1:] in (":", "：")
        for verb in (self._dated if dated else self._wrote).for_text(text):
            at = text.rfind(verb)
            while at >= 0:
                behind = text[at + len(verb) :]
                if _is_word(text, at, at + len(verb)) and (
                    not behind or (colon and len(behind) <= BEHIND_VERB + 1)
                ):
                    return True
                at = text.rfind(verb, 0, at) if len(behind) <= BEHIND_VERB else -1
        return False


def _is_spaced(letter: str) -> bool:
    """Whether the letter is of a script that sets words apart."""
    return not "\u3000" <= letter <= "\ud7af"


def _is_word(text: str, start: int, end: int) -> bool:
    """Whether ``text[start:end]`` is a word of its own, in scripts that set words apart."""
    if start and text[start].isalnum() and _is_spaced(text[start]) and text[start - 1].isalnum():
        return False
    return not (
        end < len(text) and text[end - 1].isalpha() and _is_spaced(text[end - 1]) and text[end].isalnum()
    )


@cache
def phrases() -> Phrases:
    """The words, read once."""
    text = files("ipse.sources.mail").joinpath("phrases.yaml").read_text(encoding="utf-8")
    return Phrases(yaml.safe_load(text))
