"""Gmail and other mail: a Takeout mbox, any mbox, single ``.eml`` files, folders of mails and maildirs.

Where it comes from: takeout.google.com ("Mail"), or "save as" of a mail program. Every mail becomes one
message, whether or not a person wrote it: list mail, bounces, calendar mail, and what Gmail labelled spam,
trash, draft or promotion is marked ``automatic``, so it is counted and never counts as the owner's style. A
mail without a usable date gets that of its separator line, else that of its way here, else 1970-01-01.
"""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from email.message import Message as Mail
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions, Survey
from ipse.records import Message, Person, Unreadable
from ipse.sources.mail import mime
from ipse.sources.mail.headers import addresses, date, words
from ipse.sources.mail.mbox import Piece, is_mbox, pieces
from ipse.sources.mail.replies import authored, forwards
from ipse.sources.reading.guides import guide

__all__ = ["Gmail"]

HEAD: Final = 16384  # bytes of a file that tell whether it is mail
SAMPLE: Final = 400  # mails looked at to tell whether an export names its threads
LONGEST: Final = 32 << 20  # bytes read of a single mail; attachments come last
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_MARK: Final = b"\xef\xbb\xbf"
_FIELD = re.compile(rb"^([!-9;-~]{1,80})[ \t]*:", re.MULTILINE)
_KNOWN = frozenset(
    b"from to cc date subject message-id received return-path mime-version content-type delivered-to "
    b"reply-to sender x-gm-thrid x-gmail-labels in-reply-to references bcc".split()
)
# Gmail writes labels in the language of the account.
_LABELS_ASIDE = re.compile(
    r"spam|junk|pourriel|correo no deseado|спам|スパム|垃圾|스팸"
    r"|trash|bin|papierkorb|corbeille|papelera|cestino|lixeira|lixo|prullenbak|papperskorgen|papirkurv|kosz|"
    r"корзина|кошик|ゴミ箱|已删除|휴지통"
    r"|drafts?|entw[uü]rfe?|brouillons?|borrador(?:es)?|bozz[ae]|rascunhos?|concepten|utkast|kladder|"
    r"wersje robocze|черновик[иі]?|чернетки|下書き|草稿|임시보관함"
    r"|.*(?:promotion|promoç|promoc|promozion|werbung|reclame|промоакци|プロモーション|推广|프로모션).*",
    re.IGNORECASE,
)
_LABEL = re.compile(r'"((?:[^"]|"")*)"|([^,"]+)')
_ROBOT = re.compile(
    r"(?:mailer-daemon|postmaster|no[-_.]?reply|do[-_.]?not[-_.]?reply|bounces?|notifications?)\b",
    re.IGNORECASE,
)
_REPLY = re.compile(
    r"\s*(?:re|aw|antw|sv|vs|odp|r[eé]f|res|rif|ynt|отв|回复|回覆|답장|fwd?|wg|tr|rv|enc|doorst|vb|i)"
    r"(?:\[\d+\])?\s*[:：]", re.IGNORECASE,
)  # fmt: skip
_FORWARD = re.compile(r"\s*(?:fwd?|wg|tr|rv|enc|doorst|vb|转发|轉寄)\s*[:：]", re.IGNORECASE)
_ID = re.compile(r"<([^<>\s]{1,998})>")
_ENVELOPE_DATE = re.compile(
    r"([A-Z][a-z]{2}) +(\d{1,2}) +(\d{1,2}:\d\d(?::\d\d)?)(?: +([+-]\d{4}|[A-Z]{2,5}))? +(\d{4})"
    r"(?: +([+-]\d{4}))?"
)


class _Item(NamedTuple):
    """One mail still in bytes, or the reason why there is none."""

    file: str
    offset: int
    envelope: str
    data: bytes
    fault: str = ""


