"""The owner's past, indexed: which of their own replies fits a new situation, and what it once answered.

A :class:`Memory` is what the retrieval learner makes and the retrieval voice works with, kept as files
without pickled objects. Knows no training, no dataset and no vault.
"""

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import numpy.typing as npt

from ipse.errors import LearnerError
from ipse.learners.features import GRAMS, SIZE, Floats
from ipse.learners.matching import Known, Matcher, Query, Situations, texts_of
from ipse.lengths import FEWEST, Lengths, quartiles
from ipse.records import Example, Turn
from ipse.sentences import require_embeddings

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = ["FORMAT", "LEANING", "STRETCH", "Memory", "Past", "Runs"]

FORMAT = 2
LEANING, STRETCH = 8.0, 0.25
"""What a like situation, and what the length of a reply, weigh against its fit, in log odds: see Memory."""

SAME_CONTACT = 1.0  # in log odds: what was said to this very person goes before an equal said to another
SHORTLIST = 256  # replies of a search that every view is taken of
BEHIND = np.float32(1e6)  # what is not on the shortlist stands behind all that is
SUITING = 0.5
"""Of the log odds by length that a reply is one to this person rather than to anybody: on the demo's held-out
situations it brings lengths 5 % nearer to the true ones (mean difference of logs .388 → .368; at 1.0 .382).
"""
OLDEST = np.float32(2.0)  # log odds that age costs at most, where the dataset weighs by age
KNOWN = 1 << 14  # replies whose runs of characters are remembered: some 30 MB
OTHER_CHANNEL = 4.0  # in log odds: what was written where this person never is (a mail, a journal) is no chat


class Past(msgspec.Struct, frozen=True):
    """A situation of the owner's past and what they said then; ``context`` is its turns, the newest last.

    ``weight`` is what the dataset counts it beside others, by its age.
    """

    context: tuple[Turn, ...]
    reply: str
    contact: str
    platform: str = ""
    weight: float = 1.0

    @classmethod
    def of(cls, example: Example) -> "Past":
        """What a memory keeps of an example."""
        return cls(example.context, example.reply, example.contact, example.platform, example.weight)

    @property
    def texts(self) -> list[str]:
        """The texts of its turns, the newest last."""
        return texts_of(self.context)


class _Kept(msgspec.Struct, frozen=True):
    """Which past is with whom, where, and how long ago, for a search without a loop over it."""

    contacts: dict[str, int]
    contact: npt.NDArray[np.int32]  # (past,)
    platform: npt.NDArray[np.int32]  # (past,)
    recent: Floats  # (past,): the log of each weight, 0 for the heaviest

    @classmethod
    def of(cls, past: Sequence[Past]) -> "_Kept":
        contacts: dict[str, int] = {}
        platforms: dict[str, int] = {}
        with_whom = [contacts.setdefault(pair.contact, len(contacts)) for pair in past]
        where = [platforms.setdefault(pair.platform, len(platforms)) for pair in past]
        weights = np.log(np.maximum([pair.weight for pair in past], 1e-6)).astype(np.float32)
        recent = np.maximum(weights - weights.max(initial=-np.inf), -OLDEST)
        return cls(contacts, np.array(with_whom, dtype=np.int32), np.array(where, dtype=np.int32), recent)


class Runs:
    """Runs of characters of replies that were looked at closely, by row; the same few are, again and again.

    Safe from several threads: at worst two compute the same.
    """

    def __init__(self, most: int = KNOWN) -> None:
        self._most = most
        self._rows: dict[int, tuple[npt.NDArray[np.int32], Floats]] = {}

    def of(self, matcher: Matcher, past: Sequence[Past], rows: npt.NDArray[np.intp]) -> "csr_matrix":
        """Those of some rows, weighted, (rows, ``GRAMS``)."""
        from scipy.sparse import csr_matrix

        known, wanted = self._rows, rows.tolist()
        fresh = [row for row in wanted if row not in known]
        if fresh:
            made = matcher.runs([past[row].reply for row in fresh])
            if len(known) + len(fresh) > self._most:
                known = {row: known[row] for row in wanted if row in known}
            cuts = made.indptr[1:-1]
            parts = zip(fresh, np.split(made.indices, cuts), np.split(made.data, cuts), strict=True)
            known = self._rows = {**known, **{row: (ids, weights) for row, ids, weights in parts}}
        ids, weights = zip(*(known[row] for row in wanted), strict=True)
        starts = np.cumsum([0, *map(len, ids)])
        return csr_matrix((np.concatenate(weights), np.concatenate(ids), starts), shape=(len(rows), GRAMS))


