"""People who are only talked about, where a title tells that a name follows: ``Frau Huber``, ``Dr. Ames``.

Names alone are known by who takes part (:mod:`ipse.privacy.known`) or found by a model (``ner``). Behind a
greeting a capital is a weaker sign than behind a title: such a name is doubtful, and the owner is asked.
"""

import re
from collections.abc import Iterator

from ipse.interfaces import Span
from ipse.privacy.names import WORD, fold
from ipse.privacy.stopwords import OFFICES, PARTICLES, STOPWORDS

__all__ = ["Titles"]

CERTAIN = 1.0
DOUBTFUL = 0.4
LONGEST = 4  # words of a name
SHOUTED = 4  # letters of a word in capitals that is rather shouted than a name

_HINTS = (
    "Mr",
    "Ms",
    "Miss",
    "Dr",
    "Prof",
    "Herr",
    "Frau",
    "Mme",
    "Mlle",
    "Mons",
    "Mada",
    "Sr",
    "Señor",
    "Sig",
)
_HINTS_OTHER = ("г-н", "г-ж", "Г-н", "Г-ж", "оспо", "ატონ")
_TITLE = re.compile(
    r"(?<![^\W_])(?:(?:Mr|Mrs|Ms|Dr|Prof|Hr|Fr|Sr|Sra|Srta|Sig|Dott|Mme|Mlle)\.?"
    r"|Mister|Miss|Doctor|Professor|Herrn?|Frau|Madame|Mademoiselle|Monsieur|Señor(?:a|ita)?|Signor(?:a|ina)?"
    r"|[Гг]осподин(?:а|у|ом|е)?|[Гг]оспож(?:а|е|у|ой)|[Гг]-н(?:а|у|ом)?|[Гг]-ж(?:а|е|у|ой)"
    r"|ბატონ(?:ო|ი|მა|ს|ის)?|ქალბატონ(?:ო|ი|მა|ს|ის)?)[ \u00a0]"
)
_GREETING = re.compile(
    r"^[\s\"'*_]{0,4}(?:hi|hey|hello|dear|good morning|hallo|liebe|lieber|moin|servus|guten morgen"
    r"|salut|bonjour|coucou"
    r"|ch[eè]re?|hola|querid[oa]|buenos d[ií]as|ciao|car[oa]|buongiorno|ol[aá]|hoi|beste|привет"
    r"|здравствуй(?:те)?"
    r"|дорог(?:ой|ая)|გამარჯობა|ძვირფასო)[ ,]{1,2}",
    re.IGNORECASE,
)
_GREETS = frozenset("hHdDgGlLmMsSbBcCqQoOпПзЗдДგძ\"'*_ ")
_GAP = re.compile(r"(?:[ \u00a0]|\. |-|['’])")


class Titles:
    """``NAME``: what follows a title, with initials and particles; what follows a greeting, in doubt."""

    name = "titles"

    def find(self, text: str) -> list[Span]:
        """Every name that a title or a greeting announces."""
        found: list[Span] = []
        capital = "M" in text or "D" in text or "P" in text or "H" in text or "F" in text or "S" in text
        if capital and any(hint in text for hint in _HINTS):
            found += _titled(text)
        if not found and not text.isascii() and any(hint in text for hint in _HINTS_OTHER):
            found += _titled(text)
        if text[:1] in _GREETS:
            greeting = _GREETING.match(text)
            if greeting:
                found += _name(text, greeting.end(), DOUBTFUL, most=2)
        return found


def _titled(text: str) -> Iterator[Span]:
    for title in _TITLE.finditer(text):
        yield from _name(text, title.end(), CERTAIN, most=LONGEST)


def _name(text: str, start: int, score: float, *, most: int) -> Iterator[Span]:
    """The words from ``start`` on that are written as a name, at most so many."""
    end, at, taken = start, start, 0
    while taken < most and (word := WORD.match(text, at)) and not _TITLE.match(text, at):
        written = word.group()
        if fold(written) not in PARTICLES or taken == 0:
            if not _as_name(written):
                break
            end, taken = word.end(), taken + 1
        gap = _GAP.match(text, word.end())
        if gap is None:
            break
        at = gap.end()
    if end - start >= 2:
        yield Span(start, end, "NAME", score)


def _as_name(written: str) -> bool:
    """A capital (Georgian has none), no function word, no office, and not shouted."""
    capital = written[0].isupper() or "\u10d0" <= written[0] <= "\u10ff"
    shouted = written.isupper() and len(written) >= SHOUTED
    folded = fold(written)
    initial = len(written) == 1
    return capital and not shouted and (initial or folded not in STOPWORDS) and folded not in OFFICES
