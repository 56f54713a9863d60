"""Finds phone numbers: a cheap look for enough digits, some shapes that everybody knows, then libphonenumber.

libphonenumber takes a tenth of a millisecond to some milliseconds a text, so it only sees what could be one.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

__all__ = ["phones"]

_GAP = r"[\s().\-/\u2010-\u2015\u00a0\u202f]{0,3}"
_EXTENSION = r"(?:\s?(?:x|ext\.?|Durchwahl)\s?\d{1,6})?"
_CANDIDATE = re.compile(
    rf"(?<!\w)(?<!\d[.,:/\-])[+＋(]{{0,2}}\d(?:{_GAP}\d){{6,16}}{_EXTENSION}(?![\w])(?![.,:-]\d)",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?:(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])[-/.]\s?(?:0?[1-9]|[12]\d|3[01])[-/.]\s?(?:(?:19|20)\d\d|\d\d))"
    r"(?![.\-/]?\d)"
    r"|(?:19|20)\d\d\s?[-/\u2013]\s?(?:19|20)\d\d(?!\d)"
)
_PRICE = re.compile(r"(?:[€$£¥₾₽]|\b(?:EUR|USD|GBP|GEL|CHF|RUB))\s?$", re.IGNORECASE)
# What everybody reads as a number to dial, even where no such number is given out: made up or misdialled.
_SHAPES = re.compile(
    rf"(?:\+?1[ .\-])?(?:\(\d{{3}}\) ?|\d{{3}}[.\-])\d{{3}}[.\-]\d{{4}}{_EXTENSION}"
    r"|\(?(?:\+|＋|00)[1-9]\d{0,2}[\s().\-/]{1,3}\d[\d\s().\-/]{5,18}"
    r"|(?=(?:\D?\d){9,12}\D*$)\(?0\d{1,4}\)?(?:[ /.\-]{1,2}\d{2,8}){1,5}",
    re.IGNORECASE,
)
_CALLED = re.compile(
    r"(?<![^\W_])(?:(?:tele)?phone|tel|fax|call|dial|mobile|cell|whatsapp|sms|reach|answering|telefon\w*|handy\w*|mobil"
    r"|ruf|anruf\w*|erreich\w*|téléphone|appel\w*|portable|teléfono|llam\w*|móvil|celular|chiam\w*|cellulare"
    r"|telefone|lig[au]\w*|bel|bellen|телефон\w*|звон\w*|позвон\w*|ტელეფონ\w*|დარეკ\w*|დამირეკ\w*)"
    r"(?![^\W_])[^\d\n]{0,30}$",
    re.IGNORECASE,
)
_NAMED_AFTER = re.compile(
    r"[\s\-(,]{1,3}(?:office|fax|mobile|cell|tel|phone|mobil|telefon|handy)(?![^\W_])", re.IGNORECASE
)


def phones(text: str, regions: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield start and end of each; ``regions`` are tried in order for numbers without a country code.

    Beside a word such as ``call`` or ``Telefon``, seven digits are a number wherever it is given out.
    """
    for match in _CANDIDATE.finditer(text):
        start, end = match.span()
        if text[start] == "(" and ")" not in match.group():
            start += 1
        written = text[start:end]
        if _DATE.match(written) or _PRICE.search(text, max(0, start - 5), start):
            continue
        said = _CALLED.search(text, max(0, start - 48), start) or _NAMED_AFTER.match(text, end)
        if said or _SHAPES.fullmatch(written):
            yield start, end
            continue
        for first, last in _within(written, tuple(regions)):
            yield start + first, start + last


@lru_cache(maxsize=4096)
def _within(written: str, regions: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    """The numbers in a candidate, which may be two that stand side by side."""
    import phonenumbers

    if written[0] in "+＋":
        try:
            if phonenumbers.is_possible_number(phonenumbers.parse(written, None)):
                return ((0, len(written)),)
        except phonenumbers.NumberParseException:
            return ()
    for region in regions or ("ZZ",):
        found = tuple((one.start, one.end) for one in phonenumbers.PhoneNumberMatcher(written, region))
        if found:
            return found
    return ()
