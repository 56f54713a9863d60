"""What tells an identifier from a number that looks like one: check digits, ranges, lengths, entropy.

Pure functions over one candidate; where it stands in a text is the recognizers' matter.
"""

import ipaddress
import math
import re
from collections import Counter

__all__ = ["IBAN_LENGTHS", "entropy", "is_card", "is_iban", "is_ip", "is_secret", "luhn"]

# ISO 13616 registry: how many signs an IBAN has in each country.
IBAN_LENGTHS = {
    country: int(length)
    for length, countries in {
        "15": "NO",
        "16": "BE",
        "18": "DK FK FI FO GL NL SD",
        "19": "MK SI",
        "20": "AT BA EE KZ LT LU MN XK",
        "21": "CH HR LI LV",
        "22": "BG BH CR DE GB GE IE ME RS VA",
        "23": "AE GI IL IQ OM SO TL",
        "24": "AD CZ ES MD PK RO SA SE SK TN VG",
        "25": "LY PT ST",
        "26": "IS TR",
        "27": "BI DJ FR GR IT MC MR SM",
        "28": "AL AZ BY CY DO GT HU LB NI PL SV",
        "29": "BR EG PS QA UA",
        "30": "JO KW MU YE",
        "31": "MT SC",
        "32": "LC",
        "33": "RU",
    }.items()
    for country in countries.split()
}

# Issuer ranges (ISO/IEC 7812) with the lengths their cards have: Luhn alone lets every tenth number through.
_ISSUERS = re.compile(
    r"4\d{12}(?:\d{3}|\d{6})?"  # Visa
    r"|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-59]|[689]\d)\d{11}(?:\d{2}|\d{5})?"  # Diners Club
    r"|(?:6011|64[4-9]\d|65\d\d|62\d\d|81\d\d)\d{12,15}"  # Discover, UnionPay
    r"|35\d{14}|(?:2131|1800)\d{11}"  # JCB
    r"|(?:50|5[6-8]|6[0-9])\d{10,17}"  # Maestro and domestic schemes
    r"|220[0-4]\d{12,15}"  # Mir
)


def luhn(digits: str) -> bool:
    """The check digit of ISO/IEC 7812-1, annex B."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 * (value > 9)
    return total % 10 == 0


def is_card(digits: str) -> bool:
    """Whether 12 to 19 digits are a payment card's: an issuer's range and length, and the check digit."""
    return bool(_ISSUERS.fullmatch(digits)) and luhn(digits) and len(set(digits)) > 1


def is_iban(signs: str) -> bool:
    """ISO 13616: the country's length, and a remainder of 1 modulo 97."""
    signs = signs.upper()
    if IBAN_LENGTHS.get(signs[:2]) != len(signs):
        return False
    return int("".join(str(int(sign, 36)) for sign in signs[4:] + signs[:4])) % 97 == 1


def is_ip(text: str) -> bool:
    """Whether it is an address of IPv4 or IPv6, and not something like ``::`` or ``std::add``."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return address.version == 4 or (any(c.isdigit() for c in text) and text.strip(":") != "")


def is_secret(value: str, *, strong: bool) -> bool:
    """Whether what stands after ``password:`` or ``key=`` looks drawn or made up rather than written.

    ``strong`` asks for more, for labels such as ``key`` that stand in ordinary sentences: eight signs, one of
    them a digit, and 2.5 bits a sign (Shannon).
    """
    kinds = [any(test(c) for c in value) for test in (str.islower, str.isupper, str.isdigit)]
    mixed = sum(kinds) + any(not c.isalnum() for c in value.strip(".,;!?)\"'")) >= 2
    if not strong:
        return len(value) >= 4 and (mixed or value.isdigit())
    return len(value) >= 8 and mixed and kinds[2] and entropy(value) >= 2.5


def entropy(value: str) -> float:
    """Shannon's, in bits a sign."""
    counts = Counter(value).values()
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts)
