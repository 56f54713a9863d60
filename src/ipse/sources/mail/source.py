"""Gmail and other mail: a Takeout mbox, any mbox, single ``.eml`` files, folders of mails and maildirs.

Where it comes from: takeout.google.com ("Mail"), or "save as" of a mail program. Every mail becomes one
message, whether or not a person wrote it: list mail, bounces, calendar mail, and what Gmail labelled spam,
trash, draft or promotion is marked ``automatic``, so it is counted and never counts as the owner's style. A
mail without a usable date gets that of its separator line, else that of its way here, else 1970-01-01.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from itertools import islice
from typing import Final

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions, Survey
from ipse.records import Message, Person, Unreadable
from ipse.sources.mail import mime
from ipse.sources.mail.automatic import is_automatic
from ipse.sources.mail.files import Item, holds_mail, items
from ipse.sources.mail.headers import addresses, date, words
from ipse.sources.mail.part import Part
from ipse.sources.mail.replies import authored, forwards
from ipse.sources.reading.guides import guide

__all__ = ["Gmail"]

SAMPLE: Final = 400  # mails looked at to tell whether an export names its threads
MOST_PEOPLE: Final = 200  # of one mail; more are a mailing, not a conversation
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_REPLY = re.compile(
    r"\s*(?:re|aw|antw|sv|vs|odp|r[eé]f|res|rif|ynt|отв|відп|回复|回覆|답장|回信|vá|απ|תגובה"
    r"|رد|trả lời|bls"
    r"|fwd?|wg|tr|rv|enc|doorst|vb|vl|i|pd|továbbítás|trs|πρθ|הועבר"
    r"|إعادة توجيه|chuyển tiếp|пересл|转发|轉寄|転送|전달)"
    r"(?:\[\d+\])?\s*[:：]",
    re.IGNORECASE,
)
_FORWARD = re.compile(
    r"\s*(?:fwd?|wg|tr|rv|enc|doorst|vb|vl|i|pd|továbbítás|trs|πρθ|הועבר"
    r"|إعادة توجيه|chuyển tiếp|пересл|转发|轉寄|転送|전달)"
    r"\s*[:：]",
    re.IGNORECASE,
)
_ID = re.compile(r"<([^<>\s]{1,998})>")
_ENVELOPE_DATE = re.compile(
    r"([A-Z][a-z]{2}) +(\d{1,2}) +(\d{1,2}:\d\d(?::\d\d)?)(?: +([+-]\d{4}|[A-Z]{2,5}))? +(\d{4})"
    r"(?: +([+-]\d{4}))?"
)


class Gmail:
    """Mail, however it was exported."""

    name = "gmail"
    aliases: tuple[str, ...] = ("email", "gmail_mbox", "mbox", "eml", "maildir", "emlx")
    reads = "Gmail Takeout and other mail: mbox files, .eml files, folders of mails and maildirs"
    general = False

    def guide(self) -> str:
        """How to get the export."""
        return guide(self.name)

    def recognizes(self, path: ExportPath) -> bool:
        """Tell whether ``path`` is an mbox, a mail, a maildir, or a folder of mails and nothing else."""
        try:
            return holds_mail(path)
        except (SourceError, OSError):
            return False

    def survey(self, path: ExportPath, options: ReadOptions) -> Survey:  # noqa: ARG002 (headers need none)
        """Count who wrote how much, from the headers alone; ``units`` is what ``read`` will yield.

        Those whom mail was only sent to are met with a count of 0. Likely is whom it was delivered to.
        """
        senders: Counter[Person] = Counter()
        delivered: Counter[str] = Counter()
        met: dict[Person, None] = {}
        units = unreadable = 0
        for item in items(path):
            units += 1
            if item.fault:
                unreadable += 1
                continue
            mail = mime.headers(item.data)
            senders[_sender(mail)] += 1
            met.update(dict.fromkeys(_people(mail)))
            delivered.update(
                found.address.casefold() for found, _ in addresses(mail.get("delivered-to") or "")
            )
        owner, times = next(iter(delivered.most_common(1)), ("", 0))
        met.pop(Person(""), None)
        return Survey(
            senders={**dict.fromkeys(met, 0), **senders},
            units=units,
            notes=(f"{unreadable} of {units} pieces are no mail",) if unreadable else (),
            likely=tuple(who for who in senders if owner and who.address.casefold() == owner)
            if times * 2 > delivered.total()
            else (),
        )

    def read(self, path: ExportPath, options: ReadOptions) -> Iterator[Message | Unreadable]:
        """Yield a message for every mail and an ``Unreadable`` for every piece that is none."""
        reader = _Reader(options, linked=_names_threads(path))
        for item in items(path):
            if item.fault:
                yield Unreadable(item.file, f"byte {item.offset}", item.fault)
            else:
                yield reader.message(item)


def _names_threads(path: ExportPath) -> bool:
    """Tell whether mails of this export refer to each other; some servers and archives drop those headers."""
    looked_at = 0
    for item in islice(items(path), SAMPLE):
        if not item.fault:
            looked_at += 1
            mail = mime.headers(item.data)
            if any(mail.get(name) for name in ("x-gm-thrid", "references", "in-reply-to")):
                return True
    return looked_at == 0


class _Reader:
    """Makes messages of mails, for one run over one export."""

    def __init__(self, options: ReadOptions, *, linked: bool) -> None:
        self._me = frozenset(name.strip().casefold() for name in options.me)
        self._tz = options.tz
        self._linked = linked

    def message(self, item: Item) -> Message:
        mail = mime.parse(item.data)
        people = _people(mail)
        sender = _sender(mail)
        body = mime.body(mail)
        names = mime.attachments(mail)
        text = authored(body.text, sender=sender.name)
        own = bool({sender.address.casefold(), sender.name.casefold()} & self._me - {""})
        subject = mail.get("subject")
        at = self._date(mail, item.envelope)
        return Message(
            id=_id(mail, body.raw, at),
            conversation=self._conversation(mail, sender, people),
            platform=Gmail.name,
            at=at,
            sender=sender,
            text=text,
            raw=body.raw,
            participants=people,
            group=len({person.address.casefold() or person.name for person in people}) > 2,
            content_type="text" if text or not names else "media",
            subject=None if subject is None else words(subject),
            reply_to=_hashed(_first_id(mail, "in-reply-to")),
            account=self._account(mail, people),
            sender_domain=sender.address.rpartition("@")[2].lower() or None,
            attachments=names,
            automatic=is_automatic(mail, sender, own=own),
            forwarded=_is_forward(mail, text, body.text),
        )

    def _date(self, mail: Part, envelope: str) -> datetime:
        candidates = [mail.get("date") or ""]
        if match := _ENVELOPE_DATE.search(envelope):
            month, day, time, zone, year, late_zone = match.groups()
            candidates.append(f"{day} {month} {year} {time} {zone or late_zone or ''}")
        candidates += [value.rpartition(";")[2] for value in mail.get_all("received")[:20]]
        found = (date(value, self._tz) for value in candidates if value)
        return next((at for at in found if at is not None), EPOCH)

    def _conversation(self, mail: Part, sender: Person, people: Iterable[Person]) -> str:
        """The key of the thread: Gmail's own, else the mail it began with, else subject and people."""
        if thread := (mail.get("x-gm-thrid") or "").strip():
            return f"thread {thread[:64]}"
        subject = words(mail.get("subject") or "")
        root = _first_id(mail, "references") or _first_id(mail, "in-reply-to")
        if not root and self._linked and not _REPLY.match(subject):
            root = _first_id(mail, "message-id")
        if root:
            return f"thread <{root}>"
        while match := _REPLY.match(subject):
            subject = subject[match.end() :]
        keys = {(person.address or person.name).casefold() for person in (sender, *people)}
        return "\n".join([" ".join(subject.split()).casefold(), *sorted(keys - {""})[:50]])

    def _account(self, mail: Part, people: Iterable[Person]) -> str | None:
        if not self._me:
            return None
        delivered = [found[0] for found in addresses(mail.get("delivered-to") or "")]
        named = (person.address for person in (*people, *delivered))
        return next((address for address in named if address.casefold() in self._me), None)


