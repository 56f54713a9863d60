"""Near-duplicate texts, by the Jaccard similarity of their sets of character shingles.

The join is exact, not sampled: of two sets that are similar enough, the rarest few elements of each must
meet (prefix filtering; Chaudhuri, Ganti and Kaushik, ICDE 2006), and what meets there is compared.
Knows texts only.
"""

import re
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = ["FLOOR", "distinctive", "near_duplicates", "normalised", "repeats"]

FLOOR = 40
"""UTF-8 bytes (about 40 Latin, 20 Cyrillic or 13 Chinese letters) below which a reply is common coin.

"ok", "see you tomorrow" or "Not that I'm aware of." recur in every set because people repeat themselves;
to purge them would teach a clone never to say what its owner says most.
"""

SHINGLE = 5
BUCKETS = 1 << 22  # document frequencies are counted in hash buckets; a collision only costs time
BITS = 1024
HASHES, BANDS = 128, 32  # of MinHash: bands of four hashes
_WORDLESS = re.compile(r"[\W_]+")

_Keys = npt.NDArray[np.uint64]


def normalised(text: str) -> str:
    """Lower case with everything but letters and digits as single spaces: equal texts for this purpose."""
    return _WORDLESS.sub(" ", text.casefold()).strip()


def distinctive(text: str) -> bool:
    """Whether a normalised text is long enough that saying it twice is no accident."""
    return len(text.encode()) >= FLOOR


def near_duplicates(texts: Sequence[str], of: Sequence[str], *, threshold: float) -> list[bool]:
    """For each of ``texts``: is it a near-duplicate of one in ``of``? Short ones never are (``FLOOR``)."""
    ours = [normalised(text) for text in texts]
    theirs = [normalised(text) for text in of]
    exact = {text for text in theirs if distinctive(text)}
    found = [text in exact for text in ours]
    left = [at for at, text in enumerate(ours) if not found[at] and distinctive(text)]
    if left and exact:
        similar = _join([ours[at] for at in left], sorted(exact), threshold)
        for at, hit in zip(left, similar, strict=True):
            found[at] = hit
    return found


def _join(ours: Sequence[str], theirs: Sequence[str], threshold: float) -> list[bool]:
    """Exact similarity join: True for each of ``ours`` that reaches ``threshold`` with one of ``theirs``."""
    sets = [_shingles(text) for text in (*ours, *theirs)]
    frequency = np.zeros(BUCKETS, dtype=np.int32)
    for keys in sets:
        frequency[keys % BUCKETS] += 1
    prefixes = [_prefix(keys, frequency, threshold) for keys in sets]
    maps, sizes = _bitmaps(sets), np.array([len(keys) for keys in sets])
    others = range(len(ours), len(sets))
    meeting = np.concatenate([prefixes[at] for at in others])
    owners = np.repeat(np.arange(len(ours), len(sets)), [len(prefixes[at]) for at in others])
    order = np.argsort(meeting, kind="stable")
    meeting, owners = meeting[order], owners[order]
    found = []
    for at in range(len(ours)):
        seen = _meet(prefixes[at], meeting, owners)
        # The shared elements that make a pair; the subtraction lets rounding only ever let one more through.
        least = threshold / (1 + threshold) * (sizes[at] + sizes[seen]) - 1e-6
        apart = np.bitwise_count(maps[at] ^ maps[seen]).sum(axis=1)
        likely = (sizes[at] + sizes[seen] - apart >= 2 * least) & (
            np.minimum(sizes[at], sizes[seen]) >= least
        )
        found.append(any(_similar(sets[at], sets[other], threshold) for other in seen[likely]))
    return found


def _meet(prefix: _Keys, meeting: _Keys, owners: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The owners of the keys in sorted ``meeting`` that stand in ``prefix`` too, each once."""
    first, last = np.searchsorted(meeting, prefix, "left"), np.searchsorted(meeting, prefix, "right")
    spans = [owners[start:end] for start, end in zip(first, last, strict=True) if end > start]
    return np.unique(np.concatenate(spans)) if spans else np.zeros(0, dtype=np.int64)


def _similar(one: _Keys, other: _Keys, threshold: float) -> bool:
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared >= threshold * (len(one) + len(other) - shared)


def _bitmaps(sets: Sequence[_Keys]) -> _Keys:
    """Each set as 1,024 parities. Two maps differ in no more bits than two sets differ in elements.

    So the maps bound what the sets share and rule out most pairs at once (Sandes, Teodoro and Melo, 2020).
    """
    bits = [np.packbits(np.bincount(keys % BITS, minlength=BITS) % 2 == 1) for keys in sets]
    return np.stack(bits).view(np.uint64)


def _shingles(text: str) -> _Keys:
    """The sorted hashes of the runs of ``SHINGLE`` characters in ``text``."""
    points = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    keys = np.zeros(max(1, len(points) - SHINGLE + 1), dtype=np.uint64)
    for offset in range(min(SHINGLE, len(points))):
        keys = keys * np.uint64(0x9E3779B97F4A7C15) + points[offset : offset + len(keys)]
    return np.unique(keys ^ (keys >> np.uint64(29)))


def _prefix(keys: _Keys, frequency: npt.NDArray[np.int32], threshold: float) -> _Keys:
    """The rarest elements of a set, as many as must hold one that a similar set has too."""
    size = len(keys) - int(np.ceil(threshold * len(keys) - 1e-6)) + 1
    order = np.lexsort((keys, frequency[keys % BUCKETS]))
    return keys[order[:size]]


def repeats(texts: Sequence[str], *, threshold: float) -> list[Literal["same", "near"] | None]:
    """For each text: is it the same as an earlier one that stays, or nearly so? Short ones never are.

    The first of several that are alike stays. MinHash proposes pairs and their shingles decide, so none is
    found that is not; one of similarity 0.8 is overlooked once in ten million, one of 0.5 once in eight.
    """
    clean = [normalised(text) for text in texts]
    found: list[Literal["same", "near"] | None] = [None] * len(texts)
    first: dict[str, int] = {}
    for at, text in enumerate(clean):
        if distinctive(text) and first.setdefault(text, at) != at:
            found[at] = "same"
    for at in _near([(at, clean[at]) for at in first.values()], threshold):
        found[at] = "near"
    return found


def _near(texts: Sequence[tuple[int, str]], threshold: float) -> list[int]:
    """The places of texts that nearly repeat one before them that stays."""
    from rensa import RMinHash, RMinHashLSH

    index = RMinHashLSH(threshold=threshold, num_perm=HASHES, num_bands=BANDS)
    kept: dict[int, set[str]] = {}
    found = []
    for at, text in texts:
        runs = {text[start : start + SHINGLE] for start in range(max(1, len(text) - SHINGLE + 1))}
        sketch = RMinHash(num_perm=HASHES, seed=7)
        sketch.update(sorted(runs))
        if any(_alike(runs, kept[other], threshold) for other in index.query(sketch)):
            found.append(at)
        else:
            kept[at] = runs
            index.insert(at, sketch)
    return found


def _alike(one: set[str], other: set[str], threshold: float) -> bool:
    shared = len(one & other)
    return shared >= threshold * (len(one) + len(other) - shared)
