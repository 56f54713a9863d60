"""Notes in Markdown or plain text: what stands before an entry, where one ends, and which words are written.

Front matter, code, comments, templates and what is embedded are taken out of the words; headings, lists and
emphasis stay as they are. Knows texts, not files, and nothing of records.
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from ipse.sources.journals.dates import Order, When, in_heading, in_value

__all__ = ["Entry", "Note", "entries", "is_template", "parse", "prompts", "words"]

FRONT: Final = 1 << 15  # characters of front matter
_YAML = re.compile(r"\s*---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|$)", re.DOTALL)
_TOML = re.compile(r"\s*\+\+\+[ \t]*\n(.*?)\n\+\+\+[ \t]*(?:\n|$)", re.DOTALL)
_PAIR = re.compile(r"^([A-Za-z][\w -]{0,30}?)\s*(?:::|[:=])[ \t]*(.*)$", re.MULTILINE)
_JOPLIN = re.compile(r"\n\nid: [0-9a-f]{32}\n(?:[a-z_]+:.*\n?)+$")
_PROPERTY = re.compile(r"^[ \t]*(?:[-*+] )?[\w-]{1,40}::(?: .*)?$\n?", re.MULTILINE)  # Logseq, Dataview
_NOTION = re.compile(
    r"(?:^(?:Created|Created time|Date|Last edited|Last edited time|Tags|Created by|Updated): .*\n)+",
    re.MULTILINE,
)
_FENCE = re.compile(
    r"^[ \t>]*(`{3,}|~{3,})[^\n]*\n.*?(?:^[ \t>]*\1[`~]*[ \t]*$|\Z)\n?", re.DOTALL | re.MULTILINE
)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)|%%.*?(?:%%|\Z)", re.DOTALL)
_TEMPLATE = re.compile(r"<%.*?%>|\{\{[^{}\n]{0,200}\}\}", re.DOTALL)
_EMBED = re.compile(
    r"!\[\[([^\]\n|]{1,300})(?:\|[^\]\n]*)?\]\]"
    r"|!\[[^\]\n]{0,300}\]\(<?([^)\n]{1,800}?)>?(?: \"[^\"\n]*\")?\)"
)
_QUOTE = re.compile(r"(?:^[ \t]*>[^\n]*(?:\n|$))+", re.MULTILINE)
_CALLOUT = re.compile(r"[ \t]*>[ \t]*\[![\w-]+\][+-]?[ \t]*")
_HEADING = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t#]*$")
_STAMP = re.compile(r"^\[?(?=(?:19|20)\d\d-\d\d-\d\d)")
_PROMPT = re.compile(r"[ \t]*(?:#{1,6} .{1,80}|(?:[-*+] )?(?:\[ \] )?\**[^\n]{2,80}[?:]\**)[ \t]*")
_DATED = (
    "date", "created", "created_at", "created_time", "created time", "creation_date", "creation date",
    "datetime", "day", "date created",
)  # fmt: skip


class Note(msgspec.Struct, frozen=True):
    """A file's text without what stands before it: the moment and title said there, and the body."""

    body: str
    when: When | None = None
    title: str = ""
    lang: str = ""
    front: bool = False


class Entry(msgspec.Struct, frozen=True):
    """A dated part of a text, or all of it; ``when`` is None where it says none."""

    body: str
    when: When | None = None
    title: str = ""
    line: int = 1


