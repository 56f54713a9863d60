"""What the writer of a mail wrote: the text without quotes, forwarded mail and signatures.

Pure text in, pure text out; knows neither mail nor files. Works line by line with patterns that look at short
pieces only, so time grows with the length of the text and nothing else. Where a line could be either, it
stays: what is the writer's own must not be lost. A forwarded mail never counts as theirs.
"""

import re
from typing import Final

from ipse.sources.mail.signatures import split_signature

__all__ = ["authored", "forwards"]

LONGEST_LINE: Final = 600  # characters of a line, or of lines joined, in which a quote header is looked for
HEADER_LINES: Final = 4  # a quote header wraps over so many lines

_QUOTED = re.compile(r"[ \t]{0,3}>")
_DASHES = frozenset("-_=")
_RULE = re.compile(r"\s*[-_=*~—–]{3,}\s*")

# "wrote", in the languages that mail programs speak.
_WROTE = (
    r"(?:\b(?:wrote|writes|schrieb|geschrieben|schreef|écrit|ecrit|escribió|escribio|escreveu|escrigué|"
    r"ha scritto|scrive|napisał(?:\(a\)|a)?|napsal(?:\(a\)|a)?|napísal|skrev|skrifaði|kirjoitti|kirjutas|"
    r"rakstīja|rašė|viết|a scris|írta|yazdı|έγραψε|написал(?:\(а\)|а)?|написав|писал|пишет|пише|написа|"
    r"menulis)\b"
    r"|写道|寫道|写到|のメッセージ|님이 작성)"
)
# What a quote header begins with: "On", "Am", "Le" ..., a weekday, or the date itself.
_START = re.compile(
    r"[-_*\s]{0,12}(?:"
    r"(?:On|Am|Le|El|Il|Em|Op|W dniu|Dnia|Den|D|På|Vào|Στις|Dne|Dňa|În|Na|A|Pada|Kl|Um|于|在)\s"
    r"|(?:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|mié|jeu|jue|gio|ven|vie|sam|sáb|sab|dim|dom|"
    r"ma|wo|vr|za|zo|seg|ter|qua|qui|sex|ti|ke|to|pe|la|su|man|tir|ons|tor|fre|lør|søn|mån|tis|lör|sön|"
    r"pon|wt|śr|czw|pt|sob|niedz|пн|вт|ср|чт|пт|сб|вс)[a-zäéçñçйа-яё]{0,9}[.,]{0,2}\s"
    r"|\d)",
    re.IGNORECASE,
)
_INLINE = re.compile(
    r"[-_]{0,6}\s?\bOn\s(?=(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|\d))"
)
_DATE = re.compile(r"\b\d{1,2}\s?[:.h]\s?\d{2}\b|\b(?:19|20)\d{2}(?!\d)|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b")
_NOTES_DATE = re.compile(
    r"\d{1,4}[./-]\d{1,2}[./-]\d{2,4}\s{1,3}\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:\s?[AaPp][Mm])?\s*$"
)
_ADDRESS = (
    r"[<(\[](?:mailto:)?[^<>()\[\]@\s]{1,100}@[^<>()\[\]@]{1,150}(?:[<\[][^<>\[\]]{1,150}[>\]]{1,2})?[>)\]]"
)
_WROTE_LAST = re.compile(rf"{_WROTE}$")
_WROTE_END = re.compile(rf"{_WROTE}(?:.{{0,200}}[:：])?[\s*_-]{{0,8}}$")
_COLON = re.compile(r"[:：][\s*_-]{0,8}$")
_ADDRESS_END = re.compile(rf"{_ADDRESS}\"?\s*(?:{_WROTE})?\s*[:：]?[\s*_-]{{0,8}}$")

# "-----Original Message-----" and its kin: dashes, some word for a mail, dashes.
_DIVIDER = re.compile(
    r"\s*[-_=]{2,24}\s?[^-_=\n]{0,40}(?:mess?ag|nachricht|mail|mensaje|mensagem|messaggio|bericht|meddelelse|melding|"
    r"meddelande|viesti|wiadomo|сообщен|повідомлен|письмо|zpráva|správa|üzenet|mesaj|ileti|邮件|郵件|메시지|メッセージ)"
    r"[^-_=\n]{0,40}[-_=]{2,24}\s*",
    re.IGNORECASE,
)
_FORWARDED = (
    r"forwarded|weitergeleitet|transféré|réexpédié|reenviado|inoltrat|encaminhad|reencaminhad|doorgestuurd|"
    r"vidarebefordra|videresendt|edelleenlähetetty|välitetty|przekazan|переслан|转发|轉寄|転送"
)
_FORWARD_LINE = re.compile(
    rf"\s*(?:[-_=]{{2,40}}[^\n]{{0,40}}(?:{_FORWARDED})[^\n]{{0,200}}"
    r"|(?:begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-mail)|"
    r"début du message (?:réexpédié|transféré)|inicio del mensaje reenviado|"
    r"inizio (?:del )?messaggio inoltrato|início da mensagem (?:re)?encaminhada|begin doorgestuurd bericht|"
    r"vidarebefordrat (?:brev|mejl)|videresendt melding|start på videresendt besked|"
    r"начало переадресованного сообщения)\s?[:：])\s*",
    re.IGNORECASE,
)