class _Version(msgspec.Struct, frozen=True):
    format: int


class _Texts(msgspec.Struct, frozen=True):
    past: tuple[Past, ...]
    leaning: float
    stretch: float
    format: int = FORMAT


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """The past pairs, encoded, and the matcher that reads them. Made by :meth:`of` or :meth:`loads`.

    ``fitting`` and ``alike`` are postings, (``SIZE``, past): what a feature of the situation at hand adds to
    the fit of a past reply, and to the likeness of a past situation. ``leaning`` is what a wholly like
    situation adds to the score of its reply, ``stretch`` what each natural log of a reply's length adds:
    fit alone prefers the short reply that repeats one word of the question.
    """

    matcher: Matcher
    past: tuple[Past, ...]
    asked: Situations
    said: Known  # of the replies
    lengths: Floats  # of the replies: the natural log of one and the number of features
    fitting: "csr_matrix"
    alike: "csr_matrix"
    kept: _Kept
    runs: Runs = msgspec.field(default_factory=Runs)
    leaning: float = LEANING
    stretch: float = STRETCH

    @classmethod
    def of(cls, matcher: Matcher, past: Sequence[Past], asked: "csr_matrix", said: "csr_matrix") -> "Memory":
        """Encode the past, of which ``asked`` and ``said`` are the features (past, ``SIZE``)."""
        encoded = matcher.situations([pair.texts for pair in past], asked)
        replies = [pair.reply for pair in past]
        known = Known(
            said, matcher.author.doubt(replies), matcher.vectors(replies, said), matcher.sentences(replies)
        )
        return cls._indexed(matcher, past, encoded, known)

    @classmethod
    def _indexed(cls, matcher: Matcher, past: Sequence[Past], asked: Situations, said: Known) -> "Memory":
        return cls(
            matcher=matcher,
            past=tuple(past),
            asked=asked,
            said=said,
            lengths=np.log1p(np.asarray(said.counts.sum(axis=1)).ravel()).astype(np.float32),
            fitting=matcher.shared(said.counts).T.tocsr(),
            alike=matcher.weighted(asked.words).T.tocsr(),
            kept=_Kept.of(past),
        )

    def fit(self, now: Situations, at: int) -> Floats:
        """How well each past reply fits the situation in row ``at`` by a search, in log odds, (past,)."""
        return _sum(self.fitting, now.words[at]) + self.matcher.by_vectors(self.said.vectors, now.vectors[at])

    def likeness(self, now: Situations, at: int) -> Floats:
        """How like each past situation is, up to 1: the mean cosine of words and of vectors, (past,)."""
        by_words = _sum(self.alike, self.matcher.weighted(now.words[at]))
        by_vectors: Floats = self.asked.vectors @ now.vectors[at]
        return (by_words + by_vectors) / np.float32(2)

    def weigh(self, context: Sequence[Turn], contact: str | None) -> Floats:
        """What to say: a score for each past reply, in log odds.

        Words and vectors search the whole past; what they find best is then looked at by every view.
        """
        query = self.matcher.query(context)
        fit = self.fit(query.asked, 0)
        likeness = self.likeness(query.asked, 0)
        score = self.blend(fit, likeness, leaning=self.leaning, stretch=self.stretch)
        score += self.kept.recent
        if contact in self.kept.contacts:
            score += self._known_to(self.kept.contacts[contact])
        found, closer = self.shortlisted(query, score)
        looked = score[found] - fit[found] + closer
        score -= BEHIND
        score[found] = looked
        return score

    def shortlisted(self, query: Query, score: Floats) -> tuple[npt.NDArray[np.intp], Floats]:
        """The rows that have the best ``score``, in their order, and how well they fit by every view."""
        if len(score) <= SHORTLIST:
            found = np.arange(len(score))
        else:
            found = np.sort(np.argpartition(-score, SHORTLIST)[:SHORTLIST])
        texts = [self.past[at].reply for at in found]
        runs = self.runs.of(self.matcher, self.past, found)
        replies = self.matcher.replies(texts, self.said.rows(found), runs)
        return found, self.matcher.mixed(self.matcher.views(query, replies))

    def alike_to(self, context: Sequence[Turn]) -> Floats:
        """How like each past situation is, up to 1, (past,)."""
        return self.likeness(self.matcher.situations([texts_of(context)]), 0)

    def _known_to(self, contact: int) -> Floats:
        """What having been said to this person, being as long as what is said to them, or having been said in
        another channel than theirs, adds to each reply."""
        same = self.kept.contact == contact
        there = np.unique(self.kept.platform[same])
        other = ~np.isin(self.kept.platform, there)
        bonus: Floats = same * np.float32(SAME_CONTACT) - other * np.float32(OTHER_CHANNEL)
        return bonus + np.float32(SUITING) * self._suiting(same)

    def _suiting(self, same: npt.NDArray[np.bool_]) -> Floats:
        """By length alone: the log odds of a reply to this person (``same``) to one to anybody."""
        sizes, where = np.unique(np.rint(np.expm1(self.lengths)).astype(np.int64), return_inverse=True)
        told, everyone = quartiles(sizes[where][same]), quartiles(sizes[where])
        if told is None or everyone is None or told.count < FEWEST:
            return np.zeros(len(same), dtype=np.float32)
        known = Lengths(everyone=everyone, contacts={"": told})
        odds: Floats = np.array([known.suits("", int(size)) for size in sizes], dtype=np.float32)[where]
        return odds

    def blend(self, fit: Floats, likeness: Floats, *, leaning: float, stretch: float) -> Floats:
        """The score of each past reply, (past,)."""
        situation: Floats = np.float32(leaning) * likeness
        return fit + situation + np.float32(stretch) * self.lengths

    def dumps(self) -> dict[str, bytes]:
        """Two files: the texts as JSON, everything else as npz. The same memory gives the same bytes."""
        arrays = self.matcher.arrays()
        for name, words, vectors in (
            ("asked", self.asked.words, self.asked.vectors),
            ("said", self.said.counts, self.said.vectors),
        ):
            arrays[f"{name}_ids"], arrays[f"{name}_starts"] = words.indices, words.indptr
            arrays[f"{name}_counts"] = words.data.astype(np.float16)
            arrays[f"{name}_vectors"] = vectors.astype(np.float16)
        arrays["said_author"] = self.said.author
        if self.said.sentences is not None:
            arrays["said_sentences"] = self.said.sentences.astype(np.float16)
        packed = io.BytesIO()
        np.savez(packed, allow_pickle=False, **arrays)
        texts = msgspec.json.encode(_Texts(self.past, self.leaning, self.stretch))
        return {"memory.json": texts, "arrays.npz": packed.getvalue()}

    @classmethod
    def loads(cls, files: Mapping[str, bytes]) -> "Memory":
        """Read what :meth:`dumps` wrote; raises ``LearnerError`` for anything else."""
        try:
            if msgspec.json.decode(files["memory.json"], type=_Version).format != FORMAT:
                raise LearnerError(
                    "This retrieval model was made by another version of ipse.",
                    hint="Run `ipse train` again.",
                )
            texts = msgspec.json.decode(files["memory.json"], type=_Texts)
            with np.load(io.BytesIO(files["arrays.npz"]), allow_pickle=False) as packed:
                arrays = dict(packed)
            return cls._restored(texts, arrays)
        except (KeyError, ValueError, IndexError, EOFError, msgspec.DecodeError, zipfile.BadZipFile) as error:
            raise LearnerError(
                "This is no retrieval model, or it is damaged.", hint="Train it again."
            ) from error

    @classmethod
    def _restored(cls, texts: _Texts, arrays: Mapping[str, np.ndarray]) -> "Memory":
        if not texts.past:
            raise ValueError("empty")
        matcher = Matcher.of(arrays)
        words = {name: _matrix(arrays, name, len(texts.past)) for name in ("asked", "said")}
        vectors = {name: arrays[f"{name}_vectors"].astype(np.float32) for name in words}
        asked = Situations(words["asked"], vectors["asked"])
        author = arrays.get("said_author")
        if author is None:  # of a model made before it was kept
            author = matcher.author.doubt([pair.reply for pair in texts.past])
        sentences = None
        if matcher.embeds:
            require_embeddings("train again with retrieval.embeddings: off")
            sentences = arrays["said_sentences"].astype(np.float32)
        known = Known(words["said"], author, vectors["said"], sentences)
        memory = cls._indexed(matcher, texts.past, asked, known)
        return msgspec.structs.replace(memory, leaning=texts.leaning, stretch=texts.stretch)


def _sum(postings: "csr_matrix", row: "csr_matrix") -> Floats:
    """The sum of the postings of the features in ``row`` (1, SIZE), each times its weight there."""
    total: Floats = row.data @ postings[row.indices]
    return total


def _matrix(arrays: Mapping[str, np.ndarray], name: str, rows: int) -> "csr_matrix":
    from scipy.sparse import csr_matrix

    counts = arrays[f"{name}_counts"].astype(np.float32)
    return csr_matrix((counts, arrays[f"{name}_ids"], arrays[f"{name}_starts"]), shape=(rows, SIZE))
