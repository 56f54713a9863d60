"""How well a reply fits a situation: several views of it, and their mix.

``bm25`` (of the newest turn, of others' older turns, of the owner's own, and of who speaks), ``grams`` (runs
of characters, of the newest turn and of others' older ones) and ``words`` look at what both share, the last
with learned weights; ``author`` at whether the owner would write so at all, and ``encoder`` at what their own
pairs taught about what answers what. Knows no person, no file and no training; the learner makes a
:class:`Matcher`, the voice uses it.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import numpy.typing as npt

from ipse.learners.features import GRAMS, SIZE, Floats, bags, grams, marks, situations, traits
from ipse.learners.towers import TEMPERATURE, Towers, unit
from ipse.records import Turn
from ipse.sentences import embedded

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = [
    "PLAIN",
    "SEARCH",
    "VIEWS",
    "Author",
    "Basis",
    "Known",
    "Matcher",
    "Query",
    "Replies",
    "Situations",
    "Statistics",
    "normal",
    "rarity_of",
    "saturated",
    "texts_of",
    "weighted",
]

VIEWS = ("newest", "others", "own", "speakers", "newest grams", "others grams", "author", "words", "encoder")
"""What a reply is scored by, in the order of a mix; the first four by BM25.

Where sentence embeddings are used, one more stands behind these: the cosine of the newest turn and the reply.
"""

SEARCH = (7, 8)
"""The views that a whole past is searched by; the others tell among what that finds."""

PLAIN = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0)

K1, B = 1.2, 0.6  # BM25's saturation and length norm; Robertson and Zaragoza (2009) give 1.2–2 and .5–.8
AT_ONCE = 2000  # texts whose traits are in memory at a time, of a thousand each in a long one
MARK_SCALE = np.float32(0.3)  # the marks of a text beside its projection, whose leading entries are near one


class Statistics(msgspec.Struct, frozen=True):
    """What the training texts tell about features: inverse document frequencies, and the mean length."""

    rarity: Floats  # (SIZE,) over situations and replies
    reply_rarity: Floats  # (SIZE,) over replies alone
    gram_rarity: Floats  # (GRAMS,) over replies alone
    mean_length: float

    @classmethod
    def of(cls, asked: "csr_matrix", said: "csr_matrix", replies: Sequence[str]) -> "Statistics":
        """Count the rows of situations and replies, and the runs of characters in some of the replies."""
        in_replies, in_asked = (np.bincount(held.indices, minlength=SIZE) for held in (said, asked))
        count = said.shape[0]
        mean = float(said.sum()) / max(1, count)
        runs = np.bincount(grams(replies).indices, minlength=GRAMS)
        return cls(
            rarity=rarity_of(in_replies + in_asked, 2 * count),
            reply_rarity=rarity_of(in_replies, count),
            gram_rarity=rarity_of(runs, len(replies)),
            mean_length=max(mean, 1.0),
        )


class Basis(msgspec.Struct, frozen=True):
    """A projection: row i of ``directions`` (kept, K), already scaled, is for feature ``kept[i]``."""

    kept: npt.NDArray[np.int32]
    directions: Floats

    def project(self, counts: "csr_matrix", rarity: Floats) -> Floats:
        """(n, K): the features of each text, weighted and scaled to length one, in these directions."""
        projected: Floats = weighted(counts, rarity)[:, self.kept] @ self.directions
        return projected


class Author(msgspec.Struct, frozen=True):
    """What tells the owner's hand from that of those they write with: weights of traits, and an intercept."""

    rarity: Floats  # (GRAMS,)
    weights: Floats  # (GRAMS,)
    intercept: float = 0.0

    def doubt(self, texts: Sequence[str]) -> Floats:
        """The log of how likely the owner wrote each text, (n,); near 0 for whatever could well be theirs."""
        if len(texts) > AT_ONCE:
            parts = [texts[at : at + AT_ONCE] for at in range(0, len(texts), AT_ONCE)]
            return np.concatenate([self.doubt(part) for part in parts])
        odds = weighted(traits(texts), self.rarity) @ self.weights + np.float32(self.intercept)
        doubted: Floats = -np.logaddexp(np.float32(0), -odds)
        return doubted