def parse(text: str, order: Order = "auto") -> Note:
    """Take off front matter, the lines Notion and Joplin add, and look for a moment in them."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    head = text[:FRONT]
    found = _YAML.match(head) or _TOML.match(head)
    body, meta = (text[found.end() :], found[1]) if found else (text, "")
    if joplin := _JOPLIN.search(text[-4096:]):
        meta, body = f"{meta}\n{joplin[0]}", body[: len(body) - len(joplin[0])]
    title, rest = _title(body)
    if not meta and (notion := _NOTION.match(rest.lstrip("\n"))):
        meta, body = notion[0], f"# {title}\n" * bool(title) + rest.lstrip("\n")[notion.end() :]
    pairs = {key.strip().lower(): value for key, value in _PAIR.findall(meta)}
    if not pairs:  # Logseq keeps them as the first block
        first = re.match(r"(?:[ \t]*(?:- )?[\w-]{1,40}:: .*\n?)+", body[:FRONT].lstrip("\n"))
        pairs = (
            {key.lower(): value for key, value in re.findall(r"([\w-]+):: (.*)", first[0])} if first else {}
        )
    moments = (in_value(pairs[key], order) for key in _DATED if pairs.get(key))
    return Note(
        body=body,
        when=next((when for when in moments if when), None),
        title=pairs.get("title", "").strip().strip("\"'") or (title if not pairs.get("title") else ""),
        lang=pairs.get("lang", pairs.get("language", "")).strip().lower()[:2],
        front=bool(meta),
    )


def _title(body: str) -> tuple[str, str]:
    """The heading that a text begins with, and what is below."""
    first, _, rest = body.lstrip("\n").partition("\n")
    found = _HEADING.match(first)
    return (found[2], rest) if found and len(found[1]) == 1 else ("", body)


def entries(body: str, order: Order = "auto", *, dated: bool = False) -> Iterator[Entry]:
    """Split where headings, or lines that begin with a day, say a day; ``dated``: the text has one already.

    A single heading with a day is the text's own; it takes two to make a journal of it.
    """
    lines = body.split("\n")
    marks = [(n, *found) for n, line in _outside(lines) if (found := _mark(line, order, headings=True))]
    if not marks:
        marks = [(n, *found) for n, line in _outside(lines) if (found := _mark(line, order, headings=False))]
        first = next((n for n, line in enumerate(lines) if line.strip()), 0)
        if not marks or marks[0][0] != first:
            marks = []
    level = min((level for _, level, _ in marks), default=0)
    marks = [mark for mark in marks if mark[1] == level]
    if len(marks) < (2 if dated else 1):
        yield Entry(body)
        return
    before = "\n".join(lines[: marks[0][0]])
    if words(before)[0].strip() and not _HEADING.fullmatch(before.strip()):
        yield Entry(before)
    for (n, level, when), end in zip(marks, [n for n, *_ in marks[1:]] + [len(lines)], strict=True):
        if level:
            yield Entry("\n".join(lines[n + 1 : end]), when, when.rest, n + 1)
        else:
            yield Entry("\n".join([when.rest, *lines[n + 1 : end]]), when, "", n + 1)


def _outside(lines: list[str]) -> Iterator[tuple[int, str]]:
    """The lines that are not code."""
    fence = ""
    for n, line in enumerate(lines):
        bare = line.lstrip()
        if bare.startswith(("```", "~~~")):
            fence = "" if fence and bare.startswith(fence) else fence or bare[:3]
        elif not fence:
            yield n, line


def _mark(line: str, order: Order, *, headings: bool) -> tuple[int, When] | None:
    if headings:
        found = _HEADING.match(line)
        when = in_heading(found[2], order) if found else None
        return (len(found[1]), when) if found and when else None
    when = in_heading(line.lstrip("["), order) if _STAMP.match(line) else None
    return (0, when) if when else None


def is_template(text: str) -> bool:
    """Whether a note is a form to be filled in by a program."""
    return bool(re.search(r"<%[-_*]? ?tp\.|\{\{(?:date|title|time|VALUE)[^{}\n]*\}\}", text[:FRONT]))


def prompts(body: str) -> Iterator[str]:
    """The lines that may come from a template: headings, and questions to be answered below."""
    for _, line in _outside(body.split("\n")):
        if _PROMPT.fullmatch(line):
            yield line.strip()


def words(body: str, known: frozenset[str] = frozenset()) -> tuple[str, tuple[str, ...]]:
    """What was written in a body, without lines that are ``known`` prompts; and the files it shows."""
    files: list[str] = []

    def embedded(match: re.Match[str]) -> str:
        files.append((match[1] or match[2]).strip())
        return ""

    text = _FENCE.sub("", body)
    text = _COMMENT.sub("", text)
    text = _TEMPLATE.sub("", text)
    text = _EMBED.sub(embedded, text)
    text = _PROPERTY.sub("", text)
    text = _QUOTE.sub(_called_out, text)
    if known:
        text = "\n".join(line for line in text.split("\n") if line.strip() not in known)
    return re.sub(r"\n{3,}", "\n\n", text).strip(), tuple(files)


def _called_out(match: re.Match[str]) -> str:
    """A block quote is somebody else's words; a callout is the writer's own."""
    lines = match[0].split("\n")
    if not _CALLOUT.match(lines[0]):
        return "" if not match[0].endswith("\n") else "\n"
    return "\n".join([_CALLOUT.sub("", lines[0]), *(re.sub(r"^[ \t]*> ?", "", line) for line in lines[1:])])
