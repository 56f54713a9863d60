"""How names and addresses are written: folded, taken apart, and the forms they take in a sentence.

Pure functions over one string. Nothing here knows who is known, nor any text beyond the name.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from ipse.privacy.stopwords import STOPWORDS

__all__ = [
    "ASCII_WORD",
    "TOKEN",
    "UNSPACED_RUN",
    "WORD",
    "Form",
    "address_key",
    "fold",
    "fold_german",
    "forms",
    "letters",
    "name_key",
    "phone_key",
    "words",
]

TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]{2,})*|\d+(?:[.,:/]\d+)*|\n|[^\w\s]|_")
"""What a tagger takes for one word: letters, a number, a line's end, a sign."""

# Thai to Khmer, kana, Han, Hangul: scripts whose words stand without spaces, or carry particles without one.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
# Python's \w leaves out combining marks, which would cut Devanagari and pointed Arabic names in two.
_MARKS = "".join(chr(c) for c in range(0x300, 0x1E00) if unicodedata.category(chr(c))[0] == "M")
_LETTER = rf"[^\W_{_UNSPACED}]"

WORD = re.compile(rf"{_LETTER}+(?:[{_MARKS}]+{_LETTER}*)*")
ASCII_WORD = re.compile(r"[A-Za-z0-9]+")
UNSPACED_RUN = re.compile(rf"[{_UNSPACED}]+")

_VOWELS_DE = {
    ord(a): b
    for a, b in zip("äöüÄÖÜåøæœ", ("ae", "oe", "ue", "Ae", "Oe", "Ue", "aa", "oe", "ae", "oe"), strict=True)
}


