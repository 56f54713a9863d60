"""Texts from templates: [a|b] is a choice, {word} is drawn from a list.

Knows the form of the files in texts/ and nothing of who speaks.
"""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

__all__ = ["Block", "Dice", "Grammar", "read_blocks"]

T = TypeVar("T")
TEXTS = Path(__file__).parent / "texts"
_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(\w+)\}")


class Dice:
    """All chance goes through ``random()``, the one sequence that Python promises never to change."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed).random
        self._decks: dict[str, list[int]] = {}

    def below(self, limit: float) -> int:
        """An integer from 0 up to, not including, ``limit``."""
        return int(self._random() * limit)

    def between(self, low: int, high: int) -> int:
        """An integer from ``low`` to ``high``, both included."""
        return low + self.below(high - low + 1)

    def chance(self, probability: float) -> bool:
        """True that often."""
        return self._random() < probability

    def pick(self, options: Sequence[T]) -> T:
        """Any one of them."""
        return options[self.below(len(options))]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """All of them, in any order."""
        rest = list(options)
        return [rest.pop(self.below(len(rest))) for _ in options]

    def deal(self, deck: str, options: Sequence[T]) -> T:
        """Any one of them, but none a second time before all were dealt: nobody repeats themself at once."""
        if not self._decks.get(deck):
            self._decks[deck] = self.shuffled(range(len(options)))
        return options[self._decks[deck].pop()]


@dataclass(frozen=True)
class Block:
    """A block of a text file: its name, what stands behind it, and its lines by the mark they begin with."""

    name: str
    who: str
    kind: str
    lines: Mapping[str, tuple[str, ...]]

    @property
    def short(self) -> str:
        """What it is about, in a word or two."""
        return self.name.replace("_", " ")

    def answers(self, number: int) -> tuple[str, ...]:
        """What fits the ``number``-th of its ``<`` lines: ``>13`` answers the first and third, ``>`` all."""
        fit = (
            lines
            for mark, lines in self.lines.items()
            if mark == ">" or (mark[0] == ">" and str(number) in mark)
        )
        return tuple(line for lines in fit for line in lines)


def read_blocks(file: str) -> list[Block]:
    """Read ``texts/<file>.txt``: ``= name who kind`` begins a block, a mark and a blank any other line."""
    blocks: list[tuple[list[str], dict[str, list[str]]]] = []
    for line in (TEXTS / f"{file}.txt").read_text(encoding="utf-8").splitlines():
        mark, _, rest = line.partition(" ")
        if mark == "=":
            blocks.append(([*rest.split(), "", ""], {}))
        elif line and mark != "#":
            blocks[-1][1].setdefault(mark, []).append(rest)
    return [
        Block(name, who, kind, {mark: tuple(found) for mark, found in lines.items()})
        for (name, who, kind, *_), lines in blocks
    ]


class Grammar:
    """Fills templates, and remembers what was said so that longer texts are not said twice."""

    def __init__(self, dice: Dice) -> None:
        self.dice = dice
        self._said: set[str] = set()
        self._words: dict[str, list[str]] = {}
        for line in (TEXTS / "words.txt").read_text(encoding="utf-8").splitlines():
            name, found, options = line.partition(": ")
            if found and not line.startswith("#"):
                self._words[name] = options.split("|")

    def fill(self, template: str, given: Mapping[str, str] | None = None) -> str:
        """One text of the template; ``given`` words go before those of words.txt."""
        text = template
        while choice := _CHOICE.search(text):
            text = text[: choice.start()] + self.dice.pick(choice[1].split("|")) + text[choice.end() :]
        while slot := _SLOT.search(text):
            word = (given or {}).get(slot[1]) or self.dice.pick(self._words[slot[1]])
            text = text[: slot.start()] + word + text[slot.end() :]
        return text

    def line(self, deck: str, lines: Sequence[str], given: Mapping[str, str] | None = None) -> str:
        """The next template of a deck, filled."""
        return self.fill(self.dice.deal(deck, lines), given)

    def fresh(self, make: Callable[[], str]) -> str:
        """Make a text until it is a new one, as far as that is possible; four words may come again."""
        text = make()
        for _ in range(20):
            if len(text.split()) <= 4 or text.casefold() not in self._said:
                break
            text = make()
        self._said.add(text.casefold())
        return text
