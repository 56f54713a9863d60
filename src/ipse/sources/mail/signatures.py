"""The end of a text that its writer did not write anew: signature blocks and what a mail program adds.

Looks at the last lines only, and knows nothing of mail beyond how signatures look.
"""

import re
from collections.abc import Sequence
from typing import Final

from ipse.sources.mail.footers import above_footers
from ipse.sources.mail.phrases import folded, phrases, unmarked

__all__ = ["split_signature"]

REACH: Final = 30  # lines from the end in which a signature may start
LONGEST_LINE: Final = 100  # characters; a longer line is no part of a signature
LONGEST_NAME: Final = 6  # words
FEW: Final = 12  # filled lines of a signature at most, unless RFC 3676's "-- " starts it

_DELIMITER = re.compile(r"\s{0,3}(?:--|—|–|_{2,}|__\.?_,_\.?___)\s*")
_LONG_RULE = re.compile(r"\s{0,3}[-=_*—]{5,}\s*")
_DASH_NAME = re.compile(r"[-–—]{1,2}[^\W\d_]{2,20}\.?")
_ADDRESS = re.compile(r"\S@\S{2,}\.\S|www\.|https?://", re.IGNORECASE)
_NUMBER = re.compile(
    r"\+?\d[\d\s().-]{6,}\d|\b(?:tel|phone|mobile|fax|skype|cell|mob)\b|^[tfmp][.:]\s", re.IGNORECASE
)
# What phones and mail programs call themselves.
_DEVICE = re.compile(
    r"iphone|ipad|ipod|android|galaxy|samsung|blackberry|huawei|xiaomi|redmi|pixel|oneplus|motorola"
    r"|nokia|windows phone|smartphone|handy|mobil|phone|tablet|outlook|thunderbird|gmail|yahoo|proton|aol|gmx"
    r"|web\.de|yandex|mail\.ru|spark|sparrow|airmail|mailbird|bluemail|typeapp|superhuman|apple mail"
    r"|mail for windows|mail app|my mac|watch"
    r"|телефон|手机|手機|スマートフォン|스마트폰|휴대폰|هاتف|جهاز|הטלפון|điện thoại|ponsel",
    re.IGNORECASE,
)
_SENTENCE = re.compile(
    r"\b(?:is|are|was|were|will|ist|sind|war|est|sont|es|son|è|to all|because)\b", re.IGNORECASE
)
_LINK = re.compile(r"\s?[<(]\s?(?:https?|mailto)[^\s<>()]{0,300}[>)]")


def split_signature(
    lines: Sequence[str], *, sender: str = "", whole: bool = True
) -> tuple[list[str], list[str]]:
    """Split lines into what was written and the signature under it.

    ``sender`` is the writer's full name. Where ``lines`` are the ``whole`` text, a signature never takes all.
    """
    out = list(lines)
    end = _trimmed(out, len(out))
    start = _trimmed(out, _above_device_in_text(out, end))
    start = _trimmed(out, above_footers(out, start))
    start = _trimmed(out, _above_devices(out, start))
    for find in (_delimiter, _closing, _dash_name, _contact_rule, _contact_block):
        start = _trimmed(out, find(out, start))
    if sender:
        start = _trimmed(out, _sender(out, start, sender))
    if start == 0 and whole:
        return out, []
    return out[:start], out[start:end]


def _trimmed(lines: Sequence[str], end: int) -> int:
    while end and not lines[end - 1].strip():
        end -= 1
    return end


def _above_devices(lines: Sequence[str], end: int) -> int:
    while end and _is_device(lines[end - 1]):
        end = _trimmed(lines, end - 1)
    return end


def _above_device_in_text(lines: Sequence[str], end: int) -> int:
    """Phones put their line under what was typed: what follows it, apart, is the mail that was answered."""
    apart = (at for at in range(1, end - 2) if not lines[at + 1] and not lines[at - 1])
    return next((at for at in apart if _is_device(lines[at])), end)


def _is_device(line: str) -> bool:
    if len(line) > 400:
        return False
    if "<" in line or "(" in line:
        line = _LINK.sub("", line)
    line = folded(unmarked(line).strip("*_[]-. "))
    if not line or len(line) > LONGEST_LINE or line[-1] == "?":
        return False
    if line.startswith(phrases().device_begins):
        named = _DEVICE.search(line[:60])
        if named:
            return not _SENTENCE.search(line[: named.start()]) and not _SENTENCE.search(
                line[named.end() :][:12]
            )
        return not _SENTENCE.search(line) and not any(mark in line for mark in ",;")
    return len(line) < 60 and line.endswith(phrases().device_ends) and bool(_DEVICE.search(line))


