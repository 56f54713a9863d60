"""The rows of a backup, one by one: `<sms … />` and `<mms …>…</mms>`, each well-formed again or refused.

Backups reach gigabytes, for pictures lie in attributes, and are often cut short or ill-formed. So the file is
cut into tags first, in constant memory and without the pictures; a row alone is then mended and given to
expat. No declaration of a document type ever reaches it. Knows nothing of what a row means.
"""

import codecs
import re
from collections.abc import Iterator
from typing import Final, NamedTuple, TypeAlias
from xml.parsers import expat

from ipse.errors import SourceError
from ipse.exports import ExportPath

__all__ = ["Attributes", "Bad", "Row", "encoding_of", "mended", "rows"]

Attributes: TypeAlias = dict[str, str]

BLOCK: Final = 1 << 20  # bytes read at a time
DATA: Final = 1 << 16  # characters of an attachment that are kept: a text may be one, a picture is not needed
LONGEST: Final = 1 << 20  # characters of any other attribute
ROW: Final = 1 << 22  # characters of a row without its pictures
_ILL_FORMED: Final = "it is not well-formed"
_TOO_LONG: Final = "it is longer than any message"
_HINT: Final = "Make a new backup of messages in the app, as XML."


class Row(NamedTuple):
    """A row: the line it begins in, and its elements in their order, the row itself first."""

    line: int
    elements: list[tuple[str, Attributes]]


class Bad(NamedTuple):
    """A row that cannot be read, and why."""

    line: int
    reason: str


def rows(file: ExportPath) -> Iterator[Row | Bad]:
    """Yield every row; the root comes first as a row of its own, for it tells how many there should be.

    Raises ``SourceError`` where the file is no such backup at all.
    """
    text = _Text(file)
    try:
        yield from _Rows(text)
    finally:
        text.close()


# --- mending ---

_REFERENCES: Final = re.compile(r"(?:&#(?:x0*[0-9A-Fa-f]{1,6}|0*[0-9]{1,7});)+")
_NUMBER: Final = re.compile(r"&#(x?)0*([0-9A-Fa-f]+);")
_ILLEGAL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_MARKUP: Final = frozenset(b"\t\n\r\"&'<>")


def mended(xml: str) -> str:
    """Join the surrogates that emoji were torn into, and drop what XML forbids: one alone, and controls."""
    if "&#" in xml:
        xml = _REFERENCES.sub(_joined, xml)
    return _ILLEGAL.sub("", xml)


def _joined(match: re.Match[str]) -> str:
    codes = [int(number, 16 if base else 10) for base, number in _NUMBER.findall(match[0])]
    text = "".join(
        f"&#{code};" if code in _MARKUP else chr(code) if code < 0x110000 else "\ufffd" for code in codes
    )
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _parsed(xml: str, *, whole: bool = True) -> list[tuple[str, Attributes]] | None:
    found: list[tuple[str, Attributes]] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: found.append((name, attributes))
    try:
        parser.Parse(mended(xml), whole)
    except expat.ExpatError:
        return None
    return found


# --- rows ---

_ROWS: Final = ("sms", "mms")
_NAME: Final = re.compile(r"</?([A-Za-z_][\w.\-]*)")


