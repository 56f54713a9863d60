"""The domain of a mail address: kept where it says nothing about anybody, else a placeholder.

Millions share a public provider; a company's or a family's own domain names them.
"""

import re

__all__ = ["is_public"]

# The large public providers, and those that have one name under many countries.
_PUBLIC = re.compile(
    r"(?:aol|fastmail|gmail|googlemail|hey|icloud|mac|mail|me|msn|naver|proton(?:mail)?|qq|rediffmail|rocketmail"
    r"|tuta(?:nota)?|ymail|163|126)\.com"
    r"|libero\.it|mail\.ru|orange\.fr|posteo\.de|proton\.me|rambler\.ru|seznam\.cz|t-online\.de|ukr\.net"
    r"|web\.de|wp\.pl|ya\.ru"
    r"|(?:gmx|hotmail|live|outlook|yahoo|yandex)\.(?:(?:com?\.)?[a-z]{2}|com|net)"
)


def is_public(domain: str) -> bool:
    """Whether a domain (lower case) belongs to a public mail provider."""
    return _PUBLIC.fullmatch(domain) is not None
