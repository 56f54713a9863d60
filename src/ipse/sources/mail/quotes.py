"""Where a quote starts: the line above it, a header block, a divider, the mark of a forwarded mail.

Knows lines and nothing of what becomes of them. Every pattern looks at a bounded piece, and every search at a
bounded number of lines, so time grows with the length of the text and nothing else.
"""

import re
from collections.abc import Sequence
from typing import Final

from ipse.sources.mail.phrases import folded, holds, phrases, unmarked

__all__ = [
    "HEADER_LINES",
    "ends_all",
    "is_forward",
    "is_notes_date",
    "is_plain",
    "is_quoted",
    "may_end_header",
    "may_start_header",
    "next_filled",
    "quote_header",
]

LONGEST_LINE: Final = 600  # characters of a line, or of lines joined, in which a quote header is looked for
HEADER_LINES: Final = 6  # a quote header wraps over so many lines
BLOCK_LINES: Final = 12  # lines in which a header block must show what it is
LONGEST_LABEL: Final = 24
SHORTEST_MARK: Final = 5  # characters of a line that ends all

_QUOTED = re.compile(r"[ \t]{0,3}[>＞]")
_DASHES = frozenset("-_=*")
_RULES: Final = " \t-_=*"
_LEADS = frozenset("-_=*>＞`")
_TRAILS = frozenset(">)];*_-–— \t")
_INLINE = re.compile(
    r"[-_]{0,6}\s?\bOn\s(?=(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|\d))"
)
_DATE = re.compile(
    r"(?<!\d)\d{1,2}\s?[:.h時시点點]\s?\d{2}(?!\d)|(?<!\d)(?:19|20)\d{2}(?!\d)|(?<!\d)\d{1,2}[./-]\d{1,2}[./-]\d{2,4}(?!\d)"
)
_CLUE = re.compile(r"[\d@<]")  # of a date or an address
_NOTES_DATE = re.compile(
    r"\d{1,4}[./-]\d{1,2}[./-]\d{2,4}\s{1,3}\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:\s?[AaPp][Mm])?\s*$"
)
_ADDRESS = re.compile(
    r"(?:[<(\[]|&lt;)\s?(?:mailto:)?[^<>()\[\]@\s]{1,100}@[^<>()\[\]@]{1,150}(?:[<\[][^<>\[\]]{1,150}[>\]]{1,2})?(?:[>)\]]|&gt;)"
)
_ADDRESS_END = re.compile(_ADDRESS.pattern + r"\"?\s*[-–—*_\s]{0,8}$")
_ADDRESS_COLON = re.compile(_ADDRESS.pattern + r"[\"'’]?\s*[:：][\s*_\-–—]{0,8}$")
_ONLY_ADDRESS = re.compile(r"[^@:]{0,60}[^@\s:]{1,80}@[^@\s]{1,150}[>)\]\s]{0,3}")
_COLON = re.compile(r"[:：][\s*_\-–—]{0,8}$")
_FRAMED = re.compile(r"\s{0,3}[-_*]{2,24}\s?[^\n]{1,200}?[-_*]{2,24}\s{0,3}")
_DIVIDER = re.compile(r"\s{0,12}[-_=*]{2,24}\s?[^-_=\n]{0,80}[-_=*]{2,24}\s{0,12}")
_FORWARD_RULE = re.compile(r"\s{0,12}[-_=]{2,40}[^\n]{0,240}")
_INNER_LABEL = re.compile(r"\s\*?([^\s:：*]{2,20})\s?[:：]\*?\s")
_LABEL = re.compile(r"[\s>*|\[]{0,12}([^:：\n]{1,40}?)[\s\]]{0,3}\*{0,2}[:：]\*{0,2}(?!//)")


def is_quoted(line: str) -> bool:
    """Tell a line that its ``>`` marks as quoted; ``>>> here <<<`` is decoration."""
    return bool(_QUOTED.match(line)) and not (line.rstrip().endswith("<<") and line.lstrip().startswith(">>"))


def next_filled(lines: Sequence[str], at: int) -> int:
    """The first line from ``at`` on that is not empty."""
    while at < len(lines) and not lines[at].strip():
        at += 1
    return at


