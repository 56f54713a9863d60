"""A conversation's HTML page: ``message_1.html`` of Messenger or Instagram.

The names of its classes are made by a program and change, so a message is told by its shape: a block whose
first part is who wrote it, whose last is when, and what lies between is what. Knows no phrases.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions
from ipse.records import Unreadable
from ipse.sources.meta.dates import Moment, moment, order_of
from ipse.sources.meta.entries import Entry, Head
from ipse.sources.meta.phrases import phrases
from ipse.sources.reading.html_text import depth, html_to_text
from ipse.sources.reading.texts import clean

__all__ = ["Page"]

_LARGEST: Final = 1 << 24  # bytes
_MOST: Final = (
    600_000  # tags; the tree takes some 400 bytes for each, and Meta puts 10,000 messages on a page
)
_DEEPEST: Final = 500  # the parser's time grows with the square of the depth
_SENT: Final = "a[href], img[src], video[src], audio[src], source[src]"
_REACTION = re.compile(r"([^\w\s]{1,16})\s*(.*?)(?:\s*\([^()]*\d{4}[^()]*\))?")
_LONGEST: Final = 1 << 18  # characters of a text


class _Block(NamedTuple):
    """A message as a page shows it."""

    sender: str
    moment: Moment
    content: str
    files: tuple[str, ...]
    reactions: tuple[tuple[str, str], ...]


class _Shown(NamedTuple):
    title: str
    participants: tuple[str, ...]
    blocks: list[_Block]


class Page:
    """One HTML file; it is parsed anew each time unless ``kept``, for many of them may be held at once."""

    def __init__(self, file: ExportPath, options: ReadOptions, *, kept: bool = False) -> None:
        self._file, self._options, self._kept = file, options, kept
        self._held: _Shown | None = None
        self.guessed = False  # nothing on the page settles the order of day and month

    def head(self) -> Head:
        """What it says of its conversation."""
        try:
            shown = self._shown()
        except SourceError:
            return Head()
        senders = tuple(dict.fromkeys(block.sender for block in shown.blocks))
        found = [one.at for one in self._entries(shown) if isinstance(one, Entry)]
        return Head(
            participants=shown.participants,
            senders=senders,
            title=shown.title,
            group=len(shown.participants) > 2,
            first=min(found, default=None),
        )

    def entries(self) -> Iterator[Entry | Unreadable]:
        """Oldest first."""
        try:
            shown = self._shown()
        except SourceError:
            yield Unreadable(self._file.label, "byte 0", "it is too large, too deep or damaged")
            return
        if not shown.blocks:
            yield Unreadable(self._file.label, "byte 0", "no messages were found on the page")
        found = list(self._entries(shown))
        times = [one.at for one in found if isinstance(one, Entry)]
        if times and times[0] > times[-1]:
            found.reverse()
        yield from found

    def _shown(self) -> _Shown:
        shown = self._held or self._parsed()
        self._held = shown if self._kept else None
        return shown

    def _parsed(self) -> _Shown:
        html = self._file.read_bytes(_LARGEST).decode("utf-8", "replace").replace("\0", "")
        if html.count("<") > _MOST or depth(html) > _DEEPEST:
            raise SourceError(f"{self._file.label}: it is too large or too deep.", hint="Export it as JSON.")
        tree = LexborHTMLParser(html)
        title = tree.css_first("title")
        blocks, people = _walk(tree.body) if tree.body is not None else ([], ())
        return _Shown(clean(title.text()) if title else "", people, blocks)

    def _entries(self, shown: _Shown) -> Iterator[Entry | Unreadable]:
        order, self.guessed = order_of((one.moment for one in shown.blocks), self._options.date_order)
        for number, block in enumerate(shown.blocks, 1):
            try:
                at = block.moment.local(order)
            except ValueError:
                yield Unreadable(self._file.label, f"message {number}", "its time is none")
                continue
            yield Entry(
                at=at if at.tzinfo else at.replace(tzinfo=self._options.tz),
                stamp=f"{at:%Y-%m-%dT%H:%M}",  # some layouts have no seconds
                sender=block.sender,
                content=block.content,
                files=block.files,
                reactions=block.reactions,
            )


def _walk(body: LexborNode) -> tuple[list[_Block], tuple[str, ...]]:
    """The messages below and who takes part, if it says so; no recursion, for a file may be deep."""
    blocks: list[_Block] = []
    people: tuple[str, ...] = ()
    todo = [body]
    while todo:
        node = todo.pop()
        children = [child for child in node.iter() if child.tag not in ("style", "script")]
        block = _block(children) if len(children) > 1 else None
        if block is not None:
            blocks.append(block)
        elif children:
            todo.extend(reversed(children))
        elif not people:
            people = phrases().listed(node.text())
    return blocks, people


def _block(children: list[LexborNode]) -> _Block | None:
    first = next((node for node in children if not _is_blank(node)), None)
    last = next((node for node in reversed(children) if not _is_blank(node)), None)
    if first is None or last is None or first == last:
        return None
    when = moment(_only_text(last))
    sender = " ".join(first.text(separator=" ").split())
    if when is None or not 0 < len(sender) <= 200 or moment(sender) is not None:
        return None
    middle = children[children.index(first) + 1 : children.index(last)]
    reactions = tuple(one for node in middle for one in _reactions(node))
    files = tuple(dict.fromkeys(uri for node in middle for uri in _files(node)))
    content = clean("\n".join(filter(None, (html_to_text(node.html or "") for node in middle))))
    return _Block(phrases().person(sender), when, content[:_LONGEST], files, reactions)


def _is_blank(node: LexborNode) -> bool:
    if node.tag == "-text":
        return not (node.text_content or "").strip()
    return (node.tag or "-").startswith("-") or (
        not node.text().strip() and node.css_first("img, video, audio, a[href]") is None
    )


def _only_text(node: LexborNode) -> str:
    """The text of an element that holds one piece of it and nothing else, however deep; else none."""
    while True:
        held: list[LexborNode] = []
        for child in node.iter(include_text=True):
            if not _is_blank(child):
                held.append(child)
                if len(held) > 1:
                    return ""
        if not held:
            return ""
        node = held[0]
        if node.tag == "-text":
            return (node.text_content or "").strip()


def _reactions(node: LexborNode) -> list[tuple[str, str]]:
    """Those in a list below the words, which is taken out."""
    found: list[tuple[str, str]] = []
    for shown in node.css("ul"):
        matches = (_REACTION.fullmatch(" ".join(item.text().split())) for item in shown.css("li"))
        found += [(match[1], phrases().person(match[2])) for match in matches if match]
        shown.decompose()
    return found


def _files(node: LexborNode) -> list[str]:
    """The paths of what was sent; what stands for them in the text is taken out."""
    found, shown = [], []
    for element in node.css(_SENT):
        uri = (element.attributes.get("href") or element.attributes.get("src") or "").strip()
        if uri and not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|//|#", uri):
            found.append(uri)
            shown.append(element)
    for element in shown:
        if element.tag == "a":
            element.decompose()
    return found
