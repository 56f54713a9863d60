"""The end of a text that its writer did not write anew: signature blocks and what a mail program adds.

Looks at the last lines only, and knows nothing of mail beyond how signatures look.
"""

import re
from collections.abc import Sequence
from typing import Final

__all__ = ["split_signature"]

REACH: Final = 30  # lines from the end in which a signature may start
LONGEST_LINE: Final = 100  # characters; a longer line is no part of a signature
FEW: Final = 12  # filled lines of a signature at most, unless RFC 3676's "-- " starts it

_DELIMITER = re.compile(r"\s{0,3}(?:--|—|–|_{2,})\s*")
_LONG_RULE = re.compile(r"\s{0,3}[-=_*]{5,}\s*")
_DASH_NAME = re.compile(r"[-–—]{1,2}[^\W\d_]{2,20}\.?")
_CLOSING = re.compile(
    r"(?:(?:best|kind|kindest|warm|warmest|many|with|my|yours?|mit|freundlichen|viele|liebe|beste|schöne|met|"
    r"vriendelijke|cordiali|distinti|un|bien|très)\s){0,3}"
    r"(?:regards|wishes|sincerely|truly|cordially|grüße|grüßen|gruß|gruss|gruessen|groet|groeten|"
    r"saluti|saludo|saludos|cordialement|cordialmente|abraço|atenciosamente|hilsen|hälsningar|terveisin|"
    r"pozdrawiam|с уважением)\s?[,.!]?",
    re.IGNORECASE,
)
_CONTACT = re.compile(
    r"@|www\.|https?://|\+?\d[\d\s().-]{6,}\d|\b(?:tel|phone|mobile|fax|skype|cell)\b|^[tfmp][.:]\s",
    re.IGNORECASE,
)
# "Sent from my iPhone" in the languages of phones; never a sentence that goes on.
_DEVICE = re.compile(
    r"(?:sent (?:from|via|with|using|by|wirelessly|on)\b|get outlook for\b|"
    r"via mobile|"
    r"envoyé (?:de|depuis|sans|à partir)|télécharger outlook|obtenez outlook|"
    r"(?:von|vom) (?:meinem?|unterwegs|mobil)|gesendet (?:von|mit|über)|"
    r"outlook für|diese nachricht wurde von meinem|enviado (?:desde|do|a partir|mediante|con)|"
    r"obtener outlook|obter o outlook|"
    r"inviato (?:da|con)|verzonden (?:vanaf|met|via)|verstuurd vanaf|skickat från|skickades från|sendt fra|"
    r"lähetetty|wysłan[eo] z|отправлено (?:с|из)|відправлено з|odesláno z|"
    r"iphone'?umdan gönderildi|从我的|發自我的|发自我的|iphoneから送信|내 iphone에서)[^,;?]{0,70}",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"\b(?:is|are|was|were|will|ist|sind|war|est|sont|es|son|è)\b", re.IGNORECASE)
_LINK = re.compile(r"\s?[<(]\s?(?:https?|mailto)[^\s<>()]{0,300}[>)]")


def split_signature(
    lines: Sequence[str], *, sender: str = "", whole: bool = True
) -> tuple[list[str], list[str]]:
    """Split lines into what was written and the signature under it.

    ``sender`` is the writer's full name. Where ``lines`` are the ``whole`` text, a signature never takes all.
    """
    out = list(lines)
    end = _trimmed(out, len(out))
    start = _above_devices(out, end)
    start = _trimmed(out, start)
    for find in (_delimiter, _closing, _dash_name, _contact_rule):
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


def _is_device(line: str) -> bool:
    if len(line) > 400:
        return False
    line = _LINK.sub("", line).strip().strip("*_[]")
    if not line or len(line) > LONGEST_LINE or _SENTENCE.search(line):
        return False
    if _DEVICE.fullmatch(line):
        return True
    return len(line) < 60 and line.casefold().endswith(
        ("iphone gesendet", "ipad gesendet", "android gesendet")
    )


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
        if not _CLOSING.fullmatch(lines[at].strip()[:60]) or lines[at + 1].strip():
            continue
        below = [line for line in lines[at + 1 : end] if line.strip()]
        if below and len(below) <= 5 and all(len(line) <= 60 and line[-1] not in ".?!" for line in below):
            return at
    return end


def _dash_name(lines: Sequence[str], end: int) -> int:
    """A last line "-roman" under a finished sentence."""
    if end < 2 or not _DASH_NAME.fullmatch(lines[end - 1].rstrip()[:30]):
        return end
    above = lines[_trimmed(lines, end - 1) - 1].rstrip()
    return end - 1 if above.endswith((".", "!", "?", ")", "…")) and not above.startswith("-") else end


def _contact_rule(lines: Sequence[str], end: int) -> int:
    """A long rule with addresses and numbers under it, and no sentence."""
    for at in range(max(end - REACH, 0), end - 2):
        if not _LONG_RULE.fullmatch(lines[at][:LONGEST_LINE]):
            continue
        below = [line for line in lines[at + 1 : end] if line.strip()]
        contacts = sum(bool(_CONTACT.search(line[:LONGEST_LINE])) for line in below)
        if contacts >= 2 and all(len(line) <= 60 for line in below):
            return at
    return end


def _sender(lines: Sequence[str], end: int, sender: str) -> int:
    """The writer's full name on a line of its own, with titles, numbers or addresses under it."""
    name = " ".join(sender.split()).casefold()
    if " " not in name:
        return end
    for at in range(max(end - FEW, 1), end):
        if lines[at].strip().casefold() == name and _short(lines[at + 1 : end]):
            return at
    return end
