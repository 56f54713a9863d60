"""Texts as bags of hashed features, for any language and with nothing to download.

A feature is a word, the first letters of a word (a stem of sorts, in any inflected language), or, where a
script writes no spaces, a character or two; beside these stand runs of three to five characters, which see
through inflection, compounds and slips. Knows nothing of who wrote a text or what it answers.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias
from zlib import crc32

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = ["GRAMS", "MARKS", "SIZE", "Floats", "bags", "grams", "marks", "situations", "traits", "words"]

SIZE = 1 << 18  # hash buckets; a person's vocabulary with its stems is some 20,000 to 60,000
GRAMS = 1 << 18  # hash buckets of runs of characters
RUNS = (3, 4, 5)
TRAITS = (1, 2, 3, 4)
DECAY = 0.5  # the weight of a turn of context against that of the next newer one
STEM = 4
MARKS = 4

Floats: TypeAlias = npt.NDArray[np.float32]
_Bag: TypeAlias = tuple[npt.NDArray[np.int32], Floats]  # feature ids, ascending, and their counts

_TOKEN = re.compile(r"\w+|[?!]|[\u2190-\u2bff\U0001f000-\U0001faff]")
_SPACELESS = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\U0003ffff]")


def words(text: str) -> list[str]:
    """The features of a text in order, as strings."""
    return [part for token in _TOKEN.findall(text.casefold()) for part in _parts(token)]


def bags(texts: Sequence[str]) -> "csr_matrix":
    """The features of each text with their counts: (n, ``SIZE``) float32."""
    return _stack([_bag(text) for text in texts])


def grams(texts: Sequence[str]) -> "csr_matrix":
    """Runs of three to five characters, not across words, counted: (n, ``GRAMS``) float32."""
    return _counted([f" {'  '.join(_TOKEN.findall(text.casefold()))} " for text in texts], RUNS, within=True)


def traits(texts: Sequence[str]) -> "csr_matrix":
    """How a text is written: runs of one to four of its characters as they are, (n, ``GRAMS``) float32."""
    return _counted([f"\n{text}\n" for text in texts], TRAITS, within=False)


def _counted(texts: Sequence[str], lengths: Sequence[int], *, within: bool) -> "csr_matrix":
    from scipy.sparse import csr_matrix

    letters = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    rows = np.repeat(np.arange(len(texts), dtype=np.int64), [len(text) for text in texts])
    keys = np.concatenate([_runs(letters, rows, length, within=within) for length in lengths])
    found, counts = np.unique(keys, return_counts=True)
    starts = np.searchsorted(found, np.arange(len(texts) + 1, dtype=np.int64) * GRAMS)
    ids = (found % GRAMS).astype(np.int32)
    return csr_matrix((counts.astype(np.float32), ids, starts), shape=(len(texts), GRAMS))


def situations(contexts: Sequence[Sequence[str]]) -> "csr_matrix":
    """What a context is about, one row each: features weighted by the newest turn they stand in."""
    return _stack([_situation(context) for context in contexts])


def marks(texts: Sequence[str]) -> Floats:
    """What words do not tell (n, ``MARKS``): a constant, the length, whether it asks, whether it is short."""
    rows = [(1.0, np.log1p(len(text)) - 5, "?" in text, len(text) < 40) for text in texts]
    return np.array(rows, dtype=np.float32).reshape(-1, MARKS)


def _runs(
    letters: npt.NDArray[np.uint32], rows: npt.NDArray[np.int64], length: int, *, within: bool
) -> npt.NDArray[np.int64]:
    """Row × ``GRAMS`` + bucket of each run of ``length`` characters; ``within`` one word and its edges."""
    count = max(0, len(letters) - length + 1)
    held = np.full(count, length, dtype=np.uint64)
    across = np.zeros(count, dtype=bool)
    for at in range(length):
        here = letters[at : at + count]
        held = (held ^ here) * np.uint64(0x9E3779B97F4A7C15)  # Fibonacci hashing; products wrap
        held ^= held >> np.uint64(29)
        if within and 0 < at < length - 1:
            across |= here == ord(" ")
    buckets = (held >> np.uint64(20)).astype(np.int64) % GRAMS
    whole = ~across & (rows[:count] == rows[length - 1 : length - 1 + count])
    keys: npt.NDArray[np.int64] = (rows[:count] * GRAMS + buckets)[whole]
    return keys


def _bag(text: str) -> _Bag:
    ids, counts = np.unique(np.array(_buckets_of(text), dtype=np.int32), return_counts=True)
    return ids, counts.astype(np.float32)


def _situation(context: Sequence[str]) -> _Bag:
    weights: dict[int, float] = {}
    for age, text in enumerate(reversed(context)):
        for bucket in _buckets_of(text):
            weights.setdefault(bucket, DECAY**age)
    ids = sorted(weights)
    return np.array(ids, dtype=np.int32), np.array([weights[key] for key in ids], dtype=np.float32)


def _stack(rows: Sequence[_Bag]) -> "csr_matrix":
    from scipy.sparse import csr_matrix

    starts = np.cumsum([0, *(len(ids) for ids, _ in rows)])
    ids = np.concatenate([ids for ids, _ in rows]) if rows else np.zeros(0, dtype=np.int32)
    data = np.concatenate([counts for _, counts in rows]) if rows else np.zeros(0, dtype=np.float32)
    return csr_matrix((data, ids, starts), shape=(len(rows), SIZE))


def _buckets_of(text: str) -> list[int]:
    return [bucket for token in _TOKEN.findall(text.casefold()) for bucket in _buckets(token)]


@lru_cache(maxsize=1 << 17)
def _buckets(token: str) -> tuple[int, ...]:
    return tuple(crc32(part.encode("utf-8", "surrogatepass")) % SIZE for part in _parts(token))


def _parts(token: str) -> list[str]:
    if _SPACELESS.search(token):
        return [*token, *(token[at : at + 2] for at in range(len(token) - 1))]
    return [token, f"^{token[:STEM]}"] if len(token) >= STEM else [token]