class Situations(msgspec.Struct, frozen=True):
    """Encoded contexts: feature weights (n, ``SIZE``) and unit vectors (n, d)."""

    words: "csr_matrix"
    vectors: Floats


class Query(msgspec.Struct, frozen=True):
    """One situation, ready to be held against replies, and its encoded context (one row)."""

    bm25: Floats  # (SIZE, 4): of the newest turn, others' older turns, the owner's own, who speaks
    words: Floats  # (SIZE,)
    grams: Floats  # (GRAMS, 2): of the newest turn, of others' older turns
    asked: Situations
    sentence: Floats | None = None  # of the newest turn, where embeddings are used


class Known(msgspec.Struct, frozen=True):
    """What of replies does not depend on the situation: features, whether the owner wrote them, vectors."""

    counts: "csr_matrix"
    author: Floats  # (n,)
    vectors: Floats
    sentences: Floats | None = None  # (n, D), where embeddings are used

    def rows(self, at: npt.NDArray[np.intp]) -> "Known":
        """Some of them, in the order of ``at``."""
        sentences = None if self.sentences is None else self.sentences[at]
        return Known(self.counts[at], self.author[at], self.vectors[at], sentences)


class Replies(msgspec.Struct, frozen=True):
    """Encoded replies: two weightings of the same features (n, ``SIZE``), runs of characters, vectors."""

    bm25: "csr_matrix"
    words: "csr_matrix"
    grams: "csr_matrix"
    author: Floats  # (n,)
    vectors: Floats
    sentences: Floats | None = None  # (n, D), where embeddings are used

    def rows(self, at: npt.NDArray[np.int64]) -> "Replies":
        """Some of them, in the order of ``at``."""
        sentences = None if self.sentences is None else self.sentences[at]
        parts = (self.bm25[at], self.words[at], self.grams[at], self.author[at], self.vectors[at])
        return Replies(*parts, sentences)

    def and_also(self, more: "Replies") -> "Replies":
        """These, then ``more``."""
        from scipy.sparse import vstack

        return Replies(
            bm25=vstack([self.bm25, more.bm25], format="csr"),
            words=vstack([self.words, more.words], format="csr"),
            grams=vstack([self.grams, more.grams], format="csr"),
            author=np.concatenate([self.author, more.author]),
            vectors=np.vstack([self.vectors, more.vectors]),
            sentences=None
            if self.sentences is None or more.sentences is None
            else np.vstack([self.sentences, more.sentences]),
        )


