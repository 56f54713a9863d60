"""What the recognizers share: how many digits a text has, and spans from a pattern."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from ipse.interfaces import Span

__all__ = ["digits", "spans"]

_DIGIT = re.compile(r"\d")


@lru_cache(maxsize=1)
def digits(text: str) -> int:
    """How many digits a text has. Several recognizers ask this of the same text in turn."""
    first = _DIGIT.search(text)
    return len(_DIGIT.findall(text, first.start())) if first else 0


def spans(
    pattern: re.Pattern[str],
    kind: str,
    text: str,
    check: Callable[[str], bool] | None = None,
    score: float = 1.0,
) -> Iterator[Span]:
    """Each match that passes the check."""
    for match in pattern.finditer(text):
        if check is None or check(match.group()):
            yield Span(match.start(), match.end(), kind, score)
