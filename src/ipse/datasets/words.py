"""Words of a text: folded, without placeholders, and those that carry what it is about. Knows texts only."""

import re
from importlib.resources import files

__all__ = ["COMMON", "PLACEHOLDER", "content_words", "lexicon", "words"]

PLACEHOLDER = re.compile(r"<([A-Z]+)(?:_\d+)?>")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_LINK = re.compile(r"https?://\S+|www\.\S+")
SHORTEST = 3


def lexicon(name: str) -> frozenset[str]:
    """The words of one of the lists in ``lexicon/``, English and German."""
    text = files("ipse.datasets").joinpath("lexicon", f"{name}.txt").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(word for line in lines for word in line.split())


COMMON = lexicon("common")
"""Words that say little about what a text is about, in English and German."""


def words(text: str) -> list[str]:
    """The words of a text in order, folded; placeholders, links and numbers are none."""
    plain = _LINK.sub(" ", PLACEHOLDER.sub(" ", text))
    return [word.replace("’", "'") for word in _WORD.findall(plain.casefold())]


def content_words(text: str) -> list[str]:
    """Those that carry what it is about: three letters or more, and not among the commonest."""
    return [word for word in words(text) if len(word) >= SHORTEST and word not in COMMON]
