"""The mails of an export, still in bytes: an mbox, single mails, maildirs, folders of these, packed or not.

Knows files, and nothing of what is in a mail below its first lines.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO, Final, NamedTuple

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.sources.mail.mbox import Piece, is_mbox, pieces

__all__ = ["Item", "holds_mail", "items"]

SAMPLE: Final = 50  # files of a folder that are looked at to recognize it
LEVELS: Final = 8  # folders within folders of mail
LONGEST: Final = 32 << 20  # bytes read of a single mail; attachments come last

_MARK: Final = b"\xef\xbb\xbf"
_FIELD = re.compile(rb"^([!-9;-~]{1,80})[ \t]*:", re.MULTILINE)
_KNOWN = frozenset(
    b"from to cc date subject message-id received return-path mime-version content-type delivered-to "
    b"reply-to sender x-gm-thrid x-gmail-labels in-reply-to references bcc".split()
)
# What programs put beside mails: indexes, filters, Gmail's settings.
_BESIDE = re.compile(r"table_of_contents|dovecot.*|courier.*|.*\.(?:msf|dat|json|plist|html)", re.IGNORECASE)
_APPLE = re.compile(
    rb"(\d{1,10})[ \t]*\r?\n"
)  # Apple Mail's .emlx: the length of the mail, the mail, a plist
# Outlook's own files, told by their first bytes.
_OUTLOOK: Final = {
    b"!BDN": "an Outlook data file",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "a mail in Outlook's own format",
}
_OUTLOOK_HINT: Final = (
    "Turn a .pst into mbox files with `readpst -o FOLDER FILE.pst` (pst-utils); save a .msg as .eml."
)


class Item(NamedTuple):
    """One mail still in bytes, or the reason why there is none."""

    file: str
    offset: int
    envelope: str
    data: bytes
    fault: str = ""


def holds_mail(path: ExportPath) -> bool:
    """Tell whether ``path`` is an mbox, a mail, a maildir, or a folder of mails and nothing else."""
    return _is_mail_file(path) if path.is_file() else _is_mail_folder(path, 0)


def _is_mail_folder(path: ExportPath, level: int) -> bool:
    """Mails directly in it, beside them only what mail programs put there, and the same in folders below."""
    if _is_maildir(path):
        return True
    mails = 0
    for child in islice(path.iterdir(), SAMPLE):
        if child.is_file():
            if _is_mail_file(child):
                mails += 1
            elif not _BESIDE.fullmatch(child.name):
                return False
        elif level == LEVELS or not (_is_settings(child) or _is_mail_folder(child, level + 1)):
            return False
    return mails > 0


def _is_settings(path: ExportPath) -> bool:
    """Tell a folder in which there is nothing but what mail programs put beside mails, or nothing at all."""
    return all(
        child.is_file() and bool(_BESIDE.fullmatch(child.name)) for child in islice(path.iterdir(), SAMPLE)
    )


def _is_maildir(path: ExportPath) -> bool:
    return (path / "cur").is_dir() and (path / "new").is_dir()


def _is_mail_file(path: ExportPath) -> bool:
    """Tell by the first lines: fields that mail has, and no other kind of line before them."""
    head = path.head
    if is_mbox(head):
        return True
    head = head.removeprefix(_MARK).lstrip()
    if path.suffix == ".emlx" and (length := _APPLE.match(head)):
        head = head[length.end() :]
    if head.startswith(b"From "):
        head = head.partition(b"\n")[2]
    fields = _fields(head)
    return len(fields & _KNOWN) >= 3 or (path.suffix in (".eml", ".emlx") and bool(fields))


def _fields(head: bytes) -> set[bytes]:
    """The names of the header fields that ``head`` starts with, in lower case."""
    if not _FIELD.match(head):
        return set()
    top = re.split(rb"\r?\n\r?\n", head, maxsplit=1)[0]
    return {name.lower() for name in _FIELD.findall(top)}


def items(path: ExportPath) -> Iterator[Item]:
    """Every mail below ``path``, in an order that does not change from run to run.

    A file that holds none is told where mails lie beside it, and passed over where there are none. Raises
    ``SourceError`` where ``path`` itself cannot be read as mail.
    """
    if path.is_file():
        kind = _of_outlook(path)
        if kind:
            raise SourceError(f"{path.label}: {kind}, which is not read.", hint=_OUTLOOK_HINT)
        with path.open() as file:
            yield from _of_file(file, path)
    elif path.is_dir():
        yield from _of_folder(path, 0)
    else:
        raise SourceError(f"{path.label}: no such file or folder.", hint="Check the path.")


def _of_folder(path: ExportPath, level: int) -> Iterator[Item]:
    if _is_maildir(path):
        for name in ("cur", "new", *_hidden_maildirs(path)):
            yield from _of_folder(path / name, level + 1)
        return
    among_mails = any(child.is_file() and _is_mail_file(child) for child in path.iterdir())
    for child in path.iterdir():
        if child.is_dir() and level < LEVELS:
            yield from _of_folder(child, level + 1)
        elif child.is_file() and among_mails and not _BESIDE.fullmatch(child.name):
            kind = _of_outlook(child)
            if kind:
                yield Item(child.label, 0, "", b"", f"{kind}; {_OUTLOOK_HINT}")
                continue
            try:
                with child.open() as file:
                    yield from _of_file(file, child)
            except SourceError:
                yield Item(child.label, 0, "", b"", "the file cannot be opened")


def _hidden_maildirs(path: ExportPath) -> list[str]:
    """The folders of a maildir, such as ``.Sent``; only a disk tells which hidden ones there are."""
    if path.path is None or not path.path.is_dir():
        return []
    return sorted(
        child.name
        for child in path.path.iterdir()
        if child.name.startswith(".") and _is_maildir(path / child.name)
    )


def _of_outlook(path: ExportPath) -> str:
    return next((kind for magic, kind in _OUTLOOK.items() if path.head.startswith(magic)), "")


class _Torn:
    """A file that ends where it cannot be read any further, and then knows it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.torn = file, False

    def read(self, size: int) -> bytes:
        try:
            return self._file.read(size)
        except (SourceError, OSError):
            self.torn = True
            return b""


def _of_file(file: BinaryIO, path: ExportPath) -> Iterator[Item]:
    stream, name = _Torn(file), path.label
    end = 0
    if is_mbox(path.head) and path.suffix not in (".eml", ".emlx"):
        for piece in pieces(stream):
            end = piece.offset + len(piece.data)
            yield _item(piece, name)
    else:
        data = stream.read(LONGEST)
        if not stream.torn or data:
            yield _single(data, path)
    if stream.torn:
        yield Item(name, end, "", b"", "the file is damaged or cut short from here on")


def _single(data: bytes, path: ExportPath) -> Item:
    data = data.removeprefix(_MARK).lstrip()
    if path.suffix == ".emlx" and (length := _APPLE.match(data)):
        data = data[length.end() : length.end() + int(length[1])]
    envelope = b""
    if data.startswith(b"From "):
        envelope, _, data = data.partition(b"\n")
    if not data.strip():
        return Item(path.label, 0, "", b"", "the file is empty")
    if not _fields(data[: 1 << 15]):
        return Item(path.label, 0, "", b"", "no mail: it does not start with a header")
    return Item(path.label, 0, envelope.decode("latin-1"), data)


def _item(piece: Piece, name: str) -> Item:
    if not piece.envelope:
        return Item(name, piece.offset, "", b"", "bytes before the first mail")
    return Item(name, piece.offset, piece.envelope.decode("latin-1"), piece.data)
