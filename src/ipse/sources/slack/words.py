"""Slack's markup turned back into what was typed. It reads no file and knows people only by a table."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ipse.records import Person
from ipse.sources.reading.texts import clean

__all__ = ["block_text", "mentioned", "typed", "without_tokens"]

_MARKUP: Final = re.compile(r"<([^<>\s][^<>\n]*)>")
_MENTION: Final = re.compile(r"<@([UWB]\w+)")
_TOKEN: Final = re.compile(r"\b(?:xox[a-z](?:\.xox[a-z])?|xapp)-[\w-]+")
_ESCAPES: Final = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))  # in this order: "&amp;lt;" was "&lt;"
_EVERYBODY: Final = frozenset({"channel", "everyone", "here"})
_LEAVES: Final = frozenset({"text", "link", "user", "channel", "emoji", "broadcast", "usergroup"})
DEPTH: Final = 8  # of lists in blocks


def without_tokens(text: str) -> str:
    """Without the keys that exports put into the addresses of files: whoever holds one can open them."""
    return _TOKEN.sub("", text) if "xo" in text or "xapp" in text else text


def mentioned(text: str) -> list[str]:
    """The ids of those named with an @."""
    return list(dict.fromkeys(_MENTION.findall(text)))


def typed(text: str, people: Mapping[str, Person], channels: Mapping[str, str]) -> str:
    """``<@U1>`` as the name, ``<#C1>`` as the channel's, ``<url|label>`` as the label, ``&amp;`` as ``&``."""

    def written(match: re.Match[str]) -> str:
        target, _, label = match[1].partition("|")
        if target.startswith("@"):
            person = people.get(target[1:])
            return f"@{(person and person.name) or label or target[1:]}"
        if target.startswith("#"):
            return f"#{label or channels.get(target[1:]) or target[1:]}"
        if target.startswith("!"):
            # <!here|here>, <!subteam^S1|@team>, <!date^1392734382^{date}|February 18th>
            word = target[1:].partition("^")[0]
            return f"@{word}" if word in _EVERYBODY else label or f"@{word}"
        return label or target.removeprefix("mailto:").removeprefix("tel:")

    if "<" in text:
        text = _MARKUP.sub(written, text)
    for escape, letter in _ESCAPES:
        text = text.replace(escape, letter)
    return clean(without_tokens(text))


def block_text(blocks: object) -> str:
    """The words of a message whose ``text`` is empty, in the same markup."""
    return "".join(_leaves(blocks, 0)).strip()


def _leaves(node: object, depth: int) -> Iterator[str]:
    if depth > DEPTH:
        return
    if isinstance(node, list):
        for one in node:
            yield from _leaves(one, depth + 1)
    elif isinstance(node, dict):
        if node.get("type") in _LEAVES and "elements" not in node:
            yield _leaf(node)
            return
        yield from _leaves(node.get("elements"), depth + 1)
        yield from _leaves(node.get("text"), depth + 1)
        yield "\n"


def _leaf(node: Mapping[str, Any]) -> str:
    kind = node.get("type")
    if kind == "user":
        return f"<@{node.get('user_id')}>"
    if kind == "channel":
        return f"<#{node.get('channel_id')}>"
    if kind == "emoji":
        return f":{node.get('name')}:"
    if kind == "broadcast":
        return f"<!{node.get('range')}>"
    text = node.get("text") or node.get("url")
    return text if isinstance(text, str) else ""
