"""Finds mail addresses from the ``@`` outwards, so that a long text without one costs nothing.

Two readings: what is certainly an address, and anything that could be compared with a known one.
"""

import re
from collections.abc import Iterator

__all__ = ["loose_mails", "mails"]

LOCAL = 64  # characters before the @ at most (RFC 5321)

_LOCAL = re.compile(r"\w[\w.!#$%&'*+/=?^`{|}~-]*\Z")
_DOMAIN = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}(?:xn--[\w-]{1,59}|[^\W\d_]{2,63})")
_LOOSE_LOCAL = re.compile(r"[^\s<>()\[\],;:\"@]+\Z")
_LOOSE_DOMAIN = re.compile(r"[^\s<>()\[\],;:\"@/]{1,255}")
_PUNCTUATION = "*_~'`.!?’‘«»‹›„“”"


def mails(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each address with a domain; letters of any script."""
    yield from _around(text, _LOCAL, _DOMAIN)


def loose_mails(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of whatever stands around an ``@``, without the punctuation of a sentence."""
    for start, end in _around(text, _LOOSE_LOCAL, _LOOSE_DOMAIN):
        written = text[start:end]
        yield end - len(written.lstrip(_PUNCTUATION)), start + len(written.rstrip(_PUNCTUATION))


def _around(text: str, local: re.Pattern[str], domain: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    at = text.find("@")
    while at != -1:
        after = domain.match(text, at + 1)
        before = local.search(text, max(0, at - LOCAL), at) if after else None
        if before and after:
            yield before.start(), after.end()
        at = text.find("@", at + 1)