class _Rows:
    """Puts tags together to rows; after a bad one it goes on with the next that begins."""

    def __init__(self, text: "_Text") -> None:
        self._text = text
        self._tags: list[str] = []
        self._name, self._line, self._size = "", 0, 0
        self._rooted = self._whole = self._lost = False
        self._others: set[str] = set()

    def __iter__(self) -> Iterator[Row | Bad]:
        for line, tag in self._text.tags():
            if tag is None:
                yield from self._broken(line)
                continue
            match = _NAME.match(tag)
            name, closing = (match[1] if match else ""), tag.startswith("</")
            # What is in the backup beside messages is a row too, that cannot be read.
            inside = self._rooted and not (self._whole or self._lost or self._name or name == "smses")
            if (name in _ROWS or inside) and not closing:
                if self._name:
                    yield self._given_up("it does not end")
                self._name, self._line, self._lost = name, line, False
                self._add(tag)
                if tag.endswith("/>"):
                    yield self._row()
            elif self._name:
                self._add(tag)
                if closing and name == self._name:
                    yield self._row()
            elif name == "smses":
                self._whole, self._lost = closing or tag.endswith("/>"), False
                if not closing:
                    self._rooted = True
                    root = _parsed(tag if tag.endswith("/>") else f"{tag}</smses>")
                    yield Row(line, root or [(name, {})])
            elif len(self._others) < 8:
                self._others.add(name)
        yield from self._ended()

    def _add(self, tag: str) -> None:
        self._size += len(tag)
        if self._size <= ROW:
            self._tags.append(tag)

    def _row(self) -> Row | Bad:
        whole, line, name = "".join(self._tags), self._line, self._name
        too_long = self._size > ROW
        self._clear()
        if too_long:
            return Bad(line, _TOO_LONG)
        if name not in _ROWS:
            return Bad(line, "it is neither an SMS nor an MMS")
        elements = _parsed(whole)
        return Row(line, elements) if elements else Bad(line, _ILL_FORMED)

    def _clear(self) -> None:
        self._tags, self._name, self._size = [], "", 0

    def _given_up(self, reason: str) -> Bad:
        line = self._line
        self._clear()
        return Bad(line, reason)

    def _broken(self, line: int) -> Iterator[Bad]:
        """What belongs to a bad row is lost with it, and is counted once."""
        text, opened = self._text, bool(self._name)
        if opened:
            yield self._given_up(text.why)
        if text.began or not (opened or self._lost):
            yield Bad(line, text.why)
        self._lost = True

    def _ended(self) -> Iterator[Row | Bad]:
        """What was read of a message that the file's end cut off is one all the same."""
        text = self._text
        if self._name in _ROWS and self._size <= ROW:
            elements = _parsed("".join(self._tags), whole=False)
            if elements:
                yield Row(self._line, elements)
        if text.damaged:
            yield Bad(text.line, "the archive is damaged from here on")
        elif self._name or text.open or (self._rooted and not self._whole):
            yield Bad(text.line, "the file breaks off here: what came after it is missing")
        elif not self._rooted and not self._whole:
            calls = "calls" in self._others or "call" in self._others
            what = "a backup of calls, which hold no words" if calls else "no backup of text messages"
            raise SourceError(f"{text.label}: {what}.", hint=_HINT)


# --- tags ---

_TAG: Final = re.compile(r"""<[^"'<>]*+(?:"[^"<]*+"[^"'<>]*+|'[^'<]*+'[^"'<>]*+)*+>""")
_PLAIN: Final = re.compile(r"""[^"'<>]*+""")
_UNTIL: Final = {'"': re.compile('["<]'), "'": re.compile("['<]")}
_ATTRIBUTE: Final = re.compile(r"""(\s[\w:.\-]+\s*=\s*)("[^"]*+"|'[^']*+')""")
_DATA: Final = re.compile(r"\sdata\s*=\s*$")
_BEGIN: Final = re.compile(r"<[sm]ms[\s/>]")
_NEXT: Final = re.compile(r"<(?:[sm]ms[\s/>]|/?smses[\s/>]|!|\?)")
_SKIPPED: Final = {"<!--": "-->", "<?": "?>", "<![CDATA[": "]]>"}
_DECLARED: Final = re.compile(rb"^<\?xml[^>]{0,80}encoding\s*=\s*[\"']([A-Za-z0-9._\-]{1,20})")
_BYTEWISE: Final = re.compile(r"iso-8859-\d+|windows-125\d|us-ascii", re.IGNORECASE)


class _EndError(Exception):
    """The text ends within something."""