# The labels of a header block, as Outlook and others write it above what they quote.
_LABELS: Final = {
    "from": "from von de da van fra från od от від lähettäjä mittente feladó kimden gönderen από expéditeur "
    "remitente 发件人 寄件者 差出人 보낸사람",
    "date": "date datum fecha data dato päivämäärä päiväys dátum tarih дата ημερομηνία sent gesendet envoyé "
    "enviado inviato verzonden sendt skickat lähetetty wysłano odesláno отправлено надіслано elküldve "
    "gönderildi 发送时间 日期 日時 날짜 送信日時",
    "to": "to an à a para per aan til till vastaanottaja do komu кому címzett kime alıcı προς destinataire "
    "destinatario 收件人 宛先 받는사람",
    "subject": "subject betreff objet asunto oggetto assunto onderwerp emne ämne aihe temat předmět predmet "
    "тема tárgy konu θέμα sujet 主题 主旨 件名 제목",
    "cc": "cc kopie copie copia cópia kopi kopia kopio копия",
}
_KIND: Final = {word: kind for kind, wanted in _LABELS.items() for word in wanted.split()}
_LABEL = re.compile(
    r"[\s>*|]{0,12}([^\W\d_]{1,16}(?:[\s ](?:du|à|le|i))?)\s{0,2}\*{0,2}\s{0,2}[:：]\*{0,2}(?!//)"
)


def authored(text: str, *, sender: str = "") -> str:
    """Return what the writer of ``text`` wrote. ``sender``, their full name, helps to find a signature."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    fragments = _fragments(lines)
    whole = len(fragments) == 1 and len(fragments[0]) == len(lines)
    kept = [split_signature(fragment, sender=sender, whole=whole)[0] for fragment in fragments]
    return "\n\n".join(part for part in ("\n".join(lines).strip() for lines in kept) if part)


def forwards(text: str) -> bool:
    """Tell whether a forwarded mail stands in ``text``, marked as one."""
    return any(len(line) <= LONGEST_LINE and _FORWARD_LINE.fullmatch(line) for line in text.splitlines())


def _fragments(lines: list[str]) -> list[list[str]]:
    """Cut the lines at quotes and at whatever ends the writer's own text; give back what is between."""
    code = _code(lines)
    ends = {at for at, line in enumerate(lines) if _may_end_header(line)}
    out: list[list[str]] = [[]]
    at = 0
    while at < len(lines):
        if at in code:
            out[-1].append(lines[at])
            at += 1
            continue
        if _QUOTED.match(lines[at]) and not _escaped_from(lines, at):
            at = _after_quote(lines, at)
            out.append([])
            continue
        if _ends_all(lines, at):
            if _NOTES_DATE.match(lines[at].strip()) and out[-1]:
                out[-1].pop()  # the name that Notes writes above its date
            _strip_rules(out[-1])
            return out
        near = ends and not ends.isdisjoint(range(at, at + HEADER_LINES))
        header = _quote_header(lines, at) if near else None
        if header is None:
            out[-1].append(lines[at])
            at += 1
            continue
        before, at = header
        out[-1].append(before)
        following = _next_filled(lines, at)
        if following == len(lines) or not _QUOTED.match(lines[following]):
            _strip_rules(out[-1])
            return out  # what follows is the quoted mail, down to the end
        at = following
    return out


def _code(lines: list[str]) -> set[int]:
    """The lines between two fences, in which ``> `` may be a prompt; a fence that nothing closes is none."""
    fences = [at for at, line in enumerate(lines) if line.lstrip().startswith("```")]
    return {at for start, end in zip(fences[::2], fences[1::2], strict=False) for at in range(start, end + 1)}


def _may_end_header(line: str) -> bool:
    """A cheap look before the patterns: nearly all lines end in none of these ways."""
    end = line[-40:].rstrip(" \t*_-").lower()
    return end.endswith((":", "：")) or bool(_WROTE_LAST.search(end))


def _escaped_from(lines: list[str], at: int) -> bool:
    """Tell a lone ">From " line, which an mbox makes of the writer's own, from a quote."""
    if not lines[at].startswith((">From ", ">>From ")):
        return False
    around = (*lines[max(at - 1, 0) : at], *lines[at + 1 : at + 2])
    return not any(_QUOTED.match(line) for line in around)


