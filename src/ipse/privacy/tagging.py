"""Marks people, places, organisations and addresses in a text: a linear-chain CRF over words.

Offline and light: a file of weights and a list of words, a few hundred microseconds a text, no library but
numpy. Which words are names, towns or ordinary words is in the list (``tools/entities`` made both). A text
without a word that could be a name is not decoded at all. It keeps no text; words it has met are remembered
with their weights, up to a bound.
"""

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ipse.privacy.names import TOKEN, fold

__all__ = ["FLAGS", "LABELS", "TOKEN", "Found", "Tagger", "Words", "here", "kind", "pair", "tagger", "tone"]

Floats = NDArray[np.float32]

_BREAK = "¶"  # a line's end among the features, which are kept as lines
LABELS = ("O", "PER", "LOC", "ORG", "ADR", "MISC")
FLAGS = {  # what the list says of a word: one bit each
    "first": 1, "family": 2, "town": 4, "country": 8, "common": 16, "rare": 32, "foreign": 64,
    "company": 128, "title": 256, "street": 512, "unit": 1024, "people": 2048, "calendar": 4096,
    "frequent": 8192,
}  # fmt: skip
REACH = 2  # words on each side that are looked at
AROUND = 5  # words on each side of one that could be a name that are decoded with it
MEMORY = 100_000  # words, and pairs, that are remembered
_PLAIN = FLAGS["common"] | FLAGS["rare"] | FLAGS["foreign"] | FLAGS["calendar"]
_NAMES = FLAGS["first"] | FLAGS["family"]
_MARKS = frozenset(".,:;!?()[]\"'’-/&@#<>*")


class Found(NamedTuple):
    """A stretch of text under one label, with the mean posterior of its words."""

    start: int
    end: int
    label: str
    score: float


class Words(dict[str, int]):
    """The list: folded words and what they are, as the sum of :data:`FLAGS`."""

    def of(self, word: str) -> int:
        """The flags of a word as written; 0 for one that is not in the list."""
        return self.get(fold(word), 0)


def _shape(word: str) -> str:
    first = word[0]
    if first.isdigit():
        return f"d{min(len(word), 6)}" if word.isdigit() else "dd"
    if not first.isalpha():
        return _BREAK if first == "\n" else first if first in _MARKS else "p"
    if word.islower() or not (first.isupper() or word.lower() != word):
        return "x"
    if len(word) == 1:
        return "X"
    if word.isupper():
        return "XX"
    return "Xx" if word[1:].islower() else "xX" if first.islower() else "XxX"


def _said(word: str) -> str:
    return _BREAK if word == "\n" else fold(word)


@cache
def _kind(flags: int, shape: str) -> str:
    return f"{flags:x}{shape}"


def kind(word: str, words: Words) -> str:
    """What is known of a word without the word itself: its flags and its shape."""
    flags = words.of(word) if word[0].isalpha() else 0
    return _kind(flags, _shape(word))


def here(word: str, words: Words, offset: int) -> list[str]:
    """The features that a word gives to the place ``offset`` words behind it (-2 to 2)."""
    said, known = _said(word), kind(word, words)
    out = [f"w{offset}={said}", f"k{offset}={known}"]
    if offset == 0 and word[0].isalpha():
        shape = _shape(word)
        out += [f"s3={said[-3:]}{shape}", f"s2={said[-2:]}{shape}", f"l={min(len(word), 9)}{shape}"]
    return out


def pair(left: str, right: str, words: Words) -> tuple[list[str], list[str]]:
    """The features that two neighbours give to the left and to the right one."""
    before, after = kind(left, words), kind(right, words)
    joint = f"{before}|{after}"
    return [f"a={joint}", f"b={before}|{_said(right)}"], [f"c={joint}", f"d={_said(left)}|{after}"]


def tone(written: Sequence[str], words: Words) -> str:
    """How a text is written: in small letters, in capitals, in another language than English, or mixed."""
    spoken = [word for word in written if word[0].isalpha()]
    lower = [word for word in spoken if word.islower()]
    if not lower:
        return "bare"
    long = [words.of(word) for word in lower if len(word) > 1]
    if long and sum(1 for flags in long if flags & FLAGS["common"]) * 2 < len(long):
        return "foreign"
    return "small" if len(lower) == len(spoken) else "mixed"