class Gmail:
    """Mail, however it was exported."""

    name = "gmail"
    aliases: tuple[str, ...] = ("email", "gmail_mbox", "mbox", "eml")
    reads = "Gmail Takeout and other mail: mbox files, .eml files, folders of mails and maildirs"
    general = False

    def guide(self) -> str:
        """How to get the export."""
        return guide(self.name)

    def recognizes(self, path: "Path | ExportPath") -> bool:
        """Tell whether ``path`` is an mbox, a mail, a maildir, or a folder of mails and nothing else."""
        path = path if isinstance(path, Path) else path.path or Path(path.label)
        try:
            if not path.is_dir():
                head = _head(path)
                return is_mbox(head) or _is_mail(head, suffix=path.suffix)
            if _is_maildir(path):
                return True
            children = [child for child in islice(path.iterdir(), SAMPLE) if not child.name.startswith(".")]
            return bool(children) and all(
                child.is_file() and _is_mail(_head(child), suffix=child.suffix) for child in children
            )
        except OSError:
            return False

    def survey(self, path: "Path | ExportPath", options: ReadOptions) -> Survey:  # noqa: ARG002 (headers need none)
        """Count who wrote how much, from the headers alone; ``units`` is what ``read`` will yield."""
        path = path if isinstance(path, Path) else path.path or Path(path.label)
        senders: Counter[Person] = Counter()
        units = unreadable = 0
        for item in _items(path):
            units += 1
            if item.fault:
                unreadable += 1
            else:
                senders[_sender(mime.headers(item.data))] += 1
        notes = (f"{unreadable} of {units} pieces are no mail",) if unreadable else ()
        return Survey(senders=dict(senders), units=units, notes=notes)

    def read(self, path: "Path | ExportPath", options: ReadOptions) -> Iterator[Message | Unreadable]:
        """Yield a message for every mail and an ``Unreadable`` for every piece that is none."""
        path = path if isinstance(path, Path) else path.path or Path(path.label)
        reader = _Reader(options, linked=_names_threads(path))
        for item in _items(path):
            if item.fault:
                yield Unreadable(item.file, f"byte {item.offset}", item.fault)
            else:
                yield reader.message(item)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)


def _is_mail(head: bytes, *, suffix: str) -> bool:
    """Tell by the first lines: fields that mail has, and no other kind of line before them."""
    head = head.removeprefix(_MARK).lstrip()
    if head.startswith(b"From "):
        head = head.partition(b"\n")[2]
    fields = _fields(head)
    known = len(fields & _KNOWN)
    return known >= 3 or (suffix.lower() == ".eml" and bool(fields))


def _fields(head: bytes) -> set[bytes]:
    """The names of the header fields that ``head`` starts with, in lower case."""
    if not _FIELD.match(head):
        return set()
    top = re.split(rb"\r?\n\r?\n", head, maxsplit=1)[0]
    return {name.lower() for name in _FIELD.findall(top)}


def _is_maildir(path: Path) -> bool:
    return (path / "cur").is_dir() and (path / "new").is_dir()


def _files(path: Path) -> Iterator[Path]:
    """Every file of an export, in an order that does not change from run to run."""
    if not path.is_dir():
        yield path
        return
    maildir = _is_maildir(path)
    for child in sorted(path.iterdir()):
        if child.is_dir():
            if not maildir or child.name in ("cur", "new") or _is_maildir(child):
                yield from _files(child)
        elif not maildir and not child.name.startswith("."):
            yield child


def _items(path: Path) -> Iterator[_Item]:
    if not path.exists():
        raise SourceError(f"{path}: no such file or folder.", hint="Check the path.")
    for file in _files(path):
        name = file.name if file == path else os.fspath(file.relative_to(path))
        try:
            yield from _of_file(file, name)
        except OSError as error:
            yield _Item(name, 0, "", b"", f"the file cannot be read ({error.strerror})")


def _of_file(path: Path, name: str) -> Iterator[_Item]:
    with path.open("rb") as file:
        head = file.read(HEAD)
        file.seek(0)
        if is_mbox(head) and path.suffix.lower() != ".eml":
            for piece in pieces(file):
                yield _item(piece, name)
            return
        data = file.read(LONGEST).removeprefix(_MARK).lstrip()
    envelope = b""
    if data.startswith(b"From "):
        envelope, _, data = data.partition(b"\n")
    if not data.strip():
        yield _Item(name, 0, "", b"", "the file is empty")
    elif not _fields(data[:HEAD]):
        yield _Item(name, 0, "", b"", "no mail: it does not start with a header")
    else:
        yield _Item(name, 0, envelope.decode("latin-1"), data)


def _item(piece: Piece, name: str) -> _Item:
    if not piece.envelope:
        return _Item(name, piece.offset, "", b"", "bytes before the first mail")
    return _Item(name, piece.offset, piece.envelope.decode("latin-1"), piece.data)


