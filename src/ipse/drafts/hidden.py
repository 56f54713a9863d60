"""Characters that a reader does not see, or takes for others: found, shown, and taken out on request.

What writing needs is left alone: joiners between the letters of Arabic and Indic scripts, variation selectors
and joiners inside emoji, flags of regions, marks of direction beside letters written from right to left.
"""

import re
import unicodedata
from collections.abc import Iterator

import msgspec

__all__ = ["Hidden", "hidden_in", "marked", "without"]

# A flag of a region: a black flag, tags of letters and digits, the cancel tag (Unicode TR51).
_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f")
_VISIBLE_CONTROLS = "\n\t"
_JOINERS = "\u200c\u200d"
_MARKS = "\u200e\u200f\u061c"  # of direction; embeddings, overrides and isolates are never needed
_SELECTORS = "\ufe0e\ufe0f"
# Letters by Unicode's categories that are drawn as nothing.
_BLANKS = "\u115f\u1160\u2800\u3164\uffa0\u034f\u17b4\u17b5"
_SPACES = "\u2028\u2029"
_WORD = re.compile(r"[^\W\d_]+(?:[.@][^\W\d_]+)*")
_ALIKE = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU"})


class Hidden(msgspec.Struct, frozen=True):
    """``text[start:end]``: what it is called, and whether it is not seen or seen as something else."""

    start: int
    end: int
    name: str
    kind: str


def hidden_in(text: str) -> list[Hidden]:
    """All of them, in the order of the text."""
    if text.isascii() and not any(ord(letter) < 32 or letter == "\x7f" for letter in text):
        return []
    flags = [(found.start(), found.end()) for found in _FLAG.finditer(text)]
    found = [
        Hidden(place, place + 1, _name(letter), kind)
        for place, letter in enumerate(text)
        if (kind := _kind(text, place)) and not any(start < place < end for start, end in flags)
    ]
    return sorted([*found, *_lookalikes(text)], key=lambda one: (one.start, one.end))


def marked(text: str) -> str:
    """The text with each of them written out: ``⟦U+200B ZERO WIDTH SPACE⟧``."""
    out, place = [], 0
    for one in hidden_in(text):
        if one.start < place:  # inside a word that is marked as a whole
            continue
        held = text[one.start : one.end]
        shown = f"{held}: {one.name}" if one.kind == "lookalike" else one.name
        out += [text[place : one.start], f"⟦{shown}⟧"]
        place = one.end
    return "".join([*out, text[place:]])


def without(text: str) -> str:
    """The text without those that are not seen; lookalikes stay, for which was meant is not ours to say."""
    gone = {one.start for one in hidden_in(text) if one.kind != "lookalike"}
    return "".join(letter for place, letter in enumerate(text) if place not in gone)


def _kind(text: str, place: int) -> str:
    """What is wrong with the letter at that place, or nothing."""
    letter = text[place]
    category, code = unicodedata.category(letter), ord(letter)
    if 0xE0000 <= code <= 0xE007F:
        return "tag"
    if letter in _SELECTORS or 0xE0100 <= code <= 0xE01EF or 0xFE00 <= code <= 0xFE0D:
        return "" if _follows_picture(text, place) else "selector"
    if category == "Cf":
        return "" if _needed(text, place) else "direction" if _directs(letter) else "invisible"
    if letter in _BLANKS:
        return "invisible"
    if letter in _SPACES or (category == "Cc" and letter not in _VISIBLE_CONTROLS):
        return "control"
    return "unassigned" if category in ("Co", "Cn", "Cs") else ""


def _directs(letter: str) -> bool:
    return letter in _MARKS or "\u202a" <= letter <= "\u202e" or "\u2066" <= letter <= "\u2069"


def _needed(text: str, place: int) -> bool:
    """Whether writing as people do it has such a character there."""
    before, after = text[place - 1 : place], text[place + 1 : place + 2]
    if text[place] in _JOINERS and before and after:
        pictures = _picture(before) or before in _SELECTORS
        return (_joins(before) and _joins(after)) or (pictures and _picture(after))
    if text[place] in _MARKS:
        return any(unicodedata.bidirectional(one) in ("R", "AL") for one in (before, after) if one)
    return False


def _follows_picture(text: str, place: int) -> bool:
    """One selector after a symbol, digit or ideograph that has two forms."""
    before = text[place - 1 : place]
    if not before or before in _SELECTORS:
        return False
    keycap = before in "0123456789#*" and text[place + 1 : place + 2] == "\u20e3"
    return keycap or _picture(before)


def _picture(letter: str) -> bool:
    return unicodedata.category(letter) == "So" or "\U0001f3fb" <= letter <= "\U0001f3ff"  # skin tones


def _joins(letter: str) -> bool:
    """Whether joiners mean something beside it: letters and marks of cursive and Indic scripts."""
    name = unicodedata.name(letter, "")
    return unicodedata.category(letter)[0] in "LM" and name.split(" ")[0] in _JOINING


_JOINING = frozenset(
    {
        *("ARABIC", "SYRIAC", "MONGOLIAN", "NKO", "MANDAIC", "DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI"),
        *("ORIYA", "TAMIL", "TELUGU", "KANNADA", "MALAYALAM", "SINHALA", "KHMER", "MYANMAR", "TIBETAN"),
    }
)


def _lookalikes(text: str) -> Iterator[Hidden]:
    """Words that mix letters of alphabets that look alike, or are in one that the text is not in."""
    if text.isascii():
        return
    from confusable_homoglyphs import categories, confusables

    def scripts(word: str) -> set[str]:
        return set(categories.unique_aliases(word)) & _ALIKE

    words = [(found, scripts(found[0])) for found in _WORD.finditer(text)]
    latin = sum(len(found[0]) for found, used in words if used == {"LATIN"})
    other = sum(len(found[0]) for found, used in words if used and "LATIN" not in used)
    for found, used in words:
        word = found[0]
        strangers = [letter for letter in word if letter.isalpha() and scripts(letter) - {"LATIN"}]
        mixed = len(used) > 1 and confusables.is_confusable(word, greedy=True)
        posing = len(used) == 1 and strangers and latin > other and all(map(_like_latin, strangers))
        if mixed or (posing and len(word) > 1):
            yield Hidden(found.start(), found.end(), ", ".join(sorted(used)), "lookalike")


def _like_latin(letter: str) -> bool:
    """Whether a letter of another alphabet is drawn like one of A to Z."""
    from confusable_homoglyphs import confusables

    found = confusables.is_confusable(letter, greedy=True, preferred_aliases=[])
    return any(one["c"].isascii() for held in found or [] for one in held["homoglyphs"])


def _name(letter: str) -> str:
    return f"U+{ord(letter):04X} {unicodedata.name(letter, 'CONTROL')}"