class Matcher(msgspec.Struct, frozen=True, kw_only=True):
    """Everything learned that scoring needs."""

    statistics: Statistics
    weights: Floats  # (SIZE,), of a word that situation and reply share
    basis: Basis
    towers: Towers
    author: Author
    mix: tuple[float, ...] = PLAIN  # of the ``VIEWS``
    search: tuple[float, ...] = (1.0, 1.0)  # of words and encoder, where they stand alone

    @property
    def embeds(self) -> bool:
        """Whether sentence embeddings are one of its views."""
        return len(self.mix) > len(VIEWS)

    def situations(self, contexts: Sequence[Sequence[str]], words: "csr_matrix | None" = None) -> Situations:
        """Encode contexts, each its turns, the newest last; ``words`` are their features if known."""
        held = situations(contexts) if words is None else words
        inputs = self.inputs(held, [context[-1] for context in contexts])
        return Situations(held, unit(inputs @ self.towers.ask))

    def query(self, context: Sequence[Turn]) -> Query:
        """Make one of a context, the newest turn last."""
        newest, others, own, speakers = _parts(context)
        asked = self.situations([texts_of(context)])
        by_words = np.zeros(SIZE, dtype=np.float32)
        by_words[asked.words.indices] = asked.words.data * self.weights[asked.words.indices]
        parts = [*bags([newest, others, own]), situations([speakers])]
        by_bm25 = np.zeros((SIZE, len(parts)), dtype=np.float32)
        for column, part in enumerate(parts):
            here = part.indices
            by_bm25[here, column] = np.minimum(part.data, 1) * self.statistics.reply_rarity[here]
        by_grams = np.zeros((GRAMS, 2), dtype=np.float32)
        for column, row in enumerate(weighted(grams([newest, others]), self.statistics.gram_rarity)):
            by_grams[row.indices, column] = row.data
        return Query(by_bm25, by_words, by_grams, asked, embedded([newest])[0] if self.embeds else None)

    def runs(self, texts: Sequence[str]) -> "csr_matrix":
        """Runs of characters of replies, weighted, (n, ``GRAMS``)."""
        return weighted(grams(texts), self.statistics.gram_rarity)

    def replies(
        self, texts: Sequence[str], known: "Known | None" = None, runs: "csr_matrix | None" = None
    ) -> Replies:
        """Encode replies; ``known`` and ``runs`` are what of them is known."""
        held = bags(texts) if known is None else known.counts
        return Replies(
            saturated(held, self.statistics.mean_length),
            normal(held, self.statistics.rarity),
            self.runs(texts) if runs is None else runs,
            self.author.doubt(texts) if known is None else known.author,
            self.vectors(texts, held) if known is None else known.vectors,
            self.sentences(texts) if known is None else known.sentences,
        )

    def sentences(self, texts: Sequence[str]) -> Floats | None:
        """The embeddings of replies, where they are a view."""
        return embedded(texts) if self.embeds else None

    def vectors(self, replies: Sequence[str], counts: "csr_matrix") -> Floats:
        """The unit vectors of replies, of which ``counts`` are the features."""
        return unit(self.inputs(counts, replies) @ self.towers.say)

    def inputs(self, counts: "csr_matrix", texts: Sequence[str]) -> Floats:
        """What the towers see: the projection and the marks of each text, (n, K + ``MARKS``)."""
        return np.hstack([self.basis.project(counts, self.statistics.rarity), MARK_SCALE * marks(texts)])

    def views(self, query: Query, replies: Replies) -> Floats:
        """The scores of each reply by each of the ``VIEWS``, and by sentences, (replies, 9 or 10)."""
        fit = replies.vectors @ query.asked.vectors[0] / np.float32(TEMPERATURE)
        by_words = replies.words @ query.words
        lone = np.stack([replies.author, by_words, fit], axis=1)
        views = [replies.bm25 @ query.bm25, replies.grams @ query.grams, lone]
        if query.sentence is not None and replies.sentences is not None:
            views.append((replies.sentences @ query.sentence)[:, None])
        return np.hstack(views)

    def shared(self, counts: "csr_matrix") -> "csr_matrix":
        """What each feature of a reply adds to its score in a search where the situation holds it too."""
        held = normal(counts, self.statistics.rarity)
        held.data *= np.float32(self.search[0]) * self.weights[counts.indices]
        return held

    def by_vectors(self, replies: Floats, situation: Floats) -> Floats:
        """What the encoder adds to the score of each reply in a search, (n,)."""
        return replies @ situation * np.float32(self.search[1] / TEMPERATURE)

    def weighted(self, counts: "csr_matrix") -> "csr_matrix":
        """Rows of length one whose products are cosines: rare features weigh more."""
        return weighted(counts, self.statistics.rarity)

    def mixed(self, views: Floats) -> Floats:
        """One score each, in log odds of being the true reply among equals."""
        return views @ np.array(self.mix, dtype=np.float32)

    def arrays(self) -> dict[str, np.ndarray]:
        """The matcher as plain arrays by name; large ones in half precision."""
        return {
            "rarity": self.statistics.rarity,
            "reply_rarity": self.statistics.reply_rarity,
            "gram_rarity": self.statistics.gram_rarity,
            "mean_length": np.array([self.statistics.mean_length]),
            "weights": self.weights,
            "kept": self.basis.kept,
            "basis": self.basis.directions.astype(np.float16),
            "ask": self.towers.ask.astype(np.float16),
            "say": self.towers.say.astype(np.float16),
            "trait_rarity": self.author.rarity,
            "traits": self.author.weights,
            "intercept": np.array([self.author.intercept]),
            "mix": np.array(self.mix),
            "search": np.array(self.search),
        }

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray]) -> "Matcher":
        """What :meth:`arrays` gave. Raises ``KeyError`` where one is missing."""
        held = {name: arrays[name].astype(np.float32) for name in ("basis", "ask", "say")}
        if len(arrays["mix"]) not in (len(VIEWS), len(VIEWS) + 1) or len(arrays["search"]) != len(SEARCH):
            raise ValueError("mix")
        statistics = Statistics(
            rarity=arrays["rarity"],
            reply_rarity=arrays["reply_rarity"],
            gram_rarity=arrays["gram_rarity"],
            mean_length=float(arrays["mean_length"][0]),
        )
        return cls(
            statistics=statistics,
            weights=arrays["weights"],
            basis=Basis(arrays["kept"], held["basis"]),
            towers=Towers(held["ask"], held["say"]),
            author=Author(arrays["trait_rarity"], arrays["traits"], float(arrays["intercept"][0])),
            mix=tuple(float(weight) for weight in arrays["mix"]),
            search=tuple(float(weight) for weight in arrays["search"]),
        )


