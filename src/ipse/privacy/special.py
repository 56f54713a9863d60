"""Messages about special categories of personal data (GDPR, Art. 9), guessed by word lists and context.

A heuristic: it knows words, not meaning. Each language has a file in ``special_words/`` with, by category,

- ``sure``: says so alone (``chemotherapy``);
- ``own``: says so of somebody (``I'm gay``): a bearer stands near, in the same sentence;
- ``pair``: says so beside another of its kind (``doctor`` and ``blood test``);
- ``never``: phrases in which these words mean something else (``sick of``, ``Union Square``).

Entries are separated by commas, ``*`` ends a stem, and all languages are looked for in every text. It keeps
nothing of what it reads but single words, in memory, to know them sooner.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal, NamedTuple, get_args

from ipse.consent import Special
from ipse.privacy.names import fold

__all__ = ["CATEGORIES", "LANGUAGES", "special_in"]

CATEGORIES: tuple[Special, ...] = get_args(Special)
LANGUAGES = ("de", "en", "es", "fr", "ka", "ru")

BEFORE, AFTER = 6, 4  # words between a bearer and what it bears, in the same sentence
KEY = 3  # letters that entries are looked up by
PERSON = re.compile(r"person_\d+|me")  # what the gate writes for people

_TOKEN = re.compile(r"\w+|[.!?…\n]")

Kind = Literal["sure", "own", "pair", "never"]


class _Entry(NamedTuple):
    """One word or phrase of a list; ``stems`` tells which of its words may go on."""

    words: tuple[str, ...]
    stems: tuple[bool, ...]
    kind: Kind
    category: str
    language: str


class _Hit(NamedTuple):
    entry: _Entry
    start: int
    end: int


class _Lists(NamedTuple):
    """Every entry by the first letters of its first word, and the bearers of each language."""

    entries: dict[str, list[_Entry]]
    bearers: dict[str, frozenset[str]]


def special_in(text: str) -> frozenset[Special]:
    """The special categories that a text seems to be about."""
    tokens = _TOKEN.findall(fold(text))
    hits = list(_hits(tokens))
    if not hits:
        return frozenset()
    covered = {at for hit in hits if hit.entry.kind == "never" for at in range(hit.start, hit.end)}
    left = [hit for hit in hits if hit.entry.kind != "never" and hit.start not in covered]
    return frozenset(category for category in CATEGORIES if _is(category, left, tokens))


def _is(category: str, hits: Iterable[_Hit], tokens: list[str]) -> bool:
    mine = [hit for hit in hits if hit.entry.category == category]
    if any(hit.entry.kind == "sure" for hit in mine):
        return True
    if any(hit.entry.kind == "own" and _borne(hit, tokens) for hit in mine):
        return True
    ends = {(hit.start, hit.entry.words) for hit in mine if hit.entry.language == mine[0].entry.language}
    return len({words for _, words in ends}) > 1 and len({start for start, _ in ends}) > 1


def _borne(hit: _Hit, tokens: list[str]) -> bool:
    """Whether somebody is near to whom it applies."""
    bearers = _lists().bearers[hit.entry.language]

    def found(near: Iterable[str]) -> bool:
        for token in near:
            if token in bearers or PERSON.fullmatch(token):
                return True
            if not token[0].isalnum():  # the sentence ends
                return False
        return False

    before = reversed(tokens[max(0, hit.start - BEFORE) : hit.start])
    return found(before) or found(tokens[hit.end : hit.end + AFTER])


def _hits(tokens: list[str]) -> Iterator[_Hit]:
    for at, token in enumerate(tokens):
        for entry in _begun(token):
            end = at + len(entry.words)
            if all(map(_fits, entry.words, entry.stems, tokens[at:end])) and end <= len(tokens):
                yield _Hit(entry, at, end)


@lru_cache(maxsize=1 << 16)  # words come again and again
def _begun(token: str) -> tuple[_Entry, ...]:
    """The entries that a token begins."""
    near = _lists().entries.get(token[:KEY], ())
    return tuple(entry for entry in near if _fits(entry.words[0], entry.stems[0], token))


def _fits(word: str, stem: bool, token: str) -> bool:  # noqa: FBT001 - one of three columns
    return token.startswith(word) if stem else token == word


@cache
def _lists() -> _Lists:
    index: dict[str, list[_Entry]] = {}
    bearers: dict[str, frozenset[str]] = {}
    for language in LANGUAGES:
        text = files("ipse.privacy").joinpath("special_words", f"{language}.txt").read_text(encoding="utf-8")
        for section, kind, phrase in _parsed(text):
            if kind == "bearers":
                bearers[language] = bearers.get(language, frozenset()) | {fold(phrase)}
                continue
            entry = _entry(phrase, kind, section, language)
            index.setdefault(entry.words[0][:KEY], []).append(entry)
    return _Lists(index, bearers)


def _parsed(text: str) -> Iterator[tuple[str, str, str]]:
    """Each phrase with its category and kind."""
    section = kind = ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[] ")
        elif line and not line.startswith("#"):
            head, colon, rest = line.partition(":")
            kind, listed = (head, rest) if colon else (kind, line)
            yield from ((section, kind, phrase.strip()) for phrase in listed.split(",") if phrase.strip())


def _entry(phrase: str, kind: str, category: str, language: str) -> _Entry:
    parts = re.findall(r"\w+\*?", fold(phrase))
    words, stems = tuple(part.rstrip("*") for part in parts), tuple(part.endswith("*") for part in parts)
    return _Entry(words, stems, kind, category, language)  # type: ignore[arg-type]  # a test holds the files to it