def _sender(mail: Part) -> Person:
    found = addresses(mail.get("from") or "")
    return found[0][0] if found else Person("")


def _people(mail: Part) -> tuple[Person, ...]:
    """Sender and recipients, also with a name that stands in a comment: it must be known to be replaced."""
    out: dict[Person, None] = {}
    for field in ("from", "to", "cc"):
        for value in mail.get_all(field):
            for person, comment in addresses(value):
                out[person if person.name or not comment else Person(comment, person.address)] = None
    return tuple(islice(out, MOST_PEOPLE))


def _first_id(mail: Part, field: str) -> str:
    match = _ID.search(mail.get(field) or "")
    return match[1] if match else ""


def _hashed(message_id: str) -> str | None:
    return sha256(f"<{message_id}>".encode()).hexdigest()[:32] if message_id else None


def _id(mail: Part, raw: str, at: datetime) -> str:
    """The mail's own id, hashed; without one the hash of its content, which every copy of it shares.

    An id whose right half names no domain was not given by the mailer but by a program that copied or
    converted the mail, and each copy got another.
    """
    own = _first_id(mail, "message-id")
    if "." in own.rpartition("@")[2] and (known := _hashed(own)):
        return known
    content = f"{at.isoformat()}|{mail.get('from')}|{mail.get('subject')}|{raw}"
    return sha256(content.encode("utf-8", "replace")).hexdigest()[:32]


def _is_forward(mail: Part, text: str, whole: str) -> bool:
    """Tell a mail in which nothing is the sender's own: forwarded without a word, or without a mark."""
    if forwards(whole):
        return not text
    return bool(_FORWARD.match(words(mail.get("subject") or ""))) and text == whole.strip()
