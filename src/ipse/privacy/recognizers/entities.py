"""People, places, organisations and addresses that are only talked about; by choice dates, ages and peoples.

A tagger of words (:mod:`ipse.privacy.tagging`) that comes with ipse marks the first four; the others have
shapes. It learned from English more than from others. A person is replaced where a given name, or words
before it, say so too; what only its place in a sentence makes a name is left, and put before the owner.
"""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Self

from ipse.config import PrivacySettings
from ipse.interfaces import Span
from ipse.privacy.names import TOKEN
from ipse.privacy.recognizers.patterns import digits

if TYPE_CHECKING:
    from ipse.privacy.tagging import Found, Tagger

__all__ = ["Entities", "tagger"]

KINDS = {"PER": "NAME", "LOC": "PLACE", "ORG": "ORGANISATION", "ADR": "ADDRESS"}
LIKELY = 0.98  # of what has a shape alone
MOST = 0.99  # less than what has a check or a label, which goes before it
UNLISTED = 0.49  # what only its place in the sentence makes a name is left, and asked about
_LABEL = re.compile(r"\n\s*[^\W\d_][\w\-]*:")  # a new line of a form: no part of the address above
SMALL = 0.9  # how sure of a name in small letters
_LEADS = re.compile(
    r"(?:\bname(?:['’]?s| is| was|:)|\bcall(?:s|ed)? (?:me|him|her|them)|\b[Dd]ear|\b[Rr]egards,"
    r"|\b[Cc]heers,|\b(?:my|his|her|our|your) (?:(?:best |old |good )?friend|brother|sister|cousin|uncle|aunt"
    r"|wife|husband|son|daughter|mother|father|boss|colleague|neighbou?r|teacher|boyfriend|girlfriend))[ \n]$"
)

_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?"
    r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_CLOCK = r"(?:[ T,]{1,2}\d{1,2}:\d{2}(?::\d{2})?(?: ?[ap]\.?m\.?)?)?"
_YEAR = r"(?:1[89]|20)\d\d"
_DATES = re.compile(
    rf"(?<![\w.,/\-])(?:{_YEAR}-\d\d?-\d\d?{_CLOCK}"
    rf"|\d{{1,2}}(?P<sign>[./\-])\d{{1,2}}(?P=sign)(?:{_YEAR}|\d\d){_CLOCK}"
    rf"|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?:,? {_YEAR})?"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}(?:,? {_YEAR})?"
    rf"|{_MONTH} {_YEAR}|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
    rf"|(?:(?<=[Ii]n )|(?<=[Bb]y )|(?<= a )|(?<=[Ff]rom )|(?<=[Ss]ince )|(?<=[Uu]ntil )"
    rf"|(?<=[Dd]uring )){_YEAR}"
    rf"|(?<=\(){_YEAR}(?=\)))(?![\w/\-]|[.,]\d)"
)
_AGES = re.compile(
    r"(?<![\w.,])(?P<before>\d{1,3})(?=[ -]?years?[ -]old|[ -]?y/?o\b| years of age)"
    r"|\bage[ds]?(?: of)?:? (?P<aged>\d{1,3})(?![\w%:/]|[.,]\d)"
    r"|\bAge:? (?P<label>\d{1,3})\b"
    r"|(?:\bturn(?:s|ed|ing)? |\b(?:I|[Hh]e|[Ss]he)(?:['’](?:m|s)| am| is) )"
    r"(?P<said>\d{1,3})(?=[.!?]?$|[.!?,]\s)",
    re.MULTILINE,
)


def tagger() -> "Tagger":
    """The tagger, once it is asked for: it brings numpy, which who collects events does without."""
    from ipse.privacy import tagging

    return tagging.tagger()


class Entities:
    """``NAME``, ``ADDRESS``; if asked for ``PLACE``, ``ORGANISATION``, ``NATIONALITY``, ``DATE``, ``AGE``."""

    name = "entities"
    optional = True

    def __init__(self, kinds: Sequence[str] = ("NAME", "ADDRESS")) -> None:
        self.kinds = frozenset(kinds)

    @classmethod
    def configure(cls, settings: PrivacySettings) -> Self:
        """For the kinds of the settings."""
        return cls(settings.entity_kinds)

    def find(self, text: str) -> list[Span]:
        """Every stretch of the kinds asked for, as sure as the tagger is of it."""
        found: list[Span] = []
        for one in tagger().find(text):
            kind = KINDS.get(one.label)
            if kind in self.kinds:
                found += _spans(text, one, str(kind))
        if digits(text):
            found += self._shaped(text)
        if "DATE" in self.kinds and "day" in text:
            found += (s for s in _dates(text) if s not in found)
        if "NATIONALITY" in self.kinds:
            found += _peoples(text)
        return found

    def _shaped(self, text: str) -> Iterator[Span]:
        if "DATE" in self.kinds:
            yield from _dates(text)
        if "AGE" in self.kinds:
            for match in _AGES.finditer(text):
                group = str(match.lastgroup)
                yield Span(match.start(group), match.end(group), "AGE", LIKELY)


def _dates(text: str) -> Iterator[Span]:
    for match in _DATES.finditer(text):
        yield Span(match.start(), match.end(), "DATE", LIKELY)


def _peoples(text: str) -> Iterator[Span]:
    for match in TOKEN.finditer(text):
        if tagger().is_people(match.group()):
            yield Span(match.start(), match.end(), "NATIONALITY", LIKELY)


def _spans(text: str, found: "Found", kind: str) -> Iterator[Span]:
    """A name ends with its line; an address goes on."""
    if kind == "ADDRESS":
        part = _LABEL.split(text[found.start : found.end], maxsplit=1)[0].strip()
        yield Span(found.start, found.start + len(part), kind, _score(found, sure=_is_address(part)))
        return
    for match in re.finditer(r"[^\n]+", text[found.start : found.end]):
        part = match.group().strip(" \t'’\"-*_.,")
        if part:
            start = found.start + match.start() + match.group().index(part)
            sure = kind != "NAME" or _is_name(text, start, part, found.score)
            yield Span(start, start + len(part), kind, _score(found, sure=sure))


def _score(found: "Found", *, sure: bool) -> float:
    score = min(MOST, round(found.score, 3))
    return score if sure else round(score * UNLISTED, 3)


def _is_name(text: str, start: int, part: str, score: float) -> bool:
    """Whether more than its place in the sentence says that somebody is meant: a given name, or a lead.

    A name of several words begins with a given name; in small letters the tagger has to be sure besides.
    """
    words = [word for word in TOKEN.findall(part) if len(word) > 1 and word[0].isalpha()]
    if not words or (words[0].islower() and score < SMALL):
        return False
    if _LEADS.search(text, max(0, start - 30), start):
        return True
    ordinary = len(words) == 1 and tagger().are(words[0], "common", "rare", "foreign")
    return tagger().are(words[0], "first") and (not ordinary or score >= SMALL)


def _is_address(part: str) -> bool:
    """A capital, and two of: a number, another, a long one, a word for a street, one for a flat, a town."""
    words = TOKEN.findall(part)
    numbers = [w for w in words if w[0].isdigit() and ":" not in w]
    signs = min(len(numbers), 2) + any(len(w) >= 4 and not w.startswith(("19", "20")) for w in numbers)
    signs += any(tagger().are(w, "street") for w in words) + any(tagger().are(w, "unit") for w in words)
    signs += any(w[0].isupper() and tagger().are(w, "town", "country") for w in words)
    return bool(numbers) and signs >= 2 and any(w[0].isupper() and len(w) > 2 for w in words)