def texts_of(context: Sequence[Turn]) -> list[str]:
    """The texts of a context; an empty one has one empty text."""
    return [turn.text for turn in context] or [""]


def _parts(context: Sequence[Turn]) -> tuple[str, str, str, list[str]]:
    """The newest turn, others' older turns, the owner's own, and who speaks, the newest last."""
    before = context[:-1]
    others = "\n".join(turn.text for turn in before if turn.role == "partner")
    own = "\n".join(turn.text for turn in before if turn.role == "owner")
    speakers = [turn.speaker for turn in context if turn.role == "partner"]
    return (context[-1].text if context else ""), others, own, speakers or [""]


def normal(counts: "csr_matrix", rarity: Floats) -> "csr_matrix":
    """1 + ln of counts (weights below one as they are), over the row's length when weighted by ``rarity``."""
    held = counts.copy()
    held.data = np.where(counts.data >= 1, 1 + np.log(np.maximum(counts.data, 1)), counts.data)
    rows = _rows(held)
    squares = np.bincount(rows, weights=(held.data * rarity[held.indices]) ** 2, minlength=held.shape[0])
    held.data = (held.data / np.maximum(np.sqrt(squares), 1e-6)[rows]).astype(np.float32)
    return held


def weighted(counts: "csr_matrix", rarity: Floats) -> "csr_matrix":
    """Rows of length one, by TF-IDF."""
    held = normal(counts, rarity)
    held.data *= rarity[held.indices]
    return held


def saturated(counts: "csr_matrix", mean_length: float) -> "csr_matrix":
    """BM25's term weights, without the rarity that the query brings."""
    held = counts.copy()
    rows = _rows(held)
    lengths = np.bincount(rows, weights=held.data, minlength=held.shape[0])
    brake = (K1 * (1 - B + B * lengths / mean_length))[rows]
    held.data = (held.data * (K1 + 1) / (held.data + brake)).astype(np.float32)
    return held


def _rows(held: "csr_matrix") -> npt.NDArray[np.int64]:
    return np.repeat(np.arange(held.shape[0]), np.diff(held.indptr))


def rarity_of(frequency: npt.NDArray[np.int64], count: int) -> Floats:
    """Inverse document frequencies, of which ``frequency`` are the counts in ``count`` texts."""
    rarity: Floats = np.log(1 + (count - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)
    return rarity