def _short(lines: Sequence[str], *, few: int = FEW) -> bool:
    filled = [line for line in lines if line.strip()]
    return len(filled) <= few and all(len(line) <= LONGEST_LINE for line in filled)


def _delimiter(lines: Sequence[str], end: int) -> int:
    """The first line of dashes with only short lines under it; "-- " says what it is whatever follows."""
    for at in range(max(end - REACH, 0), end):
        line = lines[at]
        if line == "-- " or (_DELIMITER.fullmatch(line[:LONGEST_LINE]) and _short(lines[at + 1 : end])):
            return at
    return end


def _closing(lines: Sequence[str], end: int) -> int:
    """A closing, an empty line, a name: always the same block. "Thanks, Ann" is written each time."""
    for at in range(max(end - 8, 1), end - 2):
        if (
            lines[at + 1].strip()
            or folded(unmarked(lines[at][:60]).rstrip(" ,.!،，。！")) not in phrases().closings
        ):
            continue
        below = [line for line in lines[at + 1 : end] if line.strip()]
        # A company's cry at the end is no sentence; a sentence above it is.
        if below and len(below) <= 5 and all(len(line) <= 60 for line in below) and not _says(below):
            return at
    return end


def _says(lines: Sequence[str]) -> bool:
    """Tell whether a line ends as a sentence does."""
    return any(line.rstrip()[-1] in ".?!。？！" and len(line.split()) > 4 for line in lines)


def _dash_name(lines: Sequence[str], end: int) -> int:
    """A last line "-roman" under a finished sentence."""
    if end < 2 or not _DASH_NAME.fullmatch(lines[end - 1].rstrip()[:30]):
        return end
    above = lines[_trimmed(lines, end - 1) - 1].rstrip()
    return end - 1 if above.endswith((".", "!", "?", ")", "…")) and not above.startswith("-") else end


def _contacts(lines: Sequence[str]) -> int:
    """How many lines hold an address or a number."""
    return sum(
        bool(_ADDRESS.search(line[:LONGEST_LINE]) or _NUMBER.search(line[:LONGEST_LINE])) for line in lines
    )


def _contact_rule(lines: Sequence[str], end: int) -> int:
    """A long rule with addresses and numbers under it, and no sentence."""
    for at in range(max(end - REACH, 0), end - 2):
        if not _LONG_RULE.fullmatch(lines[at][:LONGEST_LINE]):
            continue
        below = [line for line in lines[at + 1 : end] if line.strip()]
        if _contacts(below) >= 2 and all(len(line) <= 60 for line in below):
            return at
    return end


def _contact_block(lines: Sequence[str], end: int) -> int:
    """A last paragraph that starts with a name and holds a number and an address, with no rule above it."""
    start = end
    while start and end - start <= FEW and lines[start - 1].strip():
        start -= 1
    block = lines[start:end]
    if start < 2 or not 3 <= len(block) <= FEW or lines[_trimmed(lines, start) - 1].rstrip()[-1:] in ":：":
        return end
    heads = [line[:LONGEST_LINE] for line in block]
    if heads[0].rstrip().endswith(","):  # "Thanks," is written each time
        start, heads = start + 1, heads[1:]
    unlike = any(char in ":@/" or char.isdigit() for char in heads[0])
    if unlike or len(heads[0].split()) > LONGEST_NAME or _says(heads):
        return end
    both = any(_ADDRESS.search(line) for line in heads) and any(_NUMBER.search(line) for line in heads)
    listed = any(line.lstrip()[:1] in "-*•" for line in heads)
    return start if both and not listed and all(len(line) <= 70 for line in block) else end


def _sender(lines: Sequence[str], end: int, sender: str) -> int:
    """The writer's full name on a line of its own, with titles, numbers or addresses under it."""
    name = " ".join(sender.split()).casefold()
    if " " not in name:
        return end
    for at in range(max(end - FEW, 1), end):
        if lines[at].strip().casefold() == name and _short(lines[at + 1 : end]):
            return at
    return end