def is_plain(line: str) -> bool:
    """A cheap look before all others: nearly all lines hold nothing that a quote starts with."""
    if ":" in line or "：" in line or "\u202c" in line:
        return False
    return (
        line.lstrip()[:1] not in _LEADS
        and line[-1:] not in _TRAILS
        and folded(line[-2:]) not in phrases().tails
    )


def may_end_header(line: str) -> bool:
    """Tell whether a line ends as the line above a quote does."""
    end = unmarked(line[-60:]).rstrip(" \t*_-–—")
    if not end:
        return False
    return end[-1] in ":：>)];" or phrases().ends_with_verb(end)


def quote_header(lines: Sequence[str], at: int) -> tuple[str, int] | None:
    """Find a line like "On ... X wrote:" here: what the writer put before it, and the line after it."""
    first = unmarked(lines[at][:LONGEST_LINE])
    joined = ""
    reach = HEADER_LINES if may_start_header(first) else 1
    for end in range(at, min(at + reach, len(lines))):
        line = lines[end]
        if len(joined) + len(line) > LONGEST_LINE:
            return None
        line = unmarked(line)
        opened = joined.count("<") > joined.count(
            ">"
        )  # an address that was wrapped, its end perhaps with a `>`
        if not line:
            if joined and (opened or _goes_on(lines, end, joined)):
                continue
            return None
        if end > at and not opened and is_quoted(lines[end]):
            return None
        if end > at and phrases().starts(line) and _DATE.search(line[:80]):
            return None  # the header starts on a later line
        joined = f"{joined} {line}" if joined else line
        if not may_end_header(line):
            continue
        start = _header_start(joined, first, wraps=end > at)
        if start is None and _is_weak_header(joined, lines, end + 1, wraps=end > at):
            start = 0
        if start is not None:
            return joined[:start].rstrip(" -_") if start else "", end + 1
        if line[-1] in ":：" and not opened:
            return None
    return None


def may_start_header(line: str) -> bool:
    """Tell whether a header that wraps may start in this line."""
    return bool(_CLUE.search(line)) or (not line[:1].islower() and phrases().starts(line, undated=True))


def _goes_on(lines: Sequence[str], at: int, joined: str) -> bool:
    """Tell an empty line in the middle of a header: a date is above it and an address in brackets below."""
    below = lines[at + 1] if at + 1 < len(lines) else ""
    return below.lstrip().startswith("<") and bool(_DATE.search(joined[:80]) and phrases().starts(joined))


def _header_start(joined: str, first: str, *, wraps: bool) -> int | None:
    """Where a quote header starts in ``joined``, within its ``first`` line; None: there is none."""
    dated = _DATE.search(joined)
    colon = bool(_COLON.search(joined))
    wrote = phrases().wrote(joined, dated=bool(dated))
    if not (wrote or (dated and colon)):
        return None
    if wrote and not colon and _FRAMED.fullmatch(joined):
        colon = True  # "---- X wrote ----"
        if not wraps and not dated:
            return 0
    address = _ADDRESS.search(joined) if wrote else _ADDRESS_COLON.search(joined)
    starts = phrases().starts(joined)
    if dated and wrote and (colon or address):
        if starts:
            return 0
        inline = _INLINE.search(joined)
        if inline and inline.start() < len(first):
            return inline.start()
    if not (address and colon and (wrote or dated)):
        return None
    if wraps and not (starts or _DATE.search(first) or _ADDRESS.search(first)):
        return None  # the line above is the writer's own
    return 0


def _is_weak_header(joined: str, lines: Sequence[str], after: int, *, wraps: bool) -> bool:
    """Tell "X wrote:", or a date and an address without a verb, from a sentence: a quote must follow."""
    following = next_filled(lines, after)
    if following == len(lines) or not is_quoted(lines[following]):
        return False
    starts = phrases().starts(joined)
    closed = joined.count("<") == joined.count(">")
    if starts and closed and _DATE.search(joined[:80]) and _ADDRESS_END.search(joined):
        return True
    if not _COLON.search(joined) or (wraps and not starts):
        return False
    return phrases().wrote(joined, dated=False)