def _names_threads(path: Path) -> bool:
    """Tell whether mails of this export refer to each other; some servers and archives drop those headers."""
    looked_at = 0
    for item in islice(_items(path), SAMPLE):
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

    def message(self, item: _Item) -> Message:
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
            id=_id(mail, item, at),
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
            automatic=_is_automatic(mail, sender, own=own),
            forwarded=_is_forward(mail, text, body.text),
        )

    def _date(self, mail: Mail, envelope: str) -> datetime:
        candidates = [mail.get("date") or ""]
        if match := _ENVELOPE_DATE.search(envelope):
            month, day, time, zone, year, late_zone = match.groups()
            candidates.append(f"{day} {month} {year} {time} {zone or late_zone or ''}")
        candidates += [value.rpartition(";")[2] for value in mail.get_all("received", [])[:20]]
        found = (date(value, self._tz) for value in candidates if value)
        return next((at for at in found if at is not None), EPOCH)

    def _conversation(self, mail: Mail, sender: Person, people: Iterable[Person]) -> str:
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

    def _account(self, mail: Mail, people: Iterable[Person]) -> str | None:
        delivered = [found[0] for found in addresses(mail.get("delivered-to") or "")]
        named = (person.address for person in (*people, *delivered))
        return next((address for address in named if address.casefold() in self._me), None)


def _sender(mail: Mail) -> Person:
    found = addresses(mail.get("from") or "")
    return found[0][0] if found else Person("")


def _people(mail: Mail) -> tuple[Person, ...]:
    """Sender and recipients, also with a name that stands in a comment: it must be known to be replaced."""
    out: dict[Person, None] = {}
    for field in ("from", "to", "cc"):
        for value in mail.get_all(field, []):
            for person, comment in addresses(value):
                out[Person(person.name or comment, person.address)] = None
    return tuple(out)


def _first_id(mail: Mail, field: str) -> str:
    match = _ID.search(mail.get(field) or "")
    return match[1] if match else ""


def _hashed(message_id: str) -> str | None:
    return sha256(f"<{message_id}>".encode()).hexdigest()[:32] if message_id else None


def _id(mail: Mail, item: _Item, at: datetime) -> str:
    """The mail's own id, hashed; without one the hash of its content, which every copy of it shares."""
    known = _hashed(_first_id(mail, "message-id"))
    if known:
        return known
    mark = sha256(f"{at.isoformat()}|{mail.get('from')}|{mail.get('subject')}|".encode("utf-8", "replace"))
    mark.update(b"\n".join(item.data.split()))
    return mark.hexdigest()[:32]


def _is_automatic(mail: Mail, sender: Person, *, own: bool) -> bool:
    """Tell what no person wrote to this person, and what the owner has put aside."""
    if any(_LABELS_ASIDE.fullmatch(label) for label in _labels(mail)):
        return True
    if (mail.get("auto-submitted") or "no").strip().lower() != "no":
        return True
    kinds = {mail.get_content_type(), *(part.get_content_type() for part in islice(mime.parts(mail), 20))}
    if kinds & {"multipart/report", "text/calendar", "message/delivery-status"}:
        return True
    if own:  # what the owner sent to a list is the owner's
        return False
    if (mail.get("precedence") or "").strip().lower() in ("bulk", "list", "junk", "auto_reply"):
        return True
    if any(
        mail.get(name) for name in ("list-id", "list-unsubscribe", "list-post", "feedback-id", "x-autoreply")
    ):
        return True
    return bool(_ROBOT.match(sender.address)) or (mail.get("return-path") or "").strip() == "<>"


def _labels(mail: Mail) -> list[str]:
    """Gmail's labels: encoded words, folded, separated by commas except inside quotes."""
    value = words(mail.get("x-gmail-labels") or "")
    found = (quoted.replace('""', '"') or plain for quoted, plain in _LABEL.findall(value))
    return [" ".join(label.split()) for label in found if label.strip()]


def _is_forward(mail: Mail, text: str, whole: str) -> bool:
    """Tell a mail in which nothing is the sender's own: forwarded without a word, or without a mark."""
    if forwards(whole):
        return not text
    return bool(_FORWARD.match(words(mail.get("subject") or ""))) and text == whole.strip()
