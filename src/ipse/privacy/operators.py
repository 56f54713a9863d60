"""Replacing: which of the spans that overlap is taken, and what stands in its place.

It knows neither how a span was found nor what a placeholder stands for; that is the roster's.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence

from ipse.interfaces import Span

__all__ = ["ATOMIC", "FILE", "KEEP", "PLACEHOLDER", "file_name", "replace", "resolve"]

PLACEHOLDER = re.compile(r"<(ME|[A-Z][A-Z_]{0,30}_[0-9]{1,12}(?:_[0-9a-f]{8})?)>")
"""Everything that restoring would ever put something in place of."""

ATOMIC = frozenset({"ADDRESS", "CARD", "EMAIL", "IBAN", "ID", "IP", "KEY", "MAC", "PHONE", "URL", "WALLET"})
"""Identifiers that mean one thing as a whole: a name inside one is replaced with it."""

KEEP = ""
"""The kind of a span that is taken, so that nothing else takes it, and left as it is."""

FILE = re.compile(r".*\.([A-Za-z0-9]{1,5})>?", re.DOTALL)


def resolve(
    text: str, *, first: Iterable[Span] = (), known: Sequence[Span] = (), found: Sequence[Span] = ()
) -> list[Span]:
    """Make the spans disjoint, in order of place.

    ``first`` goes before all, then known people, then what recognizers found: numbers that are certain before
    names, addresses and what is likely, longer before shorter. An identifier that holds a known person's name
    goes before it, or the rest of the identifier would stay. Of a span that is partly taken the rest is still
    replaced: nothing found is left standing.
    """
    around = _around(known, found)
    taken = bytearray(len(text))
    out: list[Span] = []
    for group in (first, around, known, found):
        for span in sorted(group, key=lambda s: (_rank(s), s.start - s.end, s.start, s.kind)):
            for start, end in _free(taken, span):
                if span.kind == KEEP or not text[start:end].isspace():
                    out.append(Span(start, end, span.kind))
            taken[span.start : span.end] = b"\1" * (span.end - span.start)
    return sorted(out, key=lambda span: span.start)


def _rank(span: Span) -> bool:
    """Later where it is only likely, or a name or an address: that may reach over a phone number below it."""
    return span.score < 1.0 or span.kind in ("ADDRESS", "NAME")


def _around(known: Sequence[Span], found: Sequence[Span]) -> list[Span]:
    """The identifiers that hold a known person's mention and more."""
    mentions = sorted((span.start, span.end) for span in known)
    out = []
    for span in found:
        if span.kind in ATOMIC:
            at = bisect_left(mentions, (span.start, 0))
            inside = [m for m in mentions[at : at + 8] if m[1] <= span.end and m != (span.start, span.end)]
            if inside:
                out.append(span)
    return out


def _free(taken: bytearray, span: Span) -> Iterable[tuple[int, int]]:
    """The stretches of a span that nothing has taken."""
    start = taken.find(0, span.start, span.end)
    while start != -1:
        end = taken.find(1, start, span.end)
        end = span.end if end == -1 else end
        yield start, end
        start = taken.find(0, end, span.end)


def replace(text: str, spans: Iterable[Span], written: Callable[[Span], str]) -> str:
    """Write ``written(span)`` in place of each of the disjoint, ordered spans."""
    pieces: list[str] = []
    at = 0
    for span in spans:
        pieces += (text[at : span.start], written(span))
        at = span.end
    return "".join((*pieces, text[at:]))


def file_name(name: str) -> str:
    """What may be kept of the name of a file: its extension."""
    extension = FILE.fullmatch(name)
    return f"<FILE.{extension[1].lower()}>" if extension else "<FILE>"
