"""What others put under a mail: legal notices, the footers of lists, virus scanners.

Knows the words of ``phrases.yaml`` and looks at the last paragraphs only.
"""

import re
from collections.abc import Sequence
from typing import Final

from ipse.sources.mail.phrases import Words, folded, holds, phrases

__all__ = ["above_footers"]

PARAGRAPHS: Final = 8  # of footers at most
LONGEST_PARAGRAPH: Final = 40  # lines
LOOKED_AT: Final = 4000  # characters of a paragraph
WORDS_OF_A_NOTICE: Final = 3  # different ones in one language; two are found in what people write
LONGEST_REMARK: Final = 400  # characters of what a scanner says
SHORTEST_NOTICE: Final = 60  # characters

_RULE = re.compile(r"\s*[-_=*~—–.#]{2,}\s*")
_LINKS: Final = Words.of(("@", "http", "www.", "click"))


def above_footers(lines: Sequence[str], end: int) -> int:
    """Where the footers start that end at ``end``; ``end`` if there are none."""
    start = end
    for _ in range(PARAGRAPHS):
        first = _paragraph(lines, start)
        if first == start or not (_is_rule(lines, first, start) or _is_footer(lines[first:start])):
            break
        start = first
        while start and not lines[start - 1].strip():
            start -= 1
    # A rule alone is no footer.
    below = next(
        (at for at in range(start, end) if lines[at].strip() and not _RULE.fullmatch(lines[at][:200])), end
    )
    return start if below < end else end


def _paragraph(lines: Sequence[str], end: int) -> int:
    """Where the paragraph that ends at ``end`` starts: below an empty line or a rule."""
    start = end
    while start and end - start < LONGEST_PARAGRAPH and lines[start - 1].strip():
        start -= 1
        if _RULE.fullmatch(lines[start][:200]):
            break
    return start


def _is_rule(lines: Sequence[str], start: int, end: int) -> bool:
    return end - start == 1 and bool(_RULE.fullmatch(lines[start][:200]))


def _is_footer(lines: Sequence[str]) -> bool:
    text = folded(" ".join(line.strip() for line in lines)[:LOOKED_AT])
    words = phrases()
    if holds(text, words.scanned):
        return len(text) < LONGEST_REMARK
    if holds(text, _LINKS) and holds(text, words.leave):
        return True
    if len(text) < SHORTEST_NOTICE:
        return False
    return holds(text, words.noticed) and any(
        sum(word in text for word in notice) >= WORDS_OF_A_NOTICE and any(word in text for word in notice[:2])
        for notice in words.notices
    )
