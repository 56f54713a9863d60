"""Finds phone numbers: a cheap look for enough digits, two shapes that everybody knows, then libphonenumber.

libphonenumber takes a tenth of a millisecond to some milliseconds a text, so it only sees what could be one.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

__all__ = ["phones"]

_GAP = r"[\s().\-/\u2010-\u2015\u00a0\u202f]{0,3}"
_CANDIDATE = re.compile(
    rf"(?<![\w.,:])(?<!\d[-/])[+＋(]{{0,2}}\d(?:{_GAP}\d){{5,16}}(?:\s?(?:x|ext\.?|Durchwahl)\s?\d{{1,6}})?(?![\w])(?![.,:-]\d)",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\s?\d{1,2}[-/.]\s?(?:\d{4}|\d\d))(?:[\s,T]{1,3}\d{1,2})?(?!\d)"
    r"|\d{4}\s?[-/\u2013]\s?\d{4}"
)
# What everybody reads as a number to dial, even where no such number is given out: made up or misdialled.
_NORTH_AMERICAN = re.compile(
    r"(?:\+?1[ .\-])?(?:\(\d{3}\) ?|\d{3}[.\-])\d{3}[.\-]\d{4}(?:\s?(?:x|ext\.?)\s?\d{1,6})?"
)
_INTERNATIONAL = re.compile(r"[(]?(?:\+|＋|00)[1-9]\d{0,2}[\s().\-/]{1,3}\d[\d\s().\-/]{5,18}")
_PRICE = re.compile(r"(?:[€$£¥₾₽]|\b(?:EUR|USD|GBP|GEL|CHF|RUB))\s?$", re.IGNORECASE)


def phones(text: str, regions: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield start and end of each; ``regions`` are tried in order for numbers without a country code."""
    for match in _CANDIDATE.finditer(text):
        written = match.group()
        if _DATE.match(written) or _PRICE.search(text, max(0, match.start() - 5), match.start()):
            continue
        for start, end in _within(written, tuple(regions)):
            yield match.start() + start, match.start() + end


@lru_cache(maxsize=4096)
def _within(written: str, regions: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    """The numbers in a candidate, which may be two that stand side by side."""
    if _NORTH_AMERICAN.fullmatch(written) or _INTERNATIONAL.fullmatch(written):
        return ((0, len(written)),)
    from phonenumbers import PhoneNumberMatcher

    for region in regions or ("ZZ",):
        found = tuple((match.start, match.end) for match in PhoneNumberMatcher(written, region))
        if found:
            return found
    return ()
