"""Finds known phone numbers in a text, however they are spaced and with or without their country code.

Numbers come in as :func:`ipse.privacy.names.phone_key` gives them. Unknown numbers are a recognizer's.
"""

import re
import unicodedata
from collections.abc import Iterator

__all__ = ["NumberIndex"]

SHORTEST = 6  # digits of a number that is looked for

_RUN = re.compile(r"\d(?:[\s().\-/\u2010-\u2015\u00a0\u202f]{0,3}\d){5,40}")
_TRUNK = re.compile(r"0|(?:00)?[1-9][0-9]{0,2}0?")


class NumberIndex:
    """Known numbers by their national significant number."""

    def __init__(self) -> None:
        self._labels: dict[str, str] = {}
        self._starts: dict[str, list[str]] = {}  # first six digits → numbers, so that thousands cost no more

    def __len__(self) -> int:
        """How many numbers are known."""
        return len(self._labels)

    def learn(self, label: str, number: str) -> None:
        """Add a number of at least six digits; shorter ones would be found in any price."""
        if len(number) < SHORTEST:
            return
        if number not in self._labels:
            self._starts.setdefault(number[:SHORTEST], []).append(number)
        if label == "ME" or number not in self._labels:
            self._labels[number] = label

    def owner(self, written: str) -> str | None:
        """Whose number ``written`` is."""
        whole = next(iter(self.find(written)), None)
        return whole[2] if whole else None

    def find(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Yield start, end and label of each known number."""
        for run in _RUN.finditer(text):
            places = [i for i in range(run.start(), run.end()) if text[i].isdecimal()]
            digits = "".join(str(unicodedata.digit(text[i])) for i in places)
            for at in range(len(digits) - SHORTEST + 1):
                for number in self._starts.get(digits[at : at + SHORTEST], ()):
                    if not digits.startswith(number, at):
                        continue
                    start, end = _begin(text, digits, places, at), at + len(number)
                    if start is not None and (end == len(places) or places[end] != places[end - 1] + 1):
                        yield start, places[end - 1] + 1, self._labels[number]


def _begin(text: str, digits: str, places: list[int], at: int) -> int | None:
    """Where the number begins with its trunk zero or country code; None if it is the tail of a longer one."""
    for first in range(max(0, at - 6), at + 1):
        parted = first == 0 or places[first - 1] + 1 != places[first]
        if parted and (first == at or _leads(text, digits[first:at], places[first : at + 1])):
            return _opened(text, places[first], places[at])
    return None


def _leads(text: str, prefix: str, places: list[int]) -> bool:
    """Whether the digits before a national number are its trunk zero or its country code."""
    if not _TRUNK.fullmatch(prefix):
        return False
    dialled = prefix.startswith("0") or (places[0] > 0 and text[places[0] - 1] in "+＋")
    return dialled or places[-1] - places[0] == len(prefix)


def _opened(text: str, start: int, number: int) -> int:
    """Take in the plus sign, and a bracket that closes inside the number."""
    while start > 0 and (
        text[start - 1] in "+＋" or (text[start - 1] == "(" and ")" in text[start : number + 5])
    ):
        start -= 1
    return start
