"""What somebody wrote themself in a Zulip message: without quotes, with mentions and files told apart.

Facts (zulip.com/help/format-your-message-using-markdown): a quote is a fence of the kind `quote`, or lines
that begin with `>`, below `@_**Name|123** [said](…#narrow…):`; `@**Name|123**` mentions, `@_**Name**` does
so in silence; an uploaded file is a link to `/user_uploads/`. Messages come as that Markdown or as the HTML
made of it.
"""

import re
from html import unescape
from typing import Final, NamedTuple

from ipse.records import ContentType, Person
from ipse.sources.reading.html_text import html_to_text
from ipse.sources.reading.texts import clean

__all__ = ["LONGEST", "Words", "is_bot", "words"]

LONGEST: Final = 1 << 18  # characters of a message; Zulip allows 10,000
MOST: Final = 200  # people named with a message
_HTML = re.compile(r"^\s*<(?:p|div|ul|ol|blockquote|h[1-6]|table|hr|span|pre)[\s>]")
_FENCE = re.compile(r"^\s{0,3}(`{3,}|~{3,})\s*(\w*)")
_BLANK_QUOTE = re.compile(r"^>\s*$")
_SAID = re.compile(r"^(?:@_\*\*|.{0,120}#narrow/).*:\s*$|^\S.{0,80}\ssaid:\s*$")
_MENTION = re.compile(r"@_?\*\*([^*|\n]{1,100})(?:\|\d+)?\*\*")
_GROUP = re.compile(r"@_?\*([^*\n]{1,100})\*")
_STREAM = re.compile(r"#\*\*([^*\n]{1,200})\*\*")
_UPLOAD = re.compile(r"!?\[([^\[\]\n]{0,300})\]\(((?:https?://[^\s()/]+)?/user_uploads/[^\s()]+)\)")
_HTML_UPLOAD = re.compile(r'<a\b[^<>]{0,500}href="([^"]{0,200}/user_uploads/[^"]+)"[^<>]{0,500}>[^<]*</a>')
_HTML_MENTION = re.compile(r'<span class="user-mention[^<>]{0,200}>@?([^<]{1,100})</span>')
_EVERYBODY: Final = {"all", "everyone", "stream", "channel", "topic"}
_BOT_MAIL = re.compile(r"(?:^|[-.])bot@", re.IGNORECASE)
_BOT_NAMES: Final = {"welcome bot", "notification bot", "reminder bot", "email gateway", "zulip error bot"}


class Words(NamedTuple):
    """A message's content, taken apart."""

    text: str
    kind: ContentType
    files: tuple[str, ...]
    mentions: tuple[Person, ...]


def is_bot(name: str, mail: str, client: str = "") -> bool:
    """Whether nobody typed it: the server's own bots, anybody's, and integrations."""
    return (
        name.casefold() in _BOT_NAMES
        or _BOT_MAIL.search(mail) is not None
        or client == "Internal"
        or client.endswith("Webhook")
    )


def words(content: str) -> Words:
    """Take a message apart, in Markdown or HTML."""
    content = content[:LONGEST]
    if _HTML.match(content):
        files = tuple(clean(unescape(url)) for url in _HTML_UPLOAD.findall(content))
        named = [unescape(name) for name in _HTML_MENTION.findall(content)]
        text = _own(html_to_text(_HTML_UPLOAD.sub("", content)))
    else:
        own = _own(content)
        files = tuple(clean(url) for _, url in _UPLOAD.findall(own))
        named = _MENTION.findall(own)
        text = _GROUP.sub(r"@\1", _MENTION.sub(r"@\1", _UPLOAD.sub("", own)))
        text = _STREAM.sub(r"#\1", text)
    text = clean(text)
    people = dict.fromkeys(Person(clean(name)) for name in named if name.casefold() not in _EVERYBODY)
    kind: ContentType = "media" if files and not text else "text"
    if text == "(deleted)":
        return Words("", "deleted", (), ())
    if text.startswith("/poll "):
        return Words(text.removeprefix("/poll "), "poll", files, tuple(people)[:MOST])
    return Words(text, kind, files, tuple(people)[:MOST])


def _own(text: str) -> str:
    """The text without quotes and without the line that says whom they quote."""
    kept: list[str] = []
    code = quote = ""  # the mark that ends the block we are in
    below = 0  # a quote of which a dump left the mark alone: 1 before its paragraph, 2 within
    for line in text.replace("\r\n", "\n").split("\n"):
        mark = _FENCE.match(line)
        if code or quote:
            if code:
                kept.append(line)
            if mark and not mark[2] and mark[1].startswith(code or quote):
                code = quote = ""
        elif below == 2 or (below == 1 and not line.strip()):
            below = 0 if below == 2 and not line.strip() else below
        elif below == 1:
            below = 2
        elif line.startswith(">") or (mark and mark[2] == "quote"):
            quote = mark[1] if mark else ""
            below = 1 if _BLANK_QUOTE.match(line) else 0
            _unsay(kept)
        elif not line.strip() and kept and not kept[-1].strip():
            continue  # the blank line below a quote follows the one above it
        else:
            code = mark[1] if mark else ""
            kept.append(line)
    return "\n".join(kept)


def _unsay(kept: list[str]) -> None:
    """Take away the line that says who wrote the quote below it."""
    last = next((place for place in reversed(range(len(kept))) if kept[place].strip()), None)
    if last is not None and _SAID.match(kept[last]):
        del kept[last:]
