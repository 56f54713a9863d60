"""Finds phone numbers: a cheap look for enough digits, some shapes that everybody knows, then libphonenumber.

libphonenumber takes a tenth of a millisecond to some milliseconds a text, so it only sees what could be one.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

__all__ = ["phones"]

_GAP = r"[\s().\-/\u2010-\u2015\u00a0\u202f]{0,3}"
_EXTENSION = r"(?:\s?(?:x|ext\.?|Durchwahl)\s?\d{1,6})?"
_LINE = re.compile(
    rf"(?<!\w)(?<!\d[.,:/\-])[+＋(]{{0,2}}\d(?:{_GAP}[+＋]?\d){{6,80}}{_EXTENSION}(?![\w])(?![.,:-]\d)",
    re.IGNORECASE,
)
_PARTED = re.compile(r"\s{2,}|\n|\s?(?=[+＋])")
_BEGINS = re.compile(r"(?<=\D)[0+＋(]")
_DATE = re.compile(
    r"(?:(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])[-/.]\s?(?:0?[1-9]|[12]\d|3[01])[-/.]\s?(?:(?:19|20)\d\d|\d\d))"
    r"(?![.\-/]?\d)"
    r"|(?:19|20)\d\d\s?[-/\u2013]\s?(?:19|20)\d\d(?!\d)"
)
_PRICE = re.compile(r"(?:[€$£¥₾₽]|\b(?:EUR|USD|GBP|GEL|CHF|RUB))\s?$", re.IGNORECASE)
# What everybody reads as a number to dial, even where no such number is given out: made up or misdialled.
_SHAPES = re.compile(
    r"(?<![\d+])(?:"
    rf"(?:\+?1[ .\-])?(?:\(\d{{3}}\) ?|\d{{3}}[.\-])\d{{3}}[.\-]\d{{4}}{_EXTENSION}"
    r"|\(?(?:\+|＋|00)[1-9]\d{0,2}[\s().\-/]{1,3}\d[\d\s().\-/]{5,18}(?<=\d)"
    r"|(?=(?:\D?\d){9,12}\D*$)\(?0\d{1,4}\)?(?:[ /.\-]{1,2}\d{2,8}){1,5}"
    r")(?!\d)",
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
    for line in _LINE.finditer(text):
        for start, end in _pieces(line.group(), line.start()):
            written = text[start:end]
            if _DATE.match(written) or _PRICE.search(text, max(0, start - 5), start):
                continue
            found = [shape.span() for shape in _SHAPES.finditer(written)]
            said = _CALLED.search(text, max(0, start - 48), start) or _NAMED_AFTER.match(text, end)
            if said and not found:
                found = [(0, len(written))]
            for first, last in _completed(written, found, tuple(regions)):
                yield start + first, start + last


def _pieces(line: str, offset: int) -> Iterator[tuple[int, int]]:
    """The parts of a line of digits that may each be a number, without a bracket opened before them."""
    begin = 0
    for end, after in [*((m.start(), m.end()) for m in _PARTED.finditer(line)), (len(line), len(line))]:
        piece = line[begin:end]
        if sum(map(str.isdecimal, piece)) >= 7:
            opened = piece.startswith("(") and ")" not in piece
            yield offset + begin + opened, offset + end
        begin = after


def _completed(
    written: str, found: Iterable[tuple[int, int]], regions: tuple[str, ...]
) -> Iterator[tuple[int, int]]:
    """What was found in a piece, and what libphonenumber finds in the rest of it."""
    at = 0
    for first, last in (*found, (len(written), len(written))):
        for start, end in _within(written[at:first], regions):
            yield at + start, at + end
        if first < last:
            yield first, last
        at = last


@lru_cache(maxsize=4096)
def _within(written: str, regions: tuple[str, ...], tries: int = 6) -> tuple[tuple[int, int], ...]:
    """The numbers in a piece. Where it begins with something else, it is tried again from the next 0 or +."""
    if sum(map(str.isdecimal, written)) < 7 or not tries:
        return ()
    found = _matched(written, regions)
    if found:
        start, end = found
        before = _within(written[:start], regions, tries - 1)
        after = _within(written[end:], regions, tries - 1)
        return (*before, found, *((end + first, end + last) for first, last in after))
    begins = _BEGINS.search(written, 1)
    if begins is None:
        return ()
    at = begins.start()
    rest = _within(written[at:], regions, tries - 1)
    return (*_within(written[:at], regions, tries - 1), *((at + first, at + last) for first, last in rest))


def _matched(written: str, regions: tuple[str, ...]) -> tuple[int, int] | None:
    """The first number that libphonenumber sees, by the regions in order."""
    import phonenumbers

    if written[0] in "+＋":
        try:
            if phonenumbers.is_possible_number(phonenumbers.parse(written, None)):
                return 0, max(place for place, sign in enumerate(written, start=1) if sign.isdecimal())
        except phonenumbers.NumberParseException:
            return None
    for region in regions or ("ZZ",):
        for match in phonenumbers.PhoneNumberMatcher(written, region):
            return match.start, match.end
    return None
