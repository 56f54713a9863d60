"""What a reply does: accept, decline, ask, defer, acknowledge, or else answer. Rules for four languages.

A small set of dialogue acts, after Stolcke et al. 2000 (SWBD-DAMSL), of what an owner would want told apart.
Rules look at how a reply begins and ends, never at what was asked; how often they agree with people is in
``docs/concepts/quality.md``. Knows English, German, French and Spanish; elsewhere it knows marks alone.
"""

import re
from importlib.resources import files
from typing import Final, Literal

__all__ = ["ACTS", "LANGUAGES", "Act", "act"]

Act = Literal["accept", "decline", "ask", "answer", "defer", "acknowledge"]
ACTS: Final[tuple[Act, ...]] = ("accept", "decline", "ask", "answer", "defer", "acknowledge")

LANGUAGES: Final = ("en", "de", "fr", "es")


def _compiled(lang: str) -> dict[str, re.Pattern[str]]:
    """The rules of a language: patterns by act, searched for in the first sentence."""
    text = files("ipse.scorecard").joinpath("acts_rules", f"{lang}.txt").read_text(encoding="utf-8")
    held: dict[str, list[str]] = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, _, pattern = line.partition(" ")
            held.setdefault(name, []).append(pattern)
    return {name: re.compile("|".join(patterns)) for name, patterns in held.items()}


_COMPILED = {lang: _compiled(lang) for lang in LANGUAGES}
_ASKS = re.compile(
    r"^(?:what|why|how|who|when|where|which|whose|(?:do|did|are|can|could|would|will|have) you|does|"
    r"is (?:it|that|there)|was|wer|wie|warum|wann|wo|welche\w*|kannst du|hast du|bist du|qui|quand|comment|"
    r"pourquoi|où|est-ce|qué|quién|cuándo|cómo|dónde|por qué)\b[^.!]*\?"
)
_BEFORE = re.compile(
    r"^(?:(?:<[a-z]+(?:_\d+)?>|@\S+|\S{1,20}:(?=\s)|well|oh|ah|haha\w*|lol|hm+|um+|uh+|so|and|but|look|naja|na|also|ach|"
    r"tja|bah|eh|ben|pues|bueno|hombre)[\s,.!…-]+)+(?=\w)"
)
_SENTENCE = re.compile(r"[^.!?\n…]+[.!?…]*")
_WORD = re.compile(r"\w")
_SHORT = 8  # words up to which a reply that ends in a question mark only asks
_BRIEF = 6  # words up to which an opening word is the whole of what is meant


def act(reply: str, *, lang: str | None = None) -> Act:
    """What a reply does; ``lang`` is ISO 639-1, None where it is not known."""
    plain = " ".join(reply.casefold().replace("’", "'").split())
    if not _WORD.search(plain):
        return "ask" if plain.endswith("?") else "acknowledge"
    opened = _BEFORE.sub("", plain)
    first = (_SENTENCE.match(opened) or _SENTENCE.match(plain) or re.match(".*", plain))[0]  # type: ignore[index]
    found = _by_rules(opened, first, lang)
    if _questions(plain, found):
        return "ask"
    if found == "acknowledge" and len(plain.split()) > 2 * _BRIEF:
        return _later(opened[len(first) :].strip(), lang)
    return found or "answer"


def _questions(plain: str, found: Act | None) -> bool:
    if _ASKS.match(plain):
        return True
    if not plain.rstrip(")*:;-_ ").endswith("?"):
        return False
    return found is None or (found == "acknowledge" and len(plain.split()) > 2) or len(plain.split()) <= 1


def _by_rules(opened: str, first: str, lang: str | None) -> Act | None:
    rules = [_COMPILED[lang]] if lang in _COMPILED else list(_COMPILED.values()) if lang is None else []
    names: tuple[Act, ...] = ("defer", "accept", "decline", "acknowledge")
    for name in names:
        for rule in rules:
            if rule[name].search(first if name != "acknowledge" else opened):
                return name
    return None


def _later(rest: str, lang: str | None) -> Act:
    """After thanks, what the second sentence does, where it does anything but tell."""
    first = _SENTENCE.match(rest)
    found = _by_rules(rest, first[0], lang) if first else None
    return found if found in ("accept", "decline", "defer") else "answer"