def ends_all(lines: Sequence[str], at: int) -> bool:
    """Tell whether everything from here on is a mail that is quoted or forwarded whole."""
    line = lines[at]
    if len(line) > LONGEST_LINE or len(line) < SHORTEST_MARK:
        return False
    if not line.strip(_RULES):
        return False
    dashes = line.lstrip()[:1] in _DASHES
    if not dashes and ":" not in line and "：" not in line:
        return False
    if (dashes and _is_divider(line)) or is_forward(lines, at):
        return True
    return _header_block(lines, at) or _notes_header(lines, at)


def _is_divider(line: str) -> bool:
    """Tell "-----Original Message-----" and its kin: dashes, some word for a mail, dashes."""
    return bool(_DIVIDER.fullmatch(line)) and holds(folded(line), phrases().message)


def is_forward(lines: Sequence[str], at: int) -> bool:
    """Tell the line above a forwarded mail: one of dashes, or "Begin forwarded message:"."""
    line = lines[at]
    if len(line) > LONGEST_LINE:
        return False
    if line.lstrip()[:1] in _DASHES:
        return bool(_FORWARD_RULE.fullmatch(line)) and holds(folded(line), phrases().forwarded)
    return _forward_line(lines, at)


def _forward_line(lines: Sequence[str], at: int) -> bool:
    """Tell "Begin forwarded message:", with a mail or a quote right under it."""
    line = unmarked(lines[at])
    if len(line) > 80 or line[-1:] not in (":", "：") or is_quoted(line):
        return False
    text = folded(line)
    if not (holds(text, phrases().forwarded) and holds(text, phrases().message)):
        return False
    below = next_filled(lines[at + 1 : at + 4], 0) + at + 1
    if below < len(lines) and (is_quoted(lines[below]) or _kind(lines[below]) is not None):
        return True
    return _is_alone(lines, at) and len(line.split()) <= 6


def _is_alone(lines: Sequence[str], at: int) -> bool:
    """Tell a line with nothing right above and right below it."""
    return not any(line.strip() for line in (*lines[max(at - 1, 0) : at], *lines[at + 1 : at + 2]))


def _header_block(lines: Sequence[str], at: int) -> bool:
    """Tell whether "From: ... Sent: ... To: ..." starts here, in any language."""
    first = _kind(lines[at])
    if first not in ("from", "date"):
        return False
    kinds, address = {first, *_kinds_within(lines[at])}, "@" in lines[at]
    blanks = 0
    for line in lines[at + 1 : at + BLOCK_LINES]:
        if not line.strip():
            blanks += 1
            if blanks > 1 and len(kinds) < 2:
                break
            continue
        kind = _kind(line)
        if kind is None and blanks:
            break
        blanks = 0
        address = address or "@" in line[:LONGEST_LINE]
        if kind in kinds and kind in ("from", "date"):
            break  # another block, or a list of something else
        if kind:
            kinds.add(kind)
    if "from" in kinds and len(kinds) > 1:
        return (address and not kinds.isdisjoint(("date", "subject"))) or len(kinds) > 3
    if first == "date":
        return "to" in kinds and address and bool(_DATE.search(lines[at]))
    return _is_alone(lines, at) and bool(_ONLY_ADDRESS.fullmatch(lines[at][:200].partition(":")[2].strip()))


def _notes_header(lines: Sequence[str], at: int) -> bool:
    """Tell whether Notes' "X on 03/11/2025 09:31 AM" with "To:" and "Subject:" under it starts here."""
    if not _NOTES_DATE.search(lines[at][-60:]):
        return False
    kinds = [_kind(line) for line in lines[at + 1 : at + 8] if line.strip()]
    return kinds[:1] == ["to"] and "subject" in kinds


def is_notes_date(line: str) -> bool:
    """Tell the date of Notes on a line of its own: the line above it is a name."""
    return bool(_NOTES_DATE.match(line.strip()))


def _kinds_within(line: str) -> set[str]:
    """The kinds of further labels on one line, where a program put a header block on one."""
    kinds = (phrases().kinds.get(folded(label)) for label in _INNER_LABEL.findall(line[:300]))
    return {kind for kind in kinds if kind in ("date", "subject")}


def _kind(line: str) -> str | None:
    """What the label of a header line stands for, in any language."""
    match = _LABEL.match(unmarked(line[:80]))
    if not match or len(match[1]) > LONGEST_LABEL:
        return None
    return phrases().kinds.get(folded(" ".join(match[1].replace("*", " ").split())))
