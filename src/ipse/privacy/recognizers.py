"""Finds identifiers by their pattern, each checked: mail, phone, IBAN, card, IP, URL, key.

Every search is behind a test that costs next to nothing, since most messages hold none of these. All patterns
are bounded, so that no text makes them slow. Nothing here knows who is known, or what becomes of a span.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from ipse.config import PrivacySettings
from ipse.interfaces import Span
from ipse.privacy.checks import IBAN_LENGTHS, is_card, is_iban, is_ip, is_secret
from ipse.privacy.mails import mails
from ipse.privacy.phones import phones

__all__ = ["PatternRecognizer"]

_URL = re.compile(
    r"(?:(?<![^\W_])(?:https?|ftp)://|(?<![\w@.-])www\.)[^\s<>\"“”«»]{2,4000}"
    r"|(?<![\w@.-])(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_]{2,24}/[^\s<>\"“”«»]{0,4000}",
    re.IGNORECASE,
)
_IBAN = re.compile(r"(?<![^\W_])[A-Z]{2}[ ]?\d{2}(?=[ \-]?[A-Z0-9])", re.IGNORECASE)
_CARD = re.compile(r"(?<![\w.,+])\d(?:[ \-]?\d){11,18}(?![\w]|[.,]\d)")
_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])(?=[0-9A-Fa-f]{0,4}:)[0-9A-Fa-f:]{3,39}(?:(?:\d{1,3}\.){3}\d{1,3})?(?![\w:])")
_VERSION = re.compile(r"\b(?:v|ver|version|release|build|firmware|update)[\s.:]{0,3}$", re.IGNORECASE)
_KEY = re.compile(
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?:[^-]|-(?!----)){0,20000}"
    r"(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?"
    r"|(?<![A-Za-z0-9])(?:"
    r"(?:AKIA|ASIA)[0-9A-Z]{16}"
    r"|gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_\w{20,255}|glpat-[\w-]{20,100}"
    r"|sk-[A-Za-z0-9_-]{20,200}|(?:sk|pk|rk)_(?:live|test)_\w{16,200}"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,250}|AIza[0-9A-Za-z_-]{35}|hf_[A-Za-z0-9]{30,60}|npm_[A-Za-z0-9]{36}"
    r"|eyJ[\w-]{8,4000}\.eyJ[\w-]{4,8000}\.[\w-]{0,2000}"
    r")"
)
_KEY_HINTS = ("-", "_", "AKIA", "ASIA", "AIza", "eyJ")  # one of these is in every key with a known beginning
_LABELLED = re.compile(
    r"(?<![^\W_])(?:(?P<weak>(?:api|access|private|secret)?[ _-]?key|token|bearer|secret)"
    r"|pass(?:word|wd|code|phrase)?|pwd|pw|pin|passwort|kennwort|contraseña|senha|wachtwoord|пароль|პაროლი"
    r"|mot de passe)[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?P<value>[^\s<>\"']{4,500})",
    re.IGNORECASE,
)
_LABEL_HINT = re.compile(r"[^\W\d_][\"']?\s{0,3}[:=]\s{0,3}[\"']?[^\s<>\"']{4}")
_DIGIT = re.compile(r"\d")
_TRAILING = ".,;:!?'*_~’…"


class PatternRecognizer:
    """All patterns; ``regions`` are those of phone numbers written without a country code."""

    name = "patterns"

    def __init__(self, regions: Sequence[str] = PrivacySettings().phone_regions) -> None:
        self.regions = tuple(regions)

    def find(self, text: str) -> list[Span]:
        """Every identifier found; they may overlap, such as a mail address in a URL."""
        found: list[Span] = []
        if "@" in text:
            found += (Span(start, end, "EMAIL") for start, end in mails(text))
        if "/" in text or "ww." in text or "WW." in text:
            found += _urls(text)
        if (":" in text or "=" in text) and _LABEL_HINT.search(text):
            found += _labelled(text)
        for hint in _KEY_HINTS:
            if hint in text:
                found += _all(_KEY, "KEY", text)
                break
        if _DIGIT.search(text):
            found += self._numbers(text)
        elif "::" in text:
            found += _addresses(text)
        return found

    def _numbers(self, text: str) -> list[Span]:
        """What digits make. Phone numbers come last: a card's or an address's digits often are one, too."""
        spans = [*_cards(text), *_ibans(text), *_addresses(text)]
        taken = [(span.start, span.end) for span in spans]
        for start, end in phones(text, self.regions):
            if not any(first <= start and end <= last for first, last in taken):
                spans.append(Span(start, end, "PHONE"))
        return spans


def _all(pattern: re.Pattern[str], kind: str, text: str) -> Iterator[Span]:
    return (Span(match.start(), match.end(), kind) for match in pattern.finditer(text))


def _checked(pattern: re.Pattern[str], kind: str, text: str, check: Callable[[str], bool]) -> Iterator[Span]:
    return (Span(m.start(), m.end(), kind) for m in pattern.finditer(text) if check(m.group()))


def _urls(text: str) -> Iterator[Span]:
    """Links without the punctuation of the sentence they end, and without a bracket opened before them."""
    for match in _URL.finditer(text):
        link = match.group()
        while link and (link[-1] in _TRAILING or (link[-1] in ")]" and not _balanced(link))):
            link = link[:-1]
        yield Span(match.start(), match.start() + len(link), "URL")


def _balanced(link: str) -> bool:
    return link.count("(") >= link.count(")") and link.count("[") >= link.count("]")


def _labelled(text: str) -> Iterator[Span]:
    for match in _LABELLED.finditer(text):
        value = match["value"].rstrip(".,;")
        if is_secret(value, strong=match["weak"] is not None):
            yield Span(match.start("value"), match.start("value") + len(value), "KEY")


def _cards(text: str) -> Iterator[Span]:
    return _checked(_CARD, "CARD", text, lambda written: is_card("".join(filter(str.isdigit, written))))


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


def _addresses(text: str) -> Iterator[Span]:
    if text.count(".") >= 3:
        for span in _checked(_IPV4, "IP", text, is_ip):
            if not _VERSION.search(text, max(0, span.start - 12), span.start):
                yield span
    if text.count(":") >= 2:
        yield from _checked(_IPV6, "IP", text, is_ip)
