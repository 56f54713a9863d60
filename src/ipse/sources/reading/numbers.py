"""Phone numbers as exports write them: with and without country code, short codes, names in their place.

It knows no export and nobody's country.
"""

import re
from functools import lru_cache
from typing import Final

__all__ = ["is_service", "number_key"]

SHORT_CODE: Final = 6  # digits; a longer number may be somebody's phone
_NUMBER: Final = re.compile(r"[+\d\s()./\-\u2010-\u2015\u00a0\u200e\u202a-\u202f\u2066-\u2069]+")


@lru_cache(maxsize=1 << 14)
def number_key(address: str) -> str:
    """What is the same for every spelling of a number: ``+49 151 2345678`` and ``0151/2345678`` are one.

    The country code is left out because phones leave it out; what is no number is folded.
    """
    digits = re.sub(r"[^\d+]", "", address)
    if not _NUMBER.fullmatch(address) or len(digits) <= SHORT_CODE:
        return " ".join(address.casefold().split())
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    if len(digits) == 11 and digits.startswith("1"):  # North America's own code, dialled as it is
        digits = f"+{digits}"
    return _national(digits) if digits.startswith("+") else digits.lstrip("0") or digits


def _national(number: str) -> str:
    import phonenumbers

    try:
        return str(phonenumbers.parse(number, None).national_number)
    except phonenumbers.NumberParseException:
        return number.lstrip("+0") or number


def is_service(address: str) -> bool:
    """Whether only a machine can write from there: a short code, or a name in place of a number."""
    if not address or "@" in address:
        return False
    digits = sum(letter.isdigit() for letter in address)
    return not _NUMBER.fullmatch(address) or digits <= SHORT_CODE