@cache
def _folding() -> dict[int, str | None]:
    """Marks that fall away, and letters that have a plain twin but no decomposition in Unicode.

    Classes below 10 stay: nukta, kana voicing and virama make another letter, not an accented one.
    """
    table: dict[int, str | None] = {
        c: None for c in range(0x300, 0x1E00) if unicodedata.combining(chr(c)) >= 10
    }
    table[0x640] = None  # Arabic tatweel only stretches
    plain = {"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
    arabic = {"ى": "ي", "ة": "ه", "ک": "ك", "ی": "ي"}
    return table | {ord(a): b for a, b in (plain | arabic).items()}


def fold(text: str) -> str:
    """One spelling for all cases and accents: ``JOSÉ`` and ``Jose`` give ``jose``, ``Weiß`` ``weiss``."""
    text = text.casefold()
    if text.isascii():
        return text
    return unicodedata.normalize("NFKD", text).translate(_folding())


def fold_german(text: str) -> str:
    """The other way without umlauts: ``Müller`` gives ``mueller``, where :func:`fold` says ``muller``."""
    return fold(unicodedata.normalize("NFC", text).translate(_VOWELS_DE))


def letters(word: str) -> int:
    """How many letters a word has; digits do not count."""
    return sum(map(str.isalpha, word))


def words(name: str) -> list[str]:
    """The folded words of a name, in the order spoken: ``Schmidt, Anna`` is ``anna schmidt``."""
    family, comma, given = unicodedata.normalize("NFC", name).partition(",")
    spoken = f"{given} {family}" if comma and WORD.search(given) else name
    return [fold(word) for word in WORD.findall(unicodedata.normalize("NFC", spoken))]


def name_key(name: str) -> str:
    """What two writings of one name have in common; a name without letters is its own key."""
    spaced = words(name)
    return " ".join([*spaced, *UNSPACED_RUN.findall(name)]) or name.strip().casefold()


_PHONE = re.compile(
    r"[~\s\u200e\u2066-\u2069\u202a-\u202e]*\+?[\d\s()./\-\u2010-\u2015\u00a0\u202f]{6,40}\u2069?\u202c?"
)


def phone_key(address: str) -> str | None:
    """The national significant number of what is written like a phone number, else None.

    The country code is left out because people leave it out: ``+49 151 2345678`` and ``0151/2345678``
    are one number.
    """
    if not _PHONE.fullmatch(address):
        return None
    digits = "".join(str(unicodedata.digit(c)) for c in address if c.isdigit())
    if len(digits) < 6:
        return None
    if "+" in address or digits.startswith("00"):
        return _without_country(digits.removeprefix("00")) or None
    return digits.lstrip("0") or None


def _without_country(digits: str) -> str:
    import phonenumbers

    try:
        return str(phonenumbers.parse(f"+{digits}", None).national_number)
    except phonenumbers.NumberParseException:
        return digits.lstrip("0")


def address_key(address: str) -> tuple[str, str] | None:
    """Kind (``mail``, ``phone``, ``handle``) and comparable value of an address; None where there is none."""
    address = address.strip()
    if "@" in address[1:]:
        return "mail", address.casefold().removeprefix("mailto:")
    number = phone_key(address)
    if number:
        return "phone", number
    handle = address.removeprefix("@").casefold()
    return ("handle", handle) if handle else None


class Form(NamedTuple):
    """A folded word that stands for a name; ``lead`` and ``tail`` are letters around it that stay.

    ``Annas`` is ``anna`` with a tail of 1. ``plain`` is False where the ending changed the stem.
    """

    word: str
    lead: int = 0
    tail: int = 0
    plain: bool = True


def forms(word: str) -> Iterator[Form]:
    """The forms that a folded part of a name takes: itself, then its possessives, cases and prefixes.

    Apostrophes part words, so ``Anna's`` needs no form. The endings are possessives and diminutives in Latin
    script, the cases of Slavic names in Cyrillic, of Georgian and Greek, and prefixes of Arabic and Hebrew.
    """
    yield Form(word)
    if len(word) < (2 if _script(word) == "GEORGIAN" else 3):
        return
    for stem, endings in _declensions(word):
        for ending in endings:
            form = stem + ending
            if len(form) >= 3 and form not in STOPWORDS and form != word:
                kept = len(form) - len(word) if form.startswith(word) else 0
                yield Form(form, tail=kept, plain=kept > 0)
    for prefix in _PREFIXES.get(_script(word), ""):
        yield Form(prefix + word, lead=1)


_PREFIXES = {"ARABIC": "وفبلك", "HEBREW": "והבלמשכ"}

_GEORGIAN = {
    "vowel": (
        "ს მ დ თი ვ ც სც მაც ა ზე ში სთან სთანაც სთვის სთვისაც სგან სკენ სადმი მდე სავით დან"
        " ები ების ებს ებმა"
    ),
    "dropped": "ის ით ისთვის ისგან ისაც ისა ები ების ებს ებმა ო",
    "consonant": (
        "ი ს მა ის ით ად ო იც საც მაც ისა ია ზე ში თან სთან თანაც ისთვის ისთვისაც ისგან ისკენ ისადმი ამდე"
        " ივით იდან ები ების ებს ებმა"
    ),
}
# By last letters of the folded name (й is folded to и, ё to е); the longest that fits is taken.
_CYRILLIC: tuple[tuple[str, int, tuple[str, ...]], ...] = (
    ("лев", 2, ("ьва", "ьву", "ьвом", "ьве", "ев")),
    ("ел", 2, ("ла", "лу", "лом", "ле", "лы")),
    ("ец", 2, ("ца", "цу", "цом", "цем", "це", "цы")),
    ("ок", 2, ("ка", "ку", "ком", "ке", "ки")),
    ("ек", 2, ("ька", "ьку", "ьком", "ке", "ка", "ку", "ком")),
    ("ая", 2, ("ои", "ую", "ых", "ые")),
    ("ии", 2, ("ия", "ию", "ием", "ии", "ого", "ому", "им", "ом", "их", "ие")),
    ("ыи", 2, ("ого", "ому", "ым", "ом", "ых", "ые")),
    ("ия", 2, ("ии", "ию", "иеи", "иею", "ие", "иин")),
    ("а", 1, ("ы", "и", "е", "у", "ои", "ою", "о", "і", "", "еи")),
    ("я", 1, ("и", "е", "ю", "еи", "ею", "і", "єю", "ь")),
    ("ь", 1, ("я", "ю", "ем", "е", "и", "ью")),
    ("и", 1, ("я", "ю", "ем", "е", "и")),
    ("о", 1, ("а", "у", "ом", "ою")),
)
_CYRILLIC_CONSONANT = ("а", "у", "ом", "ем", "е", "ы", "ым", "ои", "ові", "и", "ых", "ыми")
# Of Anna's: Аннин, of Ivan's: Иванов; both decline.
_CYRILLIC_OWNED = ("", "а", "о", "ы", "у", "ои", "ого", "ому", "ым", "ом", "ых")
_GREEK: tuple[tuple[str, int, tuple[str, ...]], ...] = (
    ("οσ", 2, ("ο", "ου", "ε")),
    ("ησ", 1, ("",)),
    ("ασ", 1, ("",)),
    ("α", 0, ("σ",)),
    ("η", 0, ("σ",)),
    ("ω", 0, ("σ",)),
)


def _script(word: str) -> str:
    return unicodedata.name(word[0], "").partition(" ")[0]


def _declensions(word: str) -> list[tuple[str, tuple[str, ...]]]:
    """Stems with the endings they take."""
    script = _script(word)
    if script == "LATIN":
        return _latin(word)
    if script == "GEORGIAN":
        stem = word.removesuffix("ი")
        kind = {"ა": "dropped", "ე": "dropped", "ო": "vowel", "უ": "vowel"}.get(word[-1], "consonant")
        stem = word[:-1] if kind == "dropped" else stem
        return [(word, tuple(_GEORGIAN["vowel"].split())), (stem, tuple(_GEORGIAN[kind].split()))]
    if script == "CYRILLIC":
        return _cyrillic(word)
    return _by_ending(word, _GREEK) if script == "GREEK" else []


# Diminutives: Sofía, Sofita; Ana, Anita; Pedro, Pedrito; Carmen, Carmencita.
_SMALL = (
    ("ia", ("ita", "iita")),
    ("a", ("ita",)),
    ("o", ("ito", "itos")),
    ("", ("ito", "ita", "cito", "cita")),
)


def _latin(word: str) -> list[tuple[str, tuple[str, ...]]]:
    """Possessives and plurals of English and German, and the diminutives of German and Spanish."""
    found: list[tuple[str, tuple[str, ...]]] = [(word, ("s", "es", "ens") if word[-1] in "sxzh" else ("s",))]
    if len(word) >= 4:
        found.append((word, ("chen", "lein")))
        found += [(word.removesuffix(end), small) for end, small in _SMALL if word.endswith(end)][:1]
    return found


def _cyrillic(word: str) -> list[tuple[str, tuple[str, ...]]]:
    """Cases, the short vocative (``Маш``), the plural of a family, and what belongs to somebody."""
    found = _by_ending(word, _CYRILLIC)
    if word[-1] in "ая":
        return [*found, (word[:-1] + "ин", _CYRILLIC_OWNED)]
    if word[-1] not in "еёиоуыэюяіь":
        return [*found, (word, _CYRILLIC_CONSONANT), (word + "ов", _CYRILLIC_OWNED)]
    return found


def _by_ending(
    word: str, table: tuple[tuple[str, int, tuple[str, ...]], ...]
) -> list[tuple[str, tuple[str, ...]]]:
    for ending, cut, endings in table:
        if word.endswith(ending) and len(word) > cut:
            return [(word[: len(word) - cut], endings)]
    return []