def _strip_rules(lines: list[str]) -> None:
    """Remove the line of dashes that stands between the reply and what it quotes."""
    while lines and (not lines[-1].strip() or _RULE.fullmatch(lines[-1][:200])):
        lines.pop()


def _next_filled(lines: list[str], at: int) -> int:
    while at < len(lines) and not lines[at].strip():
        at += 1
    return at


def _after_quote(lines: list[str], at: int) -> int:
    """The first line behind the quote that starts at ``at``; a link broken by wrapping stays in the quote."""
    end = at
    while at < len(lines):
        if _QUOTED.match(lines[at]):
            end = at + 1
        elif lines[at].strip() and not _closes_link(lines[at - 1], lines[at]):
            break
        elif lines[at].strip():
            end = at + 1
        at += 1
    return end


def _closes_link(before: str, line: str) -> bool:
    for opening, closing in (("(http", ")"), ("<http", ">")):
        opened = before.rfind(opening)
        if opened >= 0 and closing not in before[opened:]:
            return closing in line and " " not in line.partition(closing)[0].strip()
    return False


def _ends_all(lines: list[str], at: int) -> bool:
    """Tell whether everything from here on is a mail that is quoted or forwarded whole."""
    line = lines[at]
    if len(line) > LONGEST_LINE or (
        ":" not in line and "：" not in line and line.lstrip()[:1] not in _DASHES
    ):
        return False
    if _DIVIDER.fullmatch(line) or _FORWARD_LINE.fullmatch(line):
        return True
    return _header_block(lines, at) or _notes_header(lines, at)


def _header_block(lines: list[str], at: int) -> bool:
    """Tell whether "From: ... Sent: ... To: ..." starts here, in any language."""
    first = _kind(lines[at])
    if first not in ("from", "date"):
        return False
    kinds, address = {first}, "@" in lines[at]
    blanks = 0
    for line in lines[at + 1 : at + 12]:
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
        if kind:
            kinds.add(kind)
    return (
        "from" in kinds
        and len(kinds) > 1
        and ((address and len(kinds & {"date", "subject"}) > 0) or len(kinds) > 3)
    )


def _notes_header(lines: list[str], at: int) -> bool:
    """Tell whether Notes' "X on 03/11/2025 09:31 AM" with "To:" and "Subject:" under it starts here."""
    if not _NOTES_DATE.search(lines[at][-60:]):
        return False
    kinds = [_kind(line) for line in lines[at + 1 : at + 8] if line.strip()]
    return kinds[:1] == ["to"] and "subject" in kinds


def _kind(line: str) -> str | None:
    match = _LABEL.match(line[:80])
    if not match:
        return None
    label = match[1].casefold().replace(" ", " ")
    if label == "message du":
        return "date"
    return _KIND.get(label.partition(" ")[0])


def _quote_header(lines: list[str], at: int) -> tuple[str, int] | None:
    """Find a line like "On ... X wrote:" here: what the writer put before it, and the line after it."""
    if not lines[at].strip():
        return None
    joined = ""
    for end in range(at, min(at + HEADER_LINES, len(lines))):
        line = lines[end].strip()
        if not line or len(joined) + len(line) > LONGEST_LINE or (end > at and _QUOTED.match(lines[end])):
            return None
        if end > at and (_START.match(line) and _DATE.search(line[:80])):
            return None  # the header starts on a later line
        joined = f"{joined} {line}" if joined else line
        if not _may_end_header(line):
            continue
        start = _header_start(joined, first=len(lines[at].strip()), wraps=end > at)
        if start is None:
            start = 0 if _is_weak_header(joined, lines, end + 1, wraps=end > at) else None
        if start is not None:
            return joined[:start].rstrip(" -_") if start else "", end + 1
    return None


def _header_start(joined: str, *, first: int, wraps: bool) -> int | None:
    """Where a quote header starts in ``joined``, within the ``first`` characters; None: there is none."""
    wrote = _WROTE_END.search(joined)
    address = _ADDRESS_END.search(joined)
    colon = _COLON.search(joined)
    dated = _DATE.search(joined)
    if (
        dated
        and (wrote or address)
        and (colon or (wrote and address) or (wrote and joined.rstrip().endswith("-")))
    ):
        if _START.match(joined):
            return 0
        inline = _INLINE.search(joined)
        if inline and inline.start() < first and wrote:
            return inline.start()
    if address and colon and (wrote or dated) and (not wraps or _DATE.search(joined[:first])):
        return 0
    return None


def _is_weak_header(joined: str, lines: list[str], after: int, *, wraps: bool) -> bool:
    """Tell "X wrote:" without a date from a sentence that ends so: a quote must follow."""
    following = _next_filled(lines, after)
    if following == len(lines) or not _QUOTED.match(lines[following]) or not _COLON.search(joined):
        return False
    return bool(_WROTE_END.search(joined)) and (not wraps or bool(_START.match(joined)))
