"""What the writer of a mail wrote: the text without quotes, forwarded mail and signatures.

Pure text in, pure text out; knows neither mail nor files. Goes through the lines once, so time grows with the
length of the text and nothing else. Where a line could be either, it stays: what is the writer's own must not
be lost. A forwarded mail never counts as theirs.
"""

import re
from collections.abc import Sequence
from typing import Final

from ipse.sources.mail.phrases import folded, holds, phrases
from ipse.sources.mail.quotes import (
    HEADER_LINES,
    ends_all,
    is_forward,
    is_notes_date,
    is_plain,
    is_quoted,
    may_end_header,
    may_start_header,
    next_filled,
    quote_header,
)
from ipse.sources.mail.signatures import split_signature

__all__ = ["authored", "forwards"]

LONGEST: Final = 1 << 19
WRAPPED_FROM: Final = (
    55  # characters of a quoted line whose end may have been wrapped to the next, without `>`
)

_RULE = re.compile(r"\s*[-_=*~—–]{3,}\s*")


def authored(text: str, *, sender: str = "") -> str:
    """Return what the writer of ``text`` wrote. ``sender``, their full name, helps to find a signature.

    Nobody writes more than ``LONGEST`` characters into one mail; what follows them is no writing of theirs.
    """
    text = text[:LONGEST]
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    fragments = _fragments(lines)
    whole = len(fragments) == 1 and len(fragments[0]) == len(lines)
    out = ""
    for fragment in fragments:
        kept = "\n".join(split_signature(fragment, sender=sender, whole=whole)[0]).strip()
        if kept:
            apart = not fragment[-1].strip()  # the empty line above a quote stays where text goes on below it
            out += kept + ("\n\n" if apart else "\n")
    return out.strip()


def forwards(text: str) -> bool:
    """Tell whether a forwarded mail stands in ``text``, marked as one."""
    text = text[:LONGEST]
    if not holds(folded(text), phrases().forwarded):
        return False
    lines = text.splitlines()
    return any(is_forward(lines, at) for at in range(len(lines)))


def _fragments(lines: list[str]) -> list[list[str]]:
    """Cut the lines at quotes and at whatever ends the writer's own text; give back what is between."""
    marked = [at for at, line in enumerate(lines) if line and not is_plain(line)]
    if not marked:
        return [lines]
    marks, code = set(marked), _code(lines, marked)
    ends = [at for at in marked if may_end_header(lines[at])]
    stops = sorted(marks.union(*(range(max(end - HEADER_LINES + 1, 0), end) for end in ends)))
    out: list[list[str]] = [[]]
    done = 0  # lines before this one are dealt with
    for at in stops:
        if at < done or at in code:
            continue
        out[-1] += lines[done:at]
        done = at
        line, mark = lines[at], at in marks
        if mark and is_quoted(line) and not _escaped_from(lines, at):
            done = _after_quote(lines, at)
            out.append([])
        elif mark and ends_all(lines, at):
            if is_notes_date(line) and out[-1]:
                out[-1].pop()  # the name that Notes writes above its date
            return _without_rule(out)
        elif (mark or may_start_header(line)) and (header := quote_header(lines, at)):
            before, after = header
            out[-1] += [before] if before else []
            done = next_filled(lines, after)
            if done == len(lines) or not is_quoted(lines[done]):
                return _without_rule(out)  # what follows is the quoted mail, down to the end
    out[-1] += lines[done:]
    return out


def _code(lines: list[str], marked: list[int]) -> set[int]:
    """The lines between two fences, in which ``> `` may be a prompt; a fence that nothing closes is none."""
    fences = [at for at in marked if lines[at].lstrip().startswith("```")]
    return {at for start, end in zip(fences[::2], fences[1::2], strict=False) for at in range(start, end + 1)}


def _escaped_from(lines: list[str], at: int) -> bool:
    """Tell a lone ">From " line, which an mbox makes of the writer's own, from a quote."""
    if not lines[at].startswith((">From ", ">>From ")):
        return False
    around = (*lines[max(at - 1, 0) : at], *lines[at + 1 : at + 2])
    return not any(is_quoted(line) for line in around)


def _without_rule(fragments: list[list[str]]) -> list[list[str]]:
    """Remove the line of dashes that stands between the reply and what it quotes."""
    last = fragments[-1]
    while last and (not last[-1].strip() or _RULE.fullmatch(last[-1][:200])):
        last.pop()
    return fragments


def _after_quote(lines: list[str], at: int) -> int:
    """The first line behind the quote that starts at ``at``; what wrapping broke off a line stays in it."""
    end, rewrapped = at, False
    while at < len(lines):
        line = lines[at]
        if is_quoted(line):
            end = at + 1
        elif line.strip():
            broken = _broken_off(lines, at, rewrapped=rewrapped)
            if not broken and not _closes_link(lines[at - 1], line):
                break
            rewrapped = rewrapped or broken
            end = at + 1
        at += 1
    return end


def _broken_off(lines: Sequence[str], at: int, *, rewrapped: bool) -> bool:
    """Tell the end of a quoted line that was wrapped once more: the quote goes on right under it.

    ``rewrapped`` if that happened in this quote before; then a line may also follow the end of a sentence.
    """
    if at + 1 >= len(lines) or not is_quoted(lines[at + 1]) or not is_quoted(lines[at - 1]):
        return False
    above, line = lines[at - 1].rstrip(), lines[at].lstrip()
    if line.startswith(("(http", "<http")):
        return True
    if len(above) < WRAPPED_FROM or not line[:1].islower():
        return False
    return rewrapped or above[-1] not in ".?!:;…"


def _closes_link(before: str, line: str) -> bool:
    for opening, closing in (("(http", ")"), ("<http", ">")):
        opened = before.rfind(opening)
        if opened >= 0 and closing not in before[opened:]:
            return closing in line and " " not in line.partition(closing)[0].strip()
    return False
