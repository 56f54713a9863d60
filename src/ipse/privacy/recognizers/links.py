"""Links: with a scheme, with ``www.``, or a domain with a path."""

import re

from ipse.interfaces import Span

__all__ = ["Links"]

_URL = re.compile(
    r"(?:(?<![^\W_])(?:https?|ftp)://|(?<![\w@.-])www\.)[^\s<>\"“”«»]{2,4000}"
    r"|(?<![\w@.-])(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_]{2,24}/[^\s<>\"“”«»]{0,4000}",
    re.IGNORECASE,
)
_TRAILING = ".,;:!?'*_~’…"


class Links:
    """``URL``."""

    name = "links"

    def find(self, text: str) -> list[Span]:
        """Links, without the punctuation of the sentence and without a bracket opened before them."""
        if "/" not in text and "ww." not in text and "WW." not in text:
            return []
        found: list[Span] = []
        for match in _URL.finditer(text):
            link = match.group()
            while link and (link[-1] in _TRAILING or (link[-1] in ")]" and not _balanced(link))):
                link = link[:-1]
            found.append(Span(match.start(), match.start() + len(link), "URL"))
        return found


def _balanced(link: str) -> bool:
    return link.count("(") >= link.count(")") and link.count("[") >= link.count("]")
