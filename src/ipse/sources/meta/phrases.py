"""What Meta's apps write into a conversation themselves, told from what people write; see ``phrases.yaml``.

This knows single texts and the names of who takes part, not when anything was written.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Final, Literal, TypeAlias

import yaml

from ipse.sources.reading.texts import clean, repaired

__all__ = ["Kind", "Names", "Phrases", "phrases"]

Kind: TypeAlias = Literal["", "reaction", "attachment", "unsent", "call", "location", "system"]
"""What a text is; empty where a person wrote it."""

_KINDS: Final[tuple[Kind, ...]] = ("reaction", "attachment", "unsent", "call", "location", "system")
_LONGEST: Final = 300  # characters; a group's name or a poll's question may be in a phrase
_EMOJI: Final = r"[^\w\s]{1,16}"
_QUOTES: Final = str.maketrans("’‘“”„«»\u00a0\u202f", '\'\'"""""  ')
_NUMBER = re.compile(r"[ _]\d{1,20}$")


class Phrases:
    """The phrases of all languages, ready to be matched."""

    def __init__(self, languages: dict[str, dict[str, list[str]]]) -> None:
        self._languages = languages
        self._plain = [(kind, _either(p for p in self.list(kind) if p[:2] != "X ")) for kind in _KINDS]
        self._led = [(kind, _either(p[2:] for p in self.list(kind) if p[:2] == "X ")) for kind in _KINDS]
        self._gone = frozenset(_fold(name) for name in self.list("people"))

    def list(self, key: str) -> list[str]:
        """The entries of a list in every language."""
        return list(
            dict.fromkeys(phrase for section in self._languages.values() for phrase in section.get(key, ()))
        )

    def kind(self, text: str, sender: str, others: "Names") -> Kind:
        """What ``text`` is, which ``sender`` is said to have sent to ``others``."""
        if not text or len(text) > _LONGEST or "\n" in text:
            return ""
        folded = _fold(text)
        for kind, pattern in self._plain:
            if (match := pattern.fullmatch(folded)) and _believed(kind, match, others):
                return kind
        for name in (sender, *others.starting(folded)):
            rest = _without(folded, name)
            for kind, pattern in self._led if rest else ():
                if (match := pattern.fullmatch(rest)) and (name == sender or kind == "call"):
                    return kind
        return ""

    def stands_for_file(self, text: str) -> bool:
        """Whether a text beside a file or link only says that there is one, whoever it names."""
        if not text or len(text) > _LONGEST or "\n" in text:
            return False
        words = _fold(text).split(" ")
        pattern = dict(self._led)["attachment"]
        return any(pattern.fullmatch(" ".join(words[n:])) for n in range(1, min(len(words), 8)))

    def person(self, name: object) -> str:
        """A name as exported, made whole; empty where it stands for an account that is gone."""
        if not isinstance(name, str):
            return ""
        name = " ".join(clean(repaired(name)).split())[:200]
        return "" if _NUMBER.sub("", _fold(name)) in self._gone else name

    def listed(self, text: str) -> tuple[str, ...]:
        """The names in a line such as ``Participants: Anna Berg, Ben and Cem``; none in any other."""
        heading, colon, names = text.strip().partition(":")
        for section in self._languages.values() if colon else ():
            if heading.strip() in section.get("heading", ()):
                last = "|".join(map(re.escape, section["and"]))
                return tuple(map(self.person, re.split(rf",\s+|\s+(?:{last})\s+", names.strip())))
        return ()


class Names:
    """Who takes part in a conversation, by the first word of their names."""

    def __init__(self, names: Collection[str]) -> None:
        self._by_word: dict[str, list[str]] = {}
        for name in names:
            if name:
                self._by_word.setdefault(_fold(name).split(" ")[0], []).append(name)

    def starting(self, folded: str) -> Sequence[str]:
        """The names with which a text may begin."""
        return self._by_word.get(folded.split(" ", maxsplit=1)[0], ())

    def holds(self, folded: str) -> bool:
        """Whether it is somebody's name, or its first word."""
        return any(folded in (_fold(name), _fold(name).split(" ")[0]) for name in self.starting(folded))


def _believed(kind: Kind, match: re.Match[str], others: Names) -> bool:
    """People write "you called her" too."""
    return kind != "call" or all(others.holds(part) for part in match.groups() if part is not None)


def _without(folded: str, name: str) -> str:
    """What follows a name, or its first word, at the start of a text."""
    full = _fold(name)
    for start in (full, full.split(" ")[0]):
        if start and folded.startswith(start + " "):
            return folded[len(start) + 1 :]
    return ""


def _fold(text: str) -> str:
    folded = " ".join(text.translate(_QUOTES).casefold().split())
    return folded.rstrip(".:").rstrip() or folded


def _either(entries: Iterator[str]) -> re.Pattern[str]:
    """A pattern for any of the phrases; what their ``*`` stand for are its groups."""
    patterns = []
    for entry in entries:
        # Marked before folding, which would make small letters of them.
        marked = re.sub(r"\bE\b", "\ue000", entry).replace("*", "\ue001").replace(" X ", " \ue001 ")
        pattern = re.escape(_fold(marked))
        patterns.append(pattern.replace("\ue000", _EMOJI).replace("\ue001", r"(.{1,200}?)"))
    return re.compile("|".join(patterns) if patterns else r"(?!)")


@cache
def phrases() -> Phrases:
    """Those that come with the package."""
    text = files("ipse.sources.meta").joinpath("phrases.yaml").read_text(encoding="utf-8")
    return Phrases(yaml.safe_load(text))
