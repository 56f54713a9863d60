"""Texts as words, as comparable keys and as blocks of equal length. Knows no author and no metric."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from ipse.records import Example

__all__ = ["Block", "blocks", "in_order", "key", "words"]

# Scripts that set no spaces between words count every character as one word.
_UNSPACED = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_WORD = re.compile(rf"(?:[{_UNSPACED}]|[^\s{_UNSPACED}]+)\s*")
_NO_LETTER = re.compile(r"[\W_]+")


class Block(msgspec.Struct, frozen=True):
    """So many words of one author in a row; ``middle`` is the index of the text its middle word is from."""

    text: str
    middle: int


def words(text: str) -> list[str]:
    """The words of a text with their punctuation."""
    return [word.rstrip() for word in _WORD.findall(text)]


def key(text: str) -> str:
    """What two texts share when they differ in case, spacing or punctuation alone."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return _NO_LETTER.sub(" ", plain).strip() or plain.strip()


def blocks(texts: Sequence[str], size: int) -> list[Block]:
    """Cut consecutive texts of one author into blocks of exactly ``size`` words; the rest joins the last.

    Equal lengths matter: a judge is surer of a longer block, whoever wrote it. Fewer words than ``size``
    in all make no block.
    """
    pieces = list(_pieces(texts))
    count = len(pieces) // size
    out = []
    for n in range(count):
        part = pieces[n * size : (n + 1) * size if n + 1 < count else len(pieces)]
        out.append(Block("".join(piece for piece, _ in part).strip(), part[len(part) // 2][1]))
    return out


def _pieces(texts: Sequence[str]) -> Iterator[tuple[str, int]]:
    for index, text in enumerate(texts):
        found = _WORD.findall(text)
        for place, piece in enumerate(found):
            yield (f"{piece.rstrip()}\n" if place == len(found) - 1 else piece), index


def in_order(examples: Iterable[Example]) -> list[Example]:
    """By platform, then time: a block holds what was written one after the other in one place."""
    return sorted(examples, key=lambda example: (example.platform, example.at, example.id))
