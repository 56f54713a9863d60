"""The domain of a mail address: kept where it says nothing about anybody, else a placeholder.

Millions share a public provider; a company's or a family's own domain names them.
"""

from typing import Final

__all__ = ["FAMILIES", "PUBLIC_MAIL", "is_public"]

# The large public providers; the family "yahoo.*" and its like are matched by their first label.
PUBLIC_MAIL: Final = frozenset(
    "aol.com fastmail.com gmail.com googlemail.com hey.com icloud.com libero.it mac.com mail.com mail.ru "
    "me.com msn.com naver.com orange.fr posteo.de proton.me protonmail.com qq.com rambler.ru rediffmail.com "
    "rocketmail.com seznam.cz t-online.de tuta.com tutanota.com ukr.net web.de wp.pl ya.ru ymail.com 163.com "
    "126.com".split()
)
FAMILIES: Final = frozenset(("gmx", "hotmail", "live", "outlook", "yahoo", "yandex"))


def is_public(domain: str) -> bool:
    """Whether a domain (lower case) belongs to a public mail provider."""
    return domain in PUBLIC_MAIL or (domain.count(".") <= 2 and domain.partition(".")[0] in FAMILIES)