class _Text:
    """A window over the file that moves forward only."""

    def __init__(self, file: ExportPath) -> None:
        self.label = file.label
        self.open = self.damaged = self.began = False
        self.why = ""
        self._file = file.open()
        self._decoder = codecs.getincrementaldecoder(encoding_of(file.head))("replace")
        self._held, self._pos, self._ended = "", 0, False
        self._line, self._counted = 1, 0

    def close(self) -> None:
        self._file.close()

    @property
    def line(self) -> int:
        """The line of the place that is looked at."""
        self._count()
        return self._line

    def _count(self) -> None:
        self._line += self._held.count("\n", self._counted, self._pos)
        self._counted = self._pos

    def tags(self) -> Iterator[tuple[int, str | None]]:
        """Each tag with its line; None for what is none: ``why``, and ``began`` if it was to be a row."""
        try:
            while self._seek("<"):
                line = self.line
                self.open = True
                if not self._skip():
                    self.began = bool(_BEGIN.match(self._peek(5)))
                    tag = self._tag()
                    yield line, tag
                    if tag is None:
                        self._resume()
                self.open = False
        except _EndError:
            return

    def _more(self) -> bool:
        if self._ended:
            return False
        try:
            block = self._file.read(BLOCK)
        except SourceError:
            if not (self._held or self._line > 1):
                raise
            block, self.damaged = b"", True
        self._ended = not block
        self._count()
        self._held = self._held[self._pos :] + self._decoder.decode(block, final=self._ended)
        self._pos = self._counted = 0
        return True

    def _peek(self, length: int) -> str:
        while len(self._held) - self._pos < length and self._more():
            pass
        return self._held[self._pos : self._pos + length]

    def _seek(self, what: str) -> bool:
        """Go to the next place where ``what`` stands."""
        while (at := self._held.find(what, self._pos)) < 0:
            self._pos = max(len(self._held) - len(what) + 1, self._pos)
            if not self._more():
                return False
        self._pos = at
        return True

    def _resume(self) -> None:
        """Go to where the next row may begin."""
        while not (match := _NEXT.search(self._held, self._pos)):
            self._pos = max(len(self._held) - 8, self._pos)
            if not self._more():
                self._pos = len(self._held)
                return
        self._pos = match.start()

    def _skip(self) -> bool:
        """Pass over a comment, an instruction or raw text; raises ``SourceError`` for a document type."""
        ahead = self._peek(9)
        for start, end in _SKIPPED.items():
            if ahead.startswith(start):
                self._pos += len(start)
                if not self._seek(end):
                    raise _EndError
                self._pos += len(end)
                return True
        if ahead.startswith("<!"):
            raise SourceError(
                f"{self.label}: line {self.line} declares a document type, which no backup does.",
                hint=_HINT,
            )
        return False

    def _tag(self) -> str | None:
        match = _TAG.match(self._held, self._pos)
        if match is None:
            return self._long_tag()
        self._pos = match.end()
        tag = match[0]
        return _ATTRIBUTE.sub(_without_data, tag) if len(tag) > DATA else tag

    def _long_tag(self) -> str | None:
        """A tag that reaches over the end of the window, or is none."""
        pieces, size = [self._take("<")], 0
        while True:
            plain = self._plain()
            size += len(plain)
            pieces.append(plain)
            quote = self._held[self._pos]
            if quote == "<" or size > ROW:
                self.why = _ILL_FORMED if quote == "<" else _TOO_LONG
                return None
            self._pos += 1
            if quote == ">":
                return "".join(pieces) + quote
            value = self._value(quote, DATA if _DATA.search(plain) else LONGEST)
            if value is None:
                return None
            size += len(value)
            pieces.append(f"{quote}{value}{quote}")

    def _take(self, what: str) -> str:
        self._pos += len(what)
        return what

    def _plain(self) -> str:
        pieces = []
        while True:
            match = _PLAIN.match(self._held, self._pos)
            assert match is not None  # it matches nothing as well
            pieces.append(match[0])
            self._pos = match.end()
            if self._pos < len(self._held):
                return "".join(pieces)
            if not self._more() or sum(map(len, pieces)) > ROW:
                raise _EndError

    def _value(self, quote: str, most: int) -> str | None:
        """What stands between quotes; of an attachment longer than ``most`` nothing."""
        pieces, size = [], 0
        while True:
            match = _UNTIL[quote].search(self._held, self._pos)
            end = match.start() if match else len(self._held)
            if size <= most:
                pieces.append(self._held[self._pos : end])
            size += end - self._pos
            self._pos = end
            if match is not None:
                break
            if not self._more():
                raise _EndError
        if match[0] == "<":
            self.why = _ILL_FORMED
            return None
        self._pos += 1
        if size > most and most == LONGEST:
            self.why = _TOO_LONG
            return None
        return "".join(pieces) if size <= most else ""


def _without_data(match: re.Match[str]) -> str:
    return f'{match[1]}""' if len(match[2]) > DATA and _DATA.search(match[1]) else match[0]


def encoding_of(head: bytes) -> str:
    """How the file is written, by its first bytes."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if head[:2] in (b"<\0", b"\0<"):
        return "utf-16-le" if head[:1] == b"<" else "utf-16-be"
    declared = _DECLARED.match(head)
    name = declared[1].decode("ascii") if declared else ""
    if _BYTEWISE.fullmatch(name):
        try:
            return codecs.lookup(name).name
        except LookupError:
            pass
    return "utf-8-sig"