class Tagger:
    """The weights at work."""

    def __init__(self, words: Words, weights: dict[str, Floats], moves: Floats) -> None:
        self._words = words
        self._weights = weights
        self._moves = moves  # from label to label
        self._exp = np.exp(moves)
        self._none = np.zeros(len(LABELS), np.float32)
        self._here: dict[str, Floats] = {}
        self._pairs: dict[tuple[str, str], tuple[Floats, Floats]] = {}
        self._tones: dict[str, Floats] = {}
        self._dull: set[str] = set()

    def find(self, text: str) -> list[Found]:
        """Every stretch that is marked; ``MISC`` (works, products) too."""
        said = set(TOKEN.findall(text))
        if self._dull.issuperset(said):
            return []
        hot = self._hot(said)
        if not hot:
            return []
        tokens = [*TOKEN.finditer(text)]
        written = [token.group() for token in tokens]
        style = tone(written, self._words)
        out: list[Found] = []
        for start, end in _stretches(written, hot):
            out += self._decode(tokens[start:end], written[start:end], style)
        return out

    def is_people(self, word: str) -> bool:
        """Whether a word says where somebody is from or what they believe (``Finnish``)."""
        written = word.istitle() or (word.islower() and word.endswith("s"))
        return written and bool(self._words.of(word) & FLAGS["people"])

    def are(self, word: str, *flags: str) -> bool:
        """Whether the list says any of this of a word."""
        return bool(self._words.of(word) & sum(FLAGS[flag] for flag in flags))

    def _hot(self, said: set[str]) -> set[str]:
        """The words that could be names: with a capital and not ordinary, or small and a given name."""
        hot = set()
        for word in said - self._dull:
            if self._is_dull(word):
                if len(self._dull) >= MEMORY:
                    self._dull.clear()
                self._dull.add(word)
            else:
                hot.add(word)
        return hot

    def _is_dull(self, word: str) -> bool:
        if len(word) == 1 or not word[0].isalpha():
            return True
        flags = self._words.of(word)
        if flags & FLAGS["frequent"]:
            return True
        if word.islower():
            return not flags & FLAGS["first"] or bool(flags & _PLAIN)
        return bool(flags & _PLAIN and not flags & _NAMES)

    def _decode(self, tokens: Sequence[re.Match[str]], written: Sequence[str], style: str) -> list[Found]:
        scores = self._scores(written, style)
        best = _viterbi(scores, self._moves)
        if not best.any():
            return []
        sure = _posterior(scores, self._exp)
        out: list[Found] = []
        at = 0
        while at < len(tokens):
            end = at + 1
            while end < len(tokens) and best[end] == best[at]:
                end += 1
            if best[at]:
                score = float(sure[np.arange(at, end), best[at:end]].mean())
                out.append(Found(tokens[at].start(), tokens[end - 1].end(), LABELS[best[at]], score))
            at = end
        return out

    def _scores(self, written: Sequence[str], style: str) -> Floats:
        memory = self._here
        if len(memory) >= MEMORY:
            memory.clear()
        stack = np.array([memory[word] if word in memory else self._learn(word) for word in written])
        scores = stack[:, REACH].copy()
        for away in range(1, min(REACH, len(written) - 1) + 1):
            scores[away:] += stack[:-away, REACH + away]
            scores[:-away] += stack[away:, REACH - away]
        if len(written) > 1:
            both = [self._pair(a, b) for a, b in pairwise(written)]
            scores[:-1] += np.array([left for left, _ in both])
            scores[1:] += np.array([right for _, right in both])
        scores += np.array([self._toned(style, word) for word in written])
        return scores

    def _learn(self, word: str) -> Floats:
        """What a word adds to the places before and behind it, as rows from -2 to 2."""
        made = np.array([self._sum(here(word, self._words, offset)) for offset in range(-REACH, REACH + 1)])
        self._here[word] = made
        return made

    def _pair(self, left: str, right: str) -> tuple[Floats, Floats]:
        held = self._pairs.get((left, right))
        if held is None:
            if len(self._pairs) >= MEMORY:
                self._pairs.clear()
            first, second = pair(left, right, self._words)
            held = self._pairs[left, right] = self._sum(first), self._sum(second)
        return held

    def _toned(self, style: str, word: str) -> Floats:
        return self._weights.get(f"t={style}{kind(word, self._words)}", self._none)

    def _sum(self, names: Iterable[str]) -> Floats:
        total = self._none.copy()
        for name in names:
            weight = self._weights.get(name)
            if weight is not None:
                total += weight
        return total


def _stretches(written: Sequence[str], hot: set[str]) -> Iterator[tuple[int, int]]:
    """The places around words that could be names, joined where they meet."""
    start = end = -1
    for at, word in enumerate(written):
        if word in hot:
            if end < 0 or at - AROUND > end:
                if end >= 0:
                    yield start, end
                start = max(0, at - AROUND)
            end = min(len(written), at + AROUND + 1)
    yield start, end


def _viterbi(scores: Floats, moves: Floats) -> NDArray[np.intp]:
    best = scores[0]
    back = []
    for row in scores[1:]:
        reached = best[:, None] + moves
        came = reached.argmax(axis=0)
        back.append(came)
        best = reached[came, np.arange(len(came))] + row
    path = [int(best.argmax())]
    for came in reversed(back):
        path.append(int(came[path[-1]]))
    return np.array(path[::-1])


def _posterior(scores: Floats, moves: Floats) -> Floats:
    """How probable each label is at each place, by the forward and backward sums."""
    raw = np.exp(scores - scores.max(axis=1, keepdims=True))
    forward = np.empty_like(raw)
    backward = np.ones_like(raw)
    forward[0] = raw[0] / raw[0].sum()
    for at in range(1, len(raw)):
        row = (forward[at - 1] @ moves) * raw[at]
        forward[at] = row / row.sum()
    for at in range(len(raw) - 2, -1, -1):
        row = moves @ (raw[at + 1] * backward[at + 1])
        backward[at] = row / row.sum()
    both: Floats = forward * backward
    both /= both.sum(axis=1, keepdims=True)
    return both


@cache
def tagger() -> Tagger:
    """The one that comes with ipse, read from its file once."""
    with files("ipse.privacy").joinpath("entities.npz").open("rb") as stream, np.load(stream) as held:
        words = _lines(held["words"])
        names = _lines(held["features"])
        flags, weights = held["flags"], held["weights"].astype(np.float32)
        moves = held["moves"].astype(np.float32)
    listed = Words(zip(words, flags.tolist(), strict=True))
    return Tagger(listed, dict(zip(names, weights, strict=True)), moves)


def _lines(packed: NDArray[np.uint8]) -> list[str]:
    return zlib.decompress(packed.tobytes()).decode().split("\n")
