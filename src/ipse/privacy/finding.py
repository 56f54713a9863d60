"""What recognizers find, checked and sorted, and how a doubtful find is put to the owner.

It fails closed: a recognizer that fails, or returns what cannot be used, stops the record. Nothing here knows
who is known or what a placeholder stands for.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from ipse.config import PrivacySettings
from ipse.errors import PrivacyError
from ipse.interfaces import Recognizer, Span
from ipse.privacy.lists import WordLists
from ipse.privacy.operators import replace
from ipse.privacy.review import AROUND, Context, Doubt

__all__ = ["CERTAIN", "Finder", "doubts"]

CERTAIN = 0.98
"""The score from which on nobody is asked. Only what has a check or a label scores 1."""

_KIND = re.compile(r"[A-Z]+(?:_[A-Z]+)*")
_RESERVED = frozenset({"CONV", "FILE", "ME", "TEXT"})


class Finder:
    """All recognizers as one, with the owner's lists."""

    def __init__(
        self, recognizers: Sequence[Recognizer], settings: PrivacySettings, lists: WordLists | None
    ) -> None:
        self._recognizers = tuple(recognizers)
        self._replace_from = settings.replace_from
        self._ask_from = settings.ask_from
        self._lists = lists
        self._denies = lists is not None and bool(lists.denied)
        self._allows = lists is not None and bool(lists.allowed)

    def find(self, text: str) -> list[Span]:
        """What the recognizers and the deny list find, as far as it is worth a question and not allowed."""
        found: list[Span] = []
        for recognizer in self._recognizers:
            try:
                spans = recognizer.find(text)
            except (ValueError, LookupError, re.error):
                # Without the cause: its text may quote the record.
                raise PrivacyError(
                    f"The recognizer {recognizer.name} failed on a record.", hint="Remove or update it."
                ) from None
            if spans:
                found += spans
        for span in found:
            usable = _KIND.fullmatch(span.kind) and span.kind not in _RESERVED
            if not usable or not 0 <= span.start < span.end <= len(text):
                raise PrivacyError(
                    "A recognizer returned a span that cannot be used.", hint="Remove or update it."
                )
        if self._lists is not None and self._allows and found:
            found = [span for span in found if not self._lists.allows(text[span.start : span.end])]
        if self._lists is not None and self._denies:
            found += self._lists.find(text)
        return [span for span in found if span.score >= self._ask_from] if found else found

    def replaced(self, found: Iterable[Span]) -> list[Span]:
        """Those that are sure enough to be replaced."""
        return [span for span in found if span.score >= self._replace_from]

    def keeps(self, written: str) -> bool:
        """Whether a known person's name is meant as the word it also is."""
        return self._lists is not None and self._allows and self._lists.keeps(written)


def doubts(
    text: str,
    found: Sequence[Span],
    taken: Sequence[Span],
    written: Callable[[Span], str],
    message: str,
) -> Iterator[Doubt]:
    """The finds that the owner should see, in the text of ``message`` as it is cleared.

    ``taken`` are the disjoint spans that are replaced, ``written`` what stands for them. A find that is
    partly something surer is no question any more.
    """
    for span in found:
        if span.score >= CERTAIN:
            continue
        over = [one for one in taken if one.start < span.end and span.start < one.end]
        replaced = any((one.start, one.end, one.kind) == (span.start, span.end, span.kind) for one in over)
        if over and not replaced:
            continue
        before = replace(text[: span.start], [one for one in taken if one.end <= span.start], written)
        behind = [_moved(one, -span.end) for one in taken if one.start >= span.end]
        after = replace(text[span.end :], behind, partial(_written_at, written, span.end))
        yield Doubt(
            kind=span.kind,
            value=text[span.start : span.end],
            score=span.score,
            replaced=replaced,
            count=1,
            contexts=(Context(before[-AROUND:], after[:AROUND], message),),
        )


def _moved(span: Span, by: int) -> Span:
    return Span(span.start + by, span.end + by, span.kind)


def _written_at(written: Callable[[Span], str], offset: int, span: Span) -> str:
    return written(_moved(span, offset))
