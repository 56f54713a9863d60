"""What the owner writes about and holds dear, for a voice's persona card: themes, values, whom they mention.

Made of the training set's replies alone, so a card tells a voice nothing of what it is judged by, and kept
inside the dataset, so it is erased with it. Themes are clusters of replies named by class-based TF-IDF
(Grootendorst, 2022); values are counted by a small lexicon in English and German. People, and whatever else
the gate replaced, appear as pseudonyms; a word must recur in three replies and two conversations.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from importlib.resources import files
from math import log

import msgspec

from ipse.datasets.thinning import drawn
from ipse.datasets.words import PLACEHOLDER, content_words
from ipse.records import Example

__all__ = ["Persona", "Theme", "persona_of"]

FEWEST = 50  # replies that say something, below which there are no themes
SAYS = 4  # words a reply needs for that
MOST = 5000  # replies clustered
CLUSTERS, EACH = 8, 30  # themes at most, and replies for each at least on average
TERMS = 6
REPLIES, TALKS = 3, 2  # in so many a word must recur
MENTIONS = 8


class Theme(msgspec.Struct, frozen=True):
    """Words that tell these replies from the rest, most telling first, and the share of replies."""

    terms: tuple[str, ...]
    share: float


class Persona(msgspec.Struct, frozen=True, kw_only=True):
    """``values``: share of replies that touch each, largest first. ``mentions``: replies by pseudonym."""

    themes: tuple[Theme, ...] = ()
    values: dict[str, float] = {}
    mentions: dict[str, int] = {}


def persona_of(train: Sequence[Example]) -> Persona:
    """The persona of the replies in a training set; copies with other inputs count once."""
    own = [example for example in train if example.origin is None]
    return Persona(themes=_themes(own), values=_values(own), mentions=_mentions(own))


def _themes(own: Sequence[Example]) -> tuple[Theme, ...]:
    said = [(example, content_words(example.reply)) for example in own]
    said = sorted((pair for pair in said if len(pair[1]) >= SAYS), key=lambda pair: drawn(pair[0]))[:MOST]
    recurring = _recurring(said)
    texts = [found for _, words in said if (found := [word for word in words if word in recurring])]
    if len(texts) < FEWEST:
        return ()
    clusters: dict[int, list[list[str]]] = defaultdict(list)
    for text, label in zip(texts, _clustered(texts), strict=True):
        clusters[label].append(text)
    ranked = sorted(clusters.values(), key=lambda held: (-len(held), held))
    names = _named([Counter(word for text in held for word in text) for held in ranked])
    return tuple(
        Theme(terms, round(len(held) / len(texts), 4))
        for terms, held in zip(names, ranked, strict=True)
        if len(held) >= REPLIES
    )


def _recurring(said: Iterable[tuple[Example, list[str]]]) -> set[str]:
    replies: Counter[str] = Counter()
    talks: dict[str, set[str]] = defaultdict(set)
    for example, words in said:
        for word in set(words):
            replies[word] += 1
            talks[word].add(example.conversation)
    return {word for word, count in replies.items() if count >= REPLIES and len(talks[word]) >= TALKS}


def _clustered(texts: Sequence[Sequence[str]]) -> list[int]:
    from sklearn.cluster import KMeans
    from sklearn.feature_extraction.text import TfidfVectorizer

    matrix = TfidfVectorizer(analyzer=list, max_features=2000, sublinear_tf=True).fit_transform(texts)
    count = max(1, min(CLUSTERS, len(texts) // EACH))
    return [int(label) for label in KMeans(count, random_state=7, n_init=3).fit_predict(matrix)]


def _named(clusters: Sequence[Counter[str]]) -> list[tuple[str, ...]]:
    """The words of each cluster by c-TF-IDF: how often there, times how rare in all."""
    every = Counter[str]()
    for counts in clusters:
        every.update(counts)
    mean = every.total() / len(clusters)
    found = []
    for counts in clusters:
        score = {word: n / counts.total() * log(1 + mean / every[word]) for word, n in counts.items()}
        found.append(tuple(sorted(score, key=lambda word: (-score[word], word))[:TERMS]))
    return found


def _values(own: Sequence[Example]) -> dict[str, float]:
    stems = _stems()
    counts: Counter[str] = Counter()
    for example in own:
        words = content_words(example.reply)
        counts.update(name for name, heads in stems.items() if any(word.startswith(heads) for word in words))
    return {name: round(n / len(own), 4) for name, n in _ranked(counts) if n >= REPLIES}


def _stems() -> dict[str, tuple[str, ...]]:
    text = files("ipse.datasets").joinpath("lexicon", "values.txt").read_text(encoding="utf-8")
    lines = [line.split() for line in text.splitlines() if not line.startswith("#")]
    return {name: tuple(stems) for name, *stems in lines}


def _mentions(own: Sequence[Example]) -> dict[str, int]:
    counts = Counter(name for one in own for name in {match[0] for match in PLACEHOLDER.finditer(one.reply)})
    numbered = Counter({name.strip("<>"): n for name, n in counts.items() if n >= REPLIES and "_" in name})
    return dict(_ranked(numbered)[:MENTIONS])


def _ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
