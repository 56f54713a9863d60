"""HTML to text: blocks become lines, quotes become ``> `` lines, what is never shown is left out.

Knows markup and nothing of mail, except the classes by which mail programs mark a signature.
"""

import re
from html import unescape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

__all__ = ["depth", "html_to_text"]

LONGEST: Final = 2 << 20  # characters of HTML that are looked at
DEEPEST: Final = 2000  # the parser's time grows with the square of the depth
QUOTE_LEVELS: Final = 5


def _tags(names: str) -> frozenset[str]:
    return frozenset(names.split())


_HIDDEN = _tags("style script head title template noscript object svg select button -comment !doctype")
_BLOCKS = _tags(
    "address article aside blockquote center dd details div dl dt fieldset figcaption figure footer form h1 "
    "h2 h3 h4 h5 h6 header hr li main nav ol p pre section table tbody tfoot thead tr ul"
)
_APART = _tags("p h1 h2 h3 h4 h5 h6 ul ol table blockquote")  # an empty line around them
_VOID = _tags("area base br col embed hr img input link meta param source track wbr")
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)")
_SPACE = re.compile(r"[ \t\r\n\f]+")
_UNSEEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_SIGNATURE = re.compile(r"\b(?:gmail_signature|moz-signature|ms-outlook-mobile-signature)\b")


def html_to_text(html: str) -> str:
    """Turn the HTML of a mail into text. Never raises; time grows with the length alone."""
    html = html[:LONGEST].replace("\0", "")
    if html.count("<") > DEEPEST and depth(html) > DEEPEST:
        return _SPACE.sub(" ", unescape(re.sub(r"<[^<>]*>", " ", html))).strip()
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(html)
    root = tree.body or tree.root
    if root is None:
        return ""
    page = _Page()
    _walk(root, page)
    return page.text()


def depth(html: str) -> int:
    """How deep its elements lie in each other, at most: to be asked before a parser is given it."""
    level = deepest = 0
    for closing, name in _TAG.findall(html):
        if closing:
            level = max(level - 1, 0)
        elif name.lower() not in _VOID:
            level += 1
            deepest = max(deepest, level)
    return deepest


class _Page:
    """The text so far, line by line, each with the depth of quotes around it."""

    def __init__(self) -> None:
        self.lines: list[tuple[int, str]] = []
        self.line: list[str] = []
        self.quotes = 0
        self.verbatim = 0
        self.cited = False  # some quote is marked as one

    def add(self, text: str) -> None:
        if not self.verbatim:
            text = _SPACE.sub(" ", text)
            if text == " " and not self.line:
                return
            self.line.append(text)
            return
        first, *rest = text.replace("\r\n", "\n").split("\n")
        self.line.append(first)
        for part in rest:
            self.end_line()
            self.line.append(part)

    def end_line(self) -> None:
        text = "".join(self.line).replace("\xa0", " ")
        self.line.clear()
        self.lines.append((self.quotes, text.rstrip() if self.verbatim else text.strip(" ")))

    def block(self, *, apart: bool) -> None:
        if "".join(self.line).strip(" "):
            self.end_line()
        self.line.clear()
        if apart and self.lines and self.lines[-1][1]:
            self.lines.append((self.quotes, ""))

    def text(self) -> str:
        self.block(apart=False)
        # A mail that is one blockquote from end to end quotes nobody: some programs indent that way.
        floor = 0 if self.cited else min((quotes for quotes, line in self.lines if line), default=0)
        out = "\n".join("> " * (quotes - floor) + line if line else "" for quotes, line in self.lines)
        return re.sub(r"\n{3,}", "\n\n", out).strip("\n")


def _walk(root: "LexborNode", page: _Page) -> None:
    """Visit the tree without recursion: its depth is the sender's choice."""
    todo: list[tuple[LexborNode, bool]] = [(root, True)]
    while todo:
        node, entering = todo.pop()
        tag = node.tag or ""
        if not entering:
            _leave(tag, page)
        elif tag == "-text":
            page.add(node.text_content or "")
        elif tag not in _HIDDEN and _enter(node, tag, page):
            todo.append((node, False))
            children = []
            child = node.first_child
            while child is not None:
                children.append((child, True))
                child = child.next
            todo.extend(reversed(children))


def _enter(node: "LexborNode", tag: str, page: _Page) -> bool:
    if tag == "br":
        page.end_line()
        return False
    attributes = node.attributes if tag in _BLOCKS or tag in ("span", "td") else {}
    if attributes and _UNSEEN.search(attributes.get("style") or ""):
        return False
    if tag in _BLOCKS:
        page.block(apart=tag in _APART)
    elif tag in ("td", "th") and page.line:
        page.add(" ")
    if tag == "blockquote":
        page.quotes = min(page.quotes + 1, QUOTE_LEVELS)
        page.cited |= attributes.get("type") == "cite" or "quote" in (attributes.get("class") or "")
    elif tag == "pre":
        page.verbatim += 1
    elif tag == "li":
        page.line.append("- ")
    elif attributes and _SIGNATURE.search(attributes.get("class") or ""):
        page.line.append("-- ")
        page.end_line()
    return True


def _leave(tag: str, page: _Page) -> None:
    if tag in _BLOCKS:
        page.block(apart=tag in _APART)
    if tag == "blockquote":
        page.quotes = max(page.quotes - 1, 0)
    elif tag == "pre":
        page.verbatim -= 1
