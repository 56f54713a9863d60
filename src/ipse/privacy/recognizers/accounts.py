"""Where money lies: payment cards, bank accounts (IBAN), wallets of Bitcoin and Ethereum."""

import re
from collections.abc import Iterator

from ipse.interfaces import Span
from ipse.privacy.checks import IBAN_LENGTHS, is_card, is_iban
from ipse.privacy.recognizers.patterns import digits, spans

__all__ = ["Accounts"]

_IBAN = re.compile(r"(?<![^\W_])[A-Z]{2}[ ]?\d{2}(?=[ \-]?[A-Z0-9])", re.IGNORECASE)
_CARD = re.compile(r"(?<![\w.,+])\d(?:[ \-]?\d){11,18}(?![\w]|[.,]\d)")
_LONG = re.compile(r"[A-Za-z0-9]{26}")
_BITCOIN = re.compile(r"(?<![^\W_])(?:[13][1-9A-HJ-NP-Za-km-z]{25,34}|bc1[02-9ac-hj-np-z]{11,87})(?![^\W_])")
_ETHEREUM = re.compile(r"(?<![^\W_])0x[0-9A-Fa-f]{40}(?![^\W_])")


class Accounts:
    """``CARD``, ``IBAN`` and ``WALLET``, each with its check digits."""

    name = "accounts"

    def find(self, text: str) -> list[Span]:
        """Every account."""
        count = digits(text)
        if count < 2:
            return []
        found = list(_ibans(text)) if count >= 6 else []
        if count >= 12:
            found += spans(_CARD, "CARD", text, lambda one: is_card("".join(filter(str.isdigit, one))))
        if _LONG.search(text):
            found += spans(_BITCOIN, "WALLET", text, _is_bitcoin)
            found += spans(_ETHEREUM, "WALLET", text)
        return found


def _ibans(text: str) -> Iterator[Span]:
    """From the country on, as many signs as it has there; what follows is not part of it."""
    for match in _IBAN.finditer(text):
        wanted = IBAN_LENGTHS.get(match.group()[:2].upper(), 0)
        end, signs = match.start(), ""
        while len(signs) < wanted and end < len(text):
            sign = text[end]
            if sign.isascii() and sign.isalnum():
                signs += sign
            elif sign not in " -\u00a0" or not text[end - 1].isalnum():
                break
            end += 1
        if wanted and is_iban(signs) and not text[end : end + 1].isalnum():
            yield Span(match.start(), end, "IBAN")


def _is_bitcoin(written: str) -> bool:
    from stdnum import bitcoin

    return bool(bitcoin.is_valid(written))
